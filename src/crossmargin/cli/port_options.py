"""Options of ``xm port``, each written once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.options import DATE_FORMATS
from crossmargin.default_management.porting.trigger import TriggerKind

ReceiversOption = Annotated[
    Path,
    typer.Option(
        "--receivers",
        metavar="FILE",
        help="Who would take customers, and what is said of each customer (TOML).",
        exists=True,
        dir_okay=False,
    ),
]
HeldOption = Annotated[
    Path | None,
    typer.Option(
        "--held",
        metavar="FILE",
        help="What is held for each customer (CSV); each requirement in cash if left out.",
        exists=True,
        dir_okay=False,
    ),
]
PapersOption = Annotated[
    str | None,
    typer.Option(
        "--books",
        metavar="ADDRESS",
        help="Books of the BD-FCM that is left: its customers' documents go with the packages.",
    ),
]
BdFcmOption = Annotated[
    str,
    typer.Option(
        "--bd-fcm",
        metavar="NAME",
        help="Whose customers move; the only BD-FCM of the file that is no receiver if left out.",
    ),
]
TriggerOption = Annotated[
    TriggerKind, typer.Option("--trigger", help="What opens the port: 1.17(a)(4), or a debtor.")
]
SinceOption = Annotated[
    datetime,
    typer.Option(
        "--since",
        formats=DATE_FORMATS,
        metavar="DATE",
        help="Day on which accounts must be transferred, or of the order for relief.",
    ),
]
TransferOnOption = Annotated[
    datetime | None,
    typer.Option(
        "--transfer-on",
        formats=DATE_FORMATS,
        metavar="DATE",
        help="Day of the transfer; the as-of date if left out.",
    ),
]
ApprovalOption = Annotated[
    Path | None,
    typer.Option(
        "--approval",
        metavar="FILE",
        help="The Commission's approval of a debtor's transfer: its digest is recorded.",
        exists=True,
        dir_okay=False,
    ),
]
DisapprovedOption = Annotated[
    bool, typer.Option("--disapproved", help="The CFTC disapproved the transfer.")
]
