"""Reprice every instrument under every scenario: ours against QuantLib one bond at a time.

Run: python benchmarks/repricing.py [DATA_DIR]. Bar: 60 ms for one model (480 instruments, 2,800
scenarios, two processors).
"""

from __future__ import annotations

import sys
from pathlib import Path

import QuantLib as ql  # noqa: N813 - its own customary name

from book import standard_day
from crossmargin.market.history import FloatArray
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.services.margin_day import MarginDay
from machine import describe, measure

_BONDS, _SCENARIOS = 20, 100


def main() -> None:
    """Measure and print."""
    day = standard_day(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    valuation, scenarios = day.valuation, day.ficc.scenarios.historical
    instruments = len(valuation.book.prices) + len(valuation.contracts)
    print(describe())
    print(
        f"{len(valuation.book.prices)} securities, {len(valuation.contracts)} contracts, "
        f"{scenarios.count} scenarios, {len(valuation.book.flow_years)} payment dates"
    )
    ours = measure(lambda: instrument_pnl(valuation, scenarios, repo_follows_front=1.0), runs=11)
    print(ours.line("ours, every instrument, one model"))
    scale = len(valuation.book.prices) * scenarios.count / (_BONDS * _SCENARIOS)
    other = measure(lambda: quantlib_prices(day), runs=3)
    print(other.line(f"QuantLib, {_BONDS} securities x {_SCENARIOS} scenarios"))
    print(
        f"QuantLib for all securities, extrapolated: {other.best_wall * scale:.1f} s; "
        f"ratio to ours ({instruments} instruments): {other.best_wall * scale / ours.best_wall:.0f}"
    )


def quantlib_prices(day: MarginDay) -> list[float]:
    """Return clean prices from QuantLib for some securities at some shifted yields."""
    settlement = day.valuation.settlement
    today = ql.Date(settlement.day, settlement.month, settlement.year)
    ql.Settings.instance().evaluationDate = today
    convention = ql.ActualActual(ql.ActualActual.ISMA)
    shifts: FloatArray = day.ficc.scenarios.historical.key_rates[:_SCENARIOS, 5]
    prices = []
    for price in day.valuation.book.prices[-_BONDS:]:
        maturity = price.security.maturity_date
        schedule = ql.Schedule(
            today - ql.Period(1, ql.Years),
            ql.Date(maturity.day, maturity.month, maturity.year),
            ql.Period(ql.Semiannual),
            ql.NullCalendar(),
            ql.Unadjusted,
            ql.Unadjusted,
            ql.DateGeneration.Backward,
            maturity.day > 27,  # noqa: PLR2004 - month-end schedules
        )
        coupon = float(price.security.coupon_pct) / 100.0
        bond = ql.FixedRateBond(0, 100.0, schedule, [coupon], convention)
        for shift in shifts:
            rate = ql.InterestRate(0.04 + float(shift), convention, ql.Compounded, ql.Semiannual)
            prices.append(ql.BondFunctions.cleanPrice(bond, rate, today))
    return prices


if __name__ == "__main__":
    main()
