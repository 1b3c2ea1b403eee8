"""``xm default ficc-failure`` and ``cme-failure``: when a clearing organization fails."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from crossmargin.cli.books_options import BdFcmOption, OptionalBooksOption, opened, reported
from crossmargin.cli.changes import changes_by_owner
from crossmargin.cli.default_options import HeldLossOption, SecuredOption
from crossmargin.cli.options import (
    DATE_FORMATS,
    ChangesOption,
    FormatOption,
    OwnParametersOption,
)
from crossmargin.cli.output import OutputFormat, write_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossmargin.feeds.defaults.held_and_owed import LoadedFile
    from crossmargin.services.books.ports import Work
    from crossmargin.services.ccp_failure import Source

_T = TypeVar("_T")
_File = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]", help="Held and owed as CSV, beside the books or in their place."
    ),
]
_Date = Annotated[
    datetime,
    typer.Option("--date", formats=DATE_FORMATS, metavar="DATE", help="At the close of which day."),
]


def ficc_failure_command(
    file: _File = None,
    *,
    business_date: _Date,
    books: OptionalBooksOption = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    held_loss: HeldLossOption = None,
    secured: SecuredOption = None,
    changes: ChangesOption = None,
    own_parameters: OwnParametersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Share out what FICC holds: by asset, then by customer and in each BD-FCM's pool."""
    from crossmargin.bootstrap import ccp_failure
    from crossmargin.presentation.ccp_failure import ROWS_HEADER, failure_rows, ficc_document
    from crossmargin.presentation.ccp_failure_tables import print_ficc_failure
    from crossmargin.services.ccp_failure import run_ficc_failure
    from crossmargin.services.ccp_failure_books import ficc_position_of

    day = business_date.date()
    with reported(output_format):
        rules = ccp_failure.ccp_failure_rules(
            day,
            own_parameters or (),
            changes_by_owner(
                changes or [], example="default_management.interests_in_transit=left_out"
            ),
        )
        found, sources = _positions(
            file,
            books,
            output_format,
            read=ccp_failure.read_ficc_position,
            of_books=lambda work: ficc_position_of(work, bd_fcm, day),
        )
        run = run_ficc_failure(
            found,
            as_of=day,
            sources=sources,
            rules=rules,
            losses=held_loss or (),
            secured=secured or (),
        )
    write_document(
        ficc_document(run),
        output_format,
        header=ROWS_HEADER,
        rows=failure_rows,
        show=print_ficc_failure,
    )


def cme_failure_command(
    file: _File = None,
    *,
    business_date: _Date,
    books: OptionalBooksOption = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    held_loss: HeldLossOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Share out what CME holds: by class, by member, then by customer and in each pool."""
    from crossmargin.bootstrap import ccp_failure
    from crossmargin.presentation.ccp_failure import ROWS_HEADER, cme_document, failure_rows
    from crossmargin.presentation.ccp_failure_tables import print_cme_failure
    from crossmargin.services.ccp_failure import run_cme_failure
    from crossmargin.services.ccp_failure_books import cme_position_of

    day = business_date.date()
    with reported(output_format):
        found, sources = _positions(
            file,
            books,
            output_format,
            read=ccp_failure.read_cme_position,
            of_books=lambda work: cme_position_of(work, bd_fcm, day),
        )
        run = run_cme_failure(found, as_of=day, sources=sources, losses=held_loss or ())
    write_document(
        cme_document(run),
        output_format,
        header=ROWS_HEADER,
        rows=failure_rows,
        show=print_cme_failure,
    )


def _positions(
    file: Path | None,
    books: str | None,
    output_format: OutputFormat,
    *,
    read: Callable[[Path], tuple[_T, LoadedFile]],
    of_books: Callable[[Work], tuple[_T, tuple[Source, ...]]],
) -> tuple[list[_T], list[Source]]:
    """Return what the books say, then what the file says, each with its sources."""
    from crossmargin.basics.refusals import refused
    from crossmargin.services.ccp_failure import Source

    found: list[_T] = []
    sources: list[Source] = []
    if books is None and file is None:
        raise refused("FILE", "", "a file, --books, or both", "held and owed")
    if books is not None:
        with opened(books, output_format) as store, store.work() as work:
            position, reports = of_books(work)
        found.append(position)
        sources += reports
    if file is not None:
        position, loaded = read(file)
        found.append(position)
        sources.append(Source(loaded.name, loaded.sha256))
    return found, sources
