"""Books of customers: what a repo adds beside its securities, by start, end and the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin.arrangement.eligibility import EligibilityRules, recognise
from crossmargin.basics.money import Money
from crossmargin.product.position import Leg, PositionLine
from crossmargin.services.customer_books import CustomerBook, customer_books
from crossmargin.services.margin_day import MarginDay
from crossmargin.testing.builders import AS_OF, position

MILLION_CENTS = 100_000_000
FRIDAY, MONDAY, TUESDAY = date(2026, 3, 27), date(2026, 3, 30), date(2026, 3, 31)


def book_of(day: MarginDay, *lines: PositionLine) -> CustomerBook:
    recognition = recognise(
        lines,
        as_of=day.as_of,
        securities=day.prices.prices,
        rules=EligibilityRules.from_parameters(day.parameters.arrangement),
    )
    (book,) = customer_books(day, recognition)
    return book


@pytest.fixture(scope="module")
def note(simulated_day: MarginDay) -> str:
    future = next(f for f in simulated_day.valuation.contracts if f.contract.code == "ZNM26")
    return simulated_day.valuation.book.prices[future.cheapest_row].security.cusip.text


def repo(note: str, start: date | None, end: date, leg: Leg = Leg.REPO) -> PositionLine:
    return replace(
        position("A", note, 1_000_000),
        leg=leg,
        settlement_date=start,
        end_date=end,
        start_amount=Money(MILLION_CENTS),
    )


def interest(day: MarginDay, book: CustomerBook) -> dict[int, int]:
    """Return the book's dollar-days by term bucket."""
    first = len(day.valuation.book.prices) + len(day.valuation.contracts)
    return {place - first: units for place, units in book.xm.items() if place >= first}


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (None, date(2026, 4, 7), 14),
        (date(2026, 3, 20), date(2026, 4, 7), 14),
        (AS_OF, date(2026, 4, 7), 14),
        # From its start on where that lies ahead.
        (date(2026, 3, 31), date(2026, 4, 7), 7),
    ],
    ids=["no start", "started", "starts today", "starts later"],
)
def test_interest_is_earned_from_the_start_on(
    simulated_day: MarginDay, note: str, start: date | None, end: date, days: int
) -> None:
    book = book_of(simulated_day, repo(note, start, end))
    assert interest(simulated_day, book) == {0: MILLION_CENTS * days}
    reverse = book_of(simulated_day, repo(note, start, end, Leg.REVERSE_REPO))
    assert interest(simulated_day, reverse) == {0: -MILLION_CENTS * days}


@pytest.mark.parametrize(
    ("start", "end", "overnight"),
    [
        (None, date(2026, 3, 25), True),
        (FRIDAY, MONDAY, True),
        (FRIDAY, TUESDAY, False),
        (date(2026, 3, 26), FRIDAY, True),
        # Memorial Day is no business day: Friday to Tuesday is overnight.
        (date(2026, 5, 22), date(2026, 5, 26), True),
        (date(2026, 5, 21), date(2026, 5, 26), False),
    ],
)
def test_a_repo_over_the_next_business_day_is_overnight(
    simulated_day: MarginDay, note: str, start: date | None, end: date, overnight: bool
) -> None:
    book = book_of(simulated_day, repo(note, start, end))
    assert (not interest(simulated_day, book)) is overnight


def test_later_starts_and_missing_amounts_are_counted(simulated_day: MarginDay, note: str) -> None:
    """A notice says how many: their end leg is margined as it is."""
    estimated = replace(repo(note, None, date(2026, 4, 7)), start_amount=None)
    later = repo(note, TUESDAY, date(2026, 4, 7))
    book = book_of(simulated_day, estimated, later, position("A", note, 5_000_000))
    assert (book.later_starts, book.estimated_start_amounts) == (1, 1)
