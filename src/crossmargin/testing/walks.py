"""A walk's lines as the margin models' own instruments: what single dates are compared with.

Every line of a date becomes a bond at par, or a contract on one, of :mod:`crossmargin.pricing`; the
models prepare themselves with those as they do with real issues. Nothing of the walk is used but
what a line is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from crossmargin.analysis.walk.lines import (
    Book,
    FutureLine,
    Lines,
    MoneyMarketLine,
    SecurityLine,
    TreasuryFutureLine,
)
from crossmargin.margin.book import Block, ThreeFigures
from crossmargin.margin.cme.equivalents import FuturesEquivalents
from crossmargin.margin.cme.model import CmeModel, prepare_cme
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.ficc.preparation import ficc_haircuts, prepare_ficc
from crossmargin.market.curve import DAYS_PER_YEAR, ZeroCurve, curve_on
from crossmargin.market.factors import CURVE_TENORS, CurvePoints, curve_points
from crossmargin.market.history import PAR_TENOR_YEARS, FloatArray, MarketData
from crossmargin.market.scenarios import FactorHistories
from crossmargin.pricing.futures_value import (
    MONEY_MARKET_YEAR,
    DeliveryTerms,
    MoneyMarketFuture,
    TreasuryFuture,
)
from crossmargin.pricing.par_bond import par_bond_flows
from crossmargin.pricing.security_book import FLOW_BITS, SecurityBook
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.futures import PRODUCTS, FuturesContract
from crossmargin.services.market_readings import last_curve_date
from crossmargin.services.parameter_sets import ParameterSets

_BASIS_POINT = 1e-4
_DOLLARS_PER_RATE = 250_000.0


def example_lines() -> Lines:
    """Return notes and bonds of one to thirty years, Treasury contracts and money-market ones."""
    treasury = (
        ("ZT", 1.83, 35.0),
        ("ZF", 4.31, 41.5),
        ("ZN", 6.62, 62.0),
        ("TN", 9.41, 85.0),
        ("ZB", 15.68, 128.0),
        ("UB", 25.4, 196.0),
    )
    money_market = (
        ("SR3", 0.24, 0.49, True),
        ("SR3L", 1.49, 1.74, True),
        ("ZQ", 0.11, 0.19, False),
    )
    contracts: tuple[FutureLine, ...] = (
        *(
            TreasuryFutureLine(product, product, years, 0.27, dv01, dv01 * 0.99)
            for product, years, dv01 in treasury
        ),
        *(
            MoneyMarketLine(
                label,
                start,
                end,
                (end - start) * DAYS_PER_YEAR / MONEY_MARKET_YEAR,
                _DOLLARS_PER_RATE,
                compounded,
            )
            for label, start, end, compounded in money_market
        ),
    )
    securities = (
        ("1.4 y", 1.42, 0.0138, {"SR3": 0.0003, "SR3L": 0.0002}),
        ("1.9 y", 1.93, 0.0185, {"ZT": 0.000525}),
        ("4.9 y", 4.87, 0.0441, {"ZF": 0.00106}),
        ("6.6 y", 6.64, 0.0571, {"ZN": 0.00092}),
        ("9.6 y", 9.62, 0.0779, {"TN": 0.00091}),
        ("19.3 y", 19.3, 0.1288, {"ZB": 0.00067, "UB": 0.00022}),
        ("29.4 y", 29.4, 0.1688, {"UB": 0.00086}),
    )
    return Lines(tuple(SecurityLine(*line) for line in securities), contracts)


def example_book() -> Book:
    """Return a book that is hedged in part: some duration, some curve, some basis."""
    return Book(
        name="EXAMPLE",
        securities={"1.4 y": 400_000, "1.9 y": 2_000_000, "4.9 y": -350_000, "9.6 y": 900_000,
                    "19.3 y": 120_000, "29.4 y": -150_000},
        contracts={"ZT": -1_000, "ZF": 350, "ZN": -150, "TN": -820, "ZB": -60, "UB": 120,
                   "SR3": -140, "SR3L": 90, "ZQ": 60},
    )  # fmt: skip


class DateOfModels:
    """Both margin models on one past date, for a walk's lines.

    Parameters
    ----------
    market : MarketData
    parameters : ParameterSets
    lines : Lines
    as_of : date
        With a curve. Basis and spread are estimated as known when the year before ended.
    """

    def __init__(
        self, market: MarketData, parameters: ParameterSets, lines: Lines, as_of: date
    ) -> None:
        self.lines = lines
        points = curve_points(market.par_yields)
        curve = curve_without_overnight(points, as_of)
        month_end = last_curve_date(points, before=as_of.replace(day=1))
        histories = FactorHistories(market, parameters.market, as_of=as_of)
        until = date(as_of.year - 1, 12, 31)
        follows = float(parameters.market.ratio("repo_rate_follows_front"))
        self.valuation = valuation_of(lines, curve, as_of)
        history = histories.at(parameters.ficc.whole("horizon_days"), known_until=until)
        one_day = histories.at(1, known_until=until)
        self.ficc: FiccModel = prepare_ficc(
            valuation=self.valuation,
            history=history,
            one_day_history=one_day,
            haircuts=ficc_haircuts(
                history,
                parameters.ficc,
                curve=curve_without_overnight(points, month_end),
                curve_date=month_end,
            ),
            parameters=parameters.ficc,
            repo_follows_front=follows,
        )
        self.cme: CmeModel = prepare_cme(
            valuation=self.valuation,
            history=histories.at(parameters.cme.whole("horizon_days"), known_until=until),
            equivalents=equivalents_of(lines),
            parameters=parameters.cme,
            repo_follows_front=follows,
        )

    def figures(self, book: Book) -> tuple[ThreeFigures, ThreeFigures]:
        """Return FICC's and CME's figures of a book without repo."""
        block = self.block(book)
        return self.ficc.three_figures(block), self.cme.three_figures(block)

    def block(self, book: Book) -> Block:
        """Return a book as the models take it."""
        return Block.without_repo(
            _units(book.securities, [line.label for line in self.lines.securities]),
            _units(book.contracts, [line.label for line in self.lines.contracts]),
        )


def curve_without_overnight(points: CurvePoints, day: date) -> ZeroCurve:
    """Return a date's zero curve from its par yields alone."""
    row = int(np.searchsorted(points.dates, np.datetime64(day)))
    published = np.flatnonzero(~np.isnan(points.par_yields[row]))
    years = [PAR_TENOR_YEARS[CURVE_TENORS[tenor]] for tenor in published]
    return curve_on(years, points.par_yields[row, published], overnight=None)


