"""``xm default ccp-books``: the failure of FICC or CME, posted on a copy of the books."""

from __future__ import annotations

from typing import Annotated

import typer

from crossmargin.cli.books_options import (
    ActorOption,
    ApproverOption,
    AtOption,
    BdFcmOption,
    BooksOption,
    instant_of,
    reported,
)
from crossmargin.cli.changes import changes_by_owner
from crossmargin.cli.default_options import (
    DayOption,
    HeldLossOption,
    SecuredOption,
    running,
)
from crossmargin.cli.options import ChangesOption, FormatOption, OwnParametersOption
from crossmargin.cli.output import OutputFormat, write_document
from crossmargin.product.position import ClearingOrganization


def default_ccp_books_command(
    side: Annotated[
        ClearingOrganization, typer.Argument(metavar="SIDE", help="Which one fails: FICC or CME.")
    ],
    *,
    books: BooksOption,
    copy: Annotated[
        str, typer.Option("--copy", metavar="ADDRESS", help="Where the copy goes: nothing else.")
    ],
    business_date: DayOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    held_loss: HeldLossOption = None,
    secured: SecuredOption = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    changes: ChangesOption = None,
    own_parameters: OwnParametersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Post what each customer loses and recovers where a clearing organization fails."""
    from crossmargin.basics.refusals import refused
    from crossmargin.bootstrap import ccp_failure
    from crossmargin.presentation.ccp_books import (
        CCP_BOOKS_HEADER,
        ccp_books_rows,
        print_ccp_books,
    )
    from crossmargin.services.default_books.ccp_run import (
        FailureOrder,
        losses_of_books,
        post_failure,
    )

    instant = instant_of(at, output_format)
    order = FailureOrder(side, bd_fcm, business_date.date(), instant, actor, approver)
    with reported(output_format):
        if side is ClearingOrganization.CME and (changes or own_parameters):
            given = "--set" if changes else "--parameters"
            expected = "nothing: at CME property is shared by value, without a parameter"
            raise refused(given, str((changes or own_parameters or [])[0]), expected, "parameters")
        rules = ccp_failure.ccp_failure_rules(
            order.business_date,
            own_parameters or (),
            changes_by_owner(
                changes or [], example="default_management.interests_in_transit=left_out"
            ),
        )
    with running(books, copy, output_format) as work:
        losses = losses_of_books(work, order, rules, held_loss or (), secured or ())
        document = post_failure(work, order, losses, rules)
        work.commit()
    write_document(
        document,
        output_format,
        header=CCP_BOOKS_HEADER,
        rows=ccp_books_rows,
        show=print_ccp_books,
    )
