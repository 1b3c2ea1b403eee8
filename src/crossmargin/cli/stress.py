"""``xm stress``: episodes and hypothetical moves on today's book."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.given import market_on
from crossmargin.cli.options import (
    AsOfOption,
    ChangesOption,
    FormatOption,
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
    from datetime import date

    from crossmargin.analysis.stress.library import StressLibrary
    from crossmargin.market.history import MarketData
    from crossmargin.services.margin_positions import MarginRun
    from crossmargin.services.stress_parameters import StressParameters

SET_EXAMPLE = "stress.basis_bp=30"


def stress_command(
    positions: Annotated[
        Path | None,
        typer.Argument(
            metavar="POSITIONS",
            help="Positions file: CSV, Parquet or JSON lines; not needed with --list.",
            exists=True,
        ),
    ] = None,
    *,
    market: Annotated[
        Path | None, typer.Option("--market", metavar="DIR", help="Market directory.", exists=True)
    ] = None,
    as_of: AsOfOption = None,
    episode: Annotated[
        list[str] | None,
        typer.Option(
            "--episode",
            metavar="NAME",
            help="Only this episode and no hypothetical move, such as 'March 2020'; repeatable.",
        ),
    ] = None,
    list_episodes: Annotated[
        bool, typer.Option("--list", help="Show the library of episodes and leave.")
    ] = False,
    worst: Annotated[
        int, typer.Option(min=0, help="Cases of each customer in the table; 0 for all.")
    ] = 10,
    changes: ChangesOption = None,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Stress today's book: P&L of episodes and hypothetical moves against the margin."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError

    try:
        library = bootstrap.stress_library()
        library = library.chosen(episode) if episode else library
        if list_episodes:
            _show_library(library, output_format)
            return
        if positions is None or market is None:
            raise typer.BadParameter("give POSITIONS and --market, or --list")
        run = _stress(
            positions,
            market,
            as_of=as_of.date() if as_of else None,
            library=library,
            hypothetical=not episode,
            changes=changes or [],
            skip_bad_rows=skip_bad_rows,
            worst=worst,
            output_format=output_format,
        )
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was computed.")
    end_unsupported(run, skip_unsupported=skip_unsupported)


def margined(
    positions: Path,
    market: Path,
    *,
    as_of: date | None,
    changes: list[str],
    skip_bad_rows: bool,
) -> tuple[MarginRun, MarketData, StressParameters]:
    """Return the margin run of a positions file, its market, and the parameters of both.

    Raises
    ------
    RefusedError
        With every reason.
    """
    from crossmargin import bootstrap
    from crossmargin.services.margin_positions import margin_positions

    loaded = bootstrap.read_positions(positions)
    opened, day = market_on(market, as_of)
    parameters = bootstrap.stress_parameters(day).changing(
        changes_by_owner(changes, example=SET_EXAMPLE), reason=ON_THE_COMMAND_LINE
    )
    run = margin_positions(
        loaded,
        opened,
        parameters.sets,
        bootstrap.block_executor(),
        as_of=day,
        skip_bad_rows=skip_bad_rows,
    )
    report_left_out(run)
    return run, opened, parameters


def _stress(
    positions: Path,
    market: Path,
    *,
    as_of: date | None,
    library: StressLibrary,
    hypothetical: bool,
    changes: list[str],
    skip_bad_rows: bool,
    worst: int,
    output_format: OutputFormat,
) -> MarginRun:
    from crossmargin.presentation.stress import (
        CSV_HEADER,
        csv_rows,
        print_stress,
        stress_document,
    )
    from crossmargin.services.stress import stress_run

    with diagnostics().status("Repricing every instrument under every move"):
        run, opened, parameters = margined(
            positions, market, as_of=as_of, changes=changes, skip_bad_rows=skip_bad_rows
        )
        stressed = stress_run(run, opened, library, parameters.stress, hypothetical=hypothetical)
        document = stress_document(stressed, parameters)
    write_document(
        document,
        output_format,
        header=CSV_HEADER,
        rows=csv_rows,
        show=partial(print_stress, worst=worst),
    )
    return run


def _show_library(library: StressLibrary, output_format: OutputFormat) -> None:
    from crossmargin.presentation.stress import (
        LIBRARY_HEADER,
        library_document,
        library_rows,
        print_library,
    )

    write_document(
        {"library": library_document(library)},
        output_format,
        header=LIBRARY_HEADER,
        rows=lambda _: library_rows(library),
        show=lambda console, _: print_library(console, library),
    )
