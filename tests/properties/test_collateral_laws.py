"""Laws of collateral: allocations beside another solver's, payments that lose no cent."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from crossmargin.basics.identifiers import Cusip, CustomerKey, cusip_check_digit
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import CallIssued, CallPaid
from crossmargin.collateral.calls import fold_calls
from crossmargin.collateral.deadline import DueEvent
from crossmargin.collateral.lots import Lots, Place, Placement, whole_lots
from crossmargin.product.position import ClearingOrganization

CCPS = tuple(ClearingOrganization)
HAIRCUTS = [Fraction(each, 1000) for each in (0, 5, 10, 20, 30, 45, 60, 80, 90, 120)]
AT = datetime(2026, 5, 12, 13, tzinfo=UTC)


def cusip(number: int) -> Cusip:
    stem = f"XM{number:06d}"
    return Cusip(stem + str(cusip_check_digit(stem)))


@st.composite
def bonds(draw: st.DrawFn, number: int) -> Lots:
    count = draw(st.integers(0, 3_000))
    first = draw(st.integers(0, count))
    takers = draw(st.sampled_from([CCPS, CCPS, CCPS, CCPS[:1], CCPS[1:]]))
    return Lots(
        cusip(number),
        count,
        Fraction(draw(st.integers(500_000, 1_300_000)), draw(st.sampled_from([1, 3, 7]))),
        {ccp: draw(st.sampled_from(HAIRCUTS)) for ccp in takers},
        dict(zip(CCPS, (first, draw(st.integers(0, count - first))), strict=True)),
    )


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Lots], Money, dict[ClearingOrganization, Place]]:
    held = [draw(bonds(number)) for number in range(draw(st.integers(0, 5)))]
    cash = draw(st.one_of(st.just(0), st.integers(0, 2_000_000_00)))
    at_first = draw(st.integers(0, cash))
    at = (at_first, draw(st.integers(0, cash - at_first)))
    every = cash + math.floor(sum(each.count * each.lot_cents for each in held))
    asked = [every * draw(st.integers(0, 70)) // 100 for _ in CCPS]
    places = {
        ccp: Place(Money(required), Money(here))
        for ccp, required, here in zip(CCPS, asked, at, strict=True)
    }
    return held, Money(cash), places


def scores(
    found: Placement, held: list[Lots], places: dict[ClearingOrganization, Place]
) -> tuple[float, float, float]:
    """Return deficit, cash placed and value given up, in dollars."""
    deficit, given_up = 0, Fraction(0)
    for ccp, place in places.items():
        takes = [each for each in held if ccp in each.haircuts]
        value = sum(math.floor(found.lots[each.cusip, ccp] * each.counted(ccp)) for each in takes)
        deficit += max(0, place.required.cents - value - found.cash[ccp].cents)
        given_up += sum(found.lots[each.cusip, ccp] * each.given_up(ccp) for each in takes)
    placed = Money.total(found.cash.values()).cents
    return deficit / 100, placed / 100, float(given_up) / 100


def best(
    held: list[Lots],
    cash: Money,
    places: dict[ClearingOrganization, Place],
    *,
    keeps_cash: bool,
) -> tuple[float, float, float]:
    """Return the best scores in fractions of lots, objective after objective, by HiGHS."""
    cells = [(each, ccp) for each in held for ccp in places if ccp in each.haircuts]
    size = len(cells) + 2 * len(places)
    above, limits = [], []
    for place, (ccp, terms) in enumerate(places.items()):
        row = np.zeros(size)
        row[: len(cells)] = [-float(e.counted(at)) / 100 if at is ccp else 0 for e, at in cells]
        row[[len(cells) + place, len(cells) + len(places) + place]] = -1
        above.append(row)
        limits.append(-terms.required.cents / 100)
    for each in held:
        row = np.zeros(size)
        row[: len(cells)] = [other is each for other, _ in cells]
        above.append(row)
        limits.append(each.count)
    cash_row, deficit_row, given_up = np.zeros(size), np.zeros(size), np.zeros(size)
    cash_row[len(cells) : len(cells) + len(places)] = 1
    deficit_row[len(cells) + len(places) :] = 1
    given_up[: len(cells)] = [float(each.given_up(ccp)) / 100 for each, ccp in cells]
    above.append(cash_row)
    limits.append(cash.cents / 100)
    order = [cash_row, given_up] if keeps_cash else [given_up, cash_row]
    reached = []
    for objective in (deficit_row, *order):
        solved = linprog(objective, A_ub=np.array(above), b_ub=limits)
        assert solved.status == 0, solved.message
        reached.append(solved.fun)
        above.append(objective)
        limits.append(solved.fun + 1e-3)
    return (
        (reached[0], reached[1], reached[2]) if keeps_cash else (reached[0], reached[2], reached[1])
    )


@settings(max_examples=30, deadline=None)
@given(books(), st.booleans())
def test_an_allocation_is_worse_than_the_best_in_fractions_by_whole_lots_at_most(
    book: tuple[list[Lots], Money, dict[ClearingOrganization, Place]], keeps_cash: bool
) -> None:
    held, cash, places = book
    found = whole_lots(held, cash, places, keeps_cash=keeps_cash)
    deficit, placed, given_up = scores(found, held, places)
    least = best(held, cash, places, keeps_cash=keeps_cash)
    lot = len(places) * max((float(each.lot_cents) / 100 for each in held), default=0)
    # A lot that one takes whole may be missing at the other, which gives up as much more instead.
    lots_given_up = sum(
        max((float(e.given_up(ccp) / e.counted(ccp)) for e in held if ccp in e.haircuts), default=0)
        * (lot + lot / len(places))
        for ccp in places
    )
    rounding = 0.02 + 0.01 * len(held)
    assert deficit <= least[0] + lot + rounding
    assert placed <= least[1] + lot + rounding
    assert given_up <= least[2] + lots_given_up + rounding


@settings(max_examples=30, deadline=None)
@given(books(), st.booleans())
def test_no_more_is_placed_than_is_held_and_nothing_that_is_not_needed(
    book: tuple[list[Lots], Money, dict[ClearingOrganization, Place]], keeps_cash: bool
) -> None:
    held, cash, places = book
    found = whole_lots(held, cash, places, keeps_cash=keeps_cash)
    assert all(number >= 0 for number in found.lots.values())
    assert all(amount >= ZERO for amount in found.cash.values())
    assert Money.total(found.cash.values()) <= cash
    for each in held:
        assert sum(found.lots[each.cusip, ccp] for ccp in places) <= each.count
        for ccp in set(places) - set(each.haircuts):
            assert found.lots[each.cusip, ccp] == 0
    for ccp, place in places.items():
        takes = [each for each in held if found.lots[each.cusip, ccp]]
        counted = {e.cusip: math.floor(found.lots[e.cusip, ccp] * e.counted(ccp)) for e in takes}
        excess = sum(counted.values()) + found.cash[ccp].cents - place.required.cents
        for each in takes:
            fewer = math.floor((found.lots[each.cusip, ccp] - 1) * each.counted(ccp))
            assert excess < counted[each.cusip] - fewer, "a lot could come back"
        assert excess <= 0 or found.cash[ccp] == ZERO, "cash could come back"


@settings(max_examples=30, deadline=None)
@given(books())
def test_what_is_done_is_never_undone_for_worse(
    book: tuple[list[Lots], Money, dict[ClearingOrganization, Place]],
) -> None:
    held, cash, places = book
    once = whole_lots(held, cash, places, keeps_cash=True)
    there = [
        replace(each, placed={ccp: once.lots[each.cusip, ccp] for ccp in places}) for each in held
    ]
    at = {ccp: Place(place.required, once.cash[ccp]) for ccp, place in places.items()}
    again = whole_lots(there, cash, at, keeps_cash=True)
    assert scores(again, there, at) <= scores(once, held, places)


@given(
    st.lists(
        st.tuples(st.integers(1, 10**9), st.sampled_from(CCPS), st.integers(0, 2)),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 10**10),
    st.sampled_from([None, *CCPS]),
)
def test_a_payment_loses_no_cent_and_pays_nothing_before_what_is_due_earlier(
    called: list[tuple[int, ClearingOrganization, int]],
    cents: int,
    ccp: ClearingOrganization | None,
) -> None:
    customer, day = CustomerKey("BD", "FUND"), date(2026, 5, 12)
    issued = [
        CallIssued(
            f"C{number}",
            customer,
            day,
            AT,
            at,
            "EOD",
            Money(amount),
            "USD",
            day,
            DueEvent.FEDWIRE_FUNDS_CLOSE,
            AT + timedelta(hours=hours),
        )
        for number, (amount, at, hours) in enumerate(called)
    ]
    payment = CallPaid("P", customer, day, AT, Money(cents), "USD", ccp)
    book = fold_calls([*issued, payment])
    applied = book.payments["P"]
    assert Money.total([*applied.to_calls.values(), applied.left]) == Money(cents)
    served = [call for call in book.calls.values() if ccp in (None, call.issued.ccp)]
    assert all(call.paid <= call.amount for call in book.calls.values())
    assert all(call.paid == ZERO for call in book.calls.values() if call not in served)
    open_from = min((c.issued.due_at for c in served if c.outstanding > ZERO), default=None)
    if open_from is not None:
        assert applied.left == ZERO
        assert all(call.paid == ZERO for call in served if call.issued.due_at > open_from)
