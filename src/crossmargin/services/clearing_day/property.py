"""What a customer's property is, where it lies and what it is worth as collateral, at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.haircuts import haircut_tables
from crossmargin.collateral.value import PostableSecurity
from crossmargin.ledger.assets import CASH, AssetKind
from crossmargin.ledger.chart import AccountKind
from crossmargin.market.history import PriceSheet
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import COUPON_KINDS
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.ports import Ledger

_CLAIMS = {
    ClearingOrganization.FICC: AccountKind.FICC_XM_MARGIN,
    ClearingOrganization.CME: AccountKind.CME_CUSTOMER_MARGIN,
}


@dataclass(frozen=True, slots=True)
class CustomerProperty:
    """One customer's property in the futures account.

    Parameters
    ----------
    customer : CustomerKey
    cash : Money
        Owed to the customer; negative is a debit balance.
    par_dollars : mapping of CUSIP to int
    at : mapping of ClearingOrganization to (Money, mapping of CUSIP to int)
        What of it lies at each, what is on its way there counted, on its way back not.
    leaving : Money
        Cash that waits to go to the customer.
    leaving_par : mapping of CUSIP to int
    """

    customer: CustomerKey
    cash: Money
    par_dollars: Mapping[str, int]
    at: Mapping[ClearingOrganization, tuple[Money, Mapping[str, int]]]
    leaving: Money = ZERO
    leaving_par: Mapping[str, int] | None = None

    @property
    def usable_cash(self) -> Money:
        """Cash that may be placed or withdrawn."""
        return max(ZERO, self.cash - self.leaving)


def property_of(ledger: Ledger, customer: CustomerKey) -> CustomerProperty:
    """Return a customer's property as the ledger has it."""
    balances = ledger.balances(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id)
    own = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer).account_id
    cash, leaving = ZERO, ZERO
    par: dict[str, int] = {}
    leaving_par: dict[str, int] = {}
    for (account_id, asset), balance in balances.items():
        if account_id != own:
            continue
        if asset == CASH:
            cash, leaving = Money(balance.posted_credit), Money(balance.debits_pending)
        else:
            par[asset.code] = balance.posted_credit - balance.debits_pending
            leaving_par[asset.code] = balance.debits_pending
    at = {}
    for side, kind in _CLAIMS.items():
        claim = of_customer(kind, customer).account_id
        placed = {
            asset: balance.posted_debit + balance.debits_pending - balance.credits_pending
            for (account_id, asset), balance in balances.items()
            if account_id == claim
        }
        at[side] = (
            Money(placed.get(CASH, 0)),
            {a.code: n for a, n in placed.items() if a.kind is AssetKind.SECURITY and n},
        )
    held = {cusip: amount for cusip, amount in par.items() if amount}
    return CustomerProperty(customer, cash, held, at, leaving, leaving_par)


def postable(
    cusips: Mapping[str, int], sheet: PriceSheet, parameters: ParameterSet, on: date
) -> dict[str, PostableSecurity]:
    """Return what securities are worth as collateral at the prices of a sheet.

    A security without a price, or that neither takes, is worth nothing.
    """
    tables = haircut_tables(parameters)
    found = {}
    for cusip in cusips:
        price = sheet.prices.get(cusip)
        if price is None:
            found[cusip] = PostableSecurity(cusip, Fraction(0), {})
            continue
        security = price.security
        clean = price.sell_clean_per_100 or price.buy_clean_per_100
        value = Fraction(clean)
        if security.kind in COUPON_KINDS:
            value += accrued_interest_per_100(security, sheet.price_date)
        haircuts = {
            side: table.haircut(security, on=on)
            for side, table in tables.items()
            if not table.refusals(security, on=on)
        }
        found[cusip] = PostableSecurity(cusip, value, haircuts)
    return found


def value_as_collateral(own: CustomerProperty, securities: Mapping[str, PostableSecurity]) -> Money:
    """Return what all of a customer's property is worth as collateral.

    What lies at a clearing organization has that one's haircut, what lies elsewhere the larger of
    the two.
    """
    total = own.cash - own.leaving
    left = dict(own.par_dollars)
    for side, (_, placed) in own.at.items():
        for cusip, par in placed.items():
            total += securities[cusip].collateral_value(side, par)
            left[cusip] = left.get(cusip, 0) - par
    for cusip, par in left.items():
        if par > 0:
            security = securities[cusip]
            sides = security.haircuts or {}
            total += min((security.collateral_value(side, par) for side in sides), default=ZERO)
    return total
