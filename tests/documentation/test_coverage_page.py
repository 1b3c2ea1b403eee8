"""The tables of the coverage page are what the code computes on the real data.

Run as a program with a market directory, this file writes them into the page:
``python tests/documentation/test_coverage_page.py DIR``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.presentation.backtest import backtest_document, comparison_row
from crossmargin.services.backtest_par_books import ParBookBacktest
from crossmargin.services.compare_coverage import Comparison

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methodology" / "coverage.md"
REFERENCE_HEADER = "| book | figure | model | ours | reference | difference | cause |"
RESULTS_HEADER = "| book | HS | FHS | MAX | worst run | peak to trough | 20-day rise | average |"

pytestmark = pytest.mark.real_data


def reference_rows(comparisons: Sequence[Comparison]) -> list[str]:
    """Return coverage whole, and of the other figures those that differ."""
    return [
        f"| {' | '.join(comparison_row(each))} |"
        for each in comparisons
        if each.figure.figure.value == "coverage_pct" or not each.agrees
    ]


def result_rows(backtest: ParBookBacktest) -> list[str]:
    """Return every book; two figures are those of HS and MAX."""
    rows = []
    for book in backtest_document(backtest)["books"]:
        worst = {model: found["coverage_pct"] for model, found in book["worst_rolling"].items()}
        rises = {model: found["20"] for model, found in book["largest_rise_pct"].items()}
        cells = [
            book["book"],
            *book["coverage_pct"].values(),
            *(
                f"{by_model['hs']} / {by_model['max']}"
                for by_model in (worst, book["peak_to_trough"], rises, book["average_pct"])
            ),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def table_under(header: str) -> list[str]:
    after = PAGE.read_text(encoding="utf-8").split(header, 1)[1].lstrip("\n")
    rows = []
    for line in after.splitlines()[1:]:
        if not line.startswith("|"):
            break
        rows.append(line)
    return rows


Run = tuple[ParBookBacktest, tuple[Comparison, ...]]


def test_the_comparison_is_the_one_computed(real_coverage: Run) -> None:
    assert table_under(REFERENCE_HEADER) == reference_rows(real_coverage[1])


def test_the_results_are_those_computed(real_coverage: Run) -> None:
    assert table_under(RESULTS_HEADER) == result_rows(real_coverage[0])


def test_the_counts_in_the_text_are_those_computed(real_coverage: Run) -> None:
    backtest, comparisons = real_coverage
    text = PAGE.read_text(encoding="utf-8")
    agree = sum(each.agrees for each in comparisons)
    assert f"{agree} of {len(comparisons)} printed figures are the same" in text
    assert f"{len(backtest.dates):,} outcomes" in text
    counts = [book.path.counts for book in backtest.books if book.path.name == "10y long"]
    assert f"{counts[0].min():,} to {counts[0].max():,} scenarios" in text
    below = sum(book.coverage["hs"].coverage < Fraction(99, 100) for book in backtest.books)
    assert f"HS is below 99 % in {below} of {len(backtest.books)} books" in text
    below = sum(book.coverage["fhs"].coverage < Fraction(99, 100) for book in backtest.books)
    assert f"FHS in {below}" in text
    lowest = min(backtest.books, key=lambda book: book.coverage["max"].coverage)
    share = float(100 * lowest.coverage["max"].coverage)
    assert f"MAX in none; its lowest is {share:.2f} % ({lowest.path.name})" in text
    more = [
        100 * (moved["max"].average / moved["hs"].average - 1)
        for moved in (book.procyclicality for book in backtest.books)
    ]
    assert f"MAX asks for {min(more):.0f} to {max(more):.0f} % more than HS" in text
    worst = [book.coverage["max"].worst_rolling for book in backtest.books]
    below = sum(share is not None and share < Fraction(99, 100) for share in worst)
    assert f"Its worst run is below 99 % in {below} of {len(worst)} books" in text


def _rewrite(market: Path) -> None:
    from crossmargin.bootstrap import backtest_parameters, open_market, reference_coverage
    from crossmargin.services.backtest_par_books import backtest_par_books
    from crossmargin.services.compare_coverage import compare_coverage

    opened, reference = open_market(market), reference_coverage()
    parameters = backtest_parameters(reference.last)
    backtest = backtest_par_books(opened, parameters, first=reference.first, last=reference.last)
    compared = compare_coverage(opened, parameters, backtest, reference)
    text = PAGE.read_text(encoding="utf-8")
    for header, rows in (
        (REFERENCE_HEADER, reference_rows(compared)),
        (RESULTS_HEADER, result_rows(backtest)),
    ):
        rule = "|" + "---|" * header.count(" | ") + "---|"
        table = "\n".join([header, rule, *rows])
        text = re.sub(re.escape(header) + r"\n(?:\|.*\n)*", lambda _, t=table: t + "\n", text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _rewrite(Path(sys.argv[1]))
