"""What a walk takes from parameters, and what it refuses by name."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_sets
from crossmargin.testing.builders import AS_OF

PARAMETERS = parameter_sets(AS_OF)


def test_rules_are_those_of_the_parameters() -> None:
    ficc = FiccWalkRules.from_parameters(PARAMETERS.ficc)
    cme = CmeWalkRules.from_parameters(PARAMETERS.cme)
    assert (ficc.horizon_days, ficc.lookback_years, ficc.filtered_years) == (3, 10, 10)
    assert (cme.horizon_days, cme.lookback_years) == (1, 10)
    assert cme.historical_weight == Fraction(3, 4)
    assert len(cme.stressed_periods) == 3
    assert cme.stressed_periods[0][0] == date(2008, 7, 1)
    assert (ficc.rank(2750), cme.rank(350)) == (27, 3)


@pytest.mark.parametrize(("years", "bucket"), [(0.4, 0), (0.5, 0), (2.0, 2), (2.01, 3), (29.0, 9)])
def test_a_maturity_of_exactly_an_end_belongs_to_the_bucket_that_it_ends(
    years: float, bucket: int
) -> None:
    assert FiccWalkRules.from_parameters(PARAMETERS.ficc).bucket(years) == bucket


def test_without_a_minimum_margin_amount_nothing_is_filtered() -> None:
    changed = PARAMETERS.ficc.replacing({"minimum_margin_amount": "off"}, reason="test")
    assert FiccWalkRules.from_parameters(changed).filtered_years is None


@pytest.mark.parametrize(
    ("name", "value"), [("valuation", "delta_gamma"), ("sensitivity_source", "margin_proxy")]
)
def test_a_ficc_model_that_is_not_walked_is_refused_by_name(name: str, value: str) -> None:
    changed = PARAMETERS.ficc.replacing({name: value}, reason="test")
    with pytest.raises(RefusedError) as caught:
        FiccWalkRules.from_parameters(changed)
    (refusal,) = caught.value.refusals
    assert (refusal.field, refusal.value) == (f"ficc.{name}", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("engine", "span"),
        ("correlation_scaling", "today"),
        ("hypothetical_stress", "shifts"),
    ],
)
def test_a_cme_model_that_is_not_walked_is_refused_by_name(name: str, value: str) -> None:
    changed = PARAMETERS.cme.replacing({name: value}, reason="test")
    with pytest.raises(RefusedError) as caught:
        CmeWalkRules.from_parameters(changed)
    (refusal,) = caught.value.refusals
    assert (refusal.field, refusal.value) == (f"cme.{name}", value)
