"""Margin every customer of a positions file on a prepared day.

Lines of one customer and instrument add up. Eligible lines carried in XM make the XM account; all
others at a CCP are one portfolio outside it. Nothing is netted between customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.arrangement.eligibility import RecognisedLine, Recognition, UnsupportedLine
from crossmargin.arrangement.reduction import ModelFigures, ReductionRules
from crossmargin.arrangement.requirement import (
    CcpFigures,
    CustomerRequirement,
    customer_requirement,
)
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO
from crossmargin.basics.refusals import refused
from crossmargin.margin.book import Block, Holdings, MarginModel, ThreeFigures
from crossmargin.margin.ficc.haircut import HaircutLine
from crossmargin.pricing.security_book import years_between
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.futures import FuturesContract
from crossmargin.product.treasury import TreasurySecurity
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.ports import BlockExecutor

PAR_PER_UNIT = 100
_UNITS_MAX = 2**53
#: Customers a block: large enough for the matrix product, small enough for the cache.
BLOCK_CUSTOMERS = 256


@dataclass(frozen=True, slots=True, eq=False)
class ModelDetail:
    """Where one model's figures of one customer came from, in exact dollars when asked.

    Parameters
    ----------
    figures : ThreeFigures
        Of the block the customer was margined in.
    row : int
    outside : mapping of component to Fraction
        Of what is outside the XM account; empty where nothing is.
    """

    figures: ThreeFigures
    row: int
    outside: Mapping[str, Fraction]

    def __eq__(self, other: object) -> bool:
        # The block a customer was margined in is no part of its figures.
        return isinstance(other, ModelDetail) and self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]

    def _parts(self) -> tuple[Mapping[str, Fraction], ...]:
        return (self.securities, self.futures, self.combined, self.outside)

    @property
    def securities(self) -> Mapping[str, Fraction]:
        """Components of the securities alone."""
        return self.figures.securities.components(self.row)

    @property
    def futures(self) -> Mapping[str, Fraction]:
        """Components of the futures alone."""
        return self.figures.futures.components(self.row)

    @property
    def combined(self) -> Mapping[str, Fraction]:
        """Components of both together."""
        return self.figures.combined.components(self.row)


@dataclass(frozen=True, slots=True)
class CustomerResult:
    """One customer: the requirement, where it came from, and what was not in the XM account."""

    key: CustomerKey
    requirement: CustomerRequirement
    ficc: ModelDetail
    cme: ModelDetail
    ineligible: tuple[RecognisedLine, ...]
    unsupported: tuple[UnsupportedLine, ...]
    incomplete: bool


@dataclass(frozen=True, slots=True)
class MarginResult:
    """Every customer of a run, and the day that made the figures."""

    day: MarginDay
    customers: tuple[CustomerResult, ...]

    @property
    def incomplete(self) -> bool:
        """Whether any customer's figures leave something out."""
        return any(customer.incomplete for customer in self.customers)

    @property
    def shortfall_count(self) -> int:
        """Customers for whom a CCP's own combined margin exceeds what is collected (ruling 4)."""
        return sum(not c.requirement.order_check.passes for c in self.customers)


@dataclass(frozen=True, slots=True)
class CustomerBook:
    """One customer's netted positions: instrument place to whole units.

    Parameters
    ----------
    key : CustomerKey
    xm, outside : mapping of int to int
        Security rows first, then contracts from the number of securities on.
    outside_haircut : mapping of CUSIP to int
        Units of $100 of par of what has no sensitivities.
    """

    key: CustomerKey
    xm: Mapping[int, int]
    outside: Mapping[int, int]
    outside_haircut: Mapping[str, int]
    has_ficc: bool
    ineligible: tuple[RecognisedLine, ...]
    unsupported: tuple[UnsupportedLine, ...]

    @property
    def has_outside(self) -> bool:
        """Whether anything is margined outside the XM account."""
        return bool(self.outside or self.outside_haircut)


def contracts_of(recognition: Recognition) -> set[FuturesContract]:
    """Return every contract the lines name: what a day must be prepared for."""
    return {
        recognised.instrument
        for recognised in (*recognition.eligible, *recognition.outside)
        if isinstance(recognised.instrument, FuturesContract)
    }


