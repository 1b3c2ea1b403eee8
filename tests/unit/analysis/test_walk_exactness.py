"""The same whole numbers for any division of the work, any machine, and any company of a date."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crossmargin.analysis.walk import margins
from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.lines import Book
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.bootstrap import block_executor, parameter_sets
from crossmargin.testing.builders import AS_OF
from crossmargin.testing.walks import (
    digest_of,
    example_book,
    example_lines,
    invented_factors,
    one_by_one,
    short_rules,
    walked,
)

RULES = short_rules(parameter_sets(AS_OF))
FIRST, LAST = date(2012, 12, 17), date(2013, 1, 11)
BOOKS = [example_book(), Book("SMALL", {"9.6 y": 1000}, {"TN": -1, "SR3": 2})]


@pytest.fixture(scope="module")
def factors() -> WalkFactors:
    return invented_factors(first=date(2009, 6, 1), last=date(2013, 3, 1), seed=4)


@pytest.fixture(scope="module")
def walks(factors: WalkFactors) -> list[BookWalk]:
    return walked(factors, RULES, first=FIRST, last=LAST, books=BOOKS)


def test_there_is_something_to_compare(walks: list[BookWalk]) -> None:
    """Both legs, both models, a hedge, and figures that move."""
    walk = walks[0]
    assert len(walk.dates) == 20
    assert len({day.astype("datetime64[Y]") for day in walk.dates}) == 2
    for model in (walk.ficc, walk.cme):
        for name, leg in model.components:
            steps = model.components[name, leg]
            assert name == "repo_volatility" or (steps > 0).all()
        assert (model.cents["combined"] < model.cents["securities"]).all()


def test_a_date_has_the_same_figures_alone(factors: WalkFactors, walks: list[BookWalk]) -> None:
    for row in (0, 7, 11, 12, 19):
        day = walks[0].dates[row].astype(date)
        for together, alone in zip(
            walks, walked(factors, RULES, first=day, last=day, books=BOOKS), strict=True
        ):
            for whole, one in ((together.ficc, alone.ficc), (together.cme, alone.cme)):
                for key, steps in whole.components.items():
                    assert one.components[key].tolist() == [steps[row]], (day, key)
                for leg, cents in whole.cents.items():
                    assert one.cents[leg].tolist() == [cents[row]]
            assert alone.reductions[0] == together.reductions[row]
            for days, happened in together.outcomes.items():
                assert alone.outcomes[days].combined.tolist() == [happened.combined[row]]


def test_dates_need_not_follow_each_other(factors: WalkFactors, walks: list[BookWalk]) -> None:
    places = factors.places_between(FIRST, LAST)
    rows = [0, 3, 4, 13, 18]
    some = walk_books(
        factors,
        [places[row] for row in rows],
        lines=example_lines(),
        books=BOOKS,
        rules=RULES,
        run=one_by_one,
    )
    for whole, chosen in zip(walks, some, strict=True):
        assert np.array_equal(whole.requirement_cents[rows], chosen.requirement_cents)


@pytest.mark.parametrize("dates_at_once", [1, 3, 1000])
def test_the_block_of_dates_changes_nothing(
    dates_at_once: int,
    factors: WalkFactors,
    walks: list[BookWalk],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(margins, "_DATES_AT_ONCE", dates_at_once)
    again = walked(factors, RULES, first=FIRST, last=LAST, books=BOOKS)
    assert digest_of(again) == digest_of(walks)


def test_threads_change_nothing(factors: WalkFactors, walks: list[BookWalk]) -> None:
    again = walk_books(
        factors,
        factors.places_between(FIRST, LAST),
        lines=example_lines(),
        books=BOOKS,
        rules=RULES,
        run=block_executor().run,
    )
    assert digest_of(again) == digest_of(walks)


def test_a_book_has_the_same_figures_alone(factors: WalkFactors, walks: list[BookWalk]) -> None:
    for book, walk in zip(BOOKS, walks, strict=True):
        alone = walked(factors, RULES, first=FIRST, last=LAST, books=[book])
        assert digest_of(alone) == digest_of([walk])


def test_lines_that_nobody_holds_change_nothing(
    factors: WalkFactors, walks: list[BookWalk]
) -> None:
    book = BOOKS[1]
    lines = example_lines()
    held = replace(
        lines,
        securities=tuple(line for line in lines.securities if line.label in book.securities),
        contracts=tuple(line for line in lines.contracts if line.label in book.contracts),
    )
    fewer = walked(factors, RULES, first=FIRST, last=LAST, lines=held, books=[book])
    assert digest_of(fewer) == digest_of(walks[1:])


_PROGRAM = """
from datetime import date
from crossmargin.bootstrap import parameter_sets
from crossmargin.testing.builders import AS_OF
from crossmargin.testing.walks import digest_of, invented_factors, short_rules, walked
factors = invented_factors(first=date(2009, 6, 1), last=date(2013, 3, 1), seed=4)
rules = short_rules(parameter_sets(AS_OF))
print(digest_of(walked(factors, rules, first=date(2012, 12, 17), last=date(2013, 1, 11))))
"""


@pytest.mark.parametrize(
    ("core", "threads"), [("Prescott", "1"), ("Sandybridge", "2"), ("Haswell", "1")]
)
def test_every_kernel_and_thread_count_gives_the_same_bits(
    core: str, threads: str, walks: list[BookWalk]
) -> None:
    """Other kernels round sums differently: here there is nothing to round."""
    environment = {**os.environ, "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": threads}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest_of(walks[:1])


def test_too_few_scenarios_make_no_requirement_of_record(factors: WalkFactors) -> None:
    """The first year of the history has not ended."""
    day = date(2010, 3, 1)
    with pytest.raises(ValueError, match=r"scenarios on 2010-03-01: too few for a requirement"):
        walked(factors, RULES, first=day, last=day)


def test_a_book_too_large_to_be_summed_exactly_is_refused(factors: WalkFactors) -> None:
    """Six trillion dollars of thirty-year bonds."""
    with pytest.raises(ValueError, match="sums are not exact"):
        walked(
            factors,
            RULES,
            first=FIRST,
            last=FIRST,
            books=[Book("LARGE", {"29.4 y": 60_000_000_000}, {})],
        )


def test_a_line_too_large_for_the_grid_is_refused_by_name(factors: WalkFactors) -> None:
    """A unit that is ten thousand bonds."""
    lines = example_lines()
    large = replace(lines.securities[6], dv01_dollars=1700.0)
    with pytest.raises(ValueError, match=r"29\.4 y moves by more than its price"):
        walked(
            factors,
            RULES,
            first=FIRST,
            last=FIRST,
            lines=replace(lines, securities=(large,)),
            books=[Book("ONE", {"29.4 y": 1}, {})],
        )


def test_a_book_that_holds_nothing_owes_nothing(factors: WalkFactors) -> None:
    (walk,) = walked(factors, RULES, first=FIRST, last=LAST, books=[Book("NONE", {}, {})])
    assert not walk.requirement_cents.any()
    assert not walk.outcomes[3].combined.any()
