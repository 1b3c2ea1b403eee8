"""Slow reference kernels: the specification, in plain Python, one loop at a time.

Each repeats what a vectorised kernel does, with no array library and no shortcut. Property tests
compare the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction


def tail_loss(pnl: Sequence[Fraction], rank: int) -> Fraction:
    """Return the loss of a rank, zero if that scenario is a gain."""
    return max(Fraction(0), -sorted(pnl)[rank - 1])


def portfolio_pnl(
    units: Sequence[int], pnl_by_instrument: Sequence[Sequence[Fraction]]
) -> list[Fraction]:
    """Return a portfolio's P&L a scenario."""
    scenarios = len(pnl_by_instrument[0])
    return [
        sum(
            (q * column[s] for q, column in zip(units, pnl_by_instrument, strict=True)),
            start=Fraction(0),
        )
        for s in range(scenarios)
    ]


def bootstrap(par_by_half_year: Sequence[float]) -> list[float]:
    """Return discount factors at each half-year from par yields at each half-year."""
    factors: list[float] = []
    for par in par_by_half_year:
        coupon = par / 2
        factors.append((1 - coupon * sum(factors)) / (1 + coupon))
    return factors


def ewma_volatility(moves: Sequence[float], decay: float, start: int) -> list[float]:
    """Return the forecast before each move and after the last; the first from the start rows."""
    variance = sum(move * move for move in moves[:start]) / len(moves[:start])
    forecasts = [math.sqrt(variance)]
    for move in moves:
        variance = decay * variance + (1 - decay) * move * move
        forecasts.append(math.sqrt(variance))
    return forecasts


def haircut_charge(weighted: Sequence[float], correlations: Sequence[Sequence[float]]) -> float:
    """Return the root of h' C h."""
    total = 0.0
    for a, row in zip(weighted, correlations, strict=True):
        for b, correlation in zip(weighted, row, strict=True):
            total += a * correlation * b
    return math.sqrt(max(total, 0.0))


def linear_between(knots: Sequence[float], values: Sequence[float], at: float) -> float:
    """Return the value at a point, linear between knots and flat outside."""
    if at <= knots[0]:
        return values[0]
    for low, high, left, right in zip(knots, knots[1:], values, values[1:], strict=False):
        if at <= high:
            return left + (right - left) * (at - low) / (high - low)
    return values[-1]


def spread_to_price(
    payments: Sequence[tuple[float, float]],
    discount: Callable[[float], float],
    dirty_price: float,
) -> float:
    """Return the continuous spread that reprices payments of (years, amount), by bisection."""
    low, high = -0.5, 0.5
    for _ in range(200):
        middle = (low + high) / 2
        value = sum(a * discount(t) * math.exp(-middle * t) for t, a in payments)
        low, high = (middle, high) if value > dirty_price else (low, middle)
    return (low + high) / 2


def shocked_price(
    payments: Sequence[tuple[float, float]],
    discount: Callable[[float], float],
    spread: float,
    shock: Callable[[float], float],
) -> float:
    """Return what payments of (years, amount) are worth when the zero rate at t rises by shock."""
    return sum(a * discount(t) * math.exp(-(spread + shock(t)) * t) for t, a in payments)


def forward_clean_price(
    dirty_price: float,
    *,
    rate: float,
    days: int,
    coupons: Sequence[tuple[int, float]],
    accrued: float,
) -> float:
    """Return the price for delivery in some days; coupons are (days to delivery, amount)."""
    grown = dirty_price * (1 + rate * days / 360)
    paid = sum(amount * (1 + rate * left / 360) for left, amount in coupons)
    return grown - paid - accrued


def period_rate(
    discount: Callable[[float], float], *, start_day: int, end_day: int, compounded: bool
) -> float:
    """Return a money-market rate, actual/360, from day to day: compounded, or a daily average."""
    growth = discount(start_day / 365.25) / discount(end_day / 365.25)
    interest = growth - 1 if compounded else math.log(growth)
    return interest * 360 / (end_day - start_day)


def par_bond_price(coupon: float, yield_: float, years: int) -> float:
    """Return the price per 100 of a bond with half-yearly coupons, payment by payment."""
    price, discount = 0.0, 1.0
    for _ in range(2 * years):
        discount /= 1 + yield_ / 2
        price += 100 * coupon / 2 * discount
    return price + 100 * discount


def par_book_loss(legs: Sequence[tuple[int, float, float, float]]) -> float:
    """Return the loss of bonds at par, each of (years, par over 100, par yield, its move)."""
    return -sum(
        size * (par_bond_price(par, par + move, years) - 100) for years, size, par, move in legs
    )


def par_book_margin(losses: Sequence[float], rank: int) -> float:
    """Return the k-th largest loss, zero if it is a gain."""
    return max(0.0, sorted(losses, reverse=True)[rank - 1])


def ewma_volatilities(
    changes: Sequence[float], *, decay: float, start_changes: int
) -> list[float | None]:
    """Return the volatility after each change; it starts as a mean of squares."""
    found: list[float | None] = [None] * (start_changes - 1)
    variance = sum(change**2 for change in changes[:start_changes]) / start_changes
    found.append(math.sqrt(variance))
    for change in changes[start_changes:]:
        variance = decay * variance + (1 - decay) * change**2
        found.append(math.sqrt(variance))
    return found
