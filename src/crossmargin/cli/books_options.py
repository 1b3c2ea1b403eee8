"""Options that every command on the books takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.output import EXIT_REFUSED, OutputFormat, refuse

if TYPE_CHECKING:
    from crossmargin.services.books.papers import Entry
    from crossmargin.services.books.ports import Books, Work

_BOOKS = typer.Option(
    "--books",
    metavar="ADDRESS",
    envvar="CROSSMARGIN_BOOKS",
    help="The books: a path of a SQLite file, or a postgresql:// address.",
)
BooksOption = Annotated[str, _BOOKS]
OptionalBooksOption = Annotated[str | None, _BOOKS]
BdFcmOption = Annotated[str, typer.Option("--bd-fcm", metavar="NAME", help="The BD-FCM.")]
ActorOption = Annotated[
    str, typer.Option("--actor", metavar="NAME", help="Who does it: the maker.")
]
ApproverOption = Annotated[
    str, typer.Option("--approver", metavar="NAME", help="Who approves it: another, the checker.")
]
AtOption = Annotated[
    str,
    typer.Option("--at", metavar="INSTANT", help="Business clock, with a zone."),
]
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]
PaperArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="The paper itself.", exists=True, dir_okay=False)
]


@contextmanager
def reported(
    output_format: OutputFormat, *, expected: str = "books that can be opened and written"
) -> Iterator[None]:
    """End a command with status 1 where it was refused, or its store failed.

    Parameters
    ----------
    output_format : OutputFormat
    expected : str
        Of the store.
    """
    from crossmargin.basics.refusals import Refusal, RefusedError
    from crossmargin.services.books.ports import ConflictingRecordError, StorageError

    try:
        yield
    except RefusedError as error:
        refuse(error.refusals, output_format)
    except (StorageError, ConflictingRecordError) as error:
        # An address may hold a password: it is not repeated.
        refuse((Refusal("books", str(error), expected, "books"),), output_format)


@contextmanager
def opened(address: str, output_format: OutputFormat) -> Iterator[Books]:
    """Open books for a command; a refusal or a store that fails ends it with status 1."""
    from crossmargin.bootstrap import books as books_bootstrap

    with reported(output_format):
        books = books_bootstrap.open_books(address)
        try:
            yield books
        finally:
            books.close()


@contextmanager
def writing(
    address: str, at: str, people: tuple[str, str], output_format: OutputFormat
) -> Iterator[tuple[Work, Entry]]:
    """Open books for one transaction: committed at the end, unless anything was refused.

    Parameters
    ----------
    address : str
    at : str
        The instant of what is written.
    people : (str, str)
        Maker and checker.
    output_format : OutputFormat

    Yields
    ------
    tuple of Work and Entry
        The transaction; who writes in it, and when.
    """
    from crossmargin.services.books.papers import Entry

    with opened(address, output_format) as store:
        entry = Entry(instant_of(at, output_format), *people)
        with store.work() as work:
            yield work, entry
            work.commit()


def instant_of(text: str, output_format: OutputFormat) -> datetime:
    """Return the instant that an option names, or end with status 1."""
    from crossmargin.basics.refusals import Refusal

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        expected = "an instant with a zone, as in 2026-05-11T09:00-04:00"
        refuse((Refusal("at", text, expected, "business clock"),), output_format)
    return at


__all__ = [
    "EXIT_REFUSED",
    "ActorOption",
    "ApproverOption",
    "AtOption",
    "BdFcmOption",
    "BooksOption",
    "CustomerArgument",
    "OptionalBooksOption",
    "PaperArgument",
    "instant_of",
    "opened",
    "reported",
    "writing",
]
