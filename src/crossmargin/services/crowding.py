"""The use case behind ``xm crowding``: all customers of a file together, against the market.

Everything a customer holds counts, in the XM account and outside it, netted instrument by
instrument within the customer, never between customers. What has no sensitivities (bills, TIPS,
floating rate notes, a year and under) is left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import partial

import numpy as np

from crossmargin.analysis.crowding import (
    Crowd,
    Liquidation,
    ProductCrowding,
    Sides,
    TenorCrowding,
    days_to_liquidate,
    liquidation_cost,
)
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.margin.cme.liquidity import CmeAddOns
from crossmargin.margin.exact import from_grid, to_grid
from crossmargin.margin.ficc.liquidity import MarginLiquidity, liquidity_group_place
from crossmargin.market.history import FloatArray, MarketData
from crossmargin.market.scenarios import bumps, on_grid
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.product.futures import PRODUCTS
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun

_BUMP_BP = 10.0
_SLOPE_BITS = 24


@dataclass(frozen=True, slots=True)
class CustomerShare:
    """One customer in the crowd over all maturities.

    Parameters
    ----------
    key : CustomerKey
    net_dv01 : Fraction
    gross_dv01 : Fraction
    share_of_gross : Fraction
    """

    key: CustomerKey
    net_dv01: Fraction
    gross_dv01: Fraction
    share_of_gross: Fraction


@dataclass(frozen=True, slots=True)
class Crowding:
    """All customers of a run together."""

    run: MarginRun
    parameters: ParameterSet
    participation_share: Fraction
    tenors: tuple[TenorCrowding, ...]
    products: tuple[ProductCrowding, ...]
    ficc: tuple[Liquidation, ...]
    cme: tuple[Liquidation, ...]
    customers: tuple[CustomerShare, ...]
    overall: Crowd
    report_date: date | None
    left_out_positions: int


def crowding_of(run: MarginRun, market: MarketData, parameters: ParameterSet) -> Crowding:
    """Return all customers of a run together.

    Parameters
    ----------
    run : MarginRun
    market : MarketData
        With the CFTC's weekly reports, where the directory has them.
    parameters : ParameterSet
        Of analysis.
    """
    day = run.result.day
    share = parameters.ratio("participation_share")
    held = _Held(day, run.books)
    tenors = tuple(
        _tenor(held, bucket, share) for bucket in range(held.bucket_count) if held.in_bucket(bucket)
    )
    products = tuple(
        _product(held, product, market, share) for product in PRODUCTS if held.of_product(product)
    )
    reports = [each.traders.report_date for each in products if each.traders is not None]
    totals = [sum(amounts, Fraction(0)) for amounts in held.dv01]
    gross = [sum(map(abs, amounts), Fraction(0)) for amounts in held.dv01]
    whole = sum(gross, Fraction(0))
    return Crowding(
        run=run,
        parameters=parameters,
        participation_share=share,
        tenors=tenors,
        products=products,
        ficc=tuple(_at_ficc(held)),
        cme=tuple(_at_cme(held)),
        customers=tuple(
            CustomerShare(book.key, net, all_sides, all_sides / whole if whole else Fraction(0))
            for book, net, all_sides in zip(run.books, totals, gross, strict=True)
        ),
        overall=Crowd.of(totals),
        report_date=max(reports, default=None),
        left_out_positions=sum(len(book.outside_haircut) for book in run.books),
    )


class _Held:
    """Every customer's instruments, with what they are worth and how they move."""

    def __init__(self, day: MarginDay, books: Sequence[CustomerBook]) -> None:
        self.day = day
        self.securities = len(day.valuation.book.prices)
        instruments = self.securities + len(day.valuation.contracts)
        self.books = [_instruments_of(book, instruments) for book in books]
        self.unit_dv01 = [Fraction(each) for each in _parallel_dv01(day).tolist()]
        self.values = [from_grid(v) for v in to_grid(day.valuation.book.market_value).tolist()]
        self.lower_years = day.parameters.ficc.ratios("liquidity_treasury_lower_years")
        self.bucket_count = len(self.lower_years)
        self.buckets = [self._bucket(years) for years in _years_of(day)]
        self.dv01 = [
            [units * self.unit_dv01[place] for place, units in book.items()] for book in self.books
        ]

    def _bucket(self, years: float) -> int:
        return liquidity_group_place(
            years, is_tips=False, treasury_lower_years=self.lower_years, tips_lower_years=()
        )

    def in_bucket(self, bucket: int) -> bool:
        """Return whether anybody holds anything in a maturity bucket."""
        return any(self.buckets[place] == bucket for book in self.books for place in book)

    def product_of(self, place: int) -> str | None:
        """Return the product of a contract's place; None for a security."""
        if place < self.securities:
            return None
        return self.day.valuation.contracts[place - self.securities].contract.product

    def of_product(self, product: str) -> bool:
        """Return whether anybody holds a contract of a product."""
        return any(self.product_of(place) == product for book in self.books for place in book)

    def chosen(self, wanted: Callable[[int], bool]) -> list[dict[int, int]]:
        """Return every customer's positions at the places that are wanted."""
        return [
            {place: units for place, units in book.items() if wanted(place)} for book in self.books
        ]