def customer_books(
    day: MarginDay, recognition: Recognition, *, incomplete_customers: Iterable[CustomerKey] = ()
) -> list[CustomerBook]:
    """Return every customer's netted book, by key.

    Parameters
    ----------
    day : MarginDay
    recognition : Recognition
    incomplete_customers : iterable of CustomerKey
        Customers that must appear although every line of theirs was left out.

    Raises
    ------
    RefusedError
        If an instrument has no column on the day.
    """
    places = _Places(day)
    books: dict[CustomerKey, _OpenBook] = {}
    for recognised in recognition.eligible:
        books.setdefault(recognised.line.customer, _OpenBook()).add_xm(recognised, places)
    for recognised in recognition.outside:
        books.setdefault(recognised.line.customer, _OpenBook()).add_outside(recognised, places)
    for unsupported in recognition.unsupported:
        book = books.setdefault(unsupported.line.customer, _OpenBook())
        book.unsupported.append(unsupported)
    for key in incomplete_customers:
        books.setdefault(key, _OpenBook())
    return [books[key].closed(key, len(places.securities)) for key in sorted(books)]


def margin_customers(
    day: MarginDay,
    books: list[CustomerBook],
    executor: BlockExecutor,
    *,
    incomplete_customers: Iterable[CustomerKey] = (),
) -> MarginResult:
    """Return the requirement of every customer.

    Parameters
    ----------
    day : MarginDay
    books : list of CustomerBook
    executor : BlockExecutor
        Runs blocks of customers; the answer does not depend on how.
    incomplete_customers : iterable of CustomerKey
        Customers of whom lines were left out.
    """
    rules = ReductionRules.from_parameters(day.parameters.arrangement)
    holdings = holdings_of(day, [book.xm for book in books])
    left_out = set(incomplete_customers)

    def margin_block(first: int, last: int) -> list[CustomerResult]:
        block = holdings.block(first, last)
        # Both are asked through the one protocol: the type checker holds them to it.
        models: tuple[MarginModel, MarginModel] = (day.ficc, day.cme)
        ficc, cme = (model.three_figures(block) for model in models)
        return [
            _customer(
                day,
                book,
                ficc,
                cme,
                row=row,
                rules=rules,
                incomplete=bool(book.unsupported) or book.key in left_out,
            )
            for row, book in enumerate(books[first:last])
        ]

    bounds = [
        (first, min(first + BLOCK_CUSTOMERS, len(books)))
        for first in range(0, len(books), BLOCK_CUSTOMERS)
    ]
    results = executor.run(margin_block, bounds)
    return MarginResult(day, tuple(result for block in results for result in block))


def holdings_of(day: MarginDay, portfolios: list[Mapping[int, int]]) -> Holdings:
    """Return portfolios as holdings over the day's instruments."""
    return Holdings.of(
        portfolios,
        security_count=len(day.valuation.book.prices),
        contract_count=len(day.valuation.contracts),
    )


class _Places:
    """Where each instrument's column is on the day."""

    def __init__(self, day: MarginDay) -> None:
        self.securities = day.valuation.book.index()
        self.contracts = day.valuation.contract_index()

    def of(self, instrument: TreasurySecurity | FuturesContract) -> int | None:
        """Return the place, or None for a security without sensitivities."""
        if isinstance(instrument, FuturesContract):
            if instrument.code not in self.contracts:
                raise refused(
                    "instrument",
                    instrument.code,
                    "a contract the day was prepared for",
                    "ruling 17",
                )
            return len(self.securities) + self.contracts[instrument.code]
        return self.securities.get(instrument.cusip.text)


class _OpenBook:
    """A customer's book while lines are added."""

    def __init__(self) -> None:
        self.xm: dict[int, int] = {}
        self.outside: dict[int, int] = {}
        self.haircut: dict[str, int] = {}
        self.ineligible: list[RecognisedLine] = []
        self.unsupported: list[UnsupportedLine] = []

    def add_xm(self, recognised: RecognisedLine, places: _Places) -> None:
        place = places.of(recognised.instrument)
        if place is None:
            raise refused(
                "instrument",
                recognised.line.instrument,
                "an eligible security with a quoted price",
                "ruling 35",
            )
        self.xm[place] = self.xm.get(place, 0) + self._units(recognised)

    def add_outside(self, recognised: RecognisedLine, places: _Places) -> None:
        self.ineligible.append(recognised)
        units = self._units(recognised)
        place = None if _by_haircut(recognised) else places.of(recognised.instrument)
        if place is None:
            cusip = recognised.line.instrument
            self.haircut[cusip] = self.haircut.get(cusip, 0) + units
        else:
            self.outside[place] = self.outside.get(place, 0) + units

    def _units(self, recognised: RecognisedLine) -> int:
        if isinstance(recognised.instrument, FuturesContract):
            return recognised.line.quantity
        return recognised.line.quantity // PAR_PER_UNIT

    def closed(self, key: CustomerKey, security_count: int) -> CustomerBook:
        xm, outside = _without_zeros(self.xm), _without_zeros(self.outside)
        haircut = {cusip: units for cusip, units in self.haircut.items() if units}
        for units in (*xm.values(), *outside.values(), *haircut.values()):
            if abs(units) >= _UNITS_MAX:
                expected = f"fewer than {_UNITS_MAX} units of one instrument"
                raise refused(f"quantity of {key.customer_id}", units, expected, "ruling 9")
        return CustomerBook(
            key,
            xm,
            outside,
            haircut,
            # A book that nets to nothing at FICC has no positions there (ruling 6).
            bool(haircut) or any(place < security_count for place in (*xm, *outside)),
            tuple(self.ineligible),
            tuple(self.unsupported),
        )


