"""From a customer's default to the firm's: who pays what, on which day, and what remains owed.

While the firm stands, it closes a defaulting customer out and pays the clearing organizations.
A customer's margin goes first to its own obligation where it lies; what one account or clearing
organization will release counts against another's; then what the BD-FCM holds for the customer, the
firm's residual interest and its capital. The firm fails on the day on which that does not suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.holdings import CustomerHoldings, Holdings
from crossmargin.default_management.results import CustomerResults
from crossmargin.default_management.shares import no_less_than_zero
from crossmargin.product.position import ClearingOrganization

_ORGANIZATIONS = tuple(ClearingOrganization)
#: An account, and the clearing organization that it is at.
_Place = tuple[str, ClearingOrganization]


class FailureTest(StrEnum):
    """When the firm fails."""

    CANNOT_PAY = "cannot_pay"
    MINIMUM_CAPITAL = "minimum_capital"  # 17 CFR 1.17(a)(4): it must transfer all accounts


class Cause(StrEnum):
    """Of which the firm failed."""

    CUSTOMERS = "customers"
    PROPRIETARY = "proprietary"


@dataclass(frozen=True, slots=True)
class DefaultDay:
    """Where the defaulting customers stand at the close of a day; amounts since the default.

    Parameters
    ----------
    on : date
    result : Money
        Of their close-outs.
    from_margin : Money
        What their margin at both clearing organizations pays of the losses.
    from_bd_fcm : Money
        What the BD-FCM holds for them beyond that.
    from_residual_interest, from_capital : Money
    unpaid : Money
        What nothing pays: the debt with which the firm fails.
    """

    on: date
    result: Money
    from_margin: Money
    from_bd_fcm: Money
    from_residual_interest: Money
    from_capital: Money
    unpaid: Money


@dataclass(frozen=True, slots=True)
class Failure:
    """What came of the defaults.

    Parameters
    ----------
    defaulters : tuple of str
        By name.
    proprietary_loss : Money
        Taken by the capital first, before the first day.
    days : tuple of DefaultDay
        Up to the day of the failure, or to the end of the close-outs.
    failed_on : date or None
        None if the firm stands.
    cause : Cause or None
    below_minimum_on : date or None
        First day on which capital was under its minimum.
    debt : Money
        Owed to the clearing organizations, and unpaid, when the firm failed.
    proprietary_unpaid : Money
        What the capital did not pay of the proprietary loss.
    residual_interest_left, capital_left : Money
    paid_in : mapping of account to mapping of ClearingOrganization to Money
        What the BD-FCM, residual interest and capital paid for the customer where its margin did
        not suffice.
    drawn_at_bd_fcm : mapping of account to Money
        What was taken of the customer's property at the BD-FCM.
    """

    defaulters: tuple[str, ...]
    proprietary_loss: Money
    days: tuple[DefaultDay, ...]
    failed_on: date | None
    cause: Cause | None
    below_minimum_on: date | None
    debt: Money
    proprietary_unpaid: Money
    residual_interest_left: Money
    capital_left: Money
    paid_in: Mapping[str, Mapping[ClearingOrganization, Money]]
    drawn_at_bd_fcm: Mapping[str, Money]

    @property
    def has_failed(self) -> bool:
        """Whether the firm failed."""
        return self.failed_on is not None


@dataclass(frozen=True, slots=True)
class _Owed:
    """One customer's losses at the close of a day, and who pays them before the firm does."""

    accounts: Sequence[CustomerHoldings]
    results: Money
    balances: Mapping[_Place, Money]

    @property
    def beyond_margin(self) -> Money:
        return no_less_than_zero(-Money.total(self.balances.values()))

    @property
    def from_bd_fcm(self) -> Money:
        held = Money.total(each.at_bd_fcm.value for each in self.accounts)
        return min(held, self.beyond_margin)

    @property
    def due(self) -> Money:
        """What the firm's own means have to pay."""
        return self.beyond_margin - self.from_bd_fcm

    def drawn(self) -> dict[str, Money]:
        """Return what is taken of each account's property at the BD-FCM, in proportion."""
        held = [each.at_bd_fcm.value.cents for each in self.accounts]
        shares = self.from_bd_fcm.split(held) if any(held) else [ZERO] * len(held)
        names = (each.customer_id for each in self.accounts)
        return dict(zip(names, shares, strict=True))

    def paid_in(self, paid: Money) -> dict[str, dict[ClearingOrganization, Money]]:
        """Return where a payment goes: to what is lacking in each place, in proportion."""
        lacking = [no_less_than_zero(-each).cents for each in self.balances.values()]
        shares = paid.split(lacking) if paid > ZERO else [ZERO] * len(lacking)
        found: dict[str, dict[ClearingOrganization, Money]] = {}
        for (account, organization), share in zip(self.balances, shares, strict=True):
            found.setdefault(account, {})[organization] = share
        return found