def _instruments_of(book: CustomerBook, instruments: int) -> dict[int, int]:
    """Return a customer's positions inside and outside the XM account, repo interest left out."""
    together: dict[int, int] = {}
    for part in (book.xm, book.outside):
        for place, units in part.items():
            if place < instruments:
                together[place] = together.get(place, 0) + units
    return {place: units for place, units in sorted(together.items()) if units}


def _parallel_dv01(day: MarginDay) -> FloatArray:
    """Return dollars that a unit gains when every zero rate falls by a basis point, on a grid.

    Full revaluation, ten basis points up and down; securities, then contracts.
    """
    keys = day.ficc.scenarios.historical.key_years
    one = bumps(keys, size_bp=_BUMP_BP)
    both = replace(
        one,
        start_dates=one.start_dates[:2],
        end_dates=one.end_dates[:2],
        key_rates=np.vstack([np.ones(len(keys)), -np.ones(len(keys))]) * (_BUMP_BP / 1e4),
        basis_bp=one.basis_bp[:2],
        spread_bp=one.spread_bp[:2],
    )
    follows = float(day.parameters.market.ratio("repo_rate_follows_front"))
    cube = instrument_pnl(day.valuation, both, repo_follows_front=follows)
    pnl = np.vstack([cube.securities, cube.contracts])
    return on_grid((pnl[:, 1] - pnl[:, 0]) / (2.0 * _BUMP_BP), _SLOPE_BITS)


def _years_of(day: MarginDay) -> list[float]:
    """Return the maturity that each instrument moves with: a contract's cheapest to deliver's."""
    remaining = day.valuation.book.remaining_years.tolist()
    contracts = [
        remaining[future.cheapest_row]
        if isinstance(future, TreasuryFuture)
        else future.middle_years
        for future in day.valuation.contracts
    ]
    return [*remaining, *contracts]


def _tenor(held: _Held, bucket: int, share: Fraction) -> TenorCrowding:
    group = held.day.ficc.liquidity.groups[bucket]
    securities = held.chosen(lambda p: p < held.securities and held.buckets[p] == bucket)
    futures = held.chosen(lambda p: p >= held.securities and held.buckets[p] == bucket)

    def dv01s(books: list[dict[int, int]]) -> list[list[Fraction]]:
        return [[units * held.unit_dv01[p] for p, units in book.items()] for book in books]

    sides = [
        Sides.of([e for each in dv01s(books) for e in each]) for books in (securities, futures)
    ]
    value = Sides.of([units * held.values[p] for book in securities for p, units in book.items()])
    market = _market_dv01(held, bucket)
    both = sides[0] + sides[1]
    volume = group.average_daily_volume_dollars
    upper = held.lower_years[bucket + 1] if bucket + 1 < held.bucket_count else None
    return TenorCrowding(
        name=group.name.removeprefix("treasury_"),
        lower_years=held.lower_years[bucket],
        upper_years=upper,
        securities_dv01=sides[0],
        futures_dv01=sides[1],
        market_dv01=market,
        days_net=days_to_liquidate(both.net, market, share),
        days_gross=days_to_liquidate(both.gross, market, share),
        market_value=value,
        daily_volume_dollars=volume,
        cash_days_net=days_to_liquidate(value.net, volume, share),
        cash_days_gross=days_to_liquidate(value.gross, volume, share),
        crowd=Crowd.of(
            [
                sum([*cash, *contracts], Fraction(0))
                for cash, contracts in zip(dv01s(securities), dv01s(futures), strict=True)
            ]
        ),
    )