def valuation_of(lines: Lines, curve: ZeroCurve, as_of: date) -> Valuation:
    """Return the lines on a curve, each as the instrument that has its DV01.

    Securities come first in the book, then the bond under each Treasury contract.
    """
    under = [line for line in lines.contracts if isinstance(line, TreasuryFutureLine)]
    years = [line.years for line in (*lines.securities, *under)]
    book, dv01 = _par_bonds(years, curve, [line.dv01_dollars for line in lines.securities])
    repo_rate = float(curve.rates_at(np.zeros(1))[0]) * MONEY_MARKET_YEAR / DAYS_PER_YEAR
    rows = {line.label: len(lines.securities) + place for place, line in enumerate(under)}
    contracts = tuple(
        _treasury(line, rows[line.label], dv01[rows[line.label]], repo_rate)
        if isinstance(line, TreasuryFutureLine)
        else _money_market(line, curve)
        for line in lines.contracts
    )
    return Valuation(as_of, as_of, curve, repo_rate, book, contracts)


def _par_bonds(
    maturities: list[float], curve: ZeroCurve, wanted: list[float]
) -> tuple[SecurityBook, list[float]]:
    """Return bonds at par, those whose DV01 is wanted in that size; and DV01 per 100."""
    bonds = [par_bond_flows(curve, years) for years in maturities]
    times = np.unique(np.concatenate([years for years, _ in bonds]))
    flows, value, dv01 = np.zeros((len(bonds), len(times))), [], []
    for row, (years, amounts) in enumerate(bonds):
        worth = amounts * curve.discount_factors(years)
        dv01.append(float((worth * years).sum()) * _BASIS_POINT)
        size = wanted[row] / dv01[row] if row < len(wanted) else 1.0
        running = np.rint(np.ldexp(np.cumsum(amounts * size), FLOW_BITS))
        flows[row, np.searchsorted(times, years)] = np.ldexp(
            np.diff(running, prepend=0.0), -FLOW_BITS
        )
        value.append(100.0 * size)
    worths = np.array(value)
    return SecurityBook(
        prices=(),
        flow_years=times,
        flows=flows,
        clean=worths,
        dirty=worths,
        market_value=worths,
        spreads=np.zeros(len(bonds)),
        remaining_years=np.array(maturities),
    ), dv01


def _treasury(
    line: TreasuryFutureLine, row: int, dv01_per_100: float, repo_rate: float
) -> TreasuryFuture:
    """Return the contract on one bond, its conversion factor such that it has the line's DV01."""
    contract = FuturesContract(line.product, 2026, 6)
    growth = 1.0 + repo_rate * line.delivery_years
    per_point = float(PRODUCTS[line.product].dollars_per_point)
    factor = dv01_per_100 * growth * per_point / line.dv01_dollars
    terms = DeliveryTerms(
        date(2026, 6, 30), line.delivery_years, np.zeros(1), np.zeros(1), np.zeros(1)
    )
    return TreasuryFuture(
        contract=contract,
        rows=np.array([row]),
        conversion_factors=np.array([factor]),
        deliveries=(terms,),
        price=100.0 * growth / factor,
        cheapest_row=row,
        cheapest_factor=factor,
        cheapest_delivery=terms,
        near_ties=(),
        dv01_dollars=line.basis_dollars_per_bp,
    )


def _money_market(line: MoneyMarketLine, curve: ZeroCurve) -> MoneyMarketFuture:
    times = np.array([line.start_years, line.end_years])
    growth = float(np.diff(curve.rates_at(times) * times)[0])
    return MoneyMarketFuture(
        contract=FuturesContract("SR3" if line.compounded else "ZQ", 2026, 6),
        start_years=line.start_years,
        end_years=line.end_years,
        remaining_share=1.0,
        dollars_per_rate=line.dollars_per_rate,
        rate=(float(np.exp(growth)) - 1.0 if line.compounded else growth) / line.period,
        compounded=line.compounded,
    )


def equivalents_of(lines: Lines) -> FuturesEquivalents:
    """Return the securities' equivalents in contracts, the bonds under contracts having none."""
    place = {line.label: row for row, line in enumerate(lines.contracts)}
    under = sum(isinstance(line, TreasuryFutureLine) for line in lines.contracts)
    slots = max(len(line.equivalents) for line in lines.securities)
    places = np.zeros((len(lines.securities) + under, slots), dtype=np.int64)
    ratios = np.zeros(places.shape)
    for row, line in enumerate(lines.securities):
        for slot, (label, ratio) in enumerate(line.equivalents.items()):
            places[row, slot], ratios[row, slot] = place[label], ratio
    return FuturesEquivalents(places, ratios)


def _units(held: Mapping[str, int], labels: list[str]) -> FloatArray:
    return np.array([[float(held.get(label, 0)) for label in labels]])
