"""Figures of the risk factors: how far they move, together with what, and on how much history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from crossmargin.charts.look import (
    STYLES,
    Axis,
    bars,
    figure,
    heat,
    line,
    points,
)

_UPPER, _LOWER = (0.56, 1.0), (0.0, 0.36)


def par_yields_and_volatility(
    par_pct: Mapping[str, float], volatility_bp: Mapping[str, Mapping[str, float]]
) -> go.Figure:
    """Return par yields over how far each key rate moves.

    Parameters
    ----------
    par_pct : mapping of tenor to float
        Per cent.
    volatility_bp : mapping of series to mapping of key tenor to float
        Standard deviations, basis points over the horizon that the series names.
    """
    tenors = [tenor for each in volatility_bp.values() for tenor in each]
    chart = figure(
        "Where do par yields stand, and how far do key rates move?",
        Axis("tenor", "category"),
        Axis("par yield, per cent", ticks=".2f", domain=_UPPER),
        lower=(
            Axis("key rate, tenor", "category"),
            Axis("standard deviation, bp", ticks="~g", domain=_LOWER),
        ),
        height=560,
    )
    chart.update_layout(
        xaxis2={"categoryorder": "array", "categoryarray": list(dict.fromkeys(tenors))}
    )
    chart.add_trace(line("par yield", list(par_pct), par_pct.values(), STYLES[-1], markers=True))
    for style, (name, by_tenor) in zip(STYLES, volatility_bp.items(), strict=False):
        chart.add_trace(
            line(name, list(by_tenor), by_tenor.values(), style, markers=True, panel="2")
        )
    chart.update_layout(yaxis2={"rangemode": "tozero"})
    return chart


def correlation(
    labels: Sequence[str], matrix: Sequence[Sequence[float]], *, where: str
) -> go.Figure:
    """Return correlations as a heat map with its numbers.

    Parameters
    ----------
    labels : sequence of str, length n
    matrix : sequence of sequence of float, n x n
    where : str
        Whose scenarios.
    """
    chart = figure(
        f"Which risk factors move together? {where}",
        Axis("risk factor", "category"),
        Axis("risk factor", "category", reversed=True),
        height=760,
        left=150,
    )
    chart.add_trace(heat(labels, labels, matrix, unit="correlation, no unit"))
    chart.update_layout(margin={"l": 110, "b": 110, "t": 60}, xaxis={"tickangle": -90})
    return chart


def basis_volatility(
    contracts: Sequence[str],
    volatility_bp: Mapping[str, Sequence[float]],
    scenarios: Mapping[str, Sequence[int]],
) -> go.Figure:
    """Return how far each contract's basis moves, over what its scenarios rest on.

    Parameters
    ----------
    contracts : sequence of str, length n
    volatility_bp : mapping of series to sequence of float, length n
        Basis points; not a number where nothing was estimated.
    scenarios : mapping of origin to sequence of int, length n
        How many scenarios are a contract's own, a neighbour's, redrawn.
    """
    chart = figure(
        "How far does each contract's cash-futures basis move, and whose history is it?",
        Axis("contract", "category"),
        Axis("standard deviation, bp", ticks="~g", domain=_UPPER),
        lower=(
            Axis("contract", "category"),
            Axis("scenarios, count", ticks=",d", domain=_LOWER),
        ),
        height=560,
        barmode="stack",
    )
    chart.update_layout(
        # Both panels from one half to the other, so that a contract stands above itself.
        xaxis={
            "categoryorder": "array",
            "categoryarray": list(contracts),
            "range": [-0.5, len(contracts) - 0.5],
        },
        xaxis2={"range": [-0.5, len(contracts) - 0.5]},
        yaxis={"rangemode": "tozero"},
    )
    for style, (name, values) in zip(STYLES, volatility_bp.items(), strict=False):
        chart.add_trace(points(name, contracts, values, style))
    for style, (name, counts) in zip(STYLES[2:], scenarios.items(), strict=False):
        chart.add_trace(bars(name, contracts, counts, style, panel="2"))
    return chart


def key_rate_dv01(tenors: Sequence[str], legs: Mapping[str, Sequence[float]]) -> go.Figure:
    """Return the DV01 of both legs by key rate.

    Parameters
    ----------
    tenors : sequence of str, length n
    legs : mapping of leg to sequence of float, length n
        Dollars per basis point, positive where the leg gains from a fall of the rate.
    """
    chart = figure(
        "At which key rates do the two legs offset?",
        Axis("key rate, tenor", "category"),
        Axis("DV01, dollars per bp", ticks=",~f"),
    )
    for style, (name, values) in zip(STYLES, legs.items(), strict=False):
        chart.add_trace(bars(name, tenors, values, style))
    return chart