def _market_dv01(held: _Held, bucket: int) -> Fraction:
    """Return the DV01 of a day's volume in a bucket, cash and futures.

    Cash volume is spread evenly over the dollars of the bucket's priced issues; a product's volume
    counts with the first contract valued that has its whole period ahead, in that one's bucket.
    """
    day = held.day
    group = day.ficc.liquidity.groups[bucket]
    rows = [row for row in range(held.securities) if held.buckets[row] == bucket]
    per_dollar = [held.unit_dv01[row] / held.values[row] for row in rows]
    cash = Fraction(0)
    if per_dollar:
        average = sum(per_dollar, Fraction(0)) / len(per_dollar)
        cash = group.average_daily_volume_dollars * average
    futures = sum(
        (
            daily_volume(day, product) * held.unit_dv01[held.securities + number]
            for product, number in telling_contracts(day).items()
            if held.buckets[held.securities + number] == bucket
        ),
        Fraction(0),
    )
    return cash + futures


def telling_contracts(day: MarginDay) -> dict[str, int]:
    """Return, by product, the first contract valued that has its whole period ahead.

    Its number among the day's contracts. Of a month under way only what is left of its period
    moves: a later one tells.
    """
    telling: dict[str, int] = {}
    for number, future in enumerate(day.valuation.contracts):
        if isinstance(future, TreasuryFuture) or future.remaining_share == 1.0:
            telling.setdefault(future.contract.product, number)
    return telling


def daily_volume(day: MarginDay, product: str) -> Fraction:
    """Return a product's average daily volume in contracts, its multiple included.

    Parameters
    ----------
    day : MarginDay
    product : str
    """
    share = day.parameters.cme.ratio("concentration_volume_share")
    return day.cme.execution.terms.daily_contracts[product] / share


def _product(held: _Held, product: str, market: MarketData, share: Fraction) -> ProductCrowding:
    books = held.chosen(lambda place: held.product_of(place) == product)
    contracts = Sides.of([Fraction(units) for book in books for units in book.values()])
    volume = daily_volume(held.day, product)
    return ProductCrowding(
        product=product,
        contracts=contracts,
        daily_volume=volume,
        days_net=days_to_liquidate(contracts.net, volume, share),
        days_gross=days_to_liquidate(contracts.gross, volume, share),
        traders=market.traders_on(product, held.day.as_of),
        crowd=Crowd.of([Fraction(sum(book.values())) for book in books]),
    )


def _at_ficc(held: _Held) -> list[Liquidation]:
    """Return the Margin Liquidity Adjustment's cost and charge, asset group by asset group."""
    liquidity = held.day.ficc.liquidity
    found = []
    for bucket in range(held.bucket_count):
        books = held.chosen(
            lambda p, bucket=bucket: p < held.securities and held.buckets[p] == bucket  # type: ignore[misc]
        )
        if not any(books):
            continue
        crowd = Crowd.of(
            [
                sum((units * held.values[p] for p, units in book.items()), Fraction(0))
                for book in books
            ]
        )
        name = liquidity.groups[bucket].name
        cost, charge = (
            liquidation_cost(
                books,
                crowd,
                partial(_ficc_dollars, liquidity, held.securities, name, charged=charged),
            )
            for charged in (False, True)
        )
        found.append(Liquidation(name, cost, charge))
    return found


def _ficc_dollars(
    liquidity: MarginLiquidity,
    securities: int,
    name: str,
    book: Mapping[int, int],
    *,
    charged: bool,
) -> Fraction:
    """Return the impact cost of one portfolio in one asset group, or what of it is charged."""
    units = np.zeros(securities)
    for place, quantity in book.items():
        units[place] = quantity
    figures = liquidity.by_group(units).get(name)
    if figures is None:
        return Fraction(0)
    return figures.charge if charged else figures.impact_cost


def _at_cme(held: _Held) -> list[Liquidation]:
    """Return CME's liquidity and concentration, product by product."""
    execution = held.day.cme_engine.execution
    found = []
    for product in PRODUCTS:
        books = [
            {place - held.securities: units for place, units in book.items()}
            for book in held.chosen(lambda p, product=product: held.product_of(p) == product)  # type: ignore[misc]
        ]
        if not any(books):
            continue
        crowd = Crowd.of([Fraction(sum(book.values())) for book in books])
        cost = liquidation_cost(books, crowd, partial(_cme_dollars, execution))
        found.append(Liquidation(product, cost, cost))
    return found


def _cme_dollars(execution: CmeAddOns, book: Mapping[int, int]) -> Fraction:
    return execution.liquidity_dollars(book) + execution.concentration_dollars(book)
