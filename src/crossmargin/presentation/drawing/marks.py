"""Markers, dashes and hatching: what tells series apart where there is no colour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from crossmargin.presentation.drawing.items import Item, Point, Shape, Stroke

DASHES: Mapping[str, tuple[float, ...]] = {
    "solid": (),
    "dash": (9.0, 5.0),
    "dot": (2.0, 3.5),
    "dashdot": (9.0, 3.5, 2.0, 3.5),
    "longdash": (15.0, 5.0),
    "longdashdot": (15.0, 4.0, 2.0, 4.0),
}
_ARM = 0.36
_PLUS = (
    *((-_ARM, -1.0), (_ARM, -1.0), (_ARM, -_ARM), (1.0, -_ARM)),
    *((1.0, _ARM), (_ARM, _ARM), (_ARM, 1.0), (-_ARM, 1.0)),
    *((-_ARM, _ARM), (-1.0, _ARM), (-1.0, -_ARM), (-_ARM, -_ARM)),
)
_HALF = math.sqrt(0.5)
_OUTLINES: Mapping[str, tuple[Point, ...]] = {
    "circle": tuple(
        (math.cos(math.pi * part / 9.0), math.sin(math.pi * part / 9.0)) for part in range(18)
    ),
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
    "triangle-up": ((0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "triangle-down": ((0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
    "cross": _PLUS,
    "x": tuple((_HALF * (x - y), _HALF * (x + y)) for x, y in _PLUS),
}


def marker(at: Point, look: Mapping[str, Any]) -> Shape:
    """Return a marker at a point.

    Raises
    ------
    ValueError
        If its symbol is none that ``charts`` uses.
    """
    symbol = look.get("symbol", "circle")
    if symbol not in _OUTLINES:
        raise ValueError(f"a marker {symbol!r} is not drawn")
    radius = float(look.get("size", 8)) / 2.0
    outline = [(at[0] + x * radius, at[1] + y * radius) for x, y in _OUTLINES[symbol]]
    edge = look.get("line") or {}
    return Shape(outline, look["color"], edge.get("color", ""), 0.7)


def hatched(
    left: float, top: float, width: float, height: float, look: Mapping[str, Any]
) -> Iterator[Item]:
    """Yield a bar: its colour, its hatching, its outline."""
    corners = [
        (left, top),
        (left + width, top),
        (left + width, top + height),
        (left, top + height),
    ]
    yield Shape(corners, look["color"])
    pattern = look.get("pattern") or {}
    ink, shape = pattern.get("fgcolor", "#ffffff"), pattern.get("shape", "")
    spacing = float(pattern.get("size", 7))
    for stroke in _hatching(shape, left, top, width, height, spacing=spacing):
        yield Stroke(stroke, ink, 1.2)
    edge = look.get("line") or {}
    if edge:
        yield Stroke([*corners, corners[0]], edge["color"], 0.8)


def _hatching(
    shape: str, left: float, top: float, width: float, height: float, *, spacing: float
) -> Iterator[list[Point]]:
    if shape in ("/", "x"):
        yield from _slanted(left, top, width, height, spacing=spacing, rising=True)
    if shape in ("\\", "x"):
        yield from _slanted(left, top, width, height, spacing=spacing, rising=False)
    if shape == "-":
        for y in _between(top, height, spacing):
            yield [(left, y), (left + width, y)]
    if shape == "|":
        for x in _between(left, width, spacing):
            yield [(x, top), (x, top + height)]
    if shape == ".":
        for y in _between(top, height, spacing):
            for x in _between(left, width, spacing):
                yield [(x - 0.6, y), (x + 0.6, y)]


def _between(start: float, length: float, spacing: float) -> Iterator[float]:
    count = int(length / spacing)
    first = start + (length - spacing * max(count - 1, 0)) / 2.0
    for place in range(count):
        yield first + place * spacing


def _slanted(
    left: float, top: float, width: float, height: float, *, spacing: float, rising: bool
) -> Iterator[list[Point]]:
    """Yield lines at 45 degrees, cut at the bar's edges."""
    for place in range(1, int((width + height) / spacing) + 1):
        along = place * spacing
        # From the left edge or the far side, to the top or the right edge.
        x0, y0 = max(0.0, along - height), min(along, height)
        x1, y1 = min(along, width), max(0.0, along - width)
        if rising:
            yield [(left + x0, top + y0), (left + x1, top + y1)]
        else:
            yield [(left + x0, top + height - y0), (left + x1, top + height - y1)]
