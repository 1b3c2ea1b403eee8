"""``xm ledger``: make, look at and verify the segregated ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.books_options import (
    ActorOption,
    ApproverOption,
    AtOption,
    BdFcmOption,
    BooksOption,
    instant_of,
    opened,
    reported,
    writing,
)
from crossmargin.cli.options import DATE_FORMATS, FormatOption
from crossmargin.cli.output import EXIT_REFUSED, OutputFormat, write_document
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.liens import Party, Property
from crossmargin.ledger.transfers import TransferKind

ledger_app = typer.Typer(
    no_args_is_help=True, short_help="The segregated ledger: make, look, verify, rebuild."
)
_BdFcm = Annotated[str | None, typer.Option("--bd-fcm", metavar="NAME", help="Of this BD-FCM.")]
_Customer = Annotated[
    str | None, typer.Option("--customer", metavar="ID", help="Of this customer alone.")
]
_Kind = Annotated[
    AccountKind | None, typer.Option("--kind", metavar="KIND", help="Accounts of this kind alone.")
]


@ledger_app.command("create")
def create_command(
    address: Annotated[
        str,
        typer.Argument(metavar="ADDRESS", help="A path of a file, or a postgresql:// address."),
    ],
    *,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Make an empty store of books."""
    from crossmargin.bootstrap import books as books_bootstrap

    with reported(output_format, expected="a store without books"):
        books_bootstrap.create_books(address).close()
    typer.echo("books created", err=True)


@ledger_app.command("open")
def open_command(
    programme: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="TOML: BD-FCM, capital, places and their facts.", exists=True
        ),
    ],
    *,
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Open the books of a BD-FCM: its accounts, its places, its capital."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.services.books.opening import open_bd_fcm

    with opened(books, output_format) as store:
        loaded = books_bootstrap.read_bd_fcm_books(programme)
        instant = instant_of(at, output_format)
        with store.work() as work:
            open_bd_fcm(
                work,
                loaded.books,
                at=instant,
                actor=actor,
                approver=approver,
                sha256=loaded.sha256,
            )
            work.commit()
    typer.echo(f"books of {loaded.books.bd_fcm} opened", err=True)


@ledger_app.command("place")
def place_command(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="TOML: BD-FCM, places and facts of them.", exists=True),
    ],
    *,
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Open another place, state another fact of one, or that a fact ends."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.services.books.places import state_places

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        loaded = books_bootstrap.read_places(file)
        stated = state_places(work, loaded.bd_fcm, loaded.places, entry, sha256=loaded.sha256)
    for record_id in stated:
        typer.echo(record_id, err=True)


@ledger_app.command("places")
def places_command(
    *,
    books: BooksOption,
    on: Annotated[
        datetime, typer.Option("--on", formats=DATE_FORMATS, metavar="DATE", help="In force when.")
    ],
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show where property is kept, every fact of each place, and what it lacks on a day."""
    from crossmargin.presentation.ledger import (
        PLACES_HEADER,
        place_rows,
        places_document,
        print_places,
    )
    from crossmargin.services.books.places import places_on

    with opened(books, output_format) as store, store.work() as work:
        document = places_document(
            ((each.account, each.facts, each.missing) for each in places_on(work, on.date())),
            on.date(),
        )
    write_document(
        document, output_format, header=PLACES_HEADER, rows=place_rows, show=print_places
    )


@ledger_app.command("move")
def move_command(
    move_id: Annotated[str, typer.Argument(metavar="ID", help="Of the move.")],
    *,
    books: BooksOption,
    bd_fcm: BdFcmOption,
    source: Annotated[
        str, typer.Option("--from", metavar="ACCOUNT", help="At the place that it leaves.")
    ],
    target: Annotated[
        str, typer.Option("--to", metavar="ACCOUNT", help="At the place that it goes to.")
    ],
    asset: Annotated[
        str, typer.Option("--asset", metavar="ASSET", help="CASH-USD, or SEC- and a CUSIP.")
    ] = "CASH-USD",
    quantity: Annotated[
        str, typer.Option("--quantity", metavar="N", help="Dollars and cents, or dollars of par.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words.")],
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Move customers' property from one place to another of the same holder and class."""
    from crossmargin.basics.money import money_from_decimal
    from crossmargin.basics.refusals import refused
    from crossmargin.ledger.assets import CASH, Asset
    from crossmargin.services.clearing_day.moving import Move, move_property

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        try:
            moved = Asset.parsed(asset)
            amount = money_from_decimal(quantity).cents if moved == CASH else int(quantity)
        except ValueError as error:
            raise refused("quantity", f"{quantity} {asset}", str(error), "custody moves") from error
        move = Move(move_id, source, target, moved, amount, reason)
        wire_id = move_property(work, bd_fcm, move, entry)
    typer.echo(wire_id, err=True)


@ledger_app.command("adjust")
def adjust_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV: one row a correction.", exists=True)
    ],
    *,
    books: BooksOption,
    bd_fcm: BdFcmOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Correct by hand what was posted wrongly of fees, interest and settlement flows."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.services.books.adjusting import adjust

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        entered = adjust(work, bd_fcm, books_bootstrap.read_adjustments(file), entry)
    for record_id in entered:
        typer.echo(record_id, err=True)


@ledger_app.command("verify")
def verify_command(*, books: BooksOption, output_format: FormatOption = OutputFormat.TABLE) -> None:
    """Check the books on another path than the one they were written on."""
    from crossmargin.presentation.ledger import (
        FINDINGS_HEADER,
        finding_rows,
        findings_document,
        print_findings,
    )
    from crossmargin.services.clearing_day.verifying import verify_books

    with opened(books, output_format) as store:
        document = findings_document(verify_books(store))
    write_document(
        document, output_format, header=FINDINGS_HEADER, rows=finding_rows, show=print_findings
    )
    if document["findings"]:
        raise typer.Exit(EXIT_REFUSED)


