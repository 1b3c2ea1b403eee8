"""Customer statements of a day: opening to closing, footed, with what lies where and is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import Outside
from crossmargin.collateral.calls import CallState
from crossmargin.ledger.assets import CASH, Asset, AssetKind, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import MOVED, Transfer
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.treasury import COUPON_KINDS
from crossmargin.reporting.statement import (
    SECTIONS,
    CallLine,
    CollateralLine,
    CustomerStatement,
    Movement,
    PositionLine,
    RequirementLine,
    customer_statement,
)
from crossmargin.services.book_reports.inputs import DayInputs
from crossmargin.services.books.accounts import of_customer, position_asset
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.flow_classes import FlowClasses
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.clearing_day.required import Required
from crossmargin.services.clearing_day.segregated import SegregatedStanding
from crossmargin.services.clearing_day.standing import Standing
from crossmargin.services.clearing_day.system_prices import (
    SystemPrices,
    security_system_prices,
    system_prices,
)
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.rules import SettlementRules

#: Where collateral lies that the BD-FCM has.
_HERE = "BD-FCM"


@dataclass(frozen=True, slots=True)
class DayPositions:
    """A BD-FCM's live lots at the close by customer, what the day marked them at, their classes."""

    lots: Mapping[CustomerKey, Sequence[Lot]]
    prices: SystemPrices
    classes: FlowClasses


def day_positions(inputs: DayInputs, work: Work) -> DayPositions:
    """Return the lots that are live at the close with the prices of the day's marks."""
    context, day = inputs.context, inputs.business_date
    live = read_register(work.records, context.bd_fcm).live()
    lots: dict[CustomerKey, list[Lot]] = {}
    for lot in live:
        lots.setdefault(lot.customer, []).append(lot)
    contracts = {lot.contract for lot in live if not lot.at_ficc}
    market = context.models.priced(day)
    if not contracts:
        sheet = market.price_sheets[day]
        prices = SystemPrices(day, security_system_prices(sheet), {}, sheet.derived_from)
        return DayPositions(lots, prices, FlowClasses(context.models, day, prices.securities))
    listed = {each for each in contracts if not context.models.is_over(each, day)}
    rules = SettlementRules.from_parameters(context.parameters("settlement", day))
    prepared = context.models.prepared(day, listed)
    prices = system_prices(prepared, market, rules)
    return DayPositions(lots, prices, FlowClasses(context.models, day, prices.securities))


def statement_of(
    inputs: DayInputs,
    work: Work,
    customer: CustomerKey,
    held: DayPositions,
    *,
    at: datetime,
) -> CustomerStatement:
    """Return one customer's statement of the day: of its futures account.

    Raises
    ------
    ValueError
        If opening balance and movements do not come to the closing balance.
    """
    standing, required = inputs.standings[customer], inputs.required.get(customer)
    return _statement(
        *(inputs, work, customer, AccountKind.CUSTOMER_FUTURES_ACCOUNT),
        positions=_positions(held, customer, outside=False),
        requirements=() if required is None else _requirements(required),
        collateral=_collateral(standing),
        calls=[call for call in calls_of(work.records, customer) if call.is_of_futures_account],
        at=at,
    )


def securities_statement_of(
    inputs: DayInputs,
    work: Work,
    customer: CustomerKey,
    held: DayPositions,
    *,
    at: datetime,
) -> CustomerStatement | None:
    """Return one customer's statement of its securities account: Segregated Customer Margin.

    None where nothing is or was in it, and nothing is required or called outside the arrangement.

    Raises
    ------
    ValueError
        If opening balance and movements do not come to the closing balance.
    """
    required, standing = inputs.required.get(customer), inputs.outside.get(customer)
    statement = _statement(
        *(inputs, work, customer, AccountKind.CUSTOMER_SECURITIES_ACCOUNT),
        positions=_positions(held, customer, outside=True),
        requirements=() if required is None else _outside_requirements(required),
        collateral=() if standing is None else _outside_collateral(inputs, standing),
        calls=[call for call in calls_of(work.records, customer) if not call.is_of_futures_account],
        at=at,
    )
    has_any = (
        statement.positions,
        statement.requirements,
        statement.balances,
        statement.calls,
    )
    return statement if any(has_any) else None


def _statement(
    inputs: DayInputs,
    work: Work,
    customer: CustomerKey,
    account: AccountKind,
    *,
    positions: Sequence[PositionLine],
    requirements: Sequence[RequirementLine],
    collateral: Sequence[CollateralLine],
    calls: Sequence[CallState],
    at: datetime,
) -> CustomerStatement:
    day = inputs.business_date
    own = of_customer(account, customer).account_id
    transfers = [t for t in work.ledger.transfers(account_id=own, last=day) if t.state in MOVED]
    opening: dict[Asset, int] = {}
    closing: dict[Asset, int] = {}
    movements = []
    for each in transfers:
        signed = each.amount if each.credit_account_id == own else -each.amount
        closing[each.asset] = closing.get(each.asset, 0) + signed
        if each.business_date < day:
            opening[each.asset] = opening.get(each.asset, 0) + signed
        else:
            movements.append(_movement(each, signed))
    return customer_statement(
        customer.bd_fcm,
        customer.customer_id,
        day,
        account=account,
        opening=opening,
        closing=closing,
        movements=movements,
        positions=positions,
        requirements=requirements,
        collateral=collateral,
        calls=_calls(calls, day, at),
    )


