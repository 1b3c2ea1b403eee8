"""Kupiec and Christoffersen: by hand on small samples, and against scipy."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from crossmargin.market.seeds import generator as seeded
from crossmargin.validation.coverage_tests import (
    CombinedTest,
    Direction,
    LikelihoodRatio,
    Transitions,
    chi_squared_survival,
    combine,
    examine_series,
    independence_ratio,
    not_rejected,
    proportion_of_failures,
    proportion_ratio,
    transitions_of,
)

PERCENT = Fraction(1, 100)
LEVEL = Fraction(5, 100)


@pytest.mark.parametrize("degrees", [1, 2])
@pytest.mark.parametrize("statistic", [0.0, 0.01, 0.5, 1.0, 3.841, 6.63, 12.0, 40.0])
def test_survival_is_that_of_chi_squared(statistic: float, degrees: int) -> None:
    expected = stats.chi2.sf(statistic, degrees)
    assert chi_squared_survival(statistic, degrees) == pytest.approx(expected, rel=1e-12)


def test_other_degrees_of_freedom_have_no_closed_form_here() -> None:
    with pytest.raises(ValueError, match="1 or 2 degrees of freedom, was 3"):
        chi_squared_survival(1.0, 3)


def test_the_proportion_of_failures_by_hand() -> None:
    # 16 exceptions of 750 where 7.5 are promised:
    # 16 ln(16 / 7.5) = 12.12297, 734 ln(734 / 742.5) = -8.45116, twice their sum is 7.34362.
    assert proportion_ratio(750, 16, PERCENT) == pytest.approx(7.34362, abs=5e-6)
    # Over three dates an outcome the ratio is a third, 2.44787, and p = erfc(sqrt(1.22394)).
    found = proportion_of_failures(750, 16, promised=PERCENT, level=LEVEL, horizon=3)
    assert found.result.statistic == pytest.approx(2.44787, abs=5e-6)
    assert found.result.p_value == pytest.approx(stats.chi2.sf(2.447874, 1), rel=1e-5)
    assert found.direction is Direction.TOO_MANY
    assert not found.is_rejected
    assert proportion_of_failures(750, 16, promised=PERCENT, level=LEVEL).is_rejected


@pytest.mark.parametrize(("outcomes", "exceptions"), [(250, 6), (1000, 3), (2500, 44), (7, 1)])
def test_the_ratio_is_that_of_two_binomial_likelihoods(outcomes: int, exceptions: int) -> None:
    best = stats.binom.logpmf(exceptions, outcomes, exceptions / outcomes)
    expected = 2.0 * (best - stats.binom.logpmf(exceptions, outcomes, 0.01))
    assert proportion_ratio(outcomes, exceptions, PERCENT) == pytest.approx(expected, rel=1e-9)


def test_none_and_all_are_exact() -> None:
    # Nothing to count on one side: -2 n ln(1 - p) = -500 ln 0.99 and -2 n ln p = -20 ln 0.01.
    none, every = proportion_ratio(250, 0, PERCENT), proportion_ratio(10, 10, PERCENT)
    assert none == pytest.approx(-500 * math.log(0.99), rel=1e-13)
    assert every == pytest.approx(-20 * math.log(0.01), rel=1e-13)


def test_direction_is_that_of_exact_shares() -> None:
    found = [
        proportion_of_failures(300, count, promised=PERCENT, level=LEVEL).direction
        for count in (2, 3, 4)
    ]
    assert found == [Direction.TOO_FEW, Direction.AS_PROMISED, Direction.TOO_MANY]
    assert proportion_ratio(300, 3, PERCENT) == 0.0


def test_no_exception_in_250_is_no_proof_of_too_much_margin() -> None:
    # -500 ln 0.99 = 5.03 and p = 2.5 %, but 0.99^250 = 8.1 % of honest years have no exception.
    found = proportion_of_failures(250, 0, promised=PERCENT, level=LEVEL)
    assert found.result.p_value < 0.05
    assert found.tail_probability == pytest.approx(0.99**250, rel=1e-12)
    assert not found.is_rejected
    # In 300 it happens in 4.9 of 100.
    assert proportion_of_failures(300, 0, promised=PERCENT, level=LEVEL).is_rejected


@pytest.mark.parametrize("exceptions", [0, 10, 11, 24, 25, 26, 60])
@pytest.mark.parametrize("horizon", [1, 3])
def test_the_tail_is_that_of_outcomes_that_cannot_overlap(exceptions: int, horizon: int) -> None:
    found = proportion_of_failures(2500, exceptions, promised=PERCENT, level=LEVEL, horizon=horizon)
    apart = stats.binom(2500 // horizon, 0.01)
    expected = (
        apart.sf(exceptions // horizon - 1)
        if exceptions > 25
        else apart.cdf(math.ceil(exceptions / horizon))
    )
    assert found.tail_probability == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("outcomes", [1, 2, 5, 60, 250, 833, 2500])
@pytest.mark.parametrize("horizon", [1, 3])
def test_the_region_is_that_of_trying_every_count(outcomes: int, horizon: int) -> None:
    apart = stats.binom(outcomes // horizon, 0.01)
    kept = []
    for count in range(min(outcomes, 200) + 1):
        ratio = proportion_ratio(outcomes, count, PERCENT) / horizon
        many = count > outcomes * 0.01
        tail = apart.sf(count // horizon - 1) if many else apart.cdf(math.ceil(count / horizon))
        if stats.chi2.sf(ratio, 1) >= 0.05 or tail >= 0.05:
            kept.append(count)
    assert not_rejected(outcomes, PERCENT, LEVEL, horizon) == (kept[0], kept[-1])
    assert kept == list(range(kept[0], kept[-1] + 1))


@pytest.mark.parametrize(("outcomes", "exceptions"), [(0, 0), (5, 6), (5, -1)])
def test_counts_that_cannot_be_are_refused(outcomes: int, exceptions: int) -> None:
    with pytest.raises(ValueError, match="exceptions of"):
        proportion_ratio(outcomes, exceptions, PERCENT)


@pytest.mark.parametrize("promised", [Fraction(0), Fraction(1)])
def test_a_promise_of_none_or_all_cannot_be_tested(promised: Fraction) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        proportion_ratio(10, 1, promised)


def test_independence_by_hand() -> None:
    # Of 249 outcomes that follow another, 6 are exceptions, 2 of them right after one.
    # Apart: 239 ln(239/243) + 4 ln(4/243) + 4 ln(4/6) + 2 ln(2/6)
    #        = -3.966896 - 16.427068 - 1.621860 - 2.197225 = -24.213049
    # Together: 243 ln(243/249) + 6 ln(6/249) = -5.927123 - 22.354161 = -28.281284
    # Twice the difference is 8.13647, p = erfc(sqrt(4.068234)) = 0.43 %.
    ratio = independence_ratio(Transitions(239, 4, 4, 2))
    assert ratio == pytest.approx(8.13647, abs=5e-6)
    assert chi_squared_survival(ratio, 1) == pytest.approx(0.004338, abs=5e-7)


@pytest.mark.parametrize("counts", [(239, 4, 4, 2), (20, 5, 5, 0), (3, 3, 3, 3), (1, 9, 9, 80)])
def test_independence_is_the_g_test_of_the_two_by_two_table(
    counts: tuple[int, int, int, int],
) -> None:
    n00, n01, n10, n11 = counts
    found = stats.chi2_contingency(
        [[n00, n01], [n10, n11]], correction=False, lambda_="log-likelihood"
    )
    assert independence_ratio(Transitions(*counts)) == pytest.approx(found.statistic, abs=1e-9)


def test_transitions_are_those_of_walking_along() -> None:
    found = seeded(11).random(400) < 0.2
    pairs = list(zip(found.tolist(), found.tolist()[1:], strict=False))
    walked = [pairs.count((one, two)) for one in (False, True) for two in (False, True)]
    assert transitions_of(found) == Transitions(*walked)
    assert sum(walked) == 399


def test_the_joint_test_takes_the_first_outcome_as_given() -> None:
    # An exception first, then 249 outcomes with 6 exceptions: two right after an exception.
    found = np.zeros(250, dtype=bool)
    found[[0, 40, 80, 81, 82, 120, 160]] = True
    tests = examine_series(found, first=2, promised=PERCENT, level=LEVEL)
    assert tests.transitions == Transitions(238, 4, 5, 2)
    assert tests.proportion.exceptions == 7
    assert tests.independence is not None
    assert tests.joint is not None
    expected = tests.independence.statistic + proportion_ratio(249, 6, PERCENT)
    assert tests.joint.statistic == pytest.approx(expected, rel=1e-13)
    assert tests.joint.p_value == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-12)
    assert tests.first == 2


@pytest.mark.parametrize(
    "places",
    [
        [],  # no exception: nothing follows one
        [9],  # the only one is the last: nothing follows it
        [0],  # the only one is the first: none follows anything
        list(range(10)),  # nothing else
        list(range(9)),  # the only covered outcome is the last
    ],
)
def test_what_the_exceptions_cannot_show_is_not_tested(places: list[int]) -> None:
    found = np.zeros(10, dtype=bool)
    found[places] = True
    tests = examine_series(found, first=0, promised=PERCENT, level=LEVEL)
    assert tests.independence is None
    assert tests.joint is None
    assert not tests.transitions.is_testable
    with pytest.raises(ValueError, match="cannot be tested"):
        independence_ratio(tests.transitions)


def test_clusters_fail_independence_and_scattered_exceptions_do_not() -> None:
    scattered, clustered = np.zeros(500, dtype=bool), np.zeros(500, dtype=bool)
    scattered[20::50] = True
    clustered[200:205] = clustered[300:305] = True
    for found, fails in ((scattered, False), (clustered, True)):
        tests = examine_series(found, first=0, promised=Fraction(1, 50), level=LEVEL)
        assert tests.proportion.direction is Direction.AS_PROMISED
        assert tests.independence is not None
        assert (tests.independence.p_value < 0.001) is fails
        assert tests.transitions.is_clustering is fails


def test_a_statement_of_several_series_multiplies_the_smallest_by_all() -> None:
    ratios = [
        LikelihoodRatio(1.0, 0.3),
        None,
        LikelihoodRatio(5.0, 0.02),
        LikelihoodRatio(5.0, 0.02),
    ]
    assert combine(ratios) == CombinedTest(p_value=0.08, smallest=2, testable=3, series=4)
    assert combine([LikelihoodRatio(0.1, 0.7)] * 3).p_value == 1.0
    assert combine([None, None]) == CombinedTest(None, None, 0, 2)
