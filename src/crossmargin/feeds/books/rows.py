"""Rows of the day's files: the cells of one, made into a row or into its faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.refusals import Refusal
from crossmargin.collateral.deadline import CURRENCY_EXPECTED, DOLLARS, is_currency
from crossmargin.feeds.books import cells as c
from crossmargin.feeds.positions.rows import COLUMNS as POSITION_COLUMNS
from crossmargin.feeds.positions.rows import REQUIRED_COLUMNS as POSITION_REQUIRED
from crossmargin.feeds.positions.rows import position_from_row
from crossmargin.product.position import ClearingOrganization, Leg, PositionLine
from crossmargin.services.books.approvals import faults_of_people
from crossmargin.services.clearing_day.arrivals import (
    MATTERS,
    AccountScope,
    Action,
    ArrivedRow,
    CustodianRow,
    Direction,
    FileKind,
    InstructionRow,
    NovationRow,
    PaymentRow,
    Segregation,
    TenderRow,
    TradeRow,
)

_Checked: TypeAlias = ArrivedRow | tuple[Refusal, ...]
_Check: TypeAlias = Callable[[Mapping[str, str], int, str], _Checked]


@dataclass(frozen=True, slots=True)
class KindTerms:
    """What a kind of file looks like.

    Parameters
    ----------
    columns, required : tuple of str
        Columns that there may be, in the order in which they are written, and those that must be.
    check : callable
        Of cells, line and the BD-FCM of a row that names none: the row, or every fault of it.
    identity : str
        The column that no two rows of a file share; empty if rows need not differ.
    """

    columns: tuple[str, ...]
    required: tuple[str, ...]
    check: _Check
    identity: str = ""


@dataclass(frozen=True, slots=True)
class _ActionTerms:
    assets: tuple[str, ...]
    quantity: str
    is_fair: Callable[[int], bool]
    refers_to: str = ""
    of_customer: bool = True


def _is_positive(quantity: int) -> bool:
    return quantity > 0


def _is_not_zero(quantity: int) -> bool:
    return quantity != 0


def _is_negative(quantity: int) -> bool:
    return quantity < 0


def _is_not_negative(quantity: int) -> bool:
    return quantity >= 0


_PROPERTY = (c.CASH_KIND, c.SECURITY_KIND)
_MORE_THAN_ZERO = "more than zero"
_SIGNED = "not zero, with the sign of the position"
_MOVES = _ActionTerms(_PROPERTY, _MORE_THAN_ZERO, _is_positive)
_DIRECTS = _ActionTerms((c.FUTURES_KIND,), _SIGNED, _is_not_zero)
_OF_THE_FIRM = _ActionTerms(_PROPERTY, _MORE_THAN_ZERO, _is_positive, of_customer=False)
_ACTIONS: Mapping[Action, _ActionTerms] = {
    Action.WITHDRAW: _MOVES,
    Action.DIRECT_INTO_XM: _DIRECTS,
    Action.DIRECT_OUT_OF_XM: _DIRECTS,
    Action.TO_SECURITIES_ACCOUNT: _MOVES,
    Action.FROM_SECURITIES_ACCOUNT: _MOVES,
    Action.WITHDRAW_FROM_SECURITIES_ACCOUNT: _MOVES,
    Action.TENDER: _ActionTerms(
        (c.FUTURES_KIND,), "less than zero: a short tenders", _is_negative, "the security delivered"
    ),
    Action.FAIL: _ActionTerms((c.POSITION_KIND,), _SIGNED, _is_not_zero, "the trade that fails"),
    Action.DISPUTE: _ActionTerms(
        (c.CASH_KIND,), _MORE_THAN_ZERO, _is_positive, "the call that is disputed"
    ),
    Action.RESOLVE_DISPUTE: _ActionTerms(
        (c.CASH_KIND,), "what is found due, not negative", _is_not_negative, "the call"
    ),
    Action.RESIDUAL_INTEREST_DEPOSIT: _OF_THE_FIRM,
    Action.RESIDUAL_INTEREST_WITHDRAWAL: _OF_THE_FIRM,
}


def _novation(cells: Mapping[str, str], line: int, bd_fcm: str) -> _Checked:
    row = c.RowCells(cells, line)
    trade_id = row.text("trade_id")
    position = _position(row, cells, bd_fcm, ClearingOrganization.FICC)
    contract_amount = row.optional(
        "contract_amount", c.amount, "dollars and whole cents, more than zero"
    )
    if position is not None and position.leg is not Leg.CASH:
        row.blank("contract_amount", "what a repo was agreed at is its start_amount")
    if row.refusals or position is None:
        return tuple(row.refusals)
    return NovationRow(line, trade_id, position, contract_amount)


def _trade(cells: Mapping[str, str], line: int, bd_fcm: str) -> _Checked:
    row = c.RowCells(cells, line)
    trade_id = row.text("trade_id")
    position = _position(row, cells, bd_fcm, ClearingOrganization.CME)
    price = row.optional("price", c.price, "a price in points, a plain decimal more than zero")
    if row.refusals or position is None:
        return tuple(row.refusals)
    return TradeRow(line, trade_id, position, price)


def _tender(cells: Mapping[str, str], line: int, bd_fcm: str) -> _Checked:
    row = c.RowCells(cells, line)
    tender_id = row.text("tender_id")
    position = _position(row, cells, bd_fcm, ClearingOrganization.CME)
    cusip = row.parsed("security", Cusip, "the CUSIP that is delivered")
    intention_day = row.parsed("intention_day", date.fromisoformat, "a date as YYYY-MM-DD")
    if row.refusals or position is None or cusip is None or intention_day is None:
        return tuple(row.refusals)
    return TenderRow(line, tender_id, position, cusip, intention_day)


def _position(
    row: c.RowCells, cells: Mapping[str, str], bd_fcm: str, side: ClearingOrganization
) -> PositionLine | None:
    """Return what a trade makes, checked as a line of a positions file, and not flat."""
    row.text("customer_id")
    row.text("bd_fcm", default=bd_fcm)
    line = position_from_row(
        {**cells, "clearing_organization": side}, line=row.line, default_bd_fcm=bd_fcm
    )
    if not isinstance(line, PositionLine):
        noted = {refusal.field for refusal in row.refusals}
        row.refusals += [refusal for refusal in line if refusal.field not in noted]
        return None
    if line.quantity == 0:
        row.refuse("quantity", "a quantity other than zero")
    return line


def _held(side: ClearingOrganization) -> _Check:
    def check(cells: Mapping[str, str], line: int, bd_fcm: str) -> _Checked:
        position = position_from_row(cells, line=line, default_bd_fcm=bd_fcm)
        if isinstance(position, PositionLine) and position.clearing_organization is not side:
            row = c.RowCells(cells, line)
            row.refuse("clearing_organization", f"{side}: the file is that of {side}")
            return tuple(row.refusals)
        return position

    return check


def _instruction(cells: Mapping[str, str], line: int, bd_fcm: str) -> _Checked:
    row = c.RowCells(cells, line)
    instruction_id = row.text("instruction_id")
    of = row.text("bd_fcm", default=bd_fcm)
    action = row.choice("action", Action)
    place, reference = row.text("place", default=""), row.text("reference", default="")
    entered_by, approved_by = row.text("entered_by"), row.text("approved_by")
    if entered_by and approved_by:
        _check_people(row, entered_by, approved_by, action)
    asset, quantity, customer_id = "", 0, ""
    if action is not None:
        customer_id = _customer_of_action(row, action)
        asset, quantity = _what(row, action)
    if row.refusals or action is None:
        return tuple(row.refusals)
    customer = CustomerKey(of, customer_id) if customer_id else None
    return InstructionRow(
        line,
        instruction_id,
        of,
        customer,
        action,
        asset,
        quantity,
        place,
        reference,
        entered_by,
        approved_by,
    )


def _check_people(
    row: c.RowCells, entered_by: str, approved_by: str, action: Action | None
) -> None:
    matter, fields = None if action is None else MATTERS[action], ("entered_by", "approved_by")
    for each in faults_of_people(entered_by, approved_by, matter, fields=fields):
        row.refuse(each.field, each.expected)


def _customer_of_action(row: c.RowCells, action: Action) -> str:
    terms = _ACTIONS.get(action)
    if terms is None or terms.of_customer:
        return row.text("customer_id")
    row.blank("customer_id", f"{action} is the BD-FCM's own")
    return ""


def _what(row: c.RowCells, action: Action) -> tuple[str, int]:
    """Return asset and quantity of an instruction, checked as its action has them."""
    terms = _ACTIONS.get(action)
    if terms is None:
        for field in ("asset", "quantity"):
            row.blank(field, f"{action} concerns everything")
        return "", 0
    if terms.refers_to and not row.given("reference"):
        row.refuse("reference", f"the id of {terms.refers_to}")
    asset = row.asset(*terms.assets)
    if asset is None:
        return "", 0
    quantity = row.quantity(asset)
    if quantity is not None and not terms.is_fair(quantity):
        row.refuse("quantity", terms.quantity)
    return asset, quantity or 0


def _payment(cells: Mapping[str, str], line: int, bd_fcm: str) -> _Checked:
    row = c.RowCells(cells, line)
    payment_id = row.text("payment_id")
    of = row.text("bd_fcm", default=bd_fcm)
    reference = row.text("reference", default="")
    customer_id = row.text("customer_id", default="")
    place = row.text("place")
    direction = row.choice("direction", Direction)
    if not reference:
        if direction is Direction.OUT:
            row.refuse("reference", "the id of the withdrawal or wire that it confirms")
        elif not customer_id:
            row.refuse("customer_id", "whose deposit it is: there is no reference")
    asset = row.asset(*_PROPERTY)
    quantity = None if asset is None else row.quantity(asset)
    if quantity is not None and quantity <= 0:
        row.refuse("quantity", _MORE_THAN_ZERO)
    currency = _currency(row, direction, asset)
    if row.refusals or direction is None or asset is None or quantity is None:
        return tuple(row.refusals)
    customer = CustomerKey(of, customer_id) if customer_id else None
    return PaymentRow(
        *(line, payment_id, reference, of, customer),
        *(place, asset, quantity, direction, currency),
    )


def _currency(row: c.RowCells, direction: Direction | None, asset: str | None) -> str:
    """Return in which currency a payment was made: cash alone that came in can be in another."""
    currency = row.text("currency", default=DOLLARS)
    if not is_currency(currency):
        row.refuse("currency", CURRENCY_EXPECTED)
    elif currency != DOLLARS and direction is Direction.OUT:
        row.refuse("currency", f"{DOLLARS} or blank: what goes out goes in it")
    elif currency != DOLLARS and asset is not None and not asset.startswith(c.CASH_KIND):
        row.refuse("currency", f"{DOLLARS} or blank: a security is paid in no currency")
    return currency


def _custodian(cells: Mapping[str, str], line: int, _bd_fcm: str) -> _Checked:
    row = c.RowCells(cells, line)
    place = row.text("place")
    scope = row.optional("account_scope", AccountScope, "one of " + ", ".join(AccountScope))
    segregation = row.choice("segregation", Segregation)
    asset = row.asset(*_PROPERTY)
    quantity, in_transit = None, None
    if asset is not None:
        quantity = row.quantity(asset)
        in_transit = row.quantity(asset, "in_transit") if row.given("in_transit") else 0
    if quantity is not None and quantity < 0:
        row.refuse("quantity", "what is held, not negative")
    if (
        row.refusals
        or segregation is None
        or asset is None
        or quantity is None
        or in_transit is None
    ):
        return tuple(row.refusals)
    return CustodianRow(line, place, scope, segregation, asset, quantity, in_transit)


_TRADED = ("trade_id", "customer_id", "account", "instrument", "quantity")
#: Every kind of file.
KINDS: Mapping[FileKind, KindTerms] = {
    FileKind.NOVATIONS: KindTerms(
        (
            *_TRADED,
            *("leg", "settlement_date", "end_date", "repo_rate_pct"),
            *("start_amount", "contract_amount", "bd_fcm"),
        ),
        _TRADED,
        _novation,
        "trade_id",
    ),
    FileKind.TRADES: KindTerms((*_TRADED, "price", "bd_fcm"), _TRADED, _trade, "trade_id"),
    FileKind.TENDERS: KindTerms(
        ("tender_id", *_TRADED[1:], "security", "intention_day", "bd_fcm"),
        ("tender_id", *_TRADED[1:], "security", "intention_day"),
        _tender,
        "tender_id",
    ),
    FileKind.INSTRUCTIONS: KindTerms(
        (
            *("instruction_id", "customer_id", "action", "asset", "quantity"),
            *("place", "reference", "entered_by", "approved_by", "bd_fcm"),
        ),
        ("instruction_id", "customer_id", "action", "entered_by", "approved_by"),
        _instruction,
        "instruction_id",
    ),
    FileKind.PAYMENTS: KindTerms(
        (
            *("payment_id", "reference", "customer_id", "place"),
            *("asset", "quantity", "currency", "direction", "bd_fcm"),
        ),
        ("payment_id", "reference", "customer_id", "place", "asset", "quantity", "direction"),
        _payment,
        "payment_id",
    ),
    FileKind.FICC_POSITIONS: KindTerms(
        POSITION_COLUMNS, POSITION_REQUIRED, _held(ClearingOrganization.FICC)
    ),
    FileKind.CME_POSITIONS: KindTerms(
        POSITION_COLUMNS, POSITION_REQUIRED, _held(ClearingOrganization.CME)
    ),
    FileKind.CUSTODIAN: KindTerms(
        ("place", "account_scope", "segregation", "asset", "quantity", "in_transit"),
        ("place", "segregation", "asset", "quantity"),
        _custodian,
    ),
}
