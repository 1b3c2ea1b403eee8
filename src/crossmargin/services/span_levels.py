"""Published margin levels beside our calibrated ones, with the residuals.

Our level of a date uses the measures known before it. Its weights are fitted to announced levels of
earlier years where there are enough of them; otherwise to later levels, and the row says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.refusals import refused
from crossmargin.margin.cme.span.calibration import MeasureWeights, fit_weights
from crossmargin.margin.cme.span.credits import PairCredit
from crossmargin.margin.cme.span.published import PublishedCredit, PublishedFigures, PublishedLevel
from crossmargin.market.history import MarketData
from crossmargin.parameters.registry import Status
from crossmargin.product.futures import PRODUCTS
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.span_calibration import calibrate
from crossmargin.services.span_history import TREASURIES, LevelHistory, level_history


class Knowledge(StrEnum):
    """What our weights of a row were fitted to."""

    EARLIER = "earlier levels"
    LATER = "later levels too"
    OTHERS = "earlier levels of other products"


@dataclass(frozen=True, slots=True)
class LevelComparison:
    """One published level beside ours, dollars a contract.

    Parameters
    ----------
    on : date
    contract : str
        Contract or product.
    theirs_dollars : int
    before_dollars : int or None
        The level that theirs replaced.
    ours_dollars : float
        Not rounded to a step.
    quantity : int
        Contracts of a published hedge, else 0.
    knowledge : Knowledge
    what, source : str
    status : Status
        Of their figure; ours is derived.
    """

    on: date
    contract: str
    theirs_dollars: int
    before_dollars: int | None
    ours_dollars: float
    quantity: int
    knowledge: Knowledge
    what: str
    source: str
    status: Status

    @property
    def residual_dollars(self) -> float:
        """Ours less theirs."""
        return self.ours_dollars - self.theirs_dollars

    @property
    def residual_pct(self) -> float:
        """Ours less theirs, per cent of theirs."""
        return 100.0 * self.residual_dollars / self.theirs_dollars


@dataclass(frozen=True, slots=True)
class CreditComparison:
    """A published credit beside ours."""

    published: PublishedCredit
    ours: PairCredit


@dataclass(frozen=True, slots=True)
class LevelComparisons:
    """Every comparison.

    Parameters
    ----------
    published : tuple of LevelComparison
        Single published levels.
    history : tuple of LevelComparison
        The margin history at each year's end, product by product.
    credits : tuple of CreditComparison
    """

    published: tuple[LevelComparison, ...]
    history: tuple[LevelComparison, ...]
    credits: tuple[CreditComparison, ...]


def compare_levels(
    market: MarketData, parameters: ParameterSets, published: PublishedFigures
) -> LevelComparisons:
    """Return published levels and the margin history beside our levels of the same dates.

    Raises
    ------
    RefusedError
        If the market has no margin history, or too little of it.
    """
    history = level_history(market, parameters)
    fewest = parameters.cme.whole("span_observations_min")
    if len(history.fitted_to(date.max)) < fewest:
        expected = f"a margin history with {fewest} levels on grid dates since the first fitted one"
        raise refused("futures_margins", len(history.observations), expected, "SPAN calibration")
    outright = [_treasury(history, level) for level in published.levels if _is_treasury(level)]
    for on in dict.fromkeys(level.on for level in published.levels if not _is_treasury(level)):
        strip = [each for each in published.levels if each.on == on and not _is_treasury(each)]
        outright += _money_markets(market, history, strip)
    return LevelComparisons(
        published=tuple(outright),
        history=tuple(_year_ends(market, history)),
        credits=tuple(_credit(market, history, each) for each in published.credits),
    )


def _is_treasury(level: PublishedLevel) -> bool:
    return level.contract in TREASURIES


def weights_known(history: LevelHistory, on: date) -> tuple[MeasureWeights, Knowledge]:
    """Return weights from levels of the years before a date, or from all where those are few."""
    known = history.fitted_to(date(on.year - 1, 12, 31))
    if len(known) >= history.parameters.cme.whole("span_observations_min"):
        return fit_weights(known, history.rules.names), Knowledge.EARLIER
    return fit_weights(history.fitted_to(date.max), history.rules.names), Knowledge.LATER


def _treasury(history: LevelHistory, level: PublishedLevel) -> LevelComparison:
    weights, knowledge = weights_known(history, level.on)
    observation = history.observation(level.contract, level.on, float(level.dollars))
    return _comparison(level, weights.level_dollars(observation), knowledge)


def _money_markets(
    market: MarketData, history: LevelHistory, strip: Sequence[PublishedLevel]
) -> list[LevelComparison]:
    products = tuple(dict.fromkeys(_product(level.contract) for level in strip))
    ours = calibrate(
        market,
        history.parameters,
        as_of=strip[0].on,
        history=history,
        products=products,
        spreads=False,
    )
    dollars = {
        level.contract.code: level.level_bp * level.dv01_dollars_per_bp for level in ours.levels
    }
    return [_comparison(each, dollars[each.contract], Knowledge.OTHERS) for each in strip]


def _product(code: str) -> str:
    return next(product for product in PRODUCTS if code == product or code[:-3] == product)


def _comparison(
    level: PublishedLevel, ours_dollars: float, knowledge: Knowledge
) -> LevelComparison:
    return LevelComparison(
        on=level.on,
        contract=level.contract,
        theirs_dollars=level.dollars,
        before_dollars=level.before_dollars,
        ours_dollars=ours_dollars,
        quantity=level.quantity,
        knowledge=knowledge,
        what=level.what,
        source=level.source,
        status=level.status,
    )


def _year_ends(market: MarketData, history: LevelHistory) -> list[LevelComparison]:
    excluded = history.parameters.cme.dates("span_levels_excluded")
    rows = []
    for product in TREASURIES:
        if product not in market.futures_margins:
            continue
        levels = market.futures_margins[product]
        days: list[date] = levels.dates.tolist()
        for year in range(days[0].year, days[-1].year + 1):
            on = min(date(year, 12, 31), days[-1])
            if any(first <= on <= last for first, last in excluded):
                continue
            place = sum(1 for day in days if day <= on) - 1
            theirs = float(levels.maintenance_dollars[place])
            weights, knowledge = weights_known(history, on)
            ours = weights.level_dollars(history.observation(product, on, theirs))
            rows.append(
                LevelComparison(
                    on=on,
                    contract=product,
                    theirs_dollars=int(theirs),
                    before_dollars=None,
                    ours_dollars=ours,
                    quantity=0,
                    knowledge=knowledge,
                    what=f"maintenance since {days[place]}",
                    source="CME Clearing advisories, as in the market's margin history",
                    status=Status.SOURCED,
                )
            )
    return rows


def _credit(
    market: MarketData, history: LevelHistory, published: PublishedCredit
) -> CreditComparison:
    ours = calibrate(
        market,
        history.parameters,
        as_of=published.on,
        history=history,
        products=published.products,
    )
    pair = next(pair for pair in ours.pairs if pair.tiers[1] == published.tier)
    return CreditComparison(published, pair)


def hedge_totals(rows: Sequence[LevelComparison]) -> tuple[int, Fraction] | None:
    """Return a published hedge's total, theirs and ours, or None where there is no hedge."""
    hedge = [row for row in rows if row.quantity]
    if not hedge:
        return None
    theirs = sum(row.quantity * row.theirs_dollars for row in hedge)
    return theirs, sum((row.quantity * Fraction(row.ours_dollars) for row in hedge), Fraction(0))
