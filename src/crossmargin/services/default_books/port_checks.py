"""Whether a plan can be run in these books: its gates, its receivers, its lines, its property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal
from crossmargin.default_management.porting.customers import Place, PropertyItem
from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Work
from crossmargin.services.default_books.holding import Held, amount_text
from crossmargin.services.default_books.planned import PlannedCustomer, PlannedPort
from crossmargin.settlement.lots import Lot

_RULE = "the books of a port"


def planned_customers(work: Work, planned: PlannedPort) -> tuple[PlannedCustomer, ...]:
    """Return the customers of a plan that are in the books, or should be: those with positions.

    A customer of whom the plan has figures alone and who is in no book is left out.
    """
    known = {key.customer_id for key in customers_of(work, planned.bd_fcm)}
    return tuple(
        each for each in planned.customers if each.customer_id in known or not each.is_figures_alone
    )


def plan_faults(
    work: Work, planned: PlannedPort, banks: Mapping[str, str], on: date
) -> list[Refusal]:
    """Return what stands against carrying a plan out on a day, whatever customers have.

    Parameters
    ----------
    work : Work
    planned : PlannedPort
    banks : mapping of BD-FCM to str
        Those whose books are open.
    on : date
    """
    faults = [
        Refusal("verdict", gate, "a port that may be carried out on its day", planned.rule)
        for gate in planned.failed_gates
    ]
    if planned.transfer_on != on:
        expected = f"{planned.transfer_on}, the day of the transfer in the plan"
        faults.append(Refusal("date", on.isoformat(), expected, _RULE))
    if planned.bd_fcm not in banks:
        faults.append(Refusal("bd_fcm", planned.bd_fcm, "one whose books are open", _RULE))
    known = {key.customer_id for key in customers_of(work, planned.bd_fcm)}
    for each in planned_customers(work, planned):
        if each.moves and each.customer_id not in known:
            expected = f"a customer of {planned.bd_fcm}"
            faults.append(Refusal("customer", each.customer_id, expected, _RULE))
    takers = {move.receiver for each in planned_customers(work, planned) for move in each.moves}
    for name in sorted(takers):
        if name == planned.bd_fcm or name not in banks:
            expected = "another BD-FCM whose books are open"
            faults.append(Refusal("receiver", name, expected, _RULE))
    return faults


def customer_faults(planned: PlannedCustomer, held: Held, lots: Sequence[Lot]) -> list[Refusal]:
    """Return where a plan and the books differ about a customer who moves.

    Parameters
    ----------
    planned : PlannedCustomer
    held : Held
        Once nothing of the customer is on its way any more.
    lots : sequence of Lot
        The customer's live lots.
    """
    faults = list(_line_faults(planned, held.positions, lots))
    if (deficit := -held.owed.get(CASH, 0)) > 0:
        expected = f"an account without a deficit, not one of {Money(deficit)}"
        rule = "17 CFR 190.07(c)(2): an account in deficit does not move"
        faults.append(Refusal("customer", planned.customer_id, expected, rule))
    there = held.own
    for (place, asset), amount in wanted_property(planned).items():
        most = there.get((place, asset), 0)
        if place is not Place.POOL and amount > most:
            field = f"{planned.customer_id} {place.value} {asset}"
            expected = f"at most {amount_text(asset, most)}, as in the books"
            faults.append(Refusal(field, amount_text(asset, amount), expected, _RULE))
    return faults


def _line_faults(
    planned: PlannedCustomer, positions: Mapping[str, int], lots: Sequence[Lot]
) -> Iterator[Refusal]:
    lines = planned.lines
    at_ficc = {lot.instrument for lot in lots if lot.at_ficc}
    for name in sorted({*lines, *positions}):
        quantity, there = lines.get(name, 0), positions.get(name, 0)
        code = name.partition(" ")[0]
        if name not in lines and code in at_ficc and code in planned.left_out:
            continue  # Segregated Customer Margin's: another proceeding moves it
        if quantity != there:
            field = f"{planned.customer_id} {name}"
            yield Refusal(field, str(quantity), f"{there}, as in the books", _RULE)


def wanted_property(planned: PlannedCustomer) -> dict[tuple[Place, Asset], int]:
    """Return what moves with all parts of a customer's account, by place and asset."""
    wanted: dict[tuple[Place, Asset], int] = {}
    for move in planned.moves:
        for item in move.property_moved:
            asset, amount = asset_and_amount(item)
            wanted[item.place, asset] = wanted.get((item.place, asset), 0) + amount
    return wanted


def asset_and_amount(item: PropertyItem) -> tuple[Asset, int]:
    """Return an item of a plan as the ledger counts it: cents, or dollars of par."""
    if item.cusip:
        return security(item.cusip), item.par
    return CASH, item.value.cents
