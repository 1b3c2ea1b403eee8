"""A port plan run in the books on one work: moved part by part, checked, verified, reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.ccp_failure import values_of
from crossmargin.default_management.default_accounts import CME, FICC
from crossmargin.default_management.port_postings import (
    Linked,
    MarginPortedThroughBanks,
)
from crossmargin.default_management.porting.customers import Place
from crossmargin.default_management.porting.trigger import TriggerKind
from crossmargin.default_management.postings import (
    CashPorted,
    DefaultEntry,
    DefaultItem,
    MarginPorted,
)
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.services.books.accounts import (
    CUSTOMER_KINDS,
    SECURITIES_KINDS,
)
from crossmargin.services.books.approvals import Matter, check_two_people
from crossmargin.services.books.ports import Work
from crossmargin.services.ccp_failure_books import prices_of
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.default_books.bringing_in import BroughtIn, OnboardingTerms, bring_in
from crossmargin.services.default_books.carrying import carry_lots, part_lots, ported_position
from crossmargin.services.default_books.declaring import DefaultTrigger, declare
from crossmargin.services.default_books.desk import DefaultDesk, live_lots
from crossmargin.services.default_books.drill import banks_of, refuse_findings
from crossmargin.services.default_books.ending import (
    LeftRequired,
    end_accounts,
    is_of_the_futures_class,
)
from crossmargin.services.default_books.held_and_owed import held_and_owed
from crossmargin.services.default_books.holding import Held, held_of
from crossmargin.services.default_books.planned import PlannedCustomer, PlannedMove, PlannedPort
from crossmargin.services.default_books.port_checks import (
    asset_and_amount,
    customer_faults,
    plan_faults,
    planned_customers,
)
from crossmargin.services.default_books.port_reports import PortedCustomer, write_port_reports
from crossmargin.services.default_books.running import open_accounts, return_margin
from crossmargin.services.default_books.stopping import settle_sides, void
from crossmargin.settlement.lots import Lot

_RULE = "the books of a port"
_SIDES = {Place.FICC: FICC, Place.CME: CME}
#: What each trigger declares.
DECLARED = {
    TriggerKind.TRANSFER_REQUIRED: DefaultTrigger.RULE_1_17_A_4,
    TriggerKind.DEBTOR: DefaultTrigger.ORDER_FOR_RELIEF,
}


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """When and by whom a port is carried out.

    Parameters
    ----------
    business_date : date
    at : datetime
        With a zone.
    actor, approver : str
        Who differ.
    """

    business_date: date
    at: datetime
    actor: str
    approver: str

    def written(self, *causes: str) -> Written:
        """Return that something is written so, from what it follows."""
        return Written(self.business_date, self.at, self.actor, causes, self.approver)


def run_port(
    work: Work, planned: PlannedPort, order: CarriedOut, terms: OnboardingTerms
) -> dict[str, Any]:
    """Run a plan in the books and return its report.

    Every part of an account is one group of linked transfers: positions, the margin that goes with
    them where it lies, what the bank has. What lies at a clearing organization for a customer all
    of whose positions have gone comes back to the bank.

    Parameters
    ----------
    work : Work
        Of a copy in a drill. Nothing is committed here.
    planned : PlannedPort
    order : CarriedOut
    terms : OnboardingTerms

    Raises
    ------
    RefusedError
        Naming everything in which plan and books differ, that cannot be moved, that keeps a
        receiver from having a customer in the arrangement, or that verification finds afterwards.
    """
    check_two_people(order.actor, order.approver, Matter.MANUAL_ADJUSTMENT)
    banks = banks_of(work)
    if faults := plan_faults(work, planned, banks, order.business_date):
        raise RefusedError(*faults)
    declaration_id = _declare(work, planned, order)
    entry = DefaultEntry(
        planned.bd_fcm,
        banks[planned.bd_fcm],
        declaration_id,
        order.business_date,
        order.at,
    )
    desk = DefaultDesk(work, entry, {}, live_lots(work, planned.bd_fcm))
    written = order.written(declaration_id)
    bd_fcms = sorted({planned.bd_fcm, *(move.receiver for move in planned.moves)} & set(banks))
    customers = planned_customers(work, planned)
    before = held_and_owed(work, bd_fcms)
    _stop(desk, planned, customers)
    held = _held(desk, customers)
    _refuse_differences(desk, customers, held)
    for each in customers:
        _move_out(desk, each, planned, written, banks)
    moved = [each.customer_id for each in customers if each.moves]
    end_accounts(
        *(work, planned.bd_fcm, moved, written),
        name=planned.port_id,
        left_required={
            each.customer_id: LeftRequired(each.left_requirement, planned.as_of)
            for each in customers
            if each.left_requirement is not None
        },
        left_out={each.customer_id: each.left_out for each in customers},
    )
    after = _held(desk, customers)
    brought = _bring_in(work, planned, customers, written, terms)
    ported = [
        PortedCustomer(
            each, held[each.customer_id], after[each.customer_id], brought[each.customer_id]
        )
        for each in customers
    ]
    for found in ported:
        _check_conserved(found)
    _refuse_overdrawn(desk, ported)
    refuse_findings(work)
    owed = (before, held_and_owed(work, bd_fcms))
    return write_port_reports(desk, planned, ported, owed, written)


def _declare(work: Work, planned: PlannedPort, order: CarriedOut) -> str:
    """Write the record that every transfer of the port follows from; return its id."""
    day = order.business_date.isoformat()
    return declare(
        work,
        f"{planned.port_id}/{planned.bd_fcm}/{day}/declaration",
        planned.bd_fcm,
        {
            "trigger": DECLARED[planned.trigger].value,
            "rule": planned.rule,
            "approval_sha256": planned.approval_sha256,
            "plan": planned.digest,
        },
        order.written(),
        if_declared=Refusal(
            "plan", planned.digest, f"one that was not carried out on {day}", _RULE
        ),
    )


def _stop(desk: DefaultDesk, planned: PlannedPort, customers: Sequence[PlannedCustomer]) -> None:
    """Void what is on its way of those who move; settle what both sides owe (inferred).

    What is on its way of the others goes on.
    """
    moving = {each.customer_id for each in customers if each.moves}
    of_them = [
        each
        for each in desk.waiting()
        if moving & {each.debit_account_id.split("/")[3], each.credit_account_id.split("/")[3]}
    ]
    void(desk, of_them)
    settle_sides(desk, name=planned.port_id)


def _held(desk: DefaultDesk, customers: Sequence[PlannedCustomer]) -> dict[str, dict[str, Held]]:
    """Return what each customer has at the transferor and at its receivers, as it stands."""
    own = desk.entry.bd_fcm
    takers = {each.customer_id: {m.receiver for m in each.moves} for each in customers}
    books = sorted({own}.union(*takers.values()))
    lots = {name: live_lots(desk.work, name) for name in books}
    return {
        name: {
            book: held_of(desk.work, CustomerKey(book, name), lots[book].get(name, ()))
            for book in sorted({own, *receivers})
        }
        for name, receivers in takers.items()
    }


def _refuse_differences(
    desk: DefaultDesk,
    customers: Sequence[PlannedCustomer],
    held: Mapping[str, Mapping[str, Held]],
) -> None:
    own = desk.entry.bd_fcm
    faults = [
        fault
        for each in customers
        if each.moves
        for fault in customer_faults(each, held[each.customer_id][own], desk.lots(each.customer_id))
    ]
    if faults:
        raise RefusedError(*faults)


def _move_out(
    desk: DefaultDesk,
    planned: PlannedCustomer,
    port: PlannedPort,
    written: Written,
    banks: Mapping[str, str],
) -> None:
    """Move every part of a customer's account, and bring back what margin is left behind."""
    lots: Sequence[Lot] = desk.lots(planned.customer_id)
    for move in planned.moves:
        theirs = CustomerKey(move.receiver, move.customer_id)
        name = f"{port.port_id}/{move.receiver}/{move.part}"
        parted = part_lots(desk.work, lots, move.lines, written, name=name)
        leaves_ficc = not move.in_arrangement and any(lot.at_ficc for lot in parted.moving)
        open_accounts(desk, theirs, (*CUSTOMER_KINDS, *(SECURITIES_KINDS if leaves_ficc else ())))
        items = (
            *(
                ported_position(lot, move.receiver, in_arrangement=move.in_arrangement)
                for lot in parted.moving
            ),
            *_property(desk, move, banks[move.receiver]),
        )
        whose = f"{port.port_id}/{move.receiver}/{move.customer_id}/{move.part}"
        desk.post([Linked(whose, items)])
        carry_lots(
            desk.work,
            parted.moving,
            move.receiver,
            written,
            name=f"{name}/{move.customer_id}",
            in_arrangement=move.in_arrangement,
        )
        lots = parted.staying
    is_flat = not any(is_of_the_futures_class(lot, planned.left_out) for lot in lots)
    if planned.moves and is_flat:
        return_margin(desk, planned.customer_id)


