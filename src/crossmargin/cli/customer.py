"""``xm customer``: bring customers to take part, and say whether they may and by which rule."""

from __future__ import annotations

from dataclasses import replace
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
    instant_of,
    opened,
    writing,
)
from crossmargin.cli.customer_papers import (
    document_command,
    end_document_command,
    programme_command,
    register_command,
)
from crossmargin.cli.customer_rehearsal import read_rehearsal, rehearse_command
from crossmargin.cli.customer_standing import (
    acknowledge_command,
    criteria_command,
    cure_command,
    evidence_command,
    notice_command,
    parity_command,
    standing_command,
)
from crossmargin.cli.given import read_word, sha256_of
from crossmargin.cli.options import FormatOption
from crossmargin.cli.output import (
    EXIT_REFUSED,
    OutputFormat,
    diagnostics,
    report_refusals,
    write_document,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossmargin.participation.steps import StepTaken

customer_app = typer.Typer(
    no_args_is_help=True, short_help="Customers: documents, steps, verdicts with their rule."
)
customer_app.command("programme")(programme_command)
customer_app.command("register")(register_command)
customer_app.command("document")(document_command)
customer_app.command("end-document")(end_document_command)
customer_app.command("rehearse")(rehearse_command)
customer_app.command("criteria")(criteria_command)
customer_app.command("evidence")(evidence_command)
customer_app.command("notice")(notice_command)
customer_app.command("acknowledge")(acknowledge_command)
customer_app.command("cure")(cure_command)
customer_app.command("parity")(parity_command)
customer_app.command("standing")(standing_command)


@customer_app.command("import")
def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="TOML of a BD-FCM and its customers, or CSV of customers.",
            exists=True,
            dir_okay=False,
        ),
    ],
    *,
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Bring a BD-FCM and its customers through the steps that a file states.

    Each customer is one transaction: one that is refused keeps nobody else out.
    """
    from crossmargin.basics.refusals import refused
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.participation import (
        IMPORT_HEADER,
        import_document,
        import_rows,
        print_import,
    )
    from crossmargin.services.books.loading import load_participants

    with opened(books, output_format) as store:
        if file.suffix.lower() == ".csv":
            participants = books_bootstrap.read_customers(file, bd_fcm)
        else:
            participants = books_bootstrap.read_participants(file)
        instants = [at for each in participants.customers for _, at in each.steps]
        instants += [each.signed_at for each in participants.documents]
        if not instants:
            raise refused("file", file.name, "a document or a step", "participation")
        with diagnostics().status(f"Loading {len(participants.customers):,} customers"):
            loaded = load_participants(
                store,
                participants,
                actor=actor,
                approver=approver,
                proprietary_share=books_bootstrap.proprietary_share(max(instants).date()),
            )
    document = import_document(participants, loaded)
    write_document(
        document, output_format, header=IMPORT_HEADER, rows=import_rows, show=print_import
    )
    report_refusals(loaded.refusals)
    if loaded.refusals:
        raise typer.Exit(EXIT_REFUSED)


@customer_app.command("declare")
def declare_command(
    customer: CustomerArgument,
    *,
    owners: Annotated[
        list[str],
        typer.Option(
            "--owner",
            metavar="NAME:SHARE:RELATION[:controls][:firm=SHARE]",
            help="An owner, such as 'A FUND:1:NONE:controls'; may be repeated.",
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
    from crossmargin.basics.refusals import Refusal, RefusedError
    from crossmargin.participation.ownership import OWNER_FORM, Owner
    from crossmargin.participation.steps import Step, StepTaken

    def declared() -> StepTaken:
        listed, faults = [], []
        for each in owners:
            try:
                listed.append(Owner.parsed(each))
            except ValueError as error:
                faults.append(Refusal("owner", each, f"{OWNER_FORM} ({error})", "participation"))
        if faults:
            raise RefusedError(*faults)
        return StepTaken(Step.DECLARED, owners=tuple(listed))

    _take(
        declared,
        customer,
        bd_fcm=bd_fcm,
        books=books,
        at=at,
        people=(actor, approver),
        output_format=output_format,
    )


@customer_app.command("step")
def step_command(
    customer: CustomerArgument,
    step: Annotated[
        str,
        typer.Argument(
            metavar="STEP",
            help="APPLIED, CUSTOMER_OPTED_IN, BD_FCM_OPTED_IN, ACCOUNTS_OPENED, REHEARSED, "
            "WENT_LIVE, LEAVING or LEFT.",
        ),
    ],
    *,
    paper: Annotated[
        Path | None,
        typer.Option(
            "--paper", metavar="FILE", help="Whose digest is kept.", exists=True, dir_okay=False
        ),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option("--evidence", metavar="ID", help="A record that it follows from."),
    ] = None,
    remains: Annotated[
        list[str] | None,
        typer.Option("--remains", metavar="BALANCE", help="What a leaving customer still has."),
    ] = None,
    rehearsal: Annotated[
        Path | None,
        typer.Option(
            "--rehearsal",
            metavar="FILE",
            help="REHEARSED: the document of a rehearsal that passed.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    record_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="Of the record; made of the step if left out.")
    ] = "",
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Take a step, or refuse it with every step and gate that is missing."""
    from crossmargin.basics.refusals import refused
    from crossmargin.participation.steps import Step, StepTaken

    def taken() -> StepTaken:
        known = read_word(Step, "step", step)
        if known is Step.DECLARED:
            raise refused("step", step, "any other: xm customer declare", "participation")
        if (known is Step.REHEARSED) is (rehearsal is None):
            expected = "the document of a rehearsal with REHEARSED, and with nothing else"
            raise refused("rehearsal", str(rehearsal or ""), expected, "participation")
        return StepTaken(
            known,
            sha256=sha256_of(paper) if paper else "",
            remains=tuple(remains or ()),
            causes=tuple(evidence or ()),
        )

    _take(
        taken,
        customer,
        bd_fcm=bd_fcm,
        books=books,
        at=at,
        people=(actor, approver),
        output_format=output_format,
        record_id=record_id,
        rehearsal=rehearsal,
    )


