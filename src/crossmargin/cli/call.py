"""``xm call``: margin calls as they stand."""

from __future__ import annotations

from typing import Annotated

import typer

from crossmargin.cli.books_options import AtOption, BdFcmOption, BooksOption, instant_of, opened
from crossmargin.cli.options import FormatOption
from crossmargin.cli.output import OutputFormat, write_document

call_app = typer.Typer(no_args_is_help=True, short_help="Margin calls: what is open, paid, late.")


@call_app.command("list")
def list_command(
    *,
    books: BooksOption,
    at: AtOption,
    bd_fcm: BdFcmOption = "BD-FCM",
    open_only: Annotated[bool, typer.Option("--open", help="Only those not met.")] = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every call at an instant: what was lacking where, what was paid, how late it is."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.calls import CALLS_HEADER, call_rows, calls_document, print_calls
    from crossmargin.services.books.participation import customers_of
    from crossmargin.services.clearing_day.call_register import calls_of

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        found = [
            call
            for customer in customers_of(work, bd_fcm)
            for call in calls_of(work.records, customer, until=instant)
            if not open_only or call.outstanding.cents
        ]
    document = calls_document(found, instant, books_bootstrap.ageing_rules(instant.date()))
    write_document(document, output_format, header=CALLS_HEADER, rows=call_rows, show=print_calls)
