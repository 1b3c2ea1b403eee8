"""Distributions through time: transfers, an interim one, the final one, and later corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.estate import Estate
from crossmargin.default_management.estate_parts import Developments, conserved
from crossmargin.default_management.net_equity import Correction
from crossmargin.default_management.shares import in_cents
from crossmargin.default_management.transfer_test import TransferClock


class Occasion(StrEnum):
    """Why something is paid."""

    TRANSFER = "transfer"
    INTERIM = "interim"
    FINAL = "final"
    RECOVERY = "recovery"
    DISALLOWED_CLAIM = "disallowed_claim"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that arrives after the failure and changes what there is or who claims it.

    Parameters
    ----------
    on : date
    occasion : Occasion
        ``RECOVERY`` or ``DISALLOWED_CLAIM``.
    claimant : str
        Of whose debt something was recovered, or whose claim was disallowed; empty for a recovery
        from elsewhere.
    amount : Money
        Positive; no more counts than the debt or the claim.
    reason : str
    """

    on: date
    occasion: Occasion
    claimant: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """When and how much the trustee pays.

    Days are counted by the calendar. Where the last of them is no business day, money moves on the
    first one after it (inferred: a payment needs an open bank, positions an open market).

    Parameters
    ----------
    interim_share : Fraction
        Of the funded balance, paid before the final distribution.
    interim_days, final_days, transfer_days : int
        Calendar days after the order for relief; the last those after which accounts move.
    banks, markets : BusinessCalendar
        On which days payments are made, and on which accounts with positions move.
    clock : TransferClock
        Its last day is the last on which accounts move: where that is no business day, the last
        one before it.
    """

    interim_share: Fraction
    interim_days: int
    final_days: int
    transfer_days: int
    banks: BusinessCalendar
    markets: BusinessCalendar
    clock: TransferClock

    def paid_on(self, day: date) -> date:
        """Return the day on which what is due on a day is paid."""
        return self.banks.on_or_after(day)

    def transfer_on(self, order_for_relief: date) -> date:
        """Return the day on which accounts move.

        Examples
        --------
        >>> from crossmargin.default_management.transfer_test import ClockRoll
        >>> march = BusinessCalendar("banks", frozenset(), date(2023, 3, 1), date(2023, 3, 31))
        >>> seven = TransferClock(7, ClockRoll.NONE)
        >>> terms = PayoutTerms(Fraction(1), 30, 365, 1, march, march, seven)
        >>> terms.transfer_on(date(2023, 3, 10)).isoformat()  # a Friday
        '2023-03-13'
        """
        day = self.markets.on_or_after(order_for_relief + timedelta(days=self.transfer_days))
        last = self.clock.last_day(order_for_relief, self.markets)
        return min(day, self.markets.on_or_before(last))


@dataclass(frozen=True, slots=True)
class Round:
    """One distribution.

    Parameters
    ----------
    on : date
        A business day.
    occasion : Occasion
    claimant : str
        Of the event; empty for none.
    reason : str
    futures_property : Money
    rate : Fraction
        What the futures class pays on a public claim, as known then.
    paid : mapping of claimant to Money
        Negative where more was paid than the funded balance: the trustee's to recover.
    """

    on: date
    occasion: Occasion
    claimant: str
    reason: str
    futures_property: Money
    rate: Fraction
    paid: Mapping[str, Money]


@dataclass(frozen=True, slots=True)
class Payout:
    """Every distribution, and the estate as it is in the end.

    Parameters
    ----------
    rounds : tuple of Round
    estate : Estate
    cut : tuple of (Event, Money)
        Events larger than the debt or the claim, and what of each counts.
    """

    rounds: tuple[Round, ...]
    estate: Estate
    cut: tuple[tuple[Event, Money], ...] = ()


