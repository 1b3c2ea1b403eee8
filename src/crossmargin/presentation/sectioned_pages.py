"""Pages of sections: one HTML file without a script, whose policy forbids every request; a PDF.

A section is a heading and what stands under it: sentences and tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.pack_html import table_html
from crossmargin.presentation.pack_style import CSS
from crossmargin.presentation.sectioned_pdf import page_pdf

Document = Mapping[str, Any]
#: A heading, and what stands under it: sentences and tables.
Section = tuple[str, Sequence[str | Table]]
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


def safe_name(text: str) -> str:
    """Return a text as a part of a file's name.

    Examples
    --------
    >>> safe_name("FUND A/B")
    'FUND-A-B'
    """
    return _UNSAFE.sub("-", text)


def both_pages(
    file: str, heading: str, lead: str, document: Document, sections: Sequence[Section]
) -> dict[str, bytes]:
    """Return a page as HTML and as PDF, by the name of its file.

    Parameters
    ----------
    file : str
        Without the ending.
    heading, lead : str
    document : mapping
        With ``as_of``, ``notices`` and ``digest``.
    sections : sequence of (str, sequence of str or Table)
    """
    return {
        f"{file}.html": _page(heading, lead, document, sections).encode(),
        f"{file}.pdf": page_pdf(heading, lead, document, sections),
    }


def _page(heading: str, lead: str, document: Document, sections: Sequence[Section]) -> str:
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<link rel="icon" href="data:,">\n',
            f"<title>{escape(heading)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n",
            f"<header>\n<p class='kicker'>Crossmargin</p>\n<h1>{escape(heading)}</h1>\n",
            f"<p class='lead'>{escape(lead)}</p>\n",
            *(f"<p class='notice'>{escape(each)}</p>\n" for each in document["notices"]),
            f"<p class='digest'>Digest of the document: <code>{document['digest']}</code></p>\n",
            "</header>\n<main>\n",
            *(part for section in sections for part in _section(section)),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _section(section: Section) -> Iterator[str]:
    heading, blocks = section
    yield f"<section>\n<h2>{escape(heading)}</h2>\n"
    for block in blocks:
        yield table_html(block) if isinstance(block, Table) else f"<p>{escape(block)}</p>\n"
    yield "</section>\n"
