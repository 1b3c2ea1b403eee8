"""A methodology pack as a PDF: text, tables and the same figures, in a reader's own fonts.

Fonts are the core ones that every reader has. The date in the file is the pack's, so that equal
packs are equal files.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from crossmargin.methodology.values import Block, Figure, Pack, Paragraph, Section, Table
from crossmargin.presentation.drawing.pdf import draw
from crossmargin.presentation.drawing.plot import drawing_of
from crossmargin.presentation.pack_table import write_table
from crossmargin.presentation.pack_words import EDITIONS, TITLE, in_core_font

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.outline import OutlineSection

_MARGIN, _WIDTH, _BOTTOM = 16.0, 178.0, 277.0
_INK, _SOFT = "#1a1a1a", "#555555"
_ENTRIES_PER_PAGE = 46


def pack_pdf(pack: Pack, *, digest: str) -> bytes:
    """Return the file.

    Parameters
    ----------
    pack : Pack
    digest : str
        Of the machine-readable copy.
    """
    return bytes(_Writer(pack, digest).written().output())


class _Writer:
    """One pack on its way to paper."""

    def __init__(self, pack: Pack, digest: str) -> None:
        from fpdf import FPDF

        self.pack, self.digest = pack, digest
        foot = in_core_font(f"{TITLE}, {EDITIONS[pack.edition]}, {pack.as_of}")
        if pack.simulated:
            foot = f"SIMULATED MARKET. {foot}"

        class Paper(FPDF):
            """Pages with a foot."""

            def footer(self) -> None:
                self.set_y(-12)
                self.set_font("Helvetica", "", 7.5)
                self.set_text_color(_SOFT)
                self.cell(_WIDTH * 0.8, 5, foot)
                self.cell(_WIDTH * 0.2, 5, f"{self.page_no()}", align="R")

        self.pdf: FPDF = Paper(format="A4", unit="mm")
        self.pdf.core_fonts_encoding = "cp1252"
        self.pdf.set_creation_date(datetime.combine(pack.as_of, time(), tzinfo=UTC))
        self.pdf.set_title(in_core_font(f"{TITLE}, {EDITIONS[pack.edition]}"))
        self.pdf.set_creator("Crossmargin")
        self.pdf.set_lang("en")
        self.pdf.set_margins(_MARGIN, 16, _MARGIN)
        self.pdf.set_auto_page_break(auto=True, margin=20)

    def written(self) -> FPDF:
        """Return the document with everything in it."""
        self._cover()
        for section in self.pack.sections:
            self._section(section)
        return self.pdf

    def _cover(self) -> None:
        pdf = self.pdf
        pdf.add_page()
        pdf.set_y(50)
        self._text("CROSSMARGIN", size=9, color=_SOFT)
        self._text(TITLE, size=26, style="B", gap=3)
        self._text(f"{EDITIONS[self.pack.edition]}, as of {self.pack.as_of}", size=13, color=_SOFT)
        pdf.ln(6)
        for notice in self.pack.notices:
            self._text(notice.text, size=10.5, gap=2)
        pdf.ln(6)
        self._text("Digest of the machine-readable copy", size=8, color=_SOFT)
        self._text(self.digest, size=8, family="Courier")
        entries = sum(1 + len(section.parts) for section in self.pack.sections)
        pdf.add_page()
        pdf.insert_toc_placeholder(_contents, pages=-(-entries // _ENTRIES_PER_PAGE))

    def _section(self, section: Section) -> None:
        pdf = self.pdf
        if pdf.get_y() > _MARGIN + 1:
            pdf.add_page()
        pdf.start_section(in_core_font(section.heading))
        self._text(section.heading, size=16, style="B", gap=1)
        pdf.set_draw_color(_INK)
        pdf.set_line_width(0.6)
        pdf.line(_MARGIN, pdf.get_y(), _MARGIN + _WIDTH, pdf.get_y())
        pdf.ln(2)
        if section.answers:
            self._text(f"Asked for: {section.answers}.", size=8.5, color=_SOFT, gap=1)
        for part in section.parts:
            if pdf.get_y() > _BOTTOM - 45:
                pdf.add_page()
            pdf.ln(3)
            pdf.start_section(in_core_font(part.heading), level=1)
            self._text(part.heading, size=11.5, style="B", gap=1)
            for block in part.blocks:
                self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, Paragraph):
            self._text(block.text, size=9.5, family="Times", gap=2)
        elif isinstance(block, Table):
            self._table(block)
        else:
            self._figure(block)

    def _figure(self, block: Figure) -> None:
        drawing = drawing_of(block.chart)
        room = _BOTTOM - 2 * _MARGIN
        width = min(_WIDTH, room * drawing.width / drawing.height)
        height = width * drawing.height / drawing.width
        if self.pdf.get_y() + height + 10 > _BOTTOM:
            self.pdf.add_page()
        top = self.pdf.get_y() + 1
        draw(self.pdf, drawing, left=_MARGIN + (_WIDTH - width) / 2, top=top, width=width)
        self.pdf.set_y(top + height + 1)
        self._text(block.reading.text, size=8.5, color=_SOFT, gap=3)

    def _table(self, block: Table) -> None:
        pdf = self.pdf
        if pdf.get_y() > _BOTTOM - 35:
            pdf.add_page()
        self._text(block.title, size=8.5, style="B", gap=1)
        write_table(pdf, block, left=_MARGIN, width=_WIDTH, bottom=_BOTTOM)
        pdf.set_x(_MARGIN)
        pdf.ln(3)

    def _text(
        self,
        text: str,
        *,
        size: float,
        style: str = "",
        color: str = _INK,
        family: str = "Helvetica",
        gap: float = 0.0,
    ) -> None:
        self.pdf.set_font(family, style, size)
        self.pdf.set_text_color(color)
        self.pdf.multi_cell(
            _WIDTH, size * 0.48, in_core_font(text), align="L", new_x="LMARGIN", new_y="NEXT"
        )
        self.pdf.ln(gap)


def _contents(pdf: FPDF, outline: list[OutlineSection]) -> None:
    pdf.set_font("Helvetica", "B", 14)
    pdf.set_text_color(_INK)
    pdf.set_x(_MARGIN)
    pdf.cell(_WIDTH, 9, "Contents", new_x="LMARGIN", new_y="NEXT")
    for number, entry in enumerate(outline):
        if number and number % _ENTRIES_PER_PAGE == 0:
            # As many pages as were kept free, although a few more would fit on one.
            pdf.add_page()
        level, name = entry.level, entry.name
        page = entry.page_number
        link = pdf.add_link(page=page)
        pdf.set_font("Helvetica", "B" if level == 0 else "", 10 if level == 0 else 8.5)
        pdf.set_x(_MARGIN + 5 * level)
        pdf.cell(_WIDTH * 0.85 - 5 * level, 5, name, link=link)
        pdf.cell(_WIDTH * 0.15, 5, f"{page}", align="R", link=link, new_x="LMARGIN", new_y="NEXT")
