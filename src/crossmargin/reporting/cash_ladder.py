"""The cash ladder: at each place and hour, what must go out, what has come in, what is prefunded.

A place is a bank or a clearing organization. What is prefunded is what the BD-FCM lays out of its
own because a deadline comes before that customer's money does: nobody's cash serves another. Its
peak is the liquidity that the day takes. Within one instant what goes out goes first: a deadline
does not wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money

#: Where what was prefunded before the day's first movement stands.
CARRIED = "CARRIED"

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
class CashChange:
    """What one customer's own cash, free at the bank, changes by.

    Parameters
    ----------
    customer_id : str
    place : str
        Where it went, or came from; what it leaves lacking is prefunded there.
    at : datetime
    amount : Money
        Negative went out.

    Raises
    ------
    ValueError
        If the amount is zero, or the instant has no zone.
    """

    customer_id: str
    place: str
    at: datetime
    amount: Money

    def __post_init__(self) -> None:
        if self.amount == ZERO or self.at.tzinfo is None:
            raise ValueError(f"a change has an amount and a zone, was {self!r}")


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
    prefunded_at_end : Money
        What the BD-FCM has laid out there, of all customers, and has not got back by then.
    """

    place: str
    start: datetime
    due_out: Money
    come_in: Money
    still_to_go_out: Money
    still_to_come_in: Money
    prefunded_at_end: Money


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
        Of all places together: at most the sum of theirs.
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
                    "prefunded_at_end": str(rung.prefunded_at_end),
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
    changes: Sequence[CashChange],
    *,
    own_cash: Mapping[str, Money],
    first_hour: datetime,
    last_hour: datetime,
) -> CashLadder:
    """Return the ladder of a day.

    Parameters
    ----------
    movements : sequence of CashMovement
        What goes out and comes in, as a wire or a payment.
    changes : sequence of CashChange
        Of each customer's own cash. A settlement moves the net of all customers, and changes each
        one's cash by its own.
    own_cash : mapping of customer to Money
        Free at the bank before the first change; negative is prefunded already, absent is none.
    first_hour, last_hour : datetime
        Starts of the first and the last rung.

    Raises
    ------
    ValueError
        If an hour is no whole number of hours after the first, or a movement or change is outside
        the day.
    """
    hours = _hours(first_hour, last_hour)
    end = last_hour + _HOUR
    instants = [*(each.at for each in movements), *(each.at for each in changes)]
    if outside := [at for at in instants if not first_hour <= at < end]:
        raise ValueError(f"movements are of {first_hour} to {end}, were at {outside}")
    levels = _levels(changes, own_cash, first_hour)
    places = sorted({*(m.place for m in movements), *(p for _, by in levels for p in by)})
    return CashLadder(
        rungs=tuple(
            _rung(place, start, [m for m in movements if m.place == place], levels)
            for place in places
            for start in hours
        ),
        peaks={place: _peak([(at, by.get(place, ZERO)) for at, by in levels]) for place in places},
        total_peak=_peak([(at, Money.total(by.values())) for at, by in levels]),
    )


def _hours(first: datetime, last: datetime) -> list[datetime]:
    count, rest = divmod(last - first, _HOUR)
    if rest or count < 0:
        raise ValueError(f"the last hour is whole hours after the first, were {first} and {last}")
    return [first + _HOUR * n for n in range(count + 1)]


def _levels(
    changes: Sequence[CashChange], own_cash: Mapping[str, Money], start: datetime
) -> list[tuple[datetime, dict[str, Money]]]:
    """Return what is prefunded at each place from each instant on; the first is the opening."""
    own = {customer: max(ZERO, cash) for customer, cash in own_cash.items()}
    laid: dict[str, dict[str, Money]] = defaultdict(dict)
    for customer, cash in own_cash.items():
        if cash < ZERO:
            laid[customer][CARRIED] = -cash
    levels = [(start, _by_place(laid))]
    for change in sorted(changes, key=lambda each: (each.at, each.amount > ZERO)):
        held = own.get(change.customer_id, ZERO)
        if change.amount > ZERO:
            own[change.customer_id] = held + _repay(laid[change.customer_id], change.amount)
        else:
            served = min(held, -change.amount)
            own[change.customer_id] = held - served
            here = laid[change.customer_id]
            here[change.place] = here.get(change.place, ZERO) - change.amount - served
        levels.append((change.at, _by_place(laid)))
    return levels


def _repay(laid: dict[str, Money], amount: Money) -> Money:
    """Pay back what was laid out for a customer, the oldest place first; return what is left."""
    for place, lent in list(laid.items()):
        paid = min(lent, amount)
        laid[place], amount = lent - paid, amount - paid
        if laid[place] == ZERO:
            del laid[place]
    return amount


def _by_place(laid: Mapping[str, Mapping[str, Money]]) -> dict[str, Money]:
    found: dict[str, Money] = {}
    for of_customer in laid.values():
        for place, amount in of_customer.items():
            if amount > ZERO:
                found[place] = found.get(place, ZERO) + amount
    return found


def _rung(
    place: str,
    start: datetime,
    movements: Sequence[CashMovement],
    levels: Sequence[tuple[datetime, Mapping[str, Money]]],
) -> Rung:
    within = [m for m in movements if start <= m.at < start + _HOUR]
    out = [m for m in within if m.direction is Direction.OUT]
    into = [m for m in within if m.direction is Direction.IN]
    undone_out, undone_in = (_sum([m for m in each if not m.is_done]) for each in (out, into))
    level = [by for at, by in levels if at < start + _HOUR][-1].get(place, ZERO)
    return Rung(place, start, _sum(out), _sum(into), undone_out, undone_in, level)


def _peak(levels: Sequence[tuple[datetime, Money]]) -> Peak:
    peak = Peak(ZERO, None)
    for at, level in levels:
        if level > peak.amount:
            peak = Peak(level, at)
    return peak


def _sum(movements: Sequence[CashMovement]) -> Money:
    return Money.total(m.amount for m in movements)


def _peak_document(peak: Peak) -> dict[str, str | None]:
    return {
        "amount": str(peak.amount),
        "at": None if peak.at is None else peak.at.isoformat(),
    }
