"""A SPAN parameter set of our own from a market: scan ranges, credits, calendar charges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.cme.span.calibrated_set import (
    CalendarCharge,
    CalibratedSet,
    ScanLevel,
)
from crossmargin.margin.cme.span.calibration import MeasureWeights
from crossmargin.margin.cme.span.credits import (
    CreditRules,
    PairCredit,
    SpreadLeg,
    calendar_charge_dollars,
    pair_credit,
    rounded_up,
)
from crossmargin.margin.cme.span.measures import MeasureRules, measures_at
from crossmargin.market.basis import QUOTED
from crossmargin.market.constant_maturity import (
    MOVE_BITS,
    par_moves_bp,
)
from crossmargin.market.curve import DAYS_PER_YEAR, KNOT_YEARS, linear_at
from crossmargin.market.factors import BoolArray, CurvePoints, curve_points, key_rate_changes
from crossmargin.market.history import FloatArray, MarketData
from crossmargin.market.scenarios import (
    SPREAD_KNOT_YEARS,
    FactorHistory,
    ScenarioSet,
    factor_history,
    on_grid,
)
from crossmargin.product.futures import (
    PRODUCTS,
    FuturesContract,
    is_listed,
    reference_period,
)
from crossmargin.product.specifications import QUARTERLY_MONTHS
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.span_history import (
    TREASURIES,
    LevelHistory,
    cheapest_maturity_years,
    evidence,
    level_history,
    treasury_dv01,
)

MONEY_MARKETS = ("SR3", "SR1", "ZQ")
_BP = 1e4
_MONEY_MARKET_SHARE = 360.0 / DAYS_PER_YEAR
#: Of every quoted future: fewer do not tell the noise of the basis from its moves.
_FEWEST_CLOSES = 150


def calibrate(
    market: MarketData,
    parameters: ParameterSets,
    *,
    as_of: date,
    history: LevelHistory | None = None,
    products: Sequence[str] = (*TREASURIES, *MONEY_MARKETS),
    spreads: bool = True,
) -> CalibratedSet:
    """Return the SPAN parameter set of our own for a date.

    Parameters
    ----------
    market : MarketData
    parameters : ParameterSets
    as_of : date
        Curves up to it and levels announced by it are used, nothing later.
    history : LevelHistory, optional
        Of the same market, where it is there already.
    products : sequence of str
    spreads : bool
        False leaves calendar charges and credits out.

    Raises
    ------
    RefusedError
        If the date has no par yields, or a quoted future too few closes up to it.
    """
    _refuse_short(market, as_of)
    history = history or level_history(market, parameters)
    found = evidence(history, as_of=as_of)
    moves = _Moves.of(market, parameters, as_of=as_of, weights=found.weights)
    levels = [
        level
        for product in products
        for level in (
            moves.treasury_levels(product)
            if product in TREASURIES
            else moves.money_market_levels(product)
        )
    ]
    return CalibratedSet(
        as_of=as_of,
        curve_date=moves.points.dates[-1].item(),
        evidence=found,
        levels=tuple(levels),
        calendar_charges=tuple(moves.calendar_charges(levels)) if spreads else (),
        pairs=tuple(moves.pairs(levels)) if spreads else (),
        spread_redrawn_dates=moves.scenarios.proxied.spread_redrawn,
        basis_redrawn_dates=moves.scenarios.proxied.basis_redrawn,
    )


def _refuse_short(market: MarketData, as_of: date) -> None:
    """Refuse a date without a curve, or without closes enough to tell the basis from its noise."""
    faults = []
    curves = market.par_yields.dates
    if not (curves == np.datetime64(as_of)).any():
        # A curve of another date would make another date's set under this one's name.
        before = curves[curves < np.datetime64(as_of)]
        last = f", the last one before it is {before[-1]}" if len(before) else ""
        expected = f"a date with par yields{last}"
        faults.append(Refusal("date", as_of.isoformat(), expected, "SPAN calibration"))
    for symbol in QUOTED:
        closes = market.treasury_futures.get(symbol)
        known = 0 if closes is None else int((closes.dates <= np.datetime64(as_of)).sum())
        if known < _FEWEST_CLOSES:
            expected = f"a date with at least {_FEWEST_CLOSES} closes of {symbol}, has {known}"
            faults.append(Refusal("date", as_of.isoformat(), expected, "SPAN calibration"))
    if faults:
        raise RefusedError(*faults)


def listed_contracts(product: str, as_of: date) -> list[FuturesContract]:
    """Return the contracts of a product that are listed on a date, nearest first."""
    months = PRODUCTS[product].contract_months
    candidates = [
        FuturesContract(product, as_of.year + years, month)
        for years in range(-1, 12)
        for month in months
    ]
    return [contract for contract in candidates if is_listed(contract, as_of=as_of)]


@dataclass(frozen=True)
class _Moves:
    # One-day moves of every contract on the dates of the credit window, and what they weigh.

    as_of: date
    parameters: ParameterSets
    weights: MeasureWeights
    measures: MeasureRules
    points: CurvePoints
    scenarios: ScenarioSet
    zero_moves: FloatArray

    @staticmethod
    def of(
        market: MarketData, parameters: ParameterSets, *, as_of: date, weights: MeasureWeights
    ) -> _Moves:
        measures = MeasureRules.from_parameters(parameters.cme)
        factors = factor_history(market, parameters.market, horizon_days=1, as_of=as_of)
        every = curve_points(market.par_yields)
        points = _rows(every, every.dates <= np.datetime64(as_of))
        scenarios = _last_dates(factors, max(measures.lookback_dates))
        window = _rows(points, points.dates >= scenarios.start_dates[0])
        return _Moves(
            as_of=as_of,
            parameters=parameters,
            weights=weights,
            measures=measures,
            points=points,
            scenarios=scenarios,
            zero_moves=key_rate_changes(window, lag=1, key_years=KNOT_YEARS).changes,
        )

    def treasury_levels(self, product: str) -> list[ScanLevel]:
        maturity = cheapest_maturity_years(product, self.parameters)
        moves = par_moves_bp(self.points, maturity)
        measured = measures_at(moves, [len(moves) - 1], self.measures)[0].tolist()
        level = self.weights.level_bp(measured)
        dv01 = float(treasury_dv01(self.points, product, self.parameters)[-1])
        step = self.parameters.cme.whole("span_scan_range_step_dollars")
        return [
            ScanLevel(
                contract=contract,
                scan_range_dollars=rounded_up(level * dv01, step),
                dv01_dollars_per_bp=dv01,
                level_bp=level,
                measures_bp=tuple(measured),
                horizon_years=maturity,
                tier=0,
            )
            for contract in listed_contracts(product, self.as_of)
        ]

    def money_market_levels(self, product: str) -> list[ScanLevel]:
        step = self.parameters.cme.whole("span_scan_range_step_dollars")
        ends = self.parameters.cme.ratios("span_tier_years")
        levels = []
        for contract in listed_contracts(product, self.as_of):
            start, _ = _period_years(contract, self.as_of)
            moves = self.money_market_moves(contract)
            measured = measures_at(moves, [len(moves) - 1], self.measures)[0].tolist()
            level = self.weights.level_bp(measured)
            dv01 = _money_market_dv01(contract, self.as_of)
            levels.append(
                ScanLevel(
                    contract=contract,
                    scan_range_dollars=rounded_up(level * dv01, step),
                    dv01_dollars_per_bp=dv01,
                    level_bp=level,
                    measures_bp=tuple(measured),
                    horizon_years=start,
                    tier=1 + sum(1 for end in ends[:-1] if start >= end),
                )
            )
        return levels

    def money_market_moves(self, contract: FuturesContract) -> FloatArray:
        """Return moves of the forward of a window around what is left of the contract's period."""
        start, end = _period_years(contract, self.as_of)
        middle = (start + end) / 2.0
        width = max(end - start, float(self.parameters.cme.ratio("span_forward_window_years")))
        first = max(0.0, middle - width / 2.0)
        ends = np.array([first, first + width])
        zero = linear_at(KNOT_YEARS, self.zero_moves, ends) * ends
        forward = (zero[:, 1] - zero[:, 0]) / width * _MONEY_MARKET_SHARE * _BP
        spread = linear_at(SPREAD_KNOT_YEARS, self.scenarios.spread_bp, np.array([middle]))[:, 0]
        return on_grid(forward + spread, MOVE_BITS)

    def treasury_moves(self, product: str) -> FloatArray:
        """Return moves of the futures-implied yield: par yield and basis."""
        maturity = cheapest_maturity_years(product, self.parameters)
        moves = par_moves_bp(self.points, maturity)
        places = np.searchsorted(self.points.dates, self.scenarios.end_dates)
        basis = self.scenarios.basis_bp[:, TREASURIES.index(product)]
        return on_grid(moves[places] + basis, MOVE_BITS)

    def leg(self, level: ScanLevel) -> SpreadLeg:
        product = level.contract.product
        moves = self.money_market_moves if level.tier else None
        return SpreadLeg(
            product=product,
            tier=level.tier,
            dv01_dollars_per_bp=level.dv01_dollars_per_bp,
            moves_bp=moves(level.contract) if moves else self.treasury_moves(product),
        )

    def pairs(self, levels: Sequence[ScanLevel]) -> list[PairCredit]:
        legs = [self.leg(level) for level in _representatives(levels)]
        rules = CreditRules.from_parameters(self.parameters.cme)
        return [
            pair_credit(one, two, self.weights, measures=self.measures, rules=rules)
            for place, one in enumerate(legs)
            for two in legs[place + 1 :]
            # Tiers of one product are spread by calendar charges.
            if one.product != two.product
        ]

    def calendar_charges(self, levels: Sequence[ScanLevel]) -> list[CalendarCharge]:
        charges = []
        for product in dict.fromkeys(level.contract.product for level in levels):
            own = [level for level in levels if level.contract.product == product]
            charges += (
                self._money_market_charges(product, own)
                if product in MONEY_MARKETS
                else [self._treasury_charge(product, own)]
            )
        return charges

    def _treasury_charge(self, product: str, own: Sequence[ScanLevel]) -> CalendarCharge:
        share: Fraction = self.parameters.cme.ratio("span_treasury_calendar_share")
        step = self.parameters.cme.whole("span_scan_range_step_dollars")
        dollars = rounded_up(float(own[0].scan_range_dollars * share), step)
        return CalendarCharge(product, (1, 1), dollars)

    def _money_market_charges(self, product: str, own: Sequence[ScanLevel]) -> list[CalendarCharge]:
        by_tier = _by_tier(own)
        charges = []
        for one, near in by_tier.items():
            for two, far in by_tier.items():
                if one < two:
                    pair = near[len(near) // 2], far[len(far) // 2]
                elif one == two and len(near) > 1:
                    pair = near[0], near[-1]
                else:
                    continue
                charges.append(CalendarCharge(product, (one, two), self._charge(*pair)))
        return charges

    def _charge(self, one: ScanLevel, two: ScanLevel) -> int:
        return calendar_charge_dollars(
            self.leg(one),
            self.leg(two),
            self.weights,
            measures=self.measures,
            scan_range_dollars=(one.scan_range_dollars, two.scan_range_dollars),
            step_dollars=self.parameters.cme.whole("span_scan_range_step_dollars"),
        )


def _rows(points: CurvePoints, rows: BoolArray) -> CurvePoints:
    return CurvePoints(points.dates[rows], points.par_yields[rows], points.filled[rows])


def _last_dates(factors: FactorHistory, dates: int) -> ScenarioSet:
    rows = np.zeros(len(factors.key_rates.end_dates), dtype=bool)
    rows[-dates:] = True
    return factors.scenarios("SPAN calibration", rows)


def _period_years(contract: FuturesContract, as_of: date) -> tuple[float, float]:
    first, end = reference_period(contract)
    start = max(first, as_of)
    return (start - as_of).days / DAYS_PER_YEAR, (end - as_of).days / DAYS_PER_YEAR


def _money_market_dv01(contract: FuturesContract, as_of: date) -> float:
    first, end = reference_period(contract)
    left = (end - max(first, as_of)).days
    per_bp = float(PRODUCTS[contract.product].dollars_per_point) / 100.0
    return per_bp * left / (end - first).days


def _by_tier(levels: Sequence[ScanLevel]) -> Mapping[int, list[ScanLevel]]:
    tiers: dict[int, list[ScanLevel]] = {}
    for level in levels:
        quarterly = level.contract.month in QUARTERLY_MONTHS
        if quarterly or level.contract.product != "SR3":
            tiers.setdefault(level.tier, []).append(level)
    return tiers


def _representatives(levels: Sequence[ScanLevel]) -> list[ScanLevel]:
    """Return a Treasury product's nearest contract, and of money-market tiers the middle one."""
    chosen = []
    for product in dict.fromkeys(level.contract.product for level in levels):
        own = _by_tier([level for level in levels if level.contract.product == product])
        chosen += [found[len(found) // 2] if tier else found[0] for tier, found in own.items()]
    return chosen
