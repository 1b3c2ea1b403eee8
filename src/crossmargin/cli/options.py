"""Arguments and options that several commands take, each written once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.output import OutputFormat

DATE_FORMATS = ["%Y-%m-%d"]

PositionsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="POSITIONS", help="Positions file: CSV, Parquet or JSON lines.", exists=True
    ),
]
FormatOption = Annotated[OutputFormat, typer.Option("--format", help="How to write the result.")]
MarketOption = Annotated[
    Path, typer.Option("--market", metavar="DIR", help="Market directory.", exists=True)
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        formats=DATE_FORMATS,
        metavar="DATE",
        help="As-of date; the last one with security prices if left out.",
    ),
]
SkipUnsupportedOption = Annotated[
    bool,
    typer.Option("--skip-unsupported", help="End with status 0 although lines have no model."),
]
SkipBadRowsOption = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Go on with the good rows; mark it incomplete.")
]
DerivedPricesOption = Annotated[
    bool,
    typer.Option(
        "--derived-prices",
        help="On a date without security prices, derive them from the last sheet before it.",
    ),
]
ImpulseOption = Annotated[
    float | None,
    typer.Option(
        metavar="BP", help="Impulse: parallel move of par yields on the first day, then none."
    ),
]
TwistOption = Annotated[
    float | None,
    typer.Option(metavar="BP", help="Impulse: by which ten years rise against two."),
]
OwnParametersOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--parameters",
        metavar="FILE",
        help="Your own parameter file, in the place of its owner's; once for each owner.",
        exists=True,
        dir_okay=False,
    ),
]
ChangesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="OWNER.NAME=VALUE",
        help="Another value of a parameter, such as arrangement.cap=0.7; may be repeated.",
    ),
]
