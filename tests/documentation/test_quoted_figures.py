"""Figures of ours that the methodology pages quote are what the code computes on the real data."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.ficc.model import ficc_scenarios
from crossmargin.market.history import MarketData
from crossmargin.market.scenarios import FactorHistory, factor_history

METHODOLOGY = Path(__file__).resolve().parents[2] / "docs" / "methodology"
AS_OF = date(2026, 3, 24)
_ESTIMATE_ROW = re.compile(r"^\| ([A-Z_]+) \| ([\d. |]+) \|$", re.MULTILINE)

pytestmark = pytest.mark.real_data


def _page(name: str) -> str:
    return (METHODOLOGY / name).read_text(encoding="utf-8")


def _history(market: MarketData, horizon_days: int) -> FactorHistory:
    parameters = parameter_sets(AS_OF).market
    return factor_history(market, parameters, horizon_days=horizon_days, as_of=AS_OF)


def test_noise_estimates_are_those_quoted(real_market: MarketData) -> None:
    rows = dict(_ESTIMATE_ROW.findall(_page("basis-and-spread.md")))
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
    scenarios = ficc_scenarios(history, parameter_sets(AS_OF).ficc, as_of=AS_OF)
    proxied = scenarios.proxied
    assert f"it is {proxied.curve} of {scenarios.count:,} scenarios" in _page("curves.md")
    assert (
        f"Of the {scenarios.count:,} scenarios of the FICC-style set of 2026-03-24, "
        f"{proxied.basis_redrawn} redraw the basis and {proxied.spread_redrawn} the spread"
    ) in _page("basis-and-spread.md")
