"""``xm reverse-stress``: the smallest plausible move that does harm."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import typer

from crossmargin.analysis.reverse_targets import Target
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
    write_document,
)
from crossmargin.cli.stress import margined


def reverse_stress_command(
    positions: PositionsArgument,
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
    changes: ChangesOption = None,
    skip_bad_rows: SkipBadRowsOption = False,
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
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_reverse)
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
