"""Coverage of bonds at par that was computed elsewhere, as facts to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Figure(StrEnum):
    """What a reference figure measures."""

    COVERAGE_PCT = "coverage_pct"
    PEAK_TO_TROUGH = "peak_to_trough"
    RISE_PCT = "rise_pct"
    AVERAGE_PCT = "average_pct"
    WORST_ROLLING_PCT = "worst_rolling_pct"
    WORST_ROLLING_END = "worst_rolling_end"
    LARGEST_MISS_DATE = "largest_miss_date"
    LARGEST_MISS_LOSS_PCT = "largest_miss_loss_pct"
    LARGEST_MISS_MARGIN_PCT = "largest_miss_margin_pct"


@dataclass(frozen=True, slots=True)
class ReferenceFigure:
    """One printed figure.

    Parameters
    ----------
    book : str
    figure : Figure
    model : str
        ``hs``, ``fhs`` or ``max``.
    printed : str
        With the digits that are printed.
    """

    book: str
    figure: Figure
    model: str
    printed: str

    @property
    def decimals(self) -> int:
        """Digits after the point."""
        return len(self.printed.partition(".")[2])


@dataclass(frozen=True, slots=True)
class ReferenceCoverage:
    """Every figure, and what they were computed on.

    Parameters
    ----------
    source : str
    first, last : date
        First and last margin date.
    outcomes : int
    history_from : date
        First date of the yields.
    rise_days : int
    figures : tuple of ReferenceFigure
    """

    source: str
    first: date
    last: date
    outcomes: int
    history_from: date
    rise_days: int
    figures: tuple[ReferenceFigure, ...]

    @property
    def books(self) -> tuple[str, ...]:
        """Names of the books, in order."""
        return tuple(dict.fromkeys(figure.book for figure in self.figures))

    def exceptions(self, coverage_pct: str) -> int:
        """Return how many exceptions a printed coverage stands for.

        Raises
        ------
        ValueError
            If no whole number of exceptions is printed so.
        """
        decimals = len(coverage_pct.partition(".")[2])
        found = [
            count
            for count in range(self.outcomes + 1)
            if f"{100 * (self.outcomes - count) / self.outcomes:.{decimals}f}" == coverage_pct
        ]
        if len(found) != 1:
            raise ValueError(
                f"{coverage_pct} of {self.outcomes} outcomes is no count of exceptions"
            )
        return found[0]


def reference_from_document(document: Mapping[str, Any]) -> ReferenceCoverage:
    """Return the reference of a parsed TOML file.

    Raises
    ------
    ValueError
        If a figure or a model is unknown.
    """
    figures = []
    for book, entries in document["books"].items():
        for name, by_model in entries.items():
            for model, printed in by_model.items():
                if model not in ("hs", "fhs", "max"):
                    raise ValueError(f"{book}, {name}: unknown model {model!r}")
                figures.append(ReferenceFigure(book, Figure(name), model, printed))
    return ReferenceCoverage(
        source=str(document["source"]),
        first=date.fromisoformat(document["first"]),
        last=date.fromisoformat(document["last"]),
        outcomes=int(document["outcomes"]),
        history_from=date.fromisoformat(document["history_from"]),
        rise_days=int(document["rise_days"]),
        figures=tuple(figures),
    )
