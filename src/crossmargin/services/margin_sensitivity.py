"""The use case behind ``xm margin --sensitivity``: the same book under other assumptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from crossmargin.analysis.sensitivity import VARIANTS, multiple_where_cap_stops
from crossmargin.arrangement.reduction import Binding
from crossmargin.margin.book import Block
from crossmargin.margin.exact import from_grid
from crossmargin.margin.simulation import Simulation
from crossmargin.margin.tail import tail_losses
from crossmargin.market.history import MarketData
from crossmargin.services.customer_books import CustomerBook, holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun, margined_under
from crossmargin.services.margin_run import CustomerResult
from crossmargin.services.ports import BlockExecutor


@dataclass(frozen=True, slots=True)
class CustomerSensitivity:
    """One customer under every variant.

    Parameters
    ----------
    base : CustomerResult
    variants : tuple of (name, CustomerResult)
    cap_stops_at : Fraction or None
        Multiple of basis volatility at which the cap stops binding; None where it does not bind.
    grid_effect_dollars : mapping of figure to Fraction
        What rounding per-unit P&L to the grid changes, rounded less unrounded.
    """

    base: CustomerResult
    variants: tuple[tuple[str, CustomerResult], ...]
    cap_stops_at: Fraction | None
    grid_effect_dollars: Mapping[str, Fraction]


def sensitivity_of(
    run: MarginRun, market: MarketData, executor: BlockExecutor
) -> tuple[CustomerSensitivity, ...]:
    """Return every customer of a run under every variant, in the result's order.

    Parameters
    ----------
    run : MarginRun
    market : MarketData
        What the run was made from.
    executor : BlockExecutor
    """
    tables = []
    for variant in VARIANTS:
        changes = {"ficc": dict(variant.ficc), "cme": dict(variant.cme)}
        tables.append((variant.name, _under(run, market, executor, changes, variant.name)))
    at_multiple = _remembered(run, market, executor)
    grid = _grid_effects(run.result.day, list(run.books))
    return tuple(
        CustomerSensitivity(
            base=customer,
            variants=tuple((name, customers[row]) for name, customers in tables),
            cap_stops_at=multiple_where_cap_stops(
                lambda multiple, row=row: at_multiple(multiple)[row]  # type: ignore[misc]
            ),
            grid_effect_dollars=grid[row],
        )
        for row, customer in enumerate(run.result.customers)
    )


def _under(
    run: MarginRun,
    market: MarketData,
    executor: BlockExecutor,
    changes: Mapping[str, Mapping[str, str]],
    reason: str,
) -> tuple[CustomerResult, ...]:
    """Return the customers as a run with these values would have them."""
    parameters = run.result.day.parameters.changing(changes, reason=reason)
    return margined_under(run, market, parameters, executor).customers


def _remembered(
    run: MarginRun, market: MarketData, executor: BlockExecutor
) -> Callable[[Fraction], list[bool]]:
    """Return whether the cap binds for each customer at a multiple, each multiple priced once."""
    seen: dict[Fraction, list[bool]] = {}

    def at_multiple(multiple: Fraction) -> list[bool]:
        if multiple not in seen:
            # Halves of halves: a decimal is exact.
            change = {"basis_volatility_multiple": str(Decimal(float(multiple)))}
            customers = _under(run, market, executor, {"ficc": change, "cme": change}, "search")
            seen[multiple] = [
                customer.requirement.reduction.binding is Binding.CAP for customer in customers
            ]
        return seen[multiple]

    return at_multiple


def _grid_effects(day: MarginDay, books: list[CustomerBook]) -> list[dict[str, Fraction]]:
    """Return, for each customer, simulation figures on the grid less figures off it."""
    block = holdings_of(day, [book.xm for book in books]).block(0, len(books))
    # The model's own pricing: what differs is the grid and nothing else.
    ficc_cube = day.ficc.price(day.ficc.scenarios.historical)
    unrounded = {
        "ficc_combined": (
            day.ficc.simulation,
            Simulation(ficc_cube.securities, ficc_cube.contracts, day.ficc.simulation.rank),
        ),
    }
    if day.span is None:
        cme_cube = day.cme.price(day.cme.scenarios.historical)
        unrounded["cme_combined"] = (
            day.cme.historical,
            Simulation(
                day.equivalents.columns(cme_cube.contracts),
                cme_cube.contracts,
                day.cme.historical.rank,
            ),
        )
    effects: list[dict[str, Fraction]] = [{} for _ in books]
    for name, (rounded, free) in unrounded.items():
        on_grid = _losses(rounded, block)
        off_grid = _losses(free, block)
        for row in range(len(books)):
            effects[row][name] = from_grid(float(on_grid[row] - off_grid[row]))
    return effects


def _losses(simulation: Simulation, block: Block) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return tail_losses(simulation.pnl_dollars(block), simulation.rank)
