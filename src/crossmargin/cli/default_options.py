"""Options of the commands that run a default or port in the books, and how all of them do.

A drill runs on a copy of the books, which is made when everything given was read; what is meant
for the books of record says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.books_options import opened, reported
from crossmargin.cli.options import DATE_FORMATS
from crossmargin.cli.output import OutputFormat, refuse

if TYPE_CHECKING:
    from crossmargin.services.books.ports import Work

DayOption = Annotated[
    datetime,
    typer.Option(
        "--date", formats=DATE_FORMATS, metavar="DATE", help="After the close of which day."
    ),
]
CopyOption = Annotated[
    str | None,
    typer.Option("--copy", metavar="ADDRESS", help="Where the copy goes that a drill is run on."),
]
CarryOutOption = Annotated[
    bool,
    typer.Option("--carry-out", help="Carry it out in the books of record; there is no copy."),
]
PagesOption = Annotated[
    Path | None,
    typer.Option(
        "--pages",
        metavar="DIR",
        help="Write what then stands in the books for trustee, regulators and each customer.",
        file_okay=False,
    ),
]
ShareOption = Annotated[
    str,
    typer.Option(
        "--pay",
        metavar="SHARE",
        help="Share of every allowed claim that is paid, earlier payments counted; 1 is final.",
    ),
]
HeldLossOption = Annotated[
    list[str] | None,
    typer.Option(
        "--held-loss",
        metavar="ASSET[@PLACE]=AMOUNT",
        help="What is not there: dollars, dollars of par, or a per cent; may be repeated.",
    ),
]
SecuredOption = Annotated[
    list[str] | None,
    typer.Option(
        "--secured",
        metavar="ASSET[@CREDITOR]=AMOUNT",
        help="A claim that comes before entitlement holders, at FICC; may be repeated.",
    ),
]


def check_copy(copy: str | None, *, is_real: bool, real: str, output_format: OutputFormat) -> None:
    """End with status 1 unless a drill names its copy, or the books of record are meant.

    Parameters
    ----------
    copy : str or None
    is_real : bool
        Whether the option was given that means the books of record.
    real : str
        That option, for the refusal.
    output_format : OutputFormat
    """
    from crossmargin.basics.refusals import Refusal

    if (copy is None) is not is_real:
        expected = f"either --copy, for a drill, or {real}"
        refuse((Refusal("copy", copy or "", expected, "books of a default"),), output_format)


def share_of(text: str, output_format: OutputFormat) -> Fraction:
    """Return the share of claims that an option names, or end with status 1."""
    from crossmargin.basics.refusals import Refusal

    try:
        share = Fraction(text)
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        expected = "a share of claims from 0 to 1, as in 0.8"
        refuse((Refusal("pay", text, expected, "distributions of a default"),), output_format)
    return share


@contextmanager
def running(books: str, copy: str | None, output_format: OutputFormat) -> Iterator[Work]:
    """Open one transaction on a new copy of the books, or on those of record where none is named.

    What is posted in it stays only where it is committed.
    """
    from crossmargin.bootstrap import default_books

    if copy is not None:
        with reported(output_format):
            default_books.copy_books(books, copy)
    with opened(copy or books, output_format) as store, store.work() as work:
        yield work


def write_pages(folder: Path | None, work: Work, bd_fcm: str, as_of: date) -> None:
    """Write what stands in the books of a default or port into a folder, where one is named."""
    if folder is None:
        return
    from crossmargin.bootstrap import default_books

    default_books.write_standing(work, folder, bd_fcm, as_of)
