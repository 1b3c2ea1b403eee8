"""Invoices, basis, forwards and implied repo rates that others published.

Sources: CME Institute text (FVH7), Tuckman and Serrat lecture notes (TYU1), MathWorks documentation
of ``bndfutprice`` (prices of 2000 and 2002), CME *Understanding Treasury Futures* (TYZ7 prices).
Printed prices have five decimals and their inputs are rounded too; tolerances say so.
"""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

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
from crossmargin.pricing.treasury import accrued_interest_per_100, dv01_dollars_per_bp_per_100
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract, first_delivery_day, last_delivery_day
from crossmargin.product.identification import identify
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

THIRTY_SECONDS = 32


def line(coupon_pct: str, maturity: str, factor: str, cusip: str = "912810FT0") -> BasketLine:
    security = TreasurySecurity(
        Cusip(cusip), SecurityKind.NOTE, Decimal(coupon_pct), date.fromisoformat(maturity)
    )
    return BasketLine(security, Decimal(factor))


def test_basis_of_the_five_year_contract_of_march_2017() -> None:
    note = line("1.75", "2021-11-30", "0.8292")
    price, futures = Decimal(99) + Decimal("10.5") / 32, Decimal(117) + Decimal("18.5") / 32
    basis = gross_basis(note, clean_price_per_100=price, futures_price=futures)
    assert futures * note.conversion_factor == Decimal("97.49578125")
    assert basis == Fraction("1.83234375")
    assert float(basis * THIRTY_SECONDS) == pytest.approx(58.635, abs=0.0005)


class TestTenYearContractOfSeptember2021:
    """2.875 % of May 2028, settled 2021-05-17, delivered 2021-09-30, repo 0.015 %."""

    note = line("2.875", "2028-05-15", "0.8338")
    price = Decimal("110.77344")
    futures = Decimal(131) + Decimal("17.5") / 32
    days: ClassVar = {"settlement": date(2021, 5, 17), "delivery_day": date(2021, 9, 30)}

    def test_accrued_interest(self) -> None:
        accrued = [accrued_interest_per_100(self.note.security, day) for day in self.days.values()]
        assert accrued == [Fraction("0.015625"), Fraction("1.078125")]

    def test_forward_price(self) -> None:
        forward = forward_clean_price_per_100(
            self.note.security,
            clean_price_per_100=self.price,
            repo_rate_pct=Decimal("0.015"),
            **self.days,
        )
        assert float(forward) == pytest.approx(109.71721, abs=1e-5)

    def test_implied_repo_rate(self) -> None:
        repo = implied_repo_pct(
            self.note, clean_price_per_100=self.price, futures_price=self.futures, **self.days
        )
        assert float(self.futures * self.note.conversion_factor) == pytest.approx(
            109.68379, abs=1e-5
        )
        assert float(repo) == pytest.approx(-0.065, abs=0.0005)

    def test_gross_and_net_basis(self) -> None:
        terms = {"clean_price_per_100": self.price, "futures_price": self.futures}
        gross = gross_basis(self.note, **terms)
        net = net_basis(self.note, **terms, repo_rate_pct=Decimal("0.015"), **self.days)
        assert float(gross * THIRTY_SECONDS) == pytest.approx(34.87, abs=0.005)
        assert float(net * THIRTY_SECONDS) == pytest.approx(1.07, abs=0.005)


def test_futures_price_of_the_thirty_year_contract_of_december_2000() -> None:
    bond = line("8.75", "2020-08-15", "1.3136")
    forward = forward_clean_price_per_100(
        bond.security,
        clean_price_per_100=Decimal(129),
        settlement=date(2000, 9, 21),
        delivery_day=date(2000, 12, 29),
        repo_rate_pct=Decimal("6.4"),
    )
    assert float(forward / Fraction(bond.conversion_factor)) == pytest.approx(98.1516, abs=5e-5)


def test_futures_price_of_the_ten_year_contract_of_december_2002() -> None:
    note = line("6", "2009-08-15", "1.0000")
    settlement, delivery = date(2002, 11, 15), date(2002, 12, 15)
    forward = forward_clean_price_per_100(
        note.security,
        clean_price_per_100=Decimal("114.416"),
        settlement=settlement,
        delivery_day=delivery,
        repo_rate_pct=Decimal(2),
    )
    assert float(forward) == pytest.approx(114.1201, abs=5e-5)
    assert float(accrued_interest_per_100(note.security, delivery)) == pytest.approx(
        1.9891, abs=5e-5
    )


TYZ7 = [
    ("2.375", "2024-08-15", "0.8072", "101.2266", "3.59"),
    ("2.125", "2024-07-31", "0.7939", "99.6758", "7.28"),
    ("1.875", "2024-08-31", "0.7807", "98.0508", "8.19"),
    ("2.000", "2024-06-30", "0.7873", "98.9336", "9.98"),
    ("2.250", "2024-11-15", "0.7943", "100.3008", "25.67"),
    ("2.125", "2024-09-30", "0.7875", "99.6016", "30.56"),
    ("2.000", "2025-02-15", "0.7741", "98.4531", "47.52"),
    ("2.250", "2025-11-15", "0.7702", "99.7813", "105.65"),
    ("1.500", "2026-08-15", "0.7038", "93.4414", "168.94"),
    ("2.250", "2027-08-15", "0.7314", "99.0391", "237.43"),
]
TYZ7_PRICE = Decimal("125.265625")


