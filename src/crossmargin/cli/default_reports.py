"""``xm default reports``: what stands in the books of a default or port, for each reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.cli.books_options import BdFcmOption, BooksOption, opened
from crossmargin.cli.options import DATE_FORMATS, FormatOption
from crossmargin.cli.output import OutputFormat, write_document

if TYPE_CHECKING:
    from rich.console import Console


def default_reports_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the files go.", file_okay=False)
    ],
    *,
    books: BooksOption,
    as_of: Annotated[
        datetime,
        typer.Option("--date", formats=DATE_FORMATS, metavar="DATE", help="As of which day."),
    ],
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Write what stands in the books for trustee, regulators and each customer."""
    from crossmargin.bootstrap import default_books

    with opened(books, output_format) as store, store.work() as work:
        files = default_books.write_standing(work, folder, bd_fcm, as_of.date())
    document = {"files": [each.name for each in files]}
    write_document(document, output_format, header=("file",), rows=_rows, show=_show)


def _rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    return [(name,) for name in document["files"]]


def _show(console: Console, document: Mapping[str, Any]) -> None:
    for name in document["files"]:
        console.print(name)