def _bring_in(
    work: Work,
    port: PlannedPort,
    customers: Sequence[PlannedCustomer],
    written: Written,
    terms: OnboardingTerms,
) -> dict[str, tuple[BroughtIn, ...]]:
    """Enter at the receivers what goes with every customer, and refuse whom they may not have."""
    brought = {
        each.customer_id: tuple(
            bring_in(
                work,
                CustomerKey(port.bd_fcm, each.customer_id),
                move.receiver,
                written,
                terms=terms,
                name=port.port_id,
                in_arrangement=move.in_arrangement,
            )
            for move in each.moves
        )
        for each in customers
    }
    if faults := [fault for found in brought.values() for each in found for fault in each.faults()]:
        raise RefusedError(*faults)
    return brought


def _property(desk: DefaultDesk, move: PlannedMove, receiver_bank: str) -> list[DefaultItem]:
    """Return what moves with a part: margin where it lies, the rest from bank to bank."""
    items: list[DefaultItem] = []
    at_bank: dict[Asset, int] = {}
    for item in move.property_moved:
        asset, amount = asset_and_amount(item)
        side = _SIDES.get(item.place)
        if side is None:
            at_bank[asset] = at_bank.get(asset, 0) + amount
            continue
        places = desk.places(move.customer_id, side, asset, amount)
        if side is FICC and not move.in_arrangement:
            items += [
                MarginPortedThroughBanks(at, move.receiver, receiver_bank, asset, part)
                for at, part in places
            ]
        else:
            items += [MarginPorted(at, move.receiver, asset, part) for at, part in places]
    items += [
        CashPorted(move.customer_id, move.receiver, receiver_bank, asset, amount)
        for asset, amount in at_bank.items()
        if amount
    ]
    return items


