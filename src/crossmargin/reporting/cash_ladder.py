"""The cash ladder: at each place and hour, what must go out, what has come in, what is prefunded.

A place is a bank or a clearing organization. What is prefunded is what the BD-FCM lays out of its
own because a deadline comes before customers' money does; its peak is the liquidity that the day
takes. Within one instant what goes out goes first: a deadline does not wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money

_HOUR = timedelta(hours=1)


class Direction(StrEnum):
    """Which way cash moves, seen from the BD-FCM."""

    OUT = "OUT"
    IN = "IN"


@dataclass(frozen=True, slots=True)
class CashMovement:
    """One amount at its instant.

    Parameters
    ----------
    place : str
        The bank, or the clearing organization.
    at : datetime
        Outgoing: the deadline. Incoming: when it came in, or is due.
    direction : Direction
    amount : Money
        Above zero.
    purpose : str
        Such as the cycle and kind of a call.
    is_done : bool
        Whether it has been paid or received.

    Raises
    ------
    ValueError
        If the amount is not above zero, or the instant has no zone.
    """

    place: str
    at: datetime
    direction: Direction
    amount: Money
    purpose: str
    is_done: bool

    def __post_init__(self) -> None:
        if self.amount <= ZERO or self.at.tzinfo is None:
            raise ValueError(f"a movement has an amount above zero and a zone, was {self!r}")


@dataclass(frozen=True, slots=True)
class Rung:
    """One hour at one place.

    Parameters
    ----------
    place : str
    start : datetime
        The hour begins then; the next one belongs to the next rung.
    due_out, come_in : Money
        Within the hour, done or not.
    still_to_go_out, still_to_come_in : Money
        Of these, what is not done.
    available_at_end : Money
        Opening cash and everything up to the end of the hour; negative where prefunded.
    """

    place: str
    start: datetime
    due_out: Money
    come_in: Money
    still_to_go_out: Money
    still_to_come_in: Money
    available_at_end: Money


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that is prefunded, and when; None where nothing is."""

    amount: Money
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CashLadder:
    """The day's rungs and peaks.

    Parameters
    ----------
    rungs : tuple of Rung
        By place, then hour; every place has every hour of the day.
    peaks : mapping of place to Peak
    total_peak : Peak
        Of all places together: at most the sum of theirs, as one place's surplus may be wired to
        another.
    """

    rungs: tuple[Rung, ...]
    peaks: Mapping[str, Peak]
    total_peak: Peak

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape, amounts as decimal strings."""
        return {
            "rungs": [
                {
                    "place": rung.place,
                    "start": rung.start.isoformat(),
                    "due_out": str(rung.due_out),
                    "come_in": str(rung.come_in),
                    "still_to_go_out": str(rung.still_to_go_out),
                    "still_to_come_in": str(rung.still_to_come_in),
                    "available_at_end": str(rung.available_at_end),
                }
                for rung in self.rungs
            ],
            "peak_prefunding": {place: _peak_document(p) for place, p in self.peaks.items()},
            "peak_prefunding_total": _peak_document(self.total_peak),
        }


@dataclass(frozen=True, slots=True)
class ComparedLadders:
    """The day with the arrangement and without."""

    with_arrangement: CashLadder
    without_arrangement: CashLadder

    @property
    def peak_saved(self) -> Money:
        """By how much the peak of all places is lower with the arrangement."""
        return self.without_arrangement.total_peak.amount - self.with_arrangement.total_peak.amount

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "with_arrangement": self.with_arrangement.as_document(),
            "without_arrangement": self.without_arrangement.as_document(),
            "peak_saved": str(self.peak_saved),
        }


def cash_ladder(
    movements: Sequence[CashMovement],
    *,
    opening: Mapping[str, Money],
    first_hour: datetime,
    last_hour: datetime,
) -> CashLadder:
    """Return the ladder of a day.

    Parameters
    ----------
    movements : sequence of CashMovement
    opening : mapping of place to Money
        The BD-FCM's cash ready there at the first hour, not negative; absent is none.
    first_hour, last_hour : datetime
        Starts of the first and the last rung.

    Raises
    ------
    ValueError
        If an hour is no whole number of hours after the first, a movement is outside the day, or
        opening cash is negative.
    """
    hours = _hours(first_hour, last_hour)
    if outside := [m for m in movements if not first_hour <= m.at < last_hour + _HOUR]:
        raise ValueError(f"movements are of {first_hour} to {last_hour + _HOUR}, were {outside}")
    if min(opening.values(), default=ZERO) < ZERO:
        raise ValueError(f"opening cash is not negative, was {opening}")
    places = sorted({*opening, *(m.place for m in movements)})
    of_place = {place: [m for m in movements if m.place == place] for place in places}
    return CashLadder(
        rungs=tuple(
            rung
            for place in places
            for rung in _rungs(place, of_place[place], opening.get(place, ZERO), hours)
        ),
        peaks={place: _peak(of_place[place], opening.get(place, ZERO)) for place in places},
        total_peak=_peak(movements, Money.total(opening.values())),
    )


def _hours(first: datetime, last: datetime) -> list[datetime]:
    count, rest = divmod(last - first, _HOUR)
    if rest or count < 0:
        raise ValueError(f"the last hour is whole hours after the first, were {first} and {last}")
    return [first + _HOUR * n for n in range(count + 1)]


def _rungs(
    place: str, movements: Sequence[CashMovement], opening: Money, hours: Sequence[datetime]
) -> list[Rung]:
    available = opening
    rungs = []
    for start in hours:
        within = [m for m in movements if start <= m.at < start + _HOUR]
        out = [m for m in within if m.direction is Direction.OUT]
        into = [m for m in within if m.direction is Direction.IN]
        due, come = _sum(out), _sum(into)
        available = available + come - due
        undone_out, undone_in = (_sum([m for m in each if not m.is_done]) for each in (out, into))
        rungs.append(Rung(place, start, due, come, undone_out, undone_in, available))
    return rungs


def _peak(movements: Sequence[CashMovement], opening: Money) -> Peak:
    ordered = sorted(movements, key=lambda m: (m.at, m.direction is Direction.IN))
    available, peak = opening, Peak(ZERO, None)
    for movement in ordered:
        is_out = movement.direction is Direction.OUT
        available += -movement.amount if is_out else movement.amount
        if -available > peak.amount:
            peak = Peak(-available, movement.at)
    return peak


def _sum(movements: Sequence[CashMovement]) -> Money:
    return Money.total(m.amount for m in movements)


def _peak_document(peak: Peak) -> dict[str, str | None]:
    return {
        "amount": str(peak.amount),
        "at": None if peak.at is None else peak.at.isoformat(),
    }
