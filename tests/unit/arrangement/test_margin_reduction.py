"""The rule: which figure binds, at which boundary, and what each CCP then collects."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from fractions import Fraction
from importlib.resources import files

import pytest

from crossmargin.arrangement.reduction import (
    Binding,
    Denominator,
    Fallback,
    ModelFigures,
    Reduction,
    ReductionRules,
    StandaloneAndRequirement,
    format_ratio,
    margin_reduction,
    suspension_surge,
)
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.parameters.registry import Parameter, ParameterSet, parameters_from_document


def shipped_versions() -> list[Parameter]:
    text = files("crossmargin.arrangement").joinpath("parameters.toml").read_text("utf-8")
    return parameters_from_document(tomllib.loads(text))


def shipped() -> ParameterSet:
    return ParameterSet.in_force("arrangement", shipped_versions(), on=date(2026, 6, 1))


RULES = ReductionRules.from_parameters(shipped())


def figures(securities: str, futures: str, combined: str) -> ModelFigures:
    return ModelFigures(*(money_from_decimal(text) for text in (securities, futures, combined)))


def outcome(
    ficc: tuple[str, str, str], cme: tuple[str, str, str], rules: ReductionRules = RULES
) -> Reduction:
    return margin_reduction(ficc=figures(*ficc), cme=figures(*cme), rules=rules)


@pytest.mark.parametrize(
    ("ficc", "cme", "binding", "reduction"),
    [
        (("100", "100", "150"), ("100", "100", "120"), Binding.FICC, Fraction(1, 4)),
        (("100", "100", "120"), ("100", "100", "150"), Binding.CME, Fraction(1, 4)),
        (("100", "100", "150"), ("50", "50", "75"), Binding.FICC, Fraction(1, 4)),
        (("100", "100", "40"), ("100", "100", "10"), Binding.FICC, Fraction(4, 5)),
        (("100", "100", "39.98"), ("100", "100", "10"), Binding.CAP, Fraction(4, 5)),
        (("100", "100", "0"), ("100", "100", "0"), Binding.CAP, Fraction(4, 5)),
        (("100", "100", "198"), ("100", "100", "10"), Binding.FICC, Fraction(1, 100)),
        (("100", "100", "198.01"), ("100", "100", "10"), Binding.BELOW_THRESHOLD, Fraction(0)),
        (("100", "100", "200"), ("100", "100", "10"), Binding.NONE, Fraction(0)),
        (("100", "100", "230"), ("100", "100", "10"), Binding.NONE, Fraction(0)),
        (("100", "0", "50"), ("100", "100", "10"), Binding.NONE, Fraction(0)),
        (("100", "100", "50"), ("0", "100", "10"), Binding.NONE, Fraction(0)),
        (("0", "0", "0"), ("0", "0", "0"), Binding.NONE, Fraction(0)),
    ],
)
def test_what_binds_at_each_boundary(
    ficc: tuple[str, str, str],
    cme: tuple[str, str, str],
    binding: Binding,
    reduction: Fraction,
) -> None:
    found = outcome(ficc, cme)
    assert (found.binding, found.reduction) == (binding, reduction)


def test_every_binding_is_reached_above() -> None:
    [marker] = test_what_binds_at_each_boundary.pytestmark
    assert {row[2] for row in marker.args[1]} == set(Binding)


def test_negative_saving_is_shown_as_it_is() -> None:
    found = outcome(("100", "90", "200"), ("95", "92", "150"))
    assert found.ficc_saving == Fraction(-1, 19)
    assert found.saving_before_cap == Fraction(-1, 19)
    assert str(found.ficc_requirement) == "100.00"


def test_requirement_is_rounded_up_from_the_unrounded_ratio() -> None:
    # 1 - 13/19 of 100.00 is 31.5789...; of a ratio rounded to 0.684211 it would be 31.5789 too,
    # but for a large leg the sixth decimal is worth dollars.
    found = outcome(("100000000", "90000000", "60000000"), ("95000000", "92000000", "46750000"))
    assert str(found.ficc_requirement) == "31578947.37"
    assert str(found.cme_requirement) == "29052631.58"


def test_order_check_of_the_proposed_order_example() -> None:
    found = outcome(("60", "90", "30"), ("95", "92", "37.40"))
    assert str(found.ficc_requirement + found.cme_requirement) == "30.40"
    assert str(found.order_check.cme_shortfall) == "7.00"
    assert str(found.order_check.ficc_shortfall) == "0.00"
    assert not found.order_check.passes


def test_official_denominator_is_one_sum_for_both() -> None:
    rules = replace(RULES, denominator=Denominator.OFFICIAL_REQUIREMENTS)
    found = outcome(("60", "90", "30"), ("95", "92", "76"), rules)
    assert found.ficc_saving == 1 - Fraction(30, 152)
    assert found.cme_saving == Fraction(1, 2)
    assert found.binding is Binding.CME


def test_shipped_parameters_are_the_rulings() -> None:
    expected = ReductionRules(
        threshold=Fraction(1, 100),
        cap=Fraction(4, 5),
        denominator=Denominator.OWN_MODEL,
        fallback=Fallback.NONE,
        customer_minimum=Money(100_000_000),
    )
    assert expected == RULES


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": "0.9"}, "threshold <= cap"),
        ({"cap": "1.1"}, "cap <= 1"),
        ({"threshold": "-0.1"}, "0 <= threshold"),
        ({"denominator": "both"}, "denominator must be one of"),
        ({"fallback": "guess"}, "fallback must be one of"),
        ({"customer_minimum_dollars": "-1"}, "must not be negative"),
    ],
)
def test_impossible_rules_are_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReductionRules.from_parameters(shipped().replacing(changes, reason="a test"))


def test_negative_figures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"futures must not be negative, was -0\.01"):
        figures("1", "-0.01", "1")
    with pytest.raises(ValueError, match=r"requirement must not be negative, was -0\.01"):
        StandaloneAndRequirement(Money(1), Money(-1))


def test_surge_may_be_negative_where_the_split_costs_more() -> None:
    surge = suspension_surge(
        ficc=StandaloneAndRequirement(Money(100), Money(130)),
        cme=StandaloneAndRequirement(Money(50), Money(10)),
    )
    assert (surge.ficc, surge.cme, surge.total) == (Money(-30), Money(40), Money(10))


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Fraction(5, 10**7), "0.000000"),
        (Fraction(15, 10**7), "0.000002"),
        (Fraction(-15, 10**7), "-0.000002"),
        (Fraction(-5, 10**7), "0.000000"),
        (Fraction(123456789, 100), "1234567.890000"),
    ],
)
def test_ratios_are_shown_to_six_places_half_even(ratio: Fraction, text: str) -> None:
    assert format_ratio(ratio) == text
