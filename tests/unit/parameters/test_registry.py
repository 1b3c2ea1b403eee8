"""Parameters: the version in force, exact values, and no value without a source."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.parameters.registry import (
    Parameter,
    ParameterSet,
    Status,
)


def version(value: str, since: str) -> Parameter:
    return Parameter("cap", value, "ratio", "a notice", Status.SOURCED, date.fromisoformat(since))


VERSIONS = [version("0.80", "2024-01-22"), version("0.70", "2026-05-01")]


@pytest.mark.parametrize(
    ("day", "value"),
    [("2024-01-22", "4/5"), ("2026-04-30", "4/5"), ("2026-05-01", "7/10"), ("2020-01-01", "4/5")],
)
def test_the_newest_version_effective_on_the_day_is_in_force(day, value):
    rules = ParameterSet.in_force("arrangement", VERSIONS, on=date.fromisoformat(day))
    assert rules.ratio("cap") == Fraction(value)


def test_an_unknown_name_is_a_lookup_error():
    rules = ParameterSet.in_force("arrangement", VERSIONS, on=date(2026, 1, 1))
    with pytest.raises(LookupError, match="no parameter 'floor'"):
        rules.ratio("floor")
    with pytest.raises(LookupError, match="no parameter 'floor'"):
        rules.replacing({"floor": "1"}, reason="try")


def test_a_replaced_value_is_assumed_and_changes_the_digest():
    rules = ParameterSet.in_force("arrangement", VERSIONS, on=date(2026, 1, 1))
    other = rules.replacing({"cap": "0.9"}, reason="a try")
    assert other.parameters["cap"].status is Status.ASSUMED
    assert other.parameters["cap"].source == "a try"
    assert other.digest != rules.digest
    assert rules.ratio("cap") == Fraction(4, 5)


def test_lists_and_date_ranges_are_read():
    parameters = [
        Parameter("years", "0.25, 1", "years", "s", Status.ASSUMED, date(2020, 1, 1)),
        Parameter(
            "spans", "2020-01-01..2020-02-01", "dates", "s", Status.ASSUMED, date(2020, 1, 1)
        ),
    ]
    values = ParameterSet.in_force("x", parameters, on=date(2021, 1, 1))
    assert values.ratios("years") == (Fraction(1, 4), Fraction(1))
    assert values.dates("spans") == ((date(2020, 1, 1), date(2020, 2, 1)),)


def test_a_choice_must_be_one_of_those_allowed():
    rules = ParameterSet.in_force("arrangement", VERSIONS, on=date(2026, 1, 1))
    with pytest.raises(ValueError, match="must be one of"):
        rules.choice("cap", ["a", "b"])


def test_a_pending_version_is_chosen_by_its_value_and_keeps_its_source():
    pending = Parameter("cap", "0.75", "ratio", "an announcement", Status.RECALLED, None)
    rules = ParameterSet.in_force("arrangement", [*VERSIONS, pending], on=date(2030, 1, 1))
    assert rules.text("cap") == "0.70"
    chosen = rules.replacing({"cap": "0.75"}, reason="by hand").parameters["cap"]
    assert (chosen.value, chosen.status) == ("0.75", Status.RECALLED)
    assert chosen.source == "by hand; pending version: an announcement"


def test_a_range_is_part_of_the_digest():
    one = version("0.80", "2024-01-22")
    two = replace(one, low="0.7", high="0.9", range_source="a guess")
    digests = {ParameterSet.in_force("a", [v], on=date(2026, 1, 1)).digest for v in (one, two)}
    assert len(digests) == 2
