"""``xm default books``: a default run in the books, on a copy unless it is declared."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.books_options import (
    ActorOption,
    ApproverOption,
    AtOption,
    BdFcmOption,
    BooksOption,
    instant_of,
    opened,
    reported,
)
from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.default_distribute import ShareOption, share_of
from crossmargin.cli.options import DATE_FORMATS, ChangesOption, FormatOption, OwnParametersOption
from crossmargin.cli.output import OutputFormat, refuse, write_document
from crossmargin.cli.port_books import PagesOption, write_pages
from crossmargin.services.default_books.declaring import DefaultTrigger


def default_books_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What is done with each customer, as CSV.")
    ],
    *,
    books: BooksOption,
    business_date: Annotated[
        datetime,
        typer.Option(
            "--date", formats=DATE_FORMATS, metavar="DATE", help="After the close of which day."
        ),
    ],
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    copy: Annotated[
        str | None,
        typer.Option(
            "--copy", metavar="ADDRESS", help="Where the copy goes that a drill is run on."
        ),
    ] = None,
    is_declared: Annotated[
        bool,
        typer.Option("--declare", help="Declare it in the books of record; there is no copy."),
    ] = False,
    trigger: Annotated[
        DefaultTrigger, typer.Option("--trigger", help="What is declared.")
    ] = DefaultTrigger.CUSTOMER_DEFAULT,
    share: ShareOption = "1",
    pages: PagesOption = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    own_parameters: OwnParametersOption = None,
    changes: ChangesOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Run a default in the books: close out or port, pay, give back, distribute, report."""
    from crossmargin.basics.refusals import Refusal
    from crossmargin.bootstrap import default_books
    from crossmargin.bootstrap.defaults import default_parameters
    from crossmargin.presentation.default_books import BOOKS_HEADER, books_rows, print_books
    from crossmargin.services.default_books.declaring import Declaration
    from crossmargin.services.default_books.drill import run_default

    if (copy is None) is not is_declared:
        expected = "either --copy, for a drill, or --declare"
        refuse((Refusal("copy", copy or "", expected, "books of a default"),), output_format)
    instant = instant_of(at, output_format)
    paid = share_of(share, output_format)
    declaration = Declaration(bd_fcm, trigger, business_date.date(), instant, actor, approver)
    with reported(output_format):
        treatments = default_books.read_treatments(file)
        parameters = default_parameters(declaration.business_date, own_parameters or ()).changing(
            changes_by_owner(
                changes or (), example="default_management.cme_margin_reach=own_customer"
            ),
            reason=ON_THE_COMMAND_LINE,
        )
        if copy is not None:
            default_books.copy_books(books, copy)
    with opened(copy or books, output_format) as store, store.work() as work:
        document = run_default(
            work, declaration, treatments, reach=parameters.rules.reach, share=paid
        )
        work.commit()
        write_pages(pages, work, bd_fcm, declaration.business_date)
    write_document(document, output_format, header=BOOKS_HEADER, rows=books_rows, show=print_books)
