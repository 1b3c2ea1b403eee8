"""Our own run in the shapes of a clearing organization's files: what a reconciliation compares.

All of the XM accounts, customer by customer. Figures are rounded to what is written, half to even,
before they are compared: a file written from a run and read back is that run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

import numpy as np

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.margin.exact import GRID_PER_DOLLAR, exact_pnl_in_grid_steps
from crossmargin.market.history import FloatArray
from crossmargin.product.futures import FuturesContract
from crossmargin.services.customer_books import PAR_PER_UNIT, CustomerBook, holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_run import BLOCK_CUSTOMERS, CustomerResult
from crossmargin.services.reconciliation import FIGURES, CcpFile, CcpLine, FileKind

#: Level and margin level of a MARGIN001 line: overall, or a breakout by product.
OVERALL = "O Portfolio"
BREAKOUT = "B ProductGroup"
_PLACES = 6


def our_file(run: MarginRun, kind: FileKind, *, cycle: str, run_number: int) -> CcpFile:
    """Return one kind of file from our own run.

    Parameters
    ----------
    run : MarginRun
    kind : FileKind
    cycle : str
    run_number : int
    """
    lines = tuple(line for line in _BUILDERS[kind](run) if any(line.figures.values()))
    return CcpFile(
        kind=kind,
        bus_date=run.result.day.as_of,
        cycle=cycle,
        run=run_number,
        by_customer=True,
        figures=tuple(spec.name for spec in FIGURES[kind]),
        lines=lines,
    )


def customer_names(books: tuple[CustomerBook, ...]) -> list[str]:
    """Return what each customer is called: the id, with its BD-FCM before it if there are several.

    A customer of two BD-FCMs is two customers.
    """
    firms = {book.key.bd_fcm for book in books}
    return [
        book.key.customer_id if len(firms) == 1 else f"{book.key.bd_fcm}/{book.key.customer_id}"
        for book in books
    ]


def _securities(run: MarginRun) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield each customer's XM securities as pairs of row and units of $100 of par."""
    count = len(run.result.day.valuation.book.prices)
    for name, book in zip(customer_names(run.books), run.books, strict=True):
        yield name, sorted((place, units) for place, units in book.xm.items() if place < count)


def _cusips(day: MarginDay) -> list[str]:
    return [price.security.cusip.text for price in day.valuation.book.prices]


def _rounded(value: Fraction) -> Fraction:
    return round(value, _PLACES)


def _cusip_lines(run: MarginRun) -> Iterator[CcpLine]:
    cusips = _cusips(run.result.day)
    for customer, held in _securities(run):
        for place, units in held:
            yield CcpLine(customer, cusips[place], {"par": Fraction(units * PAR_PER_UNIT)})


def _equivalent_lines(run: MarginRun) -> Iterator[CcpLine]:
    day = run.result.day
    for customer, held in _securities(run):
        totals: dict[str, Fraction] = {}
        for place, units in held:
            slots = zip(
                day.equivalents.places[place], day.equivalents.contracts_per_100[place], strict=True
            )
            for contract_place, per_100 in slots:
                contract = day.valuation.contracts[int(contract_place)].contract.code
                # Exact from here on: the sum does not depend on the order of lines.
                exact = units * Fraction(float(per_100))
                totals[contract] = totals.get(contract, Fraction(0)) + exact
        for contract, equivalents in sorted(totals.items()):
            yield CcpLine(customer, contract, {"equivalents": _rounded(equivalents)})


def _savings_lines(run: MarginRun) -> Iterator[CcpLine]:
    names = customer_names(run.books)
    for customer, result in zip(names, run.result.customers, strict=True):
        yield CcpLine(customer, "", _savings(result))


def _savings(result: CustomerResult) -> dict[str, Fraction]:
    reduction = result.requirement.reduction
    figures: dict[str, Fraction] = {}
    for side, three, saving, requirement in (
        (
            "ficc",
            result.requirement.ficc.figures.three,
            reduction.ficc_saving,
            reduction.ficc_requirement,
        ),
        (
            "cme",
            result.requirement.cme.figures.three,
            reduction.cme_saving,
            reduction.cme_requirement,
        ),
    ):
        figures[f"{side}_securities"] = three.securities.dollars
        figures[f"{side}_futures"] = three.futures.dollars
        figures[f"{side}_combined"] = three.combined.dollars
        figures[f"{side}_saving"] = _rounded(saving)
        figures[f"{side}_requirement"] = requirement.dollars
    figures["reduction"] = _rounded(reduction.reduction)
    ficc = result.requirement.ficc
    # What the higher of two cycles adds is outside the saving, as add-ons are.
    beyond = ficc.requirement - ficc.reduced - ficc.minimum_top_up
    figures["ficc_add_ons"] = beyond.dollars
    figures["ficc_minimum_top_up"] = ficc.minimum_top_up.dollars
    figures["ficc_outside"] = ficc.outside.dollars
    figures["ficc_total"] = (ficc.requirement + ficc.outside).dollars
    return figures


