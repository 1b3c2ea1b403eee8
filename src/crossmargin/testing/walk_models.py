"""A walk's lines as the margin models' own instruments: what single dates are compared with.

Every line of a date becomes a bond at par, or a contract on one, of :mod:`crossmargin.pricing`; the
models prepare themselves with those as they do with real issues. Nothing of the walk is used but
what a line is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.lines import (
    Book,
    Lines,
    MoneyMarketLine,
    TreasuryFutureLine,
)
from crossmargin.analysis.walk.margins import FILTERED, HISTORICAL, LEGS, SCALED
from crossmargin.margin.book import Block, LegFigures
from crossmargin.margin.cme.equivalents import FuturesEquivalents
from crossmargin.margin.cme.model import CmeModel, prepare_cme
from crossmargin.margin.ficc.minimum_margin import volatility_filter
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.ficc.preparation import ficc_haircuts, prepare_ficc
from crossmargin.margin.simulation import Simulation
from crossmargin.market.curve import DAYS_PER_YEAR, ZeroCurve, curve_on
from crossmargin.market.factors import CURVE_TENORS, CurvePoints, curve_points
from crossmargin.market.history import PAR_TENOR_YEARS, FloatArray, MarketData
from crossmargin.market.scenarios import (
    FactorHistories,
    ScenarioSet,
)
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

#: The walk's name of what a model calls otherwise.
OWN_NAMES: Mapping[str, Mapping[str, str]] = {
    "ficc": {"historical_simulation": HISTORICAL, "filtered_simulation": FILTERED},
    "cme": {"historical": SCALED},
}
_BASIS_POINT = 1e-4


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
        self._decay = float(parameters.ficc.ratio("minimum_margin_decay"))
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

    def steps(self, book: Book) -> dict[tuple[str, str, str], int]:
        """Return every component of a book without repo: grid steps by model, component and leg."""
        block = self.block(book)
        found = {}
        for model, figures in (
            ("ficc", self.ficc.three_figures(block)),
            ("cme", self.cme.three_figures(block)),
        ):
            for leg in LEGS:
                of_leg: LegFigures = getattr(figures, leg)
                for name, steps in of_leg.component_steps.items():
                    found[model, OWN_NAMES[model].get(name, name), leg] = steps[0]
                found[model, "cents", leg] = of_leg.charge_cents[0]
        return found

    def filtered_steps(self, book: Book) -> dict[str, int]:
        """Return the filtered simulation with volatilities of price changes to the first order.

        The model's own filter, on half the difference between each one-day move and its mirror
        image: what is left of a price change without its curvature.
        """
        used = self.ficc.scenarios
        up = self._priced(used.one_day)
        down = self._priced(used.one_day.scaling(key_rates=-1.0, basis=-1.0, spread=-1.0))
        window = self._priced(used.filtered)
        changes = volatility_filter(
            (up - down) / 2.0, used.one_day, used.filtered, decay=self._decay
        ).apply(window)
        rows = len(self.valuation.book.flows)
        assert self.ficc.filtered is not None
        simulation = Simulation(changes[:rows], changes[rows:], self.ficc.filtered.rank)
        losses = simulation.three_losses(self.block(book))
        return {leg: steps[0] for leg, steps in zip(LEGS, losses, strict=True)}

    def block(self, book: Book) -> Block:
        """Return a book as the models take it; the bonds under contracts are not held."""
        labels = [line.label for line in self.lines.securities]
        held = _units(book.securities, labels)
        under = np.zeros((1, len(self.valuation.book.flows) - len(labels)))
        return Block.without_repo(
            np.hstack([held, under]),
            _units(book.contracts, [line.label for line in self.lines.contracts]),
        )

    def _priced(self, scenarios: ScenarioSet) -> FloatArray:
        cube = self.ficc.price(scenarios)
        return np.vstack([cube.securities, cube.contracts])


def steps_of_walk(walk: BookWalk, row: int) -> dict[tuple[str, str, str], int]:
    """Return a walked date's components and cents, as :meth:`DateOfModels.steps` does."""
    found = {}
    for model, figures in (("ficc", walk.ficc), ("cme", walk.cme)):
        for leg in LEGS:
            found[model, "cents", leg] = int(figures.cents[leg][row])
        for (name, leg), steps in figures.components.items():
            found[model, name, leg] = int(steps[row])
    return found


def curve_without_overnight(points: CurvePoints, day: date) -> ZeroCurve:
    """Return a date's zero curve from its par yields alone."""
    row = int(np.searchsorted(points.dates, np.datetime64(day)))
    published = np.flatnonzero(~np.isnan(points.par_yields[row]))
    years = [PAR_TENOR_YEARS[CURVE_TENORS[tenor]] for tenor in published]
    return curve_on(years, points.par_yields[row, published], overnight=None)


def treasuries_of(lines: Lines) -> list[TreasuryFutureLine]:
    """Return the lines that are Treasury contracts."""
    return [line for line in lines.contracts if isinstance(line, TreasuryFutureLine)]


def valuation_of(lines: Lines, curve: ZeroCurve, as_of: date) -> Valuation:
    """Return the lines on a curve, each as the instrument that has its DV01.

    Securities come first in the book, then the bond under each Treasury contract.
    """
    under = treasuries_of(lines)
    years = [line.years for line in lines.securities] + [line.years for line in under]
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
    under = len(treasuries_of(lines))
    slots = max(len(line.equivalents) for line in lines.securities)
    places = np.zeros((len(lines.securities) + under, slots), dtype=np.int64)
    ratios = np.zeros(places.shape)
    for row, line in enumerate(lines.securities):
        for slot, (label, ratio) in enumerate(line.equivalents.items()):
            places[row, slot], ratios[row, slot] = place[label], ratio
    return FuturesEquivalents(places, ratios)


def _units(held: Mapping[str, int], labels: list[str]) -> FloatArray:
    return np.array([[float(held.get(label, 0)) for label in labels]])
