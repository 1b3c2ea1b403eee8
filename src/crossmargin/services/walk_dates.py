"""What a walk takes from parameters and market: its rules, its factors, its margin dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from crossmargin.analysis.walk.factors import WalkFactors, walk_factors
from crossmargin.analysis.walk.figures import WalkRules
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.refusals import refused
from crossmargin.market.history import MarketData
from crossmargin.market.scenarios import FactorHistories
from crossmargin.services.parameter_sets import ParameterSets

_RULE = "methodology: the walk"


def walk_rules(parameters: ParameterSets) -> WalkRules:
    """Return what a walk takes from the parameters of a day.

    Raises
    ------
    RefusedError
        If a model is set to something that a walk does not do.
    """
    return WalkRules(
        ficc=FiccWalkRules.from_parameters(parameters.ficc),
        cme=CmeWalkRules.from_parameters(parameters.cme),
        reduction=ReductionRules.from_parameters(parameters.arrangement),
        repo_follows_front=float(parameters.market.ratio("repo_rate_follows_front")),
    )


def walk_dates(
    market: MarketData,
    parameters: ParameterSets,
    rules: WalkRules,
    *,
    first: date,
    last: date,
    more_horizons: Sequence[int] = (),
) -> tuple[WalkFactors, range]:
    """Return a market's factors and the places of the margin dates between two dates.

    Parameters
    ----------
    market : MarketData
    parameters : ParameterSets
    rules : WalkRules
    first, last : date
        Both included.
    more_horizons : sequence of int
        Horizons that are wanted beside those of the rules.

    Raises
    ------
    RefusedError
        If there are no such dates, the last has no outcome yet, or too little is known before the
        first.
    """
    span = f"{first}..{last}"
    if first > last:
        raise refused("--from, --to", span, "--from on or before --to: they are reversed", _RULE)
    newest: date = market.par_yields.dates[-1].astype(object)
    histories = FactorHistories(market, parameters.market, as_of=newest)
    horizons = sorted({*rules.horizons, *more_horizons})
    try:
        factors = walk_factors(histories, first=first, last=last, horizons=horizons)
    except ValueError as error:
        expected = "a first date before which futures prices are known"
        raise refused("--from", f"{first}: {error}", expected, "ruling 19") from error
    places = factors.places_between(first, last)
    if not places:
        raise refused("--from, --to", span, "a run of dates with par yields", _RULE)
    longest = max(horizons)
    if places[-1] + longest >= len(factors.dates):
        known = factors.dates[max(len(factors.dates) - 1 - longest, 0)]
        expected = f"{known} or before: an outcome needs {longest} later dates"
        raise refused("--to", last, expected, _RULE)
    return factors, places
