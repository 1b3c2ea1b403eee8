"""The tables of a plan, one function each: read, checked, every fault noted with its place."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.arrangement.cycles import Cycle
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.clearing_day.arrivals import AccountScope, Action, Segregation
from crossmargin.simulation.clearing.plan import (
    CallConduct,
    Clock,
    Conduct,
    CustodianDifference,
    CustodyAccount,
    Deposit,
    Fail,
    Held,
    Hours,
    Instruction,
    LateFile,
    Leaving,
    PlannedTender,
    PositionFile,
    Trade,
    Unconfirmed,
)
from crossmargin.simulation.clearing.plan_values import PlanSpan, PlanTable

_PROPERTY = ("CASH", "SEC")
#: What a plan instructs by itself; the others follow from its other tables.
_PLANNED = {
    Action.WITHDRAW: _PROPERTY,
    Action.DIRECT_INTO_XM: ("FUT",),
    Action.DIRECT_OUT_OF_XM: ("FUT",),
    Action.TO_SECURITIES_ACCOUNT: _PROPERTY,
    Action.FROM_SECURITIES_ACCOUNT: _PROPERTY,
    Action.WITHDRAW_FROM_SECURITIES_ACCOUNT: _PROPERTY,
    Action.RESIDUAL_INTEREST_DEPOSIT: _PROPERTY,
    Action.RESIDUAL_INTEREST_WITHDRAWAL: _PROPERTY,
}
_OF_THE_FIRM = (Action.RESIDUAL_INTEREST_DEPOSIT, Action.RESIDUAL_INTEREST_WITHDRAWAL)


def clock(values: object, span: PlanSpan) -> Clock:
    """Return when the other parties act."""
    if not isinstance(values, dict):
        span.refuse("clock", values or "", "a table [clock]")
    table = PlanTable(values if isinstance(values, dict) else {}, "clock", span)
    clock = Clock(
        fails=table.clock("fails"),
        novations=table.clock("novations"),
        trades=table.clock("trades"),
        custodian=table.clock("custodian"),
        customers=_hours(table, "customers"),
        banks=_hours(table, "banks"),
        call_payment_minutes=table.whole("call_payment_minutes", least=1),
        confirmation_minutes=table.whole("confirmation_minutes", least=1),
    )
    table.close()
    return clock


def _hours(table: PlanTable, party: str) -> Hours:
    hours = Hours(table.clock(f"{party}_open"), table.clock(f"{party}_close"))
    day = table.span.first
    if hours.closes.on(day) < hours.opens.on(day):
        table.refuse(f"{party}_close", f"after {party}_open")
    return hours


def position_file(table: PlanTable) -> PositionFile:
    """Return a position file of every day."""
    file = PositionFile(
        table.choice("clearing_organization", ClearingOrganization),
        table.choice("cycle", Cycle),
        table.clock("positions_at"),
        table.clock("arrives"),
    )
    if file.arrives.on(table.span.first) < file.positions_at.on(table.span.first):
        table.refuse("arrives", "positions_at or later")
    return file


def custody_account(table: PlanTable) -> CustodyAccount:
    """Return a place of the custodian's statement."""
    scoped = table.has("account_scope")
    scope = table.choice("account_scope", AccountScope) if scoped else None
    return CustodyAccount(table.text("place"), scope)


def deposit(table: PlanTable) -> Deposit:
    """Return property that a customer brings."""
    asset = table.asset(*_PROPERTY)
    deposit = Deposit(
        table.day("date"), table.clock("at"), table.customer(), asset, table.quantity(asset)
    )
    if deposit.quantity <= 0:
        table.refuse("quantity", "more than zero")
    return deposit


def instruction(table: PlanTable) -> Instruction:
    """Return an instruction."""
    action = table.choice("action", Action)
    if action not in _PLANNED:
        table.refuse("action", "one of " + ", ".join(_PLANNED))
    kinds = _PLANNED.get(action, _PROPERTY)
    asset = table.asset(*kinds)
    quantity = table.quantity(asset)
    if quantity == 0 or (quantity < 0 and kinds == _PROPERTY):
        table.refuse("quantity", "more than zero; of a direction, signed as the position is")
    return Instruction(
        table.day("date"),
        table.clock("at"),
        "" if action in _OF_THE_FIRM else table.customer(),
        action,
        asset,
        quantity,
        table.text("place", default=""),
        table.text("reference", default=""),
    )


def trade(table: PlanTable) -> Trade:
    """Return a trade, a roll or a close-out."""
    trade = Trade(
        day=table.day("date"),
        at=table.clock("at"),
        customer_id=table.customer(),
        contract=table.text("contract"),
        account=table.choice("account", Account) if table.has("account") else Account.XM,
        quantity=table.quantity("FUT-") if table.has("quantity") else None,
        price=table.price("price"),
        into=table.text("into", default=""),
    )
    if trade.quantity == 0:
        table.refuse("quantity", "not zero; left out, the whole position is closed out")
    if trade.quantity is not None and trade.into:
        table.refuse("into", "no quantity beside it: a whole position is rolled")
    return trade


