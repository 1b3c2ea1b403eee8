"""When what is rehearsed: business days and instants, made of the rules that ages count by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.collateral.ageing import AgeingRules
from crossmargin.collateral.undermargined import AccountType
from crossmargin.participation.criteria import Criteria, Criterion, CriterionTest
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.clearing_day.schedule import DayClock, StepKind


@dataclass(frozen=True, slots=True)
class Timetable:
    """The days of a rehearsal, and the criterion under which notice is given.

    Parameters
    ----------
    days : tuple of date
        Every business day that is run; positions come in on the first, and are ported on the last.
    criterion : Criterion
        That of an unpaid call with the least age.
    restricted_after : int
        Business days after which an unpaid call leaves risk-reducing orders alone.
    clock : DayClock
        Of the first day.
    """

    days: tuple[date, ...]
    criterion: Criterion
    restricted_after: int
    clock: DayClock

    @property
    def first(self) -> date:
        """The day of the first calls; one of them is missed."""
        return self.days[0]

    @property
    def notice_day(self) -> date:
        """The day on which the missed call meets the criterion."""
        return self.days[self.criterion.threshold_business_days]

    @property
    def restricted_day(self) -> date:
        """The day on which the missed call is old enough to restrict orders."""
        return self.days[self.restricted_after]

    @property
    def refused_day(self) -> date:
        """The day before: a withdrawal and a direction are refused."""
        return self.days[self.restricted_after - 1]

    @property
    def paid_day(self) -> date:
        """The day on which the missed call is paid, access returns and a withdrawal is allowed."""
        return self.days[self.restricted_after + 1]

    @property
    def last(self) -> date:
        """The day of the port."""
        return self.days[-1]

    def at(self, day: date, clock: str) -> datetime:
        """Return a time of a day, in the zone of the intraday run."""
        return datetime.combine(day, time.fromisoformat(clock), self.clock.times[StepKind.ITD].zone)


def timetable(first: date, criteria: Criteria, ageing: AgeingRules, clock: DayClock) -> Timetable:
    """Return the days of a rehearsal that begins on a date, or on the next business day."""
    calls = [each for each in criteria.criteria if each.test is CriterionTest.UNMET_CALL]
    criterion = min(calls, key=lambda each: each.threshold_business_days)
    restricted_after = ageing.restricted_at_business_days[AccountType.CUSTOMER]
    calendar: BusinessCalendar = futures_delivery_calendar()
    days = [calendar.on_or_after(first)]
    while len(days) < restricted_after + 3:
        days.append(calendar.next_business_day(days[-1]))
    return Timetable(tuple(days), criterion, restricted_after, clock)
