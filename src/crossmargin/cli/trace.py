"""``xm trace``: where a figure comes from, down to file, line and digest."""

from __future__ import annotations

from typing import Annotated

import typer

from crossmargin.cli.books_options import BooksOption, opened
from crossmargin.cli.options import FormatOption
from crossmargin.cli.output import OutputFormat, write_document


def trace_command(
    node_id: Annotated[
        str, typer.Argument(metavar="ID", help="Of a transfer, requirement, call or report.")
    ],
    *,
    books: BooksOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Follow a figure of the books to the files that it comes from."""
    from crossmargin.basics.refusals import refused
    from crossmargin.presentation.trace import (
        TRACE_HEADER,
        print_trace,
        trace_document,
        trace_rows,
    )
    from crossmargin.services.books.trace import trace

    with opened(books, output_format) as store, store.work() as work:
        try:
            nodes = trace(work, node_id)
        except LookupError as error:
            expected = f"the id of a record or transfer ({error})"
            raise refused("id", node_id, expected, "books") from error
        document = trace_document(nodes)
    write_document(document, output_format, header=TRACE_HEADER, rows=trace_rows, show=print_trace)
