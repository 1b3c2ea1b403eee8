"""Coverage of bonds at par, 2015 to 2026, against reference results computed elsewhere.

The reference, an independent calculation, stands in ``validation/reference_coverage.toml`` with
the digits that are printed there.
"""

from __future__ import annotations

import io
from datetime import date
from fractions import Fraction

import pytest
from rich.console import Console

from crossmargin.bootstrap import backtest_parameters, reference_coverage
from crossmargin.market.history import MarketData
from crossmargin.presentation.backtest import backtest_document, print_backtest
from crossmargin.services.backtest_par_books import ParBookBacktest, backtest_par_books
from crossmargin.services.compare_coverage import UNEXPLAINED, Comparison, figure_text
from crossmargin.validation.par_books import PAR_BOOKS
from crossmargin.validation.reference import Figure

pytestmark = pytest.mark.real_data

Run = tuple[ParBookBacktest, tuple[Comparison, ...]]

#: Coverage that does not print the same: ours, the reference's, and how the difference is found.
DIFFERING_COVERAGE = {
    ("2y long", "hs"): (
        "98.29",
        "98.25",
        "consistent with ties: 1 of 8 losses equal to margin counted",
    ),
    ("10y short", "hs"): (
        "99.42",
        "99.38",
        "consistent with ties: 1 of 2 losses equal to margin counted",
    ),
    ("2s10s steepener", "hs"): (
        "99.56",
        "99.64",
        "consistent with near ties, within 0.2% of margin, and window of 2,520 dates",
    ),
    ("2s10s steepener", "fhs"): ("99.53", "99.56", "yields from 2005 on"),
    ("2s10s steepener", "max"): (
        "99.82",
        "99.85",
        "consistent with near ties, within 0.2% of margin",
    ),
}


def test_the_outcomes_are_those_of_the_reference(real_coverage: Run) -> None:
    backtest, _ = real_coverage
    reference = reference_coverage()
    assert len(backtest.dates) == reference.outcomes == 2742
    assert (backtest.dates[0], backtest.dates[-1]) == (reference.first, reference.last)
    assert len(backtest.books) == 64
    assert not backtest.left_out


def test_coverage_prints_the_same_or_the_difference_has_a_cause(real_coverage: Run) -> None:
    _, comparisons = real_coverage
    coverage = [each for each in comparisons if each.figure.figure is Figure.COVERAGE_PCT]
    assert len(coverage) == 21
    differing = {
        (each.figure.book, each.figure.model): (each.ours, each.figure.printed, each.cause)
        for each in coverage
        if not each.agrees
    }
    assert differing == DIFFERING_COVERAGE


def test_the_front_end_fails_where_the_reference_says_so(real_coverage: Run) -> None:
    _, comparisons = real_coverage
    quoted = {
        (each.figure.book, each.figure.figure.value, each.figure.model): (each.ours, each.agrees)
        for each in comparisons
        if each.figure.figure.value.startswith(("worst", "largest"))
    }
    assert quoted == {
        ("2y long", "worst_rolling_pct", "hs"): ("87.2", True),
        ("2y long", "worst_rolling_end", "hs"): ("2023-02", True),
        ("2y short", "worst_rolling_pct", "hs"): ("92.0", True),
        ("2y short", "worst_rolling_pct", "max"): ("94.8", True),
        ("2y short", "worst_rolling_end", "hs"): ("2023-05", True),
        ("2y short", "worst_rolling_end", "max"): ("2020-03", True),
        ("2y short", "largest_miss_date", "hs"): ("2023-03-08", True),
        ("2y short", "largest_miss_loss_pct", "hs"): ("1.94", True),
        ("2y short", "largest_miss_margin_pct", "hs"): ("0.45", True),
    }


def test_one_figure_is_unexplained(real_coverage: Run) -> None:
    _, comparisons = real_coverage
    unexplained = [
        (each.figure.book, each.figure.figure.value, each.figure.model, each.ours)
        for each in comparisons
        if each.cause == UNEXPLAINED
    ]
    assert unexplained == [("30y short", "rise_pct", "max", "141")]
    assert sum(each.agrees for each in comparisons) == 53
    assert len(comparisons) == 72


def test_the_table_counts_what_explains_the_others(real_coverage: Run) -> None:
    backtest, comparisons = real_coverage
    document = backtest_document(backtest, reference=reference_coverage(), comparisons=comparisons)
    text = io.StringIO()
    print_backtest(Console(file=text, width=500), document)
    assert (
        "The 19 others: 14 by a reading, 4 consistent with ties or near ties, 1 unexplained."
        in text.getvalue()
    )


def test_the_reading_that_explains_most_breaks_two_figures(
    real_market: MarketData, real_coverage: Run
) -> None:
    reference, (_, comparisons) = reference_coverage(), real_coverage
    reading = {
        "window_reading": "dates",
        "stressed_year_reading": "whole_year",
        "whole_year_below": "0.8",
    }
    parameters = backtest_parameters(reference.last)
    run = backtest_par_books(
        real_market,
        parameters.changing({"validation": reading}, reason="the joint reading"),
        first=reference.first,
        last=reference.last,
        books=[book for book in PAR_BOOKS if book.name in reference.books],
    )
    books = {book.path.name: book for book in run.books}
    printed = {
        each.figure: figure_text(books[each.figure.book], each.figure, reference.rise_days)
        for each in comparisons
    }
    assert sum(text == figure.printed for figure, text in printed.items()) == 64
    broken = {
        (each.figure.book, each.figure.figure.value, each.figure.model): printed[each.figure]
        for each in comparisons
        if each.agrees and printed[each.figure] != each.figure.printed
    }
    assert broken == {
        ("30y short", "average_pct", "hs"): "5.34",
        ("30y short", "average_pct", "max"): "5.56",
    }


def test_the_larger_margin_passes_99_percent_in_every_book_of_a_year_and_more(
    real_coverage: Run,
) -> None:
    # The reference's lesson (c), for every whole year and not its seven books alone.
    backtest, _ = real_coverage
    for book in backtest.books:
        coverage = {model: found.coverage for model, found in book.coverage.items()}
        assert coverage["max"] >= Fraction(99, 100), book.path.name
        assert coverage["max"] >= max(coverage["hs"], coverage["fhs"])


def test_one_date_gives_the_references_tail_losses(real_market: MarketData) -> None:
    # The same calculation's tail losses: long and short, per cent of market value, 2026-02-20.
    printed = {
        1: (0.21, 0.22),
        2: (0.48, 0.54),
        5: (1.22, 1.46),
        10: (2.17, 2.40),
        30: (3.72, 4.28),
    }
    day = date(2026, 2, 20)
    backtest = backtest_par_books(real_market, backtest_parameters(day), first=day, last=day)
    found = {book.path.name: book.path for book in backtest.books}
    for years, pair in printed.items():
        for side, theirs in zip(("long", "short"), pair, strict=True):
            path = found[f"{years}y {side}"]
            assert abs(path.margins["hs"][0] - theirs) <= 0.01, path.name
            assert (path.counts[0], path.ranks[0]) == (2750, 27)


def test_a_printed_coverage_is_a_count_of_exceptions() -> None:
    reference = reference_coverage()
    assert reference.exceptions("98.25") == 48
    assert reference.exceptions("99.85") == 4
    with pytest.raises(ValueError, match="no count"):
        reference.exceptions("99.84")
