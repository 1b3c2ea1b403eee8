"""Rows of ranges: effect, worst and best value, order."""

from __future__ import annotations

import pytest

from crossmargin.analysis.ranges import RangedParameter, RangeRow, by_effect
from crossmargin.basics.money import Money


def row(name: str, *cents: int) -> RangeRow:
    return RangeRow(
        RangedParameter("ficc", name, "lowest", "as run", "highest", "assumed"), *map(Money, cents)
    )


@pytest.mark.parametrize(
    ("cents", "effect", "worst", "best"),
    [
        ((100, 200, 300), 200, "highest", "lowest"),
        ((300, 200, 100), 200, "lowest", "highest"),
        ((150, 200, 100), 100, "as run", "highest"),
        ((250, 200, 300), 100, "highest", "as run"),
        ((200, 200, 200), 0, "as run", "as run"),
    ],
)
def test_a_row_knows_its_worst_and_best_value(
    cents: tuple[int, int, int], effect: int, worst: str, best: str
) -> None:
    one = row("x", *cents)
    assert (one.effect.cents, one.worst, one.best) == (effect, worst, best)


def test_rows_come_by_dollar_effect_then_by_name() -> None:
    rows = [row("b", 1, 1, 2), row("a", 1, 1, 2), row("c", 9, 1, 1)]
    assert [one.parameter.name for one in by_effect(rows)] == ["c", "a", "b"]
