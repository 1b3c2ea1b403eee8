"""What FICC and CME do: they novate and clear, confirm what they received, and send positions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from crossmargin.basics.identifiers import Cusip
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.services.clearing_day.arrivals import (
    CME,
    Action,
    FileKind,
    InstructionRow,
    NovationRow,
    TenderRow,
    TradeRow,
)
from crossmargin.simulation.clearing.banks import confirmations, is_the_banks
from crossmargin.simulation.clearing.cme_book import cme_book, cme_positions
from crossmargin.simulation.clearing.customers import intention_id
from crossmargin.simulation.clearing.ficc_book import ficc_positions
from crossmargin.simulation.clearing.outbox import Wire
from crossmargin.simulation.clearing.plan import PositionFile, Trade
from crossmargin.simulation.clearing.seen import Seen, SentFile, gathered

_FICC_LABEL, _CME_LABEL = "ficc", "cme"


def ficc_files_until(seen: Seen, until: datetime) -> tuple[SentFile, ...]:
    """Return what FICC tells on the day up to an instant, its position files aside."""
    files = (
        *gathered(FileKind.INSTRUCTIONS, _FICC_LABEL, list(_fails(seen))),
        *gathered(FileKind.NOVATIONS, _FICC_LABEL, list(_novations(seen))),
        *confirmations(seen, _FICC_LABEL, _is_received_at_ficc),
    )
    return tuple(file for file in files if seen.is_due(file.arrived_at, until))


def cme_files_until(seen: Seen, until: datetime) -> tuple[SentFile, ...]:
    """Return what CME tells on the day up to an instant, its position files aside."""
    files = (
        *gathered(FileKind.TRADES, _CME_LABEL, _trades(seen, until)),
        *gathered(FileKind.TENDERS, _CME_LABEL, list(_tenders(seen))),
        *confirmations(seen, _CME_LABEL, _is_received_at_cme),
    )
    return tuple(file for file in files if seen.is_due(file.arrived_at, until))


def position_files_until(seen: Seen, until: datetime) -> tuple[SentFile, ...]:
    """Return both sides' position files of the day up to an instant."""
    due = [
        (file, at)
        for file in seen.plan.position_files
        if seen.is_due(at := _arrives(seen, file), until)
    ]
    return tuple(_position_file(seen, file, at) for file, at in due)


def _is_received_at_cme(wire: Wire) -> bool:
    return wire.destination == CME


def _is_received_at_ficc(wire: Wire) -> bool:
    """Whether FICC confirms a wire: what goes to its accounts at FRBNY or at a bank."""
    return not is_the_banks(wire) and not _is_received_at_cme(wire)


def _arrives(seen: Seen, file: PositionFile) -> datetime:
    for late in seen.plan.late_files:
        if (late.day, late.side, late.cycle) == (seen.business_date, file.side, file.cycle):
            return seen.at(late.arrives)
    return seen.at(file.arrives)


def _position_file(seen: Seen, file: PositionFile, at: datetime) -> SentFile:
    positions_at = seen.at(file.positions_at)
    label = file.cycle.value.lower()
    if file.side is ClearingOrganization.FICC:
        return SentFile(at, FileKind.FICC_POSITIONS, label, ficc_positions(seen, positions_at))
    return SentFile(at, FileKind.CME_POSITIONS, label, cme_positions(seen, positions_at))


def _novations(seen: Seen) -> Iterator[tuple[datetime, NovationRow]]:
    at, day = seen.at(seen.plan.clock.novations), seen.business_date
    for line in seen.plan.novated_on(day):
        yield at, NovationRow(0, seen.plan.trade_id(line, day), line)


def _fails(seen: Seen) -> Iterator[tuple[datetime, InstructionRow]]:
    plan, at = seen.plan, seen.at(seen.plan.clock.fails)
    for fail in plan.fails:
        if not fail.due <= seen.business_date < fail.settles:
            continue
        novated = plan.calendar.previous_business_day(fail.due)
        for line in plan.novated_on(novated):
            if fail.held.selects(line) and line.settlement_date == fail.due:
                trade_id = plan.trade_id(line, novated)
                yield (
                    at,
                    InstructionRow(
                        line=0,
                        instruction_id=f"fail-{seen.business_date.isoformat()}-{trade_id}",
                        bd_fcm=plan.bd_fcm,
                        customer=line.customer,
                        action=Action.FAIL,
                        asset=f"POS-{line.instrument}",
                        quantity=line.quantity,
                        place="",
                        reference=trade_id,
                        entered_by=plan.entered_by,
                        approved_by=plan.approved_by,
                    ),
                )


