"""Minimum capital: the largest floor, with and without; charges."""

from __future__ import annotations

from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.reporting.capital import (
    CapitalFloor,
    CapitalReport,
    MinimumCapital,
    minimum_capital,
)

MILLION = Money(1_000_000_00)


def minimum(
    risk_margin: int, *, rfa: Money = ZERO, sec: Money = ZERO, ratio: Fraction = Fraction(8, 100)
) -> MinimumCapital:
    return minimum_capital(
        risk_margin=Money(risk_margin), fixed=MILLION, ratio=ratio, rfa_floor=rfa, sec_floor=sec
    )


def test_eight_per_cent_decides_above_the_fixed_floor_and_goes_up_to_the_cent():
    found = minimum(12_500_000_01)
    assert (found.amount, found.binding) == (Money(1_000_000_01), CapitalFloor.RISK_MARGIN)


def test_of_equal_floors_the_first_is_named():
    assert minimum(12_500_000_00).binding is CapitalFloor.FIXED


def test_other_floors_are_inputs():
    assert minimum(0, rfa=Money(2_000_000_00)).binding is CapitalFloor.RFA
    assert minimum(0, sec=Money(3_000_000_00)).amount == Money(3_000_000_00)


@pytest.mark.parametrize("values", [{"rfa": Money(-1)}, {"ratio": Fraction(-1)}])
def test_negative_floors_are_refused(values: dict[str, object]):
    with pytest.raises(ValueError, match="not negative"):
        minimum(1, **values)  # type: ignore[arg-type]


def report(charges: dict[str, Money]) -> CapitalReport:
    return CapitalReport(
        with_arrangement=minimum(50_000_000_00),
        without_arrangement=minimum(250_000_000_00),
        net_capital=Money(15_000_000_00),
        undermargined_charges=charges,
    )


def test_charges_come_off_and_the_arrangement_lowers_the_floor():
    found = report({"B": Money(1_000_000_00), "A": Money(500_000_00)})
    assert found.charges == Money(1_500_000_00)
    assert found.excess == Money(9_500_000_00)
    assert found.excess_without_arrangement == Money(-6_500_000_00)


def test_a_negative_charge_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        report({"A": Money(-1)})


def test_the_document_names_the_floor_that_decides():
    document = report({}).as_document()
    assert document["with_arrangement"] == {
        "minimum": "4000000.00",
        "binding": "risk_margin",
        "floors": {
            "fixed": "1000000.00",
            "risk_margin": "4000000.00",
            "rfa": "0.00",
            "sec": "0.00",
        },
    }
    assert document["undermargined_charges_total"] == "0.00"