def distributions(
    estate_with: Callable[[Developments], Estate],
    order_for_relief: date,
    events: Sequence[Event],
    terms: PayoutTerms,
) -> Payout:
    """Return the distributions in the order of their days.

    Parameters
    ----------
    estate_with : callable
        Makes the estate of what arrived so far.
    order_for_relief : date
    events : sequence of Event
    terms : PayoutTerms

    Notes
    -----
    Accounts whose positions stay open move first. Before the final distribution
    each public claimant has the interim share of its funded balance as known then, afterwards all
    of it. Non-public claimants have nothing before public ones have all (17 CFR 190.09, 11 U.S.C.
    766(h)).
    What arrives on a day without business counts on the next one.
    Nothing is called back before a claimant has more than its whole funded balance.
    """
    interim = terms.paid_on(order_for_relief + timedelta(days=terms.interim_days))
    final = terms.paid_on(order_for_relief + timedelta(days=terms.final_days))
    steps = [
        *((terms.paid_on(each.on), 1, each) for each in events),
        (interim, 2, _fixed(interim, Occasion.INTERIM)),
        (final, 3, _fixed(final, Occasion.FINAL)),
    ]
    steps.sort(key=lambda each: (each[0], each[1], each[2].claimant, each[2].reason))
    since = Developments()
    estate = estate_with(since)
    received = dict(estate.transferred)
    moved_on = terms.transfer_on(order_for_relief)
    moved = _fixed(moved_on, Occasion.TRANSFER)
    rounds = [_round(moved_on, moved, estate, estate.transferred)]
    cut: list[tuple[Event, Money]] = []
    has_begun = False
    for on, _, event in steps:
        counted = _counted(since, event, estate)
        if counted < event.amount:
            cut.append((event, counted))
        since = _developed(since, replace(event, amount=counted))
        estate = estate_with(since)
        has_begun = has_begun or event.occasion in (Occasion.INTERIM, Occasion.FINAL)
        if not has_begun:
            continue
        share = Fraction(1) if on >= final else terms.interim_share
        paid = _due(estate, received, share)
        rounds.append(_round(on, event, estate, paid))
        received = {name: received.get(name, ZERO) + amount for name, amount in paid.items()}
    conserved("distributions", Money.total(estate.paid.values()), Money.total(received.values()))
    return Payout(tuple(each for each in rounds if each.paid), estate, tuple(cut))


def _fixed(on: date, occasion: Occasion) -> Event:
    return Event(on, occasion, "", ZERO, "")


def _round(on: date, event: Event, estate: Estate, paid: Mapping[str, Money]) -> Round:
    return Round(
        on=on,
        occasion=event.occasion,
        claimant=event.claimant,
        reason=event.reason,
        futures_property=estate.futures_property.total,
        rate=estate.futures_rate,
        paid={name: amount for name, amount in paid.items() if amount != ZERO},
    )


def _due(estate: Estate, received: Mapping[str, Money], share: Fraction) -> dict[str, Money]:
    public = {name: whole for name, whole in estate.paid.items() if estate.claims[name].is_public}
    due = _due_of(public, received, share)
    is_whole = all(received.get(name, ZERO) + due[name] == whole for name, whole in public.items())
    others = {name: whole for name, whole in estate.paid.items() if name not in public}
    return due | _due_of(others, received, share if is_whole else Fraction(0))


def _due_of(
    funded: Mapping[str, Money], received: Mapping[str, Money], share: Fraction
) -> dict[str, Money]:
    targets = in_cents({name: amount.dollars * share for name, amount in funded.items()})
    due = {}
    for name, whole in funded.items():
        before = received.get(name, ZERO)
        due[name] = targets[name] - before
        if before > whole:
            due[name] = whole - before
        elif due[name] < ZERO:
            due[name] = ZERO
    return due


def _counted(since: Developments, event: Event, estate: Estate) -> Money:
    """Return what of an event counts: no more than the debt or the claim that there is."""
    if not event.claimant:
        return event.amount
    claim = estate.claims[event.claimant]
    if event.occasion is Occasion.RECOVERY:
        return min(event.amount, claim.debt - since.recovered.get(event.claimant, ZERO))
    return min(event.amount, claim.of_class(AccountClass.FUTURES))


def _developed(since: Developments, event: Event) -> Developments:
    """Return what has arrived once an event has."""
    if event.occasion is Occasion.RECOVERY and not event.claimant:
        return replace(since, recovered_elsewhere=since.recovered_elsewhere + event.amount)
    if event.occasion is Occasion.RECOVERY:
        before = since.recovered.get(event.claimant, ZERO)
        return replace(since, recovered={**since.recovered, event.claimant: before + event.amount})
    if event.occasion is Occasion.DISALLOWED_CLAIM:
        less = Correction(AccountClass.FUTURES, -event.amount, event.reason)
        of_claimant = (*since.corrections.get(event.claimant, ()), less)
        return replace(since, corrections={**since.corrections, event.claimant: of_claimant})
    return since
