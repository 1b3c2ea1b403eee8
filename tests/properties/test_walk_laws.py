"""Laws that a walk keeps for any book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.bootstrap import parameter_sets
from crossmargin.testing.builders import AS_OF
from crossmargin.testing.walks import example_lines, invented_factors, short_rules, walked

RULES = short_rules(parameter_sets(AS_OF))
FIRST, LAST = date(2012, 12, 28), date(2013, 1, 3)
LINES = example_lines()
SMALL = Lines(
    tuple(line for line in LINES.securities if line.label in ("1.9 y", "9.6 y")),
    tuple(line for line in LINES.contracts if line.label in ("ZT", "ZN", "TN", "SR3", "ZQ")),
)
LAWS = settings(max_examples=8, deadline=None, derandomize=True)


@cache
def factors() -> WalkFactors:
    return invented_factors(first=date(2009, 12, 1), last=date(2013, 1, 15), seed=31)


UNITS = st.integers(-200_000, 200_000)
BOOKS = st.builds(
    lambda securities, contracts: Book("B", securities, contracts),
    st.fixed_dictionaries({line.label: UNITS for line in SMALL.securities}),
    st.fixed_dictionaries({line.label: UNITS for line in SMALL.contracts}),
)


def steps(walk: BookWalk) -> dict[tuple[str, str, str], list[int]]:
    found = {("ficc", *key): list(map(int, of)) for key, of in walk.ficc.components.items()}
    found.update({("cme", *key): list(map(int, of)) for key, of in walk.cme.components.items()})
    for days, happened in walk.outcomes.items():
        for leg in ("securities", "futures", "combined"):
            losses = getattr(happened, leg) * 2.0**18
            found[f"outcome {days}", "loss", leg] = list(map(int, losses))
    return found


def times(held: Mapping[str, int], factor: int) -> dict[str, int]:
    return {label: factor * units for label, units in held.items()}


def walk(*books: Book, lines: Lines = SMALL) -> list[dict[tuple[str, str, str], list[int]]]:
    found = walked(factors(), RULES, first=FIRST, last=LAST, lines=lines, books=books)
    return [steps(each) for each in found]


@given(book=BOOKS, factor=st.integers(2, 9))
@LAWS
def test_so_many_times_the_book_is_so_many_times_every_figure(book: Book, factor: int) -> None:
    more = replace(
        book, securities=times(book.securities, factor), contracts=times(book.contracts, factor)
    )
    once, often = walk(book, more)
    assert often == {key: [factor * each for each in of] for key, of in once.items()}


@given(book=BOOKS)
@LAWS
def test_an_offsetting_line_leaves_nothing(book: Book) -> None:
    """Two lines that are alike but for their label, one long and one short."""
    lines = replace(
        SMALL,
        securities=SMALL.securities
        + tuple(replace(line, label=f"{line.label}, again") for line in SMALL.securities),
        contracts=SMALL.contracts
        + tuple(replace(line, label=f"{line.label}, again") for line in SMALL.contracts),
    )
    hedged = replace(
        book,
        securities=dict(book.securities)
        | {f"{label}, again": -units for label, units in book.securities.items()},
        contracts=dict(book.contracts)
        | {f"{label}, again": -units for label, units in book.contracts.items()},
    )
    (found,) = walk(hedged, lines=lines)
    on_gross_value = ("bid_ask", "floor_percentage")
    for (_, name, _), of in found.items():
        if name not in on_gross_value:
            assert set(of) == {0}


@given(book=BOOKS)
@LAWS
def test_the_order_of_lines_does_not_matter(book: Book) -> None:
    turned = Lines(SMALL.securities[::-1], SMALL.contracts[::-1])
    assert walk(book) == walk(book, lines=turned)


@given(book=BOOKS)
@LAWS
def test_the_other_side_has_the_other_outcome_and_the_same_charges_on_gross(book: Book) -> None:
    other = replace(
        book, securities=times(book.securities, -1), contracts=times(book.contracts, -1)
    )
    one, two = walk(book, other)
    for key, of in one.items():
        if key[0].startswith("outcome"):
            assert two[key] == [-each for each in of]
        if key[1] in ("bid_ask", "floor_percentage"):
            assert two[key] == of


@given(book=BOOKS)
@LAWS
def test_charges_on_gross_add_up_and_losses_are_not_negative(book: Book) -> None:
    (found,) = walk(book)
    for (model, name, leg), of in found.items():
        if not model.startswith("outcome"):
            assert min(of) >= 0
        if leg == "combined" and name in ("bid_ask", "floor_percentage", "loss"):
            parts = zip(
                found[model, name, "securities"], found[model, name, "futures"], strict=True
            )
            assert of == [sum(both) for both in parts]
