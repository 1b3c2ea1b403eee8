"""``xm conditions`` and ``xm crowding``: when the saving shrinks, and whose positions are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.given import market_on
from crossmargin.cli.options import (
    AsOfOption,
    ChangesOption,
    FormatOption,
    MarketOption,
    PositionsArgument,
    SkipBadRowsOption,
    SkipUnsupportedOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    diagnostics,
    end_unsupported,
    refuse,
    report_left_out,
    write_document,
)

if TYPE_CHECKING:
    from crossmargin.market.history import MarketData
    from crossmargin.parameters.registry import ParameterSet
    from crossmargin.services.margin_positions import MarginRun, PositionsInput

_EXAMPLE = "analysis.roll_off_business_days=90"
_Found = Callable[["MarginRun", "MarketData", "ParameterSet", Callable[[str], None]], Any]


def conditions_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    customer: Annotated[
        str | None,
        typer.Option(metavar="CUSTOMER", help="One customer alone, by its identifier."),
    ] = None,
    changes: ChangesOption = None,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show how each customer's saving moves with correlation, basis, curve and leaving dates."""
    from crossmargin import bootstrap
    from crossmargin.presentation.conditions import CSV_HEADER, conditions_document, csv_rows
    from crossmargin.presentation.conditions_tables import print_conditions
    from crossmargin.services.conditions import conditions_of

    def found(
        run: MarginRun,
        market: MarketData,
        parameters: ParameterSet,
        progress: Callable[[str], None],
    ) -> dict[str, Any]:
        executor = bootstrap.block_executor()
        return conditions_document(
            conditions_of(run, parameters, executor, customer=customer, progress=progress)
        )

    run, document = _document(
        positions,
        market,
        found,
        as_of=as_of,
        changes=changes or [],
        skip=skip_bad_rows,
        output_format=output_format,
    )
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_conditions)
    end_unsupported(run, skip_unsupported=skip_unsupported)


def crowding_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    changes: ChangesOption = None,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show all customers' positions together against market volume and open interest."""
    from crossmargin.presentation.crowding import CSV_HEADER, crowding_document, csv_rows
    from crossmargin.presentation.crowding_tables import print_crowding
    from crossmargin.services.crowding import crowding_of

    def found(
        run: MarginRun,
        market: MarketData,
        parameters: ParameterSet,
        progress: Callable[[str], None],
    ) -> dict[str, Any]:
        progress("All customers together")
        return crowding_document(crowding_of(run, market, parameters))

    run, document = _document(
        positions,
        market,
        found,
        as_of=as_of,
        changes=changes or [],
        skip=skip_bad_rows,
        output_format=output_format,
    )
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_crowding)
    end_unsupported(run, skip_unsupported=skip_unsupported)


def _document(
    positions: Path,
    market: Path,
    found: _Found,
    *,
    as_of: datetime | None,
    changes: Sequence[str],
    skip: bool,
    output_format: OutputFormat,
) -> tuple[MarginRun, dict[str, Any]]:
    """Margin the file and ask about it: run and document; leave where anything is refused."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    loaded = bootstrap.read_positions(positions)
    try:
        opened, on = market_on(market, as_of.date() if as_of else None)
        with diagnostics().status("Repricing every instrument under every scenario") as status:
            run, parameters = _margined(loaded, opened, on, changes, skip=skip)
            document: dict[str, Any] = found(run, opened, parameters, status.update)
    except RefusedError as error:
        rows = f"{len(loaded.lines)} of {loaded.row_count} rows were well formed"
        refuse(error.refusals, output_format, outcome=f"Nothing was computed; {rows}.")
    report_left_out(run)
    return run, document


def _margined(
    positions: PositionsInput,
    market: MarketData,
    on: date,
    changes: Sequence[str],
    *,
    skip: bool,
) -> tuple[MarginRun, ParameterSet]:
    """Return the margined file and the parameters of analysis, both with the changes."""
    from crossmargin import bootstrap
    from crossmargin.services.margin_positions import margin_positions
    from crossmargin.services.parameter_sets import changing_with_others

    by_owner = changes_by_owner(changes, example=_EXAMPLE)
    sets, (analysis,) = changing_with_others(
        bootstrap.parameter_sets(on),
        (bootstrap.analysis_parameters(on),),
        by_owner,
        reason=ON_THE_COMMAND_LINE,
    )
    run = margin_positions(
        positions, market, sets, bootstrap.block_executor(), as_of=on, skip_bad_rows=skip
    )
    return run, analysis
