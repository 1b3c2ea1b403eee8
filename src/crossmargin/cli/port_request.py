"""What ``xm port`` reads before it answers: positions, market, receivers, what is held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crossmargin.cli.books_options import opened as opened_books
from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.given import market_on, sha256_of
from crossmargin.default_management.porting.trigger import TriggerKind

if TYPE_CHECKING:
    from crossmargin.cli.output import OutputFormat
    from crossmargin.default_management.porting.trigger import Trigger
    from crossmargin.services.porting.book import PortingBook
    from crossmargin.services.porting.drill import Stopwatch
    from crossmargin.services.porting.margins import Remargining
    from crossmargin.services.porting.papers import PortPapers
    from crossmargin.services.porting.planning import PortPlan, PortRequest
    from crossmargin.services.porting.porting_parameters import PortingParameters

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PortInputs:
    """Everything that the options of ``xm port`` name."""

    positions: Path
    market: Path
    receivers: Path
    held: Path | None
    as_of: datetime | None
    bd_fcm: str
    changes: Sequence[str]
    derived_prices: bool
    skip_bad_rows: bool


@dataclass(frozen=True, slots=True)
class TriggerOptions:
    """The options that name what opens the port."""

    kind: TriggerKind
    since: datetime
    transfer_on: datetime | None
    approval: Path | None
    disapproved: bool

    def trigger(self, as_of: date) -> Trigger:
        """Return the trigger; the transfer is on the as-of date unless another is given."""
        from crossmargin.default_management.porting.trigger import Trigger

        approval = ""
        if self.approval is not None:
            approval = sha256_of(self.approval)
        since = self.since.date()
        transfer_on = self.transfer_on.date() if self.transfer_on else max(as_of, since)
        if self.kind is not TriggerKind.DEBTOR and (approval or self.disapproved):
            raise typer.BadParameter("--approval and --disapproved go with --trigger DEBTOR")
        return Trigger(self.kind, since, transfer_on, approval, self.disapproved)


@dataclass(frozen=True, slots=True)
class Opened:
    """The book, ready, and what margins parts of it."""

    book: PortingBook
    remargining: Remargining
    parameters: PortingParameters

    def request(self, trigger: Trigger) -> PortRequest:
        """Return what is asked under a trigger."""
        from crossmargin.services.porting.planning import PortRequest

        return PortRequest(trigger, self.parameters.rules, self.parameters.clock)


def opened(inputs: PortInputs, tell: Told, watch: Stopwatch | None = None) -> Opened:
    """Read everything and margin every customer.

    Raises
    ------
    RefusedError
        With everything that is wrong with any of it.
    """
    from crossmargin import bootstrap
    from crossmargin.bootstrap import porting
    from crossmargin.services.margin_positions import margin_positions
    from crossmargin.services.porting.book import porting_book
    from crossmargin.services.porting.margins import Remargining

    file = porting.read_receivers(inputs.receivers)
    held = porting.read_held(inputs.held) if inputs.held else None
    as_of = inputs.as_of.date() if inputs.as_of else None
    priced, day = market_on(inputs.market, as_of, derived_prices=inputs.derived_prices)
    parameters = porting.porting_parameters(day).changing(
        changes_by_owner(inputs.changes, example="porting.objective=margin"),
        reason=ON_THE_COMMAND_LINE,
    )
    positions = bootstrap.read_positions(inputs.positions)
    _lap(watch, "reading files")
    tell("Margining every customer")
    executor = bootstrap.block_executor()
    run = margin_positions(
        positions,
        priced,
        parameters.sets,
        executor,
        as_of=day,
        skip_bad_rows=inputs.skip_bad_rows,
    )
    remargining = Remargining(run.result.day, executor)
    book = porting_book(run, file, held, remargining, bd_fcm=inputs.bd_fcm)
    _lap(watch, "margining every customer")
    return Opened(book, remargining, parameters)


def planned(
    inputs: PortInputs, options: TriggerOptions, tell: Told, watch: Stopwatch | None = None
) -> tuple[PortPlan, dict[str, Any]]:
    """Return the plan and its document.

    Raises
    ------
    RefusedError
        With everything that is wrong with the input.
    """
    from crossmargin.presentation.port_plan import port_document
    from crossmargin.services.porting.planning import port_plan

    ready = opened(inputs, tell, watch)
    trigger = options.trigger(ready.book.run.result.day.as_of)
    found = port_plan(ready.book, ready.remargining, ready.request(trigger), progress=tell)
    document = port_document(found, ready.parameters)
    _lap(watch, "assigning")
    return found, document


def papers_of(
    found: PortPlan, books: str | None, output_format: OutputFormat
) -> dict[str, PortPapers] | None:
    """Return what books have of the papers of everybody who moves, or None where none are named.

    A document counts if it is in force at the end of the day of the transfer.
    """
    if books is None:
        return None
    from crossmargin.bootstrap import books as books_bootstrap
    from crossmargin.services.default_books.port_files import papers_of_movers

    day = found.request.trigger.transfer_on
    movers = [each.offer.customer_id for each in found.plan.placements]
    with opened_books(books, output_format) as store, store.work() as work:
        terms = books_bootstrap.onboarding_terms(day)
        return papers_of_movers(work, found.book.bd_fcm, movers, day, terms)


def _lap(watch: Stopwatch | None, step: str) -> None:
    if watch is not None:
        watch.ended(step)
