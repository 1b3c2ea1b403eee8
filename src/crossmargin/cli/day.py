"""``xm day``: run a BD-FCM's clearing day."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.books_options import (
    ActorOption,
    ApproverOption,
    BdFcmOption,
    BooksOption,
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
from crossmargin.cli.output import OutputFormat, diagnostics, refuse, write_document

if TYPE_CHECKING:
    from crossmargin.services.clearing_day.engine import Done

day_app = typer.Typer(no_args_is_help=True, short_help="The clearing day: run it, see its steps.")


@day_app.command("run")
def run_command(
    *,
    books: BooksOption,
    market: MarketOption,
    inbox: Annotated[
        Path,
        typer.Option("--inbox", metavar="DIR", help="Files in: one folder a business day."),
    ],
    outbox: Annotated[
        Path,
        typer.Option("--outbox", metavar="DIR", help="Files out: one folder a business day."),
    ],
    first: Annotated[
        datetime,
        typer.Option("--from", formats=DATE_FORMATS, metavar="DATE", help="First business day."),
    ],
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=DATE_FORMATS, metavar="DATE", help="Last; the first alone."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="HH:MM", help="Eastern time up to which the last day is run."),
    ] = None,
    bd_fcm: BdFcmOption = "BD-FCM",
    actor: ActorOption,
    approver: ApproverOption,
    simulate_others: Annotated[
        Path | None,
        typer.Option(
            metavar="PLAN",
            help="TOML plan by which customers, banks and clearing organizations answer.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    positions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Positions file that the plan begins with.", exists=True),
    ] = None,
    backups: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Receivers that customers named as back-ups: the close asks each (TOML).",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    derived_prices: DerivedPricesOption = False,
    changes: ChangesOption = None,
    own_parameters: OwnParametersOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Do every step that is not done, in order; started again, it goes on where it stopped."""
    from crossmargin.basics.refusals import Refusal
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.presentation.day import DAY_HEADER, day_document, day_rows, print_day

    if (simulate_others is None) is not (positions is None):
        expected = "both of --simulate-others and --positions, or neither"
        refuse((Refusal("positions", str(positions), expected, "day files"),), output_format)
    end = (last or first).date()
    with opened(books, output_format) as store:
        desk = books_bootstrap.clearing_desk(
            store,
            market=market,
            inbox=inbox,
            outbox=outbox,
            bd_fcm=bd_fcm,
            actor=actor,
            approver=approver,
            own_parameters=own_parameters or (),
            changes=changes_by_owner(changes or [], example="clearing_day.house_add_on_pct=5"),
            derived_prices=derived_prices,
            plan=simulate_others,
            positions=positions,
            backups=backups,
        )
        done: list[Done] = []
        with diagnostics().status("Running the clearing day") as status:
            for day in desk.business_days(first.date(), end):
                status.update(f"{bd_fcm}: {day}")
                done += desk.run(day, until=_until(until, day, end, output_format))
    document = day_document(done, bd_fcm=bd_fcm)
    write_document(document, output_format, header=DAY_HEADER, rows=day_rows, show=print_day)


def _until(text: str | None, day: date, end: date, output_format: OutputFormat) -> datetime | None:
    """Return the instant up to which a day is run: the whole day before the last."""
    from crossmargin.basics.local_time import LocalTime
    from crossmargin.basics.refusals import Refusal

    if text is None or day != end:
        return None
    try:
        return LocalTime.parsed(f"{text} America/New_York").on(day)
    except ValueError as error:
        refuse((Refusal("until", text, str(error), "business clock"),), output_format)
