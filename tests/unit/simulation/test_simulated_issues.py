from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from crossmargin.market.curve import ZeroCurve
from crossmargin.simulation.calibration import load_calibration
from crossmargin.simulation.contracts import (
    basket,
    conversion_factor,
    factor_of,
    forward_clean_prices,
    front_delivery,
    last_trading_day,
)
from crossmargin.simulation.days import (
    business_days,
    month_end,
    months_before,
    next_business_day,
)
from crossmargin.simulation.issues import SimulatedIssue, invented_cusip, simulate_issues
from crossmargin.simulation.path import simulate_paths
from crossmargin.simulation.sheets import clean_price

AS_OF = date(2026, 3, 24)


def _issue(*, coupon_pct: float, maturity: date, term_years: int = 10) -> SimulatedIssue:
    issued = maturity.replace(year=maturity.year - term_years)
    return SimulatedIssue(
        invented_cusip("N", 1), term_years, coupon_pct, issued, maturity, 40.0, ()
    )


def test_coupon_dates_keep_month_ends() -> None:
    note = _issue(coupon_pct=4.0, maturity=date(2027, 2, 28), term_years=2)
    found = note.coupon_dates_after(date(2025, 8, 31))
    assert found == [date(2026, 2, 28), date(2026, 8, 31), date(2027, 2, 28)]


def test_calendar_follows_the_full_closes() -> None:
    assert next_business_day(date(2026, 4, 2)) == date(2026, 4, 3)  # ruling 33: an early close
    assert business_days(date(2025, 4, 18), date(2025, 4, 18)) == ()  # Good Friday
    assert month_end(2027, 14) == date(2028, 2, 29)
    assert months_before(date(2026, 8, 31), 6) == date(2026, 2, 28)
    assert months_before(date(2026, 8, 15), -12) == date(2027, 8, 15)


@pytest.mark.parametrize(
    ("eighths", "months", "factor"),
    [(48, 84, "1.0000"), (34, 102, "0.8848"), (0, 24, "0.8885")],
)
def test_conversion_factor_is_a_price_at_six_per_cent(
    eighths: int, months: int, factor: str
) -> None:
    # 4 1/4 with 8 1/2 years: 2.125 x annuity of 17 at 3 % + 1.03^-17 = 0.88479; zero: 1.03^-4.
    assert conversion_factor(eighths, months) == Decimal(factor)


def test_front_contract_changes_after_its_last_trading_day() -> None:
    assert last_trading_day("ZN", date(2026, 3, 1)) == date(2026, 3, 20)
    assert last_trading_day("ZT", date(2026, 3, 1)) == date(2026, 3, 31)
    assert front_delivery("ZN", date(2026, 3, 20)) == date(2026, 3, 1)
    assert front_delivery("ZN", date(2026, 3, 23)) == date(2026, 6, 1)
    assert front_delivery("ZT", date(2026, 3, 24)) == date(2026, 3, 1)
    assert front_delivery("ZB", date(2025, 12, 31)) == date(2026, 3, 1)


def test_forward_price_agrees_with_a_flat_curve_by_hand() -> None:
    note = _issue(coupon_pct=6.0, maturity=date(2033, 8, 15))
    rate = 0.04
    grid = np.exp(-rate * np.arange(62) / 2)[None, :]
    seen, delivery = date(2026, 3, 24), date(2026, 6, 30)
    found = forward_clean_prices(note, days=[seen], discount=grid, delivery_day=delivery)
    curve = ZeroCurve(np.array([0.25, 30.0]), np.array([rate, rate]))
    coupons = note.coupon_dates_after(delivery)
    expected = clean_price(curve, coupon_pct=6.0, coupons=coupons, settlement=delivery, spread=0.0)
    assert float(found[0]) == pytest.approx(expected, abs=0.006)  # linear in between half-years


def test_every_contract_has_a_basket_with_factors_near_its_coupons() -> None:
    paths = simulate_paths(seed=1, as_of=AS_OF, calibration=load_calibration())
    issues = simulate_issues(paths, as_of=AS_OF)
    for symbol in ("ZT", "Z3N", "ZF", "ZN", "TN", "ZB", "TWE", "UB"):
        found = basket(symbol, date(2026, 6, 1), issues, known_on=AS_OF)
        assert found, symbol
        factors = [factor_of(symbol, date(2026, 6, 1), issue) for issue in found]
        assert Decimal("0.3") < min(factors)
        assert max(factors) < Decimal("1.5")
    assert len({issue.cusip for issue in issues}) == len(issues)
    assert max(issue.issue_date for issue in issues) <= AS_OF
