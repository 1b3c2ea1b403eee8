"""``xm report``: the reports of a day, as they were made."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.books_options import BdFcmOption, BooksOption, opened
from crossmargin.cli.changes import changes_by_owner
from crossmargin.cli.options import (
    DATE_FORMATS,
    ChangesOption,
    DerivedPricesOption,
    FormatOption,
    MarketOption,
    OwnParametersOption,
)
from crossmargin.cli.output import EXIT_REFUSED, OutputFormat, refuse, write_document

report_app = typer.Typer(no_args_is_help=True, short_help="The day's reports: show, write.")
_Date = Annotated[
    datetime, typer.Option("--date", formats=DATE_FORMATS, metavar="DATE", help="Business date.")
]


class ReportName(StrEnum):
    """Every report of a day, and its notices."""

    SEGREGATION = "segregation"
    RESIDUAL_INTEREST = "residual-interest"
    CAPITAL = "capital"
    RESERVE_FORMULA = "reserve-formula"
    CUSTODY = "custody"
    CUSTODY_SLICE = "custody-slice"
    RECONCILIATION = "reconciliation"
    CASH_LADDER = "cash-ladder"
    VERIFICATION = "verification"
    PRO_FORMA = "pro-forma"
    BACKUPS = "backups"
    STATEMENT = "statement"
    SECURITIES_STATEMENT = "securities-statement"
    NOTICE = "notice"


@report_app.command("show")
def show_command(
    name: Annotated[ReportName, typer.Argument(metavar="NAME", help="Which report.")],
    *,
    books: BooksOption,
    business_date: _Date,
    bd_fcm: BdFcmOption = "BD-FCM",
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="ID", help="Whose statement.")
    ] = None,
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", help="Which version; the last one.")
    ] = None,
    notice: Annotated[
        str | None, typer.Option("--notice", metavar="ID", help="Which notice, by its record.")
    ] = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show a report or a notice of a day."""
    from crossmargin.basics.refusals import Refusal
    from crossmargin.presentation.reports import REPORT_HEADER, print_report, report_rows
    from crossmargin.services.book_reports.reading import notice_document, report_document

    day = business_date.date()
    is_statement = name in {ReportName.STATEMENT, ReportName.SECURITIES_STATEMENT}
    if is_statement is (customer is None):
        expected = "the customer of a statement, and of no other report"
        refuse((Refusal("customer", customer or "", expected, "reports"),), output_format)
    if (name is ReportName.NOTICE) is (notice is None):
        expected = "the record of a notice, as xm report list names it, and of no report"
        refuse((Refusal("notice", notice or "", expected, "reports"),), output_format)
    if notice is not None and version is not None:
        expected = "none of a notice: it has one version"
        refuse((Refusal("version", str(version), expected, "reports"),), output_format)
    with opened(books, output_format) as store, store.work() as work:
        if notice is not None:
            document = notice_document(work, bd_fcm, day, notice)
        else:
            wanted = f"{name.value}/{customer}" if is_statement else name.value
            document = report_document(work, bd_fcm, day, wanted, version=version)
    write_document(
        document, output_format, header=REPORT_HEADER, rows=report_rows, show=print_report
    )


@report_app.command("list")
def list_command(
    *,
    books: BooksOption,
    business_date: _Date,
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Name the reports and notices of a day, with their digests."""
    from crossmargin.presentation.reports import LIST_HEADER, list_rows, print_list
    from crossmargin.services.book_reports.reading import reports_of_day

    with opened(books, output_format) as store, store.work() as work:
        document = reports_of_day(work, bd_fcm, business_date.date())
    write_document(document, output_format, header=LIST_HEADER, rows=list_rows, show=print_list)


@report_app.command("write")
def write_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    *,
    books: BooksOption,
    business_date: _Date,
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Write a day's reports, notices and files in the clearing organizations' shapes."""
    from crossmargin.basics.refusals import refused
    from crossmargin.bootstrap import books as books_bootstrap

    day = business_date.date()
    with opened(books, output_format) as store, store.work() as work:
        written = books_bootstrap.write_reports(work, directory, bd_fcm, day)
        if not written:
            expected = f"a day of {bd_fcm} that was run: no report, notice or file is of this one"
            raise refused("date", day.isoformat(), expected, "reports")
    typer.echo(f"{len(written)} files written", err=True)


@report_app.command("controls")
def controls_command(
    *,
    books: BooksOption,
    business_date: _Date,
    bd_fcm: BdFcmOption = "BD-FCM",
    own_parameters: OwnParametersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Ask every control of customer protection of a closed day, from what the books hold."""
    from crossmargin import bootstrap
    from crossmargin.bootstrap.books import published_criteria
    from crossmargin.presentation.controls import (
        CONTROLS_HEADER,
        control_rows,
        controls_report,
        print_controls,
    )
    from crossmargin.services.book_reports.controls.asking import controls_of_day

    day = business_date.date()
    with opened(books, output_format) as store, store.work() as work:
        registry = bootstrap.parameter_registry(own_parameters or ())
        results = controls_of_day(
            work,
            bd_fcm,
            day,
            set_of=lambda owner: registry.set_of(owner, day),
            criteria=published_criteria(),
        )
        document = controls_report(bd_fcm, day, results)
    write_document(
        document, output_format, header=CONTROLS_HEADER, rows=control_rows, show=print_controls
    )
    if document["broken"]:
        raise typer.Exit(EXIT_REFUSED)


@report_app.command("profit-and-loss")
def profit_and_loss_command(
    *,
    books: BooksOption,
    market: MarketOption,
    business_date: _Date,
    bd_fcm: BdFcmOption = "BD-FCM",
    derived_prices: DerivedPricesOption = False,
    changes: ChangesOption = None,
    own_parameters: OwnParametersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Hold every customer's flows from intake to a day against profit and loss, lot by lot."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.profit_and_loss import PROOF_HEADER, print_proof, proof_rows
    from crossmargin.services.book_reports.profit_and_loss import proof_document, prove

    until = business_date.date()
    with opened(books, output_format) as store, store.work() as work:
        models = books_bootstrap.day_models(
            market,
            own_parameters=own_parameters or (),
            changes=changes_by_owner(
                changes or [], example="settlement.fails_charge_ceiling_pct=3"
            ),
            derived_prices=derived_prices,
        )
        proofs = prove(models, work, bd_fcm=bd_fcm, until=until)
        document = proof_document(proofs, bd_fcm=bd_fcm, until=until)
    write_document(document, output_format, header=PROOF_HEADER, rows=proof_rows, show=print_proof)
    if not document["holds"]:
        raise typer.Exit(EXIT_REFUSED)
