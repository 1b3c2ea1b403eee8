"""``xm backtest``: how margin did against what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.given import market_on
from crossmargin.cli.options import (
    FormatOption,
    MarketOption,
    SkipBadRowsOption,
    SkipUnsupportedOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    diagnostics,
    end_unsupported,
    refuse,
    report_left_out,
    screen,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from crossmargin.services.margin_positions import MarginRun


def backtest_command(
    positions: Annotated[
        Path | None,
        typer.Argument(metavar="[POSITIONS]", help="Positions file; or --par-books."),
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
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Date whose terms the positions keep; the last one with prices if left out.",
        ),
    ] = None,
    by_tenor: Annotated[
        bool, typer.Option("--by-tenor", help="Each customer's tenor buckets as books too.")
    ] = False,
    daily: Annotated[
        bool, typer.Option("--daily", help="Every margin date's figures, in JSON and CSV.")
    ] = False,
    with_grid: Annotated[
        bool,
        typer.Option(
            "--grid",
            help="Under other look-backs, quantiles, horizons, decays, floors and caps.",
        ),
    ] = False,
    derived_prices: Annotated[
        bool,
        typer.Option(
            "--derived-prices",
            help="Where --date has no security prices, derive them from the last sheet before it.",
        ),
    ] = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
    path: Annotated[
        Path | None,
        typer.Option(
            "--path", metavar="FILE", help="Positions by date instead of POSITIONS.", exists=True
        ),
    ] = None,
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
    """Backtest margin, models and offset: coverage, tests, procyclicality and cost."""
    from crossmargin.basics.refusals import RefusedError

    of_positions = {
        "--date": as_of is not None,
        "--by-tenor": by_tenor,
        "--daily": daily,
        "--grid": with_grid,
        "--derived-prices": derived_prices,
        "--skip-bad-rows": skip_bad_rows,
        "--skip-unsupported": skip_unsupported,
    }
    _check_usage(
        positions, path, par_books=par_books, reference=reference, of_positions=of_positions
    )
    books = positions or path
    run: MarginRun | None = None
    try:
        if books is None:
            document = _run(
                market,
                first=first.date(),
                last=last.date(),
                with_reference=reference,
                changes=changes or [],
            )
        else:
            run, document = _run_positions(
                _Positions(
                    books,
                    as_of.date() if as_of else None,
                    derived_prices,
                    skip_bad_rows,
                    by_date=path is not None,
                ),
                market,
                first=first.date(),
                last=last.date(),
                shown=_Shown(by_tenor=by_tenor, daily=daily, grid=with_grid),
                changes=changes or [],
            )
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was computed.")
    _write(
        document,
        output_format,
        "par books" if books is None else "grid" if with_grid else "positions",
    )
    if run is not None:
        end_unsupported(run, skip_unsupported=skip_unsupported)


@dataclass(frozen=True, slots=True)
class _Positions:
    """Which positions, with the terms of which date."""

    path: Path
    as_of: date | None
    derived_prices: bool
    skip_bad_rows: bool
    by_date: bool


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is wanted of the books."""

    by_tenor: bool
    daily: bool
    grid: bool


def _write(document: dict[str, Any], output_format: OutputFormat, what: str) -> None:
    from crossmargin.presentation import backtest, backtest_grid, backtest_positions
    from crossmargin.presentation.backtest_positions_tables import print_backtest_positions

    rows, prints = {
        "par books": (backtest.csv_table, backtest.print_backtest),
        "grid": (backtest_grid.backtest_grid_rows, backtest_grid.print_backtest_grid),
        "positions": (backtest_positions.backtest_positions_rows, print_backtest_positions),
    }[what]
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        write_csv(*rows(document))
    else:
        prints(screen(), document)


