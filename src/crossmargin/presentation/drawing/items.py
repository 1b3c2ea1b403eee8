"""What a drawing is made of, and a drawing as SVG. Pixels, the origin at the top left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points; ``dash`` is lengths on and off, empty for an unbroken one."""

    points: Sequence[Point]
    color: str
    width: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon, with an outline where ``edge`` names a colour."""

    points: Sequence[Point]
    fill: str
    edge: str = ""
    edge_width: float = 0.8


@dataclass(frozen=True, slots=True)
class Words:
    """Text at a point: ``anchor`` start, middle or end; ``turned`` reads upwards."""

    at: Point
    text: str
    size: float
    color: str
    anchor: str = "start"
    turned: bool = False
    bold: bool = False


Item = Stroke | Shape | Words


@dataclass(frozen=True, slots=True)
class Drawing:
    """Items in the order in which they are drawn."""

    width: float
    height: float
    title: str
    items: tuple[Item, ...]


def svg_of(drawing: Drawing) -> str:
    """Return the drawing as an SVG element that fits the width that it is given."""
    width, height = _number(drawing.width), _number(drawing.height)
    parts = [
        f'<svg class="drawn" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(drawing.title, quote=True)}" xmlns="http://www.w3.org/2000/svg">'
    ]
    parts += [_svg_item(item) for item in drawing.items]
    return "".join([*parts, "</svg>"])


def _svg_item(item: Item) -> str:
    if isinstance(item, Words):
        x, y = _number(item.at[0]), _number(item.at[1])
        turn = f' transform="rotate(-90 {x} {y})"' if item.turned else ""
        weight = ' font-weight="bold"' if item.bold else ""
        return (
            f'<text x="{x}" y="{y}" font-size="{_number(item.size)}" fill="{item.color}" '
            f'text-anchor="{item.anchor}"{weight}{turn}>{escape(item.text)}</text>'
        )
    path = " ".join(f"{_number(x)},{_number(y)}" for x, y in item.points)
    if isinstance(item, Shape):
        edge = f' stroke="{item.edge}" stroke-width="{item.edge_width}"' if item.edge else ""
        return f'<polygon points="{path}" fill="{item.fill}"{edge}/>'
    dash = " ".join(_number(length) for length in item.dash)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{item.color}" '
        f'stroke-width="{_number(item.width)}" stroke-linejoin="round"{dashed}/>'
    )


def _number(value: float) -> str:
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0")
        if abs(value) < 1
        else (f"{value:.1f}".removesuffix(".0"))
    )
