"""``xm customer``: bring customers to take part, and say whether they may and by which rule."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
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
from crossmargin.cli.options import DATE_FORMATS, FormatOption
from crossmargin.cli.output import OutputFormat, write_document

if TYPE_CHECKING:
    from crossmargin.participation.documents import Document
    from crossmargin.participation.ownership import Owner

customer_app = typer.Typer(
    no_args_is_help=True, short_help="Customers: documents, steps, verdicts with their rule."
)
_Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]


class StepName(StrEnum):
    """Steps that need nothing but to be done; a declaration has a command of its own."""

    APPLIED = "APPLIED"
    CUSTOMER_OPTED_IN = "CUSTOMER_OPTED_IN"
    BD_FCM_OPTED_IN = "BD_FCM_OPTED_IN"
    ACCOUNTS_OPENED = "ACCOUNTS_OPENED"
    REHEARSED = "REHEARSED"
    WENT_LIVE = "WENT_LIVE"
    LEAVING = "LEAVING"
    LEFT = "LEFT"


@customer_app.command("import")
def import_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="TOML of participants.", exists=True)
    ],
    *,
    books: BooksOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Bring a BD-FCM and its customers through the steps that a file states, all or nothing."""
    from crossmargin import bootstrap
    from crossmargin.services.books.loading import load_participants

    with opened(books, output_format) as store:
        participants = bootstrap.read_participants(file)
        last = max(at for each in participants.customers for _, at in each.steps)
        with store.work() as work:
            loaded = load_participants(
                work,
                participants,
                actor=actor,
                approver=approver,
                proprietary_share=bootstrap.proprietary_share(last.date()),
            )
            work.commit()
    typer.echo(f"{len(loaded)} customers of {participants.bd_fcm} imported", err=True)


@customer_app.command("register")
def register_command(
    *,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="BROKER_DEALER, FUTURES_COMMISSION_MERCHANT, GSD_NETTING_MEMBER or "
            "CME_CLEARING_MEMBER.",
        ),
    ],
    lei: Annotated[str, typer.Option("--lei", metavar="LEI", help="Of the entity registered.")],
    first: Annotated[
        datetime, typer.Option("--from", formats=DATE_FORMATS, metavar="DATE", help="In force.")
    ],
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=DATE_FORMATS, metavar="DATE", help="Last day, if it ends."),
    ] = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record a registration or membership of a BD-FCM."""
    from crossmargin.basics.refusals import refused
    from crossmargin.participation.entities import Lei, RegistrationKind
    from crossmargin.services.books.participation import Entry, register

    with opened(books, output_format) as store:
        entry = Entry(instant_of(at, output_format), actor, approver)
        try:
            known, entity = RegistrationKind(kind), Lei(lei)
        except ValueError as error:
            raise refused("registration", f"{kind} {lei}", str(error), "participation") from error
        with store.work() as work:
            record_id = register(
                work,
                bd_fcm,
                known,
                entity,
                first=first.date(),
                last=last.date() if last else None,
                entry=entry,
            )
            work.commit()
    typer.echo(record_id, err=True)


@customer_app.command("document")
def document_command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What document it is.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document itself.", exists=True)],
    *,
    signed_at: Annotated[
        str, typer.Option("--signed-at", metavar="INSTANT", help="Signed, or delivered.")
    ],
    parties: Annotated[
        list[str], typer.Option("--party", metavar="PARTY", help="Who signed; may be repeated.")
    ],
    acknowledgements: Annotated[
        list[str] | None,
        typer.Option("--acknowledges", metavar="WHAT", help="May be repeated."),
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="ID", help="Whose; the BD-FCM's if left out."),
    ] = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record a document by the digest of its file."""
    from crossmargin.services.books.participation import Entry, record_document

    with opened(books, output_format) as store:
        document = _document(
            kind,
            file,
            signed_at=signed_at,
            parties=parties,
            acknowledgements=acknowledgements or [],
            customer=customer,
            bd_fcm=bd_fcm,
        )
        entry = Entry(instant_of(at, output_format), actor, approver)
        with store.work() as work:
            record_id = record_document(work, document, entry)
            work.commit()
    typer.echo(record_id, err=True)