def _by_haircut(recognised: RecognisedLine) -> bool:
    """Return whether a line is margined by the haircut method: a year and under, by maturity."""
    return any(reason.code.value == "SHORT_MATURITY" for reason in recognised.reasons)


def _without_zeros(units: dict[int, int]) -> dict[int, int]:
    return {place: quantity for place, quantity in units.items() if quantity}


def _customer(
    day: MarginDay,
    book: CustomerBook,
    ficc: ThreeFigures,
    cme: ThreeFigures,
    *,
    row: int,
    rules: ReductionRules,
    incomplete: bool,
) -> CustomerResult:
    ficc_three, cme_three = _three(ficc, row), _three(cme, row)
    ficc_outside, cme_outside = ZERO, ZERO
    ficc_all, cme_all = ficc_three.securities, cme_three.futures
    ficc_detail: Mapping[str, Fraction] = {}
    cme_detail: Mapping[str, Fraction] = {}
    if book.has_outside:
        lines = haircut_lines(day, book.outside_haircut)
        outside, everything = _outside_blocks(day, book)
        ficc_outside, ficc_detail = day.ficc.securities_figure(outside.securities_only(), lines)
        ficc_all, _ = day.ficc.securities_figure(everything.securities_only(), lines)
        cme_outside, cme_detail = day.cme.futures_figure(outside.contracts_only())
        cme_all, _ = day.cme.futures_figure(everything.contracts_only())
    return CustomerResult(
        key=book.key,
        requirement=customer_requirement(
            ficc=CcpFigures(ficc_three, ficc_outside, ficc_all, has_positions=book.has_ficc),
            cme=CcpFigures(cme_three, cme_outside, cme_all, has_positions=True),
            rules=rules,
        ),
        ficc=ModelDetail(ficc, row, ficc_detail),
        cme=ModelDetail(cme, row, cme_detail),
        ineligible=book.ineligible,
        unsupported=book.unsupported,
        incomplete=incomplete,
    )


def _three(figures: ThreeFigures, row: int) -> ModelFigures:
    return ModelFigures(
        figures.securities.charge(row), figures.futures.charge(row), figures.combined.charge(row)
    )


def _outside_blocks(day: MarginDay, book: CustomerBook) -> tuple[Block, Block]:
    everything = dict(book.xm)
    for place, units in book.outside.items():
        everything[place] = everything.get(place, 0) + units
    holdings = holdings_of(day, [book.outside, everything])
    return holdings.block(0, 1), holdings.block(1, 2)


def haircut_lines(day: MarginDay, units: Mapping[str, int]) -> list[HaircutLine]:
    """Return securities without sensitivities as haircut lines, at market value.

    Market value is the quote with interest accrued to the as-of date (ruling 35); inflation
    compensation of TIPS is not in the market data and is left out: said where it is shown.
    """
    lines = []
    for cusip, quantity in sorted(units.items()):
        price = day.prices.prices[cusip]
        quoted = Fraction(price.sell_clean_per_100 or price.buy_clean_per_100)
        if quoted <= 0:
            raise refused("instrument", cusip, "a security with a quoted price", "ruling 35")
        value = quoted + accrued_interest_per_100(price.security, day.as_of)
        remaining = years_between(day.valuation.settlement, price.security.maturity_date)
        lines.append(HaircutLine(cusip, day.haircuts.bucket(remaining), Fraction(quantity) * value))
    return lines
