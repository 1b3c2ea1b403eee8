"""Values given on the command line: every fault named, no parameter twice."""

from __future__ import annotations

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.cli.changes import changes_by_owner

EXAMPLE = "arrangement.cap=0.7"


def test_changes_are_by_owner() -> None:
    given = ["ficc.coverage=0.98", "ficc.floor_share = 0.2", "cme.coverage=0.98"]
    assert changes_by_owner(given, example=EXAMPLE) == {
        "ficc": {"coverage": "0.98", "floor_share": "0.2"},
        "cme": {"coverage": "0.98"},
    }


@pytest.mark.parametrize("second", ["ficc.coverage=0.97", "ficc.coverage=0.98", "ficc .coverage=1"])
def test_a_parameter_given_twice_is_refused(second: str) -> None:
    with pytest.raises(RefusedError) as caught:
        changes_by_owner(["ficc.coverage=0.98", second, "nothing"], example=EXAMPLE)
    twice, malformed = caught.value.refusals
    assert (twice.field, twice.value) == ("--set", second)
    assert "ficc.coverage=0.98 is given before it" in twice.expected
    assert malformed.value == "nothing"


def test_a_fault_is_told_under_the_option_it_was_given_with() -> None:
    given = ["cme.engine", "ficc.coverage=0.98", "ficc.coverage=0.97"]
    with pytest.raises(RefusedError) as caught:
        changes_by_owner(given, example=EXAMPLE, option="--against-set")
    assert [fault.field for fault in caught.value.refusals] == ["--against-set"] * 2
