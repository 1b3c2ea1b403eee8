"""``xm margin``: the requirement of every customer of a positions file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.cli.output import (
    FormatOption,
    OutputFormat,
    report_refusals,
    screen,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from crossmargin.services.margin_positions import MarginRun


class Cycle(StrEnum):
    """The margin cycle a run belongs to: recorded with the figures."""

    ITD = "ITD"
    EOD = "EOD"
    EODXM = "EODXM"
    CUR = "CUR"


#: Columns of the CSV form: a name and where it stands in a customer's document.
_CSV_COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("bd_fcm", ("bd_fcm",)),
    ("customer_id", ("customer_id",)),
    *(
        (f"{ccp}_{name}", (ccp, name))
        for ccp in ("ficc", "cme")
        for name in (
            "securities",
            "futures",
            "combined",
            "saving",
            "requirement",
            "outside",
            "standalone",
        )
    ),
    ("saving_before_cap", ("saving_before_cap",)),
    ("reduction", ("reduction",)),
    ("binding", ("binding",)),
    ("standalone", ("standalone",)),
    ("requirement", ("requirement",)),
    ("saved", ("saved",)),
    ("ficc_shortfall", ("order_check", "ficc_shortfall")),
    ("cme_shortfall", ("order_check", "cme_shortfall")),
    ("ficc_split_cost", ("split_cost", "ficc")),
    ("cme_split_cost", ("split_cost", "cme")),
    ("incomplete", ("incomplete",)),
)


def margin_command(
    positions: Annotated[
        Path,
        typer.Argument(
            metavar="POSITIONS", help="Positions file: CSV, Parquet or JSON lines.", exists=True
        ),
    ],
    *,
    market: Annotated[
        Path, typer.Option("--market", metavar="DIR", help="Market directory.", exists=True)
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="As-of date; the last one with security prices if left out.",
        ),
    ] = None,
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
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Margin the good rows; mark it incomplete.")
    ] = False,
    skip_unsupported: Annotated[
        bool,
        typer.Option("--skip-unsupported", help="End with status 0 although lines have no model."),
    ] = False,
) -> None:
    """Margin every customer of a positions file, alone and cross-margined, with reasons."""
    run, document = _run(
        positions,
        market,
        as_of=as_of.date() if as_of else None,
        cycle=cycle,
        explain=explain,
        sensitivity=sensitivity,
        skip_bad_rows=skip_bad_rows,
    )
    report_refusals(run.skipped, prefix="skipped: ")
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        write_csv(*_csv(document))
    else:
        from crossmargin.cli.margin_tables import print_margin

        print_margin(screen(), document)
    if run.unsupported_count and not skip_unsupported:
        raise typer.Exit(1)


def _run(
    positions: Path,
    market: Path,
    *,
    as_of: date | None,
    cycle: Cycle,
    explain: bool,
    sensitivity: bool,
    skip_bad_rows: bool,
) -> tuple[MarginRun, dict[str, Any]]:
    from crossmargin import bootstrap
    from crossmargin.presentation.margin import margin_document
    from crossmargin.services.margin_positions import explain_run, margin_positions
    from crossmargin.services.margin_sensitivity import sensitivity_of

    opened = bootstrap.open_market(market)
    day = as_of or bootstrap.last_price_date(opened)
    executor = bootstrap.block_executor()
    run = margin_positions(
        bootstrap.read_positions(positions),
        opened,
        bootstrap.parameter_sets(day),
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


def _csv(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    header = ["as_of", "cycle", "simulated", *(name for name, _ in _CSV_COLUMNS)]
    lead = [document["as_of"], document["cycle"], _cell(document["market"]["simulated"])]
    rows = []
    for customer in document["customers"]:
        row = list(lead)
        for _, path in _CSV_COLUMNS:
            value: Any = customer
            for key in path:
                value = value[key]
            row.append(_cell(value))
        rows.append(row)
    return header, rows


def _cell(value: object) -> str:
    """Return a cell; an apostrophe goes before text that a spreadsheet would take for a formula."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if text[:1] in ("=", "+", "@") or (text[:1] == "-" and not text[1:2].isdigit()):
        return f"'{text}"
    return text
