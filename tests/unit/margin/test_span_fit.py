"""The fit of level weights on invented histories: known weights come back, exactly and in order."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.margin.cme.span.calibration import (
    LevelObservation,
    by_product,
    fit_weights,
    leave_one_out,
    residual_statistics,
)

NAMES = ("fast", "slow", "tail")


def invented(
    weights: tuple[float, ...], *, products: int = 3, dates: int = 40, noise: float = 0.0
) -> list[LevelObservation]:
    random = np.random.default_rng(20120109)  # noqa: TID251
    found = []
    for product in range(products):
        dv01 = 30.0 * (product + 1)
        for day in range(dates):
            measures = tuple(float(x) for x in random.uniform(4.0, 25.0, len(weights)))
            level = sum(w * m for w, m in zip(weights, measures, strict=True))
            dollars = level * dv01 * (1.0 + noise * float(random.standard_normal()))
            on = date(2012, 1, 9) + timedelta(days=30 * day)
            found.append(LevelObservation(f"P{product}", on, dollars, dv01, measures))
    return found


def test_known_weights_come_back():
    fitted = fit_weights(invented((0.4, 0.25, 0.6)), NAMES)
    assert fitted.weights == (Fraction(2, 5), Fraction(1, 4), Fraction(3, 5))
    assert fitted.observations == 120
    assert residual_statistics(
        invented((0.4, 0.25, 0.6)), fitted
    ).root_mean_square == pytest.approx(0.0, abs=1e-9)


def test_a_measure_that_would_count_negatively_counts_nothing():
    fitted = fit_weights(invented((0.8, -0.2, 0.5)), NAMES)
    assert fitted.weights[1] == 0
    assert min(fitted.weights[0], fitted.weights[2]) > 0


def test_the_solution_meets_the_conditions_of_a_non_negative_minimum():
    observations = invented((0.5, -0.1, 0.4), noise=0.1)
    fitted = fit_weights(observations, NAMES)
    mean = {}
    for each in observations:
        mean.setdefault(each.product, []).append(each.level_bp)
    scale = [math.fsum(mean[o.product]) / len(mean[o.product]) for o in observations]
    design = np.array([o.measures_bp for o in observations]) / np.array(scale)[:, None]
    target = np.array([o.level_bp for o in observations]) / np.array(scale)
    slope = design.T @ (target - design @ np.array([float(w) for w in fitted.weights]))
    for weight, gain in zip(fitted.weights, slope, strict=True):
        # Nothing is gained by more of a measure, nor by less of one that counts.
        assert gain <= 0.1
        assert weight == 0 or abs(gain) <= 0.1


def test_the_order_of_the_levels_changes_nothing():
    observations = invented((0.4, 0.25, 0.6), noise=0.2)
    assert fit_weights(observations, NAMES) == fit_weights(observations[::-1], NAMES)


def test_products_count_alike_whatever_their_size():
    observations = invented((0.4, 0.25, 0.6), noise=0.2)
    larger = [
        replace(
            o,
            maintenance_dollars=o.maintenance_dollars * 100.0,
            dv01_dollars_per_bp=o.dv01_dollars_per_bp * 100.0,
        )
        if o.product == "P0"
        else o
        for o in observations
    ]
    assert fit_weights(observations, NAMES).weights == fit_weights(larger, NAMES).weights


def test_a_product_left_out_does_not_explain_itself():
    observations = invented((0.4, 0.25, 0.6))
    odd = [
        replace(o, maintenance_dollars=o.maintenance_dollars * 2.0) if o.product == "P0" else o
        for o in observations
    ]
    left_out = leave_one_out(odd, NAMES)
    within = by_product(odd, fit_weights(odd, NAMES))
    assert left_out["P0"].mean == pytest.approx(-0.5, abs=1e-3)
    assert within["P0"].mean > left_out["P0"].mean
    assert left_out["P0"].observations == 40


def test_too_few_levels_are_refused():
    with pytest.raises(ValueError, match="3 weights need as many levels"):
        fit_weights(invented((0.4, 0.25, 0.6))[:2], NAMES)


def test_measures_that_repeat_each_other_do_not_break_the_fit():
    observations = [
        replace(o, measures_bp=(o.measures_bp[0], o.measures_bp[0], o.measures_bp[2]))
        for o in invented((0.5, 0.0, 0.5))
    ]
    fitted = fit_weights(observations, NAMES)
    assert fitted.weights == (Fraction(1, 2), Fraction(0), Fraction(1, 2))
