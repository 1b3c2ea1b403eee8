"""Haircuts of SEC Rule 15c3-1(c)(2)(vi) by remaining maturity, as recalled."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from crossmargin.collateral.net_capital_haircuts import NetCapitalHaircuts
from crossmargin.parameters.registry import ParameterSet
from crossmargin.testing.builders import note_or_bond

AS_OF = date(2026, 5, 11)


@pytest.mark.parametrize(
    ("maturity", "per_cent"),
    [
        (date(2026, 5, 11), "0"),
        (date(2026, 8, 10), "0"),
        (date(2026, 8, 11), "0.5"),
        (date(2026, 11, 11), "0.75"),
        (date(2027, 2, 11), "1"),
        (date(2027, 5, 10), "1"),
        (date(2027, 5, 11), "1.5"),
        (date(2028, 5, 11), "2"),
        (date(2029, 5, 11), "3"),
        (date(2031, 5, 10), "3"),
        (date(2031, 5, 11), "4"),
        (date(2036, 5, 11), "4.5"),
        (date(2041, 5, 11), "5"),
        (date(2046, 5, 11), "5.5"),
        (date(2051, 5, 10), "5.5"),
        (date(2051, 5, 11), "6"),
    ],
)
def test_a_row_begins_at_its_months(
    parameters: ParameterSet, maturity: date, per_cent: str
) -> None:
    table = NetCapitalHaircuts.from_parameters(parameters)
    security = note_or_bond(1, maturity_date=maturity, coupon_pct="4", original_maturity_years=10)
    assert table.haircut(security, AS_OF) == Fraction(per_cent) / 100
