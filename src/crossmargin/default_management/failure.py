"""From a customer's default to the firm's: who pays what, on which day, and what remains owed.

While the firm stands, it closes a defaulting customer out and pays the clearing organizations.
A customer's margin goes first to its own obligation where it lies; what one account or clearing
organization will release of the futures class counts against another's; then what the BD-FCM holds
for the customer, the firm's residual interest and its capital. Segregated Customer Margin at FICC
is of no futures class: nothing nets with it, and of the firm capital alone pays what it lacks. The
firm fails on the day on which all that does not suffice.
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
    MINIMUM_CAPITAL = "minimum_capital"  # it had less already, without a loss of its own


@dataclass(frozen=True, slots=True)
class DefaultDay:
    """Where the defaulting customers stand at the close of a day; amounts since the default.

    Parameters
    ----------
    on : date
    lost, gained : Money
        By those whose close-outs lose together, and by those whose gain; neither is negative.
    from_margin : Money
        What their margin at both clearing organizations pays of the losses.
    from_bd_fcm : Money
        What the BD-FCM holds for them beyond that.
    from_residual_interest, from_capital : Money
    unpaid : Money
        What nothing pays: the debt with which the firm fails.
    """

    on: date
    lost: Money
    gained: Money
    from_margin: Money
    from_bd_fcm: Money
    from_residual_interest: Money
    from_capital: Money
    unpaid: Money

    @property
    def result(self) -> Money:
        """Of the close-outs together; a gain is positive."""
        return self.gained - self.lost


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
    """One customer's losses at the close of a day, and who pays them before the firm does.

    ``futures`` and ``segregated`` are the balances of the futures class and of Segregated Customer
    Margin, ``results`` what either lost or gained.
    """

    accounts: Sequence[CustomerHoldings]
    results: tuple[Money, Money]
    futures: Mapping[_Place, Money]
    segregated: Mapping[_Place, Money]

    @property
    def beyond_margin(self) -> Money:
        return self._beyond_futures_margin + self.due_for_segregated

    @property
    def _beyond_futures_margin(self) -> Money:
        return no_less_than_zero(-Money.total(self.futures.values()))

    @property
    def from_bd_fcm(self) -> Money:
        held = Money.total(each.at_bd_fcm.value for each in self.accounts)
        return min(held, self._beyond_futures_margin)

    @property
    def due(self) -> Money:
        """What the firm's own means have to pay of the futures class."""
        return self._beyond_futures_margin - self.from_bd_fcm

    @property
    def due_for_segregated(self) -> Money:
        """What its capital has to pay FICC where no margin of the futures class answers."""
        return no_less_than_zero(-Money.total(self.segregated.values()))

    def drawn(self) -> dict[str, Money]:
        """Return what is taken of each account's property at the BD-FCM, in proportion."""
        held = [each.at_bd_fcm.value.cents for each in self.accounts]
        shares = self.from_bd_fcm.split(held) if any(held) else [ZERO] * len(held)
        names = (each.customer_id for each in self.accounts)
        return dict(zip(names, shares, strict=True))

    def paid_in(
        self, for_futures: Money, for_segregated: Money
    ) -> dict[str, dict[ClearingOrganization, Money]]:
        """Return where payments go: to what is lacking in each place, in proportion."""
        found: dict[str, dict[ClearingOrganization, Money]] = {}
        for paid, of in ((for_futures, self.futures), (for_segregated, self.segregated)):
            lacking = [no_less_than_zero(-each).cents for each in of.values()]
            shares = paid.split(lacking) if paid > ZERO else [ZERO] * len(lacking)
            for (account, organization), share in zip(of, shares, strict=True):
                found.setdefault(account, {})[organization] = share
        return found


