"""Margin cycles: which positions each uses, whether it calls, and when each side's were taken.

ITD is the intraday cycle of both CCPs, on FICC's noon slice. EOD runs on FICC's preliminary
positions; EODXM on the final ones, and adjusts the requirement that EOD made. CUR is an hourly file
of positions: indicative, never a call (ruling 11; CME's cross-margin report pages).

The factor of a cycle uses each CCP's own cut-off. Both are instants in a zone, so that a day on
which clocks change is read right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from crossmargin.basics.local_time import LocalTime
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.position import ClearingOrganization

_ONE_MINUTE = timedelta(minutes=1)
_RULE = "ruling 11"


class Cycle(StrEnum):
    """The margin cycle a run belongs to."""

    ITD = "ITD"
    EOD = "EOD"
    EODXM = "EODXM"
    CUR = "CUR"


class FiccPositions(StrEnum):
    """Which of FICC's positions a cycle is calculated on."""

    NOON = "noon"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    HOURLY = "hourly"


@dataclass(frozen=True, slots=True)
class CycleTerms:
    """What a cycle is.

    Parameters
    ----------
    ficc_positions : FiccPositions
    calls : bool
        Whether its requirement is called; if not, it is indicative.
    trues_up : Cycle, optional
        The cycle whose requirement it adjusts.
    """

    ficc_positions: FiccPositions
    calls: bool
    trues_up: Cycle | None = None


CYCLE_TERMS: Mapping[Cycle, CycleTerms] = {
    Cycle.ITD: CycleTerms(FiccPositions.NOON, calls=True),
    Cycle.EOD: CycleTerms(FiccPositions.PRELIMINARY, calls=True),
    Cycle.EODXM: CycleTerms(FiccPositions.FINAL, calls=True, trues_up=Cycle.EOD),
    Cycle.CUR: CycleTerms(FiccPositions.HOURLY, calls=False),
}


@dataclass(frozen=True, slots=True)
class CutoffRules:
    """When each side takes its positions, by cycle, and how far apart they may be.

    Parameters
    ----------
    times : mapping of (Cycle, ClearingOrganization) to LocalTime
        For ITD, EOD and EODXM.
    hourly_first, hourly_last : LocalTime
        First and last CUR file of a day, in one zone.
    hourly_minutes : int
        From one CUR file to the next.
    gap_minutes_max : int

    Raises
    ------
    ValueError
        Unless the hourly files follow each other within a day and the gap is not negative.
    """

    times: Mapping[tuple[Cycle, ClearingOrganization], LocalTime]
    hourly_first: LocalTime
    hourly_last: LocalTime
    hourly_minutes: int
    gap_minutes_max: int

    def __post_init__(self) -> None:
        first, last = self.hourly_first, self.hourly_last
        if first.zone.key != last.zone.key or first.clock > last.clock:
            raise ValueError(f"the last CUR file, {last}, must not be before the first, {first}")
        if self.hourly_minutes <= 0 or self.gap_minutes_max < 0:
            raise ValueError(
                "expected minutes between CUR files above 0 and a gap not negative, was "
                f"{self.hourly_minutes} and {self.gap_minutes_max}"
            )

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> CutoffRules:
        """Return the cut-offs that ``arrangement/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a value is no time in a zone.
        LookupError
            If a parameter is missing.
        """
        return CutoffRules(
            times={
                (cycle, side): LocalTime.parsed(
                    parameters.text(f"cutoff_{cycle.value.lower()}_{side.value.lower()}")
                )
                for cycle in Cycle
                if cycle is not Cycle.CUR
                for side in ClearingOrganization
            },
            hourly_first=LocalTime.parsed(parameters.text("cur_first")),
            hourly_last=LocalTime.parsed(parameters.text("cur_last")),
            hourly_minutes=parameters.whole("cur_interval_minutes"),
            gap_minutes_max=parameters.whole("cutoff_gap_minutes_max"),
        )

    def zone_of(self, side: ClearingOrganization) -> ZoneInfo:
        """Return the zone in which a side's instants are written."""
        return self.times[Cycle.EOD, side].zone


