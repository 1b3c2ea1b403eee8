"""``xm customer rehearse``: a customer's whole workflow, in books of its own."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
)
from crossmargin.cli.changes import changes_by_owner
from crossmargin.cli.options import (
    DATE_FORMATS,
    ChangesOption,
    DerivedPricesOption,
    FormatOption,
    MarketOption,
    OwnParametersOption,
)
from crossmargin.cli.output import EXIT_REFUSED, OutputFormat, diagnostics, write_document

if TYPE_CHECKING:
    from collections.abc import Mapping


def rehearse_command(
    customer: CustomerArgument,
    positions: Annotated[
        Path,
        typer.Argument(metavar="POSITIONS", help="Its positions file.", exists=True),
    ],
    *,
    market: MarketOption,
    first: Annotated[
        datetime,
        typer.Option("--from", formats=DATE_FORMATS, metavar="DATE", help="First simulated day."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write the outcome as JSON: what the step REHEARSED takes.",
            dir_okay=False,
        ),
    ] = None,
    receiver: Annotated[
        str, typer.Option("--receiver", metavar="NAME", help="To whom the port goes.")
    ] = "RECEIVER",
    bd_fcm: BdFcmOption = "BD-FCM",
    books: BooksOption,
    at: AtOption,
    actor: ActorOption,
    approver: ApproverOption,
    derived_prices: DerivedPricesOption = False,
    changes: ChangesOption = None,
    own_parameters: OwnParametersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Rehearse a customer's workflow against simulated parties; the books are only read.

    Ends with status 1 where a step failed.
    """
    from crossmargin.basics.identifiers import CustomerKey
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.bootstrap import read_positions
    from crossmargin.presentation.rehearsal import (
        REHEARSAL_HEADER,
        print_rehearsal,
        rehearsal_rows,
    )
    from crossmargin.services.rehearsal.holding import RehearsalRequest

    with opened(books, output_format) as store:
        loaded = read_positions(positions)
        if loaded.refusals:
            raise RefusedError(*loaded.refusals)
        request = RehearsalRequest(
            CustomerKey(bd_fcm, customer),
            instant_of(at, output_format),
            first.date(),
            loaded.lines,
            actor,
            approver,
            receiver,
        )
        models = books_bootstrap.day_models(
            market,
            own_parameters=own_parameters or (),
            changes=changes_by_owner(changes or [], example="arrangement.cap=0.7"),
            derived_prices=derived_prices,
        )
        with diagnostics().status(f"Rehearsing {customer}") as status:
            held = books_bootstrap.hold_rehearsal(
                store, request, models, lambda day: status.update(f"Rehearsing {customer}: {day}")
            )
    document = held.as_document()
    if out is not None:
        out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    write_document(
        document, output_format, header=REHEARSAL_HEADER, rows=rehearsal_rows, show=print_rehearsal
    )
    if not held.passed:
        raise typer.Exit(EXIT_REFUSED)


def read_rehearsal(path: Path) -> Mapping[str, Any]:
    """Return the document of a rehearsal that a file holds.

    Raises
    ------
    RefusedError
        If the file is no JSON object.
    """
    from crossmargin.basics.refusals import refused

    try:
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise refused("rehearsal", path.name, f"a JSON document ({error})", "rehearsal") from None
    if not isinstance(said, dict):
        raise refused("rehearsal", path.name, "a JSON object", "rehearsal")
    return said
