"""Where a customer stands outside the arrangement at FICC: Segregated Customer Margin.

Property of the securities account (17 CFR 240.15c3-3), never of the futures account. Cash serves as
margin, and of securities those that were brought for a call of it: what else a securities account
holds is the customer's, fully paid, in the BD-FCM's possession or control.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.allocation import Property
from crossmargin.collateral.call_events import CallIssued, Outside, event_of
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.value import PricedSecurity
from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import MOVED
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.call_register import is_issue
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.required import Required
from crossmargin.services.clearing_day.standing import counted_at, priced

_FICC = ClearingOrganization.FICC
#: The least par that moves (ruling 15).
PAR_UNIT = 100
_Balances = Mapping[Asset, Balance]


@dataclass(frozen=True, slots=True)
class SegregatedStanding:
    """Where one customer stands outside the arrangement at FICC.

    Parameters
    ----------
    customer : CustomerKey
    required : Money
        What FICC requires of what is outside the arrangement.
    required_id : str
        The record that says so; empty where nothing was ever required.
    cash : Money
        Owed to the customer in the securities account, what waits to leave gone; negative is a
        debit balance.
    at_ficc : Property
        What is on its way there counted, on its way back not.
    free_par_dollars : mapping of Cusip to int
        Securities brought as margin that do not lie at FICC.
    prices : mapping of Cusip to PricedSecurity
        What has no price, as a note that has matured, is not in it and counts as nothing.
    tables : HaircutTables
    as_of : date
    other_par_dollars : mapping of Cusip to int
        What else the account holds: no margin, and free to go.
    """

    customer: CustomerKey
    required: Money
    required_id: str
    cash: Money
    at_ficc: Property
    free_par_dollars: Mapping[Cusip, int]
    prices: Mapping[Cusip, PricedSecurity]
    tables: HaircutTables
    as_of: date
    other_par_dollars: Mapping[Cusip, int] = field(default_factory=dict)

    def counted(self, cusip: Cusip, par_dollars: int) -> Money:
        """Return what FICC counts for par; nothing where it is not taken or has no price."""
        return counted_at(
            _FICC, self.prices.get(cusip), par_dollars, tables=self.tables, as_of=self.as_of
        )

    @property
    def without_price(self) -> tuple[Cusip, ...]:
        """Securities brought as margin that have no price."""
        every = {*self.at_ficc.par_dollars, *self.free_par_dollars}
        return tuple(sorted(every - set(self.prices)))

    @property
    def own_cash(self) -> Money:
        """The customer's cash in the BD-FCM's custody; negative where losses took more."""
        return self.cash - self.at_ficc.cash

    @property
    def value_at_ficc(self) -> Money:
        """What FICC counts for what lies there."""
        return self.at_ficc.cash + self._counted(self.at_ficc.par_dollars)

    @property
    def value(self) -> Money:
        """Everything that serves as margin, by FICC's valuation; a debit balance lowers it."""
        return (
            self.cash
            + self._counted(self.at_ficc.par_dollars)
            + self._counted(self.free_par_dollars)
        )

    @property
    def cash_due_at_ficc(self) -> Money:
        """The customer's cash that FICC's requirement takes once the securities are there."""
        return max(ZERO, min(self.own_cash, self.own_cash + self.required - self.value))

    @property
    def lacking(self) -> Money:
        """What is to be called: the requirement and a debit balance, less what is there."""
        return max(ZERO, self.required - self.value)

    def par_counting(self, cusip: Cusip, least: Money, most_par: int) -> int:
        """Return the least par, in whole units, for which FICC counts an amount; at most some."""
        unit = self.counted(cusip, PAR_UNIT * PAR_UNIT)
        if unit == ZERO:
            return 0
        par = max(0, -(-least.cents * PAR_UNIT // unit.cents) * PAR_UNIT)
        while par < most_par and self.counted(cusip, par) < least:
            par += PAR_UNIT
        while par > 0 and self.counted(cusip, par - PAR_UNIT) >= least:
            par -= PAR_UNIT
        return min(par, most_par)

    def par_beyond(self, cusip: Cusip, excess: Money) -> int:
        """Return the par at FICC, in whole units, that counts for no more than an amount."""
        par = self.at_ficc.par(cusip)
        return par - self.par_counting(cusip, self.counted(cusip, par) - excess, par)

    def reasons_against(self, asset: Asset, amount: int) -> str:
        """Return why an amount may not leave the securities account, or nothing.

        What FICC requires stays; of securities those that are no margin are free, and go first.
        """
        if asset == CASH:
            free = max(ZERO, min(self.own_cash, self.value - self.required))
            if Money(amount) <= free:
                return ""
            return (
                f"{Money(amount)} of cash, at most {free} is free: FICC requires {self.required} "
                f"as Segregated Customer Margin, {self.value} is there"
            )
        cusip = Cusip(asset.code)
        beyond_others = max(0, amount - self.other_par_dollars.get(cusip, 0))
        margin = min(beyond_others, self.free_par_dollars.get(cusip, 0))
        left = self.value - (self.counted(cusip, margin) if margin else ZERO)
        if left >= min(self.required, self.value):
            return ""
        return (
            f"{amount} of {cusip} brought as margin: FICC requires {self.required} "
            f"as Segregated Customer Margin, {left} would be there"
        )

    def _counted(self, par_dollars: Mapping[Cusip, int]) -> Money:
        return Money.total(self.counted(cusip, par) for cusip, par in par_dollars.items())


def segregated_standings(
    context: DayContext,
    work: Work,
    business_date: date,
    required: Mapping[CustomerKey, Required],
    *,
    is_evening: bool,
    of: Collection[CustomerKey] | None = None,
) -> dict[CustomerKey, SegregatedStanding]:
    """Return where customers stand outside the arrangement at FICC, by customer.

    Of those of whom something is required there, or who have something in a securities account.

    Parameters
    ----------
    context : DayContext
    work : Work
    business_date : date
    required : mapping of CustomerKey to Required
        Each one's last.
    is_evening : bool
        At the prices of the day; before the evening at those of the day before.
    of : collection of CustomerKey, optional
        These alone; all of them if left out.
    """
    owed = _by_customer(work, context.bd_fcm, AccountKind.CUSTOMER_SECURITIES_ACCOUNT)
    claims = _by_customer(work, context.bd_fcm, AccountKind.FICC_SCM_MARGIN)
    asked = {key for key, each in required.items() if each.ficc_outside > ZERO}
    wanted = {*owed, *claims, *asked} if of is None else set(of)
    if not wanted:
        return {}
    tables = HaircutTables.from_parameters(context.parameters("collateral", business_date))
    as_of = context.models.last_price_date(business_date, is_evening=is_evening)
    found = {}
    for customer in sorted(wanted):
        own, there = owed.get(customer, {}), claims.get(customer, {})
        at_ficc = _at_ficc(there)
        free, others = _par_here(work, customer, own, at_ficc)
        there_too = (Cusip(asset.code) for asset in there if asset.kind is AssetKind.SECURITY)
        cusips = sorted({*free, *there_too})
        sheet = context.models.priced(as_of).price_sheets[as_of] if cusips else None
        cash = own.get(CASH)
        each = required.get(customer)
        found[customer] = SegregatedStanding(
            customer=customer,
            required=ZERO if each is None else each.ficc_outside,
            required_id="" if each is None else each.record_id,
            cash=ZERO if cash is None else Money(cash.posted_credit - cash.debits_pending),
            at_ficc=at_ficc,
            free_par_dollars=free,
            prices={} if sheet is None else priced(cusips, sheet),
            tables=tables,
            as_of=business_date,
            other_par_dollars=others,
        )
    return found


def is_of_segregated_margin(records: Records, reference: object) -> bool:
    """Return whether a reference names a call of Segregated Customer Margin."""
    named = records.get(str(reference)) if reference else None
    if named is None or not is_issue(named):
        return False
    issued = event_of(named)
    return isinstance(issued, CallIssued) and isinstance(issued.ccp, Outside)


def _by_customer(
    work: Work, bd_fcm: str, kind: AccountKind
) -> dict[CustomerKey, dict[Asset, Balance]]:
    found: dict[CustomerKey, dict[Asset, Balance]] = defaultdict(dict)
    for (account_id, asset), balance in work.ledger.balances(kind=kind, bd_fcm=bd_fcm).items():
        if balance.posted_debit or balance.debits_pending or balance.credits_pending:
            _, _, _, customer_id, _ = account_id.split("/")
            found[CustomerKey(bd_fcm, customer_id)][asset] = balance
    return dict(found)


def _at_ficc(balances: _Balances) -> Property:
    placed = {
        asset: balance.posted_debit + balance.debits_pending - balance.credits_pending
        for asset, balance in balances.items()
    }
    return Property(
        Money(placed.get(CASH, 0)),
        {Cusip(a.code): n for a, n in placed.items() if a.kind is AssetKind.SECURITY and n},
    )


def _par_here(
    work: Work, customer: CustomerKey, balances: _Balances, at_ficc: Property
) -> tuple[dict[Cusip, int], dict[Cusip, int]]:
    """Return what does not lie at FICC: what was brought as margin, and what else is there."""
    owed = {
        Cusip(asset.code): balance.posted_credit - balance.debits_pending
        for asset, balance in balances.items()
        if asset.kind is AssetKind.SECURITY
    }
    brought = brought_as_margin(work, customer) if owed else {}
    free, others = {}, {}
    for cusip, par in owed.items():
        free[cusip] = min(brought.get(cusip, 0), par) - at_ficc.par(cusip)
        others[cusip] = par - at_ficc.par(cusip) - max(0, free[cusip])
    return (
        {cusip: par for cusip, par in free.items() if par > 0},
        {cusip: par for cusip, par in others.items() if par > 0},
    )


def brought_as_margin(work: Work, customer: CustomerKey) -> dict[Cusip, int]:
    """Return the par that was brought for calls and has not left: what is no margin leaves first.

    What left is no margin any more where it comes back without a call.
    """
    own = of_customer(AccountKind.CUSTOMER_SECURITIES_ACCOUNT, customer).account_id
    held: dict[Cusip, int] = defaultdict(int)
    margin: dict[Cusip, int] = defaultdict(int)
    for each in work.ledger.transfers(account_id=own):
        if each.asset.kind is not AssetKind.SECURITY or each.state not in MOVED:
            continue
        cusip = Cusip(each.asset.code)
        if each.debit_account_id == own:
            held[cusip] -= each.amount
            margin[cusip] = min(margin[cusip], held[cusip])
            continue
        held[cusip] += each.amount
        cause = work.records.get(each.cause_id)
        if cause is not None and cause.stream == PAYMENT:
            is_margin = is_of_segregated_margin(work.records, cause.content["reference"])
            margin[cusip] += each.amount if is_margin else 0
    return margin
