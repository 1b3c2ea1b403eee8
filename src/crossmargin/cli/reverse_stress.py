"""``xm reverse-stress``: the smallest plausible move that does harm."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.analysis.reverse_targets import Target
from crossmargin.cli.output import (
    AsOfOption,
    FormatOption,
    MarketOption,
    OutputFormat,
    SkipUnsupportedOption,
    diagnostics,
    end_unsupported,
    refuse,
    screen,
    write_csv,
    write_json,
)
from crossmargin.cli.stress import SET_EXAMPLE, margined


def reverse_stress_command(
    positions: Annotated[
        Path,
        typer.Argument(
            metavar="POSITIONS", help="Positions file: CSV, Parquet or JSON lines.", exists=True
        ),
    ],
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    customer: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this customer; every customer if left out."),
    ] = None,
    target: Annotated[
        Target,
        typer.Option(
            help="exhaust: lose what is collected; flip: make the other saving the smaller; "
            "saving: bring the reduction under --below."
        ),
    ] = Target.EXHAUST,
    below: Annotated[
        str | None,
        typer.Option(metavar="RATIO", help="Level of the reduction for --target saving: 0.5."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="OWNER.NAME=VALUE",
            help=f"Another value of a parameter, such as {SET_EXAMPLE}; may be repeated.",
        ),
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Take the good rows; mark it incomplete.")
    ] = False,
    skip_unsupported: SkipUnsupportedOption = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Find the smallest plausible move that exhausts margin, flips the binding side or saves less.

    A flip or a saving margins the book again after each of some 150 moves: about half a minute a
    customer.
    """
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.presentation.reverse_stress import (
        CSV_HEADER,
        csv_rows,
        print_reverse,
        reverse_document,
    )
    from crossmargin.services.reverse_stress import reverse_stress_run

    if (target is Target.SAVING) != (below is not None):
        raise typer.BadParameter("--target saving and --below belong together")
    try:
        level = None if below is None else _level(below)
        with diagnostics().status("Repricing every instrument under every scenario") as status:
            run, _, parameters = margined(
                positions,
                market,
                as_of=as_of.date() if as_of else None,
                changes=changes or [],
                skip_bad_rows=skip_bad_rows,
            )
            reverse = reverse_stress_run(
                run,
                parameters.stress,
                bootstrap.block_executor(),
                target=target,
                below=level,
                customer=customer,
                progress=status.update,
            )
            document = reverse_document(reverse, parameters)
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was computed.")
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        write_csv(CSV_HEADER, csv_rows(document))
    else:
        print_reverse(screen(), document)
    end_unsupported(run, skip_unsupported=skip_unsupported)


def _level(text: str) -> Fraction:
    from crossmargin.basics.refusals import refused

    try:
        level = Fraction(text)
    except (ValueError, ZeroDivisionError):
        level = Fraction(0)
    if not 0 < level <= 1:
        raise refused("--below", text, "a ratio above 0 and up to 1, such as 0.5", "ruling 3")
    return level
