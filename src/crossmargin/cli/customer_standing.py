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
    instant_of,
    opened,
)
from crossmargin.cli.customer_papers import read_word, sha256_of
from crossmargin.cli.options import DerivedPricesOption, FormatOption
from crossmargin.cli.output import OutputFormat, write_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.services.books.papers import Entry
    from crossmargin.services.books.ports import Work
    from crossmargin.services.suspension.desk import AccessDesk
    from crossmargin.services.suspension.surge import SurgeTable

_Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]
_Criterion = Annotated[
    str, typer.Argument(metavar="CRITERION", help="Id of a published criterion.")
]
_Notice = Annotated[str, typer.Argument(metavar="NOTICE", help="Id of the notice's record.")]
_Paper = Annotated[
    Path, typer.Argument(metavar="FILE", help="The paper itself.", exists=True, dir_okay=False)
]


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
    customer: _Customer,
    criterion: _Criterion,
    file: _Paper,
    *,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record a paper that says that a customer meets a criterion, such as an order."""
    from crossmargin.services.suspension.notices import state_evidence

    _write(
        lambda desk, work, key, entry: state_evidence(
            desk, work, key, criterion, entry, sha256=sha256_of(file)
        ),
        customer,
        bd_fcm=bd_fcm,
        books=books,
        at=at,
        people=(actor, approver),
        output_format=output_format,
    )


def notice_command(
    customer: _Customer,
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
    from crossmargin.participation.standing import Invoker
    from crossmargin.services.suspension.notices import give_notice

    def give(desk: AccessDesk, work: Work, key: CustomerKey, entry: Entry) -> str:
        table = _with_intended(
            work, key, entry.at, intended, market=market, derived_prices=derived_prices
        )
        invoker = read_word(Invoker, "invoked_by", invoked_by)
        return give_notice(desk, work, key, criterion, entry, invoked_by=invoker, intended=table)

    _write(
        give,
        customer,
        bd_fcm=bd_fcm,
        books=books,
        at=at,
        people=(actor, approver),
        output_format=output_format,
    )


def acknowledge_command(
    customer: _Customer,
    notice: _Notice,
    file: _Paper,
    *,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record that the customer acknowledged a notice; the file is what it signed."""
    from crossmargin.services.suspension.notices import acknowledge

    _write(
        lambda desk, work, key, entry: acknowledge(
            desk, work, key, notice, entry, sha256=sha256_of(file)
        ),
        customer,
        bd_fcm=bd_fcm,
        books=books,
        at=at,
        people=(actor, approver),
        output_format=output_format,
    )


def cure_command(
    customer: _Customer,
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
    from crossmargin.services.suspension.notices import cure

    _write(
        lambda desk, work, key, entry: cure(
            desk, work, key, notice, entry, sha256=sha256_of(paper) if paper else ""
        ),
        customer,
        bd_fcm=bd_fcm,
        books=books,
        at=at,
        people=(actor, approver),
        output_format=output_format,
    )


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
    customer: _Customer,
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


def _write(
    made: Callable[[AccessDesk, Work, CustomerKey, Entry], str],
    customer: str,
    *,
    bd_fcm: str,
    books: str,
    at: str,
    people: tuple[str, str],
    output_format: OutputFormat,
) -> None:
    """Write what a command makes in one transaction, and name its record on standard error."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.services.books.papers import Entry

    with opened(books, output_format) as store:
        entry = Entry(instant_of(at, output_format), *people)
        with store.work() as work:
            written = made(_desk(bd_fcm), work, CustomerKey(bd_fcm, customer), entry)
            work.commit()
    typer.echo(written, err=True)
