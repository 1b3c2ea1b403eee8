"""What the reports of a day read: every customer's property, value and requirement at the close."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.posting import Balance
from crossmargin.reporting.rules import ReportingRules
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.required import Required, last_requirements
from crossmargin.services.clearing_day.segregated import SegregatedStanding, segregated_standings
from crossmargin.services.clearing_day.standing import Standing, market_value, standing_of

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class DayInputs:
    """Everything at the close of a business date.

    Parameters
    ----------
    context : DayContext
    business_date : date
    customers : tuple of CustomerKey
    standings : mapping of CustomerKey to Standing
    required : mapping of CustomerKey to Required
        Of those with positions.
    balances : mapping of (account id, Asset) to Balance
        Of the whole ledger.
    rules : ReportingRules
    outside : mapping of CustomerKey to SegregatedStanding
        Of those with Segregated Customer Margin, required or there.
    """

    context: DayContext
    business_date: date
    customers: tuple[CustomerKey, ...]
    standings: Mapping[CustomerKey, Standing]
    required: Mapping[CustomerKey, Required]
    balances: Mapping[tuple[str, Asset], Balance]
    rules: ReportingRules
    outside: Mapping[CustomerKey, SegregatedStanding] = field(default_factory=dict)

    def cash(self, *kinds: AccountKind) -> Money:
        """Return the debit balance in cash of all accounts of some kinds, of this BD-FCM."""
        return Money(
            sum(
                balance.posted_debit
                for (account_id, asset), balance in self.balances.items()
                if asset == CASH and self._is_of(account_id, kinds)
            )
        )

    def securities(self, *kinds: AccountKind) -> Mapping[AccountKind, Money]:
        """Return the market value of the securities in all accounts of some kinds, by kind.

        Each security is rounded once over all the kinds, so that what is held adds up to what is
        owed of it.
        """
        par: dict[str, dict[AccountKind, int]] = defaultdict(lambda: defaultdict(int))
        for (account_id, asset), balance in self.balances.items():
            if asset.kind is AssetKind.SECURITY and self._is_of(account_id, kinds):
                kind = AccountKind(account_id.split("/")[0])
                par[asset.code][kind] += balance.posted_debit
        return dict.fromkeys(kinds, ZERO) | self._shared(par)

    def owed_securities(self) -> Mapping[CustomerKey, Money]:
        """Return the market value of each customer's securities, each security rounded once."""
        par: dict[str, dict[CustomerKey, int]] = defaultdict(dict)
        for key, standing in self.standings.items():
            for cusip, own in standing.holdings.par_dollars.items():
                par[cusip.text][key] = own
        return dict.fromkeys(self.standings, ZERO) | self._shared(par)

    def _shared(self, par_dollars: Mapping[str, Mapping[K, int]]) -> dict[K, Money]:
        """Return each one's share of the value of every security: cents go by par."""
        found: dict[K, Money] = {}
        for cusip, by_owner in sorted(par_dollars.items()):
            held = {owner: par for owner, par in by_owner.items() if par > 0}
            if not held:
                continue
            total = self.market_value(cusip, sum(held.values()))
            for owner, share in zip(held, total.split(list(held.values())), strict=True):
                found[owner] = found.get(owner, ZERO) + share
        return found

    def market_value(self, cusip: str, par_dollars: int) -> Money:
        """Return the market value of par at the close.

        Zero of what no customer has, or what has no price.
        """
        for standing in self.standings.values():
            if Cusip(cusip) in standing.prices:
                return standing.market_value(Cusip(cusip), par_dollars)
        for outside in self.outside.values():
            if Cusip(cusip) in outside.prices:
                return market_value(outside.prices[Cusip(cusip)], par_dollars)
        return ZERO

    def _is_of(self, account_id: str, kinds: Sequence[AccountKind]) -> bool:
        kind, _, bd_fcm, *_ = account_id.split("/")
        return kind in kinds and bd_fcm == self.context.bd_fcm


def day_inputs(context: DayContext, work: Work, business_date: date) -> DayInputs:
    """Return everything that the reports of a business date read."""
    required = last_requirements(work.records, context.bd_fcm, until=business_date)
    today = {key: each for key, each in required.items() if each.at.date() >= business_date}
    customers = customers_of(work, context.bd_fcm)
    standings = {
        key: standing_of(context, work, business_date, key, today.get(key), is_evening=True)
        for key in customers
    }
    return DayInputs(
        context=context,
        business_date=business_date,
        customers=customers,
        standings=standings,
        required=today,
        balances=work.ledger.balances(),
        rules=ReportingRules.from_parameters(context.parameters("reporting", business_date)),
        outside=segregated_standings(context, work, business_date, today, is_evening=True),
    )
