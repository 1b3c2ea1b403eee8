"""Where a figure's panels lie, their axes, and its legend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossmargin.presentation.drawing.items import Item, Stroke, Words
from crossmargin.presentation.drawing.marks import DASHES, hatched, marker
from crossmargin.presentation.drawing.scales import Scale, scale_of

_SIZE, _EM = 12.0, 0.53
_LEGEND_TOP, _LEGEND_ROW, _SAMPLE = 36.0, 18.0, 34.0
_TICK = 5.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The figure's size and the margins around all of its panels, pixels."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes: ``name`` is what its traces call them."""

    name: tuple[str, str]
    x: Scale
    y: Scale
    x_axis: Mapping[str, Any]
    y_axis: Mapping[str, Any]
    has_y_labels: bool
    label_pixels: float

    @property
    def left(self) -> float:
        """Left edge."""
        return min(self.x.start, self.x.stop)

    @property
    def right(self) -> float:
        """Right edge."""
        return max(self.x.start, self.x.stop)

    @property
    def top(self) -> float:
        """Top edge."""
        return min(self.y.start, self.y.stop)

    @property
    def bottom(self) -> float:
        """Bottom edge."""
        return max(self.y.start, self.y.stop)

    def background(self, ink: str) -> Iterator[Item]:
        """Yield grid lines, the labels of the ticks and the titles of the axes."""
        yield from self._x_axis(ink)
        yield from self._y_axis(ink)

    def _x_axis(self, ink: str) -> Iterator[Item]:
        turned = bool(self.x_axis.get("tickangle"))
        for value, text in self.x.ticks:
            at = self.x.pixel(value)
            yield Stroke([(at, self.top), (at, self.bottom)], self.x_axis["gridcolor"], 0.8)
            yield Stroke([(at, self.bottom), (at, self.bottom + _TICK)], ink, 1.0)
            if turned:
                yield Words((at + 4, self.bottom + 8), text, 11.0, ink, "end", turned=True)
            else:
                yield Words((at, self.bottom + 18), text, _SIZE, ink, "middle")
        below = self.bottom + (18 + self.label_pixels if turned else 36)
        middle = (self.left + self.right) / 2
        title = self.x_axis["title"]["text"]
        yield Words((middle, below), title, _SIZE, ink, "middle")

    def _y_axis(self, ink: str) -> Iterator[Item]:
        for value, text in self.y.ticks:
            at = self.y.pixel(value)
            yield Stroke([(self.left, at), (self.right, at)], self.y_axis["gridcolor"], 0.8)
            if self.has_y_labels:
                yield Stroke([(self.left - _TICK, at), (self.left, at)], ink, 1.0)
                yield Words((self.left - 8, at + 4), text, _SIZE, ink, "end")
        if self.has_y_labels:
            widest = max((words_width(text) for _, text in self.y.ticks), default=0.0)
            at_x = max(self.left - widest - 18, 14.0)
            middle = (self.top + self.bottom) / 2
            yield Words(
                (at_x, middle), self.y_axis["title"]["text"], _SIZE, ink, "middle", turned=True
            )

    def frame(self, ink: str) -> Iterator[Item]:
        """Yield both axes' lines, over what was drawn."""
        yield Stroke([(self.left, self.top), (self.left, self.bottom)], ink, 1.2)
        yield Stroke([(self.left, self.bottom), (self.right, self.bottom)], ink, 1.2)


def words_width(text: str, size: float = _SIZE) -> float:
    """Return an estimate of how wide words are, pixels."""
    return len(text) * size * _EM


def axis_name(trace: Mapping[str, Any]) -> tuple[str, str]:
    """Return the names of a trace's axes, as ``("x", "y2")``."""
    return trace.get("xaxis", "x"), trace.get("yaxis", "y")