@dataclass(frozen=True, slots=True)
class Cutoff:
    """When one side's positions were taken, and whether that was said or is the parameter's."""

    positions_at: datetime
    given: bool


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The instants of one cycle.

    Parameters
    ----------
    cycle : Cycle
    cycle_date : date
        The business day the cycle belongs to: later than the as-of date where the prices of an
        earlier day serve it.
    at : datetime
        The instant of the run, at or after both cut-offs.
    run : int or None
        Number of the CUR file of the day, from 1.
    ficc, cme : Cutoff
    gap_minutes_max : int
    """

    cycle: Cycle
    cycle_date: date
    at: datetime
    run: int | None
    ficc: Cutoff
    cme: Cutoff
    gap_minutes_max: int

    @property
    def gap_minutes(self) -> int:
        """Minutes between the two cut-offs; a part of a minute counts as one."""
        return -(-self._gap // _ONE_MINUTE)

    @property
    def gap_exceeded(self) -> bool:
        """Whether the cut-offs lie further apart than the limit; exactly the limit does not."""
        return self._gap > self.gap_minutes_max * _ONE_MINUTE

    @property
    def _gap(self) -> timedelta:
        # In UTC: two instants of one zone would be told apart by their clocks alone.
        return abs(self.ficc.positions_at.astimezone(UTC) - self.cme.positions_at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class GivenInstants:
    """Instants said for a run; what is left out comes from the parameters.

    Raises
    ------
    ValueError
        If an instant has no zone.
    """

    at: datetime | None = None
    ficc_positions_at: datetime | None = None
    cme_positions_at: datetime | None = None

    def __post_init__(self) -> None:
        for instant in (self.at, self.ficc_positions_at, self.cme_positions_at):
            if instant is not None and instant.tzinfo is None:
                raise ValueError(f"an instant needs a zone, was {instant}")


def cutoffs_of(
    cycle: Cycle, *, as_of: date, rules: CutoffRules, given: GivenInstants | None = None
) -> Cutoffs:
    """Return the instants of a cycle.

    Parameters
    ----------
    cycle : Cycle
    as_of : date
        Of the prices; the cycle's own day unless the run's instant is on a later one.
    rules : CutoffRules
    given : GivenInstants, optional

    Returns
    -------
    Cutoffs
        ``at`` is the later cut-off unless it was given, in FICC's zone; a cut-off is in its
        side's. CUR without an instant is the last file of the day.

    Raises
    ------
    RefusedError
        If the cycle's day is before the as-of date or no business day of both sides, a cut-off is
        later than the run, or CUR's instant is not that of one of its files.
    """
    said = given or GivenInstants()
    zone = rules.zone_of(ClearingOrganization.FICC)
    run = None
    if cycle is Cycle.CUR:
        file_at = said.at or rules.hourly_last.on(as_of)
        cycle_date = file_at.astimezone(rules.hourly_first.zone).date()
        run = _hourly_run(file_at, cycle_date, rules)
        usual = dict.fromkeys(ClearingOrganization, file_at)
    else:
        cycle_date = said.at.astimezone(zone).date() if said.at else as_of
        usual = {side: rules.times[cycle, side].on(cycle_date) for side in ClearingOrganization}
    ficc = _cutoff(said.ficc_positions_at, usual, ClearingOrganization.FICC, rules)
    cme = _cutoff(said.cme_positions_at, usual, ClearingOrganization.CME, rules)
    found = Cutoffs(
        cycle,
        cycle_date,
        (said.at or max(ficc.positions_at, cme.positions_at)).astimezone(zone),
        run,
        ficc,
        cme,
        rules.gap_minutes_max,
    )
    faults = [*_date_faults(found, as_of), *_order_faults(found)]
    if faults:
        raise RefusedError(*faults)
    return found


def _cutoff(
    given: datetime | None,
    usual: Mapping[ClearingOrganization, datetime],
    side: ClearingOrganization,
    rules: CutoffRules,
) -> Cutoff:
    return Cutoff((given or usual[side]).astimezone(rules.zone_of(side)), given is not None)


def _hourly_run(at: datetime, day: date, rules: CutoffRules) -> int:
    first, last = rules.hourly_first.on(day), rules.hourly_last.on(day)
    interval = rules.hourly_minutes * _ONE_MINUTE
    number, rest = divmod(at - first, interval)
    if rest or not first <= at <= last:
        expected = (
            f"every {rules.hourly_minutes} minutes from {first.isoformat()} to {last.isoformat()}"
        )
        raise RefusedError(
            Refusal("at", at.isoformat(), f"the instant of a CUR file: {expected}", _RULE)
        )
    return number + 1


def _date_faults(found: Cutoffs, as_of: date) -> list[Refusal]:
    faults = []
    calendar = futures_delivery_calendar()
    if found.cycle_date < as_of:
        expected = f"an instant on {as_of}, the date of the prices, or later"
        faults.append(Refusal("at", found.at.isoformat(), expected, _RULE))
    elif not calendar.first <= found.cycle_date <= calendar.last or not calendar.is_business_day(
        found.cycle_date
    ):
        expected = "an instant on a day on which both FICC and CME are open"
        faults.append(Refusal("at", found.at.isoformat(), expected, "ruling 33"))
    return faults


def _order_faults(found: Cutoffs) -> list[Refusal]:
    return [
        Refusal(
            f"{name}_positions_at",
            cutoff.positions_at.isoformat(),
            f"an instant at or before that of the run, {found.at.isoformat()}",
            _RULE,
        )
        for name, cutoff in (("ficc", found.ficc), ("cme", found.cme))
        if cutoff.positions_at > found.at
    ]
