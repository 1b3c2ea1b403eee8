"""The tick of a daily settlement price, and how a price is put on it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.product.futures import FuturesContract
from crossmargin.settlement.ticks import on_tick, settlement_tick_points

FINE, COARSE = Decimal("0.0025"), Decimal("0.005")


@pytest.mark.parametrize(
    ("contract", "day", "tick"),
    [
        # Last trading day of SR3M26 is 15 September 2026: finer from 15 May on.
        (FuturesContract("SR3", 2026, 6), date(2026, 5, 14), COARSE),
        (FuturesContract("SR3", 2026, 6), date(2026, 5, 15), FINE),
        # SR1K26 is the nearest once SR1J26 has stopped trading on 30 April.
        (FuturesContract("SR1", 2026, 5), date(2026, 4, 30), COARSE),
        (FuturesContract("SR1", 2026, 5), date(2026, 5, 1), FINE),
        (FuturesContract("SR1", 2027, 1), date(2026, 12, 31), COARSE),
        (FuturesContract("SR1", 2027, 1), date(2027, 1, 4), FINE),
        # Monday 1 June begins with the Sunday before: trade date Monday.
        (FuturesContract("ZQ", 2026, 6), date(2026, 5, 29), COARSE),
        (FuturesContract("ZQ", 2026, 6), date(2026, 6, 1), FINE),
        (FuturesContract("ZN", 2026, 6), date(2026, 6, 18), Decimal("0.015625")),
        (FuturesContract("ZT", 2026, 6), date(2026, 3, 24), Decimal("0.00390625")),
    ],
)
def test_money_market_contracts_trade_finer_near_their_end(
    contract: FuturesContract, day: date, tick: Decimal
) -> None:
    assert settlement_tick_points(contract, day) == tick


def test_half_a_tick_goes_to_the_even_multiple() -> None:
    assert on_tick(Fraction("96.3325"), COARSE) == Decimal("96.330")
    assert on_tick(Fraction("96.3375"), COARSE) == Decimal("96.340")
    assert on_tick(Fraction("96.33251"), COARSE) == Decimal("96.335")
