"""A methodology pack as a PDF: text, tables and the same figures, in a reader's own fonts.

Fonts are the core ones that every reader has. The date in the file is the pack's, so that equal
packs are equal files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossmargin.methodology.values import Block, Figure, Pack, Paragraph, Section, Table
from crossmargin.presentation.drawing.pdf import draw
from crossmargin.presentation.drawing.plot import drawing_of
from crossmargin.presentation.pack_words import EDITIONS, TITLE, in_core_font
from crossmargin.presentation.paper import BOTTOM, INK, MARGIN, SOFT, WIDTH, Paper

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.outline import OutlineSection

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
        self.pack, self.digest = pack, digest
        foot = f"{TITLE}, {EDITIONS[pack.edition]}, {pack.as_of}"
        if pack.simulated:
            foot = f"SIMULATED MARKET. {foot}"

        words = f"{TITLE}, {EDITIONS[pack.edition]}"
        self.paper = Paper(title=words, foot=foot, on=pack.as_of)
        self.pdf: FPDF = self.paper.pdf

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
        self.paper.text("CROSSMARGIN", size=9, color=SOFT)
        self.paper.text(TITLE, size=26, style="B", gap=3)
        self.paper.text(
            f"{EDITIONS[self.pack.edition]}, as of {self.pack.as_of}", size=13, color=SOFT
        )
        pdf.ln(6)
        for notice in self.pack.notices:
            self.paper.text(notice.text, size=10.5, gap=2)
        pdf.ln(6)
        self.paper.text("Digest of the machine-readable copy", size=8, color=SOFT)
        self.paper.text(self.digest, size=8, family="Courier")
        entries = sum(1 + len(section.parts) for section in self.pack.sections)
        pdf.add_page()
        pdf.insert_toc_placeholder(_contents, pages=-(-entries // _ENTRIES_PER_PAGE))

    def _section(self, section: Section) -> None:
        pdf = self.pdf
        if pdf.get_y() > MARGIN + 1:
            pdf.add_page()
        pdf.start_section(in_core_font(section.heading))
        self.paper.text(section.heading, size=16, style="B", gap=1)
        self.paper.rule()
        if section.answers:
            self.paper.text(f"Asked for: {section.answers}.", size=8.5, color=SOFT, gap=1)
        for part in section.parts:
            self.paper.room_for(45)
            pdf.ln(3)
            pdf.start_section(in_core_font(part.heading), level=1)
            self.paper.text(part.heading, size=11.5, style="B", gap=1)
            for block in part.blocks:
                self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, Paragraph):
            self.paper.text(block.text, size=9.5, family="Times", gap=2)
        elif isinstance(block, Table):
            self.paper.table(block)
        else:
            self._figure(block)

    def _figure(self, block: Figure) -> None:
        drawing = drawing_of(block.chart)
        room = BOTTOM - 2 * MARGIN
        width = min(WIDTH, room * drawing.width / drawing.height)
        height = width * drawing.height / drawing.width
        if self.pdf.get_y() + height + 10 > BOTTOM:
            self.pdf.add_page()
        top = self.pdf.get_y() + 1
        draw(self.pdf, drawing, left=MARGIN + (WIDTH - width) / 2, top=top, width=width)
        self.pdf.set_y(top + height + 1)
        self.paper.text(block.reading.text, size=8.5, color=SOFT, gap=3)


def _contents(pdf: FPDF, outline: list[OutlineSection]) -> None:
    pdf.set_font("Helvetica", "B", 14)
    pdf.set_text_color(INK)
    pdf.set_x(MARGIN)
    pdf.cell(WIDTH, 9, "Contents", new_x="LMARGIN", new_y="NEXT")
    for number, entry in enumerate(outline):
        if number and number % _ENTRIES_PER_PAGE == 0:
            # As many pages as were kept free, although a few more would fit on one.
            pdf.add_page()
        level, name = entry.level, entry.name
        page = entry.page_number
        link = pdf.add_link(page=page)
        pdf.set_font("Helvetica", "B" if level == 0 else "", 10 if level == 0 else 8.5)
        pdf.set_x(MARGIN + 5 * level)
        pdf.cell(WIDTH * 0.85 - 5 * level, 5, name, link=link)
        pdf.cell(WIDTH * 0.15, 5, f"{page}", align="R", link=link, new_x="LMARGIN", new_y="NEXT")
