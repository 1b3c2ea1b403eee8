"""``xm customer``: the commands that record papers, each by the digest of its file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from crossmargin.cli.books_options import (
    ActorOption,
    ApproverOption,
    AtOption,
    BdFcmOption,
    BooksOption,
    PaperArgument,
    instant_of,
    writing,
)
from crossmargin.cli.given import read_word, sha256_of
from crossmargin.cli.options import DATE_FORMATS, FormatOption
from crossmargin.cli.output import OutputFormat

_First = Annotated[
    datetime, typer.Option("--from", formats=DATE_FORMATS, metavar="DATE", help="In force from.")
]
_Last = Annotated[
    datetime | None,
    typer.Option("--to", formats=DATE_FORMATS, metavar="DATE", help="Last day, if it ends."),
]


def programme_command(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="FICC_REGISTRATION, CFTC_RELIEF, SEC_RELIEF, FICC_RULES, CME_RULES or "
            "CROSS_MARGINING_AGREEMENT.",
        ),
    ],
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="Such as a release number or an edition.")
    ],
    file: PaperArgument,
    *,
    first: _First,
    last: _Last = None,
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record what the arrangement rests on, or its end: without it nothing new enters."""
    from crossmargin.participation.programme import ProgrammeFact, ProgrammeFactKind
    from crossmargin.services.books.papers import state_programme_fact

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        fact = ProgrammeFact(
            read_word(ProgrammeFactKind, "kind", kind),
            version,
            sha256_of(file),
            first.date(),
            last.date() if last else None,
        )
        record_id = state_programme_fact(work, fact, entry)
    typer.echo(record_id, err=True)


def register_command(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="BROKER_DEALER, FUTURES_COMMISSION_MERCHANT, GSD_NETTING_MEMBER or "
            "CME_CLEARING_MEMBER.",
        ),
    ],
    *,
    lei: Annotated[str, typer.Option("--lei", metavar="LEI", help="Of the entity registered.")],
    first: _First,
    last: _Last = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record a registration or membership of a BD-FCM, or its end."""
    from crossmargin.basics.refusals import refused
    from crossmargin.participation.entities import Lei, RegistrationKind
    from crossmargin.services.books.papers import register

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        known = read_word(RegistrationKind, "kind", kind)
        try:
            entity = Lei(lei)
        except ValueError as error:
            raise refused("lei", lei, str(error), "participation") from error
        record_id = register(
            work,
            bd_fcm,
            known,
            entity,
            first=first.date(),
            last=last.date() if last else None,
            entry=entry,
        )
    typer.echo(record_id, err=True)


def document_command(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="PARTICIPANT_AGREEMENT or SECURITY_INTEREST_TO_CME of the BD-FCM; "
            "PARTICIPATION_AND_SUBORDINATION, DISCLOSURE, PLEDGE_TO_BD_FCM or "
            "OWNERSHIP_AND_CONTROL of a customer.",
        ),
    ],
    file: PaperArgument,
    *,
    signed_at: Annotated[
        str, typer.Option("--signed-at", metavar="INSTANT", help="Signed, or delivered.")
    ],
    parties: Annotated[
        list[str],
        typer.Option(
            "--party", metavar="PARTY", help="BD_FCM, CUSTOMER, CME or FICC; may be repeated."
        ),
    ],
    acknowledgements: Annotated[
        list[str] | None,
        typer.Option(
            "--acknowledges",
            metavar="WHAT",
            help="NO_SECURITIES_CUSTOMER_TREATMENT, SUBCHAPTER_IV_PROTECTION or "
            "SUBORDINATION_OF_SECURITIES_CLAIMS; may be repeated.",
        ),
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=DATE_FORMATS,
            metavar="DATE",
            help="In force from; the day it was signed if left out.",
        ),
    ] = None,
    last: _Last = None,
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
    """Record a document."""
    from crossmargin.participation.documents import Acknowledgement, Document, DocumentKind
    from crossmargin.participation.verdicts import eastern_date
    from crossmargin.services.books.papers import record_document

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        signed = instant_of(signed_at, output_format)
        document = Document(
            kind=read_word(DocumentKind, "kind", kind),
            subject=f"{bd_fcm}/{customer}" if customer else bd_fcm,
            sha256=sha256_of(file),
            parties=frozenset(parties),
            signed_at=signed,
            first=first.date() if first else eastern_date(signed),
            last=last.date() if last else None,
            acknowledgements=frozenset(
                read_word(Acknowledgement, "acknowledges", each) for each in acknowledgements or ()
            ),
        )
        record_id = record_document(work, document, entry)
    typer.echo(record_id, err=True)


def end_document_command(
    document: Annotated[
        str, typer.Argument(metavar="ID", help="The record of the document that ends.")
    ],
    file: PaperArgument,
    *,
    last: Annotated[
        datetime,
        typer.Option("--to", formats=DATE_FORMATS, metavar="DATE", help="Last day in force."),
    ],
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Record that a document ends, by the notice that says so."""
    from crossmargin.services.books.papers import end_document

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        record_id = end_document(
            work, document, last=last.date(), sha256=sha256_of(file), entry=entry
        )
    typer.echo(record_id, err=True)