@customer_app.command("declare")
def declare_command(
    customer: _Customer,
    *,
    owners: Annotated[
        list[str],
        typer.Option(
            "--owner",
            metavar="NAME:SHARE:RELATION[:controls]",
            help="An owner, such as 'A FUND:0.6:NONE:controls'; may be repeated.",
        ),
    ],
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record who owns and controls a customer; again, a change that asks the test again."""
    from crossmargin import bootstrap
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.services.books.participation import Entry, declare

    with opened(books, output_format) as store:
        instant = instant_of(at, output_format)
        listed = [_owner(each) for each in owners]
        with store.work() as work:
            record_id = declare(
                work,
                CustomerKey(bd_fcm, customer),
                listed,
                Entry(instant, actor, approver),
                proprietary_share=bootstrap.proprietary_share(instant.date()),
            )
            work.commit()
    typer.echo(record_id, err=True)


@customer_app.command("step")
def step_command(
    customer: _Customer,
    step: Annotated[StepName, typer.Argument(metavar="STEP", help="The step to do.")],
    *,
    evidence: Annotated[
        list[str] | None,
        typer.Option("--evidence", metavar="ID", help="A record that it follows from."),
    ] = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Do a step, or refuse it with every step and gate that is missing."""
    from crossmargin import bootstrap
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.participation.customer import Step
    from crossmargin.services.books.participation import Entry, take_step

    with opened(books, output_format) as store:
        instant = instant_of(at, output_format)
        with store.work() as work:
            record_id = take_step(
                work,
                CustomerKey(bd_fcm, customer),
                Step(step.value),
                Entry(instant, actor, approver),
                proprietary_share=bootstrap.proprietary_share(instant.date()),
                evidence=evidence or (),
            )
            work.commit()
    typer.echo(record_id, err=True)


@customer_app.command("show")
def show_command(
    customer: _Customer,
    *,
    books: BooksOption,
    at: AtOption,
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show what a customer is at an instant: verdicts, every gate with its rule and evidence."""
    from crossmargin import bootstrap
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.presentation.participation import (
        CUSTOMER_HEADER,
        customer_document,
        customer_rows,
        print_customer,
    )
    from crossmargin.services.books.participation import customer_file

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        share = bootstrap.proprietary_share(instant.date())
        file = customer_file(work, CustomerKey(bd_fcm, customer), share)
        document = customer_document(file, instant)
    write_document(
        document, output_format, header=CUSTOMER_HEADER, rows=customer_rows, show=print_customer
    )


@customer_app.command("list")
def list_command(
    *,
    books: BooksOption,
    at: AtOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every customer's state and verdict at an instant."""
    from crossmargin import bootstrap
    from crossmargin.presentation.participation import (
        LIST_HEADER,
        list_document,
        list_rows,
        print_list,
    )
    from crossmargin.services.books.participation import customer_file, customers_of

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        share = bootstrap.proprietary_share(instant.date())
        files = [customer_file(work, each, share) for each in customers_of(work)]
        document = list_document(files, instant)
    write_document(document, output_format, header=LIST_HEADER, rows=list_rows, show=print_list)


def _document(
    kind: str,
    file: Path,
    *,
    signed_at: str,
    parties: list[str],
    acknowledgements: list[str],
    customer: str | None,
    bd_fcm: str,
) -> Document:
    """Return the document that the options describe.

    Raises
    ------
    RefusedError
        If a word is not one that is known.
    """
    import hashlib

    from crossmargin.basics.refusals import refused
    from crossmargin.participation.documents import Acknowledgement, Document, DocumentKind

    try:
        at = datetime.fromisoformat(signed_at)
        return Document(
            kind=DocumentKind(kind),
            subject=f"{bd_fcm}/{customer}" if customer else bd_fcm,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            parties=frozenset(parties),
            signed_at=at,
            first=at.date(),
            last=None,
            acknowledgements=frozenset(Acknowledgement(each) for each in acknowledgements),
        )
    except ValueError as error:
        raise refused("document", kind, str(error), "participation") from error


def _owner(text: str) -> Owner:
    from fractions import Fraction

    from crossmargin.basics.refusals import refused
    from crossmargin.participation.ownership import Owner, Relation

    name, *rest = text.split(":")
    try:
        share, relation = rest[0], rest[1]
        return Owner(name, Fraction(share), Relation(relation), rest[2:] == ["controls"])
    except (ValueError, IndexError, ZeroDivisionError) as error:
        expected = f"NAME:SHARE:RELATION[:controls] ({error})"
        raise refused("owner", text, expected, "participation") from error
