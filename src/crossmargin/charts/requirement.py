"""Figures of the requirement and of the saving: today, through time, by parameter, by cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from crossmargin.charts.look import (
    INK,
    STYLES,
    Axis,
    Style,
    bars,
    figure,
    line,
    points,
    upright,
)

_RULE_LINES = (Style(INK, "solid", "circle", ""), Style(INK, "dot", "circle", ""))
_UPPER, _LOWER = (0.42, 1.0), (0.0, 0.26)
_ROW_PIXELS, _FRAME_PIXELS = 26, 190
_MILLION, _PER_CENT = 1e6, 100.0


def saving_by_book(
    books: Sequence[str],
    savings: Mapping[str, Sequence[float]],
    *,
    threshold: float,
    cap: float,
) -> go.Figure:
    """Return each model's saving book by book, between threshold and cap.

    Parameters
    ----------
    books : sequence of str, length n
    savings : mapping of series to sequence of float, length n
        Plain ratios; not a number where a leg is missing.
    threshold, cap : float
        Plain ratios.
    """
    chart = figure(
        "How much do two legs together save, and which model says less?",
        Axis("saving, per cent of the legs alone", ticks="~g"),
        Axis("book", "category", reversed=True),
        height=_FRAME_PIXELS + _ROW_PIXELS * len(books),
        left=200,
    )
    for style, (name, level) in zip(
        _RULE_LINES, (("cap", cap), ("threshold", threshold)), strict=True
    ):
        chart.add_trace(upright(name, level * _PER_CENT, books, style))
    for style, (name, values) in zip(STYLES, savings.items(), strict=False):
        chart.add_trace(points(name, [value * _PER_CENT for value in values], books, style))
    chart.update_layout(yaxis={"categoryorder": "array", "categoryarray": list(books)})
    return chart


def saving_lost(
    causes: Sequence[str], lost: Mapping[str, Sequence[float]], *, book: str
) -> go.Figure:
    """Return what keeps the saving from being whole, cause by cause.

    Parameters
    ----------
    causes : sequence of str, length n
    lost : mapping of model to sequence of float, length n
        Shares of the two stand-alone figures; negative where a cause adds to the saving.
    book : str
    """
    chart = figure(
        f"What keeps the legs from offsetting in full? {book}",
        Axis("saving lost, per cent of the legs alone", ticks="~g"),
        Axis("cause", "category", reversed=True),
        height=_FRAME_PIXELS + 2 * _ROW_PIXELS * len(causes),
        left=330,
    )
    for style, (model, values) in zip(STYLES, lost.items(), strict=False):
        shares = [value * _PER_CENT for value in values]
        chart.add_trace(bars(model, causes, shares, style, lying=True))
    return chart


def saving_against(
    title: str, x: Sequence[float], savings: Mapping[str, Sequence[float]], *, cap: float, unit: str
) -> go.Figure:
    """Return how the saving answers when one assumption moves.

    Parameters
    ----------
    title : str
        The question.
    x : sequence of float, length n
        Values of the assumption, ascending.
    savings : mapping of book to sequence of float, length n
        Plain ratios.
    cap : float
    unit : str
        Title of the axis of the assumption, with its unit.
    """
    chart = figure(title, Axis(unit, ticks="~g"), Axis("saving, per cent", ticks="~g"))
    chart.add_trace(line("cap", [x[0], x[-1]], [cap * _PER_CENT] * 2, _RULE_LINES[0]))
    for style, (book, values) in zip(STYLES, savings.items(), strict=False):
        shares = [value * _PER_CENT for value in values]
        chart.add_trace(line(book, x, shares, style, markers=True))
    return chart


def requirement_through_time(
    book: str,
    dates: Sequence[str],
    *,
    standalone_dollars: Sequence[float],
    requirement_dollars: Sequence[float],
) -> go.Figure:
    """Return the requirement day by day, without the arrangement and with it, over the saving.

    Parameters
    ----------
    book : str
    dates : sequence of str, length n
        ISO dates.
    standalone_dollars, requirement_dollars : sequence of float, length n
    """
    chart = figure(
        f"What would have been required, day by day? {book}",
        Axis("date", "date"),
        Axis("requirement, USD million", ticks="~g", domain=_UPPER),
        lower=(
            Axis("date", "date"),
            Axis("saved, per cent", ticks="~g", domain=_LOWER),
        ),
        height=560,
    )
    alone = [value / _MILLION for value in standalone_dollars]
    together = [value / _MILLION for value in requirement_dollars]
    chart.add_trace(line("each leg alone", dates, alone, STYLES[1], step=True))
    chart.add_trace(line("cross-margined", dates, together, STYLES[0], step=True))
    saved = [_PER_CENT * (1.0 - b / a) if a else 0.0 for a, b in zip(alone, together, strict=True)]
    chart.add_trace(line("saved", dates, saved, STYLES[2], panel="2", step=True))
    chart.update_layout(yaxis={"rangemode": "tozero"}, yaxis2={"rangemode": "tozero"})
    _same_dates(chart, dates)
    return chart


def saving_and_binding(
    book: str,
    dates: Sequence[str],
    *,
    savings: Mapping[str, Sequence[float]],
    binding: Sequence[str],
    sides: Sequence[str],
    cap: float,
) -> go.Figure:
    """Return each model's saving day by day over what decided the reduction.

    Parameters
    ----------
    book : str
    dates : sequence of str, length n
    savings : mapping of series to sequence of float, length n
        Plain ratios.
    binding : sequence of str, length n
    sides : sequence of str
        Everything that may bind, in the order of the axis.
    cap : float
    """
    chart = figure(
        f"How much was saved, and what decided it, day by day? {book}",
        Axis("date", "date"),
        Axis("saving, per cent", ticks="~g", domain=_UPPER),
        lower=(Axis("date", "date"), Axis("what binds", "category", domain=_LOWER)),
        height=560,
        left=190,
    )
    ends = [dates[0], dates[-1]]
    chart.add_trace(line("cap", ends, [cap * _PER_CENT] * 2, _RULE_LINES[1]))
    for style, (name, values) in zip(STYLES, savings.items(), strict=False):
        chart.add_trace(line(name, dates, [value * _PER_CENT for value in values], style))
    chart.update_layout(
        yaxis2={"categoryorder": "array", "categoryarray": list(sides)},
    )
    trace = points("what binds", dates, list(binding), STYLES[-1], panel="2", size=5)
    trace.marker.symbol = "square"
    trace.showlegend = False
    chart.add_trace(trace)
    _same_dates(chart, dates)
    return chart


def stress_losses(
    book: str,
    scenarios: Sequence[str],
    loss_dollars: Sequence[float],
    *,
    requirement_dollars: float,
) -> go.Figure:
    """Return losses under stress against the requirement.

    Parameters
    ----------
    book : str
    scenarios : sequence of str, length n
    loss_dollars : sequence of float, length n
        Gains are negative.
    requirement_dollars : float
    """
    chart = figure(
        f"Which stress would go beyond the requirement? {book}",
        Axis("loss, USD million", ticks="~g"),
        Axis("scenario", "category", reversed=True),
        height=_FRAME_PIXELS + _ROW_PIXELS * len(scenarios),
        left=260,
        barmode="overlay",
    )
    for name, style, wanted in (
        ("within the requirement", STYLES[5], False),
        ("beyond the requirement", STYLES[1], True),
    ):
        kept = [
            (label, loss / _MILLION)
            for label, loss in zip(scenarios, loss_dollars, strict=True)
            if (loss > requirement_dollars) is wanted
        ]
        if kept:
            labels, losses = zip(*kept, strict=True)
            chart.add_trace(bars(name, labels, losses, style, lying=True))
    level = requirement_dollars / _MILLION
    chart.add_trace(upright("requirement", level, scenarios, _RULE_LINES[0]))
    chart.update_layout(yaxis={"categoryorder": "array", "categoryarray": list(scenarios)})
    return chart


def tornado(
    book: str,
    parameters: Sequence[str],
    *,
    low_dollars: Sequence[float],
    base_dollars: float,
    high_dollars: Sequence[float],
) -> go.Figure:
    """Return the requirement at both ends of each parameter's range.

    Parameters
    ----------
    book : str
    parameters : sequence of str, length n
        Largest effect first.
    low_dollars, high_dollars : sequence of float, length n
        The requirement at the low and at the high end.
    base_dollars : float
    """
    chart = figure(
        f"Which uncertain parameter moves the requirement most? {book}",
        Axis("requirement, USD million", ticks="~g"),
        Axis("parameter", "category", reversed=True),
        height=_FRAME_PIXELS + _ROW_PIXELS * len(parameters),
        left=270,
        barmode="overlay",
    )
    base = base_dollars / _MILLION
    for name, style, ends in (
        ("at the low end of its range", STYLES[0], low_dollars),
        ("at the high end of its range", STYLES[1], high_dollars),
    ):
        lengths = [end / _MILLION - base for end in ends]
        chart.add_trace(
            bars(name, parameters, lengths, style, lying=True, base=[base] * len(lengths))
        )
    chart.add_trace(upright("as it is", base, parameters, _RULE_LINES[0]))
    chart.update_layout(yaxis={"categoryorder": "array", "categoryarray": list(parameters)})
    return chart


def _same_dates(chart: go.Figure, dates: Sequence[str]) -> None:
    """Give both panels the same ends: a day stands above itself."""
    ends = [dates[0], dates[-1]]
    chart.update_layout(xaxis={"range": ends}, xaxis2={"range": ends})
