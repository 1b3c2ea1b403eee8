"""The one look of every figure: legible in grey print and by colour-blind readers.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), in an order of falling
darkness, so that neighbours differ in grey too. No figure relies on colour alone: lines differ by
dash and marker, bars by hatching. Titles are questions; every axis names its unit. Fonts are those
of the reader's machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import plotly.offline

FONT = "Helvetica, Arial, sans-serif"
INK, GRID_INK, PAPER = "#1a1a1a", "#d5d5d5", "#ffffff"
BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PURPLE, YELLOW = "#56B4E9", "#CC79A7", "#F0E442"
FONT_SIZE, TITLE_SIZE = 12, 15
WIDTH, HEIGHT = 920, 430
#: Where the plot area lies within a panel, left, right, top and bottom.
MARGIN = {"l": 76, "r": 24, "t": 96, "b": 58}
_SIGNIFICANT = 6


@dataclass(frozen=True, slots=True)
class Style:
    """How one series is told from the others: colour, dash, marker and hatching."""

    color: str
    dash: str
    marker: str
    pattern: str


STYLES: tuple[Style, ...] = (
    Style(BLUE, "solid", "circle", ""),
    Style(VERMILION, "dash", "square", "/"),
    Style(GREEN, "dot", "diamond", "x"),
    Style(ORANGE, "dashdot", "triangle-up", "."),
    Style(PURPLE, "longdash", "cross", "\\"),
    Style(SKY, "longdashdot", "x", "-"),
    Style(INK, "solid", "triangle-down", "|"),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: what it shows, its unit in the title, and how its figures are written.

    Parameters
    ----------
    title : str
    kind : str
        ``linear``, ``category`` or ``date``.
    ticks : str
        Format of the figures, as in d3-format; empty for plain.
    span : tuple of float, optional
        Ends, where they are not for the data to say.
    domain : tuple of float
        Share of the figure's height (or width) that the axis takes.
    reversed : bool
        Whether the first category is at the top.
    """

    title: str
    kind: str = "linear"
    ticks: str = ""
    span: tuple[float, float] | None = None
    domain: tuple[float, float] = (0.0, 1.0)
    reversed: bool = False

    def as_layout(self, **more: Any) -> dict[str, Any]:
        """Return Plotly's axis."""
        layout: dict[str, Any] = {
            "title": {"text": self.title, "standoff": 8},
            "type": self.kind,
            "domain": list(self.domain),
            "gridcolor": GRID_INK,
            "linecolor": INK,
            "showline": True,
            "ticks": "outside",
            "tickcolor": INK,
            "zeroline": False,
            "automargin": True,
            **more,
        }
        if self.ticks:
            layout["tickformat"] = self.ticks
        if self.span is not None:
            layout["range"] = list(self.span)
        if self.reversed:
            layout["autorange"] = "reversed"
        return layout


def figure(
    question: str,
    x: Axis,
    y: Axis,
    *,
    lower: tuple[Axis, Axis] | None = None,
    height: int = HEIGHT,
    left: int | None = None,
    barmode: str = "group",
) -> go.Figure:
    """Return an empty figure in the one look.

    Parameters
    ----------
    question : str
        The title.
    x, y : Axis
    lower : tuple of Axis, optional
        Axes of a second panel under the first: traces name them ``x2`` and ``y2``.
    height : int
        Pixels.
    left : int, optional
        Left margin, for long labels.
    barmode : str
    """
    layout: dict[str, Any] = {
        "template": "none",
        "title": {"text": question, "font": {"size": TITLE_SIZE}, "x": 0.0, "xref": "container"},
        "font": {"family": FONT, "size": FONT_SIZE, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "width": WIDTH,
        "height": height,
        "margin": {**MARGIN, "l": MARGIN["l"] if left is None else left},
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "x": 0.0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
        },
        "barmode": barmode,
        "bargap": 0.25,
        "xaxis": x.as_layout(anchor="y"),
        "yaxis": y.as_layout(anchor="x"),
    }
    layout["title"]["pad"] = {"l": 10}
    if lower is not None:
        layout["xaxis2"] = lower[0].as_layout(anchor="y2")
        layout["yaxis2"] = lower[1].as_layout(anchor="x2")
    return go.Figure(layout=layout)


