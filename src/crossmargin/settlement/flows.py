"""A flow: what a lot pays or receives, why, when, and as the difference of which two figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.settlement.prices import PriceSource


class FlowKind(StrEnum):
    """Why money moves. The names are those of the ledger's transfers."""

    CME_SETTLEMENT_VARIATION = "CME_SETTLEMENT_VARIATION"
    FUTURES_FINAL_SETTLEMENT = "FUTURES_FINAL_SETTLEMENT"
    FUTURES_DELIVERY_INVOICE = "FUTURES_DELIVERY_INVOICE"
    FICC_FORWARD_MARK = "FICC_FORWARD_MARK"
    FICC_FORWARD_MARK_RETURN = "FICC_FORWARD_MARK_RETURN"
    FICC_MARK_INTEREST = "FICC_MARK_INTEREST"
    FICC_TRANSACTION_ADJUSTMENT = "FICC_TRANSACTION_ADJUSTMENT"
    FICC_COUPON = "FICC_COUPON"
    FICC_REPO_INTEREST = "FICC_REPO_INTEREST"
    FICC_FAIL_CHARGE = "FICC_FAIL_CHARGE"


class FlowCycle(StrEnum):
    """The cycle in which a flow arises."""

    START_OF_DAY = "START_OF_DAY"
    INTRADAY = "INTRADAY"
    END_OF_DAY = "END_OF_DAY"


@dataclass(frozen=True, slots=True)
class Flow:
    """One amount of one lot.

    Parameters
    ----------
    lot_id : str
    kind : FlowKind
    cycle : FlowCycle
    pays_on : date
        The business day on which it is paid.
    of, less : Money
        The flow is their difference: a value less a contract value, today's value less yesterday's.
        Positive is received by the lot's customer.
    source : PriceSource or None
        Of the price in it; None where no price is.
    """

    lot_id: str
    kind: FlowKind
    cycle: FlowCycle
    pays_on: date
    of: Money
    less: Money = ZERO
    source: PriceSource | None = None

    @property
    def amount(self) -> Money:
        """What the customer receives; negative is paid."""
        return self.of - self.less


def total_of(flows: Iterable[Flow], *kinds: FlowKind) -> Money:
    """Return the sum of flows, of some kinds if any are named."""
    return Money.total(flow.amount for flow in flows if not kinds or flow.kind in kinds)
