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
    BooksOption,
    instant_of,
    opened,
)
from crossmargin.cli.options import DATE_FORMATS, FormatOption
from crossmargin.cli.output import EXIT_REFUSED, OutputFormat, refuse, write_document

ledger_app = typer.Typer(
    no_args_is_help=True, short_help="The segregated ledger: make, look, verify, rebuild."
)
_BdFcm = Annotated[str | None, typer.Option("--bd-fcm", metavar="NAME", help="Of this BD-FCM.")]
_Customer = Annotated[
    str | None, typer.Option("--customer", metavar="ID", help="Of this customer alone.")
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
    from crossmargin.basics.refusals import Refusal
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.services.books.ports import StorageError

    try:
        books_bootstrap.create_books(address)
    except StorageError as error:
        refuse((Refusal("books", str(error), "a store without books", "books"),), output_format)
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


@ledger_app.command("balances")
def balances_command(
    *,
    books: BooksOption,
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
        document = balances_document(work.ledger.balances(bd_fcm=bd_fcm, customer_id=customer))
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
    first: Annotated[
        datetime | None, typer.Option("--from", formats=DATE_FORMATS, metavar="DATE")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=DATE_FORMATS, metavar="DATE")
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
                first=first.date() if first else None,
                last=last.date() if last else None,
            )
        )
    write_document(
        document, output_format, header=TRANSFERS_HEADER, rows=transfer_rows, show=print_transfers
    )


@ledger_app.command("rebuild")
def rebuild_command(*, books: BooksOption) -> None:
    """Make the balances anew from the transfers alone."""
    from crossmargin.bootstrap import books as books_bootstrap

    count = books_bootstrap.rebuild_balances(books)
    typer.echo(f"{count} balances rebuilt from the transfers", err=True)