def _check_conserved(ported: PortedCustomer) -> None:
    """Check that what a customer has, over all books, is what it had.

    Raises
    ------
    ArithmeticError
        If it is not: a fault of the run, and nothing of it may be committed.
    """
    before, after = (_in_all(each) for each in (ported.before, ported.after))
    if before != after:
        name = ported.planned.customer_id
        raise ArithmeticError(f"{name} has {after} over all books, not {before}")


def _in_all(held: Mapping[str, Held]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in held.values():
        for line, quantity in each.positions.items():
            code = line.partition(" ")[0]  # whichever account carries it
            total[code] = total.get(code, 0) + quantity
        for asset, amount in each.owed.items():
            total[str(asset)] = total.get(str(asset), 0) + amount
    return {name: amount for name, amount in total.items() if amount}


def _refuse_overdrawn(desk: DefaultDesk, ported: Sequence[PortedCustomer]) -> None:
    """Refuse every customer to whom more went than it was owed, securities at the day's value."""
    entry = desk.entry
    overdrawn = [each for each in ported if each.after[entry.bd_fcm].owed.get(CASH, 0) < 0]
    if not overdrawn:
        return
    prices = prices_of(desk.work, entry.bd_fcm, entry.business_date)
    faults = [
        fault
        for each in overdrawn
        for fault in _overdrawn(
            each.planned.customer_id, each.after[entry.bd_fcm].owed, prices, entry.business_date
        )
    ]
    if faults:
        raise RefusedError(*faults)


def _overdrawn(
    name: str, owed: Mapping[Asset, int], prices: Mapping[str, Fraction], day: date
) -> list[Refusal]:
    """Return what stands against a cash balance under zero: securities that do not cover it."""
    values = {asset: values_of(asset, {name: amount}, prices) for asset, amount in owed.items()}
    unpriced = [
        Refusal(f"{name} owed", str(asset), f"a security with a price of {day}", _RULE)
        for asset, found in values.items()
        if found is None
    ]
    worth = Money.total(found[name] for found in values.values() if found is not None)
    if unpriced or worth >= ZERO:
        return unpriced
    return [Refusal("customer", name, f"at most what it is owed, {-worth} less", _RULE)]
