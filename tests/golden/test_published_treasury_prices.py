"""Auction prices of the US Treasury and yields displayed by a broker.

The auction file holds every field that the Treasury's own formula needs; the broker's yields are
street convention, settled the next business day, from prices shown to three decimals.
"""

from __future__ import annotations

import csv
import gzip
import statistics
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.pricing.money_market import (
    bill_discount_rate_pct,
    bill_investment_rate_pct,
    bill_price_per_100,
)
from crossmargin.pricing.treasury import (
    accrued_interest_per_100,
    auction_price_per_100,
    dv01_dollars_per_bp_per_100,
    yield_pct_from_price,
)
from crossmargin.product.treasury import SecurityKind, TreasurySecurity, coupon_dates

Row = dict[str, str]

FIDELITY_SETTLEMENT = date(2026, 3, 26)

#: Yields further from ours than a rounded price allows by more than 0.001: CUSIP to difference in
#: percentage points. Two are weeks from maturity; the others have no explanation.
FIDELITY_EXCEPTIONS = {
    "9128286S4": "0.0109",
    "91282CHB0": "0.0071",
    "91282CCZ2": "0.0020",
    "91282CDJ7": "0.0018",
    "91282CEP2": "0.0012",
}


def auctions(real_data: Path) -> list[Row]:
    with gzip.open(real_data / "treasury_auctions_2008_2022.csv.gz", "rt") as lines:
        return list(csv.DictReader(lines))


def nominal_coupons(rows: list[Row]) -> list[Row]:
    return [
        row
        for row in rows
        if row["type"] in ("Note", "Bond") and row["highYield"] and row["pricePer100"]
    ]


def security_of(row: Row) -> TreasurySecurity:
    return TreasurySecurity(
        cusip=Cusip(row["cusip"]),
        kind=SecurityKind(row["type"].upper()),
        coupon_pct=Decimal(row["interestRate"]),
        maturity_date=date.fromisoformat(row["maturityDate"]),
        issue_date=date.fromisoformat(row["issueDate"]),
        dated_date=date.fromisoformat(row["datedDate"]),
        first_coupon_date=date.fromisoformat(row["firstInterestPaymentDate"]),
    )


@pytest.mark.real_data
def test_every_note_and_bond_auction_price_is_reproduced_to_six_decimals(real_data: Path) -> None:
    rows = nominal_coupons(auctions(real_data))
    wrong = [
        row["cusip"]
        for row in rows
        if auction_price_per_100(
            security_of(row),
            issue_date=date.fromisoformat(row["issueDate"]),
            yield_pct=Decimal(row["highYield"]),
        )
        != Decimal(row["pricePer100"])
    ]
    assert wrong == []
    assert len(rows) == 634


@pytest.mark.real_data
def test_announced_accrued_interest_is_reproduced_to_five_decimals(real_data: Path) -> None:
    rows = [row for row in nominal_coupons(auctions(real_data)) if row["accruedInterestPer1000"]]
    assert len(rows) == 275
    for row in rows:
        ours = accrued_interest_per_100(security_of(row), date.fromisoformat(row["issueDate"]))
        assert float(10 * ours) == pytest.approx(
            float(row["accruedInterestPer1000"]), abs=0.501e-5
        ), row["cusip"]


@pytest.mark.real_data
def test_the_schedule_from_the_maturity_date_meets_every_first_coupon_date(
    real_data: Path,
) -> None:
    for row in nominal_coupons(auctions(real_data)):
        maturity = date.fromisoformat(row["maturityDate"])
        dated = date.fromisoformat(row["datedDate"])
        bare = TreasurySecurity(
            Cusip(row["cusip"]), SecurityKind.NOTE, Decimal(row["interestRate"]), maturity
        )
        assert coupon_dates(bare, after=dated)[0].isoformat() == row["firstInterestPaymentDate"]


@pytest.mark.real_data
def test_every_bill_auction_price_and_investment_rate_is_reproduced(real_data: Path) -> None:
    rows = [row for row in auctions(real_data) if row["type"] == "Bill"]
    for row in rows:
        days = {
            "settlement": date.fromisoformat(row["issueDate"]),
            "maturity": date.fromisoformat(row["maturityDate"]),
        }
        price = Decimal(row["pricePer100"])
        rate = Decimal(row["highDiscountRate"])
        assert bill_price_per_100(discount_rate_pct=rate, **days) == price, row["cusip"]
        assert bill_investment_rate_pct(price_per_100=price, **days) == Decimal(
            row["highInvestmentRate"]
        ), row["cusip"]
        # The price has six decimals: over a week they hide up to 0.00003 per cent of the rate.
        assert float(bill_discount_rate_pct(price_per_100=price, **days)) == pytest.approx(
            float(rate), abs=5e-7 * 360 / (days["maturity"] - days["settlement"]).days * 1.01
        )
    assert len(rows) == 827


@pytest.mark.real_data
def test_a_broker_s_ask_yields_agree_within_what_rounded_prices_allow(real_data: Path) -> None:
    with (real_data / "treasury_quotes_fidelity_2026-03-25.csv").open() as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["kind"] == "NOTE/BOND"
            and date.fromisoformat(row["maturity_date"]) > date(2026, 4, 26)
        ]
    assert len(rows) == 346
    differences: list[float] = []
    excess: dict[str, float] = {}
    exceptions: dict[str, str] = {}
    for row in rows:
        security = TreasurySecurity(
            Cusip(row["cusip"]),
            SecurityKind.NOTE,
            Decimal(row["coupon_pct"]),
            date.fromisoformat(row["maturity_date"]),
        )
        terms = {
            "settlement": FIDELITY_SETTLEMENT,
            "clean_price_per_100": Decimal(row["ask_price"]),
        }
        ours = yield_pct_from_price(security, **terms)
        difference = abs(float(ours) - float(row["ask_ytm_pct"]))
        price_allows = 0.0005 / dv01_dollars_per_bp_per_100(security, **terms) * 0.01
        differences.append(difference)
        excess[row["cusip"]] = difference - price_allows
        if excess[row["cusip"]] > 0.001:
            exceptions[row["cusip"]] = f"{difference:.4f}"
    within = sum(beyond <= 0.0005 for beyond in excess.values())
    assert within / len(rows) >= 0.75
    assert statistics.median(differences) <= 0.0005
    assert max(differences) <= 0.012
    assert exceptions == FIDELITY_EXCEPTIONS