def fail(
    holdings: Holdings,
    results: Mapping[str, CustomerResults],
    *,
    defaulters: Iterable[str] = (),
    proprietary_loss: Money = ZERO,
    test: FailureTest = FailureTest.CANNOT_PAY,
) -> Failure:
    """Return what the default of customers, or a proprietary loss, does to the firm.

    Parameters
    ----------
    holdings : Holdings
    results : mapping of account to CustomerResults
        Close-outs of the defaulters at least.
    defaulters : iterable of str
        Customers; all accounts of each are closed out.
    proprietary_loss : Money
        Not negative; the capital takes it at the last cycle, before any customer's deficit.
    test : FailureTest

    Raises
    ------
    ValueError
        If a defaulter has no holdings or no results, or the loss is negative.

    Notes
    -----
    Of the amount that the firm pays when several customers are in deficit, each has its share in
    proportion to its deficit; largest remainder, ties by name.
    """
    names = tuple(sorted(set(defaulters)))
    of = {name: holdings.accounts_of(name) for name in names}
    unknown = [
        name
        for name, accounts in of.items()
        if not accounts or any(each.customer_id not in results for each in accounts)
    ]
    if unknown or proprietary_loss < ZERO:
        raise ValueError(f"defaulters {unknown!r} not there, or a loss of {proprietary_loss}")
    floor = holdings.minimum_capital if test is FailureTest.MINIMUM_CAPITAL else ZERO
    capital = no_less_than_zero(holdings.adjusted_net_capital - floor)
    is_proprietary = proprietary_loss > capital
    means = (holdings.residual_interest, no_less_than_zero(capital - proprietary_loss))
    dates = sorted(
        {
            on
            for accounts in of.values()
            for each in accounts
            for on in results[each.customer_id].dates
        }
    )
    at_opening = holdings.adjusted_net_capital - proprietary_loss
    days: list[DefaultDay] = []
    owed: list[_Owed] = []
    if not is_proprietary:
        for on in dates:
            owed = [_owed(accounts, results, on) for accounts in of.values()]
            days.append(_day(on, owed, means))
            if days[-1].unpaid > ZERO:
                break
    last = days[-1] if days else None
    debt = last.unpaid if last else ZERO
    below = [each.on for each in days if at_opening - each.from_capital < holdings.minimum_capital]
    if at_opening < holdings.minimum_capital:
        below.insert(0, holdings.as_of)
    spent = last.from_capital if last else ZERO
    paid_by_firm = (last.from_residual_interest if last else ZERO) + spent
    return Failure(
        defaulters=names,
        proprietary_loss=proprietary_loss,
        days=tuple(days),
        failed_on=_failed_on(last, debt, holdings.as_of if is_proprietary else None),
        cause=_cause(debt, is_proprietary=is_proprietary),
        below_minimum_on=below[0] if below else None,
        debt=debt,
        proprietary_unpaid=no_less_than_zero(-at_opening),
        residual_interest_left=means[0] - (last.from_residual_interest if last else ZERO),
        capital_left=no_less_than_zero(at_opening) - spent,
        paid_in=_paid_in(owed, paid_by_firm),
        drawn_at_bd_fcm={name: drawn for each in owed for name, drawn in each.drawn().items()},
    )


def _failed_on(last: DefaultDay | None, debt: Money, at_opening: date | None) -> date | None:
    return last.on if last is not None and debt > ZERO else at_opening


def _cause(debt: Money, *, is_proprietary: bool) -> Cause | None:
    if is_proprietary:
        return Cause.PROPRIETARY
    return Cause.CUSTOMERS if debt > ZERO else None


def _owed(
    accounts: Sequence[CustomerHoldings], results: Mapping[str, CustomerResults], on: date
) -> _Owed:
    balances = {
        (account.customer_id, each): account.property_at(each).value
        + results[account.customer_id].at(each, on)
        for account in accounts
        for each in _ORGANIZATIONS
    }
    total = Money.total(results[account.customer_id].total(on) for account in accounts)
    return _Owed(accounts, total, balances)


def _day(
    on: date,
    owed: Sequence[_Owed],
    means: tuple[Money, Money],
) -> DefaultDay:
    result = Money.total(each.results for each in owed)
    due = Money.total(each.due for each in owed)
    residual = min(means[0], due)
    capital = min(means[1], due - residual)
    lost = Money.total(no_less_than_zero(-each.results) for each in owed)
    beyond = Money.total(each.beyond_margin for each in owed)
    return DefaultDay(
        on=on,
        result=result,
        from_margin=lost - beyond,
        from_bd_fcm=Money.total(each.from_bd_fcm for each in owed),
        from_residual_interest=residual,
        from_capital=capital,
        unpaid=due - residual - capital,
    )


def _paid_in(
    owed: Sequence[_Owed], paid_by_firm: Money
) -> dict[str, dict[ClearingOrganization, Money]]:
    dues = [each.due.cents for each in owed]
    shares = paid_by_firm.split(dues) if any(dues) else [ZERO] * len(owed)
    return {
        account: at
        for each, share in zip(owed, shares, strict=True)
        for account, at in each.paid_in(each.from_bd_fcm + share).items()
    }


def beyond_property(holdings: Holdings, results: Mapping[str, CustomerResults]) -> tuple[str, ...]:
    """Return by name the customers who lose more than their property by the close of some day.

    Parameters
    ----------
    holdings : Holdings
    results : mapping of account to CustomerResults
    """
    found = []
    for owner in sorted({holdings.customers[name].owner for name in results}):
        accounts = holdings.accounts_of(owner)
        held = Money.total(each.property_value for each in accounts)
        known = [results[each.customer_id] for each in accounts if each.customer_id in results]
        days = {on for each in known for on in each.dates}
        if any(held + Money.total(each.total(on) for each in known) < ZERO for on in days):
            found.append(owner)
    return tuple(found)
