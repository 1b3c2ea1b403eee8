"""What kind of book it is, classified by hand, and its parts by tenor."""

from __future__ import annotations

from fractions import Fraction

import pytest

from crossmargin.analysis.walk.lines import (
    Book,
    Lines,
    MoneyMarketLine,
    SecurityLine,
    TreasuryFutureLine,
)
from crossmargin.analysis.walk.strategies import (
    Strategy,
    StrategyRules,
    dv01_by_tenor,
    parts_by_tenor,
    strategy_of,
)

RULES = StrategyRules(
    Fraction(1, 5), Fraction(1, 5), (Fraction(2), Fraction(5), Fraction(10), Fraction(20))
)
#: DV01s chosen so that one contract hedges 1,000 units of the security beside it.
LINES = Lines(
    (
        SecurityLine("2y", 2.0, 0.02, {}),
        SecurityLine("10y", 9.5, 0.08, {}),
        SecurityLine("30y", 29.0, 0.16, {}),
    ),
    (
        TreasuryFutureLine("ZT", "ZT", 1.9, 0.25, 20.0, 20.0),
        TreasuryFutureLine("ZN", "ZN", 6.8, 0.25, 80.0, 80.0),
        MoneyMarketLine("SR3", 0.25, 0.5, 0.253, 200_000.0, compounded=True),
    ),
)


@pytest.mark.parametrize(
    ("securities", "contracts", "expected"),
    [
        ({"2y": 1000}, {}, Strategy.ONE_LEG),
        ({}, {"ZN": -5}, Strategy.ONE_LEG),
        # Net DV01 nothing, and nothing in either bucket.
        ({"2y": 1000, "10y": 1000}, {"ZT": -1, "ZN": -1}, Strategy.BASIS),
        # Net nothing, but the two-year against the ten-year.
        ({"2y": 4000}, {"ZN": -1}, Strategy.CURVE),
        # Gross 80 + 60, net 20: a seventh. By tenor 20 of 140 too.
        ({"10y": 1000}, {"SR3": 0, "ZN": -1, "ZT": 1}, Strategy.BASIS),
        # Net 40 of gross 120 (a third): hedged in part.
        ({"10y": 1000}, {"ZT": -2}, Strategy.PARTIAL_HEDGE),
        ({"10y": 1000}, {"ZN": 1}, Strategy.SAME_DIRECTION),
        # SR3: $200,000 a unit of rate is $20 a basis point, as one ZT.
        ({"2y": 1000}, {"SR3": -1}, Strategy.BASIS),
        # Exactly a fifth counts as hedged: 80 and 120 have net 40 of gross 200.
        ({"10y": 1000}, {"ZT": -6}, Strategy.CURVE),
    ],
)
def test_a_book_is_called_by_where_its_dv01_lies(
    securities: dict[str, int], contracts: dict[str, int], expected: Strategy
) -> None:
    assert strategy_of(LINES, Book("B", securities, contracts), RULES) is expected


def test_dv01_lies_in_the_bucket_of_the_maturity() -> None:
    book = Book("B", {"2y": 1000, "10y": -500, "30y": 100}, {"ZT": -3, "SR3": 2, "ZN": 1})
    securities, futures = dv01_by_tenor(LINES, book, RULES)
    assert securities == pytest.approx([20.0, 0.0, -40.0, 0.0, 16.0], rel=1e-12)
    assert futures == pytest.approx([-60.0 + 40.0, 0.0, 80.0, 0.0, 0.0], rel=1e-12)
    assert RULES.tenors == ("0-2y", "2-5y", "5-10y", "10-20y", "over 20y")


def test_parts_hold_everything_once_and_no_bucket_is_empty() -> None:
    book = Book("B", {"2y": 1000, "30y": 100}, {"ZT": -3, "SR3": 2, "ZN": 1})
    parts = parts_by_tenor(LINES, book, RULES)
    assert [(part.name, dict(part.securities), dict(part.contracts)) for part in parts] == [
        ("B 0-2y", {"2y": 1000}, {"ZT": -3, "SR3": 2}),
        ("B 5-10y", {}, {"ZN": 1}),
        ("B over 20y", {"30y": 100}, {}),
    ]
