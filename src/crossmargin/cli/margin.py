"""``xm margin``: the requirement of every customer of a positions file."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.arrangement.cycles import Cycle
from crossmargin.cli.changes import changes_by_owner
from crossmargin.cli.margin_request import (
    AgainstOptions,
    CycleOptions,
    MarginRequest,
    ParameterOptions,
    answer,
)
from crossmargin.cli.options import (
    AsOfOption,
    ChangesOption,
    DerivedPricesOption,
    FormatOption,
    MarketOption,
    OwnParametersOption,
    PositionsArgument,
    SkipBadRowsOption,
    SkipUnsupportedOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    end_unsupported,
    refuse,
    report_left_out,
    write_document,
)
from crossmargin.product.position import ClearingOrganization


class CmeModelChoice(StrEnum):
    """CME's engines."""

    FHS = "fhs"
    SPAN = "span"


def margin_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
    cycle: Annotated[
        Cycle, typer.Option(help="Margin cycle: its positions, its calls, what it trues up.")
    ] = Cycle.EOD,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON document of a previous run: last factors, and what EODXM trues up.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    late: Annotated[
        list[ClearingOrganization] | None,
        typer.Option(
            case_sensitive=False,
            metavar="ficc|cme",
            help="A side whose figures for this cycle are late or missing; may be repeated.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Instant of the run, with a zone; CUR: on the hour."),
    ] = None,
    ficc_positions_at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When FICC's positions were taken, with a zone."),
    ] = None,
    cme_positions_at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When CME's positions were taken, with a zone."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tail scenarios, key-rate DV01 of both legs, saving lost by factor, contributions "
            "with marginal and incremental figures.",
        ),
    ] = False,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="The same book under other assumptions, one at a time."),
    ] = False,
    ranges: Annotated[
        bool,
        typer.Option(
            "--range",
            help="Every parameter that has a range at both ends of it, alone and all jointly.",
        ),
    ] = False,
    changes: ChangesOption = None,
    own_parameters: OwnParametersOption = None,
    cme_model: Annotated[
        CmeModelChoice | None,
        typer.Option(
            "--cme-model", help="CME's engine; as the parameter cme.engine says if left out."
        ),
    ] = None,
    span_parameters: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="SPAN parameter file for --cme-model span; our own calibrated set if left out.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    charge_history: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Customers' charges and losses so far, for FICC's charges that need a history.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Positions file of a previous run: what changed since, in five parts.",
            exists=True,
        ),
    ] = None,
    against_date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="As-of date of the previous run; this run's if left out.",
        ),
    ] = None,
    against_market: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Market directory of the previous run; this run's if left out."
        ),
    ] = None,
    against_parameters: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A parameter file of the previous run, as --parameters is of this one.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    against_changes: Annotated[
        list[str] | None,
        typer.Option(
            "--against-set",
            metavar="OWNER.NAME=VALUE",
            help="Another value of a parameter in the previous run, as --set in this one.",
        ),
    ] = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Margin every customer of a positions file, alone and cross-margined, with reasons."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.presentation.margin_ranges import RANGES_HEADER, range_rows
    from crossmargin.presentation.margin_rows import CSV_HEADER, csv_rows
    from crossmargin.presentation.margin_tables import print_margin

    loaded = bootstrap.read_positions(positions)
    try:
        request = MarginRequest(
            loaded,
            market,
            as_of.date() if as_of else None,
            CycleOptions(
                cycle,
                previous,
                late or (),
                {
                    "at": at,
                    "ficc_positions_at": ficc_positions_at,
                    "cme_positions_at": cme_positions_at,
                },
            ),
            ParameterOptions(
                own_parameters or (),
                changes_by_owner(changes or [], example="arrangement.cap=0.7"),
                cme_model.value if cme_model else None,
                span_parameters,
            ),
            AgainstOptions(
                against,
                against_date.date() if against_date else None,
                against_market,
                ParameterOptions(
                    against_parameters or (),
                    changes_by_owner(
                        against_changes or [],
                        example="arrangement.cap=0.7",
                        option="--against-set",
                    ),
                ),
            ),
            charge_history=charge_history,
            explain=explain,
            sensitivity=sensitivity,
            derived_prices=derived_prices,
            ranges=ranges,
            skip_bad_rows=skip_bad_rows,
        )
        if request.against.is_named_in_part:
            raise typer.BadParameter("needs --against, the positions file of the previous run")
        run, document = answer(request)
    except RefusedError as error:
        rows = f"{len(loaded.lines)} of {loaded.row_count} rows were well formed"
        outcome = f"Nothing was computed; {rows}."
        refuse(error.refusals, output_format, outcome=outcome)
    report_left_out(run)
    write_document(
        document,
        output_format,
        header=RANGES_HEADER if ranges else CSV_HEADER,
        rows=range_rows if ranges else csv_rows,
        show=print_margin,
    )
    end_unsupported(run, skip_unsupported=skip_unsupported)