def _movement(transfer: Transfer, signed: int) -> Movement:
    if transfer.kind not in SECTIONS:
        raise ValueError(f"{transfer.transfer_id}: {transfer.kind} has no place on a statement")
    return Movement(transfer.transfer_id, transfer.kind, transfer.asset, signed, transfer.at)


def _positions(held: DayPositions, customer: CustomerKey, *, outside: bool) -> list[PositionLine]:
    """Return a customer's positions: those at FICC outside the arrangement, or all the others."""
    totals: dict[tuple[str, str, Asset], int] = {}
    for lot in held.lots.get(customer, ()):
        if held.classes.is_outside(lot, held.prices.as_of) is outside:
            asset = position_asset(lot.clearing_organization, lot.instrument)
            key = (lot.clearing_organization.value, lot.account.value, asset)
            totals[key] = totals.get(key, 0) + lot.quantity
    return [
        _position_line(*key, quantity, held.prices) for key, quantity in totals.items() if quantity
    ]


def _position_line(
    side: str, account: str, asset: Asset, quantity: int, prices: SystemPrices
) -> PositionLine:
    if asset.kind is AssetKind.FUTURES_POSITION:
        settled = prices.contracts.get(asset.code)
        if settled is None:
            return PositionLine(side, account, asset, quantity)
        worth = futures_value(settled.contract, quantity, settled.price)
        price = settled.price
        return PositionLine(side, account, asset, quantity, str(price), settled.source.value, worth)
    marked = prices.securities.get(asset.code)
    if marked is None:
        return PositionLine(side, account, asset, quantity)
    pays = marked.security.kind in COUPON_KINDS
    accrued = accrued_interest_per_100(marked.security, prices.as_of) if pays else 0
    full = Fraction(marked.clean_price_per_100) + Fraction(accrued)
    worth = Money(round(full * quantity))
    price = marked.clean_price_per_100
    return PositionLine(side, account, asset, quantity, str(price), marked.source.value, worth)


def _requirements(required: Required) -> list[RequirementLine]:
    cycle = required.cycle.value
    return [
        RequirementLine("FICC", cycle, required.ficc_xm, required.ficc_xm_without),
        RequirementLine("CME", cycle, required.cme, required.standalone_cme),
    ]


def _outside_requirements(required: Required) -> list[RequirementLine]:
    """Return what FICC requires outside the arrangement: the same with it and without."""
    outside = required.ficc_outside
    if outside == ZERO:
        return []
    return [RequirementLine(Outside.FICC_SCM.value, required.cycle.value, outside, outside)]


def _collateral(standing: Standing) -> list[CollateralLine]:
    lines = []
    holdings = standing.holdings
    left_cash, left_par = holdings.cash, dict(holdings.par_dollars)
    for side, placed in holdings.at.items():
        left_cash -= placed.cash
        if placed.cash != ZERO:
            lines.append(_cash_line(side.value, placed.cash))
        for cusip, par in placed.par_dollars.items():
            left_par[cusip] = left_par.get(cusip, 0) - par
            lines.append(
                _security_line(standing, side.value, cusip, par, standing.counted(side, cusip, par))
            )
    if left_cash != ZERO:
        lines.append(_cash_line(_HERE, left_cash))
    for cusip, par in left_par.items():
        if par:
            least = standing.least_counted(cusip, par)
            lines.append(_security_line(standing, _HERE, cusip, par, least))
    return lines


def _cash_line(location: str, cash: Money) -> CollateralLine:
    return CollateralLine(location, CASH, cash.cents, cash, Fraction(0), cash)


def _security_line(
    standing: Standing, location: str, cusip: Cusip, par: int, counted: Money
) -> CollateralLine:
    return _valued_line(location, cusip, par, standing.market_value(cusip, par), counted)


def _valued_line(
    location: str, cusip: Cusip, par: int, worth: Money, counted: Money
) -> CollateralLine:
    haircut = 1 - counted.dollars / worth.dollars if worth > ZERO else Fraction(0)
    return CollateralLine(location, security(cusip.text), par, worth, haircut, counted)


def _outside_collateral(inputs: DayInputs, standing: SegregatedStanding) -> list[CollateralLine]:
    """Return what serves as margin: at FICC, and with the BD-FCM."""
    lines = []
    for location, cash in (
        (Outside.FICC_SCM.value, standing.at_ficc.cash),
        (_HERE, standing.own_cash),
    ):
        if cash != ZERO:
            lines.append(_cash_line(location, cash))
    for location, par_dollars in (
        (Outside.FICC_SCM.value, standing.at_ficc.par_dollars),
        (_HERE, standing.free_par_dollars),
    ):
        for cusip, par in par_dollars.items():
            worth = inputs.market_value(cusip.text, par)
            lines.append(_valued_line(location, cusip, par, worth, standing.counted(cusip, par)))
    return lines


def _calls(calls: Sequence[CallState], day: date, at: datetime) -> list[CallLine]:
    return [
        CallLine(
            call.issued.event_id,
            call.issued.ccp.value,
            call.issued.cycle,
            call.amount,
            call.issued.currency,
            call.issued.due_at,
            call.paid,
            call.status(at).value,
        )
        for call in calls
        if call.issued.business_date == day or call.outstanding > ZERO
    ]
