"""Figures of what may change the benefit: dates that leave the window, crowding, knowledge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from crossmargin.charts.look import INK, STYLES, Axis, Style, bars, figure, line, points

_UPPER, _LOWER = (0.5, 1.0), (0.0, 0.34)
_ROW_PIXELS, _FRAME_PIXELS = 40, 190
_MILLION, _PER_CENT = 1e6, 100.0


def roll_off_calendar(
    book: str,
    leaving: Mapping[str, tuple[Sequence[str], Sequence[float]]],
    *,
    as_of: str,
    level_dollars: float,
) -> go.Figure:
    """Return when the scenarios of the tail leave the window, and how large their losses are.

    Parameters
    ----------
    book : str
    leaving : mapping of series to (ISO dates, loss dollars)
        Dates on which each scenario is no longer looked back on.
    as_of : str
        ISO date of the run.
    level_dollars : float
        The figure that the tail sets today.
    """
    chart = figure(
        f"When do the scenarios that set the margin leave the window? {book}",
        Axis("date of leaving", "date"),
        Axis("loss in the scenario, USD million", ticks="~g"),
    )
    last = max((day for days, _ in leaving.values() for day in days), default=as_of)
    chart.add_trace(
        line(
            "figure today",
            [as_of, last],
            [level_dollars / _MILLION] * 2,
            Style(INK, "dot", "circle", ""),
        )
    )
    for style, (name, (days, losses)) in zip(STYLES, leaving.items(), strict=False):
        chart.add_trace(points(name, days, [loss / _MILLION for loss in losses], style))
    return chart


def crowding(
    tenors: Sequence[str],
    dv01_dollars: Mapping[str, Sequence[float]],
    share_of_volume: Mapping[str, Sequence[float]],
) -> go.Figure:
    """Return all customers' DV01 by tenor over its share of what the market trades.

    Parameters
    ----------
    tenors : sequence of str, length n
    dv01_dollars : mapping of series to sequence of float, length n
        Dollars per basis point, long positive.
    share_of_volume : mapping of series to sequence of float, length n
        Plain ratios of a day's volume or of open interest.
    """
    chart = figure(
        "Where do customers stand on the same side, and how much of the market is that?",
        Axis("tenor", "category"),
        Axis("DV01, USD million per bp", ticks="~g", domain=_UPPER),
        lower=(
            Axis("tenor", "category"),
            Axis("share of the market, per cent", ticks="~g", domain=_LOWER),
        ),
        height=580,
    )
    for style, (name, values) in zip(STYLES, dv01_dollars.items(), strict=False):
        chart.add_trace(bars(name, tenors, [value / _MILLION for value in values], style))
    for style, (name, values) in zip(STYLES[2:], share_of_volume.items(), strict=False):
        shares = [value * _PER_CENT for value in values]
        chart.add_trace(line(name, tenors, shares, style, markers=True, panel="2"))
    chart.update_layout(yaxis2={"rangemode": "tozero"})
    return chart


def knowledge(owners: Sequence[str], counts: Mapping[str, Sequence[int]]) -> go.Figure:
    """Return how many parameters of each owner are known how well.

    Parameters
    ----------
    owners : sequence of str, length n
    counts : mapping of status to sequence of int, length n
    """
    chart = figure(
        "How well are the parameters known?",
        Axis("parameters in force, count", ticks="d"),
        Axis("owner", "category", reversed=True),
        height=_FRAME_PIXELS + _ROW_PIXELS * len(owners),
        left=130,
        barmode="stack",
    )
    for style, (status, by_owner) in zip(STYLES, counts.items(), strict=False):
        chart.add_trace(bars(status, owners, by_owner, style, lying=True))
    return chart
