"""Where a customer stands: property, what it counts for, what is required, how to meet it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.collateral.allocation import (
    Allocation,
    AllocationRules,
    CustomerProperty,
    Property,
    allocate,
)
from crossmargin.collateral.call_events import House
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.house_terms import HouseTerms, MustHave, must_have
from crossmargin.collateral.value import PricedSecurity, value_after_haircut
from crossmargin.ledger.assets import CASH, AssetKind
from crossmargin.ledger.chart import AccountKind
from crossmargin.market.history import PriceSheet
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import COUPON_KINDS
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.ports import Ledger, Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.house_terms import terms_in_force
from crossmargin.services.clearing_day.required import Required

SIDES = (ClearingOrganization.FICC, ClearingOrganization.CME)
#: Whatever is called for of the futures account.
CALLED_FOR: tuple[ClearingOrganization | House, ...] = (*SIDES, House.HOUSE)
_CLAIMS = {
    ClearingOrganization.FICC: AccountKind.FICC_XM_MARGIN,
    ClearingOrganization.CME: AccountKind.CME_CUSTOMER_MARGIN,
}
_PER_CENT = 100


@dataclass(frozen=True, slots=True)
class Holdings:
    """A customer's property as the ledger has it.

    Parameters
    ----------
    customer : CustomerKey
    cash : Money
        Owed to the customer in the futures account; negative is a debit balance.
    par_dollars : mapping of Cusip to int
        Owed to the customer.
    at : mapping of ClearingOrganization to Property
        What lies at each: what is on its way there counted, on its way back not.
    leaving : Property
        What waits to go to the customer.
    """

    customer: CustomerKey
    cash: Money
    par_dollars: Mapping[Cusip, int]
    at: Mapping[ClearingOrganization, Property]
    leaving: Property

    @property
    def cusips(self) -> tuple[Cusip, ...]:
        """Every security that the customer has anywhere, in order."""
        there = (cusip for placed in self.at.values() for cusip in placed.par_dollars)
        return tuple(sorted({*self.par_dollars, *there}))

    def as_property(self, prices: Mapping[Cusip, PricedSecurity]) -> CustomerProperty:
        """Return it as property that may serve as margin: the customer's own, nobody else's.

        Cash at a clearing organization beyond what the customer is owed is residual interest. A
        security without a price serves as none.
        """
        own = max(ZERO, self.cash - self.leaving.cash)
        placed = {}
        for side in SIDES:
            here = min(self.at[side].cash, own)
            own -= here
            there = self.at[side].par_dollars
            known = {cusip: par for cusip, par in there.items() if cusip in prices}
            placed[side] = Property(here, known)
        free = {
            cusip: par - self.leaving.par(cusip) - sum(self.at[side].par(cusip) for side in SIDES)
            for cusip, par in self.par_dollars.items()
            if cusip in prices
        }
        left = {cusip: par for cusip, par in free.items() if par > 0}
        return CustomerProperty(self.customer, Property(own, left), placed, prices)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one customer stands.

    Parameters
    ----------
    holdings : Holdings
    prices : mapping of Cusip to PricedSecurity
        What has no price, as a note that has matured, is not in it and counts as nothing.
    tables : HaircutTables
    as_of : date
    required : mapping of ClearingOrganization to Money
        Of both clearing organizations, for the futures account.
    terms : HouseTerms
    placing : Allocation
        Of the customer's own property on the requirements.
    """

    holdings: Holdings
    prices: Mapping[Cusip, PricedSecurity]
    tables: HaircutTables
    as_of: date
    required: Mapping[ClearingOrganization, Money]
    terms: HouseTerms
    placing: Allocation

    @property
    def asked(self) -> MustHave:
        """What the customer must have, the house's add-on included."""
        return must_have(self.terms, self.ccp_minimum)

    @property
    def ccp_minimum(self) -> Money:
        """What both clearing organizations require."""
        return Money.total(self.required.values())

    @property
    def without_price(self) -> tuple[Cusip, ...]:
        """Securities that the customer has and that have no price."""
        return tuple(cusip for cusip in self.holdings.cusips if cusip not in self.prices)

    @property
    def value(self) -> Money:
        """Everything as collateral: at a clearing organization its haircut, else the larger."""
        total = self.holdings.cash - self.holdings.leaving.cash
        left = dict(self.holdings.par_dollars)
        for side in SIDES:
            for cusip, par in self.holdings.at[side].par_dollars.items():
                total += self.counted(side, cusip, par)
                left[cusip] = left.get(cusip, 0) - par
        for cusip, par in left.items():
            own = par - self.holdings.leaving.par(cusip)
            if own > 0:
                total += self.least_counted(cusip, own)
        return total

    def lacking(self, side: ClearingOrganization | House) -> Money:
        """Return what is to be called for a side; a debit balance is called for CME's.

        For the house what lacks of its add-on, less the credit given, beyond what both sides call.
        """
        if isinstance(side, House):
            add_on = self.asked.amount - self.ccp_minimum
            called = Money.total(self.lacking(each) for each in SIDES)
            return min(add_on, max(ZERO, self.asked.amount - self.value - called))
        debit = max(ZERO, -self.holdings.cash) if side is ClearingOrganization.CME else ZERO
        return self.placing.deficit(side) + debit

    def counted(self, side: ClearingOrganization, cusip: Cusip, par_dollars: int) -> Money:
        """Return what a clearing organization counts for par.

        Nothing where it is not taken or has no price.
        """
        return counted_at(
            side, self.prices.get(cusip), par_dollars, tables=self.tables, as_of=self.as_of
        )

    def least_counted(self, cusip: Cusip, par_dollars: int) -> Money:
        """Return the lesser of what both count."""
        return min(self.counted(side, cusip, par_dollars) for side in SIDES)

    def market_value(self, cusip: Cusip, par_dollars: int) -> Money:
        """Return the market value of par, down to the cent; nothing where it has no price."""
        found = self.prices.get(cusip)
        return ZERO if found is None else market_value(found, par_dollars)

    def value_at(self, side: ClearingOrganization) -> Money:
        """Return what a clearing organization counts for what lies there."""
        placed = self.holdings.at[side]
        return placed.cash + Money.total(
            self.counted(side, cusip, par) for cusip, par in placed.par_dollars.items()
        )


