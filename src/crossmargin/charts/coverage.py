"""Figures of backtests: margin beside loss, coverage by book, and what coverage costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from crossmargin.charts.look import (
    GRID_INK,
    INK,
    STYLES,
    Axis,
    Style,
    figure,
    line,
    points,
    upright,
)

_LOSS = Style("#8c8c8c", "solid", "circle", "")
_TARGET = Style(INK, "dot", "circle", "")
_UPPER, _LOWER = (0.57, 1.0), (0.0, 0.4)
_ROW_PIXELS, _FRAME_PIXELS = 24, 190


def margin_against_loss(
    book: str,
    dates: Sequence[str],
    *,
    margins: Mapping[str, Sequence[float]],
    losses: Sequence[float],
    exceptions: Mapping[str, Sequence[bool]],
    unit: str,
) -> go.Figure:
    """Return margins and realised losses through time, with exceptions marked.

    Parameters
    ----------
    book : str
    dates : sequence of str, length n
        ISO margin dates.
    margins : mapping of series to sequence of float, length n
    losses : sequence of float, length n
        Gains are negative: the figure shows them below zero.
    exceptions : mapping of series to sequence of bool, length n
        Which losses went beyond that margin; marked at the loss.
    unit : str
    """
    chart = figure(
        f"Did margin cover the loss that followed? {book}",
        Axis("margin date", "date"),
        Axis(unit, ticks="~g"),
        height=460,
    )
    loss = line("realised loss", dates, losses, _LOSS)
    loss.line.width = 0.8
    chart.add_trace(loss)
    for style, (name, values) in zip(STYLES, margins.items(), strict=False):
        chart.add_trace(line(name, dates, values, style, step=True))
    for style, (name, marked) in zip(STYLES, exceptions.items(), strict=False):
        places = [place for place, beyond in enumerate(marked) if beyond]
        if places:
            chart.add_trace(
                points(
                    f"beyond {name}",
                    [dates[place] for place in places],
                    [losses[place] for place in places],
                    Style(style.color, style.dash, _marker_of(style), ""),
                    size=8,
                )
            )
    return chart


def coverage_by_maturity(
    years: Mapping[str, Sequence[int]],
    coverage_pct: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    target_pct: float,
) -> go.Figure:
    """Return coverage of one bond at a time by maturity, long over short, against the target.

    Parameters
    ----------
    years : mapping of side to sequence of int
        Maturities of ``long`` and ``short`` books.
    coverage_pct : mapping of side to mapping of model to sequence of float
    target_pct : float
    """
    upper, lower = list(years)
    chart = figure(
        "Which single bonds are covered as often as promised?",
        Axis(f"maturity of the {upper} bond, years", ticks="d"),
        Axis("coverage, per cent", ticks=".1f", domain=_UPPER),
        lower=(
            Axis(f"maturity of the {lower} bond, years", ticks="d"),
            Axis("coverage, per cent", ticks=".1f", domain=_LOWER),
        ),
        height=620,
    )
    for panel, side in (("", upper), ("2", lower)):
        ends = [years[side][0], years[side][-1]]
        target = line("target", ends, [target_pct] * 2, _TARGET, panel=panel)
        target.showlegend = not panel
        chart.add_trace(target)
        for style, (model, values) in zip(STYLES, coverage_pct[side].items(), strict=False):
            trace = line(model, years[side], values, style, markers=True, panel=panel)
            trace.showlegend = not panel
            chart.add_trace(trace)
    return chart


def coverage_by_book(
    books: Sequence[str], coverage_pct: Mapping[str, Sequence[float]], *, target_pct: float
) -> go.Figure:
    """Return coverage book by book against the target.

    Parameters
    ----------
    books : sequence of str, length n
    coverage_pct : mapping of model to sequence of float, length n
    target_pct : float
    """
    chart = figure(
        "Which books are covered as often as promised?",
        Axis("coverage, per cent", ticks=".1f"),
        Axis("book", "category", reversed=True),
        height=_FRAME_PIXELS + _ROW_PIXELS * len(books),
        left=170,
    )
    chart.add_trace(upright("target", target_pct, books, _TARGET))
    for style, (model, values) in zip(STYLES, coverage_pct.items(), strict=False):
        chart.add_trace(points(model, values, books, style))
    return chart


def procyclicality(
    books: Sequence[str],
    measures: Mapping[str, Mapping[str, Sequence[float]]],
) -> go.Figure:
    """Return coverage, cost and how margin rises side by side: a trade-off, read across a row.

    Parameters
    ----------
    books : sequence of str, length n
    measures : mapping of axis title to mapping of model to sequence of float, length n
        One panel each, in order.
    """
    count = len(measures)
    gap = 0.03
    width = (1.0 - gap * (count - 1)) / count
    chart = figure(
        "What does coverage cost, and how fast does margin rise when markets do not rest?",
        Axis(next(iter(measures)), ticks="~g", domain=(0.0, width)),
        Axis("book", "category", reversed=True),
        height=_FRAME_PIXELS + _ROW_PIXELS * len(books),
        left=130,
    )
    chart.update_layout(
        yaxis={"categoryorder": "array", "categoryarray": list(books), "gridcolor": GRID_INK}
    )
    for place, (title, by_model) in enumerate(measures.items()):
        panel = str(place + 1) if place else ""
        first = place * (width + gap)
        axis = Axis(title, ticks="~g", domain=(first, min(first + width, 1.0)))
        chart.update_layout({f"xaxis{panel}": axis.as_layout(anchor="y", nticks=5)})
        for style, (model, values) in zip(STYLES, by_model.items(), strict=False):
            trace = points(model, values, books, style)
            trace.xaxis = f"x{panel}"
            trace.showlegend = not place
            chart.add_trace(trace)
    return chart


def _marker_of(style: Style) -> str:
    # A triangle says exception in every figure; another margin's exceptions point the other way.
    return "triangle-up" if style is STYLES[0] else "triangle-down"
