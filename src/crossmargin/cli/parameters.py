"""``xm parameters``: what the models take, since when and from where; what changes; own files."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.basics.words import counted
from crossmargin.cli.options import (
    FormatOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    grid,
    refuse,
    screen,
    write_csv,
    write_json,
)
from crossmargin.parameters.version import Status

if TYPE_CHECKING:
    from crossmargin.basics.refusals import Refusal
    from crossmargin.parameters.version import Parameter
    from crossmargin.services.parameter_registry import Change, ParameterRegistry

parameters_app = typer.Typer(
    no_args_is_help=True,
    help="Every model's parameters, with source, status and dates.",
)

_FIELDS = (
    *("name", "value", "unit", "domain", "status", "effective_from", "effective_to"),
    *("low", "high", "source", "range_source", "no_range"),
)
_CHANGE_FIELDS = ("owner", "name", "what", "before", "after", "effective_from")
_DAY = ["%Y-%m-%d"]
_FILES_MAX = 2


@parameters_app.command("list")
def list_command(
    *,
    owner: Annotated[
        str | None,
        typer.Option(help="Only of this owner, such as arrangement or collateral."),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=_DAY,
            metavar="DATE",
            help="In force on the day; the newest if left out.",
        ),
    ] = None,
    status: Annotated[Status | None, typer.Option(help="Only what is known so.")] = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """List every parameter in force, with its range and status, and the pending versions."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    day = date.max if on is None else on.date()
    registry = bootstrap.parameter_registry()
    try:
        listed = registry.listed(on=day, owner=owner, status=status.value if status else None)
    except RefusedError as error:
        refuse(error.refusals, output_format)
    if output_format is OutputFormat.JSON:
        write_json(_list_document(registry, listed, day))
    elif output_format is OutputFormat.CSV:
        rows = [[name, *_cells(version)] for name, found in listed.items() for version in found]
        write_csv(("owner", *_FIELDS), rows)
    else:
        _show_list(registry, listed, day)


@parameters_app.command("show")
def show_command(
    name: Annotated[
        str, typer.Argument(metavar="OWNER.NAME", help="The parameter, such as ficc.floor_share.")
    ],
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every version of one parameter, pending ones too, with range and source."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    try:
        owner, versions = bootstrap.parameter_registry().versions_of(name)
    except RefusedError as error:
        refuse(error.refusals, output_format)
    if output_format is OutputFormat.JSON:
        documents = [_document(version) for version in versions]
        write_json({"owner": owner, "name": versions[0].name, "versions": documents})
    elif output_format is OutputFormat.CSV:
        write_csv(("owner", *_FIELDS), [[owner, *_cells(version)] for version in versions])
    else:
        for version in versions:
            _show_version(owner, version)


@parameters_app.command("diff")
def diff_command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE [FILE]]",
            help="Two parameter files of one owner; one alone is compared with the shipped one.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    *,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, metavar="DATE", help="Earlier date.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, metavar="DATE", help="Later date.")
    ] = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show what changes between two dates, or differs between two files."""
    from crossmargin.basics.refusals import RefusedError

    dates = [each.date() for each in (first, last) if each is not None]
    if (bool(files), len(dates)) not in {(True, 0), (False, 2)} or len(files or []) > _FILES_MAX:
        raise typer.BadParameter("give --from and --to, or one or two files")
    if dates and dates[0] > dates[1]:
        raise typer.BadParameter("--from must not be after --to")
    try:
        changes = _changes(files or [], dates)
    except RefusedError as error:
        refuse(error.refusals, output_format)
    rows = [change.as_document() for change in changes]
    if output_format is OutputFormat.JSON:
        write_json({"changes": rows})
    elif output_format is OutputFormat.CSV:
        write_csv(_CHANGE_FIELDS, [list(row.values()) for row in rows])
    else:
        _show_changes(rows)


@parameters_app.command("validate")
def validate_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Parameter files.", exists=True, dir_okay=False),
    ],
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Check your own parameter files: everything that is wrong, with its line.

    A file has the form of the shipped ones: owner, [[model]] with version and review, and every
    parameter of the owner.
    """
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    registry = bootstrap.parameter_registry()
    faults: list[Refusal] = []
    rows = []
    for path in files:
        try:
            read = bootstrap.read_parameter_file(path)
        except RefusedError as error:
            faults += error.refusals
            continue
        found = registry.faults_of(read)
        faults += found
        if not found:
            own = registry.replacing([read]).set_of(read.owner, date.max)
            rows.append((path.name, read.owner, str(len(read.versions)), own.digest))
    if faults:
        refuse(faults, output_format, outcome=f"{counted(len(faults), 'fault')}.")
    header = ("file", "owner", "versions", "digest")
    if output_format is OutputFormat.JSON:
        write_json({"valid": [dict(zip(header, row, strict=True)) for row in rows]})
    elif output_format is OutputFormat.CSV:
        write_csv(header, rows)
    else:
        for name, owner, count, digest in rows:
            typer.echo(
                f"{name}: valid for {owner}, {counted(int(count), 'version')}, newest set {digest}"
            )


