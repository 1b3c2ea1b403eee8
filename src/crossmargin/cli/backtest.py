"""``xm backtest``: how margin did against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from crossmargin.cli.changes import changes_by_owner
from crossmargin.cli.output import (
    FormatOption,
    MarketOption,
    OutputFormat,
    diagnostics,
    refuse,
    screen,
    write_csv,
    write_json,
)


def backtest_command(
    positions: Annotated[
        Path | None,
        typer.Argument(metavar="POSITIONS", help="Comes later: use --par-books."),
    ] = None,
    *,
    market: MarketOption,
    first: Annotated[
        datetime,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First margin date."),
    ],
    last: Annotated[
        datetime,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last margin date."),
    ],
    par_books: Annotated[
        bool,
        typer.Option(
            "--par-books", help="Bonds at par from 1 to 30 years, long and short, 2s10s and fly."
        ),
    ] = False,
    reference: Annotated[
        bool,
        typer.Option("--reference", help="Beside coverage computed elsewhere, with causes."),
    ] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="OWNER.NAME=VALUE",
            help="Another value of a parameter, as validation.window_reading=dates; repeatable.",
        ),
    ] = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Backtest margin: coverage, worst run, largest miss, procyclicality and cost."""
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.presentation.backtest import csv_table, print_backtest

    _check_usage(positions, par_books=par_books)
    try:
        document = _run(
            market,
            first=first.date(),
            last=last.date(),
            with_reference=reference,
            changes=changes or [],
        )
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was computed.")
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        write_csv(*csv_table(document))
    else:
        print_backtest(screen(), document)


def _check_usage(positions: Path | None, *, par_books: bool) -> None:
    later = "backtests of a positions file come later"
    if positions is not None:
        raise typer.BadParameter(f"{later}: give --par-books and no POSITIONS ({positions.name})")
    if not par_books:
        raise typer.BadParameter(f"give --par-books, the only books there are: {later}")


def _run(
    market: Path, *, first: date, last: date, with_reference: bool, changes: Sequence[str]
) -> dict[str, Any]:
    from crossmargin import bootstrap
    from crossmargin.presentation.backtest import backtest_document
    from crossmargin.services.backtest_par_books import backtest_par_books
    from crossmargin.services.compare_coverage import compare_coverage

    by_owner = changes_by_owner(changes, example="validation.window_reading=dates")
    parameters = bootstrap.backtest_parameters(last).changing(
        by_owner, reason="given on the command line"
    )
    opened = bootstrap.open_market(market)
    with diagnostics().status("Margining every book on every date"):
        backtest = backtest_par_books(opened, parameters, first=first, last=last)
        if not with_reference:
            return backtest_document(backtest)
        known = bootstrap.reference_coverage()
        comparisons = compare_coverage(opened, parameters, backtest, known)
    return backtest_document(backtest, reference=known, comparisons=comparisons)