def _check_usage(
    positions: Path | None,
    path: Path | None,
    *,
    par_books: bool,
    reference: bool,
    of_positions: Mapping[str, bool],
) -> None:
    if (positions is not None) + (path is not None) + par_books != 1:
        raise typer.BadParameter("give either POSITIONS or --path or --par-books")
    if path is not None and (of_positions["--grid"] or of_positions["--by-tenor"]):
        raise typer.BadParameter("--grid and --by-tenor are for POSITIONS, not for --path")
    if not par_books and reference:
        raise typer.BadParameter("--reference is for --par-books: there is none for POSITIONS")
    if of_positions["--grid"] and (of_positions["--by-tenor"] or of_positions["--daily"]):
        raise typer.BadParameter("--grid shows books as a whole: no --by-tenor, no --daily")
    if given := [option for option, is_given in of_positions.items() if is_given and par_books]:
        raise typer.BadParameter(f"{', '.join(given)}: for POSITIONS, not for --par-books")


def _run_positions(
    positions: _Positions,
    market: Path,
    *,
    first: date,
    last: date,
    shown: _Shown,
    changes: Sequence[str],
) -> tuple[MarginRun, dict[str, Any]]:
    from crossmargin import bootstrap
    from crossmargin.presentation.backtest_grid import backtest_grid_document
    from crossmargin.presentation.backtest_positions import backtest_positions_document
    from crossmargin.services.backtest_grid import backtest_grid
    from crossmargin.services.backtest_paths import backtest_path
    from crossmargin.services.backtest_positions import backtest_positions
    from crossmargin.services.margin_positions import margin_positions

    opened, day = market_on(market, positions.as_of, derived_prices=positions.derived_prices)
    by_owner = changes_by_owner(changes, example="ficc.lookback_years=5")
    own = {"validation": by_owner.pop("validation")} if "validation" in by_owner else {}
    validation = (
        bootstrap.backtest_parameters(day).changing(own, reason=ON_THE_COMMAND_LINE).validation
    )
    parameters = bootstrap.parameter_sets(day).changing(by_owner, reason=ON_THE_COMMAND_LINE)
    executor = bootstrap.block_executor()
    with diagnostics().status("Margining every book on every date") as status:
        if positions.by_date:
            on_path = backtest_path(
                bootstrap.read_position_path(positions.path),
                opened,
                parameters,
                validation,
                executor,
                as_of=day,
                first=first,
                last=last,
                skip_bad_rows=positions.skip_bad_rows,
            )
            report_left_out(on_path.run)
            return on_path.run, backtest_positions_document(on_path, daily=shown.daily)
        run = margin_positions(
            bootstrap.read_positions(positions.path),
            opened,
            parameters,
            executor,
            as_of=day,
            skip_bad_rows=positions.skip_bad_rows,
        )
        report_left_out(run)
        if shown.grid:
            found = backtest_grid(
                run,
                opened,
                validation,
                executor,
                first=first,
                last=last,
                progress=status.update,
            )
            return run, backtest_grid_document(found)
        backtest = backtest_positions(
            run, opened, validation, executor, first=first, last=last, by_tenor=shown.by_tenor
        )
    return run, backtest_positions_document(backtest, daily=shown.daily)


def _run(
    market: Path, *, first: date, last: date, with_reference: bool, changes: Sequence[str]
) -> dict[str, Any]:
    from crossmargin import bootstrap
    from crossmargin.presentation.backtest import backtest_document
    from crossmargin.services.backtest_par_books import backtest_par_books
    from crossmargin.services.compare_coverage import compare_coverage

    by_owner = changes_by_owner(changes, example="validation.window_reading=dates")
    parameters = bootstrap.backtest_parameters(last).changing(by_owner, reason=ON_THE_COMMAND_LINE)
    opened = bootstrap.open_market(market)
    with diagnostics().status("Margining every book on every date"):
        backtest = backtest_par_books(opened, parameters, first=first, last=last)
        if not with_reference:
            return backtest_document(backtest)
        known = bootstrap.reference_coverage()
        comparisons = compare_coverage(opened, parameters, backtest, known)
    return backtest_document(backtest, reference=known, comparisons=comparisons)
