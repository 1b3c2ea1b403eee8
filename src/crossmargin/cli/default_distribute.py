"""``xm default distribute``: corrections and later distributions of a default in the books."""

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
from crossmargin.cli.default_options import (
    CarryOutOption,
    CopyOption,
    DayOption,
    PagesOption,
    ShareOption,
    check_copy,
    running,
    share_of,
    write_pages,
)
from crossmargin.cli.options import FormatOption
from crossmargin.cli.output import OutputFormat, refuse, write_document


def default_distribute_command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="What became known, as CSV.", show_default=False),
    ] = None,
    *,
    books: BooksOption,
    business_date: DayOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    share: ShareOption = "",
    copy: CopyOption = None,
    is_carried_out: CarryOutOption = False,
    pages: PagesOption = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Post what became known after a default was run, then pay claims; by new transfers alone."""
    from crossmargin.basics.refusals import Refusal
    from crossmargin.bootstrap import default_books
    from crossmargin.presentation.default_distribution import (
        DISTRIBUTION_HEADER,
        distribution_rows,
        print_distribution,
    )
    from crossmargin.services.default_books.distributing import DistributionOrder, run_distribution

    check_copy(copy, is_real=is_carried_out, real="--carry-out", output_format=output_format)
    if file is None and not share:
        expected = "a file of corrections, --pay, or both"
        refuse((Refusal("file", "", expected, "distributions of a default"),), output_format)
    instant = instant_of(at, output_format)
    paid = share_of(share, output_format) if share else None
    order = DistributionOrder(bd_fcm, business_date.date(), instant, actor, approver, paid)
    with reported(output_format):
        corrections = default_books.read_corrections(file) if file is not None else ()
    with running(books, copy, output_format) as work:
        document = run_distribution(work, order, corrections)
        work.commit()
        write_pages(pages, work, bd_fcm, order.business_date)
    write_document(
        document,
        output_format,
        header=DISTRIBUTION_HEADER,
        rows=distribution_rows,
        show=print_distribution,
    )
