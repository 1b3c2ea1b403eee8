"""Settlement variation of futures positions, daily and final.

A futures position is marked to the settlement price at every cycle and the difference is paid: it
is settled, not collateral. The first mark is against the trade price. A cash-settled contract ends
with the difference to its final settlement price, the first business day after its last trading
day (ZQ: CME contract specification, sourced; SR1 and SR3: inferred, their last rate is published
that morning).
"""

from __future__ import annotations

from datetime import date

from crossmargin.basics.money import Money
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.futures import FuturesContract, ProductKind, last_trading_day
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import SettlementPrice


def is_cash_settled(contract: FuturesContract) -> bool:
    """Return whether a contract ends in cash: SR3, SR1 and ZQ."""
    return contract.specification.kind is not ProductKind.TREASURY


def final_settlement_day(contract: FuturesContract) -> date:
    """Return the day on which a cash-settled contract is finally settled.

    Raises
    ------
    ValueError
        If the contract is delivered.

    Examples
    --------
    >>> final_settlement_day(FuturesContract("ZQ", 2026, 5))
    datetime.date(2026, 6, 1)
    """
    if not is_cash_settled(contract):
        raise ValueError(f"{contract.code} is delivered, not settled in cash")
    return futures_delivery_calendar().next_business_day(last_trading_day(contract))


def variation(
    lot: Lot,
    price: SettlementPrice,
    *,
    marked: Money,
    cycle: FlowCycle,
    pays_on: date,
    final: bool = False,
) -> Flow:
    """Return a lot's settlement variation: its value at a price less its value as last marked.

    Parameters
    ----------
    lot : Lot
        Of futures.
    price : SettlementPrice
        Of its contract.
    marked : Money
        Its value at the last mark; at intake :attr:`Lot.signed_contract`.
    cycle : FlowCycle
    pays_on : date
    final : bool
        Whether the price is the final settlement price.

    Raises
    ------
    ValueError
        If the price is another contract's.
    """
    if lot.instrument != price.contract.code:
        raise ValueError(f"{lot.lot_id} is {lot.instrument}, the price is {price.contract.code}'s")
    return Flow(
        lot_id=lot.lot_id,
        kind=FlowKind.FUTURES_FINAL_SETTLEMENT if final else FlowKind.CME_SETTLEMENT_VARIATION,
        cycle=cycle,
        pays_on=pays_on,
        of=futures_value(price.contract, lot.quantity, price.price),
        less=marked,
        source=price.source,
    )
