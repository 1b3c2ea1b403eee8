"""Futures on the day against the exact forward of the delivery module, and their own terms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.market.history import MarketData
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.delivery import (
    deliverable_basket,
    forward_clean_price_per_100,
    theoretical_futures_price,
)
from crossmargin.pricing.futures_value import (
    MoneyMarketFuture,
    TreasuryFuture,
    treasury_future,
)
from crossmargin.pricing.treasury import dv01_dollars_per_bp_per_100
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.futures import FuturesContract
from crossmargin.services.margin_day import MarginDay
from crossmargin.testing.builders import (
    SMALL_SHEET,
    curve_of,
    note_or_bond,
    parallel,
    price_sheet,
    quoted,
    small_valuation,
)

TREASURY = tuple(FuturesContract(product, 2026, 6) for product in ("ZT", "ZN", "ZB"))
REPO_RATE = 0.0375


def treasury(valuation: Valuation, code: str) -> TreasuryFuture:
    future = valuation.contracts[valuation.contract_index()[code]]
    assert isinstance(future, TreasuryFuture)
    return future


def money_market(valuation: Valuation, code: str) -> MoneyMarketFuture:
    future = valuation.contracts[valuation.contract_index()[code]]
    assert isinstance(future, MoneyMarketFuture)
    return future


def agree_with_the_exact_price(
    valuation: Valuation, prices: dict[str, float], repo_rate_pct: Decimal
) -> int:
    compared = 0
    clean = {cusip: Decimal(repr(c)) for cusip, c in prices.items()}
    for future in valuation.contracts:
        if not isinstance(future, TreasuryFuture):
            continue
        lines = deliverable_basket(
            future.contract, [price.security for price in valuation.book.prices]
        )
        assert len(lines) == len(future.rows)
        days = [terms.delivery_day for terms in future.deliveries]
        price, line, day = theoretical_futures_price(
            lines,
            clean_prices_per_100=clean,
            settlement=valuation.settlement,
            delivery_days=days,
            repo_rate_pct=repo_rate_pct,
        )
        assert future.price == pytest.approx(float(price), abs=1e-9)
        assert valuation.book.prices[future.cheapest_row].security == line.security
        assert future.cheapest_delivery.delivery_day == day
        assert future.cheapest_factor == float(line.conversion_factor)
        for terms in future.deliveries:
            ours = terms.forward_clean(valuation.book.dirty[future.rows], valuation.repo_rate)
            for forward, row in zip(ours, future.rows, strict=True):
                security = valuation.book.prices[row].security
                exact = forward_clean_price_per_100(
                    security,
                    clean_price_per_100=clean[security.cusip.text],
                    settlement=valuation.settlement,
                    delivery_day=terms.delivery_day,
                    repo_rate_pct=repo_rate_pct,
                )
                assert forward == pytest.approx(float(exact), abs=1e-9)
                compared += 1
    return compared


def clean_prices(valuation: Valuation) -> dict[str, float]:
    return {
        price.security.cusip.text: float(clean)
        for price, clean in zip(valuation.book.prices, valuation.book.clean, strict=True)
    }


def test_prices_agree_with_the_exact_forward_on_invented_issues() -> None:
    valuation = small_valuation(TREASURY, repo_rate=REPO_RATE)
    assert agree_with_the_exact_price(valuation, clean_prices(valuation), Decimal("3.75")) == 12


def test_prices_agree_with_the_exact_forward_on_the_simulated_sheet(
    simulated_day: MarginDay,
) -> None:
    valuation = simulated_day.valuation
    rate = Decimal(repr(valuation.repo_rate)) * 100
    assert agree_with_the_exact_price(valuation, clean_prices(valuation), rate) > 100


@pytest.mark.real_data
def test_prices_agree_with_the_exact_forward_on_the_real_sheet(real_day: MarginDay) -> None:
    valuation = real_day.valuation
    assert valuation.repo_rate == pytest.approx(0.0363, abs=1e-12)
    assert agree_with_the_exact_price(valuation, clean_prices(valuation), Decimal("3.63")) > 200


@pytest.mark.real_data
def test_the_ultra_ten_year_of_the_margin_notes(
    real_day: MarginDay, real_market: MarketData
) -> None:
    """Independent calculation: basket of two, 91282CPJ4 at 0.8595, 112.985, about $89."""
    future = treasury(real_day.valuation, "TNM26")
    book = real_day.valuation.book
    basket = {book.prices[row].security.cusip.text for row in future.rows}
    assert basket == {"91282CPJ4", "91282CPZ8"}
    assert book.prices[future.cheapest_row].security.cusip.text == "91282CPJ4"
    assert future.cheapest_factor == 0.8595
    assert round(future.price, 3) == 112.985
    assert future.cheapest_delivery.delivery_day == date(2026, 6, 30)
    assert future.dv01_dollars == pytest.approx(89.0, abs=0.5)
    assert future.near_ties == ()


def test_dv01_is_the_cheapests_over_its_factor() -> None:
    valuation = small_valuation(TREASURY)
    for code, face in (("ZTM26", 200_000), ("ZNM26", 100_000), ("ZBM26", 100_000)):
        future = treasury(valuation, code)
        price = valuation.book.prices[future.cheapest_row]
        own = dv01_dollars_per_bp_per_100(
            price.security,
            settlement=valuation.settlement,
            clean_price_per_100=float(price.sell_clean_per_100),
        )
        expected = own / future.cheapest_factor * face / 100
        assert future.dv01_dollars == pytest.approx(expected, rel=1e-12)
        assert future.dollars_per_point == face / 100


def test_an_issue_within_a_32nd_is_reported_as_a_near_tie() -> None:
    twin = note_or_bond(
        9, maturity_date=date(2033, 2, 15), coupon_pct="3.5", original_maturity_years=10
    )
    base = treasury(small_valuation(TREASURY), "ZNM26")
    # 0.02 points of price are 0.023 points of futures price, inside 1/32; 0.05 are not.
    for clean, expected in (("96.52", (twin.cusip.text,)), ("96.55", ())):
        prices = {**SMALL_SHEET, twin.cusip.text: quoted(twin, clean)}
        future = treasury(small_valuation(TREASURY, prices=prices), "ZNM26")
        assert future.price == pytest.approx(base.price, abs=1e-12)
        assert future.near_ties == expected


def test_a_contract_without_a_deliverable_issue_has_no_value() -> None:
    valuation = small_valuation([])
    for contract, expected in (
        (FuturesContract("Z3N", 2026, 6), False),
        (FuturesContract("ZN", 2026, 6), True),
    ):
        future = treasury_future(
            contract,
            settlement=valuation.settlement,
            book=valuation.book,
            repo_rate=valuation.repo_rate,
        )
        assert (future is not None) is expected


def test_the_first_delivery_day_is_not_before_settlement() -> None:
    valuation = small_valuation([FuturesContract("ZN", 2026, 3)], as_of=date(2026, 3, 17))
    future = treasury(valuation, "ZNH26")
    assert [terms.delivery_day for terms in future.deliveries] == [
        date(2026, 3, 18),
        date(2026, 3, 31),
    ]
    assert future.deliveries[0].years == 0.0


def test_at_zero_days_the_forward_is_the_price() -> None:
    valuation = small_valuation([FuturesContract("ZN", 2026, 3)], as_of=date(2026, 3, 17))
    future = treasury(valuation, "ZNH26")
    forward = future.deliveries[0].forward_clean(valuation.book.dirty[future.rows], 0.05)
    assert forward == pytest.approx(valuation.book.clean[future.rows], abs=1e-12)


def test_money_market_rates_are_the_curves_forwards() -> None:
    """On a flat curve every forward is known: compounded for SR3, averaged for SR1 and ZQ."""
    rate = 0.04
    contracts = [FuturesContract("SR3", 2026, 6), FuturesContract("ZQ", 2026, 7)]
    valuation = small_valuation(contracts, curve=curve_of([rate, rate]))
    compounded = np.expm1(rate * 91 / 365.25) * 360 / 91
    assert money_market(valuation, "SR3M26").rate == pytest.approx(compounded, abs=1e-12)
    assert money_market(valuation, "ZQN26").rate == pytest.approx(rate * 360 / 365.25, abs=1e-12)


def test_dollars_of_a_basis_point() -> None:
    contracts = [FuturesContract(p, 2026, 6) for p in ("SR3", "SR1", "ZQ")]
    valuation = small_valuation(contracts)
    for code, dollars in (("SR3M26", 25.0), ("SR1M26", 41.67), ("ZQM26", 41.67)):
        future = money_market(valuation, code)
        assert future.dollars_per_rate / 1e4 == pytest.approx(dollars, rel=1e-12)
        assert future.remaining_share == 1.0
        assert future.start_years < future.middle_years < future.end_years


def test_the_exact_price_of_one_issue_by_hand() -> None:
    """No coupon between, simple interest, one issue, one factor: the formula on paper."""
    only = quoted(
        note_or_bond(
            1, maturity_date=date(2033, 2, 15), coupon_pct="3.5", original_maturity_years=10
        ),
        "96.5",
    )
    contract = FuturesContract("ZN", 2026, 6)
    valuation = small_valuation([contract], prices=price_sheet([only]), repo_rate=REPO_RATE)
    future = treasury(valuation, "ZNM26")
    spot = Fraction(193, 2) + Fraction(7, 4) * Fraction(38, 181)  # 15 February to 25 March
    factor = Fraction(str(future.cheapest_factor))
    by_hand = []
    for day, held in ((date(2026, 6, 1), 106), (date(2026, 6, 30), 135)):
        days = (day - date(2026, 3, 25)).days
        forward = spot * (1 + Fraction(375, 10_000) * days / 360)
        by_hand.append((forward - Fraction(7, 4) * Fraction(held, 181)) / factor)
    assert future.price == pytest.approx(float(min(by_hand)), abs=1e-9)


@pytest.mark.parametrize(
    ("product", "year", "month", "as_of"),
    [
        ("ZQ", 2026, 3, date(2026, 3, 31)),
        ("SR1", 2026, 3, date(2026, 3, 31)),
        ("SR3", 2025, 12, date(2026, 3, 17)),
    ],
)
def test_nothing_moves_on_the_last_trading_day(product, year, month, as_of):
    valuation = small_valuation([FuturesContract(product, year, month)], as_of=as_of)
    assert valuation.contracts[0].remaining_share == 0.0
    moves = parallel(np.array([25.0, -25.0]))
    pnl = instrument_pnl(valuation, moves, repo_follows_front=1.0).contracts
    assert (pnl == 0.0).all()
