"""A4 paper: text, rules and tables in the core fonts that every reader has.

The date in the file is given, so that equal documents are equal files.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from crossmargin.methodology.values import Table
from crossmargin.presentation.pack_words import in_core_font
from crossmargin.presentation.paper_table import write_table

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN, WIDTH, BOTTOM = 16.0, 178.0, 277.0
_ACROSS_WIDTH, _ACROSS_BOTTOM = 265.0, 190.0
INK, SOFT = "#1a1a1a", "#555555"


class Paper:
    """Pages with a foot, written from top to bottom.

    Parameters
    ----------
    title : str
        Of the file.
    foot : str
        Of every page.
    on : date
        The date in the file.
    is_across : bool
        Whether the longer side of a page is its width.

    Attributes
    ----------
    pdf : FPDF
    width, bottom : float
        Of what is written, and where it ends, millimetres.
    """

    def __init__(self, *, title: str, foot: str, on: date, is_across: bool = False) -> None:
        from fpdf import FPDF

        width = _ACROSS_WIDTH if is_across else WIDTH

        class Pages(FPDF):
            """Pages with a foot."""

            def footer(self) -> None:
                self.set_y(-12)
                self.set_font("Helvetica", "", 7.5)
                self.set_text_color(SOFT)
                self.cell(width * 0.8, 5, in_core_font(foot))
                self.cell(width * 0.2, 5, f"{self.page_no()}", align="R")

        self.width, self.bottom = width, _ACROSS_BOTTOM if is_across else BOTTOM
        orientation = "landscape" if is_across else "portrait"
        self.pdf: FPDF = Pages(orientation=orientation, format="A4", unit="mm")
        self.pdf.core_fonts_encoding = "cp1252"
        self.pdf.set_creation_date(datetime.combine(on, time(), tzinfo=UTC))
        self.pdf.set_title(in_core_font(title))
        self.pdf.set_creator("Crossmargin")
        self.pdf.set_lang("en")
        self.pdf.set_margins(MARGIN, 16, MARGIN)
        self.pdf.set_auto_page_break(auto=True, margin=20)

    def text(
        self,
        text: str,
        *,
        size: float,
        style: str = "",
        color: str = INK,
        family: str = "Helvetica",
        gap: float = 0.0,
    ) -> None:
        """Write text over the whole width, and a gap in millimetres after it."""
        self.pdf.set_font(family, style, size)
        self.pdf.set_text_color(color)
        self.pdf.multi_cell(
            self.width, size * 0.48, in_core_font(text), align="L", new_x="LMARGIN", new_y="NEXT"
        )
        self.pdf.ln(gap)

    def rule(self) -> None:
        """Draw a line over the whole width."""
        self.pdf.set_draw_color(INK)
        self.pdf.set_line_width(0.6)
        self.pdf.line(MARGIN, self.pdf.get_y(), MARGIN + self.width, self.pdf.get_y())
        self.pdf.ln(2)

    def room_for(self, millimetres: float) -> None:
        """Begin a page if less than this is left of one."""
        if self.pdf.get_y() > self.bottom - millimetres:
            self.pdf.add_page()

    def table(self, block: Table, *, spare_max: float = math.inf) -> None:
        """Write a table under its title, over as many pages as it takes.

        Parameters
        ----------
        block : Table
        spare_max : float
            No column is wider by more than this than what it holds, millimetres.
        """
        self.room_for(35)
        self.text(block.title, size=8.5, style="B", gap=1)
        write_table(
            self.pdf,
            block,
            left=MARGIN,
            width=self.width,
            bottom=self.bottom,
            spare_max=spare_max,
        )
        self.pdf.set_x(MARGIN)
        self.pdf.ln(3)
