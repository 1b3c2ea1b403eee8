"""``xm span calibrate`` and ``xm span levels``: a SPAN parameter set of our own, and its fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.options import (
    AsOfOption,
    FormatOption,
    MarketOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    screen,
    write_csv,
    write_json,
)


def calibrate_command(
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Also write the set as a SPAN file: .spn or .xml is XML, else positional.",
        ),
    ] = None,
) -> None:
    """Show the SPAN parameter set of our own: scan ranges, credits, charges, residuals."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError, refused
    from crossmargin.margin.cme.span.calibrated_set import span_parameters
    from crossmargin.presentation import span_calibration as shown
    from crossmargin.services.span_calibration import calibrate

    opened = bootstrap.open_market(market)
    day = as_of.date() if as_of else bootstrap.last_price_date(opened)
    parameters = bootstrap.parameter_sets(day)
    try:
        calibrated = calibrate(opened, parameters, as_of=day)
    except RefusedError:
        raise
    except (ValueError, IndexError) as error:
        expected = f"a date with history enough: {error}"
        raise refused("date", day, expected, "SPAN calibration") from error
    if to is not None:
        bootstrap.write_span(span_parameters(calibrated, parameters.cme), to)
    if output_format is OutputFormat.JSON:
        digest = span_parameters(calibrated, parameters.cme).digest
        document = shown.calibration_document(calibrated, span_digest=digest)
        write_json({"simulated": opened.simulated, **document})
    elif output_format is OutputFormat.CSV:
        rows = [shown.level_fields(level) for level in calibrated.levels]
        write_csv(shown.LEVEL_COLUMNS, [[str(row[c]) for c in shown.LEVEL_COLUMNS] for row in rows])
    else:
        console = screen()
        for table in shown.calibration_tables(calibrated):
            console.print(table)
        label = ["SIMULATED MARKET."] if opened.simulated else []
        for note in [*label, *shown.calibration_notes(calibrated)]:
            console.print(note)


def levels_command(
    *,
    market: MarketOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show published margin levels and the margin history beside our levels, with residuals."""
    from datetime import date

    from crossmargin import bootstrap
    from crossmargin.presentation import span_calibration as shown
    from crossmargin.services.span_levels import compare_levels

    opened = bootstrap.open_market(market)
    comparisons = compare_levels(
        opened, bootstrap.parameter_sets(date.max), bootstrap.published_margin_levels()
    )
    if output_format is OutputFormat.JSON:
        write_json(shown.comparisons_document(comparisons))
    elif output_format is OutputFormat.CSV:
        rows = [
            shown.comparison_fields(row) for row in (*comparisons.published, *comparisons.history)
        ]
        columns = shown.COMPARISON_COLUMNS
        write_csv(
            columns, [["" if row[c] is None else str(row[c]) for c in columns] for row in rows]
        )
    else:
        console = screen()
        for table in shown.comparison_tables(comparisons):
            console.print(table)
        for note in shown.comparison_notes(comparisons):
            console.print(note)