def shown(trace: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a trace stands in the legend: a series alone needs none."""
    if trace["type"] == "heatmap" or trace.get("showlegend") is False:
        return False
    return len(traces) > 1


def frame_of(layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]) -> Frame:
    """Return the figure's margins, wide enough for legend and labels."""
    margin, width = layout["margin"], float(layout["width"])
    rows = len(_legend_rows([t for t in traces if shown(t, traces)], width))
    labels = [
        words_width(label)
        for name in axes_of(layout, "y")
        if layout[name].get("type") == "category"
        for label in _labels(layout[name], traces, name, "y")
    ]
    left = max(float(margin["l"]), max(labels, default=0.0) + 42)
    top = max(float(margin["t"]), _LEGEND_TOP + rows * _LEGEND_ROW + 16)
    return Frame(width, float(layout["height"]), left, float(margin["r"]), top, float(margin["b"]))


def axes_of(layout: Mapping[str, Any], letter: str) -> list[str]:
    """Return the layout's names of all axes of one direction."""
    return sorted(name for name in layout if name.startswith(f"{letter}axis"))


def panels_of(
    layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]], frame: Frame
) -> list[Panel]:
    """Return every panel that has traces, in the order of its first."""
    panels, labelled = [], set()
    stacked = layout.get("barmode") == "stack"
    for x_name, y_name in dict.fromkeys(axis_name(trace) for trace in traces):
        x_axis, y_axis = (layout[_layout_name(name)] for name in (x_name, y_name))
        across = frame.width - frame.left - frame.right
        down = frame.height - frame.top - frame.bottom
        x_low, x_high = x_axis["domain"]
        y_low, y_high = y_axis["domain"]
        x = scale_of(
            x_axis,
            _values(traces, x_name, "x", stacked=stacked),
            start=frame.left + x_low * across,
            stop=frame.left + x_high * across,
            holds_zero=_has_bars(traces, x_name, lying=True),
        )
        y = scale_of(
            y_axis,
            _values(traces, y_name, "y", stacked=stacked),
            start=frame.top + (1.0 - y_low) * down,
            stop=frame.top + (1.0 - y_high) * down,
            holds_zero=_has_bars(traces, y_name, lying=False),
        )
        longest = max((words_width(text, 11.0) for _, text in x.ticks), default=0.0)
        panels.append(
            Panel((x_name, y_name), x, y, x_axis, y_axis, y_name not in labelled, longest)
        )
        labelled.add(y_name)
    return panels


def legend_items(traces: Sequence[Mapping[str, Any]], frame: Frame, ink: str) -> Iterator[Item]:
    """Yield a sample and the name of every series, in rows under the title."""
    for row, entries in enumerate(_legend_rows(traces, frame.width)):
        y = _LEGEND_TOP + row * _LEGEND_ROW + 8
        for x, trace in entries:
            yield from _sample(trace, x, y)
            yield Words((x + _SAMPLE, y + 4), str(trace["name"]), _SIZE, ink)


def _legend_rows(
    traces: Sequence[Mapping[str, Any]], width: float
) -> list[list[tuple[float, Mapping[str, Any]]]]:
    rows: list[list[tuple[float, Mapping[str, Any]]]] = []
    at = width
    for trace in traces:
        needs = _SAMPLE + words_width(str(trace["name"])) + 18
        if at + needs > width:
            rows.append([])
            at = 12.0
        rows[-1].append((at, trace))
        at += needs
    return rows


def _sample(trace: Mapping[str, Any], x: float, y: float) -> Iterator[Item]:
    if trace["type"] == "bar":
        yield from hatched(x, y - 6, 26, 12, trace["marker"])
        return
    mode = trace.get("mode", "lines")
    if "lines" in mode:
        look = trace["line"]
        width = max(float(look["width"]), 1.4)
        yield Stroke([(x, y), (x + 28, y)], look["color"], width, DASHES[look["dash"]])
    if "markers" in mode:
        yield marker((x + 14, y), trace["marker"])


def _layout_name(name: str) -> str:
    return f"{name[0]}axis{name[1:]}"


def _values(
    traces: Sequence[Mapping[str, Any]], name: str, letter: str, *, stacked: bool
) -> list[Any]:
    """Return every value on an axis, the ends of bars that begin elsewhere or stand on others."""
    place = "xy".index(letter)
    own = [trace for trace in traces if axis_name(trace)[place] == name]
    found: list[Any] = []
    height: dict[str, float] = {}
    for trace in own:
        values = list(trace[letter])
        is_length = trace["type"] == "bar" and (trace.get("orientation") == "h") == (letter == "x")
        if is_length:
            labels = trace["y" if letter == "x" else "x"]
            bases = trace.get("base") or [0.0] * len(values)
            for label, value, base in zip(labels, values, bases, strict=True):
                if value is not None:
                    height[label] = height.get(label, 0.0) + max(value, 0.0)
                    found += [base + value, base, *([height[label]] if stacked else ())]
        else:
            found += values
    return found


def _labels(
    axis: Mapping[str, Any], traces: Sequence[Mapping[str, Any]], name: str, letter: str
) -> list[str]:
    short = name.replace("axis", "")
    return [str(value) for value in _values(traces, short, letter, stacked=False)] + list(
        axis.get("categoryarray") or ()
    )


def _has_bars(traces: Sequence[Mapping[str, Any]], name: str, *, lying: bool) -> bool:
    """Return whether bars that begin at zero lie along the axis."""
    place = 0 if lying else 1
    return any(
        trace["type"] == "bar"
        and (trace.get("orientation") == "h") is lying
        and axis_name(trace)[place] == name
        and not trace.get("base")
        for trace in traces
    )
