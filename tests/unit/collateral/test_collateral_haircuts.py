"""Eligible collateral and haircuts of each CCP, and what they count."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip, cusip_check_digit
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.value import PricedSecurity, collateral_value, value_after_haircut
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

AS_OF = date(2026, 5, 11)
FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME


def security(
    kind: SecurityKind, maturity: date, number: int = 1, issued: date | None = None
) -> TreasurySecurity:
    stem = f"XM{number:06d}"
    return TreasurySecurity(
        Cusip(stem + str(cusip_check_digit(stem))), kind, Decimal(0), maturity, issued
    )


@pytest.fixture
def tables(parameters: ParameterSet) -> HaircutTables:
    return HaircutTables.from_parameters(parameters)


@pytest.mark.parametrize(
    ("kind", "maturity", "ficc", "cme"),
    [
        (SecurityKind.BILL, date(2026, 8, 6), "0.02", "0.005"),
        (SecurityKind.NOTE, date(2026, 11, 15), "0.02", "0.01"),
        (SecurityKind.NOTE, date(2027, 11, 15), "0.02", "0.02"),
        (SecurityKind.NOTE, date(2029, 4, 30), "0.03", "0.02"),
        (SecurityKind.NOTE, date(2031, 4, 30), "0.03", "0.03"),
        (SecurityKind.NOTE, date(2036, 2, 15), "0.04", "0.045"),
        (SecurityKind.BOND, date(2040, 2, 15), "0.06", "0.08"),
        (SecurityKind.BOND, date(2056, 2, 15), "0.09", "0.08"),
        (SecurityKind.TIPS, date(2031, 4, 15), "0.05", "0.03"),
        (SecurityKind.TIPS, date(2056, 2, 15), "0.10", "0.08"),
        (SecurityKind.FRN, date(2027, 10, 31), "0.02", "0.02"),
        (SecurityKind.STRIPS, date(2046, 2, 15), "0.12", "0.11"),
    ],
)
def test_the_same_bond_has_a_haircut_at_each_ccp(
    tables: HaircutTables, kind: SecurityKind, maturity: date, ficc: str, cme: str
) -> None:
    bond = security(kind, maturity)
    assert tables.haircut(FICC, bond, AS_OF) == Fraction(ficc)
    assert tables.haircut(CME, bond, AS_OF) == Fraction(cme)


@pytest.mark.parametrize(
    ("maturity", "ficc", "cme"),
    [
        (date(2031, 5, 10), "0.03", "0.03"),
        (date(2031, 5, 11), "0.04", "0.03"),
        (date(2031, 5, 12), "0.04", "0.045"),
    ],
)
def test_a_maturity_of_whole_years_is_in_ficcs_longer_row_and_cmes_shorter(
    tables: HaircutTables, maturity: date, ficc: str, cme: str
) -> None:
    note = security(SecurityKind.NOTE, maturity)
    assert tables.haircut(FICC, note, AS_OF) == Fraction(ficc)
    assert tables.haircut(CME, note, AS_OF) == Fraction(cme)


def test_whole_years_from_29_february_end_on_28_february(tables: HaircutTables) -> None:
    leap = date(2028, 2, 29)
    assert tables.haircut(CME, security(SecurityKind.NOTE, date(2029, 2, 28)), leap) == Fraction(
        "0.01"
    )
    assert tables.haircut(CME, security(SecurityKind.NOTE, date(2029, 3, 1)), leap) == Fraction(
        "0.02"
    )


def test_every_reason_is_given_at_once(parameters: ParameterSet) -> None:
    narrow = parameters.replacing({"ficc_eligible_kinds": "BILL, NOTE, BOND"}, reason="a test")
    tables = HaircutTables.from_parameters(narrow)
    tips = security(SecurityKind.TIPS, AS_OF, issued=date(2026, 5, 1))
    assert [each.field for each in tables.eligible(FICC, tips, AS_OF)] == [
        "FICC.kind",
        "FICC.maturity_date",
    ]
    assert [each.field for each in tables.eligible(CME, tips, AS_OF)] == ["CME.maturity_date"]
    announced = security(SecurityKind.TIPS, date(2036, 1, 15), issued=date(2026, 5, 12))
    assert [each.field for each in tables.eligible(FICC, announced, AS_OF)] == [
        "FICC.kind",
        "FICC.issue_date",
    ]
    assert tables.eligible(CME, announced, date(2026, 5, 12)) == ()
    with pytest.raises(RefusedError) as refused:
        tables.haircut(FICC, announced, AS_OF)
    assert len(refused.value.refusals) == 2


def test_a_row_that_a_kind_lacks_is_not_taken(tables: HaircutTables) -> None:
    long_bill = security(SecurityKind.BILL, date(2027, 5, 12))
    assert [each.expected for each in tables.eligible(CME, long_bill, AS_OF)] == [
        "a BILL of no more than 1 years to run"
    ]


def test_value_is_at_the_full_price_after_haircut_and_rounded_down() -> None:
    third = Fraction(100, 3)
    assert value_after_haircut(100, third, Fraction(0)) == Money(3333)
    assert value_after_haircut(300, third, Fraction(0)) == Money(10000)
    assert value_after_haircut(1_000_000, Fraction(101), Fraction("0.045")) == Money(96_455_000)
    assert value_after_haircut(0, third, Fraction(1)) == Money(0)
    for par, haircut in ((-100, Fraction(0)), (100, Fraction(-1, 100)), (100, Fraction(101, 100))):
        with pytest.raises(ValueError, match="was"):
            value_after_haircut(par, third, haircut)


def test_a_price_is_exact_and_not_negative() -> None:
    note = security(SecurityKind.NOTE, date(2036, 2, 15))
    assert PricedSecurity(note, Fraction(99), Fraction(1, 2)).full_price_per_100 == Fraction(199, 2)
    with pytest.raises(TypeError):
        PricedSecurity(note, 99.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="accrued_per_100"):
        PricedSecurity(note, Fraction(99), Fraction(-1))


def test_collateral_is_cash_and_each_security_or_every_fault(tables: HaircutTables) -> None:
    note = security(SecurityKind.NOTE, date(2036, 2, 15), 1)
    old = security(SecurityKind.NOTE, AS_OF, 2)
    unpriced = security(SecurityKind.NOTE, date(2036, 2, 15), 3)
    prices = {each.cusip: PricedSecurity(each, Fraction(100)) for each in (note, old)}
    found = collateral_value(
        FICC, Money(5), {note.cusip: 1_000}, prices=prices, tables=tables, as_of=AS_OF
    )
    assert found.securities == {note.cusip: Money(96_000)}
    assert found.total == Money(96_005)
    with pytest.raises(RefusedError) as refused:
        collateral_value(
            FICC,
            Money(0),
            {old.cusip: 100, unpriced.cusip: 100, note.cusip: 100},
            prices=prices,
            tables=tables,
            as_of=AS_OF,
        )
    assert [each.field for each in refused.value.refusals] == ["FICC.maturity_date", "price"]
