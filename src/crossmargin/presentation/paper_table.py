"""Tables on paper: figures whole, words in lines, headings again on every page.

The library's own tables measure every character of every cell anew; here a word is measured once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from crossmargin.methodology.values import Table
from crossmargin.presentation.pack_words import in_core_font

if TYPE_CHECKING:
    from fpdf import FPDF

_INK, _RULE, _WASH = "#1a1a1a", "#c9c9c9", "#f4f4f1"
_PADDING, _BOLD, _HAIR = 2.2, 1.08, 0.01
_LONG_CELLS = 0.72
_WIDE_COLUMNS, _SIZE, _SMALL_SIZE = 8, 7.5, 6.6
_MM_PER_POINT = 25.4 / 72
_LEADING, _ROW_PADDING = 1.22, 1.1
_PIECES = re.compile(r"\S*?(?:_|\.\.|-(?=\D))(?=\S)|\S+|\s+")

Measure = Callable[[str], float]


def write_table(
    pdf: FPDF,
    block: Table,
    *,
    left: float,
    width: float,
    bottom: float,
    spare_max: float = math.inf,
) -> None:
    """Write a table from the current height on, over as many pages as it takes.

    Parameters
    ----------
    pdf : FPDF
        In millimetres.
    block : Table
    left, width : float
    bottom : float
        Where a page's rows end.
    spare_max : float
        As :func:`column_widths`.
    """
    writer = _Writer(pdf, block, left=left, width=width, spare_max=spare_max)
    heading = writer.lines(block.header, writer.measure_bold)
    writer.write(heading, is_heading=True)
    for cells in block.rows:
        lines = writer.lines(cells, writer.measure)
        if pdf.get_y() + writer.height_of(lines) > bottom:
            pdf.add_page()
            writer.write(heading, is_heading=True)
        writer.write(lines)


class _Writer:
    """The rows of one table on their way to paper; a text is measured once."""

    def __init__(
        self, pdf: FPDF, block: Table, *, left: float, width: float, spare_max: float
    ) -> None:
        self._pdf, self._left, self._figures = pdf, left, block.figures
        self._size = _SIZE if len(block.header) < _WIDE_COLUMNS else _SMALL_SIZE
        self._line = self._size * _MM_PER_POINT * _LEADING
        pdf.set_font("Helvetica", "", self._size)
        self.measure: Measure = cache(pdf.get_string_width)
        whole = _in_core_fonts(block)
        self._widths = column_widths(whole, self.measure_bold, width=width, spare_max=spare_max)

    def measure_bold(self, text: str) -> float:
        """Return about how wide a text is in bold."""
        return self.measure(text) * _BOLD

    def lines(self, cells: Sequence[str], how_wide: Measure) -> list[list[str]]:
        """Return the lines of each cell of a row."""
        return [
            list(lines_of(in_core_font(cell), how_wide, width=room - _PADDING + _HAIR))
            for cell, room in zip(cells, self._widths, strict=True)
        ]

    def height_of(self, cells: list[list[str]]) -> float:
        """Return how high a row is."""
        return max(map(len, cells)) * self._line + _ROW_PADDING

    def write(self, cells: list[list[str]], *, is_heading: bool = False) -> None:
        """Write a row at the current height, and a rule under it."""
        pdf, left = self._pdf, self._left
        top, height, width = pdf.get_y(), self.height_of(cells), sum(self._widths)
        pdf.set_font("Helvetica", "B" if is_heading else "", self._size)
        pdf.set_text_color(_INK)
        if is_heading:
            pdf.set_fill_color(_WASH)
            pdf.rect(left, top, width, height, style="F")
        how_wide = pdf.get_string_width if is_heading else self.measure
        for place, (lines, room) in enumerate(zip(cells, self._widths, strict=True)):
            for number, text in enumerate(lines):
                x = left + _PADDING / 2
                if place in self._figures:  # they end at the right edge of their column
                    x = left + room - _PADDING / 2 - how_wide(text)
                pdf.text(x, top + (number + 0.82) * self._line + _ROW_PADDING / 2, text)
            left += room
        pdf.set_draw_color(_INK if is_heading else _RULE)
        pdf.set_line_width(0.3 if is_heading else 0.12)
        pdf.line(self._left, top + height, self._left + width, top + height)
        pdf.set_y(top + height)


def _in_core_fonts(block: Table) -> Table:
    return Table(
        block.title,
        tuple(map(in_core_font, block.header)),
        tuple(tuple(map(in_core_font, row)) for row in block.rows),
        block.origin,
        block.figures,
    )


def lines_of(text: str, measure: Measure, *, width: float) -> Iterator[str]:
    """Yield a text in lines: broken at spaces, after an underscore, and where nothing else fits.

    Examples
    --------
    >>> list(lines_of("the cheapest to deliver", len, width=12))
    ['the cheapest', 'to deliver']
    >>> list(lines_of("basis_volatility_multiple", len, width=17))
    ['basis_volatility_', 'multiple']
    >>> list(lines_of("0123456789", len, width=4))
    ['0123', '4567', '89']
    """
    line = ""
    for piece in _PIECES.findall(text):
        if measure((line + piece).rstrip()) <= width:
            line += piece
            continue
        if line.strip():
            yield line.strip()
        line = piece.lstrip()
        while measure(line) > width and len(line) > 1:
            fitting = next(
                (end for end in range(len(line) - 1, 1, -1) if measure(line[:end]) <= width), 1
            )
            yield line[:fitting]
            line = line[fitting:]
    yield line.strip()


def column_widths(
    block: Table, measure: Measure, *, width: float, spare_max: float = math.inf
) -> tuple[float, ...]:
    """Return widths of columns: figures whole, words share what is left by what they hold.

    Parameters
    ----------
    block : Table
    measure : callable
        How wide a text is.
    width : float
        Of all columns together, at most.
    spare_max : float
        No column is wider by more than this than what it holds.

    Examples
    --------
    >>> block = Table("t", ("words", "USD"), (("x" * 90, "1,000"),), "run", frozenset({1}))
    >>> [round(each, 3) for each in column_widths(block, len, width=50.0)]
    [42.8, 7.2]
    >>> column_widths(Table("t", ("a", "b"), (("x", "1"),), "run", frozenset({1})), len, width=50.0)
    (25.0, 25.0)
    >>> narrow = Table("t", ("a", "b"), (("x", "1"),), "run", frozenset({1}))
    >>> [round(each, 1) for each in column_widths(narrow, len, width=50.0, spare_max=4.0)]
    [7.2, 7.2]
    """
    columns = [[row[place] for row in block.rows] for place in range(len(block.header))]
    fixed = {
        place: _PADDING
        + max(
            *(measure(cell) for cell in columns[place] or [""]),
            *(measure(word) for word in block.header[place].split() or [""]),
        )
        for place in block.figures
    }
    needs = {
        place: _needs(block.header[place], columns[place], measure)
        for place in range(len(block.header))
        if place not in block.figures
    }
    places = range(len(block.header))
    whole = fixed | {place: longest for place, (longest, _, _) in needs.items()}
    spare = (width - sum(whole.values())) / len(places)
    if spare >= 0.0:
        return tuple(whole[place] + min(spare, spare_max) for place in places)
    # Long cells of words give way first, down to their longest word; then words; then figures.
    figures, words = sum(fixed.values()), sum(least for _, least, _ in needs.values())
    least = figures + words
    if least > width:
        for_words = min(words, max(width - figures, width / len(places)))
        return tuple(
            fixed[place] * min(1.0, (width - for_words) / figures)
            if place in fixed
            else needs[place][1] * for_words / words
            for place in places
        )
    share = (width - least) / sum(more for _, _, more in needs.values())
    return tuple(
        fixed[place] if place in fixed else needs[place][1] + share * needs[place][2]
        for place in places
    )


def _needs(heading: str, cells: Sequence[str], measure: Measure) -> tuple[float, float, float]:
    """Return what a column of words needs, whole and with its longest word whole, and its share.

    Its share is of the room beyond longest words.
    """
    words = {word.strip() for text in (heading, *cells) for word in _PIECES.findall(text)}
    least: float = max((measure(word) for word in words), default=1.0)
    longest: float = max((least, *map(measure, cells)))
    # The root of what is beyond a word: a source of a hundred letters is not ten columns.
    return _PADDING + longest, _PADDING + least, math.pow(longest - least, _LONG_CELLS)
