"""``xm port books``: a port plan run in the books, on a copy unless it is carried out."""

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
    opened,
    reported,
)
from crossmargin.cli.default_options import (
    CarryOutOption,
    CopyOption,
    DayOption,
    PagesOption,
    check_copy,
    running,
    write_pages,
)
from crossmargin.cli.options import FormatOption
from crossmargin.cli.output import OutputFormat, write_document


def port_books_command(
    plan: Annotated[
        Path,
        typer.Argument(metavar="PLAN", help="A plan, as xm port plan --format json writes it."),
    ],
    *,
    books: BooksOption,
    business_date: DayOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    copy: CopyOption = None,
    is_carried_out: CarryOutOption = False,
    pages: PagesOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Run a port plan in the books: positions and margin to receivers, what stays, verified."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.bootstrap import default_books
    from crossmargin.presentation.port_books import (
        PORT_BOOKS_HEADER,
        port_books_rows,
        print_port_books,
    )
    from crossmargin.services.default_books.port_run import CarriedOut, run_port

    check_copy(copy, is_real=is_carried_out, real="--carry-out", output_format=output_format)
    instant = instant_of(at, output_format)
    order = CarriedOut(business_date.date(), instant, actor, approver)
    with reported(output_format):
        planned = default_books.read_port_plan(plan)
    terms = books_bootstrap.onboarding_terms(order.business_date)
    with running(books, copy, output_format) as work:
        document = run_port(work, planned, order, terms)
        work.commit()
        write_pages(pages, work, planned.bd_fcm, order.business_date)
    write_document(
        document,
        output_format,
        header=PORT_BOOKS_HEADER,
        rows=port_books_rows,
        show=print_port_books,
    )


def port_files_command(
    *,
    books: BooksOption,
    positions: Annotated[
        Path,
        typer.Option("--positions", metavar="FILE", help="Where the positions file goes (CSV)."),
    ],
    held: Annotated[
        Path,
        typer.Option("--held", metavar="FILE", help="Where the file of what is held goes (CSV)."),
    ],
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Write what xm port plan reads from the books: live positions, what is held by customer."""
    from crossmargin.presentation.port_files import (
        FILES_HEADER,
        files_rows,
        held_csv,
        positions_csv,
        print_files,
    )
    from crossmargin.services.default_books.port_files import port_files

    with opened(books, output_format) as store, store.work() as work:
        found = port_files(work, bd_fcm)
    positions.write_text(positions_csv(found.lines), encoding="utf-8")
    held.write_text(held_csv(found.held, found.without_positions), encoding="utf-8")
    document = {
        "bd_fcm": bd_fcm,
        "positions": {"file": positions.name, "rows": len(found.lines)},
        "held": {"file": held.name, "rows": len(found.held) + len(found.without_positions)},
    }
    write_document(document, output_format, header=FILES_HEADER, rows=files_rows, show=print_files)