def line(
    name: str,
    x: Sequence[Any],
    y: Iterable[float],
    style: Style,
    *,
    markers: bool = False,
    panel: str = "",
    step: bool = False,
) -> go.Scatter:
    """Return a series as a line, with markers where its points count.

    Parameters
    ----------
    name : str
    x : sequence
        Numbers, ISO dates or labels.
    y : iterable of float
    style : Style
    markers : bool
    panel : str
        ``2`` for the lower panel.
    step : bool
        Whether a value holds until the next, as a requirement does.
    """
    return go.Scatter(
        name=name,
        x=list(x),
        y=plain(y),
        mode="lines+markers" if markers else "lines",
        line={"color": style.color, "dash": style.dash, "width": 2, "shape": _shape(step)},
        marker={"color": style.color, "symbol": style.marker, "size": 8},
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
    )


def upright(name: str, x: float, labels: Sequence[str], style: Style) -> go.Scatter:
    """Return an upright line at one value, from the first label to the last."""
    trace = line(name, [x, x], [0.0, 0.0], style)
    trace.x = plain([x, x])
    trace.y = [labels[0], labels[-1]]
    return trace


def points(
    name: str, x: Sequence[Any], y: Sequence[Any], style: Style, *, panel: str = "", size: int = 9
) -> go.Scatter:
    """Return a series as markers alone; either axis may be the one of labels."""
    return go.Scatter(
        name=name,
        x=_either(x),
        y=_either(y),
        mode="markers",
        marker={
            "color": style.color,
            "symbol": style.marker,
            "size": size,
            "line": {"color": INK, "width": 1},
        },
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
    )


def bars(
    name: str,
    labels: Sequence[str],
    values: Iterable[float],
    style: Style,
    *,
    panel: str = "",
    lying: bool = False,
    base: Sequence[float] | None = None,
    text: Sequence[str] | None = None,
) -> go.Bar:
    """Return a series as hatched bars, upright or lying.

    Parameters
    ----------
    name : str
    labels : sequence of str
    values : iterable of float
    style : Style
    panel : str
    lying : bool
    base : sequence of float, optional
        Where each bar begins; zero if left out.
    text : sequence of str, optional
        Beside each bar.
    """
    lengths = plain(values)
    more: dict[str, Any] = {} if base is None else {"base": plain(base)}
    if text is not None:
        more |= {"text": list(text), "textposition": "outside", "cliponaxis": False}
    return go.Bar(
        name=name,
        x=lengths if lying else list(labels),
        y=list(labels) if lying else lengths,
        orientation="h" if lying else "v",
        marker={
            "color": style.color,
            "line": {"color": INK, "width": 1},
            # Light strokes on the colour: the hatching is what is left of it in grey.
            "pattern": {
                "shape": style.pattern,
                "fillmode": "overlay",
                "fgcolor": PAPER,
                "fgopacity": 1.0,
                "size": 7,
                "solidity": 0.25,
            },
        },
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
        **more,
    )


def heat(
    x: Sequence[str], y: Sequence[str], values: Sequence[Sequence[float]], *, unit: str
) -> go.Heatmap:
    """Return a heat map from -1 to 1 with its numbers in it.

    Dark is far from zero, whatever the sign; the numbers carry the sign.
    """
    rounded = [plain(row) for row in values]
    return go.Heatmap(
        x=list(x),
        y=list(y),
        z=rounded,
        text=[[f"{value:.2f}".replace("-0.00", "0.00") for value in row] for row in rounded],
        texttemplate="%{text}",
        textfont={"size": 9},
        zmin=-1.0,
        zmax=1.0,
        colorscale=[[0.0, VERMILION], [0.5, "#f7f7f7"], [1.0, SKY]],
        colorbar={"title": {"text": unit, "side": "right"}, "thickness": 14},
        xgap=1,
        ygap=1,
    )


def plain(values: Iterable[float]) -> list[float | None]:
    """Return floats of six significant digits; what is not a number is left blank."""
    found: list[float | None] = []
    for value in values:
        number = float(value)
        found.append(float(f"{number:.{_SIGNIFICANT}g}") if math.isfinite(number) else None)
    return found


def script() -> str:
    """Return the script that shows figures in a browser, for inlining: nothing is fetched."""
    text: str = plotly.offline.get_plotlyjs()
    return text


def _shape(step: bool) -> str:
    return "hv" if step else "linear"


def _either(values: Sequence[Any]) -> list[Any]:
    return [value if isinstance(value, str) else plain([value])[0] for value in values]
