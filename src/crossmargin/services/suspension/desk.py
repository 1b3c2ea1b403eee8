"""What notices are given with: the published criteria, the clock of the cycles, the facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.collateral.ageing import AgeingRules
from crossmargin.collateral.calls import CallStatus
from crossmargin.parameters.registry import ParameterSet
from crossmargin.participation.criteria import Criteria, Criterion, CriterionFacts, UnmetCall
from crossmargin.participation.standing import stated_criteria
from crossmargin.participation.verdicts import eastern_date
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.books.participation import customer_file
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.schedule import DayClock, StepKind
from crossmargin.services.parameter_registry import ParameterRegistry

#: Where a cycle begins: EODXM trues the evening's up and begins none.
BOUNDARIES = (StepKind.ITD, StepKind.EOD)


@dataclass(frozen=True, slots=True)
class AccessDesk:
    """One BD-FCM's desk for access to the arrangement.

    Parameters
    ----------
    bd_fcm : str
    criteria : Criteria
        In force.
    registry : ParameterRegistry
    """

    bd_fcm: str
    criteria: Criteria
    registry: ParameterRegistry

    def parameters(self, owner: str, on: date) -> ParameterSet:
        """Return one owner's parameters in force on a day."""
        return self.registry.set_of(owner, on)

    def effective_at(self, criterion: Criterion, at: datetime) -> datetime:
        """Return the boundary of a cycle from which on a notice given at an instant holds.

        The first one after the notice by which its period has run, at the same time of the day.
        """
        calendar = futures_delivery_calendar()
        zone = self._clock(eastern_date(at)).times[StepKind.ITD].zone
        given = at.astimezone(zone)
        day = calendar.add_business_days(given.date(), criterion.business_days_to_effect)
        due = datetime.combine(day, given.time(), zone)
        on = calendar.on_or_after(day)
        while True:
            clock = self._clock(on)
            for kind in BOUNDARIES:
                boundary = clock.times[kind].on(on)
                if boundary >= due and boundary > at:
                    return boundary
            on = calendar.next_business_day(on)

    def facts(self, work: Work, customer: CustomerKey, at: datetime) -> CriterionFacts:
        """Return what the criteria's tests look at, of one customer at an instant."""
        on = eastern_date(at)
        share = self.parameters("participation", on).ratio("proprietary_share")
        file = customer_file(work, customer, share)
        rules = AgeingRules.from_parameters(self.parameters("collateral", on))
        unmet = tuple(
            UnmetCall(call.issued.event_id, rules.age_business_days(call, on))
            for call in calls_of(work.records, customer, until=at)
            if call.status(at) is CallStatus.OVERDUE and not call.excuse
        )
        return CriterionFacts(file, unmet, stated_criteria(file.standing, at))

    def _clock(self, on: date) -> DayClock:
        return DayClock.from_parameters(lambda owner: self.registry.set_of(owner, on))
