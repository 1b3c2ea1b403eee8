"""Firms that fail, for tests worked out by hand: whole dollars, few customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.default_management.failure import Failure, FailureTest, fail
from crossmargin.default_management.holdings import CustomerHoldings, Holdings, Property
from crossmargin.default_management.results import CustomerResults, DayResult
from crossmargin.product.position import ClearingOrganization

FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
OPENING, FIRST, SECOND, THIRD = (date(2020, 3, day) for day in (6, 9, 10, 11))


def dollars(amount: int) -> Money:
    """Return whole dollars."""
    return Money(amount * CENTS_PER_DOLLAR)


def customer_with(
    name: str, at: Mapping[ClearingOrganization, int], at_bd_fcm: int = 0, *, participates: bool
) -> CustomerHoldings:
    """Return a customer whose cash at each side is what is required there, dollars."""
    required = {side: dollars(amount) for side, amount in at.items()}
    held = {side: Property(amount) for side, amount in required.items()}
    return CustomerHoldings(name, held, Property(dollars(at_bd_fcm)), required, participates)


def results_by_day(name: str, ficc: Mapping[date, int], cme: Mapping[date, int]) -> CustomerResults:
    """Return a close-out's results by side and day, dollars."""
    return CustomerResults(
        name,
        {
            side: tuple(DayResult(on, dollars(amount)) for on, amount in days.items())
            for side, days in ((FICC, ficc), (CME, cme))
        },
    )


def when_it_cannot_pay(
    holdings: Holdings,
    results: Mapping[str, CustomerResults],
    *,
    defaulters: Iterable[str] = (),
    proprietary_loss: Money = ZERO,
) -> Failure:
    """Return what becomes of a firm that fails when it cannot pay, on whatever capital."""
    return fail(
        holdings,
        results,
        failure_test=FailureTest.CANNOT_PAY,
        defaulters=defaulters,
        proprietary_loss=proprietary_loss,
    )


def customer(name: str, ficc: int, cme: int, at_bd_fcm: int, *, xm: bool) -> CustomerHoldings:
    """Return a customer; outside the arrangement it has margin at CME alone."""
    at = {FICC: ficc, CME: cme} if xm else {CME: cme}
    return customer_with(name, at, at_bd_fcm, participates=xm)


#: A and B are of the arrangement, C is not.
HOLDINGS = Holdings(
    "F",
    OPENING,
    {
        "A": customer("A", 60, 40, 10, xm=True),
        "B": customer("B", 30, 20, 0, xm=True),
        "C": customer("C", 0, 200, 0, xm=False),
    },
    residual_interest=dollars(100),
    adjusted_net_capital=dollars(50),
    minimum_capital=dollars(20),
)
#: A defaults; B is closed out once the firm has failed.
A_LOSES = results_by_day("A", {FIRST: 20, SECOND: 10}, {FIRST: -100, SECOND: -200})
B_LOSES = results_by_day("B", {THIRD: -10}, {THIRD: 5})