def _performance_bond_lines(run: MarginRun) -> Iterator[CcpLine]:
    """Yield the performance bond of each XM account's futures, and of each product alone."""
    names = customer_names(run.books)
    for customer, result in zip(names, run.result.customers, strict=True):
        overall: Money = result.requirement.cme.figures.three.futures
        yield CcpLine(customer, OVERALL, {"performance_bond": overall.dollars})
    for customer, product, bond in _by_product(run, names):
        yield CcpLine(
            customer, f"{BREAKOUT} {product}", {"performance_bond": bond.dollars}, in_total=False
        )


def _gross_lines(run: MarginRun) -> Iterator[CcpLine]:
    """Yield what CME requires of each customer: gross, nobody netted against another."""
    names = customer_names(run.books)
    for customer, result in zip(names, run.result.customers, strict=True):
        cme = result.requirement.cme
        yield CcpLine(
            customer,
            "",
            {
                "xm_margin": cme.requirement.dollars,
                "outside_margin": cme.outside.dollars,
                "gross_margin": (cme.requirement + cme.outside).dollars,
            },
        )


def _by_product(run: MarginRun, names: list[str]) -> Iterator[tuple[str, str, Money]]:
    day = run.result.day
    count = len(day.valuation.book.prices)
    owners: list[tuple[str, str]] = []
    portfolios: list[Mapping[int, int]] = []
    for name, book in zip(names, run.books, strict=True):
        products: dict[str, dict[int, int]] = {}
        for place, units in book.xm.items():
            if count <= place < count + len(day.valuation.contracts):
                contract: FuturesContract = day.valuation.contracts[place - count].contract
                products.setdefault(contract.product, {})[place] = units
        for product, held in sorted(products.items()):
            owners.append((name, product))
            portfolios.append(held)
    holdings = holdings_of(day, portfolios)
    for first in range(0, len(portfolios), BLOCK_CUSTOMERS):
        last = min(first + BLOCK_CUSTOMERS, len(portfolios))
        figures = day.cme_engine.three_figures(holdings.block(first, last)).futures
        for row, (name, product) in enumerate(owners[first:last]):
            yield name, product, figures.charge(row)


def _var_lines(run: MarginRun) -> Iterator[CcpLine]:
    day = run.result.day
    cusips = _cusips(day)
    simulation = day.ficc.simulation
    book = day.valuation.book
    for customer, held in _securities(run):
        if not held:
            continue
        places = [place for place, _ in held]
        tail = _tail_scenario([units for _, units in held], simulation.securities[places])
        at = tail[simulation.rank - 1]
        for place, units in held:
            steps = (simulation.securities[place] * GRID_PER_DOLLAR).astype(np.int64).tolist()
            losses = sorted((-units * step for step in steps), reverse=True)
            floor = Fraction(float(day.ficc.floor.securities[place])) * abs(units)
            yield CcpLine(
                customer,
                cusips[place],
                {
                    "par": Fraction(units * PAR_PER_UNIT),
                    "market_value": round(units * Fraction(float(book.market_value[place])), 2),
                    "component_var": _rounded(Fraction(-units * steps[at], GRID_PER_DOLLAR)),
                    "standalone_var": charge_from_dollars(
                        Fraction(max(0, losses[simulation.rank - 1]), GRID_PER_DOLLAR)
                    ).dollars,
                    "floor": _rounded(floor),
                },
            )


def _tail_scenario(units: list[int], pnl_dollars: FloatArray) -> list[int]:
    """Return the scenarios by the portfolio's loss, largest first, ties by position."""
    steps = exact_pnl_in_grid_steps(units, pnl_dollars)
    return sorted(range(len(steps)), key=lambda scenario: (steps[scenario], scenario))


_BUILDERS: Mapping[FileKind, Callable[[MarginRun], Iterator[CcpLine]]] = {
    FileKind.XMFICCCUSIP: _cusip_lines,
    FileKind.XMFICCPOSN: _equivalent_lines,
    FileKind.XMFICCMARGINSAVINGS: _savings_lines,
    FileKind.MARGIN001: _performance_bond_lines,
    FileKind.FICCVARDETAIL: _var_lines,
    FileKind.CGMMARGINSSUMMARY: _gross_lines,
}
