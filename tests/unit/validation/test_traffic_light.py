"""Zones of the traffic light for any number of outcomes, against scipy."""

from __future__ import annotations

from fractions import Fraction

import pytest
from scipy import stats

from crossmargin.validation.binomial import probability_between
from crossmargin.validation.traffic_light import Zone, first_reaching, traffic_light

YELLOW, RED = Fraction("0.95"), Fraction("0.9999")


@pytest.mark.parametrize("outcomes", [1, 3, 83, 250, 500, 833, 2500])
@pytest.mark.parametrize("promised", ["0.01", "0.005", "0.025"])
def test_zones_begin_where_the_binomial_reaches_them(outcomes: int, promised: str) -> None:
    share = Fraction(promised)
    # ppf is the fewest count whose cumulative probability reaches the argument.
    for probability in (YELLOW, RED):
        expected = int(stats.binom.ppf(float(probability), outcomes, float(share)))
        assert first_reaching(outcomes, share, probability) == expected


def test_three_outcomes_by_hand() -> None:
    # At one half, 0 to 3 exceptions have probabilities 1, 3, 3, 1 of 8: up to two reach 7/8.
    half = Fraction(1, 2)
    assert first_reaching(3, half, Fraction(4, 8)) == 1
    assert first_reaching(3, half, Fraction(7, 8)) == 2
    assert first_reaching(3, half, Fraction(7, 8) + Fraction(1, 10**30)) == 3


def test_a_count_stands_in_one_zone() -> None:
    zones = [
        traffic_light(2500, count, promised=Fraction("0.01"), yellow=YELLOW, red=RED).zone
        for count in (0, 32, 33, 44, 45, 2500)
    ]
    assert zones == [Zone.GREEN, Zone.GREEN, Zone.YELLOW, Zone.YELLOW, Zone.RED, Zone.RED]


@pytest.mark.parametrize(("promised", "yellow"), [("0", "0.95"), ("1", "0.95"), ("0.01", "1")])
def test_shares_outside_their_range_are_refused(promised: str, yellow: str) -> None:
    with pytest.raises(ValueError, match="shares of"):
        traffic_light(250, 0, promised=Fraction(promised), yellow=Fraction(yellow), red=RED)


@pytest.mark.parametrize("outcomes", [1, 250, 2500])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.97])
def test_binomial_probabilities_are_those_of_scipy(outcomes: int, share: float) -> None:
    apart = stats.binom(outcomes, share)
    for count in {0, 1, outcomes // 100, outcomes // 2, outcomes - 1, outcomes}:
        below = probability_between(outcomes, 0, count, share)
        assert below == pytest.approx(apart.cdf(count), rel=1e-9, abs=1e-250)
        above = probability_between(outcomes, count, outcomes, share)
        assert above == pytest.approx(apart.sf(count - 1), rel=1e-9, abs=1e-250)
    assert probability_between(outcomes, outcomes + 1, outcomes, share) == 0.0