def fail(
    holdings: Holdings,
    results: Mapping[str, CustomerResults],
    *,
    failure_test: FailureTest,
    defaulters: Iterable[str] = (),
    proprietary_loss: Money = ZERO,
) -> Failure:
    """Return what the default of customers, or a proprietary loss, does to the firm.

    Parameters
    ----------
    holdings : Holdings
    results : mapping of account to CustomerResults
        Close-outs of the defaulters at least.
    failure_test : FailureTest
        The parameter ``failure_test``.
    defaulters : iterable of str
        Customers; all accounts of each are closed out.
    proprietary_loss : Money
        Not negative; the capital takes it at the last cycle, before any customer's deficit.

    Raises
    ------
    ValueError
        If a defaulter has no holdings or no results, or the loss is negative.

    Notes
    -----
    Of the amount that the firm pays when several customers are in deficit, each has its share in
    proportion to its deficit; largest remainder, ties by name. Capital that does not suffice is
    shared in the same way between the futures class and what FICC lacks outside it.
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
    floor = holdings.minimum_capital if failure_test is FailureTest.MINIMUM_CAPITAL else ZERO
    capital = holdings.adjusted_net_capital - floor - proprietary_loss
    fails_at_once = capital < ZERO
    means = (holdings.residual_interest, no_less_than_zero(capital))
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
    if not fails_at_once:
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
    return Failure(
        defaulters=names,
        proprietary_loss=proprietary_loss,
        days=tuple(days),
        failed_on=_failed_on(last, debt, holdings.as_of if fails_at_once else None),
        cause=_cause(debt, proprietary_loss, fails_at_once=fails_at_once),
        below_minimum_on=below[0] if below else None,
        debt=debt,
        proprietary_unpaid=no_less_than_zero(-at_opening),
        residual_interest_left=means[0] - (last.from_residual_interest if last else ZERO),
        capital_left=no_less_than_zero(at_opening) - spent,
        paid_in=_paid_in(owed, last) if last else {},
        drawn_at_bd_fcm={name: drawn for each in owed for name, drawn in each.drawn().items()},
    )


def _failed_on(last: DefaultDay | None, debt: Money, at_opening: date | None) -> date | None:
    return last.on if last is not None and debt > ZERO else at_opening


def _cause(debt: Money, proprietary_loss: Money, *, fails_at_once: bool) -> Cause | None:
    if fails_at_once:
        return Cause.PROPRIETARY if proprietary_loss > ZERO else Cause.MINIMUM_CAPITAL
    return Cause.CUSTOMERS if debt > ZERO else None


def _owed(
    accounts: Sequence[CustomerHoldings], results: Mapping[str, CustomerResults], on: date
) -> _Owed:
    balances: tuple[dict[_Place, Money], dict[_Place, Money]] = ({}, {})
    totals = [ZERO, ZERO]
    for account in accounts:
        for each in _ORGANIZATIONS:
            of = 0 if account.is_futures_property(each) else 1
            result = results[account.customer_id].at(each, on)
            place = (account.customer_id, each)
            balances[of][place] = account.property_at(each).value + result
            totals[of] += result
    return _Owed(accounts, (totals[0], totals[1]), *balances)


def _day(
    on: date,
    owed: Sequence[_Owed],
    means: tuple[Money, Money],
) -> DefaultDay:
    due = Money.total(each.due for each in owed)
    residual = min(means[0], due)
    due += Money.total(each.due_for_segregated for each in owed)
    capital = min(means[1], due - residual)
    results = [result for each in owed for result in each.results]
    lost = Money.total(no_less_than_zero(-each) for each in results)
    beyond = Money.total(each.beyond_margin for each in owed)
    return DefaultDay(
        on=on,
        lost=lost,
        gained=Money.total(map(no_less_than_zero, results)),
        from_margin=lost - beyond,
        from_bd_fcm=Money.total(each.from_bd_fcm for each in owed),
        from_residual_interest=residual,
        from_capital=capital,
        unpaid=due - residual - capital,
    )


def _paid_in(
    owed: Sequence[_Owed], day: DefaultDay
) -> dict[str, dict[ClearingOrganization, Money]]:
    dues = [each.due for each in owed]
    segregated = [each.due_for_segregated for each in owed]
    of_futures = Money.total(dues) - day.from_residual_interest
    for_futures, for_segregated = _split(day.from_capital, [of_futures, Money.total(segregated)])
    shares = zip(
        owed,
        _split(day.from_residual_interest + for_futures, dues),
        _split(for_segregated, segregated),
        strict=True,
    )
    return {
        account: at
        for each, share, of_segregated in shares
        for account, at in each.paid_in(each.from_bd_fcm + share, of_segregated).items()
    }


def _split(paid: Money, dues: Sequence[Money]) -> list[Money]:
    return (
        paid.split([each.cents for each in dues])
        if any(each > ZERO for each in dues)
        else [ZERO] * len(dues)
    )