def tender(table: PlanTable) -> PlannedTender:
    """Return contracts that go into delivery."""
    quantity = table.quantity("FUT-")
    tender = PlannedTender(
        day=table.day("date"),
        customer_id=table.customer(),
        contract=table.text("contract"),
        account=table.choice("account", Account) if table.has("account") else Account.XM,
        quantity=quantity,
        cusip=table.cusip("security"),
        told_at=table.clock("told_at"),
        instructs_at=table.clock("instructs_at") if quantity < 0 else None,
    )
    if quantity == 0:
        table.refuse("quantity", "not zero: negative for a short, which gives notice")
    early = tender.instructs_at
    if early is not None and tender.told_at.on(tender.day) <= early.on(tender.day):
        table.refuse("told_at", "after instructs_at")
    return tender


def _held(table: PlanTable, lines: Sequence[PositionLine]) -> tuple[Held, list[PositionLine]]:
    held = Held(table.customer(), table.text("instrument"))
    selected = [line for line in lines if held.selects(line)]
    if held.customer_id and held.instrument and not selected:
        table.refuse("instrument", f"a line of {held.customer_id} in the positions")
    return held, selected


def dropped(table: PlanTable, lines: Sequence[PositionLine]) -> Held:
    """Return lines that do not begin: repo that has ended."""
    held, selected = _held(table, lines)
    if any(line.end_date is None or line.end_date > table.span.first for line in selected):
        table.refuse("instrument", f"a repo that has ended by {table.span.first}")
    return held


def not_renewed(table: PlanTable, lines: Sequence[PositionLine]) -> Held:
    """Return lines that leave for good."""
    held, selected = _held(table, lines)
    _check_cash(table, "instrument", selected)
    return Held(held.customer_id, held.instrument, table.day("from"))


def fail(table: PlanTable, lines: Sequence[PositionLine]) -> Fail:
    """Return obligations that fail."""
    held, selected = _held(table, lines)
    _check_cash(table, "instrument", selected)
    fail = Fail(held, table.day("due"), table.day("settles"))
    if fail.settles <= fail.due:
        table.refuse("settles", f"a business day after {fail.due}")
    if fail.due == table.span.first:
        table.refuse("due", f"a business day after {table.span.first}: nothing is due before")
    return fail


def leaving(table: PlanTable, lines: Sequence[PositionLine]) -> Leaving:
    """Return a customer that leaves."""
    leaving = Leaving(
        table.day("date"),
        table.customer(),
        table.clock("closes_out_at"),
        table.clock("instructs_at"),
    )
    open_repo = [
        line
        for line in lines
        if line.customer.customer_id == leaving.customer_id
        and line.end_date is not None
        and line.end_date > leaving.day
    ]
    if open_repo:
        table.refuse("date", f"a day after {open_repo[0].end_date}: until then a repo is open")
    if leaving.instructs_at.on(leaving.day) <= leaving.closes_out_at.on(leaving.day):
        table.refuse("instructs_at", "after closes_out_at")
    return leaving


def call(table: PlanTable) -> CallConduct:
    """Return how a customer takes some calls."""
    conduct = table.choice("conduct", Conduct)
    shared = conduct in (Conduct.PARTIAL, Conduct.DISPUTED)
    promised = conduct in (Conduct.LATE, Conduct.DISPUTED) or table.has("rest_after_business_days")
    call = CallConduct(
        customer_id=table.customer(),
        first=table.day("first"),
        last=table.day("last"),
        conduct=conduct,
        calls=table.whole("calls", least=1) if table.has("calls") else None,
        paid_share=table.share("paid_share") if shared else Decimal(0),
        rest_after_business_days=(
            table.whole("rest_after_business_days", least=0) if promised else None
        ),
        rest_at=table.clock("rest_at") if promised else None,
    )
    if call.last < call.first:
        table.refuse("last", f"{call.first} or later")
    return call


def late_file(table: PlanTable) -> LateFile:
    """Return a position file that comes late."""
    return LateFile(
        table.day("date"),
        table.choice("clearing_organization", ClearingOrganization),
        table.choice("cycle", Cycle),
        table.clock("arrives"),
    )


def unconfirmed(table: PlanTable) -> Unconfirmed:
    """Return wires that are not confirmed."""
    held_up = Unconfirmed(
        table.day("date"),
        table.customer(default=""),
        table.text("purpose", default=""),
        table.optional_day("comes"),
    )
    if held_up.comes is not None and held_up.comes <= held_up.day:
        table.refuse("comes", f"a business day after {held_up.day}")
    return held_up


def difference(table: PlanTable) -> CustodianDifference:
    """Return what a custodian's statement adds."""
    asset = table.asset(*_PROPERTY)
    return CustodianDifference(
        table.day("date"),
        table.text("place"),
        table.choice("segregation", Segregation),
        asset,
        table.quantity(asset),
    )


def _check_cash(table: PlanTable, key: str, selected: Sequence[PositionLine]) -> None:
    if any(line.leg is not Leg.CASH for line in selected):
        table.refuse(key, "a CASH line: a repo ends on its own date")
