"""A drawing on a page of a PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossmargin.presentation.drawing.items import Drawing, Shape, Stroke, Words
from crossmargin.presentation.pack_words import in_core_font

if TYPE_CHECKING:
    from fpdf import FPDF

_POINTS_PER_MM = 72 / 25.4


def draw(pdf: FPDF, drawing: Drawing, *, left: float, top: float, width: float) -> None:
    """Draw on the current page.

    Parameters
    ----------
    pdf : FPDF
        In millimetres.
    drawing : Drawing
    left, top, width : float
        Where the drawing lies and how wide it is, millimetres.
    """
    scale = width / drawing.width

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return left + point[0] * scale, top + point[1] * scale

    for item in drawing.items:
        if isinstance(item, Words):
            _write(pdf, item, at(item.at), scale)
        elif isinstance(item, Shape):
            pdf.set_fill_color(item.fill)
            if item.edge:
                pdf.set_draw_color(item.edge)
                pdf.set_line_width(item.edge_width * scale)
            style = "DF" if item.edge else "F"
            pdf.polygon([at(point) for point in item.points], style=style)
        else:
            _stroke(pdf, item, [at(point) for point in item.points], scale)
    pdf.set_dash_pattern()


def _stroke(pdf: FPDF, item: Stroke, points: list[tuple[float, float]], scale: float) -> None:
    pdf.set_draw_color(item.color)
    pdf.set_line_width(item.width * scale)
    if item.dash:
        on, off = item.dash[0] * scale, item.dash[1] * scale
        pdf.set_dash_pattern(on, off)
    else:
        pdf.set_dash_pattern()
    pdf.polyline(points)


def _write(pdf: FPDF, item: Words, at: tuple[float, float], scale: float) -> None:
    text = in_core_font(item.text)
    pdf.set_text_color(item.color)
    pdf.set_font("Helvetica", "B" if item.bold else "", item.size * scale * _POINTS_PER_MM)
    width = pdf.get_string_width(text)
    back = {"start": 0.0, "middle": width / 2, "end": width}[item.anchor]
    if item.turned:
        with pdf.rotation(90, *at):
            pdf.text(at[0] - back, at[1], text)
    else:
        pdf.text(at[0] - back, at[1], text)
