"""Valuation in plain Python, one instrument and one scenario at a time: the cube must equal it."""

from __future__ import annotations

import math
from collections.abc import Callable

from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.futures_value import MoneyMarketFuture, TreasuryFuture
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.futures import reference_period
from crossmargin.product.treasury import cash_flows_per_100
from crossmargin.testing import reference


class SlowValuation:
    """The same valuation in plain Python, one instrument and one scenario at a time."""

    def __init__(self, valuation: Valuation, scenarios: ScenarioSet) -> None:
        self.valuation = valuation
        self.scenarios = scenarios
        self.keys = scenarios.key_years.tolist()
        self.payments: list[list[tuple[float, float]]] = []
        self.spreads: list[float] = []
        for price, dirty in zip(valuation.book.prices, valuation.book.dirty, strict=True):
            payments = [
                ((flow.date - valuation.settlement).days / 365.25, float(flow.amount_per_100))
                for flow in cash_flows_per_100(price.security, after=valuation.settlement)
            ]
            self.payments.append(payments)
            self.spreads.append(reference.spread_to_price(payments, self.discount, float(dirty)))

    def discount(self, years: float) -> float:
        """Return the discount factor of so many years."""
        curve = self.valuation.curve
        rate = reference.linear_between(curve.knot_years.tolist(), curve.rates.tolist(), years)
        return math.exp(-rate * years)

    def shock(self, scenario: int, years: float) -> float:
        """Return the key-rate shock of a scenario at so many years, a fraction a year."""
        return reference.linear_between(
            self.keys, self.scenarios.key_rates[scenario].tolist(), years
        )

    def shocked_discount(self, scenario: int, years: float) -> float:
        """Return the discount factor after a scenario's shock."""
        return self.discount(years) * math.exp(-self.shock(scenario, years) * years)

    def dirty(self, row: int, scenario: int | None) -> float:
        """Return a security's dirty price per 100, as it is or in a scenario."""
        return reference.shocked_price(
            self.payments[row],
            self.discount,
            self.spreads[row],
            lambda years: 0.0 if scenario is None else self.shock(scenario, years),
        )

    def futures_price(self, future: TreasuryFuture, scenario: int | None) -> float:
        """Return a Treasury future's price in points, as it is or in a scenario."""
        settlement = self.valuation.settlement
        rate = self.valuation.repo_rate
        if scenario is not None:
            rate += float(self.scenarios.key_rates[scenario, 0])
        prices: list[float] = []
        for terms in future.deliveries:
            for row, factor in zip(future.rows, future.conversion_factors, strict=True):
                security = self.valuation.book.prices[row].security
                coupons = [
                    ((terms.delivery_day - flow.date).days, float(flow.amount_per_100))
                    for flow in cash_flows_per_100(security, after=settlement)
                    if flow.date <= terms.delivery_day
                ]
                forward = reference.forward_clean_price(
                    self.dirty(row, scenario),
                    rate=rate,
                    days=(terms.delivery_day - settlement).days,
                    coupons=coupons,
                    accrued=float(accrued_interest_per_100(security, terms.delivery_day)),
                )
                prices.append(forward / float(factor))
        return min(prices)

    def money_market_pnl(self, future: MoneyMarketFuture, scenario: int) -> float:
        """Return a money-market future's P&L in dollars a contract."""
        first, end = reference_period(future.contract)
        settlement = self.valuation.settlement
        start_day = max(0, (first - settlement).days)
        end_day = (end - settlement).days

        def rate(discount: Callable[[float], float]) -> float:
            return reference.period_rate(
                discount,
                start_day=start_day,
                end_day=end_day,
                compounded=future.contract.product == "SR3",
            )

        moved = rate(lambda years: self.shocked_discount(scenario, years)) - rate(self.discount)
        middle = (start_day + end_day) / 2 / 365.25
        moved += 1e-4 * reference.linear_between(
            [0.25, 10 / 12], self.scenarios.spread_bp[scenario].tolist(), middle
        )
        dollars_per_bp = {"SR3": 25.0, "SR1": 41.67, "ZQ": 41.67}[future.contract.product]
        return -moved * 1e4 * dollars_per_bp * (end_day - start_day) / (end - first).days
