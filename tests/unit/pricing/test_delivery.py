from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import Money
from crossmargin.pricing.delivery import (
    BasketLine,
    cheapest_to_deliver,
    deliverable_basket,
    forward_clean_price_per_100,
    gross_basis,
    implied_repo_pct,
    invoice,
    net_basis,
    theoretical_futures_price,
)
from crossmargin.product.futures import FuturesContract
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

SETTLEMENT, DELIVERY = date(2026, 3, 25), date(2026, 6, 30)
CONTRACT = FuturesContract("TN", 2026, 6)


def note(
    maturity: date, coupon_pct: str = "4", cusip: str = "91282CPJ4", years: int = 10
) -> TreasurySecurity:
    return TreasurySecurity(
        Cusip(cusip),
        SecurityKind.NOTE,
        Decimal(coupon_pct),
        maturity,
        original_maturity_years=years,
        original_maturity_source="a test",
    )


NOVEMBER = note(date(2035, 11, 15))
FEBRUARY = note(date(2036, 2, 15), "4.125", "91282CPZ8")
BASKET = deliverable_basket(CONTRACT, [FEBRUARY, NOVEMBER, note(date(2031, 2, 15))])
PRICES = {"91282CPJ4": Decimal("97.21875"), "91282CPZ8": Decimal("98.09375")}
TERMS = {"settlement": SETTLEMENT, "delivery_day": DELIVERY}


def test_a_basket_is_by_maturity_and_leaves_out_what_is_not_deliverable() -> None:
    assert [line.security for line in BASKET] == [NOVEMBER, FEBRUARY]
    assert BASKET[0].conversion_factor == Decimal("0.8595")


def test_an_invoice_is_principal_and_accrued_interest_to_the_cent() -> None:
    # 113 x 0.8595 x $1,000; 46 of 184 days of $2,000.
    bill = invoice(CONTRACT, BASKET[0], futures_price=Decimal(113), delivery_day=DELIVERY)
    assert bill.principal == Money(97_123_50)
    assert bill.accrued == Money(500_00)
    assert bill.total == Money(97_623_50)


def test_half_a_cent_is_rounded_up() -> None:
    line = BasketLine(NOVEMBER, Decimal("0.5"))
    bill = invoice(CONTRACT, line, futures_price=Decimal("100.00001"), delivery_day=DELIVERY)
    assert bill.principal == Money(50_000_01)  # 50,000.005


def test_two_year_contracts_are_of_twice_the_face() -> None:
    line = BasketLine(note(date(2028, 2, 29), years=2), Decimal(1))
    bill = invoice(
        FuturesContract("ZT", 2026, 6),
        line,
        futures_price=Decimal(100),
        delivery_day=date(2026, 8, 30),
    )
    assert bill.principal == Money(200_000_00)
    assert bill.accrued.dollars == pytest.approx(4000 * 183 / 184, abs=0.005)


def test_a_forward_without_interim_coupon_is_growth_less_accrued() -> None:
    forward = forward_clean_price_per_100(
        NOVEMBER,
        clean_price_per_100=Decimal(97),
        settlement=date(2026, 5, 15),
        delivery_day=DELIVERY,
        repo_rate_pct=Decimal("3.6"),
    )
    grown = 97 * (1 + Fraction(36, 1000) * Fraction(46, 360))
    assert forward == grown - 2 * Fraction(46, 184)


def test_an_interim_coupon_is_reinvested_to_delivery() -> None:
    forward = forward_clean_price_per_100(
        NOVEMBER, clean_price_per_100=Decimal(97), repo_rate_pct=Decimal("3.6"), **TERMS
    )
    rate = Fraction(36, 1000)
    paid = 97 + 2 * Fraction(130, 181)
    expected = paid * (1 + rate * Fraction(97, 360)) - 2 * (1 + rate * Fraction(46, 360))
    assert forward == expected - 2 * Fraction(46, 184)


def test_a_coupon_paid_on_the_delivery_day_belongs_to_the_seller() -> None:
    forward = forward_clean_price_per_100(
        NOVEMBER,
        clean_price_per_100=Decimal(97),
        settlement=SETTLEMENT,
        delivery_day=date(2026, 5, 15),
        repo_rate_pct=Decimal(0),
    )
    assert forward == 97 + 2 * Fraction(130, 181) - 2


