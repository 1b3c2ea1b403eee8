r"""At most two scalars that would bring our figures nearest to a clearing organization's.

The level is the factor on all margin lines of a file,

.. math:: a = \frac{\sum_i x_i y_i}{\sum_i x_i^2}

with :math:`x` ours and :math:`y` theirs, the least-squares line through the origin. The floor share
is the same for floors: theirs against our bucket haircuts on gross market value. Exact fractions.
Nothing is applied: a fit says where a difference lies, and a factor for one instrument cannot even
be written down here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.services.reconciliation import Comparison, FileKind

#: The margin that a level is fitted on, by kind; positions and ratios have no level.
_LEVEL_FIGURES: dict[FileKind, tuple[str, ...]] = {
    FileKind.MARGIN001: ("performance_bond",),
    FileKind.FICCVARDETAIL: ("component_var",),
    FileKind.XMFICCMARGINSAVINGS: tuple(
        f"{side}_{name}"
        for side in ("ficc", "cme")
        for name in ("securities", "futures", "combined")
    ),
}
_FLOOR_FIGURE = "floor"


@dataclass(frozen=True, slots=True)
class ScalarFit:
    """One fitted scalar.

    Parameters
    ----------
    name : str
        ``level`` or ``floor_share``.
    value : Fraction
    current : Fraction
        What the figures were made with.
    line_count : int
    residual_before_dollars, residual_after_dollars : float
        Root mean square of theirs less ours, over the lines.
    """

    name: str
    value: Fraction
    current: Fraction
    line_count: int
    residual_before_dollars: float
    residual_after_dollars: float


def fit(comparison: Comparison, *, floor_share: Fraction) -> tuple[ScalarFit, ...]:
    """Return the level, and the floor share where the file has floors; empty if nothing can be fit.

    Parameters
    ----------
    comparison : Comparison
        Lines that only one side has take no part.
    floor_share : Fraction
        The share that our floors were made with.
    """
    found = []
    level = _through_origin(_pairs(comparison, _LEVEL_FIGURES.get(comparison.kind, ())))
    if level:
        found.append(_scalar("level", level, Fraction(1)))
    floors = _through_origin(_pairs(comparison, (_FLOOR_FIGURE,)))
    if floors and floor_share:
        found.append(_scalar("floor_share", floors, floor_share))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Line:
    slope: Fraction
    pairs: tuple[tuple[Fraction, Fraction], ...]


def _pairs(comparison: Comparison, figures: Iterable[str]) -> list[tuple[Fraction, Fraction]]:
    wanted = set(figures)
    return [
        (line.ours, line.theirs)
        for line in comparison.lines
        if line.figure in wanted and line.ours is not None and line.theirs is not None
    ]


def _through_origin(pairs: list[tuple[Fraction, Fraction]]) -> _Line | None:
    squares = sum((ours * ours for ours, _ in pairs), Fraction(0))
    if not squares:
        return None
    products = sum((ours * theirs for ours, theirs in pairs), Fraction(0))
    return _Line(products / squares, tuple(pairs))


def _scalar(name: str, line: _Line, current: Fraction) -> ScalarFit:
    return ScalarFit(
        name,
        line.slope * current,
        current,
        len(line.pairs),
        _root_mean_square(theirs - ours for ours, theirs in line.pairs),
        _root_mean_square(theirs - line.slope * ours for ours, theirs in line.pairs),
    )


def _root_mean_square(residuals: Iterable[Fraction]) -> float:
    squares = [residual * residual for residual in residuals]
    return math.sqrt(sum(squares, Fraction(0)) / len(squares))
