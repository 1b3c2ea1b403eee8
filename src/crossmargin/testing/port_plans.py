"""Plans of a port of the customers of a margin run, with invented receivers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from crossmargin import bootstrap
from crossmargin.basics.money import Money
from crossmargin.default_management.porting.receivers import Receiver
from crossmargin.default_management.porting.refusals import FiccRefusal
from crossmargin.default_management.porting.trigger import Trigger, TriggerKind
from crossmargin.market.history import MarketData
from crossmargin.product.position import PositionLine
from crossmargin.services.margin_positions import MarginRun, margin_positions
from crossmargin.services.porting.book import PortingBook, porting_book
from crossmargin.services.porting.inputs import CustomerFacts, HeldFile, PortingFile
from crossmargin.services.porting.margins import Remargining
from crossmargin.services.porting.planning import PortPlan, PortRequest, port_plan
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.testing.porting import DIGEST, receiver

SINCE = date(2026, 3, 24)
#: A receiver that can take everybody.
NORTH = receiver("NORTH", capital=10**9)
REQUIRED = Trigger(TriggerKind.TRANSFER_REQUIRED, SINCE, SINCE)


def file_of(
    *receivers: Receiver,
    customers: Iterable[CustomerFacts] = (),
    available: Money | None = None,
    refusals: Iterable[FiccRefusal] = (),
) -> PortingFile:
    """Return a file of these receivers, or of :data:`NORTH` alone, and of what else is said."""
    return PortingFile(
        DIGEST,
        receivers or (NORTH,),
        {each.customer_id: each for each in customers},
        available,
        tuple(refusals),
    )


def book_of(
    run: MarginRun,
    remargining: Remargining,
    file: PortingFile,
    *,
    held: HeldFile | None = None,
    bd_fcm: str = "",
) -> PortingBook:
    """Return what would move; what is required is held, unless a file says what is."""
    return porting_book(run, file, held, remargining, bd_fcm=bd_fcm)


def planned(
    run: MarginRun,
    remargining: Remargining,
    parameters: PortingParameters,
    file: PortingFile,
    *,
    held: HeldFile | None = None,
) -> PortPlan:
    """Return the plan of a port that :data:`REQUIRED` opens."""
    book = book_of(run, remargining, file, held=held)
    return port_plan(book, remargining, PortRequest(REQUIRED, parameters.rules, parameters.clock))


def with_lines(
    run: MarginRun, market: MarketData, lines: Sequence[PositionLine]
) -> tuple[MarginRun, Remargining]:
    """Return the run of other position lines on the same day, and what margins its parts."""
    positions = replace(run.positions, lines=tuple(lines), row_count=len(lines))
    executor = bootstrap.block_executor()
    day = run.result.day
    again = margin_positions(positions, market, day.parameters, executor, as_of=day.as_of)
    return again, Remargining(again.result.day, executor)