def test_a_forward_to_settlement_is_the_spot_price() -> None:
    forward = forward_clean_price_per_100(
        NOVEMBER,
        clean_price_per_100=Decimal(97),
        settlement=SETTLEMENT,
        delivery_day=SETTLEMENT,
        repo_rate_pct=Decimal(5),
    )
    assert forward == 97


def test_the_implied_repo_rate_makes_the_net_basis_zero() -> None:
    price, futures = PRICES["91282CPJ4"], Decimal("112.5")
    repo = implied_repo_pct(BASKET[0], clean_price_per_100=price, futures_price=futures, **TERMS)
    basis = net_basis(
        BASKET[0],
        clean_price_per_100=price,
        futures_price=futures,
        repo_rate_pct=Decimal(repo.numerator) / Decimal(repo.denominator),
        **TERMS,
    )
    assert float(basis) == pytest.approx(0, abs=1e-20)


def test_the_net_basis_is_the_gross_basis_less_carry() -> None:
    price, futures, repo = PRICES["91282CPJ4"], Decimal("112.5"), Decimal("3.63")
    forward = forward_clean_price_per_100(
        NOVEMBER, clean_price_per_100=price, repo_rate_pct=repo, **TERMS
    )
    gross = gross_basis(BASKET[0], clean_price_per_100=price, futures_price=futures)
    net = net_basis(
        BASKET[0], clean_price_per_100=price, futures_price=futures, repo_rate_pct=repo, **TERMS
    )
    assert net == gross - (Fraction(price) - forward)


def test_the_cheapest_comes_first_and_unpriced_lines_are_left_out() -> None:
    figures = cheapest_to_deliver(
        BASKET,
        clean_prices_per_100=PRICES,
        futures_price=Decimal("112.985"),
        repo_rate_pct=Decimal("3.63"),
        **TERMS,
    )
    assert [one.line for one in figures] == list(BASKET)
    assert figures[0].implied_repo_pct > figures[1].implied_repo_pct
    assert figures[0].net_basis == figures[0].gross_basis - (
        Fraction(PRICES["91282CPJ4"]) - figures[0].forward_clean_price_per_100
    )
    alone = cheapest_to_deliver(
        BASKET,
        clean_prices_per_100={"91282CPZ8": PRICES["91282CPZ8"]},
        futures_price=Decimal("112.985"),
        repo_rate_pct=Decimal("3.63"),
        **TERMS,
    )
    assert [one.line for one in alone] == [BASKET[1]]


@pytest.mark.parametrize(("repo", "chosen"), [("0", DELIVERY), ("12", date(2026, 6, 1))])
def test_positive_carry_delivers_late_and_negative_carry_early(repo: str, chosen: date) -> None:
    _, _, day = theoretical_futures_price(
        BASKET,
        clean_prices_per_100=PRICES,
        settlement=SETTLEMENT,
        delivery_days=(date(2026, 6, 1), DELIVERY),
        repo_rate_pct=Decimal(repo),
    )
    assert day == chosen


def test_no_price_no_theoretical_price() -> None:
    with pytest.raises(ValueError, match="no line of the basket has a price"):
        theoretical_futures_price(
            iter(BASKET),
            clean_prices_per_100={},
            settlement=SETTLEMENT,
            delivery_days=(DELIVERY,),
            repo_rate_pct=Decimal(3),
        )


def test_delivery_does_not_precede_settlement() -> None:
    with pytest.raises(ValueError, match="2026-03-24"):
        implied_repo_pct(
            BASKET[0],
            clean_price_per_100=Decimal(97),
            futures_price=Decimal(112),
            settlement=SETTLEMENT,
            delivery_day=date(2026, 3, 24),
        )
    with pytest.raises(ValueError, match="2026-03-24"):
        forward_clean_price_per_100(
            NOVEMBER,
            clean_price_per_100=Decimal(97),
            settlement=SETTLEMENT,
            delivery_day=date(2026, 3, 24),
            repo_rate_pct=Decimal(3),
        )
