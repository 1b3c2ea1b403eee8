"""``xm market``: build a market directory from published files, simulate one, check one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.basics.words import counted
from crossmargin.cli.options import (
    FormatOption,
)
from crossmargin.cli.output import (
    EXIT_REFUSED,
    OutputFormat,
    diagnostics,
    grid,
    refuse,
    screen,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from rich.text import Text

    from crossmargin.feeds.market.findings import Finding
    from crossmargin.feeds.market.importing import ImportReport

market_app = typer.Typer(
    no_args_is_help=True,
    help="Build a market directory from published files or a seed, and check one.",
)

_WIDE = 110  # columns that a finding needs beside its text
_IMPORT_HEADER = (
    *("table", "rows", "duplicates_dropped", "first_date", "last_date", "rights", "files"),
)
_SIMULATED_HEADER = ("table", "rows", "simulated", "seed", "as_of", "digest")
_FINDING_HEADER = (
    *("severity", "table", "what", "count", "first_date", "last_date"),
    *("examples", "handling", "known"),
)
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


@market_app.command("import", short_help="Read published files, all or nothing.")
def import_command(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE", help="Published files, or folders that hold them."),
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
        with diagnostics().status("Reading the published files"):
            report = bootstrap.import_market(
                sources,
                to,
                retrieved=None if retrieved is None else retrieved.date(),
                skip_unrecognised=skip_unrecognised,
            )
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was written.")
    if output_format is OutputFormat.JSON:
        write_json(report.as_document())
    elif output_format is OutputFormat.CSV:
        write_csv(_IMPORT_HEADER, _import_rows(report))
    else:
        _show_import(report)


@market_app.command("simulate", short_help="Make a market from a seed.")
def simulate_command(
    *,
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="The market directory to make or replace.")
    ],
    seed: Annotated[
        int,
        typer.Option(metavar="N", help="Any whole number from 0: another seed, another market."),
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Last day of the history, with security prices; 2026-03-24 if left out.",
        ),
    ] = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Make a market from a seed: the shape of the real one, and no real figure in it.

    The same seed and date give the same tables and digest. Everything computed from the directory
    is labelled simulated.
    """
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    try:
        with diagnostics().status("Simulating a market"):
            simulated = bootstrap.simulate_market(
                to, seed=seed, as_of=None if as_of is None else as_of.date()
            )
            digest = bootstrap.open_market(to).digest
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was written.")
    document = {**simulated.as_document(), "digest": digest}
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        labels = [str(document[name]) for name in ("seed", "as_of", "digest")]
        write_csv(
            _SIMULATED_HEADER,
            ([entry["table"], str(entry["rows"]), "true", *labels] for entry in document["tables"]),
        )
    else:
        _show_simulated(document)


@market_app.command("check", short_help="Report gaps, stale and impossible values.")
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
        with diagnostics().status("Checking the market directory"):
            findings = bootstrap.check_market(directory)
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was checked.")
    counts = {
        name: sum(finding.severity == name for finding in findings)
        for name in ("error", "warning", "info")
    }
    if output_format is OutputFormat.JSON:
        documents = [finding.as_document() for finding in findings]
        write_json({"counts": counts, "findings": documents})
    elif output_format is OutputFormat.CSV:
        write_csv(_FINDING_HEADER, (_finding_row(finding) for finding in findings))
    else:
        _show_findings(findings)
    diagnostics().print(
        f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}, "
        f"{counted(counts['info'], 'note')}",
        highlight=False,
    )
    if counts["error"]:
        raise typer.Exit(EXIT_REFUSED)


def _show_import(report: ImportReport) -> None:
    table = grid("Market directory", "Table")
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
    console = screen()
    console.print(table)
    if report.not_recognised:
        console.print("Not recognised: " + ", ".join(report.not_recognised), highlight=False)
    console.print(f"Market digest: {report.digest}", highlight=False)


def _import_rows(report: ImportReport) -> list[list[str]]:
    return [
        [
            entry.name,
            str(entry.rows),
            str(entry.duplicates_dropped),
            entry.first_date or "",
            entry.last_date or "",
            entry.rights,
            "; ".join(entry.files),
        ]
        for entry in report.tables
    ]


def _show_simulated(document: dict[str, Any]) -> None:
    table = grid("SIMULATED MARKET", "Table")
    table.add_column("Rows", justify="right")
    for entry in document["tables"]:
        table.add_row(entry["table"], f"{entry['rows']:,}")
    console = screen()
    console.print(table)
    for name, note in document["notes"].items():
        console.print(f"{name.capitalize()}: {note}", highlight=False)
    console.print(f"Seed {document['seed']}, as of {document['as_of']}.", highlight=False)
    console.print(f"Market digest: {document['digest']}", highlight=False)


def _show_findings(findings: Sequence[Finding]) -> None:
    console = screen()
    is_wide = console.width >= _WIDE
    table = grid("Findings")
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
    console.print(table)


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


def _finding_row(finding: Finding) -> list[str]:
    document = finding.as_document()
    document["examples"] = "; ".join(finding.examples)
    document["known"] = "true" if finding.known else "false"
    return ["" if document[name] is None else str(document[name]) for name in _FINDING_HEADER]
