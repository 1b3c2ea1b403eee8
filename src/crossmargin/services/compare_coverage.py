"""Our coverage of bonds at par beside one computed elsewhere, with the cause of each difference.

A cause is found by computing, never by argument: the same backtest is run again under each reading
that public texts leave open, and the first that brings out the printed figure is named. It is no
proof that the other calculation reads so. Where a count of exceptions lies between those
with ties covered and counted, it is called consistent with ties: which of them the other one counts
is not known. What nothing brings out is unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.market.history import MarketData
from crossmargin.services.backtest_par_books import (
    BacktestParameters,
    BookBacktest,
    ParBookBacktest,
    backtest_par_books,
)
from crossmargin.validation.coverage import ExceptionReading, exceptions
from crossmargin.validation.par_books import PAR_BOOKS
from crossmargin.validation.reference import Figure, ReferenceCoverage, ReferenceFigure

UNEXPLAINED = "unexplained"
#: How a cause begins that is no reading: ties or near ties can make the difference.
CONSISTENT = "consistent with"
_REASON = "a reading tried for the comparison with the reference"
_MONTH = 7
#: Found by trial, for the comparison alone: no figure of ours rests on it.
_FOUR_FIFTHS = "0.8"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure, ours and the reference's.

    Parameters
    ----------
    figure : ReferenceFigure
    ours : str
        With as many digits as the reference prints.
    difference : str
        Ours less the reference's; empty where they agree or are dates.
    cause : str
        Empty where they agree.
    """

    figure: ReferenceFigure
    ours: str
    difference: str
    cause: str

    @property
    def agrees(self) -> bool:
        """Whether both print the same."""
        return self.ours == self.figure.printed


@dataclass(frozen=True, slots=True)
class _Variant:
    name: str
    books: Mapping[str, BookBacktest]


def compare_coverage(
    market: MarketData,
    parameters: BacktestParameters,
    ours: ParBookBacktest,
    reference: ReferenceCoverage,
) -> tuple[Comparison, ...]:
    """Return every reference figure with ours, the difference and its cause.

    Parameters
    ----------
    market : MarketData
    parameters : BacktestParameters
        Those that ``ours`` was run with.
    ours : ParBookBacktest
        Over the dates of the reference, with every book of it.
    reference : ReferenceCoverage

    Raises
    ------
    RefusedError
        If the market is simulated, the dates are others, or a book is left out.
    """
    _refuse_another_exercise(ours, reference)
    by_name = {book.path.name: book for book in ours.books}
    variants = _variants(market, parameters, reference)
    share = float(parameters.validation.ratio("near_tie_share"))
    rows = []
    for figure in reference.figures:
        text = figure_text(by_name[figure.book], figure, reference.rise_days)
        cause = ""
        if text != figure.printed:
            cause = _cause(figure, by_name[figure.book], variants, reference, share)
        rows.append(Comparison(figure, text, _difference(text, figure.printed), cause))
    return tuple(rows)


def figure_text(book: BookBacktest, figure: ReferenceFigure, rise_days: int) -> str:
    """Return our figure with the digits of the reference."""
    coverage = book.coverage[figure.model]
    if figure.figure in (Figure.WORST_ROLLING_END, Figure.LARGEST_MISS_DATE):
        end = figure.figure is Figure.WORST_ROLLING_END
        place = coverage.worst_rolling_end if end else coverage.largest_miss
        day = "none" if place is None else str(book.path.dates[place])
        return day[:_MONTH] if end else day
    value = _number(book, figure, rise_days)
    return "none" if value is None else f"{value:.{figure.decimals}f}"


def _number(book: BookBacktest, figure: ReferenceFigure, rise_days: int) -> float | None:
    coverage, path = book.coverage[figure.model], book.path
    moved, miss = book.procyclicality[figure.model], coverage.largest_miss
    worst = coverage.worst_rolling
    rises = [rise.ratio for rise in moved.rises if rise.days == rise_days]
    values: dict[Figure, float | None] = {
        Figure.COVERAGE_PCT: float(100 * coverage.coverage),
        Figure.PEAK_TO_TROUGH: moved.peak_to_trough,
        Figure.RISE_PCT: 100.0 * rises[0] if rises else None,
        Figure.AVERAGE_PCT: moved.average,
        Figure.WORST_ROLLING_PCT: None if worst is None else float(100 * worst),
        Figure.LARGEST_MISS_LOSS_PCT: None if miss is None else float(path.losses[miss]),
        Figure.LARGEST_MISS_MARGIN_PCT: None
        if miss is None
        else float(path.margins[figure.model][miss]),
    }
    return values[figure.figure]


