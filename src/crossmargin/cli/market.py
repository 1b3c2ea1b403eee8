"""``xm market``: build a market directory from published files, and check one."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from crossmargin.basics.refusals import Refusal
    from crossmargin.feeds.market.findings import Finding
    from crossmargin.feeds.market.importing import ImportReport

market_app = typer.Typer(
    no_args_is_help=True, help="Build a market directory from published files, and check one."
)

_PIPED_WIDTH = 160
_WIDE = 110  # columns that a finding needs beside its text
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


class OutputFormat(StrEnum):
    """How the result is written on standard output."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[OutputFormat, typer.Option("--format", help="How to write the result.")]


@market_app.command("import")
def import_command(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Published files, or folders that hold them."),
    ],
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="The market directory to make or replace.")
    ],
    retrieved: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="The day the files were fetched, for the manifest.",
        ),
    ] = None,
    skip_unrecognised: Annotated[
        bool,
        typer.Option(
            "--skip-unrecognised",
            help="Pass over a CSV whose header is that of no table, instead of refusing it.",
        ),
    ] = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Read published files into a market directory, all or nothing.

    Each CSV (or .csv.gz) is recognised by its header, whatever its name. A value that its column
    does not allow is refused with file, line and column; nothing is written then.
    """
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    try:
        with _diagnostics().status("Reading the published files"):
            report = bootstrap.import_market(
                sources,
                to,
                retrieved=None if retrieved is None else retrieved.date(),
                skip_unrecognised=skip_unrecognised,
            )
    except RefusedError as error:
        _refuse(error.refusals, output_format, "Nothing was written.")
    if output_format is OutputFormat.JSON:
        _write_json(report.as_document())
    else:
        _show_import(report)


@market_app.command("check")
def check_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A market directory.")],
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Report gaps, stale and impossible values of a market directory.

    Known properties of the published history are information, whatever is new a warning, whatever
    is impossible or changed since the import an error. Exits 1 if there is an error.
    """
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    try:
        with _diagnostics().status("Checking the market directory"):
            findings = bootstrap.check_market(directory)
    except RefusedError as error:
        _refuse(error.refusals, output_format, "Nothing was checked.")
    counts = {
        name: sum(finding.severity == name for finding in findings)
        for name in ("error", "warning", "info")
    }
    if output_format is OutputFormat.JSON:
        documents = [finding.as_document() for finding in findings]
        _write_json({"counts": counts, "findings": documents})
    else:
        _show_findings(findings)
    _diagnostics().print(
        f"{counts['error']} errors, {counts['warning']} warnings, {counts['info']} notes",
        highlight=False,
    )
    if counts["error"]:
        raise typer.Exit(1)


def _diagnostics() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _screen() -> Console:
    # Rich takes 80 columns where there is no terminal; a pipe has no such edge.
    from rich.console import Console

    console = Console()
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(width=_PIPED_WIDTH)


def _write_json(document: object) -> None:
    typer.echo(json.dumps(document, indent=2))


def _refuse(refusals: Sequence[Refusal], output_format: OutputFormat, outcome: str) -> NoReturn:
    if output_format is OutputFormat.JSON:
        _write_json({"refused": [refusal.as_document() for refusal in refusals]})
    for refusal in refusals:
        typer.echo(str(refusal), err=True)
    typer.echo(outcome, err=True)
    raise typer.Exit(1)


def _grid(title: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)


def _show_import(report: ImportReport) -> None:
    table = _grid("Market directory")
    table.add_column("Table", overflow="fold")
    table.add_column("Rows", justify="right")
    table.add_column("First", no_wrap=True)
    table.add_column("Last", no_wrap=True)
    table.add_column("Rights")
    table.add_column("Files", overflow="fold")
    for entry in report.tables:
        rows = f"{entry.rows:,}"
        if entry.duplicates_dropped:
            rows += f" ({entry.duplicates_dropped:,} duplicates dropped)"
        table.add_row(
            entry.name,
            rows,
            entry.first_date or "",
            entry.last_date or "",
            entry.rights,
            ", ".join(entry.files),
        )
    screen = _screen()
    screen.print(table)
    if report.not_recognised:
        screen.print("Not recognised: " + ", ".join(report.not_recognised), highlight=False)
    screen.print(f"Market digest: {report.digest}", highlight=False)


def _show_findings(findings: Sequence[Finding]) -> None:
    screen = _screen()
    is_wide = screen.width >= _WIDE
    table = _grid("Findings")
    table.add_column("Severity", no_wrap=True)
    if is_wide:
        table.add_column("Table", no_wrap=True)
    table.add_column("Finding", overflow="fold", ratio=1)
    if is_wide:
        table.add_column("Count", justify="right")
        table.add_column("First", no_wrap=True)
        table.add_column("Last", no_wrap=True)
    for finding in findings:
        table.add_row(*_finding_cells(finding, is_wide=is_wide))
    screen.print(table)


def _finding_cells(finding: Finding, *, is_wide: bool) -> list[Text | str]:
    from rich.text import Text

    severity = Text(finding.severity.value, style=_STYLES[finding.severity.value])
    count = f"{finding.count:,}"
    first = "" if finding.first_date is None else finding.first_date.isoformat()
    last = "" if finding.last_date is None else finding.last_date.isoformat()
    about = Text(finding.what)
    if not is_wide:
        span = f" from {first} to {last}" if first else ""
        about = Text(f"{finding.table}: {finding.what}: {count}{span}")
    if finding.examples and not finding.known:
        about.append("\n" + "; ".join(finding.examples))
    about.append("\n" + finding.handling, style="dim")
    return [severity, finding.table, about, count, first, last] if is_wide else [severity, about]
