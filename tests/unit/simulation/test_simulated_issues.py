from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from crossmargin.market.curve import ZeroCurve
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.product.specifications import PRODUCTS, ProductKind
from crossmargin.product.treasury import SecurityKind, TreasurySecurity, coupon_dates
from crossmargin.simulation.calibration import load_calibration
from crossmargin.simulation.contracts import forward_clean_prices, front_runs, known_basket
from crossmargin.simulation.issues import SimulatedIssue, invented_cusip, simulate_issues
from crossmargin.simulation.path import simulate_paths
from crossmargin.simulation.sheets import clean_price

AS_OF = date(2026, 3, 24)
TREASURY = [code for code, product in PRODUCTS.items() if product.kind is ProductKind.TREASURY]


@pytest.fixture(scope="module")
def issues() -> tuple[SimulatedIssue, ...]:
    paths = simulate_paths(seed=1, as_of=AS_OF, calibration=load_calibration())
    return simulate_issues(paths, as_of=AS_OF)


def test_terms_are_those_of_an_issue(issues: tuple[SimulatedIssue, ...]) -> None:
    calendar = sifma_calendar()
    assert len({issue.security.cusip for issue in issues}) == len(issues)
    assert max(issue.issue_date for issue in issues) <= AS_OF
    for issue in issues:
        security, dated = issue.security, issue.security.dated_date
        assert calendar.is_business_day(issue.issue_date)
        assert dated is not None
        assert (issue.issue_date - dated).days in range(20)
        years = security.original_maturity_years
        assert years is not None
        # A coupon every half-year from the dated date on: none is odd.
        assert len(coupon_dates(security, after=dated)) == 2 * years
        assert security.coupon_pct % Decimal("0.125") == 0
        assert (security.kind is SecurityKind.NOTE) is (years <= 10)


def test_a_contract_is_in_front_until_its_last_trading_day() -> None:
    days = sifma_calendar().business_days(date(2025, 12, 18), date(2026, 6, 30))
    found = {
        product: [
            (contract.code, days[rows][0], days[rows][-1])
            for contract, rows in front_runs(product, days)
        ]
        for product in ("ZT", "ZN")
    }
    assert found == {
        "ZT": [
            ("ZTZ25", date(2025, 12, 18), date(2025, 12, 31)),
            ("ZTH26", date(2026, 1, 2), date(2026, 3, 31)),
            ("ZTM26", date(2026, 4, 1), date(2026, 6, 30)),
        ],
        "ZN": [
            ("ZNZ25", date(2025, 12, 18), date(2025, 12, 19)),
            ("ZNH26", date(2025, 12, 22), date(2026, 3, 20)),
            ("ZNM26", date(2026, 3, 23), date(2026, 6, 18)),
            ("ZNU26", date(2026, 6, 22), date(2026, 6, 30)),
        ],
    }


def test_front_runs_cover_every_day_once() -> None:
    days = sifma_calendar().business_days(date(2006, 1, 3), AS_OF)
    for product in TREASURY:
        runs = [rows for _, rows in front_runs(product, days)]
        assert [day for rows in runs for day in days[rows]] == list(days)


def test_forward_price_agrees_with_a_flat_curve_by_hand() -> None:
    note = TreasurySecurity(
        invented_cusip("N", 1), SecurityKind.NOTE, Decimal(6), date(2033, 8, 15)
    )
    rate = 0.04
    grid = np.exp(-rate * np.arange(62) / 2)[None, :]
    delivery = date(2026, 6, 30)
    found = forward_clean_prices(note, days=[AS_OF], discount=grid, delivery_day=delivery)
    curve = ZeroCurve(np.array([0.25, 30.0]), np.array([rate, rate]))
    expected = clean_price(curve, note, settlement=delivery, spread=0.0)
    assert float(found[0]) == pytest.approx(expected, abs=0.006)  # linear in between half-years


@pytest.mark.parametrize("product", TREASURY)
def test_every_contract_has_a_basket_with_factors_near_its_coupons(
    product: str, issues: tuple[SimulatedIssue, ...]
) -> None:
    basket = known_basket(FuturesContract(product, 2026, 6), issues, known_on=AS_OF)
    assert basket
    factors = [line.conversion_factor for line in basket]
    assert Decimal("0.3") < min(factors)
    assert max(factors) < Decimal("1.5")


def test_baskets_follow_the_rules_of_their_day(issues: tuple[SimulatedIssue, ...]) -> None:
    def longest_days(contract: FuturesContract, known_on: date) -> int:
        basket = known_basket(contract, issues, known_on=known_on)
        first = date(contract.year, contract.month, 1)
        return max((line.security.maturity_date - first).days for line in basket)

    # The bond contract gave its longest bonds to the Ultra contract from March 2011.
    assert longest_days(FuturesContract("ZB", 2010, 12), date(2010, 11, 1)) > 29 * 365
    assert longest_days(FuturesContract("ZB", 2011, 3), date(2011, 1, 3)) < 25.1 * 365
    # The ten-year contract stopped at eight years with September 2023.
    assert longest_days(FuturesContract("ZN", 2023, 6), date(2023, 5, 1)) > 9.5 * 365
    assert longest_days(FuturesContract("ZN", 2023, 9), date(2023, 8, 1)) < 8.1 * 365


def test_a_basket_has_nothing_that_is_not_issued_yet(issues: tuple[SimulatedIssue, ...]) -> None:
    contract, known_on = FuturesContract("ZF", 2016, 6), date(2016, 4, 1)
    issued = [line.security.issue_date for line in known_basket(contract, issues, known_on=AS_OF)]
    known = known_basket(contract, issues, known_on=known_on)
    assert len(known) < len(issued)
    assert all(
        day is not None and day <= known_on for day in (x.security.issue_date for x in known)
    )
