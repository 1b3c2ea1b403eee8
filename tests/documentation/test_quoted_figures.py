"""Figures of ours that the methodology pages quote are what the code computes on the real data."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.ficc.scenarios import historical_scenarios
from crossmargin.margin.tail import tail_losses
from crossmargin.market.factors import CURVE_TENORS, curve_points
from crossmargin.market.history import MarketData
from crossmargin.market.residuals import in_windows
from crossmargin.market.scenarios import FactorHistory, factor_history
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.par_books import par_book_table

METHODOLOGY = Path(__file__).resolve().parents[2] / "docs" / "methodology"
AS_OF = date(2026, 3, 24)
#: Long and short, as in tests/golden/test_par_bond_var.py.
REFERENCE_THIRTY_YEAR_PCT = (3.72, 4.28)
_ROW = re.compile(r"^\| ([A-Z\d_]+) \| ([\d., |]+) \|$", re.MULTILINE)

pytestmark = pytest.mark.real_data


def _page(name: str) -> str:
    return (METHODOLOGY / name).read_text(encoding="utf-8")


def _rows(page: str, heading: str) -> dict[str, str]:
    part = _page(page).split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return dict(_ROW.findall(part))


def _history(market: MarketData, horizon_days: int) -> FactorHistory:
    parameters = parameter_sets(AS_OF).market
    return factor_history(market, parameters, horizon_days=horizon_days, as_of=AS_OF)


def test_noise_estimates_are_those_quoted(real_market: MarketData) -> None:
    rows = _rows("basis-and-spread.md", "Timing noise")
    estimates = _history(real_market, 1).noise_estimates()
    assert set(rows) == set(estimates)
    for name, by_regime in estimates.items():
        cells = []
        for regime in ("ordinary", "stressed"):
            found = by_regime.get(regime)
            figures = (
                (found.raw_sd_bp, found.noise_free_sd_bp, found.share) if found else (None,) * 3
            )
            cells += ["" if figure is None else f"{figure:.2f}" for figure in figures]
        assert [cell.strip() for cell in rows[name].split("|")] == cells, name


def test_proxied_scenarios_are_those_quoted(real_market: MarketData) -> None:
    history = _history(real_market, 3)
    scenarios = historical_scenarios(history, parameter_sets(AS_OF).ficc, as_of=AS_OF)
    proxied = scenarios.proxied
    assert f"it is {proxied.curve} of {scenarios.count:,} scenarios" in _page("curves.md")
    assert (
        f"Of the {scenarios.count:,} scenarios of the FICC-style set of 2026-03-24, "
        f"{proxied.basis_redrawn} redraw the basis and {proxied.spread_redrawn} the spread"
    ) in _page("basis-and-spread.md")
    assert _rows("basis-and-spread.md", "What is proxied, and how it is counted") == {
        name: f"{origin.own:,} | {origin.neighbour:,} | {origin.redrawn:,}"
        for name, origin in (*proxied.basis.items(), *proxied.spread.items())
    }


def test_scenario_counts_are_those_quoted(real_market: MarketData) -> None:
    as_of = date(2026, 2, 20)
    parameters = parameter_sets(as_of)
    history = factor_history(real_market, parameters.market, horizon_days=3, as_of=as_of)
    scenarios = historical_scenarios(history, parameters.ficc, as_of=as_of)
    first, last = parameters.ficc.dates("stressed_period")[0]
    stressed = int(in_windows(scenarios.end_dates, [(first, last)]).sum())
    assert (
        f"on {as_of} the ten years give {scenarios.count - stressed:,} "
        f"and the stressed year {stressed}"
    ) in _page("ficc-style-model.md")


def test_sizes_that_the_liquidity_adjustment_begins_at_are_those_quoted(
    real_day: MarginDay,
) -> None:
    # One issue alone: impact cost grows like size to the power of one and a half, the loss like it.
    liquidity = real_day.ficc.liquidity
    share = float(liquidity.rules.threshold / liquidity.rules.impact_coefficient)
    rows = []
    securities = len(real_day.valuation.book.prices)
    for group, columns in list(zip(liquidity.groups, liquidity.columns, strict=True))[1:5]:
        members, value = columns.members, columns.market_value
        loss = tail_losses(columns.pnl, liquidity.rank) / value
        volume = float(group.average_daily_volume_dollars)
        begins = volume * (share * loss / float(group.one_day_sigma)) ** 2
        par = begins / value * 100 / 1e9
        figures = (f"{each:,.0f}" for each in (par.min(), np.median(par), par.max()))
        rows.append(f"| {len(members)} | {' | '.join(figures)} |")
        units = np.zeros((2, securities))
        units[:, members[0]] = np.rint(begins[0] / value[0] * np.array([0.999, 1.001]))
        below, above = (charge.cents for charge in liquidity.charges(units))
        assert below == 0 < above
    page = _page("ficc-add-ons.md")
    for label, row in zip(
        ("1 to 2 years", "2 to 5 years", "5 to 10 years", "over 10 years"), rows, strict=True
    ):
        assert f"| {label} {row}" in page


def test_return_of_the_seven_year_note_is_as_quoted(real_market: MarketData) -> None:
    history = _history(real_market, 1)
    day = np.datetime64("2009-02-26")
    (row,) = np.flatnonzero(history.key_rates.end_dates == day)
    seven = int(np.flatnonzero(history.key_rates.key_years == 7.0)[0])
    shock_bp = history.basis.column("ZN")[row]
    key_rate_bp = history.key_rates.changes[row, seven] * 1e4
    points = curve_points(real_market.par_yields)
    (place,) = np.flatnonzero(points.dates == day)
    moves = points.par_yields[place] - points.par_yields[place - 1]
    five, seven_year, ten = (
        round(float(moves[CURVE_TENORS.index(tenor)] * 1e4)) for tenor in ("5Y", "7Y", "10Y")
    )
    page = _page("basis-and-spread.md")
    assert f"a one-day shock of {shock_bp:.1f} bp once scaled" in page
    assert (
        f"seven-year point rose by {seven_year} bp, the five-year by {five} "
        f"and the ten-year by {ten}"
    ) in page
    assert f"the opposite move, {key_rate_bp:.1f} bp up at seven years" in page


def test_thirty_year_par_bond_is_below_the_reference_as_quoted(real_market: MarketData) -> None:
    as_of = date(2026, 2, 20)
    (book,) = par_book_table(real_market, parameter_sets(as_of), as_of=as_of, tenor_years=[30.0])
    below = [
        f"{(1 - ours / reference) * 100:.1f} %"
        for ours, reference in zip(
            (book.long_pct, book.short_pct), REFERENCE_THIRTY_YEAR_PCT, strict=True
        )
    ]
    assert (
        f"on {as_of}, it is {below[0]} (long) and {below[1]} (short) below the reference"
    ) in _page("ficc-style-model.md")
