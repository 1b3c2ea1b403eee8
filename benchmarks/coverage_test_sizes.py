"""How often the tests of coverage reject, by simulation: the tables of docs/methodology.

Run: python benchmarks/coverage_test_sizes.py [--series 2000]. Prints Markdown and keeps nothing.
Margins are constant and let through a stated share of outcomes, exactly or to four digits; outcomes
are sums of days that overlap.
"""

from __future__ import annotations

import argparse
from datetime import date
from fractions import Fraction
from statistics import NormalDist

import numpy as np

from crossmargin import bootstrap
from crossmargin.market.history import FloatArray
from crossmargin.market.seeds import generator
from crossmargin.validation.assessment import AssessmentRules, combine_series, is_clustered
from crossmargin.validation.coverage import BoolArray
from crossmargin.validation.coverage_tests import CombinedTest, examine_series, not_rejected
from crossmargin.validation.overlap import bootstrap_interval, exact_interval, interleaved

RULES = AssessmentRules.from_parameters(bootstrap.backtest_parameters(date.max).validation)
KINDS = ("bell-shaped", "heavy-tailed", "jumps")
OUTCOMES = (250, 750, 2500)
TRUE_SHARES = ("0.002", "0.003", "0.004", "0.005", "0.015", "0.0175", "0.02", "0.03")
_CALIBRATION = 4_000_000
_SEED = 20260324


def sums(days: FloatArray, horizon: int) -> FloatArray:
    """Return the sums of so many days that begin on each day of each series."""
    total = days[:, : days.shape[1] - horizon + 1].copy()
    for lag in range(1, horizon):
        total += days[:, lag : days.shape[1] - horizon + 1 + lag]
    return total


def exceptions_of(kind: str, share: float, shape: tuple[int, int], horizon: int) -> BoolArray:
    """Return exceptions, series by series, of a margin that lets through the share."""
    series, outcomes = shape
    days = (series, outcomes + horizon - 1)
    random = generator(_SEED, KINDS.index(kind), outcomes, horizon)
    if kind == "bell-shaped":
        margin = NormalDist().inv_cdf(1.0 - share) * horizon**0.5
        return sums(random.standard_normal(days), horizon) > margin
    if kind == "jumps":
        chance = 1.0 - (1.0 - share) ** (1.0 / horizon)
        return sums((random.random(days) < chance).astype(np.float64), horizon) > 0.0
    known = generator(_SEED).standard_t(3, (_CALIBRATION, horizon)).sum(axis=1)
    known.sort()
    return sums(random.standard_t(3, days), horizon) > known[round(_CALIBRATION * (1.0 - share))]


def rejected(found: BoolArray, horizon: int) -> tuple[float, float]:
    """Return how often too many and too few are rejected, in per cent."""
    fewest, most = not_rejected(found.shape[1], RULES.promised, RULES.level, horizon)
    counts = found.sum(axis=1)
    return 100.0 * float((counts > most).mean()), 100.0 * float((counts < fewest).mean())


def other_tests(found: BoolArray, horizon: int) -> list[float]:
    """Return how often the other tests reject and the intervals hold, in per cent."""
    figures: list[list[bool]] = []
    for each in found:
        series = tuple(
            examine_series(part, first=first, promised=RULES.promised, level=RULES.level)
            for first, part in enumerate(interleaved(each, horizon))
        )
        combined = combine_series(series, horizon)
        exact = exact_interval(
            len(each), int(each.sum()), level=RULES.interval_level, horizon=horizon
        )
        sampled = bootstrap_interval(each, RULES.bootstrap, level=RULES.interval_level)
        figures.append(
            [
                *(_below(test) for test in (combined.proportion, combined.independence)),
                _below(combined.joint),
                is_clustered(series, horizon, RULES.level),
                exact is not None and exact.low <= RULES.promised <= exact.high,
                sampled is not None and sampled.low <= RULES.promised <= sampled.high,
            ]
        )
    return [100.0 * each for each in np.mean(figures, axis=0).tolist()]


def _below(test: CombinedTest) -> bool:
    return test.p_value is not None and test.p_value < RULES.level


def print_sizes(series: int) -> None:
    """Print how often honest margins are rejected."""
    print(
        "| days | horizon | outcomes | plain Kupiec | verdict: many, few | thirds: Kupiec ", end=""
    )
    print("| independence | joint | clustered | exact interval holds | bootstrap holds |")
    print("|" + "---|" * 11)
    for kind, horizon in (("bell-shaped", 1), *((kind, 3) for kind in KINDS)):
        for outcomes in OUTCOMES:
            found = exceptions_of(kind, float(RULES.promised), (series, outcomes), horizon)
            many, few = rejected(found, horizon)
            cells = [f"{sum(rejected(found, 1)):.1f}", f"{many:.1f}, {few:.1f}"]
            cells += [f"{each:.1f}" for each in other_tests(found, horizon)]
            print(f"| {kind} | {horizon} | {outcomes:,} | {' | '.join(cells)} |")


def print_power(series: int) -> None:
    """Print how often margins that do not keep the promise are found out."""
    print(f"| days | horizon | {' | '.join(TRUE_SHARES)} |")
    print("|" + "---|" * (2 + len(TRUE_SHARES)))
    for kind, horizon in (("bell-shaped", 1), ("bell-shaped", 3), ("jumps", 3)):
        cells = []
        for share in TRUE_SHARES:
            found = exceptions_of(kind, float(share), (series, OUTCOMES[-1]), horizon)
            many, few = rejected(found, horizon)
            cells.append(f"{many if Fraction(share) > RULES.promised else few:.0f}")
        print(f"| {kind} | {horizon} | {' | '.join(cells)} |")


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    arguments = parser.parse_args()
    print_sizes(arguments.series)
    print()
    print_power(arguments.series)


if __name__ == "__main__":
    main()
