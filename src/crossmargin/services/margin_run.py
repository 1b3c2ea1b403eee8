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
from crossmargin.margin.ficc.assembly import NotComputed
from crossmargin.margin.ficc.model import MARGIN_LIQUIDITY
from crossmargin.services.customer_books import CustomerBook, haircut_lines, holdings_of
from crossmargin.services.ficc_charges import ChargeInputs, FiccCharges
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
    not_computed: tuple[NotComputed, ...] = ()


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
    charges: ChargeInputs | None = None,
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
    charges : ChargeInputs, optional
        Cycle and histories of FICC's charges outside the VaR Charge; EOD without any if left out.
    """
    outside_var = FiccCharges.on(day.as_of, charges or ChargeInputs(), day.parameters.ficc)
    rules = ReductionRules.from_parameters(day.parameters.arrangement)
    holdings = holdings_of(day, [book.xm for book in books])
    left_out = set(incomplete_customers)

    def margin_block(first: int, last: int) -> list[CustomerResult]:
        block = holdings.block(first, last)
        # Both are asked through the one protocol: the type checker holds them to it.
        models: tuple[MarginModel, MarginModel] = (day.ficc, day.cme_engine)
        ficc, cme = (_Figures(model.three_figures(block), model.add_ons(block)) for model in models)
        return [
            _customer(
                day,
                book,
                ficc,
                cme,
                row=row,
                rules=rules,
                charges=outside_var,
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
    charges: FiccCharges,
    incomplete: bool,
) -> CustomerResult:
    ficc_three, cme_three = _three(ficc.three, row), _three(cme.three, row)
    liquidity = Money(ficc.add_ons[MARGIN_LIQUIDITY][row])
    own = charges.of(book.key, ficc_three.securities, liquidity, with_history=book.has_ficc_in_xm)
    cme_add_ons = cme.add_ons_of(row)
    outside = _Outside(ZERO, ZERO, {}, {})
    ficc_all = ficc_three.securities + own.total
    if own.other_cycle.cents:
        ficc_all = own.other_cycle + own.total
    cme_all = cme_three.futures + Money.total(cme_add_ons.values())
    if book.has_outside:
        outside, ficc_all, cme_all = _outside(day, book, charges)
    return CustomerResult(
        key=book.key,
        requirement=customer_requirement(
            ficc=CcpFigures(
                ficc_three,
                outside.ficc,
                ficc_all,
                has_positions=book.has_ficc,
                add_ons=own.add_ons,
                other_cycle=own.other_cycle,
            ),
            cme=CcpFigures(
                cme_three, outside.cme, cme_all, has_positions=True, add_ons=cme_add_ons
            ),
            rules=rules,
        ),
        ficc=ModelDetail(ficc.three, row, outside.ficc_detail),
        cme=ModelDetail(cme.three, row, outside.cme_detail),
        ineligible=book.ineligible,
        unsupported=book.unsupported,
        incomplete=incomplete,
        not_computed=own.not_computed if book.has_ficc else (),
    )


@dataclass(frozen=True, slots=True)
class _Outside:
    """What is outside the XM account, with its add-ons, and what it is made of."""

    ficc: Money
    cme: Money
    ficc_detail: Mapping[str, Fraction]
    cme_detail: Mapping[str, Fraction]


def _outside(
    day: MarginDay, book: CustomerBook, charges: FiccCharges
) -> tuple[_Outside, Money, Money]:
    """Return what is outside, and everything at FICC and at CME as one portfolio each."""
    lines = haircut_lines(day, book.outside_haircut)
    outside, everything = _outside_blocks(day, book)

    def at_ficc(block: Block, *, with_history: bool) -> tuple[Money, Mapping[str, Fraction]]:
        charge, detail = day.ficc.securities_figure(block.securities_only(), lines)
        extra = charges.of(book.key, charge, _add_ons(day.ficc, block), with_history=with_history)
        higher = max(charge.cents, extra.other_cycle.cents)
        return Money(higher) + extra.total, detail

    def at_cme(block: Block) -> tuple[Money, Mapping[str, Fraction]]:
        charge, detail = day.cme_engine.futures_figure(block.contracts_only())
        return charge + _add_ons(day.cme_engine, block), detail

    ficc, ficc_detail = at_ficc(outside, with_history=not book.has_ficc_in_xm)
    cme, cme_detail = at_cme(outside)
    ficc_all, _ = at_ficc(everything, with_history=True)
    cme_all, _ = at_cme(everything)
    return _Outside(ficc, cme, ficc_detail, cme_detail), ficc_all, cme_all


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