@ledger_app.command("accounts")
def accounts_command(
    *,
    books: BooksOption,
    kind: _Kind = None,
    bd_fcm: _BdFcm = None,
    customer: _Customer = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every account, by id."""
    from crossmargin.presentation.ledger import (
        ACCOUNTS_HEADER,
        account_rows,
        accounts_document,
        print_accounts,
    )

    with opened(books, output_format) as store, store.work() as work:
        document = accounts_document(
            work.ledger.accounts(kind=kind, bd_fcm=bd_fcm, customer_id=customer)
        )
    write_document(
        document, output_format, header=ACCOUNTS_HEADER, rows=account_rows, show=print_accounts
    )


@ledger_app.command("balances")
def balances_command(
    *,
    books: BooksOption,
    kind: _Kind = None,
    bd_fcm: _BdFcm = None,
    customer: _Customer = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show what is in every account, posted and in transit."""
    from crossmargin.presentation.ledger import (
        BALANCES_HEADER,
        balance_rows,
        balances_document,
        print_balances,
    )

    with opened(books, output_format) as store, store.work() as work:
        document = balances_document(
            work.ledger.balances(kind=kind, bd_fcm=bd_fcm, customer_id=customer)
        )
    write_document(
        document, output_format, header=BALANCES_HEADER, rows=balance_rows, show=print_balances
    )


@ledger_app.command("transfers")
def transfers_command(
    *,
    books: BooksOption,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ID", help="That debit or credit it.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="ID", help="Posted together under this id.")
    ] = None,
    kind: Annotated[
        TransferKind | None, typer.Option("--kind", metavar="KIND", help="Of this kind alone.")
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=DATE_FORMATS, metavar="DATE", help="First business date."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=DATE_FORMATS, metavar="DATE", help="Last business date."),
    ] = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show transfers in the order in which they were posted."""
    from crossmargin.presentation.ledger import (
        TRANSFERS_HEADER,
        print_transfers,
        transfer_rows,
        transfers_document,
    )

    with opened(books, output_format) as store, store.work() as work:
        document = transfers_document(
            work.ledger.transfers(
                account_id=account,
                group_id=group,
                kind=kind,
                first=first.date() if first else None,
                last=last.date() if last else None,
            )
        )
    write_document(
        document, output_format, header=TRANSFERS_HEADER, rows=transfer_rows, show=print_transfers
    )


@ledger_app.command("liens")
def liens_command(*, books: BooksOption, output_format: FormatOption = OutputFormat.TABLE) -> None:
    """Show the register of liens: those that papers grant, and those entered beside them."""
    from crossmargin.presentation.ledger import (
        LIENS_HEADER,
        lien_rows,
        liens_document,
        print_liens,
    )
    from crossmargin.services.books.liens import register_of_liens

    with opened(books, output_format) as store, store.work() as work:
        document = liens_document(register_of_liens(work))
    write_document(document, output_format, header=LIENS_HEADER, rows=lien_rows, show=print_liens)


@ledger_app.command("lien")
def lien_command(
    lien_id: Annotated[str, typer.Argument(metavar="ID", help="Of the lien.")],
    *,
    books: BooksOption,
    bd_fcm: BdFcmOption,
    customer: _Customer = None,
    granted_by: Annotated[Party, typer.Option("--by", help="Who grants it.")],
    granted_to: Annotated[Party, typer.Option("--to", help="Who has it.")],
    on: Annotated[Property, typer.Option("--on", help="What it is on.")],
    document: Annotated[
        str, typer.Option("--document", metavar="SHA256", help="Digest of the agreement.")
    ],
    first: Annotated[
        datetime,
        typer.Option("--from", formats=DATE_FORMATS, metavar="DATE", help="First day in force."),
    ],
    last: Annotated[
        datetime | None,
        typer.Option("--until", formats=DATE_FORMATS, metavar="DATE", help="Last day in force."),
    ] = None,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Enter a lien, or refuse it: only those of the arrangement may be."""
    from crossmargin.basics.refusals import refused
    from crossmargin.ledger.liens import Lien
    from crossmargin.services.books.liens import enter_lien

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        try:
            lien = Lien(
                lien_id,
                bd_fcm,
                customer or "",
                granted_by,
                granted_to,
                on,
                document,
                first.date(),
                None if last is None else last.date(),
            )
        except ValueError as error:
            raise refused("lien", lien_id, str(error), "liens; CP-05") from error
        enter_lien(work, lien, entry)
    typer.echo(f"lien {lien_id} entered", err=True)


@ledger_app.command("rebuild")
def rebuild_command(
    *, books: BooksOption, output_format: FormatOption = OutputFormat.TABLE
) -> None:
    """Make the balances anew from the transfers alone."""
    from crossmargin.bootstrap import books as books_bootstrap

    with reported(output_format):
        count = books_bootstrap.rebuild_balances(books)
    typer.echo(f"{count} balances rebuilt from the transfers", err=True)


@ledger_app.command("upgrade")
def upgrade_command(
    *, books: BooksOption, output_format: FormatOption = OutputFormat.TABLE
) -> None:
    """Bring a store of an earlier version to this version's schema."""
    from crossmargin.bootstrap import books as books_bootstrap

    with reported(output_format):
        before, after = books_bootstrap.upgrade_books(books)
    typer.echo(f"schema {before}, now {after}", err=True)
