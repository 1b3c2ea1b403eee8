"""A figure of the room ``charts`` as a drawing: panels, axes, legend, and the traces it uses.

Lines, markers, bars and heat maps, on axes of numbers, dates and labels, in one panel or several.
Widths of words are estimated: a drawing needs no font.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.drawing.items import Drawing, Item, Point, Shape, Stroke, Words
from crossmargin.presentation.drawing.marks import DASHES, hatched, marker
from crossmargin.presentation.drawing.panels import (
    Panel,
    axis_name,
    frame_of,
    legend_items,
    panels_of,
    shown,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_TITLE_SIZE, _SMALL = 15.0, 9.0
_BAR_GAP = 0.25
_KINDS = ("scatter", "bar", "heatmap")


def drawing_of(figure: go.Figure) -> Drawing:
    """Return the figure as a drawing.

    Raises
    ------
    ValueError
        If it holds a trace, an axis or a marker that is not drawn.
    """
    document: Mapping[str, Any] = figure.to_plotly_json()
    traces: Sequence[Mapping[str, Any]] = document["data"]
    layout: Mapping[str, Any] = document["layout"]
    for trace in traces:
        if trace["type"] not in _KINDS:
            raise ValueError(f"a trace of kind {trace['type']!r} is not drawn")
    frame = frame_of(layout, traces)
    panels = panels_of(layout, traces, frame)
    title = layout["title"]["text"]
    ink = layout["font"]["color"]
    items: list[Item] = [
        Shape(
            [(0, 0), (frame.width, 0), (frame.width, frame.height), (0, frame.height)],
            layout["paper_bgcolor"],
        ),
        Words((10.0, 24.0), title, _TITLE_SIZE, ink, bold=True),
        *legend_items([trace for trace in traces if shown(trace, traces)], frame, ink),
    ]
    for panel in panels:
        items += panel.background(ink)
    for panel in panels:
        own = [trace for trace in traces if axis_name(trace) == panel.name]
        bars = [trace for trace in own if trace["type"] == "bar"]
        items += _bars(panel, bars, layout.get("barmode", "group"))
        for trace in own:
            if trace["type"] != "bar":
                items += _trace(panel, trace, ink)
        items += panel.frame(ink)
    return Drawing(frame.width, frame.height, title, tuple(items))


def _trace(panel: Panel, trace: Mapping[str, Any], ink: str) -> Iterator[Item]:
    yield from _heat(panel, trace, ink) if trace["type"] == "heatmap" else _scatter(panel, trace)


def _scatter(panel: Panel, trace: Mapping[str, Any]) -> Iterator[Item]:
    runs = _runs(panel, trace)
    mode = trace.get("mode", "lines")
    if "lines" in mode:
        look = trace["line"]
        for run in runs:
            path = _stepped(run) if look.get("shape") == "hv" else run
            yield Stroke(path, look["color"], float(look["width"]), DASHES[look["dash"]])
    if "markers" in mode:
        for run in runs:
            for at in run:
                yield marker(at, trace["marker"])


def _runs(panel: Panel, trace: Mapping[str, Any]) -> list[list[Point]]:
    """Return the trace's points, cut where one is missing."""
    runs: list[list[Point]] = [[]]
    for x, y in zip(trace["x"], trace["y"], strict=True):
        if x is None or y is None:
            runs.append([])
        else:
            runs[-1].append((panel.x.pixel(panel.x.value(x)), panel.y.pixel(panel.y.value(y))))
    return [run for run in runs if run]


def _stepped(run: Sequence[Point]) -> list[Point]:
    path = [run[0]]
    for at in run[1:]:
        path += [(at[0], path[-1][1]), at]
    return path


def _bars(panel: Panel, traces: Sequence[Mapping[str, Any]], mode: str) -> Iterator[Item]:
    ends: dict[tuple[str, bool], float] = {}
    for place, trace in enumerate(traces):
        lying = trace.get("orientation") == "h"
        along, across = (panel.x, panel.y) if lying else (panel.y, panel.x)
        lengths, labels = (trace["x"], trace["y"]) if lying else (trace["y"], trace["x"])
        bases = trace.get("base") or [0.0] * len(lengths)
        room = across.step_pixels * (1.0 - _BAR_GAP)
        thick = room / len(traces) if mode == "group" else room
        shift = (place + 0.5) * thick - room / 2.0 if mode == "group" else 0.0
        for label, length, base in zip(labels, lengths, bases, strict=True):
            if length is None:
                continue
            first = float(base)
            if mode == "stack":
                first = ends.get((str(label), length < 0), first)
                ends[str(label), length < 0] = first + length
            middle = across.pixel(across.value(label)) + shift
            one, two = along.pixel(first), along.pixel(first + length)
            low, size = min(one, two), abs(two - one)
            box = (low, middle - thick / 2, size, thick)
            yield from hatched(
                *(box if lying else (middle - thick / 2, low, thick, size)), trace["marker"]
            )


def _heat(panel: Panel, trace: Mapping[str, Any], ink: str) -> Iterator[Item]:
    wide, high = panel.x.step_pixels, panel.y.step_pixels
    for row, label in enumerate(trace["y"]):
        for column, other in enumerate(trace["x"]):
            value = trace["z"][row][column]
            x = panel.x.pixel(panel.x.value(other))
            y = panel.y.pixel(panel.y.value(label))
            left, top = x - wide / 2 + 0.5, y - high / 2 + 0.5
            corners = [
                (left, top),
                (left + wide - 1, top),
                (left + wide - 1, top + high - 1),
                (left, top + high - 1),
            ]
            share = (value - trace["zmin"]) / (trace["zmax"] - trace["zmin"])
            yield Shape(corners, shade(trace["colorscale"], share))
            text = trace["text"][row][column]
            yield Words((x, y + _SMALL / 3), text, _SMALL, ink, anchor="middle")
    unit = trace["colorbar"]["title"]["text"]
    at = (panel.right, panel.top - 8.0)
    yield Words(at, f"numbers in the cells: {unit}", 11.0, ink, anchor="end")


def shade(scale: Sequence[Sequence[Any]], share: float) -> str:
    """Return the colour of a share of a colour scale, mixed between its two neighbours.

    Examples
    --------
    >>> shade([[0.0, "#000000"], [1.0, "#ffffff"]], 0.5)
    '#808080'
    """
    share = min(max(share, 0.0), 1.0)
    for (low, one), (high, two) in pairwise(scale):
        if low <= share <= high:
            part = (share - low) / (high - low)
            mixed = (
                round(int(one[at : at + 2], 16) * (1 - part) + int(two[at : at + 2], 16) * part)
                for at in (1, 3, 5)
            )
            return "#" + "".join(f"{each:02x}" for each in mixed)
    raise ValueError(f"a colour scale from 0 to 1 has no {share}")
