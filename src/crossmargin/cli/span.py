"""``xm span``: what a SPAN parameter file holds, the other form of it, a requirement from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.options import (
    FormatOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    grid,
    screen,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from crossmargin.margin.cme.span.parameters import SpanParameters

span_app = typer.Typer(
    no_args_is_help=True,
    help="SPAN parameter files: show one, convert one, margin futures and options with one.",
)
_FILE = typer.Argument(metavar="FILE", help="Parameter file, positional or XML.", exists=True)
_RESULT_COLUMNS = ("commodity", "scan_risk", "intra_charge", "inter_credit", "risk", "maintenance")
_SHOWN_COLUMNS = ("commodity", "name", "contracts", "price_scan_range", "wfpr_method")


@span_app.command("show", short_help="Show what a parameter file holds.")
def show_command(
    file: Annotated[Path, _FILE],
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show what a SPAN parameter file holds, and what of it is kept unread."""
    from crossmargin import bootstrap
    from crossmargin.presentation.span import (
        COMMODITY_HEADER,
        commodity_rows,
        contradiction_lines,
        parameters_document,
    )

    loaded = bootstrap.read_span(file)
    parameters = loaded.parameters
    rows = commodity_rows(parameters)
    if output_format is OutputFormat.CSV:
        write_csv(COMMODITY_HEADER, rows)
        return
    if output_format is OutputFormat.JSON:
        write_json(
            parameters_document(
                parameters,
                form=loaded.form,
                sha256=loaded.sha256,
                record_counts=loaded.record_counts,
                kept_counts=loaded.kept_counts,
            )
        )
        return
    _show_table(parameters, rows, COMMODITY_HEADER)
    console = screen()
    counts = _counts(loaded.record_counts)
    console.print(f"Read, {loaded.form} form, how many of each: {counts}.", highlight=False)
    kept = _counts(loaded.kept_counts)
    console.print(f"Kept unread: {kept or 'nothing'}.", highlight=False)
    for line in contradiction_lines(parameters.contracts):
        console.print(line, highlight=False)
    console.print(f"Digest {parameters.digest}", highlight=False, soft_wrap=True)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _show_table(parameters: SpanParameters, rows: list[list[str]], header: tuple[str, ...]) -> None:
    table = grid(parameters.label)
    for name in _SHOWN_COLUMNS:
        table.add_column(name.replace("_", " "), no_wrap=name == "commodity")
    places = [header.index(name) for name in _SHOWN_COLUMNS]
    for row in rows:
        table.add_row(*(row[place] for place in places))
    console = screen()
    console.print(table)
    spreads = parameters.inter_spreads
    supers = sum(each.super_spread for each in spreads)
    console.print(
        f"{len(spreads)} intercommodity spreads, {supers} of them super-spreads.", highlight=False
    )


@span_app.command("convert", short_help="Write a parameter file in the other form.")
def convert_command(
    file: Annotated[Path, _FILE],
    to: Annotated[
        Path,
        typer.Option(
            "--to", metavar="FILE", help="Where to write: .spn or .xml is XML, else positional."
        ),
    ],
) -> None:
    """Write a SPAN parameter file in the other form, or again in the same.

    Refused, and nothing written, where the form cannot hold a value exactly.
    """
    from crossmargin import bootstrap

    loaded = bootstrap.read_span(file)
    form = bootstrap.write_span(loaded.parameters, to)
    digest = loaded.parameters.digest
    typer.echo(f"{to.name}: {form}, digest {digest}")
    if loaded.kept_counts:
        kept = _counts(loaded.kept_counts)
        typer.echo(f"Not written, because it is kept unread: {kept}.", err=True)


@span_app.command("margin", short_help="Margin one portfolio of futures and options.")
def margin_command(
    positions: Annotated[
        Path,
        typer.Argument(
            metavar="POSITIONS",
            help="CSV: product, period, quantity; for options right, option_period, strike.",
            exists=True,
        ),
    ],
    parameters: Annotated[
        Path, typer.Option("--parameters", metavar="FILE", help="Parameter file.", exists=True)
    ],
    heightened: Annotated[
        bool, typer.Option("--heightened", help="Account with a heightened risk profile.")
    ] = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Margin one portfolio of futures and options with a SPAN parameter file."""
    from crossmargin import bootstrap
    from crossmargin.margin.cme.span.calculation import span_margin
    from crossmargin.margin.cme.span.readings import Account
    from crossmargin.presentation.span import (
        RESULT_CSV_HEADER,
        RESULT_HEADER,
        contradiction_lines,
        dollars,
        result_csv_rows,
        result_document,
        result_rows,
        spread_lines,
    )

    loaded = bootstrap.read_span(parameters)
    held = bootstrap.read_span_positions(positions, loaded.parameters)
    account = Account.SPECULATOR if heightened else Account.HEDGER
    result = span_margin(loaded.parameters, held, account=account)
    # Once each, however many lines a contract has, in the order of the file.
    contracts = list(dict.fromkeys(contract for contract, quantity in held if quantity))
    if output_format is OutputFormat.JSON:
        write_json(result_document(result, contracts))
    elif output_format is OutputFormat.CSV:
        write_csv(RESULT_CSV_HEADER, result_csv_rows(result, contracts, loaded.parameters))
    else:
        table = grid(result.engine)
        for name in _RESULT_COLUMNS:
            table.add_column(name.replace("_", " "), justify="right")
        for row in result_rows(result):
            named = dict(zip(RESULT_HEADER, row, strict=True))
            table.add_row(*(named[name] for name in _RESULT_COLUMNS))
        console = screen()
        console.print(table)
        for line in spread_lines(result):
            console.print(line, highlight=False)
        console.print(
            f"Maintenance {dollars(result.maintenance)}, initial {dollars(result.initial)}.",
            highlight=False,
        )
        for line in contradiction_lines(contracts):
            console.print(line, highlight=False)
