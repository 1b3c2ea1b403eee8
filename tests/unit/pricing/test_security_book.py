"""Quotes become arrays: what is in the book, what it is worth, and its spread to the curve."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from crossmargin.market.curve import ZeroCurve
from crossmargin.market.history import SecurityPrice
from crossmargin.pricing.security_book import (
    SecurityBook,
    quoted_clean_per_100,
    security_book,
    years_between,
)
from crossmargin.product.treasury import SecurityKind
from crossmargin.testing.builders import (
    AS_OF,
    SMALL_SHEET,
    curve_of,
    note_or_bond,
    price_sheet,
    quoted,
)

SETTLEMENT = date(2026, 3, 25)


def book_of(*prices: SecurityPrice, curve: ZeroCurve | None = None) -> SecurityBook:
    return security_book(AS_OF, SETTLEMENT, curve or curve_of([0.04, 0.045]), price_sheet(prices))


def test_rows_are_in_order_of_cusip() -> None:
    book = security_book(AS_OF, SETTLEMENT, curve_of([0.04, 0.045]), SMALL_SHEET)
    cusips = [price.security.cusip.text for price in book.prices]
    assert cusips == sorted(SMALL_SHEET)
    assert book.index() == {cusip: row for row, cusip in enumerate(cusips)}


def test_only_quoted_notes_and_bonds_outstanding_at_settlement() -> None:
    good = quoted(note_or_bond(1, maturity_date=date(2030, 5, 15)), "99")
    bill = replace(good.security, cusip=note_or_bond(2, maturity_date=AS_OF).cusip)
    bill = replace(bill, kind=SecurityKind.BILL)
    tips = replace(good.security, cusip=note_or_bond(3, maturity_date=AS_OF).cusip)
    tips = replace(tips, kind=SecurityKind.TIPS)
    book = book_of(
        good,
        quoted(bill, "99"),
        quoted(tips, "99"),
        quoted(note_or_bond(4, maturity_date=date(2030, 5, 15)), "0"),
        quoted(note_or_bond(5, maturity_date=SETTLEMENT), "100"),
    )
    assert [price.security.cusip for price in book.prices] == [good.security.cusip]


def test_the_buy_price_stands_in_for_a_missing_sell_price() -> None:
    security = note_or_bond(1, maturity_date=date(2030, 5, 15))
    both = SecurityPrice(security, Decimal("99.5"), Decimal("99"))
    only_buy = SecurityPrice(security, Decimal("99.5"), Decimal(0))
    assert quoted_clean_per_100(both) == 99.0
    assert quoted_clean_per_100(only_buy) == 99.5


def test_market_value_accrues_to_the_date_and_the_price_to_settlement() -> None:
    """4 % paid in May: 129 days of 181 to 24 March, 130 to 25 March."""
    book = book_of(quoted(note_or_bond(1, maturity_date=date(2030, 5, 15)), "99"))
    assert book.market_value[0] == pytest.approx(99.0 + 2.0 * 129 / 181, abs=1e-12)
    assert book.dirty[0] == pytest.approx(99.0 + 2.0 * 130 / 181, abs=1e-12)
    assert book.clean[0] == 99.0
    assert book.remaining_years[0] == years_between(SETTLEMENT, date(2030, 5, 15))


def test_a_bond_off_the_curve_by_a_known_spread_gets_it_back() -> None:
    curve, spread = curve_of([0.04, 0.045]), 0.0023
    security = note_or_bond(1, maturity_date=date(2046, 8, 15), original_maturity_years=20)
    unit = book_of(quoted(security, "80"), curve=curve)
    amounts = np.full(len(unit.flow_years), 2.0)
    amounts[-1] += 100.0
    dirty = float(
        (
            amounts * curve.discount_factors(unit.flow_years) * np.exp(-spread * unit.flow_years)
        ).sum()
    )
    accrued = unit.dirty[0] - unit.clean[0]
    again = book_of(quoted(security, repr(float(dirty - accrued))), curve=curve)
    assert again.spreads[0] == pytest.approx(spread, abs=1e-12)


@pytest.mark.parametrize("clean", ["20", "60", "100", "180"])
def test_the_spread_solves_at_any_price(clean: str) -> None:
    security = note_or_bond(1, maturity_date=date(2055, 11, 15), original_maturity_years=30)
    curve = curve_of([0.04, 0.045])
    book = book_of(quoted(security, clean), curve=curve)
    amounts = np.full(len(book.flow_years), 2.0)
    amounts[-1] += 100.0
    value = amounts * curve.discount_factors(book.flow_years)
    value = value * np.exp(-book.spreads[0] * book.flow_years)
    assert float(value.sum()) == pytest.approx(book.dirty[0], abs=1e-9)


def test_flows_lie_on_their_grid_and_others_dates_are_blank() -> None:
    book = security_book(AS_OF, SETTLEMENT, curve_of([0.04, 0.045]), SMALL_SHEET)
    steps = np.ldexp(book.flows, 17)
    assert (steps == np.rint(steps)).all()
    assert (np.diff(book.flow_years) > 0.0).all()
    for row, price in enumerate(book.prices):
        paid = book.flow_years[book.flows[row] != 0.0]
        assert paid[-1] == years_between(SETTLEMENT, price.security.maturity_date)
        assert np.diff(paid) == pytest.approx(0.5, abs=0.01)


def test_the_book_does_not_depend_on_the_order_of_the_sheet() -> None:
    curve = curve_of([0.04, 0.045])
    backwards = dict(reversed(SMALL_SHEET.items()))
    one, other = (
        security_book(AS_OF, SETTLEMENT, curve, sheet) for sheet in (SMALL_SHEET, backwards)
    )
    assert np.array_equal(one.flows, other.flows)
    assert np.array_equal(one.spreads, other.spreads)
