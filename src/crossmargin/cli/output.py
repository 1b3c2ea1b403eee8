"""What every command shares: formats, where results and refusals are written, exit status.

Standard output holds the result alone, so that it can be piped; refusals and remarks go to
standard error. Status 0 says done, 1 refused or not writable, 2 a command line that makes no
sense, 141 a pipe whose reader left.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from crossmargin.presentation.tables import grid

if TYPE_CHECKING:
    from rich.console import Console

    from crossmargin.basics.refusals import Refusal
    from crossmargin.services.margin_positions import MarginRun

__all__ = [
    "EXIT_PIPE_CLOSED",
    "EXIT_REFUSED",
    "OutputFormat",
    "diagnostics",
    "drop_output",
    "end_unsupported",
    "grid",
    "refuse",
    "report_left_out",
    "report_refusals",
    "screen",
    "write_csv",
    "write_document",
    "write_json",
]

EXIT_REFUSED = 1
EXIT_PIPE_CLOSED = 141  # as a shell reports a program ended by SIGPIPE
_PIPED_WIDTH = 160


class OutputFormat(StrEnum):
    """How the result is written on standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def report_left_out(run: MarginRun) -> None:
    """Name on standard error every row that was skipped and every line that no model covers."""
    report_refusals(run.skipped, prefix="skipped: ")
    for customer in run.result.customers:
        for line in customer.unsupported:
            place = f"{run.positions.name}:{line.line.line}"
            typer.echo(f"unsupported: {place}: {line.line.instrument}: {line.text}", err=True)


def end_unsupported(run: MarginRun, *, skip_unsupported: bool) -> None:
    """Leave with status 1 where lines have no model, unless they are to be skipped (ruling 12)."""
    if run.unsupported_count and not skip_unsupported:
        raise typer.Exit(EXIT_REFUSED)


def write_json(document: object) -> None:
    """Write one JSON document on standard output."""
    typer.echo(json.dumps(document, indent=2))


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table as CSV on standard output."""
    from crossmargin.presentation.cells import csv_text

    typer.echo(csv_text(header, rows), nl=False)


def write_document(
    document: Mapping[str, Any],
    output_format: OutputFormat,
    *,
    header: Sequence[str],
    rows: Callable[[Mapping[str, Any]], Iterable[Sequence[str]]],
    show: Callable[[Console, Mapping[str, Any]], None],
) -> None:
    """Write a result in the format asked for.

    Parameters
    ----------
    document : mapping
        As JSON has it.
    output_format : OutputFormat
    header : sequence of str
        Of the CSV form.
    rows : callable
        Makes the rows of the CSV form from the document.
    show : callable
        Prints the tables of the document on a console.
    """
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        write_csv(header, rows(document))
    else:
        show(screen(), document)


def screen() -> Console:
    """Return the console of standard output: as wide as the terminal, or wide enough in a pipe."""
    console = _console()
    # Rich takes 80 columns where there is no terminal; a pipe has no such edge.
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return _console(width=_PIPED_WIDTH)


def diagnostics() -> Console:
    """Return the console of standard error."""
    return _console(stderr=True)


def _console(*, stderr: bool = False, width: int | None = None) -> Console:
    from rich.console import Console

    class Leaving(Console):
        """Rich leaves a closed pipe with 1, which here says that something was refused."""

        def on_broken_pipe(self) -> None:
            drop_output()
            raise SystemExit(EXIT_PIPE_CLOSED)

    return Leaving(stderr=stderr, width=width, markup=False)


def drop_output() -> None:
    """Send what is left of standard output nowhere, so that leaving does not fail on it again."""
    with contextlib.suppress(OSError):  # no file behind it, as in a test
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def report_refusals(refusals: Iterable[Refusal], *, prefix: str = "") -> None:
    """Write each refusal on a line of standard error."""
    for refusal in refusals:
        typer.echo(_one_line(f"{prefix}{refusal}"), err=True)


def refuse(
    refusals: Sequence[Refusal], output_format: OutputFormat, *, outcome: str = ""
) -> NoReturn:
    """Report refusals and leave with status 1.

    Parameters
    ----------
    refusals : sequence of Refusal
        Every one goes to standard error, one a line.
    output_format : OutputFormat
        With JSON, standard output gets ``{"refused": [...]}``.
    outcome : str
        What was not done because of them, for the last line.
    """
    if output_format is OutputFormat.JSON:
        write_json({"refused": [refusal.as_document() for refusal in refusals]})
    report_refusals(refusals)
    if outcome:
        typer.echo(outcome, err=True)
    raise typer.Exit(EXIT_REFUSED)


def _one_line(text: str) -> str:
    # What was given may hold anything; a terminal gets no control character of it.
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
