"""Transfers by a trustee: no prejudice, partial transfers, the clock (17 CFR 190.07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError

_NO_PREJUDICE = "17 CFR 190.07(d)(5)"
_PARTIAL = "17 CFR 190.07(d)(2)(ii)"
_ENTITLEMENT = "11 U.S.C. 766(c)"


class Obstacle(StrEnum):
    """Why a transfer is not allowed."""

    PREJUDICES_OTHERS = "prejudices_others"
    EXCEEDS_CLAIM = "exceeds_claim"


@dataclass(frozen=True, slots=True)
class NoPrejudice:
    """The outcome of the test.

    Parameters
    ----------
    highest_rate : Fraction
        The largest share of its claim that a transferred customer then has.
    needed_dollars : Fraction
        What all others need to reach that share.
    remaining : Money
        Property after the transfer; negative if it does not cover the transfer.
    obstacles : tuple of Obstacle
        Every one; none if it is allowed.
    """

    highest_rate: Fraction
    needed_dollars: Fraction
    remaining: Money
    obstacles: tuple[Obstacle, ...]

    @property
    def is_allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.obstacles


def no_prejudice(
    claims: Mapping[str, Money],
    *,
    prior: Mapping[str, Money],
    available: Money,
    transfer: Mapping[str, Money],
) -> NoPrejudice:
    """Return whether all customers of the class could still have an equivalent share.

    With claims L, prior distributions D, transfer T, property A and p = max over transferred
    customers of (D + T) / L: allowed if and only if A - sum T >= sum over all of
    max(0, p L - D - T).

    Parameters
    ----------
    claims : mapping of customer to Money
        Of record plus the trustee's estimates, as of the calendar day before. A negative one counts
        as zero.
    prior : mapping of customer to Money
        Transfers and distributions before this one.
    available : Money
        Property of the class not yet distributed.
    transfer : mapping of customer to Money
        Value that would move. Those with nothing to move are not transferred.

    Raises
    ------
    RefusedError
        Naming every customer without a claim who gets or got something, every negative amount.

    Notes
    -----
    A transfer beyond a claim is not allowed either: no customer gets more than its entitlement.

    Examples
    --------
    >>> claims = {"A": Money(600_00), "B": Money(400_00)}
    >>> test = no_prejudice(
    ...     claims, prior={}, available=Money(800_00), transfer={"A": Money(600_00)})
    >>> test.is_allowed, int(test.needed_dollars), str(test.remaining)
    (False, 400, '200.00')
    """
    _refuse_impossible(claims, {"prior_distributions": prior, "transfer": transfer})
    received = {
        name: prior.get(name, ZERO) + transfer.get(name, ZERO)
        for name, claim in claims.items()
        if claim > ZERO
    }
    moved = [name for name in received if transfer.get(name, ZERO) > ZERO]
    highest = max(
        (Fraction(received[name].cents, claims[name].cents) for name in moved), default=Fraction(0)
    )
    needed = sum(
        (
            max(Fraction(0), highest * claims[name].dollars - got.dollars)
            for name, got in received.items()
        ),
        start=Fraction(0),
    )
    remaining = available - Money.total(transfer.values())
    found = {
        Obstacle.PREJUDICES_OTHERS: remaining.dollars < needed,
        Obstacle.EXCEEDS_CLAIM: any(received[name] > claims[name] for name in moved),
    }
    obstacles = tuple(each for each, stands in found.items() if stands)
    return NoPrejudice(highest, needed, remaining, obstacles)


def _refuse_impossible(
    claims: Mapping[str, Money], given: Mapping[str, Mapping[str, Money]]
) -> None:
    refusals = []
    for field, amounts in given.items():
        for name, amount in amounts.items():
            if amount < ZERO:
                expected = "an amount that is not negative"
                refusals.append(Refusal(f"{field}.{name}", str(amount), expected, _NO_PREJUDICE))
            elif amount > ZERO and claims.get(name, ZERO) <= ZERO:
                expected = "0, or a customer with a claim"
                refusals.append(Refusal(f"{field}.{name}", str(amount), expected, _ENTITLEMENT))
    if refusals:
        raise RefusedError(*refusals)


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines that move together: a spread, a straddle, a note at FICC against a future at CME.

    Parameters
    ----------
    unit_id : str
    legs : mapping of line to int
        Signed whole quantity of each line in one unit, none of it zero.
    count : int
        How many units are held, 1 or more.

    Raises
    ------
    ValueError
        If there are fewer than two legs, a leg is zero or the count is under 1.
    """

    unit_id: str
    legs: Mapping[str, int]
    count: int

    def __post_init__(self) -> None:
        if len(self.legs) <= 1 or not all(self.legs.values()) or self.count < 1:
            raise ValueError(f"two legs or more, one unit or more, was {self!r}")

    def is_whole_in(self, moved: Mapping[str, int]) -> bool:
        """Return whether a number of whole units moves, none or all of them among the numbers.

        Examples
        --------
        >>> pair = Unit("basis", {"note": 100_000, "ZNM26": -1}, count=10)
        >>> pair.is_whole_in({"note": 300_000, "ZNM26": -3}), pair.is_whole_in({"note": 300_000})
        (True, False)
        """
        counts = {Fraction(moved.get(line, 0), leg) for line, leg in self.legs.items()}
        return len(counts) == 1 and all(
            each.denominator == 1 and 0 <= each <= self.count for each in counts
        )


