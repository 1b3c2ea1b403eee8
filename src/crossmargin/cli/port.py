"""``xm port``: who takes a BD-FCM's customers, back-ups, and a drill."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.cli.options import (
    DATE_FORMATS,
    AsOfOption,
    ChangesOption,
    DerivedPricesOption,
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
from crossmargin.cli.port_books import port_books_command, port_files_command
from crossmargin.cli.port_request import PortInputs, TriggerOptions, opened, planned
from crossmargin.default_management.porting.trigger import TriggerKind

if TYPE_CHECKING:
    from crossmargin.services.porting.planning import PortPlan

port_app = typer.Typer(
    no_args_is_help=True, help="Move a BD-FCM's customers to receivers.", rich_markup_mode=None
)
port_app.command("books", short_help="Run a port plan in the books, on a copy.")(port_books_command)
port_app.command("files", short_help="Write what a plan is made from, out of the books.")(
    port_files_command
)
_NOTHING = "Nothing was planned."

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


@port_app.callback()
def _group() -> None:
    """Move a BD-FCM's customers to receivers."""


@port_app.command("plan")
def plan_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    receivers: ReceiversOption,
    trigger: TriggerOption,
    since: SinceOption,
    held: HeldOption = None,
    as_of: AsOfOption = None,
    transfer_on: TransferOnOption = None,
    approval: ApprovalOption = None,
    disapproved: DisapprovedOption = False,
    bd_fcm: BdFcmOption = "",
    packages: Annotated[
        Path | None,
        typer.Option(
            "--packages",
            metavar="DIR",
            help="Write what each receiver gets into a folder of its own under this one.",
            file_okay=False,
        ),
    ] = None,
    output_format: FormatOption = OutputFormat.TABLE,
    changes: ChangesOption = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Plan who goes to which receiver, whole or in part, and prove why others cannot."""
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.presentation.port_plan import CSV_HEADER, csv_rows
    from crossmargin.presentation.port_tables import print_port

    inputs = _inputs(
        (positions, market, receivers, held),
        as_of,
        bd_fcm,
        changes or [],
        (derived_prices, skip_bad_rows),
    )
    options = _trigger(trigger, since, transfer_on, approval, disapproved=disapproved)
    try:
        with diagnostics().status("Reading") as status:
            found, document = planned(inputs, options, status.update)
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome=_NOTHING)
    report_left_out(found.book.run)
    if packages is not None:
        _write_packages(found, document, packages)
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_port)
    end_unsupported(found.book.run, skip_unsupported=skip_unsupported)


@port_app.command("backup")
def backup_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    receivers: ReceiversOption,
    held: HeldOption = None,
    as_of: AsOfOption = None,
    bd_fcm: BdFcmOption = "",
    output_format: FormatOption = OutputFormat.TABLE,
    changes: ChangesOption = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Test each customer's named back-up: would it take the account, at which margin."""
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.default_management.porting.trigger import Trigger
    from crossmargin.presentation.port_backup import (
        CSV_HEADER,
        backup_document,
        csv_rows,
        print_backups,
    )
    from crossmargin.services.porting.backup import backup_verdicts

    inputs = _inputs(
        (positions, market, receivers, held),
        as_of,
        bd_fcm,
        changes or [],
        (derived_prices, skip_bad_rows),
    )
    try:
        with diagnostics().status("Reading") as status:
            ready = opened(inputs, status.update)
            day = ready.book.run.result.day.as_of
            request = ready.request(Trigger(TriggerKind.TRANSFER_REQUIRED, day, day))
            verdicts = backup_verdicts(ready.book, request)
            document = backup_document(verdicts, ready.book, ready.parameters)
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="No back-up was tested.")
    report_left_out(ready.book.run)
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_backups)
    end_unsupported(ready.book.run, skip_unsupported=skip_unsupported)


@port_app.command("drill")
def drill_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    receivers: ReceiversOption,
    trigger: TriggerOption,
    since: SinceOption,
    held: HeldOption = None,
    as_of: AsOfOption = None,
    transfer_on: TransferOnOption = None,
    approval: ApprovalOption = None,
    disapproved: DisapprovedOption = False,
    bd_fcm: BdFcmOption = "",
    output_format: FormatOption = OutputFormat.TABLE,
    changes: ChangesOption = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Do everything that a port takes here, send nothing, and say how long each step took."""
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.presentation.port_drill import (
        CSV_HEADER,
        csv_rows,
        drill_document,
        print_drill,
    )
    from crossmargin.presentation.port_packages import package_documents, package_files
    from crossmargin.services.porting.drill import Stopwatch
    from crossmargin.services.porting.packages import packages_of

    inputs = _inputs(
        (positions, market, receivers, held),
        as_of,
        bd_fcm,
        changes or [],
        (derived_prices, skip_bad_rows),
    )
    options = _trigger(trigger, since, transfer_on, approval, disapproved=disapproved)
    watch = Stopwatch(time.perf_counter)
    try:
        with diagnostics().status("Reading") as status:
            found, plan = planned(inputs, options, status.update, watch)
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome=_NOTHING)
    documents = package_documents(packages_of(found), plan)
    package_files(documents)
    watch.ended("packing")
    report_left_out(found.book.run)
    document = drill_document(plan, documents, watch.steps)
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_drill)
    end_unsupported(found.book.run, skip_unsupported=skip_unsupported)


def _inputs(
    files: tuple[Path, Path, Path, Path | None],
    as_of: datetime | None,
    bd_fcm: str,
    changes: list[str],
    choices: tuple[bool, bool],
) -> PortInputs:
    positions, market, receivers, held = files
    derived_prices, skip_bad_rows = choices
    return PortInputs(
        positions,
        market,
        receivers,
        held,
        as_of.date() if as_of else None,
        bd_fcm,
        changes,
        derived_prices,
        skip_bad_rows,
    )


def _trigger(
    kind: TriggerKind,
    since: datetime,
    transfer_on: datetime | None,
    approval: Path | None,
    *,
    disapproved: bool,
) -> TriggerOptions:
    return TriggerOptions(
        kind.value,
        since.date(),
        transfer_on.date() if transfer_on else None,
        approval,
        disapproved,
    )


def _write_packages(found: PortPlan, document: Mapping[str, Any], folder: Path) -> None:
    from crossmargin.presentation.port_packages import package_documents, package_files
    from crossmargin.services.porting.packages import packages_of

    documents = package_documents(packages_of(found), document)
    for name, text in package_files(documents).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
