"""``xm demo``: a sample BD-FCM's customers on a simulated market, from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.output import (
    diagnostics,
    screen,
)


def demo_command(
    *,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve/--no-serve",
            help="Serve the console afterwards; there is none yet, so the demo ends either way.",
        ),
    ] = True,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Seed of the simulated market; the demo's own if left out."),
    ] = None,
    directory: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="Where the market and the positions are written."),
    ] = Path("demo-market"),
) -> None:
    """Simulate a market, margin six customers of a sample BD-FCM, and say why each owes what."""
    from crossmargin import bootstrap
    from crossmargin.presentation.margin import margin_document
    from crossmargin.presentation.margin_tables import print_margin
    from crossmargin.services.margin_explanation import explain_run
    from crossmargin.services.margin_positions import margin_positions

    console = screen()
    with diagnostics().status("Simulating a market"):
        simulated = bootstrap.simulate_market(directory, seed=bootstrap.demo_seed(seed))
    positions = directory.with_name(f"{directory.name}-positions.csv")
    bootstrap.demo_positions(simulated, positions)
    market = bootstrap.open_market(directory)
    run = margin_positions(
        bootstrap.read_positions(positions),
        market,
        bootstrap.parameter_sets(simulated.as_of),
        bootstrap.block_executor(),
        as_of=simulated.as_of,
    )
    print_margin(console, margin_document(run, cycle="EOD", explanations=explain_run(run)[:1]))
    console.print()
    console.print(f"The market is in {directory}, the positions in {positions}. Try:")
    command = f"xm margin {positions} --market {directory} --explain"
    console.print(f"  {command}", highlight=False, soft_wrap=True)
    if serve:
        console.print("There is no console to serve yet: the demo ends here.")
