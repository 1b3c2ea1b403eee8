"""``xm port``: who takes a BD-FCM's customers, back-ups, and a drill."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from crossmargin.cli.options import (
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
from crossmargin.cli.port_options import (
    ApprovalOption,
    BdFcmOption,
    DisapprovedOption,
    HeldOption,
    PapersOption,
    ReceiversOption,
    SinceOption,
    TransferOnOption,
    TriggerOption,
)
from crossmargin.cli.port_request import (
    PortInputs,
    Told,
    TriggerOptions,
    opened,
    papers_of,
    planned,
)
from crossmargin.default_management.porting.trigger import TriggerKind

port_app = typer.Typer(
    no_args_is_help=True, help="Move a BD-FCM's customers to receivers.", rich_markup_mode=None
)
port_app.command("books", short_help="Run a port plan in the books, on a copy.")(port_books_command)
port_app.command("files", short_help="Write what a plan is made from, out of the books.")(
    port_files_command
)
_NOTHING = "Nothing was planned."


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
    books: PapersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
    changes: ChangesOption = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Plan who goes to which receiver, whole or in part, and prove why others cannot."""
    from crossmargin.presentation.port_packages import package_documents
    from crossmargin.presentation.port_plan import CSV_HEADER, csv_rows
    from crossmargin.presentation.port_tables import print_port
    from crossmargin.services.porting.packages import packages_of

    inputs = PortInputs(
        *(positions, market, receivers, held, as_of, bd_fcm),
        changes=changes or [],
        derived_prices=derived_prices,
        skip_bad_rows=skip_bad_rows,
    )
    options = TriggerOptions(trigger, since, transfer_on, approval, disapproved)
    with _reading(output_format, _NOTHING) as tell:
        found, document = planned(inputs, options, tell)
    report_left_out(found.book.run)
    if packages is not None:
        of_books = papers_of(found, books, output_format)
        _write_packages(package_documents(packages_of(found, of_books), document), packages)
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
    from crossmargin.default_management.porting.trigger import Trigger
    from crossmargin.presentation.port_backup import (
        CSV_HEADER,
        backup_document,
        csv_rows,
        print_backups,
    )
    from crossmargin.services.porting.backup import backup_verdicts

    inputs = PortInputs(
        *(positions, market, receivers, held, as_of, bd_fcm),
        changes=changes or [],
        derived_prices=derived_prices,
        skip_bad_rows=skip_bad_rows,
    )
    with _reading(output_format, "No back-up was tested.") as tell:
        ready = opened(inputs, tell)
        day = ready.book.run.result.day.as_of
        request = ready.request(Trigger(TriggerKind.TRANSFER_REQUIRED, day, day))
        verdicts = backup_verdicts(ready.book, request)
        document = backup_document(verdicts, ready.book, ready.parameters)
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
    books: PapersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
    changes: ChangesOption = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Do everything that a port takes here, send nothing, and say how long each step took."""
    from crossmargin.presentation.port_drill import (
        CSV_HEADER,
        csv_rows,
        drill_document,
        print_drill,
    )
    from crossmargin.presentation.port_packages import package_documents, package_files
    from crossmargin.services.porting.drill import Stopwatch
    from crossmargin.services.porting.packages import packages_of

    inputs = PortInputs(
        *(positions, market, receivers, held, as_of, bd_fcm),
        changes=changes or [],
        derived_prices=derived_prices,
        skip_bad_rows=skip_bad_rows,
    )
    options = TriggerOptions(trigger, since, transfer_on, approval, disapproved)
    watch = Stopwatch(time.perf_counter)
    with _reading(output_format, _NOTHING) as tell:
        found, plan = planned(inputs, options, tell, watch)
    of_books = papers_of(found, books, output_format)
    documents = package_documents(packages_of(found, of_books), plan)
    package_files(documents)
    watch.ended("packing")
    report_left_out(found.book.run)
    document = drill_document(plan, documents, watch.steps)
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_drill)
    end_unsupported(found.book.run, skip_unsupported=skip_unsupported)


@contextmanager
def _reading(output_format: OutputFormat, outcome: str) -> Iterator[Told]:
    """Say what is being done while it is; end with status 1, and what was not, where refused."""
    from crossmargin.basics.refusals import RefusedError

    try:
        with diagnostics().status("Reading") as status:
            yield status.update
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome=outcome)


def _write_packages(documents: Mapping[str, dict[str, Any]], folder: Path) -> None:
    from crossmargin.presentation.port_packages import package_files

    for name, text in package_files(documents).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