def _changes(files: list[Path], dates: list[date]) -> list[Change]:
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.services.parameter_registry import (
        changes_between_dates,
        changes_between_files,
    )

    registry = bootstrap.parameter_registry()
    if dates:
        return changes_between_dates(registry, *dates)
    read = [bootstrap.read_parameter_file(path) for path in files]
    if len(read) < _FILES_MAX:
        if read[0].owner not in registry.files:
            raise RefusedError(*registry.faults_of(read[0]))
        read.insert(0, registry.files[read[0].owner])
    return changes_between_files(*read)


def _document(version: Parameter) -> dict[str, str]:
    """Return the JSON shape with what the parameter may hold, which no digest is made of."""
    return {**version.as_document(), "domain": version.domain_text}


def _cells(version: Parameter) -> list[str]:
    document = _document(version)
    return [document.get(field, "") for field in _FIELDS]


def _list_document(
    registry: ParameterRegistry, listed: dict[str, list[Parameter]], day: date
) -> dict[str, Any]:
    return {
        "date": None if day == date.max else day.isoformat(),
        "owners": {owner: registry.set_of(owner, day).version_document() for owner in listed},
        "parameters": [
            {"owner": owner, **_document(version)}
            for owner, versions in listed.items()
            for version in versions
        ],
    }


def _show_list(registry: ParameterRegistry, listed: dict[str, list[Parameter]], day: date) -> None:
    from rich.markup import escape

    console = screen()
    for owner, versions in listed.items():
        if not versions:
            continue
        model = registry.set_of(owner, day).version_document()
        title = f"{owner}: {model['model_name']}, version {model['model_version']}, "
        table = grid(title + model["review"], "parameter", "value", "range", "status", "since")
        for fixed in (0, 3, 4):
            table.columns[fixed].no_wrap = True
        for version in versions:
            value = f"{version.value} {version.unit}"
            cells = (version.name, value, version.range_text, version.status.value, version.since)
            table.add_row(*map(escape, cells))
        console.print(table)
        _show_reasons(owner, versions)
    console.print("xm parameters show OWNER.NAME: sources, all versions and why a range.")


def _show_reasons(owner: str, versions: list[Parameter]) -> None:
    """Print why parameters have no range, where that is stated."""
    from rich.markup import escape

    rows = [(version.name, version.no_range) for version in versions if version.no_range]
    if not rows:
        return
    table = grid(f"{owner}: without a range", "parameter", "why")
    table.columns[0].overflow = "fold"
    for row in rows:
        table.add_row(*map(escape, row))
    screen().print(table)


def _show_version(owner: str, version: Parameter) -> None:
    from rich.markup import escape

    pending = " (pending: never in force by itself)" if version.is_pending else ""
    table = grid(f"{owner}.{version.name} from {version.since}{pending}", "", "")
    table.show_header = False
    rows = _document(version)
    for key in _FIELDS[1:]:
        if key in rows:
            label = "may be" if key == "domain" else key.replace("_", " ")
            table.add_row(label, escape(rows[key]))
    screen().print(table)


def _show_changes(rows: list[dict[str, str]]) -> None:
    from rich.markup import escape

    if not rows:
        typer.echo("Nothing differs.")
        return
    table = grid("What differs", "parameter", "what", "before", "after", "since")
    for fixed in (1, 4):
        table.columns[fixed].no_wrap = True
    for row in rows:
        name = f"{row['owner']}.{row['name']}"
        cells = (name, row["what"], row["before"] or "-", row["after"] or "-")
        table.add_row(*map(escape, cells), row["effective_from"])
    screen().print(table)
