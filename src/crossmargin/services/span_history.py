"""Announced margin levels, each with what was known before it, and the weights they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.margin.cme.span.calibrated_set import CalibrationEvidence
from crossmargin.margin.cme.span.calibration import (
    LevelObservation,
    MeasureWeights,
    by_product,
    fit_weights,
    leave_one_out,
)
from crossmargin.margin.cme.span.measures import MeasureRules, measures_at
from crossmargin.market.basis import NEIGHBOURS
from crossmargin.market.constant_maturity import cheapest_dv01, par_moves_bp
from crossmargin.market.factors import CurvePoints, curve_points
from crossmargin.market.history import FloatArray, MarketData
from crossmargin.product.futures import PRODUCTS
from crossmargin.services.parameter_sets import ParameterSets

TREASURIES = tuple(NEIGHBOURS)


@dataclass(frozen=True)
class LevelHistory:
    """What announced levels are explained with: every observation, and the curve behind it.

    Parameters
    ----------
    points : CurvePoints
    observations : tuple of LevelObservation
        By product, then date.
    rules : MeasureRules
    parameters : ParameterSets
    """

    points: CurvePoints
    observations: tuple[LevelObservation, ...]
    rules: MeasureRules
    parameters: ParameterSets

    def observation(self, product: str, on: date, maintenance_dollars: float) -> LevelObservation:
        """Return a level with what was known before the date."""
        return _observations(
            self.points, product, [(on, maintenance_dollars)], self.rules, self.parameters
        )[0]

    def fitted_to(self, last: date) -> list[LevelObservation]:
        """Return the observations that weights of a date are fitted to: none later."""
        first = date.fromisoformat(self.parameters.cme.text("span_levels_from"))
        return [each for each in self.observations if first <= each.on <= last]


def level_history(market: MarketData, parameters: ParameterSets) -> LevelHistory:
    """Return every announced level on its date and on the first of each month it was in force."""
    points = curve_points(market.par_yields)
    rules = MeasureRules.from_parameters(parameters.cme)
    excluded = parameters.cme.dates("span_levels_excluded")
    observations: list[LevelObservation] = []
    for product in TREASURIES:
        if product in market.futures_margins:
            levels = [
                (day, dollars)
                for day, dollars in _levels_in_force(market, product)
                if not any(first <= day <= last for first, last in excluded)
            ]
            observations += _observations(points, product, levels, rules, parameters)
    return LevelHistory(points, tuple(observations), rules, parameters)


def _levels_in_force(market: MarketData, product: str) -> list[tuple[date, float]]:
    """Return levels on their dates and on the first of each month until the last one."""
    history = market.futures_margins[product]
    month = np.timedelta64(1, "M")
    first, last = history.dates[[0, -1]].astype("datetime64[M]") + month
    months = np.arange(first, last, month).astype("datetime64[D]")
    days = np.unique(np.concatenate([history.dates, months]))
    days = days[days <= history.dates[-1]]
    place = np.searchsorted(history.dates, days, side="right") - 1
    levels = history.maintenance_dollars[place]
    return list(zip(days.tolist(), levels.tolist(), strict=True))


def _observations(
    points: CurvePoints,
    product: str,
    levels: Sequence[tuple[date, float]],
    rules: MeasureRules,
    parameters: ParameterSets,
) -> list[LevelObservation]:
    maturity = cheapest_maturity_years(product, parameters)
    days = np.array([day for day, _ in levels], dtype="datetime64[D]")
    # The last curve before the day: what was known when the level was set.
    places = np.searchsorted(points.dates, days, side="left") - 1
    dv01 = treasury_dv01(points, product, parameters)[places]
    measured = measures_at(par_moves_bp(points, maturity), places.tolist(), rules)
    return [
        LevelObservation(product, day, dollars, float(dv01[row]), tuple(measured[row].tolist()))
        for row, (day, dollars) in enumerate(levels)
    ]


def cheapest_maturity_years(product: str, parameters: ParameterSets) -> float:
    """Return the maturity that stands for a contract's cheapest issue."""
    name = f"basis_ctd_maturity_years_{product}"
    if name in parameters.market.parameters:
        return float(parameters.market.ratio(name))
    return float(parameters.cme.ratio(f"span_ctd_maturity_years_{product}"))


def treasury_dv01(points: CurvePoints, product: str, parameters: ParameterSets) -> FloatArray:
    """Return the DV01 of a contract on the issue that stands for its cheapest, by date, dollars."""
    issues = []
    for text in parameters.cme.text(f"span_ctd_issues_{product}").split(","):
        left, original = text.split("/")
        issues.append((float(left), float(original)))
    return cheapest_dv01(
        points, issues, dollars_per_point=float(PRODUCTS[product].dollars_per_point)
    )


def evidence(history: LevelHistory, *, as_of: date) -> CalibrationEvidence:
    """Return the weights known on a date and how well they explain the levels until then.

    Where the market has too few levels the stored weights stand.
    """
    known, names = history.fitted_to(as_of), history.rules.names
    last: dict[str, date] = {}
    for each in known:
        last[each.product] = max(each.on, last.get(each.product, each.on))
    if len(known) < history.parameters.cme.whole("span_observations_min"):
        return CalibrationEvidence(_stored_weights(history), False, {}, {}, {}, last)
    weights = fit_weights(known, names)
    products = {each.product for each in known}
    held = date.fromisoformat(history.parameters.cme.text("span_holdout_from"))
    before = [each for each in known if each.on < held]
    after = [each for each in known if each.on >= held]
    enough = len(before) >= len(names) and after
    return CalibrationEvidence(
        weights=weights,
        fitted=True,
        in_sample=by_product(known, weights),
        left_out=leave_one_out(known, names) if len(products) > 1 else {},
        held_out=by_product(after, fit_weights(before, names)) if enough else {},
        last_level=last,
    )


def _stored_weights(history: LevelHistory) -> MeasureWeights:
    stored = history.parameters.cme.parameters["span_measure_weights"]
    weights = history.parameters.cme.ratios("span_measure_weights")
    return MeasureWeights(history.rules.names, weights, 0, stored.effective_from or date.min)
