"""Futures on the day: Treasury contracts from their cheapest to deliver, money-market contracts.

Treasury futures without quotes are worth the least, over the basket and over the first and the
last delivery day, of forward clean price over conversion factor at the repo rate (ruling 17). The
cheapest issue and the delivery day are chosen again in every scenario.

SR3, SR1 and ZQ have no quoted curve in the data: their rate is the Treasury-implied forward of what
is left of their reference period; fixings already made do not move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from crossmargin.market.curve import ZeroCurve
from crossmargin.market.history import FloatArray
from crossmargin.market.portable import exp_portable
from crossmargin.pricing.delivery import deliverable_basket
from crossmargin.pricing.security_book import SecurityBook, years_between
from crossmargin.pricing.treasury import accrued_interest_per_100, dv01_dollars_per_bp_per_100
from crossmargin.product.futures import (
    PRODUCTS,
    FuturesContract,
    ProductKind,
    first_delivery_day,
    last_delivery_day,
    reference_period,
)
from crossmargin.product.treasury import CashFlow, TreasurySecurity, cash_flows_per_100

IntArray = npt.NDArray[np.int64]

MONEY_MARKET_YEAR = 360.0
_NEAR_TIE_POINTS = 1.0 / 32.0
_PROXY_QUARTERS_MAX = 4
_FIRST_QUARTERLY_MONTH = 3


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """What turns spot prices into forwards to one delivery day, for one basket.

    ``forward = dirty * (1 + r * years) - coupons - r * coupon_years - accrued``, simple interest,
    actual/360; arrays have shape (basket,).
    """

    delivery_day: date
    years: float
    coupons: FloatArray
    coupon_years: FloatArray
    accrued: FloatArray

    def forward_clean(self, dirty: FloatArray, repo_rate: FloatArray | float) -> FloatArray:
        """Return forward clean prices; ``dirty`` has shape (..., basket)."""
        rate = np.asarray(repo_rate)[..., np.newaxis]
        grown = dirty * (1.0 + rate * self.years)
        forward: FloatArray = grown - self.coupons - rate * self.coupon_years - self.accrued
        return forward


@dataclass(frozen=True, slots=True)
class TreasuryFuture:
    """One Treasury contract on the day.

    Parameters
    ----------
    contract : FuturesContract
    rows : ndarray of int, shape (basket,)
        Rows of the basket in the security book.
    conversion_factors : ndarray, shape (basket,)
    deliveries : tuple of DeliveryTerms
        First and last delivery day.
    price : float
        Theoretical, points.
    cheapest_row : int
        Row of the cheapest to deliver in the security book.
    cheapest_factor : float
    cheapest_delivery : DeliveryTerms
    near_ties : tuple of str
        Other issues within 1/32 of the cheapest, by CUSIP.
    dv01_dollars : float
        Of one contract, per basis point of the cheapest's own yield, settled the next business day:
        the cheapest's DV01 over its conversion factor.
    proxy_of : str or None
        The earlier contract whose value stands for this one, where no issue that this one would
        accept has been auctioned yet.
    """

    contract: FuturesContract
    rows: IntArray
    conversion_factors: FloatArray
    deliveries: tuple[DeliveryTerms, ...]
    price: float
    cheapest_row: int
    cheapest_factor: float
    cheapest_delivery: DeliveryTerms
    near_ties: tuple[str, ...]
    dv01_dollars: float
    proxy_of: str | None = None

    @property
    def dollars_per_point(self) -> float:
        """Dollars a contract gains when its price rises by one point."""
        return float(PRODUCTS[self.contract.product].dollars_per_point)

    def with_rows(self, row_now: Mapping[int, int]) -> TreasuryFuture:
        """Return the same contract for a security book with its rows elsewhere."""
        rows = np.array([row_now[row] for row in self.rows.tolist()], dtype=np.int64)
        return replace(self, rows=rows, cheapest_row=row_now[self.cheapest_row])


@dataclass(frozen=True, slots=True)
class MoneyMarketFuture:
    """One SR3, SR1 or ZQ contract on the day.

    Parameters
    ----------
    contract : FuturesContract
    start_years, end_years : float
        What is left of the reference period, from settlement.
    remaining_share : float
        Days left over days of the reference period: realised fixings do not move.
    dollars_per_rate : float
        Dollars lost when the remaining rate rises by 1 (= 10,000 basis points), before the share.
    rate : float
        The forward rate today, plain ratio, actual/360.
    compounded : bool
        SR3 compounds; SR1 and ZQ average.
    """

    contract: FuturesContract
    start_years: float
    end_years: float
    remaining_share: float
    dollars_per_rate: float
    rate: float
    compounded: bool

    @property
    def middle_years(self) -> float:
        """Middle of the remaining reference period."""
        return (self.start_years + self.end_years) / 2.0


def treasury_future_or_proxy(
    contract: FuturesContract, *, settlement: date, book: SecurityBook, repo_rate: float
) -> TreasuryFuture | None:
    """Return the contract's value, or that of the last earlier contract with a basket.

    A deferred contract may accept only issues that are still to be auctioned: the contract before
    it is then its stated proxy.

    Parameters
    ----------
    contract : FuturesContract
    settlement : date
    book : SecurityBook
    repo_rate : float
        Simple, actual/360, plain ratio.
    """
    tried = contract
    for _ in range(_PROXY_QUARTERS_MAX):
        if last_delivery_day(tried) <= settlement:
            return None
        future = treasury_future(tried, settlement=settlement, book=book, repo_rate=repo_rate)
        if future is not None:
            proxy = None if tried == contract else tried.code
            return replace(future, contract=contract, proxy_of=proxy)
        tried = (
            FuturesContract(tried.product, tried.year, tried.month - 3)
            if tried.month > _FIRST_QUARTERLY_MONTH
            else FuturesContract(tried.product, tried.year - 1, 12)
        )
    return None


def treasury_future(
    contract: FuturesContract, *, settlement: date, book: SecurityBook, repo_rate: float
) -> TreasuryFuture | None:
    """Return the contract's value from the basket in the book, or None if nothing is deliverable.

    Parameters
    ----------
    contract : FuturesContract
    settlement : date
    book : SecurityBook
    repo_rate : float
        Simple, actual/360, plain ratio.
    """
    index = book.index()
    basket = deliverable_basket(contract, [price.security for price in book.prices])
    if not basket:
        return None
    securities = [line.security for line in basket]
    rows = np.array([index[security.cusip.text] for security in securities], dtype=np.int64)
    factors = np.array([float(line.conversion_factor) for line in basket])
    days = sorted({max(first_delivery_day(contract), settlement), last_delivery_day(contract)})
    flows = [cash_flows_per_100(security, after=settlement) for security in securities]
    deliveries = tuple(_delivery_terms(day, settlement, securities, flows) for day in days)
    forwards = np.array(
        [terms.forward_clean(book.dirty[rows], repo_rate) / factors for terms in deliveries]
    )
    best_day, best = (int(i) for i in np.unravel_index(forwards.argmin(), forwards.shape))
    price = float(forwards[best_day, best])
    near = np.flatnonzero(forwards.min(axis=0) - price < _NEAR_TIE_POINTS)
    per_100 = dv01_dollars_per_bp_per_100(
        securities[best],
        settlement=settlement,
        clean_price_per_100=float(book.clean[rows[best]]),
    )
    face = float(PRODUCTS[contract.product].face_dollars)
    return TreasuryFuture(
        contract=contract,
        rows=rows,
        conversion_factors=factors,
        deliveries=deliveries,
        price=price,
        cheapest_row=int(rows[best]),
        cheapest_factor=float(factors[best]),
        cheapest_delivery=deliveries[best_day],
        near_ties=tuple(sorted(securities[place].cusip.text for place in near if place != best)),
        dv01_dollars=per_100 / float(factors[best]) * face / 100.0,
    )


def _delivery_terms(
    day: date,
    settlement: date,
    securities: list[TreasurySecurity],
    flows: list[tuple[CashFlow, ...]],
) -> DeliveryTerms:
    coupons = np.zeros(len(securities))
    coupon_years = np.zeros(len(securities))
    for place, promised in enumerate(flows):
        for flow in promised:
            if flow.date > day:
                break
            amount = float(flow.amount_per_100)
            coupons[place] += amount
            coupon_years[place] += amount * (day - flow.date).days / MONEY_MARKET_YEAR
    accrued = np.array([float(accrued_interest_per_100(s, day)) for s in securities])
    years = (day - settlement).days / MONEY_MARKET_YEAR
    return DeliveryTerms(day, years, coupons, coupon_years, accrued)


def money_market_future(
    contract: FuturesContract, *, settlement: date, curve: ZeroCurve
) -> MoneyMarketFuture:
    """Return the contract's remaining period and today's forward rate.

    Parameters
    ----------
    contract : FuturesContract
        Not past its reference period.
    settlement : date
    curve : ZeroCurve
        Time 0 is settlement.
    """
    first, end = reference_period(contract)
    start = max(first, settlement)
    product = PRODUCTS[contract.product]
    start_years, end_years = years_between(settlement, start), years_between(settlement, end)
    times = np.array([start_years, end_years])
    growth = np.diff(curve.rates_at(times) * times)
    compounded = product.kind is ProductKind.SOFR_3M
    grown = float(exp_portable(growth)[0] - 1.0 if compounded else growth[0])
    # On the last trading day nothing of the period is left: the rate is made and nothing moves.
    days = max(0, (end - start).days)
    return MoneyMarketFuture(
        contract=contract,
        start_years=start_years,
        end_years=end_years,
        remaining_share=days / (end - first).days,
        dollars_per_rate=float(product.dollars_per_point) * 100.0,
        rate=grown * MONEY_MARKET_YEAR / days if days else 0.0,
        compounded=compounded,
    )
