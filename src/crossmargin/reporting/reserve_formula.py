"""Item 15 of the customer reserve formula, and the credits that go with it (17 CFR 240.15c3-3a).

For customers whose Treasuries are cleared at FICC outside the arrangement: Segregated Customer
Margin that is required and on deposit with the clearing agency is a debit; the customer's cash in
it is a credit of Item 1, the market value of the customer's securities a credit of Item 2 (that it
is Item 2 is inferred). The debit is taken customer by customer (inferred from "required and on
deposit"). Property of the arrangement is outside 15c3-3 and adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money


class ReserveAccount(StrEnum):
    """Which regime an account is under."""

    SCM = "SCM"  # Segregated Customer Margin: securities account, 15c3-3
    XM = "XM"  # the arrangement: futures account, outside 15c3-3


@dataclass(frozen=True, slots=True)
class MarginOnDeposit:
    """One customer's margin for cleared Treasuries at the clearing agency.

    Parameters
    ----------
    customer_id : str
    account : ReserveAccount
    required, on_deposit : Money
        By the clearing agency's own valuation.
    customer_cash, customer_securities : Money
        What of it is the customer's: cash, and securities at market value. The rest is the broker's
        own, which may stand in for the customer for a short time with a call outstanding (Note H).

    Raises
    ------
    ValueError
        If an amount is negative.
    """

    customer_id: str
    account: ReserveAccount
    required: Money
    on_deposit: Money
    customer_cash: Money = ZERO
    customer_securities: Money = ZERO

    def __post_init__(self) -> None:
        amounts = (self.required, self.on_deposit, self.customer_cash, self.customer_securities)
        if min(amounts) < ZERO:
            raise ValueError(f"{self.customer_id}: margin is not negative, was {amounts}")


@dataclass(frozen=True, slots=True)
class ReserveItems:
    """What one customer's margin, or that of all, adds to the formula.

    Parameters
    ----------
    item1_credit, item2_credit, item15_debit : Money
    excess_to_return : Money
        On deposit above the requirement: back by the close of the next business day (inferred).
    """

    item1_credit: Money = ZERO
    item2_credit: Money = ZERO
    item15_debit: Money = ZERO
    excess_to_return: Money = ZERO

    def __add__(self, other: ReserveItems) -> ReserveItems:
        return ReserveItems(
            self.item1_credit + other.item1_credit,
            self.item2_credit + other.item2_credit,
            self.item15_debit + other.item15_debit,
            self.excess_to_return + other.excess_to_return,
        )

    def as_document(self) -> dict[str, str]:
        """Return the JSON shape, amounts as decimal strings."""
        return {
            "item1_credit": str(self.item1_credit),
            "item2_credit": str(self.item2_credit),
            "item15_debit": str(self.item15_debit),
            "excess_to_return_next_business_day": str(self.excess_to_return),
        }


def reserve_items(margin: MarginOnDeposit) -> ReserveItems:
    """Return what one customer's margin adds to the formula; nothing for the arrangement."""
    if margin.account is ReserveAccount.XM:
        return ReserveItems()
    return ReserveItems(
        item1_credit=margin.customer_cash,
        item2_credit=margin.customer_securities,
        item15_debit=min(margin.required, margin.on_deposit),
        excess_to_return=max(ZERO, margin.on_deposit - margin.required),
    )


@dataclass(frozen=True, slots=True)
class ReserveFormulaReport:
    """The items customer by customer, and their sum."""

    by_customer: tuple[tuple[str, ReserveItems], ...]

    @property
    def total(self) -> ReserveItems:
        """The sum over customers: one's excess never makes up for another's lack."""
        return sum((items for _, items in self.by_customer), start=ReserveItems())

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "customers": {name: items.as_document() for name, items in self.by_customer},
            "total": self.total.as_document(),
        }


def reserve_formula(margins: Sequence[MarginOnDeposit]) -> ReserveFormulaReport:
    """Return the items of every customer outside the arrangement, sorted by customer.

    Raises
    ------
    ValueError
        If a customer has two rows outside the arrangement.
    """
    outside = sorted(
        (each for each in margins if each.account is ReserveAccount.SCM),
        key=lambda each: each.customer_id,
    )
    names = [each.customer_id for each in outside]
    if len(set(names)) != len(names):
        raise ValueError(f"one row a customer, were {names}")
    return ReserveFormulaReport(tuple((each.customer_id, reserve_items(each)) for each in outside))