def _difference(ours: str, printed: str) -> str:
    try:
        difference = Decimal(ours) - Decimal(printed)
    except ArithmeticError:
        return ""
    return f"{difference:+f}" if difference else ""


def _cause(
    figure: ReferenceFigure,
    ours: BookBacktest,
    variants: Sequence[_Variant],
    reference: ReferenceCoverage,
    share: float,
) -> str:
    is_coverage = figure.figure is Figure.COVERAGE_PCT
    if is_coverage:
        strict, loose = _counts(ours, figure.model, 0.0)
        wanted = reference.exceptions(figure.printed)
        if strict <= wanted <= loose:
            tied = loose - strict
            counted = f"{wanted - strict} of {tied} losses equal to margin counted"
            return f"{CONSISTENT} ties: {counted}"
    for variant in variants:
        if figure_text(variant.books[figure.book], figure, reference.rise_days) == figure.printed:
            return variant.name
    if is_coverage:
        for variant in (_Variant("", {figure.book: ours}), *variants):
            strict, loose = _counts(variant.books[figure.book], figure.model, share)
            if strict <= reference.exceptions(figure.printed) <= loose:
                within = f"{CONSISTENT} near ties, within {share:.1%} of margin"
                return f"{within}, and {variant.name}" if variant.name else within
    return UNEXPLAINED


def _counts(book: BookBacktest, model: str, share: float) -> tuple[int, int]:
    """Return the exceptions with margins a share higher, ties covered, and a share lower."""
    losses, margins = book.path.losses, book.path.margins[model]
    strict = exceptions(losses, margins * (1.0 + share), ExceptionReading.LOSS_ABOVE_MARGIN)
    loose = exceptions(losses, margins * (1.0 - share), ExceptionReading.LOSS_AT_MARGIN)
    return int(np.count_nonzero(strict)), int(np.count_nonzero(loose))


def _variants(
    market: MarketData, parameters: BacktestParameters, reference: ReferenceCoverage
) -> list[_Variant]:
    dates = int(parameters.validation.text("window_dates"))
    window = {"window_reading": "dates"}
    whole = {"stressed_year_reading": "whole_year"}
    four_fifths = whole | {"whole_year_below": _FOUR_FIFTHS}
    filtered = {"filtered_stressed_year_reading": "once"}
    early = {"factors_from": reference.history_from.isoformat()}
    tried: list[tuple[str, dict[str, dict[str, str]]]] = [
        (f"yields from {reference.history_from.year} on", {"market": early}),
        (f"window of {dates:,} dates", {"validation": window}),
        ("stressed year added whole", {"validation": whole}),
        (f"window of {dates:,} dates, stressed year added whole", {"validation": window | whole}),
        ("stressed year in the filtered window", {"validation": filtered}),
        (
            f"window of {dates:,} dates, stressed year added whole when under 4/5 of it is inside",
            {"validation": window | four_fifths},
        ),
    ]
    books = [book for book in PAR_BOOKS if book.name in reference.books]
    found = []
    for name, changes in tried:
        run = backtest_par_books(
            market,
            parameters.changing(changes, reason=_REASON),
            first=reference.first,
            last=reference.last,
            books=books,
        )
        found.append(_Variant(name, {book.path.name: book for book in run.books}))
    return found


def _refuse_another_exercise(ours: ParBookBacktest, reference: ReferenceCoverage) -> None:
    faults = []
    if ours.simulated:
        expected = "published yields: the reference is of these"
        faults.append(Refusal("--market", "simulated", expected, reference.source))
    span, wanted = (ours.dates[0], ours.dates[-1]), (reference.first, reference.last)
    if span != wanted or len(ours.dates) != reference.outcomes:
        value = f"{span[0]}..{span[1]}, {len(ours.dates)} outcomes"
        expected = f"{wanted[0]}..{wanted[1]}, {reference.outcomes} outcomes"
        faults.append(Refusal("--from, --to", value, expected, reference.source))
    faults += [
        Refusal("book", name, f"margins: {ours.left_out[name]}", reference.source)
        for name in reference.books
        if name in ours.left_out
    ]
    if faults:
        raise RefusedError(*faults)
