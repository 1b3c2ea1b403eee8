"""Published tables of backtesting: Kupiec's regions and the supervisors' zones."""

from __future__ import annotations

from fractions import Fraction

import pytest

from crossmargin.validation.binomial import probability_between
from crossmargin.validation.coverage_tests import not_rejected
from crossmargin.validation.traffic_light import Zone, traffic_light

#: P. H. Kupiec (1995), "Techniques for verifying the accuracy of risk measurement models", as
#: tabulated in P. Jorion, *Value at Risk* (recalled): numbers of failures N that do not reject at
#: 5 %, by the probability p and the number of days; 255 days at 1 % is printed "N < 7".
KUPIEC = {
    "0.01": ("N<7", "1<N<11", "4<N<17"),
    "0.025": ("2<N<12", "6<N<21", "15<N<36"),
    "0.05": ("6<N<21", "16<N<36", "37<N<65"),
    "0.075": ("11<N<28", "27<N<51", "59<N<92"),
    "0.1": ("16<N<36", "38<N<65", "81<N<120"),
}
DAYS = (255, 510, 1000)

#: Basel Committee, supervisory framework for backtesting, January 1996 (recalled): cumulative
#: probability in per cent of 0 to 10 exceptions in 250 outcomes at 99 % coverage.
BASEL = (8.11, 28.58, 54.32, 75.81, 89.22, 95.88, 98.63, 99.60, 99.89, 99.97, 99.99)


@pytest.mark.parametrize("promised", KUPIEC)
def test_kupiecs_regions(promised: str) -> None:
    found = []
    for days in DAYS:
        fewest, most = not_rejected(days, Fraction(promised), Fraction("0.05"), 1)
        found.append(f"{fewest - 1}<N<{most + 1}" if fewest else f"N<{most + 1}")
    assert tuple(found) == KUPIEC[promised]


def test_the_supervisors_probabilities() -> None:
    found = [round(100 * probability_between(250, 0, count, 0.01), 2) for count in range(11)]
    assert tuple(found) == BASEL


def test_the_supervisors_zones() -> None:
    zones = [
        traffic_light(
            250,
            count,
            promised=Fraction("0.01"),
            yellow=Fraction("0.95"),
            red=Fraction("0.9999"),
        ).zone
        for count in range(16)
    ]
    assert zones == [Zone.GREEN] * 5 + [Zone.YELLOW] * 5 + [Zone.RED] * 6
