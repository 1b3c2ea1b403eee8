"""``xm default books``: a default run in the books, on a copy unless it is declared."""

from __future__ import annotations

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
    reported,
)
from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.default_options import (
    CopyOption,
    DayOption,
    PagesOption,
    ShareOption,
    check_copy,
    running,
    share_of,
    write_pages,
)
from crossmargin.cli.options import ChangesOption, FormatOption, OwnParametersOption
from crossmargin.cli.output import OutputFormat, write_document
from crossmargin.services.default_books.declaring import DefaultTrigger


def default_books_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What is done with each customer, as CSV.")
    ],
    *,
    books: BooksOption,
    business_date: DayOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    copy: CopyOption = None,
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
    from crossmargin.bootstrap import default_books
    from crossmargin.bootstrap.books import onboarding_terms
    from crossmargin.bootstrap.defaults import default_parameters
    from crossmargin.presentation.default_books import BOOKS_HEADER, books_rows, print_books
    from crossmargin.services.default_books.declaring import Declaration
    from crossmargin.services.default_books.drill import run_default

    check_copy(copy, is_real=is_declared, real="--declare", output_format=output_format)
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
    with running(books, copy, output_format) as work:
        document = run_default(
            work,
            declaration,
            treatments,
            reach=parameters.rules.reach,
            terms=onboarding_terms(declaration.business_date),
            share=paid,
        )
        work.commit()
        write_pages(pages, work, bd_fcm, declaration.business_date)
    write_document(document, output_format, header=BOOKS_HEADER, rows=books_rows, show=print_books)
