"""``xm margin``: the requirement of every customer of a positions file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.cli.output import (
    AsOfOption,
    FormatOption,
    MarketOption,
    OutputFormat,
    diagnostics,
    refuse,
    report_refusals,
    screen,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from crossmargin.services.margin_positions import MarginRun, PositionsInput


class Cycle(StrEnum):
    """The margin cycle a run belongs to: recorded with the figures."""

    ITD = "ITD"
    EOD = "EOD"
    EODXM = "EODXM"
    CUR = "CUR"


def margin_command(
    positions: Annotated[
        Path,
        typer.Argument(
            metavar="POSITIONS", help="Positions file: CSV, Parquet or JSON lines.", exists=True
        ),
    ],
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
    cycle: Annotated[
        Cycle, typer.Option(help="Margin cycle recorded with the figures.")
    ] = Cycle.EOD,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Tail scenarios, key-rate DV01 of both legs, saving lost by factor."
        ),
    ] = False,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="The same book under other assumptions, one at a time."),
    ] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="OWNER.NAME=VALUE",
            help="Another value of a parameter, such as arrangement.cap=0.7; may be repeated.",
        ),
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Margin the good rows; mark it incomplete.")
    ] = False,
    skip_unsupported: Annotated[
        bool,
        typer.Option("--skip-unsupported", help="End with status 0 although lines have no model."),
    ] = False,
) -> None:
    """Margin every customer of a positions file, alone and cross-margined, with reasons."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    loaded = bootstrap.read_positions(positions)
    try:
        run, document = _run(
            loaded,
            market,
            as_of=as_of.date() if as_of else None,
            cycle=cycle,
            explain=explain,
            sensitivity=sensitivity,
            changes=changes_by_owner(changes or []),
            skip_bad_rows=skip_bad_rows,
        )
    except RefusedError as error:
        rows = f"{len(loaded.lines)} of {loaded.row_count} rows were well formed"
        outcome = f"Nothing was computed; {rows}."
        refuse(error.refusals, output_format, outcome=outcome)
    report_refusals(run.skipped, prefix="skipped: ")
    for customer in run.result.customers:
        for line in customer.unsupported:
            place = f"{run.positions.name}:{line.line.line}"
            typer.echo(f"unsupported: {place}: {line.line.instrument}: {line.text}", err=True)
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        from crossmargin.presentation.margin_rows import CSV_HEADER, csv_rows

        write_csv(CSV_HEADER, csv_rows(document))
    else:
        from crossmargin.presentation.margin_tables import print_margin

        print_margin(screen(), document)
    if run.unsupported_count and not skip_unsupported:
        raise typer.Exit(1)


def _run(
    positions: PositionsInput,
    market: Path,
    *,
    as_of: date | None,
    cycle: Cycle,
    explain: bool,
    sensitivity: bool,
    changes: Mapping[str, Mapping[str, str]],
    skip_bad_rows: bool,
) -> tuple[MarginRun, dict[str, Any]]:
    from crossmargin import bootstrap
    from crossmargin.presentation.margin import margin_document
    from crossmargin.services.margin_positions import explain_run, margin_positions
    from crossmargin.services.margin_sensitivity import sensitivity_of

    opened = bootstrap.open_market(market)
    day = as_of or bootstrap.last_price_date(opened)
    executor = bootstrap.block_executor()
    with diagnostics().status("Repricing every instrument under every scenario"):
        run = margin_positions(
            positions,
            opened,
            bootstrap.parameter_sets(day).changing(changes, reason="given on the command line"),
            executor,
            as_of=day,
            skip_bad_rows=skip_bad_rows,
        )
        document = margin_document(
            run,
            cycle=cycle.value,
            explanations=explain_run(run) if explain else (),
            sensitivities=sensitivity_of(run, executor) if sensitivity else (),
        )
    return run, document


def changes_by_owner(texts: list[str]) -> dict[str, dict[str, str]]:
    """Return changes by owner and parameter, refusing what is not OWNER.NAME=VALUE."""
    from crossmargin.basics.refusals import refused

    changes: dict[str, dict[str, str]] = {}
    for text in texts:
        left, equals, value = text.partition("=")
        owner, dot, name = left.partition(".")
        if not (equals and dot and value):
            raise refused("--set", text, "OWNER.NAME=VALUE, as in arrangement.cap=0.7", "xm margin")
        changes.setdefault(owner.strip(), {})[name.strip()] = value.strip()
    return changes
