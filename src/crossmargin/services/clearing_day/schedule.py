"""The steps of a business day, in order of their instants.

A step is a name, an instant and what it does. The instants are parameters, each in the zone of the
party that sets it, so that a day on which clocks change is read right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from crossmargin.arrangement.cycles import CutoffRules
from crossmargin.basics.local_time import LocalTime
from crossmargin.parameters.registry import ParameterSet

_ONE_MINUTE = timedelta(minutes=1)


class StepKind(StrEnum):
    """What a step does; steps of one instant are done in this order."""

    OPEN = "open"
    CME_MORNING = "cme-morning"
    FICC_MORNING = "ficc-morning"
    HOURLY = "cur"
    ITD = "itd"
    SEGREGATION_DUE = "segregation-due"
    CME_ITD_DUE = "itd-cme-due"
    FICC_ITD_DUE = "itd-ficc-due"
    END_OF_BUSINESS_DAY = "end-of-business-day"
    RESIDUAL_INTEREST_DUE = "residual-interest-due"
    FEDWIRE_CLOSE = "fedwire-close"
    EOD = "eod"
    EODXM = "eodxm"
    EODXM_RESTRUCK = "eodxm-restruck"
    CLOSE = "close"


#: Owner and name of the parameter that holds each step's time; hourly files are the arrangement's.
_TIMES: Mapping[StepKind, tuple[str, str]] = {
    StepKind.OPEN: ("clearing_day", "open"),
    StepKind.CME_MORNING: ("clearing_day", "due_cme_morning"),
    StepKind.FICC_MORNING: ("clearing_day", "due_ficc_morning"),
    StepKind.ITD: ("clearing_day", "itd_run"),
    StepKind.SEGREGATION_DUE: ("reporting", "segregation_due"),
    StepKind.CME_ITD_DUE: ("clearing_day", "due_itd_cme"),
    StepKind.FICC_ITD_DUE: ("clearing_day", "due_itd_ficc"),
    StepKind.END_OF_BUSINESS_DAY: ("collateral", "end_of_business_day"),
    StepKind.RESIDUAL_INTEREST_DUE: ("reporting", "residual_interest_due"),
    StepKind.FEDWIRE_CLOSE: ("collateral", "fedwire_funds_close"),
    StepKind.EOD: ("clearing_day", "eod_run"),
    StepKind.EODXM: ("clearing_day", "eodxm_run"),
    StepKind.EODXM_RESTRUCK: ("clearing_day", "eodxm_restruck"),
    StepKind.CLOSE: ("clearing_day", "close"),
}
#: What must come before what, whatever times are chosen.
_ORDER = (
    (StepKind.OPEN, StepKind.CME_MORNING),
    (StepKind.OPEN, StepKind.FICC_MORNING),
    (StepKind.ITD, StepKind.CME_ITD_DUE),
    (StepKind.ITD, StepKind.FICC_ITD_DUE),
    (StepKind.FICC_ITD_DUE, StepKind.EOD),
    (StepKind.CME_ITD_DUE, StepKind.EOD),
    (StepKind.END_OF_BUSINESS_DAY, StepKind.EOD),
    (StepKind.FEDWIRE_CLOSE, StepKind.EOD),
    (StepKind.EOD, StepKind.EODXM),
    (StepKind.EODXM, StepKind.CLOSE),
    (StepKind.EODXM, StepKind.EODXM_RESTRUCK),
    (StepKind.EODXM_RESTRUCK, StepKind.CLOSE),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a day.

    Parameters
    ----------
    kind : StepKind
    business_date : date
    at : datetime
        With the zone of the party that sets the time.
    number : int
        Of an hourly file, from 1; 0 otherwise.
    """

    kind: StepKind
    business_date: date
    at: datetime
    number: int = 0

    @property
    def name(self) -> str:
        """The name, unique in the day."""
        return f"{self.kind.value}-{self.number:02d}" if self.number else self.kind.value

    def record_id(self, bd_fcm: str) -> str:
        """Return the id of the record that says it is done."""
        return f"day/{bd_fcm}/{self.business_date.isoformat()}/{self.name}"


@dataclass(frozen=True, slots=True)
class DayClock:
    """The times of a day.

    Raises
    ------
    ValueError
        If a step would come before one that it must follow, on any day of the year.
    """

    times: Mapping[StepKind, LocalTime]
    hourly: CutoffRules

    @staticmethod
    def from_parameters(set_of: Callable[[str], ParameterSet]) -> DayClock:
        """Return the clock that the parameters of several owners make.

        Parameters
        ----------
        set_of : function of an owner's name to ParameterSet
            In force on the day.

        Raises
        ------
        ValueError
            If a value is no time in a zone, or the order of the steps is not kept.
        LookupError
            If a parameter is missing.
        """
        times = {
            kind: LocalTime.parsed(set_of(owner).text(name))
            for kind, (owner, name) in _TIMES.items()
        }
        clock = DayClock(times, CutoffRules.from_parameters(set_of("arrangement")))
        clock.check_order()
        return clock

    def check_order(self) -> None:
        """Raise :class:`ValueError` unless every step follows what it must follow."""
        # Both zones change their clocks on the same Sundays: one day stands for all.
        day = date(2026, 3, 24)
        for before, after in _ORDER:
            if self.times[before].on(day) >= self.times[after].on(day):
                raise ValueError(f"expected {before} before {after}, were {self.times}")

    def steps(self, business_date: date) -> tuple[Step, ...]:
        """Return the day's steps, by instant, then in the order of :class:`StepKind`."""
        rules = self.hourly
        steps = [Step(kind, business_date, t.on(business_date)) for kind, t in self.times.items()]
        at, last = rules.hourly_first.on(business_date), rules.hourly_last.on(business_date)
        number = 1
        while at <= last:
            steps.append(Step(StepKind.HOURLY, business_date, at, number))
            at, number = at + rules.hourly_minutes * _ONE_MINUTE, number + 1
        order = list(StepKind)
        return tuple(sorted(steps, key=lambda step: (step.at, order.index(step.kind))))
