"""What is said of the readings of set-off follows from the rates under each."""

from __future__ import annotations

from typing import Any

import pytest

from crossmargin.presentation.default_readings import readings_lines

NAMES = ("both", "futures_equity_only", "none")


def document(*rates: tuple[str | None, str | None]) -> dict[str, Any]:
    by_reading = {
        name: {
            "with_arrangement": {"futures_rate": one},
            "without_arrangement": {"futures_rate": other},
        }
        for name, (one, other) in zip(NAMES, rates, strict=True)
    }
    found = {"of_record": "both", "by_reading": by_reading}
    return {
        "with_arrangement": {"estate": {}},
        "without_arrangement": {"estate": None},
        "readings": {"set_off_between_classes": found},
    }


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([("0.98", "1.0")] * 3, "it changes no rate"),
        ([("0.98", None), ("0.98", "1.000000"), ("0.98", None)], "it changes no rate"),
        (
            [("0.98", None), ("0.98", "0.99"), ("0.98", "0.99")],
            "a rate, and not whether more is paid with the arrangement",
        ),
        (
            [("0.98", "1.0"), ("0.98", "0.97"), ("0.98", "0.97")],
            "whether others lose less or more with the arrangement depends on it",
        ),
        (
            [("0.98", "0.98"), ("0.98", "0.97"), ("0.98", "0.97")],
            "whether others lose less or more with the arrangement depends on it",
        ),
    ],
)
def test_that_the_sign_depends_on_the_reading_is_said_only_where_it_does(
    rates: list[tuple[str | None, str | None]], said: str
) -> None:
    *lines, last = readings_lines(document(*rates))
    assert len(lines) == len(NAMES)
    assert said in last


def test_the_reading_of_record_and_a_firm_that_stands_are_said() -> None:
    first, second, *_ = readings_lines(document(("0.98", None), ("0.98", None), ("0.98", None)))
    assert first == (
        "Set-off both ways, of record (both): paid of public claims 98.00 % with the arrangement, "
        "all (the firm stands) without it."
    )
    assert "of record" not in second