def standing_of(
    context: DayContext,
    work: Work,
    business_date: date,
    customer: CustomerKey,
    required: Required | None,
    *,
    is_evening: bool,
) -> Standing:
    """Return where a customer stands against a requirement; none required if there is none.

    In the evening at the prices of the day, before at those of the day before.
    """
    parameters = context.parameters("collateral", business_date)
    tables = HaircutTables.from_parameters(parameters)
    rules = AllocationRules.from_parameters(parameters)
    holdings = holdings_of(work.ledger, customer)
    as_of = context.models.last_price_date(business_date, is_evening=is_evening)
    prices = priced(holdings.cusips, context.models.priced(as_of).price_sheets[as_of])
    sides = dict.fromkeys(SIDES, ZERO)
    if required is not None:
        sides = {
            ClearingOrganization.FICC: required.ficc_xm,
            ClearingOrganization.CME: required.cme,
        }
    own = holdings.as_property(prices)
    return Standing(
        holdings,
        prices,
        tables,
        business_date,
        sides,
        terms_in_force(context, work.records, customer, business_date),
        placing=allocate(own, sides, tables=tables, rules=rules, as_of=business_date),
    )


def holdings_of(ledger: Ledger, customer: CustomerKey) -> Holdings:
    """Return a customer's property as the ledger has it."""
    balances = ledger.balances(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id)
    own = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer).account_id
    cash, leaving = ZERO, ZERO
    par: dict[Cusip, int] = {}
    leaving_par: dict[Cusip, int] = {}
    at: dict[ClearingOrganization, Property] = {}
    for (account_id, asset), balance in balances.items():
        if account_id == own and asset == CASH:
            cash, leaving = Money(balance.posted_credit), Money(balance.debits_pending)
        elif account_id == own and balance.posted_credit:
            par[Cusip(asset.code)] = balance.posted_credit
            leaving_par[Cusip(asset.code)] = balance.debits_pending
    for side, kind in _CLAIMS.items():
        claim = of_customer(kind, customer).account_id
        placed = {
            asset: balance.posted_debit + balance.debits_pending - balance.credits_pending
            for (account_id, asset), balance in balances.items()
            if account_id == claim
        }
        at[side] = Property(
            Money(placed.get(CASH, 0)),
            {Cusip(a.code): n for a, n in placed.items() if a.kind is AssetKind.SECURITY and n},
        )
    return Holdings(customer, cash, par, at, Property(leaving, leaving_par))


def counted_at(
    side: ClearingOrganization,
    priced_security: PricedSecurity | None,
    par_dollars: int,
    *,
    tables: HaircutTables,
    as_of: date,
) -> Money:
    """Return what a clearing organization counts for par of a security.

    Nothing where it is not taken, or has no price.
    """
    if priced_security is None or tables.eligible(side, priced_security.security, as_of):
        return ZERO
    haircut = tables.haircut(side, priced_security.security, as_of)
    return value_after_haircut(par_dollars, priced_security.full_price_per_100, haircut)


def priced(cusips: Iterable[Cusip], sheet: PriceSheet) -> dict[Cusip, PricedSecurity]:
    """Return those securities that have a price on a sheet, at it (ruling 35)."""
    return {cusip: priced_at(sheet, cusip) for cusip in cusips if cusip.text in sheet.prices}


def market_value_at(sheet: PriceSheet, cusip: Cusip, par_dollars: int) -> Money:
    """Return the market value of par at a sheet's prices, down to the cent (ruling 35).

    Nothing where the security has no price.
    """
    found = priced([cusip], sheet)
    return market_value(found[cusip], par_dollars) if found else ZERO


def market_value(priced_security: PricedSecurity, par_dollars: int) -> Money:
    """Return the market value of par, down to the cent (ruling 35)."""
    dollars = priced_security.full_price_per_100 * par_dollars / _PER_CENT
    return Money(math.floor(dollars * CENTS_PER_DOLLAR))


def priced_at(sheet: PriceSheet, cusip: Cusip) -> PricedSecurity:
    """Return a security at the prices of a sheet (ruling 35).

    Raises
    ------
    LookupError
        If it has no price.
    """
    quote = sheet.prices[cusip.text]
    clean = Fraction(quote.sell_clean_per_100 or quote.buy_clean_per_100)
    pays = quote.security.kind in COUPON_KINDS
    accrued = accrued_interest_per_100(quote.security, sheet.price_date) if pays else 0
    return PricedSecurity(quote.security, clean, Fraction(accrued))
