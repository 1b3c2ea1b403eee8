"""The one style of tables in a terminal."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Narrower terminals get lines instead of the widest tables.
WIDTH_OF_TABLES = 116
_ANY_WIDTH = 10_000


def grid(title: str, *columns: str) -> Table:
    """Return an empty table in the one style of every face that prints."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_whole(console: Console, table: Table) -> None:
    """Print a table whole: a narrow terminal folds its lines, but no figure is cut.

    A table of which no column wraps is as wide as what it holds.
    """
    width = WIDTH_OF_TABLES
    if all(column.no_wrap for column in table.columns):
        whole = console.measure(table, options=console.options.update(width=_ANY_WIDTH))
        width = max(width, whole.maximum)
    if console.width < width:
        # Of its own kind: how the command leaves a closed pipe stays with it.
        console = type(console)(
            file=console.file,
            width=width,
            markup=False,
            force_terminal=console.is_terminal,
            no_color=console.no_color,
        )
    title = str(table.title or "")
    if len(title) > console.measure(table).maximum:  # it would be folded to the table's width
        console.print(title, style="table.title", markup=False, highlight=False)
        table.title = None
    console.print(table)


def usd(text: str) -> str:
    """Return a decimal string as :func:`dollars` with its currency, for a sentence.

    Examples
    --------
    >>> usd("20674787.33"), usd("-12.50")
    ('$20,674,787', '-$12.50')
    """
    sign = "-" if Decimal(text) < 0 else ""
    return f"{sign}${dollars(text.removeprefix('-'))}"


def separated(text: str) -> str:
    """Return a figure to its last digit with separators; what is no figure as it is.

    Examples
    --------
    >>> separated("20674787.33"), separated("-4000000"), separated("10%"), separated("0.75")
    ('20,674,787.33', '-4,000,000', '10%', '0.75')
    """
    try:
        return f"{Decimal(text):,}"
    except InvalidOperation:
        return text


def dollars(text: str) -> str:
    """Return a decimal string with separators, cents dropped from large figures.

    Examples
    --------
    >>> dollars("20674787.33"), dollars("-12.50"), dollars("0.00")
    ('20,674,787', '-12.50', '0')
    """
    value = Decimal(text)
    if value == 0:
        return "0"
    return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - display


def per_cent(ratio: str | None) -> str:
    """Return a ratio as per cent with one decimal.

    Examples
    --------
    >>> per_cent("0.684211"), per_cent(None)
    ('68.4 %', '-')
    """
    return "-" if ratio is None else f"{float(ratio) * 100:.1f} %"
