"""A page of sections as a PDF: the same as the HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.paper import SOFT, Paper

Document = Mapping[str, Any]
_SECTION_MM = 45


def page_pdf(
    heading: str,
    lead: str,
    document: Document,
    sections: Sequence[tuple[str, Sequence[str | Table]]],
) -> bytes:
    """Return the file.

    Parameters
    ----------
    heading, lead : str
    document : mapping
        With ``as_of``, ``notices`` and ``digest``.
    sections : sequence of (str, sequence of str or Table)
    """
    paper = Paper(
        title=f"{heading}, {lead}",
        foot=f"{heading}. {lead}",
        on=date.fromisoformat(document["as_of"]),
    )
    paper.pdf.add_page()
    paper.text("CROSSMARGIN", size=8, color=SOFT)
    paper.text(heading, size=18, style="B", gap=1)
    paper.text(lead, size=10, color=SOFT, gap=3)
    for notice in document["notices"]:
        paper.text(notice, size=8, color=SOFT, gap=1)
    paper.text(f"Digest of the document: {document['digest']}", size=7, family="Courier", gap=3)
    for words, blocks in sections:
        paper.room_for(_SECTION_MM)
        paper.text(words, size=13, style="B", gap=1)
        paper.rule()
        for block in blocks:
            if isinstance(block, Table):
                paper.table(block)
            else:
                paper.text(block, size=9, family="Times", gap=1.5)
        paper.pdf.ln(2)
    return bytes(paper.pdf.output())
