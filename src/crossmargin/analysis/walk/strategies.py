"""What kind of book it is, by where its two legs' DV01 lies; and its parts by tenor.

Ours, for grouping results: a customer may call its strategy something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.analysis.walk.lines import Book, FutureLine, Lines, TreasuryFutureLine
from crossmargin.parameters.registry import ParameterSet

_BASIS_POINT = 1e-4


class Strategy(StrEnum):
    """How the legs stand to each other."""

    ONE_LEG = "one_leg"
    BASIS = "basis"
    CURVE = "curve"
    PARTIAL_HEDGE = "partial_hedge"
    SAME_DIRECTION = "same_direction"


@dataclass(frozen=True, slots=True)
class StrategyRules:
    """Where one kind ends and another begins.

    Parameters
    ----------
    net_share : Fraction
        A book whose net DV01 is at most this share of its gross is hedged.
    tenor_net_share : Fraction
        A hedged book is a basis trade where the net DV01 of its tenors, added up without their
        signs, is at most this share of the gross; else a curve trade.
    tenor_years : tuple of Fraction
        Upper ends of the tenor buckets, ascending; the last bucket has none.
    """

    net_share: Fraction
    tenor_net_share: Fraction
    tenor_years: tuple[Fraction, ...]

    @staticmethod
    def from_parameters(validation: ParameterSet) -> StrategyRules:
        """Return the rules that ``validation/parameters.toml`` holds."""
        return StrategyRules(
            validation.ratio("strategy_net_share"),
            validation.ratio("strategy_tenor_net_share"),
            tuple(validation.ratios("tenor_bucket_years")),
        )

    @property
    def tenors(self) -> tuple[str, ...]:
        """Names of the buckets, shortest first."""
        ends = [f"{float(end):g}" for end in self.tenor_years]
        return (
            *(f"{low}-{high}y" for low, high in zip(["0", *ends], ends, strict=False)),
            f"over {ends[-1]}y",
        )

    def tenor(self, years: float) -> int:
        """Return the bucket of a remaining maturity."""
        return sum(1 for end in self.tenor_years if years > float(end))


def strategy_of(lines: Lines, book: Book, rules: StrategyRules) -> Strategy:
    """Return what kind of book it is."""
    securities, futures = dv01_by_tenor(lines, book, rules)
    if not (any(securities) and any(futures)):
        return Strategy.ONE_LEG
    of_securities, of_futures = sum(securities), sum(futures)
    gross = abs(of_securities) + abs(of_futures)
    both = [one + two for one, two in zip(securities, futures, strict=True)]
    apart = sum(map(abs, securities)) + sum(map(abs, futures))
    if abs(sum(both)) > float(rules.net_share) * gross:
        same = of_securities * of_futures > 0.0
        return Strategy.SAME_DIRECTION if same else Strategy.PARTIAL_HEDGE
    by_tenor = sum(map(abs, both)) <= float(rules.tenor_net_share) * apart
    return Strategy.BASIS if by_tenor else Strategy.CURVE


def dv01_by_tenor(
    lines: Lines, book: Book, rules: StrategyRules
) -> tuple[list[float], list[float]]:
    """Return each leg's DV01 in dollars by tenor bucket; positive loses when rates rise."""
    securities = [0.0] * len(rules.tenors)
    futures = [0.0] * len(rules.tenors)
    for line in lines.securities:
        units = book.securities.get(line.label, 0)
        securities[rules.tenor(line.years)] += units * line.dv01_dollars
    for future in lines.contracts:
        units = book.contracts.get(future.label, 0)
        futures[rules.tenor(future_years(future))] += units * _future_dv01(future)
    return securities, futures


def future_years(future: FutureLine) -> float:
    """Return the maturity that a contract counts at: of its cheapest issue, or its period's end."""
    return future.years if isinstance(future, TreasuryFutureLine) else future.end_years


def parts_by_tenor(lines: Lines, book: Book, rules: StrategyRules) -> list[Book]:
    """Return the book's parts that lie in one tenor bucket each, as books; empty ones left out."""
    parts = []
    for bucket, name in enumerate(rules.tenors):
        securities = _of_bucket(
            {line.label: line.years for line in lines.securities}, book.securities, bucket, rules
        )
        contracts = _of_bucket(
            {future.label: future_years(future) for future in lines.contracts},
            book.contracts,
            bucket,
            rules,
        )
        if securities or contracts:
            parts.append(Book(f"{book.name} {name}", securities, contracts))
    return parts


def _of_bucket(
    years: Mapping[str, float], units: Mapping[str, int], bucket: int, rules: StrategyRules
) -> dict[str, int]:
    return {
        label: quantity for label, quantity in units.items() if rules.tenor(years[label]) == bucket
    }


def _future_dv01(future: FutureLine) -> float:
    if isinstance(future, TreasuryFutureLine):
        return future.dv01_dollars
    return future.dollars_per_rate * _BASIS_POINT