def partial_transfer_faults(
    held: Mapping[str, int],
    moved: Mapping[str, int],
    units: Iterable[Unit],
    *,
    claims_before: Mapping[str, Money],
    claims_after: Mapping[str, Money],
) -> list[Refusal]:
    """Return everything that stands against moving a part of one account.

    Parameters
    ----------
    held, moved : mapping of line to int
        Signed whole quantities.
    units : iterable of Unit
        Which lines belong together; a line in no unit moves by itself. Offsetting basis pairs are
        units (inferred): moving one leg destroys the saving.
    claims_before, claims_after : mapping of customer to Money
        Net equity claims with and without the transfer: none may grow.
    """
    refusals = [
        Refusal(
            f"moved.{line}", str(quantity), f"between 0 and the {held.get(line, 0)} held", _PARTIAL
        )
        for line, quantity in moved.items()
        if not min(0, held.get(line, 0)) <= quantity <= max(0, held.get(line, 0))
    ]
    refusals += [
        Refusal(
            f"units.{unit.unit_id}",
            ", ".join(f"{line} {moved.get(line, 0)}" for line in unit.legs),
            f"whole units of {', '.join(f'{line} {leg}' for line, leg in unit.legs.items())}, "
            f"at most {unit.count}",
            _PARTIAL,
        )
        for unit in units
        if not unit.is_whole_in(moved)
    ]
    refusals += [
        Refusal(
            f"claims_after.{name}",
            str(after),
            f"at most {claims_before.get(name, ZERO)}, as before: no claim grows",
            _PARTIAL,
        )
        for name, after in claims_after.items()
        if after > claims_before.get(name, ZERO)
    ]
    return refusals


class ClockRoll(StrEnum):
    """Whether a clock that ends on a day without business ends later (ruling 27: it does not)."""

    NONE = "none"
    NEXT_BUSINESS_DAY = "next_business_day"


@dataclass(frozen=True, slots=True)
class TransferClock:
    """How long transfers cannot be avoided (17 CFR 190.07(e), 11 U.S.C. 764(b))."""

    calendar_days: int
    roll: ClockRoll

    def last_day(self, order_for_relief: date, calendar: BusinessCalendar) -> date:
        """Return the last day, itself included.

        Examples
        --------
        >>> span = date(2026, 5, 1), date(2026, 6, 30)
        >>> memorial_day = BusinessCalendar("US", frozenset({date(2026, 5, 25)}), *span)
        >>> clock = TransferClock(7, ClockRoll.NONE)
        >>> clock.last_day(date(2026, 5, 18), memorial_day).isoformat()
        '2026-05-25'
        """
        day = order_for_relief + timedelta(days=self.calendar_days)
        return calendar.on_or_after(day) if self.roll is ClockRoll.NEXT_BUSINESS_DAY else day
