"""``xm customer``: criteria, notices of suspension and termination, cure, parity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.books_options import (
    ActorOption,
    ApproverOption,
    AtOption,
    BdFcmOption,
    BooksOption,
    CustomerArgument,
    PaperArgument,
    instant_of,
    opened,
    writing,
)
from crossmargin.cli.given import read_word, sha256_of
from crossmargin.cli.options import DerivedPricesOption, FormatOption
from crossmargin.cli.output import OutputFormat, write_document

if TYPE_CHECKING:
    from datetime import datetime

    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.services.books.ports import Work
    from crossmargin.services.suspension.desk import AccessDesk
    from crossmargin.services.suspension.surge import SurgeTable

_Criterion = Annotated[
    str, typer.Argument(metavar="CRITERION", help="Id of a published criterion.")
]
_Notice = Annotated[str, typer.Argument(metavar="NOTICE", help="Id of the notice's record.")]


def criteria_command(*, output_format: FormatOption = OutputFormat.TABLE) -> None:
    """Show the criteria on which access is suspended or ended, with version and digest."""
    from crossmargin.bootstrap.books import published_criteria
    from crossmargin.presentation.standing import (
        CRITERIA_HEADER,
        criteria_document,
        criteria_rows,
        print_criteria,
    )

    write_document(
        criteria_document(published_criteria()),
        output_format,
        header=CRITERIA_HEADER,
        rows=criteria_rows,
        show=print_criteria,
    )


def evidence_command(
    customer: CustomerArgument,
    criterion: _Criterion,
    file: PaperArgument,
    *,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record a paper that says that a customer meets a criterion, such as an order."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.services.suspension.notices import state_evidence

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        key = CustomerKey(bd_fcm, customer)
        record_id = state_evidence(
            _desk(bd_fcm), work, key, criterion, entry, sha256=sha256_of(file)
        )
    typer.echo(record_id, err=True)


def notice_command(
    customer: CustomerArgument,
    criterion: _Criterion,
    *,
    invoked_by: Annotated[
        str,
        typer.Option(
            "--invoked-by",
            metavar="WHO",
            help="BD_FCM, CUSTOMER, FICC, CME, CFTC or SEC; the criterion says who may.",
        ),
    ] = "BD_FCM",
    intended: Annotated[
        Path | None,
        typer.Option(
            "--intended",
            metavar="FILE",
            help="Positions file of trades the customer intends: a second surge table, after them.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    market: Annotated[
        Path | None,
        typer.Option("--market", metavar="DIR", help="Needed with --intended.", exists=True),
    ] = None,
    derived_prices: DerivedPricesOption = False,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Give notice of suspension or termination, with its surge table and the parity check."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.participation.standing import Invoker
    from crossmargin.services.suspension.notices import give_notice

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        key = CustomerKey(bd_fcm, customer)
        table = _with_intended(
            work, key, entry.at, intended, market=market, derived_prices=derived_prices
        )
        invoker = read_word(Invoker, "invoked_by", invoked_by)
        record_id = give_notice(
            _desk(bd_fcm), work, key, criterion, entry, invoked_by=invoker, intended=table
        )
    typer.echo(record_id, err=True)


def acknowledge_command(
    customer: CustomerArgument,
    notice: _Notice,
    file: PaperArgument,
    *,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record that the customer acknowledged a notice; the file is what it signed."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.services.suspension.notices import acknowledge

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        key = CustomerKey(bd_fcm, customer)
        record_id = acknowledge(_desk(bd_fcm), work, key, notice, entry, sha256=sha256_of(file))
    typer.echo(record_id, err=True)


def cure_command(
    customer: CustomerArgument,
    notice: _Notice,
    *,
    paper: Annotated[
        Path | None,
        typer.Option(
            "--paper",
            metavar="FILE",
            help="Takes back what a paper stated.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record that a notice is cured or, after it took effect, that the customer is reinstated."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.services.suspension.notices import cure

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        key = CustomerKey(bd_fcm, customer)
        sha256 = sha256_of(paper) if paper else ""
        record_id = cure(_desk(bd_fcm), work, key, notice, entry, sha256=sha256)
    typer.echo(record_id, err=True)


def parity_command(
    criterion: _Criterion,
    *,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every customer who meets a criterion, and whether it was acted on."""
    from crossmargin.presentation.standing import (
        PARITY_HEADER,
        parity_document,
        parity_rows,
        print_parity,
    )
    from crossmargin.services.suspension.notices import compare

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        document = parity_document(
            criterion, instant, compare(_desk(bd_fcm), work, criterion, instant)
        )
    write_document(
        document, output_format, header=PARITY_HEADER, rows=parity_rows, show=print_parity
    )


def standing_command(
    customer: CustomerArgument,
    *,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show where a customer's access stands, with every notice and its surge table."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.standing import (
        STANDING_HEADER,
        print_standing,
        standing_document,
        standing_rows,
    )
    from crossmargin.services.books.participation import customer_file

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        share = books_bootstrap.proprietary_share(instant.date())
        file = customer_file(work, CustomerKey(bd_fcm, customer), share)
        document = standing_document(file, instant)
    write_document(
        document, output_format, header=STANDING_HEADER, rows=standing_rows, show=print_standing
    )


def _desk(bd_fcm: str) -> AccessDesk:
    from crossmargin.bootstrap import parameter_registry
    from crossmargin.bootstrap.books import published_criteria
    from crossmargin.services.suspension.desk import AccessDesk

    return AccessDesk(bd_fcm, published_criteria(), parameter_registry())


def _with_intended(
    work: Work,
    customer: CustomerKey,
    at: datetime,
    intended: Path | None,
    *,
    market: Path | None,
    derived_prices: bool,
) -> SurgeTable | None:
    """Return the surge after intended trades, where a file of them is given."""
    from crossmargin.basics.refusals import RefusedError, refused
    from crossmargin.bootstrap import read_positions
    from crossmargin.bootstrap.books import day_models
    from crossmargin.services.suspension.surge import surge_with

    if intended is None:
        return None
    if market is None:
        raise refused("market", "", "a market directory with --intended", "CP-18")
    loaded = read_positions(intended)
    if loaded.refusals:
        raise RefusedError(*loaded.refusals)
    models = day_models(market, derived_prices=derived_prices)
    return surge_with(models, work, customer, loaded.lines, at)
