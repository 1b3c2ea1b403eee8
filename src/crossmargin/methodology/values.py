"""What a pack is made of. Every figure, date and name in a sentence is a value with its origin.

A sentence is a template whose fields are values: the template itself holds no digit, and a test
reads every template of a pack to see that. Tables and figures are made of results alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, slots=True)
class Value:
    """One figure, date or name in a sentence.

    Parameters
    ----------
    text : str
        As printed.
    origin : str
        What it was read from: a parameter as ``ficc.coverage``, or a result.
    """

    text: str
    origin: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or more: fields of the template in braces are values.

    Examples
    --------
    >>> Paragraph("At most {cap} is saved.", {"cap": Value("80 %", "arrangement.cap")}).text
    'At most 80 % is saved.'

    Raises
    ------
    ValueError
        If the template holds a digit: then a figure was typed in.
    """

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(character.isdigit() for character in self.template):
            raise ValueError(f"a figure is typed in: {self.template!r}")
        self.template.format(**{name: value.text for name, value in self.values.items()})

    @property
    def text(self) -> str:
        """The sentence with its values."""
        return self.template.format(**{name: value.text for name, value in self.values.items()})


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of results.

    Parameters
    ----------
    title : str
        Without figures.
    header : tuple of str
        With units; figures in it are computed, as the days of a rise.
    rows : tuple of tuple of str
    figures : frozenset of int
        Columns that hold figures: set to the right.
    origin : str
        What the rows were read from.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    origin: str
    figures: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(
                    f"{self.title}: {len(row)} cells under {len(self.header)} headings"
                )


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the question is its title.

    Parameters
    ----------
    name : str
        Unique in the pack.
    chart : plotly Figure
    reading : Paragraph
        How it is read.
    origin : str
    """

    name: str
    chart: go.Figure = field(repr=False)
    reading: Paragraph
    origin: str

    @property
    def question(self) -> str:
        """The title."""
        return str(self.chart.layout.title.text)


Block = Paragraph | Table | Figure


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a section under its own heading."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section; ``answers`` names whose question it answers, empty where nobody asked."""

    name: str
    heading: str
    parts: tuple[Part, ...]
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """The whole.

    Parameters
    ----------
    edition : str
        ``public`` or ``firm``.
    as_of : date
    simulated : bool
    notices : tuple of Paragraph
        What every reader must know first.
    sections : tuple of Section
    identity : tuple of (what, value)
        Versions and digests of everything that made the pack.
    """

    edition: str
    as_of: date
    simulated: bool
    notices: tuple[Paragraph, ...]
    sections: tuple[Section, ...]
    identity: tuple[tuple[str, str], ...]

    def blocks(self) -> Iterator[Block]:
        """Yield every paragraph, table and figure, in order."""
        for section in self.sections:
            for part in section.parts:
                yield from part.blocks

    def figures(self) -> list[Figure]:
        """Return every figure, in order."""
        return [block for block in self.blocks() if isinstance(block, Figure)]


def table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    origin: str,
    words: int = 1,
) -> Table:
    """Return a table whose first columns are words and whose others are figures."""
    return Table(
        title,
        tuple(header),
        tuple(tuple(row) for row in rows),
        origin,
        frozenset(range(words, len(header))),
    )
