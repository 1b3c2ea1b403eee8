"""The FICC-style model of a date: every instrument repriced once, before any portfolio is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.margin.ficc.gross import gross_charge
from crossmargin.margin.ficc.haircut import (
    HaircutCorrelation,
    HaircutSchedule,
    haircut_schedule,
)
from crossmargin.margin.ficc.liquidity import (
    MarginLiquidity,
    group_one_day_sigma,
    liquidity_group_place,
)
from crossmargin.margin.ficc.minimum_margin import volatility_filter
from crossmargin.margin.ficc.model import FiccModel, FiccValuation, SensitivitySource
from crossmargin.margin.ficc.proxy import proxy_pnl
from crossmargin.margin.ficc.repo import RepoVolatility
from crossmargin.margin.ficc.scenarios import (
    FiccScenarios,
    ficc_scenarios,
    historical_scenarios,
)
from crossmargin.margin.simulation import Simulation
from crossmargin.margin.tail import QuantileConvention, tail_rank
from crossmargin.market.curve import ZeroCurve
from crossmargin.market.scenarios import FactorHistory, ScenarioSet
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.cube import Cube, instrument_pnl
from crossmargin.pricing.delta_gamma import delta_gamma_pnl
from crossmargin.pricing.valuation import Valuation

_BP = 10_000


def prepare_ficc(
    *,
    valuation: Valuation,
    history: FactorHistory,
    one_day_history: FactorHistory,
    haircuts: HaircutSchedule,
    parameters: ParameterSet,
    repo_follows_front: float,
    scenarios: FiccScenarios | None = None,
    like: FiccModel | None = None,
) -> FiccModel:
    """Return the model for a date: every instrument repriced once.

    Parameters
    ----------
    valuation : Valuation
    history, one_day_history : FactorHistory
        At the model's horizon and at one day, up to the as-of date.
    haircuts : HaircutSchedule
    parameters : ParameterSet
    repo_follows_front : float
        See :func:`crossmargin.pricing.cube.instrument_pnl`.
    scenarios : FiccScenarios, optional
        Instead of the model's own, for an explanation that switches a factor off.
    like : FiccModel, optional
        Of the same day and parameters: what no scenario touches is taken from it.
    """
    used = scenarios or ficc_scenarios(history, one_day_history, parameters, as_of=valuation.as_of)
    source = SensitivitySource(parameters.text("sensitivity_source"))
    midpoints = parameters.ratios("bucket_midpoint_years")

    revalue = (
        instrument_pnl
        if FiccValuation(parameters.text("valuation")) is FiccValuation.FULL
        else delta_gamma_pnl
    )

    def priced(each: ScenarioSet) -> Cube:
        cube = revalue(valuation, each, repo_follows_front=repo_follows_front)
        if source is SensitivitySource.OWN:
            return cube
        return proxy_pnl(
            cube,
            valuation,
            each,
            curve=valuation.curve,
            midpoint_years=midpoints,
            bucket=haircuts.bucket,
        )

    def rank(each: ScenarioSet) -> int:
        convention = QuantileConvention(parameters.text("quantile_convention"))
        return tail_rank(each.count, parameters.ratio("coverage"), convention)

    cube = priced(used.historical)
    simulation = Simulation.on_grid(cube.securities, cube.contracts, rank(used.historical))
    scale, filtered = None, None
    if parameters.choice("minimum_margin_amount", ["on", "off"]) == "on":
        window, one_day = priced(used.filtered), priced(used.one_day)
        scale = volatility_filter(
            np.vstack([one_day.securities, one_day.contracts]),
            used.one_day,
            used.filtered,
            decay=float(parameters.ratio("minimum_margin_decay")),
        )
        changes = scale.apply(np.vstack([window.securities, window.contracts]))
        split = len(window.securities)
        filtered = Simulation(changes[:split], changes[split:], rank(used.filtered))
    share = parameters.ratio("floor_share")
    least = [share * rate for rate in haircuts.rates]
    return FiccModel(
        simulation=simulation,
        filtered=filtered,
        filter=scale,
        floor=like.floor
        if like
        else gross_charge(valuation, lambda years: least[haircuts.bucket(years)]),
        bid_ask=like.bid_ask if like else gross_charge(valuation, _bid_ask_schedule(parameters)),
        repo=RepoVolatility.from_parameters(parameters),
        floor_share=share,
        haircuts=haircuts,
        scenarios=used,
        scenario_identity=used.identity,
        sensitivity_source=source,
        liquidity=like.liquidity
        if like
        else _margin_liquidity(
            valuation,
            historical_scenarios(one_day_history, parameters, as_of=valuation.as_of),
            parameters,
            price=priced,
        ),
        price=priced,
    )


def _margin_liquidity(
    valuation: Valuation,
    one_day: ScenarioSet,
    parameters: ParameterSet,
    *,
    price: Callable[[ScenarioSet], Cube],
) -> MarginLiquidity:
    """Return the adjustment of a day, from one-day moves of ten years and the stressed year."""
    terms = AddOnRules.from_parameters(parameters).liquidity
    book = valuation.book
    places = np.array(
        [
            liquidity_group_place(
                years,
                is_tips=False,
                treasury_lower_years=terms.treasury_lower_years,
                tips_lower_years=terms.tips_lower_years,
            )
            for years in book.remaining_years
        ],
        dtype=np.int64,
    )
    pnl = price(one_day).securities
    sigmas = tuple(
        group_one_day_sigma(pnl[places == place], book.market_value[places == place])
        for place in range(len(terms.names))
    )
    return MarginLiquidity.prepare(
        groups=terms.groups(sigmas),
        group_of_security=places.tolist(),
        market_value=book.market_value,
        one_day_pnl=pnl,
        rank=tail_rank(one_day.count, parameters.ratio("coverage")),
        rules=terms.rules,
    )


def bid_ask_rate(parameters: ParameterSet, remaining_years: float) -> Fraction:
    """Return the bid-ask rate on market value of a remaining maturity, a plain ratio."""
    return _bid_ask_schedule(parameters)(remaining_years)


def _bid_ask_schedule(parameters: ParameterSet) -> Callable[[float], Fraction]:
    """Return what gives the bid-ask rate of a remaining maturity, the parameters read once."""
    longer = [float(years) for years in parameters.ratios("bid_ask_longer_than_years")]
    rates = [rate_bp / _BP for rate_bp in parameters.ratios("bid_ask_bp")]
    return lambda years: rates[max(0, sum(years > end for end in longer) - 1)]


def tips_bid_ask_rate(parameters: ParameterSet) -> Fraction:
    """Return the bid-ask rate of TIPS, a plain ratio."""
    return parameters.ratio("bid_ask_tips_bp") / _BP


def ficc_haircuts(
    history: FactorHistory, parameters: ParameterSet, *, curve: ZeroCurve, curve_date: date
) -> HaircutSchedule:
    """Return the haircut schedule recomputed on a month-end: its curve, its window.

    Parameters
    ----------
    history : FactorHistory
    parameters : ParameterSet
    curve : ZeroCurve
        Of the month-end.
    curve_date : date
    """
    return haircut_schedule(
        curve,
        historical_scenarios(history, parameters, as_of=curve_date),
        coverage=parameters.ratio("coverage"),
        lower_years=parameters.ratios("bucket_years"),
        midpoint_years=parameters.ratios("bucket_midpoint_years"),
        correlation=HaircutCorrelation(parameters.text("haircut_correlation")),
        curve_date=curve_date.isoformat(),
    )
