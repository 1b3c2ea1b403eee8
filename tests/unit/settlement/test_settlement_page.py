"""The worked examples of the settlement page, computed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.bootstrap import parameter_registry
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization, Leg
from crossmargin.services.clearing_day.position_flows import FundsOnlyTerms, ficc_start_of_day
from crossmargin.services.clearing_day.system_prices import SystemPrices
from crossmargin.settlement.fails import fails_charge, fails_charge_rate_pct
from crossmargin.settlement.flows import Flow, FlowKind, total_of
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import PriceSource, SystemPrice
from crossmargin.settlement.rules import SettlementRules
from crossmargin.testing.builders import note_or_bond

PAGE = Path(__file__).resolve().parents[3] / "docs" / "methodology" / "settlement-flows.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) May \| `(\w+)` \| (\S+) \|$", re.MULTILINE)
NOTE = note_or_bond(4, maturity_date=date(2033, 11, 15), coupon_pct="4.5")
CALENDAR = sifma_calendar()
RULES = SettlementRules.from_parameters(
    parameter_registry().set_of("settlement", date(2026, 5, 11))
)
TERMS = FundsOnlyTerms(RULES, CALENDAR, lambda _: Fraction("3.6"), lambda _: Fraction(1))
PURCHASE = Lot(
    lot_id="L1",
    customer=CustomerKey("BD-FCM", "FUND"),
    clearing_organization=ClearingOrganization.FICC,
    account=Account.XM,
    instrument=NOTE.cusip.text,
    quantity=10_000_000,
    contract_amount=Money(10_400_000_00),
    taken_in=date(2026, 5, 11),
    settlement_date=date(2026, 5, 13),
)
REPO = replace(
    PURCHASE,
    leg=Leg.REPO,
    contract_amount=Money(10_000_000_00),
    settlement_date=date(2026, 5, 11),
    end_date=date(2026, 5, 18),
    repo_rate_pct=Decimal("3.6"),
)


def walked(lot: Lot, clean: dict[int, str]) -> list[Flow]:
    flows: list[Flow] = []
    marks: tuple[PaidMark, ...] = ()
    lots, price = [lot], "102.25"
    for day in CALENDAR.business_days(date(2026, 5, 12), lot.due):
        price = clean.get(CALENDAR.previous_business_day(day).day, price)
        system = SystemPrice(NOTE, Decimal(price), PriceSource.QUOTED_SHEET)
        result = ficc_start_of_day(
            lots,
            day=day,
            prices=SystemPrices(day, {lot.instrument: system}, {}),
            outstanding=marks,
            terms=TERMS,
        )
        flows += result.flows
        marks = result.outstanding
    return flows


def rows(section: str) -> list[tuple[int, str, str]]:
    text = TEXT[TEXT.index(section) :]
    text = text[: text.index("\n\n**", 1)]
    return [(int(day), kind, amount.replace(",", "")) for day, kind, amount in ROW.findall(text)]


def test_the_purchase_is_as_the_page_says() -> None:
    flows = walked(PURCHASE, {11: "102.25", 12: "102.35"})
    assert rows("**A purchase**") == [(f.pays_on.day, f.kind, str(f.amount)) for f in flows]
    assert str(total_of(flows)) == "57509.06"
    assert "| total | 57,509.06 |" in TEXT


def test_the_repo_is_as_the_page_says() -> None:
    kept = (
        FlowKind.FICC_COUPON,
        FlowKind.FICC_TRANSACTION_ADJUSTMENT,
        FlowKind.FICC_REPO_INTEREST,
    )
    flows = [f for f in walked(REPO, {}) if f.kind in kept]
    assert rows("**A repo**") == [(f.pays_on.day, f.kind, str(f.amount)) for f in flows]


def test_the_fail_is_as_the_page_says() -> None:
    rate = fails_charge_rate_pct(RULES, Fraction("3.5"))
    charge = fails_charge(
        PURCHASE.signed_contract,
        rate_pct=rate,
        due=date(2026, 5, 13),
        through=date(2026, 5, 15),
    )
    assert (rate, str(charge)) == (Fraction(1), "577.78")
    assert "1 % of 10,400,000 over two days, 577.78." in TEXT


def test_the_variation_is_as_the_page_says() -> None:
    zn = FuturesContract("ZN", 2026, 6)
    values = [futures_value(zn, 1, Decimal(p)) for p in ("110.5", "110.515625", "110.53125")]
    paid = [str(b - a) for a, b in pairwise(values)]
    assert "110-16, settled at 110-16+ and 110-17: " + ", then ".join(paid) + "." in TEXT
