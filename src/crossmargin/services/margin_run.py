"""Margin every customer of a positions file on a prepared day.

The XM account is reduced, everything else is margined in full. Nothing is netted between customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.arrangement.eligibility import RecognisedLine, UnsupportedLine
from crossmargin.arrangement.reduction import ModelFigures, ReductionRules
from crossmargin.arrangement.requirement import (
    CcpFigures,
    CustomerRequirement,
    customer_requirement,
)
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.margin.book import Block, MarginModel, ThreeFigures
from crossmargin.services.customer_books import CustomerBook, haircut_lines, holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.ports import BlockExecutor

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
        ficc, cme = (_Figures(model.three_figures(block), model.add_ons(block)) for model in models)
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


@dataclass(frozen=True, slots=True)
class _Figures:
    """One model's answers of a block: the three figures and the charges outside the saving."""

    three: ThreeFigures
    add_ons: Mapping[str, list[int]]

    def add_ons_of(self, row: int) -> dict[str, Money]:
        return {name: Money(cents[row]) for name, cents in self.add_ons.items() if cents[row]}


def _customer(
    day: MarginDay,
    book: CustomerBook,
    ficc: _Figures,
    cme: _Figures,
    *,
    row: int,
    rules: ReductionRules,
    incomplete: bool,
) -> CustomerResult:
    ficc_three, cme_three = _three(ficc.three, row), _three(cme.three, row)
    ficc_add_ons, cme_add_ons = ficc.add_ons_of(row), cme.add_ons_of(row)
    ficc_outside, cme_outside = ZERO, ZERO
    ficc_all = ficc_three.securities + Money.total(ficc_add_ons.values())
    cme_all = cme_three.futures + Money.total(cme_add_ons.values())
    ficc_detail: Mapping[str, Fraction] = {}
    cme_detail: Mapping[str, Fraction] = {}
    if book.has_outside:
        lines = haircut_lines(day, book.outside_haircut)
        outside, everything = _outside_blocks(day, book)
        ficc_outside, ficc_detail = day.ficc.securities_figure(outside.securities_only(), lines)
        ficc_all, _ = day.ficc.securities_figure(everything.securities_only(), lines)
        cme_outside, cme_detail = day.cme.futures_figure(outside.contracts_only())
        cme_all, _ = day.cme.futures_figure(everything.contracts_only())
        ficc_outside, cme_outside = (
            ficc_outside + _add_ons(day.ficc, outside),
            cme_outside + _add_ons(day.cme, outside),
        )
        ficc_all, cme_all = (
            ficc_all + _add_ons(day.ficc, everything),
            cme_all + _add_ons(day.cme, everything),
        )
    return CustomerResult(
        key=book.key,
        requirement=customer_requirement(
            ficc=CcpFigures(
                ficc_three,
                ficc_outside,
                ficc_all,
                has_positions=book.has_ficc,
                add_ons=ficc_add_ons,
            ),
            cme=CcpFigures(
                cme_three, cme_outside, cme_all, has_positions=True, add_ons=cme_add_ons
            ),
            rules=rules,
        ),
        ficc=ModelDetail(ficc.three, row, ficc_detail),
        cme=ModelDetail(cme.three, row, cme_detail),
        ineligible=book.ineligible,
        unsupported=book.unsupported,
        incomplete=incomplete,
    )


def _three(figures: ThreeFigures, row: int) -> ModelFigures:
    return ModelFigures(
        figures.securities.charge(row), figures.futures.charge(row), figures.combined.charge(row)
    )


def _add_ons(model: MarginModel, block: Block) -> Money:
    return Money(sum(cents[0] for cents in model.add_ons(block).values()))


def _outside_blocks(day: MarginDay, book: CustomerBook) -> tuple[Block, Block]:
    everything = dict(book.xm)
    for place, units in book.outside.items():
        everything[place] = everything.get(place, 0) + units
    holdings = holdings_of(day, [book.outside, everything])
    return holdings.block(0, 1), holdings.block(1, 2)
