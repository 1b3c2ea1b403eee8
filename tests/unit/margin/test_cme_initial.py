"""Initial against maintenance: published levels, both bases, cents up."""

from __future__ import annotations

from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.cme.initial import (
    HeightenedRiskBase,
    HeightenedRiskRules,
    margin_levels,
)
from crossmargin.testing.builders import AS_OF

PARAMETERS = parameter_sets(AS_OF).cme


def rules(base: str) -> HeightenedRiskRules:
    return HeightenedRiskRules.from_parameters(
        PARAMETERS.replacing({"heightened_risk_base": base}, reason="test")
    )


def test_the_published_levels() -> None:
    """CME advisory 23-376: 8,000 and 8,800 against 8,000 maintenance."""
    amount = Money(8_000_00)
    levels = margin_levels(
        reduced=amount,
        unreduced=amount,
        rules=HeightenedRiskRules.from_parameters(PARAMETERS),
    )
    assert levels.maintenance == levels.initial == amount
    assert levels.initial_heightened_risk == Money(8_800_00)


def test_the_base_matters_once_there_is_a_reduction() -> None:
    reduced, unreduced = Money(20_000_01), Money(100_000_00)
    of_reduced, of_unreduced = (
        margin_levels(reduced=reduced, unreduced=unreduced, rules=rules(base))
        for base in ("reduced", "unreduced")
    )
    assert of_reduced.initial == of_unreduced.initial == reduced
    # A tenth of 20,000.01 is 2,000.001: up to the cent.
    assert of_reduced.initial_heightened_risk == Money(22_000_02)
    assert of_unreduced.initial_heightened_risk == Money(30_000_01)


def test_bad_rules_and_amounts_are_refused() -> None:
    with pytest.raises(ValueError, match="heightened_risk_base"):
        rules("gross")
    with pytest.raises(ValueError, match="1 or more"):
        HeightenedRiskRules(Fraction(9, 10), HeightenedRiskBase.REDUCED)
    for reduced, unreduced in ((2, 1), (-1, 1)):
        with pytest.raises(ValueError, match="between zero and"):
            margin_levels(
                reduced=Money(reduced), unreduced=Money(unreduced), rules=rules("reduced")
            )
