"""What must hold of SPAN for any book of futures, and the same figures from a second program."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.margin.cme.span.calculation import span_margin
from crossmargin.margin.cme.span.results import SpanResult
from crossmargin.testing.span_reference import reference_requirement
from crossmargin.testing.span_sets import (
    COVER,
    EXTREME,
    commodity,
    future,
    inter,
    intra,
    parameter_set,
    tier,
)

F = Fraction
CODES = ("26", "25", "21", "17")
RANGES = dict(zip(CODES, (600, 900, 1500, 3000), strict=True))
SPREADS = (
    (F(3, 4), (("21", F(2), "A"), ("17", F(1), "B"))),
    (F(4, 5), (("25", F(3), "A"), ("21", F(2), "B"))),
    (F(1, 2), (("26", F(1), "A"), ("25", F(2), "B"), ("21", F(1), "A"))),
    (F(3, 10), (("26", F(4), "A"), ("17", F(1), "B"))),
)
PLAIN = parameter_set(
    [commodity(code) for code in CODES],
    [future(code, "202606", RANGES[code]) for code in CODES],
    [inter(place, rate, *legs) for place, (rate, legs) in enumerate(SPREADS, 1)],
)
PERIODS = ("202606", "202609", "202612")
TIERS = tuple(tier(n, period, period) for n, period in enumerate(PERIODS, 1))
FULL = parameter_set(
    [
        commodity(
            code,
            intra_tiers=TIERS,
            inter_tiers=(tier(1, "202606", "202606"), tier(2, "202609", "202612")),
            intra_spreads=(
                intra(1, 40, (1, 1, "A"), (2, 1, "B")),
                intra(2, 60, (1, 1, "A"), (2, 2, "B"), (3, 1, "A")),
                intra(1, 55, ("202606", 1, "A"), ("202612", 1, "B")),
            ),
        )
        for code in CODES
    ],
    [future(code, period, RANGES[code]) for code in CODES for period in PERIODS],
    [
        inter(1, "9/10", ("21/1", 2, "A"), ("17/1", 1, "B"), super_spread=True),
        inter(1, "3/4", ("21", 2, "A"), ("17", 1, "B")),
        inter(2, "4/5", ("25/2", 3, "A"), ("21/2", 2, "B")),
        inter(3, "1/5", ("26", 1, "A"), ("25", 2, "B"), ("21", 1, "A")),
    ],
)
# Parts of a contract on a binary grid, as futures-equivalents are.
quantities = st.integers(-(2**18), 2**18).map(lambda steps: F(steps, 2**10))
plain_books = st.fixed_dictionaries({}, optional=dict.fromkeys(CODES, quantities))
places = [(code, period) for code in CODES for period in PERIODS]
full_books = st.dictionaries(st.sampled_from(places), quantities, max_size=8)


def full(book: dict[tuple[str, str], Fraction], *, backwards: bool = False) -> SpanResult:
    contracts = {(each.product.code, each.period.text): each for each in FULL.contracts}
    positions = [(contracts[key], quantity) for key, quantity in book.items()]
    return span_margin(FULL, reversed(positions) if backwards else positions)


@settings(max_examples=60, deadline=None)
@given(plain_books)
def test_a_second_program_finds_the_same(book: dict[str, Fraction]) -> None:
    contracts = {each.product.code: each for each in PLAIN.contracts}
    result = span_margin(PLAIN, [(contracts[code], size) for code, size in book.items()])
    ranges = {code: F(RANGES[code]) for code in book}
    scan, credit, requirement = reference_requirement(book, ranges, EXTREME * COVER, SPREADS)
    assert result.total("scan_risk") == scan
    assert result.total("inter_credit") == credit
    assert result.maintenance == requirement


@settings(max_examples=40, deadline=None)
@given(full_books)
def test_margin_is_not_negative_and_order_does_not_matter(
    book: dict[tuple[str, str], Fraction],
) -> None:
    result = full(book)
    assert all(each.risk >= 0 for each in result.commodities)
    assert result == full(book, backwards=True)
    for each in result.commodities:
        for period in each.deltas:
            # Spreads never turn a delta round nor make it larger.
            assert 0 <= period.left * (1 if period.held >= 0 else -1) <= abs(period.held)


@settings(max_examples=40, deadline=None)
@given(full_books, st.integers(2, 50), st.sampled_from((1, -1)))
def test_a_book_a_few_times_over_needs_that_many_times_the_margin(
    book: dict[tuple[str, str], Fraction], factor: int, sign: int
) -> None:
    larger = {key: quantity * factor * sign for key, quantity in book.items()}
    # Futures arrays are symmetric, so turning every position round changes nothing but the order
    # in which the two sides of a spread are tried.
    if sign == 1:
        assert full(larger).maintenance == factor * full(book).maintenance
    assert full(larger).total("scan_risk") == factor * full(book).total("scan_risk")


@settings(max_examples=40, deadline=None)
@given(full_books, full_books)
def test_books_of_one_direction_save_exactly_nothing(
    first: dict[tuple[str, str], Fraction], second: dict[tuple[str, str], Fraction]
) -> None:
    long = [{key: abs(quantity) for key, quantity in book.items()} for book in (first, second)]
    both = {key: long[0].get(key, F(0)) + long[1].get(key, F(0)) for key in {**long[0], **long[1]}}
    assert full(both).maintenance == full(long[0]).maintenance + full(long[1]).maintenance


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(places), st.integers(1, 5000), st.integers(-(2**20), 2**20))
def test_an_equivalent_against_its_own_contract_saves_nearly_all(
    place: tuple[str, str], contracts: int, error: int
) -> None:
    # A security of the same DV01, its equivalent off by at most one part in 2^20 of a contract.
    equivalent = -contracts + F(error, 2**40)
    alone = full({place: F(contracts)}).maintenance + full({place: equivalent}).maintenance
    saving = 1 - full({place: contracts + equivalent}).maintenance / alone
    assert saving >= F(95, 100)
