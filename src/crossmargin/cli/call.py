"""``xm call``: margin calls as they stand, what follows from them, the house's terms."""

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
    instant_of,
    opened,
    writing,
)
from crossmargin.cli.options import DATE_FORMATS, FormatOption
from crossmargin.cli.output import OutputFormat, refuse, write_document

call_app = typer.Typer(
    no_args_is_help=True, short_help="Margin calls: what is open, paid, late; the house's terms."
)
_Customer = Annotated[str, typer.Argument(metavar="ID", help="The customer.")]


@call_app.command("list")
def list_command(
    *,
    books: BooksOption,
    at: AtOption,
    bd_fcm: BdFcmOption = "BD-FCM",
    open_only: Annotated[bool, typer.Option("--open", help="Only those not met.")] = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every call at an instant: what was lacking where, what was paid, what follows."""
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.calls import (
        CALLS_HEADER,
        CalledCustomer,
        call_rows,
        calls_document,
        print_calls,
    )
    from crossmargin.services.books.participation import customers_of
    from crossmargin.services.clearing_day.call_register import call_book
    from crossmargin.services.clearing_day.close_outs import close_outs_of

    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        found = [
            CalledCustomer(
                customer,
                call_book(work.records, customer, until=instant),
                close_outs_of(work.records, customer, until=instant),
            )
            for customer in customers_of(work, bd_fcm)
        ]
    rules = books_bootstrap.ladder_rules(instant.date())
    document = calls_document(found, instant, rules, open_only=open_only)
    write_document(document, output_format, header=CALLS_HEADER, rows=call_rows, show=print_calls)


@call_app.command("decide")
def decide_command(
    proposal: Annotated[str, typer.Argument(metavar="PROPOSAL", help="A proposal to close out.")],
    *,
    books: BooksOption,
    at: AtOption,
    approve: Annotated[
        bool, typer.Option("--approve", help="The customer is to be closed out.")
    ] = False,
    reject: Annotated[bool, typer.Option("--reject", help="It is not.")] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Decide, as risk, whether a customer who has not met its calls is closed out."""
    from crossmargin.basics.refusals import Refusal
    from crossmargin.services.clearing_day.close_outs import decide_close_out

    if approve is reject:
        said = "both" if approve else "neither"
        expected = "one of --approve and --reject"
        refuse((Refusal("decision", said, expected, "close-out of a customer"),), output_format)
    with opened(books, output_format) as store, store.work() as work:
        instant = instant_of(at, output_format)
        record_id = decide_close_out(
            work, proposal, is_approved=approve, reason=reason, at=instant, approver=approver
        )
        work.commit()
    typer.echo(record_id, err=True)


@call_app.command("set-terms")
def set_terms_command(
    customer: _Customer,
    *,
    books: BooksOption,
    at: AtOption,
    effective_from: Annotated[
        datetime,
        typer.Option("--from", formats=DATE_FORMATS, metavar="DATE", help="First business day."),
    ],
    add_on_pct: Annotated[
        str, typer.Option("--add-on-pct", metavar="PCT", help="Of the CCPs' minimum, per cent.")
    ] = "0",
    add_on: Annotated[
        str, typer.Option("--add-on", metavar="DOLLARS", help="In addition, fixed.")
    ] = "0",
    credit_limit: Annotated[
        str,
        typer.Option(
            "--credit-limit", metavar="DOLLARS", help="How much of the add-on may be owed."
        ),
    ] = "0",
    requirement_limit: Annotated[
        str | None,
        typer.Option(
            "--requirement-limit", metavar="DOLLARS", help="Largest CCP minimum; none if left out."
        ),
    ] = None,
    uncollected_limit: Annotated[
        str | None,
        typer.Option(
            "--uncollected-limit", metavar="DOLLARS", help="Most of unpaid calls; none if left out."
        ),
    ] = None,
    call_currency: Annotated[
        str,
        typer.Option(
            "--call-currency", metavar="CODE", help="In which the customer pays calls; ISO 4217."
        ),
    ] = "USD",
    bd_fcm: BdFcmOption = "BD-FCM",
    actor: ActorOption,
    approver: ApproverOption,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Set what the BD-FCM asks above both CCPs, its credit, and in what calls are paid."""
    from crossmargin.services.clearing_day.house_terms import entered_terms, set_terms

    with writing(books, at, (actor, approver), output_format) as (work, entry):
        terms = entered_terms(
            bd_fcm,
            customer,
            effective_from.date(),
            add_on_pct=add_on_pct,
            amounts={
                "add_on": add_on,
                "credit_limit": credit_limit,
                "requirement_limit": requirement_limit,
                "uncollected_limit": uncollected_limit,
            },
            call_currency=call_currency,
        )
        record_id = set_terms(work, terms, entry)
    typer.echo(record_id, err=True)


@call_app.command("terms")
def terms_command(
    *,
    books: BooksOption,
    bd_fcm: BdFcmOption = "BD-FCM",
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show every customer's house terms, from which day on."""
    from crossmargin.presentation.calls import TERMS_HEADER, print_terms, terms_rows
    from crossmargin.services.books.participation import customers_of
    from crossmargin.services.clearing_day.house_terms import terms_document, terms_of_customer

    with opened(books, output_format) as store, store.work() as work:
        found = [
            terms_document(each)
            for customer in customers_of(work, bd_fcm)
            for each in terms_of_customer(work.records, customer)
        ]
    document = {"bd_fcm": bd_fcm, "terms": found}
    write_document(document, output_format, header=TERMS_HEADER, rows=terms_rows, show=print_terms)