def _trades(seen: Seen, until: datetime) -> list[tuple[datetime, TradeRow]]:
    """Return the day's trades up to an instant, in order: later ones know what earlier ones did."""
    made: list[tuple[datetime, TradeRow]] = []
    if seen.business_date == seen.plan.first:
        at = seen.at(seen.plan.clock.trades)
        made += [(at, _opening(seen, line)) for line in seen.plan.lines if _is_futures(line)]
    for at, trade_id, trade in _planned(seen):
        if seen.is_due(at, until):
            made += [(at, row) for row in _rows(seen, trade, trade_id, at, made)]
    return made


def _tenders(seen: Seen) -> Iterator[tuple[datetime, TenderRow]]:
    """Yield what goes into delivery: nothing of which there is no position, or no notice."""
    for number, tender in enumerate(seen.plan.tenders, start=1):
        if tender.day != seen.business_date:
            continue
        at = seen.at(tender.told_at)
        customer = seen.plan.customer(tender.customer_id)
        book = cme_book(seen, seen.just_before(at))
        held = book.of(customer, tender.account, tender.contract, tender.day)
        is_there = held * tender.quantity > 0 and abs(tender.quantity) <= abs(held)
        notice = intention_id(tender.day, number)
        if is_there and (tender.instructs_at is None or _was_given(seen, notice, at)):
            line = PositionLine(
                line=0,
                customer=customer,
                clearing_organization=ClearingOrganization.CME,
                account=tender.account,
                instrument=tender.contract,
                quantity=tender.quantity,
            )
            tender_id = f"cme-{tender.day.isoformat()}-D{number}"
            yield at, TenderRow(0, tender_id, line, Cusip(tender.cusip), tender.day)


def _was_given(seen: Seen, instruction_id: str, at: datetime) -> bool:
    return any(
        isinstance(row, InstructionRow) and row.instruction_id == instruction_id
        for _, file in seen.arrived(FileKind.INSTRUCTIONS, at)
        for row in file.rows
    )


def _is_futures(line: PositionLine) -> bool:
    return line.clearing_organization is ClearingOrganization.CME


def _opening(seen: Seen, line: PositionLine) -> TradeRow:
    return TradeRow(0, seen.plan.trade_id(line, seen.business_date), line)


def _planned(seen: Seen) -> list[tuple[datetime, str, Trade]]:
    """Return the trades that the plan has for the day, those of who leaves too, by instant."""
    plan, day = seen.plan, seen.business_date
    found = [
        (trade.at, f"cme-{day.isoformat()}-T{number}", trade)
        for number, trade in enumerate(plan.trades, start=1)
        if trade.day == day
    ]
    for number, leaving in enumerate(plan.leaving, start=1):
        if leaving.day == day:
            trade = Trade(day, leaving.closes_out_at, leaving.customer_id, contract="")
            found.append((trade.at, f"cme-{day.isoformat()}-X{number}", trade))
    timed = [(seen.at(clock), trade_id, trade) for clock, trade_id, trade in found]
    return sorted(timed, key=lambda each: each[0])


def _rows(
    seen: Seen, trade: Trade, trade_id: str, at: datetime, made: list[tuple[datetime, TradeRow]]
) -> list[TradeRow]:
    if trade.quantity is not None:
        line = _line(seen, trade, trade.account, trade.contract, trade.quantity)
        return [TradeRow(0, trade_id, line, trade.price)]
    rows = []
    for number, (account, contract, quantity) in enumerate(_positions(seen, trade, at, made)):
        out = _line(seen, trade, account, contract, -quantity)
        rows.append(TradeRow(0, f"{trade_id}-{number}", out, trade.price))
        if trade.into:
            into = _line(seen, trade, account, trade.into, quantity)
            rows.append(TradeRow(0, f"{trade_id}-{number}-into", into))
    return rows


def _positions(
    seen: Seen, trade: Trade, at: datetime, made: list[tuple[datetime, TradeRow]]
) -> list[tuple[Account, str, int]]:
    """Return what a customer holds just before: of one contract, or of all where none is named."""
    book = cme_book(seen, seen.just_before(at))
    for _, row in made:
        book.trade(row, seen.business_date)
    customer, day = seen.plan.customer(trade.customer_id), seen.business_date
    if trade.contract:
        quantity = book.of(customer, trade.account, trade.contract, day)
        return [(trade.account, trade.contract, quantity)] if quantity else []
    return [
        (account, contract, quantity)
        for (owner, account, contract), quantity in book.open_on(day)
        if owner == customer
    ]


def _line(seen: Seen, trade: Trade, account: Account, contract: str, quantity: int) -> PositionLine:
    return PositionLine(
        line=0,
        customer=seen.plan.customer(trade.customer_id),
        clearing_organization=ClearingOrganization.CME,
        account=account,
        instrument=contract,
        quantity=quantity,
    )