@customer_app.command("show")
def show_command(
    customer: CustomerArgument,
    *,
    books: BooksOption,
    at: AtOption,
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show what a customer is at an instant: verdicts, every gate with its rule and evidence."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.participation import (
        CUSTOMER_HEADER,
        customer_document,
        customer_rows,
        print_customer,
    )
    from crossmargin.services.books.participation import customer_file

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        share = books_bootstrap.proprietary_share(instant.date())
        file = customer_file(work, CustomerKey(bd_fcm, customer), share)
        document = customer_document(file, instant)
    write_document(
        document, output_format, header=CUSTOMER_HEADER, rows=customer_rows, show=print_customer
    )


@customer_app.command("bd-fcm")
def bd_fcm_command(
    bd_fcm: Annotated[str, typer.Argument(metavar="NAME", help="The BD-FCM.")],
    *,
    books: BooksOption,
    at: AtOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show whether a firm is an eligible BD-FCM at an instant, and the test that decided."""
    from crossmargin.participation.entities import bd_fcm_verdict
    from crossmargin.presentation.participation import (
        VERDICT_HEADER,
        print_verdict,
        verdict_document,
        verdict_rows,
    )
    from crossmargin.services.books.papers import registrations_of

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        verdict = bd_fcm_verdict(bd_fcm, registrations_of(work, bd_fcm), instant)
    write_document(
        verdict_document(verdict),
        output_format,
        header=VERDICT_HEADER,
        rows=verdict_rows,
        show=print_verdict,
    )


@customer_app.command("list")
def list_command(
    *,
    books: BooksOption,
    at: AtOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every customer's state and verdict at an instant."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.participation import (
        LIST_HEADER,
        list_document,
        list_rows,
        print_list,
    )
    from crossmargin.services.books.participation import customer_file, customers_of

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        share = books_bootstrap.proprietary_share(instant.date())
        files = [customer_file(work, each, share) for each in customers_of(work)]
        document = list_document(files, instant)
    write_document(document, output_format, header=LIST_HEADER, rows=list_rows, show=print_list)


def _take(
    made: Callable[[], StepTaken],
    customer: str,
    *,
    bd_fcm: str,
    books: str,
    at: str,
    people: tuple[str, str],
    output_format: OutputFormat,
    record_id: str = "",
    rehearsal: Path | None = None,
) -> None:
    """Make a step of what was given, take it, and name its record on standard error."""
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.services.books.participation import record_rehearsal, take_step

    with writing(books, at, people, output_format) as (work, entry):
        key, taken = CustomerKey(bd_fcm, customer), made()
        share, valid_days = books_bootstrap.participation_terms(entry.at.date())
        if rehearsal is not None:
            document = read_rehearsal(rehearsal)
            rested = record_rehearsal(work, key, document, entry, valid_days=valid_days)
            taken = replace(taken, causes=(rested, *taken.causes))
        written = take_step(work, key, taken, entry, proprietary_share=share, record_id=record_id)
    typer.echo(written, err=True)