@pytest.mark.parametrize(("coupon", "maturity", "factor", "price", "basis"), TYZ7)
def test_gross_basis_of_the_december_2017_ten_year_contract(
    coupon: str, maturity: str, factor: str, price: str, basis: str
) -> None:
    ours = gross_basis(
        line(coupon, maturity, factor),
        clean_price_per_100=Decimal(price),
        futures_price=TYZ7_PRICE,
    )
    assert float(ours * THIRTY_SECONDS) == pytest.approx(float(basis), abs=0.005)


@pytest.mark.parametrize(
    ("coupon", "maturity", "factor", "principal", "cash_price", "loss_cents"),
    [
        ("2.375", "2024-08-15", "0.8072", 101_114_41, "101.234375", 119_96),
        ("1.875", "2024-08-31", "0.7807", 97_794_87, "98.03125", 236_38),
    ],
)
def test_principal_invoice_of_the_december_2017_ten_year_contract(
    coupon: str, maturity: str, factor: str, *, principal: int, cash_price: str, loss_cents: int
) -> None:
    bill = invoice(
        FuturesContract("ZN", 2017, 12),
        line(coupon, maturity, factor),
        futures_price=TYZ7_PRICE,
        delivery_day=date(2017, 12, 29),
    )
    assert bill.principal == Money(principal)
    bought = Decimal(cash_price) * 1000 * 100  # $100,000 of par, in cents
    # The loss is printed to the cent from an unrounded cash price.
    assert abs(bought - bill.principal.cents - loss_cents) <= 1


@pytest.mark.real_data
class TestUltraTenYearContractOfJune2026:
    """TNM6 on 2026-03-24 from FedInvest sell prices and SOFR 3.63 %.

    112.985 comes out with settlement on the next business day, 2026-03-25, interest accrued to it,
    and delivery on the last day; from the as-of date it would be 112.984.
    """

    contract = FuturesContract("TN", 2026, 6)
    as_of = date(2026, 3, 24)

    def sheet(self, real_data: Path) -> tuple[list[TreasurySecurity], dict[str, Decimal]]:
        securities, prices = [], {}
        with (real_data / "fedinvest_prices_2026-03-24.csv").open() as lines:
            for row in csv.DictReader(lines):
                kind = row["security_type"].removeprefix("MARKET BASED ")
                if kind not in ("NOTE", "BOND"):
                    continue
                security = TreasurySecurity(
                    Cusip(row["cusip"]),
                    SecurityKind(kind),
                    Decimal(row["rate_pct"]),
                    date.fromisoformat(row["maturity_date"]),
                )
                securities.append(identify(security, {}, price_date=self.as_of))
                prices[row["cusip"]] = Decimal(row["sell"])
        return securities, prices

    def price(self, real_data: Path, settlement: date) -> tuple[Fraction, BasketLine, date]:
        securities, prices = self.sheet(real_data)
        return theoretical_futures_price(
            deliverable_basket(self.contract, securities),
            clean_prices_per_100=prices,
            settlement=settlement,
            delivery_days=(first_delivery_day(self.contract), last_delivery_day(self.contract)),
            repo_rate_pct=Decimal("3.63"),
        )

    def test_the_basket_has_two_notes(self, real_data: Path) -> None:
        securities, _ = self.sheet(real_data)
        basket = deliverable_basket(self.contract, securities)
        assert [one.security.cusip.text for one in basket] == ["91282CPJ4", "91282CPZ8"]
        assert basket[0].conversion_factor == Decimal("0.8595")

    def test_price_cheapest_and_delivery_day(self, real_data: Path) -> None:
        settlement = sifma_calendar().next_business_day(self.as_of)
        price, cheapest, day = self.price(real_data, settlement)
        assert float(price) == pytest.approx(112.985, abs=0.0005)
        assert cheapest.security.cusip == Cusip("91282CPJ4")
        assert day == date(2026, 6, 30)

    def test_settlement_on_the_as_of_date_gives_another_price(self, real_data: Path) -> None:
        price, _, _ = self.price(real_data, self.as_of)
        assert float(price) == pytest.approx(112.984, abs=0.0005)

    def test_dollars_per_basis_point(self, real_data: Path) -> None:
        # About $89 is the cheapest's own DV01 at settlement over its factor (89.3); at its forward
        # price on the delivery day it would be 87.2.
        _, prices = self.sheet(real_data)
        _, cheapest, _ = self.price(real_data, date(2026, 3, 25))
        per_100 = dv01_dollars_per_bp_per_100(
            cheapest.security,
            settlement=date(2026, 3, 25),
            clean_price_per_100=prices[cheapest.security.cusip.text],
        )
        assert per_100 / float(cheapest.conversion_factor) * 1000 == pytest.approx(89, abs=0.5)

    def test_the_cheapest_has_the_highest_implied_repo_rate(self, real_data: Path) -> None:
        securities, prices = self.sheet(real_data)
        figures = cheapest_to_deliver(
            deliverable_basket(self.contract, securities),
            clean_prices_per_100=prices,
            futures_price=Decimal("112.985"),
            settlement=date(2026, 3, 25),
            delivery_day=date(2026, 6, 30),
            repo_rate_pct=Decimal("3.63"),
        )
        assert figures[0].line.security.cusip == Cusip("91282CPJ4")
        assert float(figures[0].implied_repo_pct) == pytest.approx(3.63, abs=0.005)
        assert figures[0].net_basis < figures[1].net_basis
