"""Lines of a walk as a seller sees them: moves day by day, volatility, DV01, volume.

Moves are those of the walk: on each day a line is struck with its terms and moves as the factors
did. Volatility is the standard deviation (about zero) of the opening's line over the one-day moves
of the window that ends with the opening. Volumes are those of the crowding analysis; within a
maturity bucket they are split between the newest issue of each original maturity and all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.analysis.walk.figures import WalkRules
from crossmargin.analysis.walk.lines import Lines, MoneyMarketLine
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.outcomes import line_outcomes
from crossmargin.analysis.walk.weights import CONTRACT_BITS, LineWeights, line_weights
from crossmargin.basics.refusals import refused
from crossmargin.default_management.liquidation.instruments import Instrument, Market
from crossmargin.default_management.liquidation.terms import LiquidationTerms
from crossmargin.margin.exact import GRID_PER_DOLLAR, from_grid, root_up, to_grid
from crossmargin.margin.ficc.liquidity import liquidity_group_place
from crossmargin.market.history import FloatArray
from crossmargin.product.treasury import SecurityKind, TreasurySecurity
from crossmargin.services.crowding import daily_volume, telling_contracts
from crossmargin.services.forward_paths import Route
from crossmargin.services.margin_day import MarginDay

_DV01_STEPS = 1 << 30
_VOLATILITY_STEPS = 1_000_000_000
#: Of a move in per cent.
_BASIS_POINT = 0.01
_RULE = "methodology: liquidation"


@dataclass(frozen=True, slots=True)
class SellersLines:
    """Every line, and what hedges.

    Parameters
    ----------
    instruments : mapping of label to Instrument
    hedges : tuple of str
        The most liquid contract by maturity bucket, then that of the whole book.
    """

    instruments: Mapping[str, Instrument]
    hedges: tuple[str, ...]


def hedge_codes(day: MarginDay) -> tuple[str, ...]:
    """Return the contracts that may hedge: one a product, the first with its period ahead."""
    contracts = day.valuation.contracts
    return tuple(contracts[number].contract.code for number in telling_contracts(day).values())


def sellers_lines(
    day: MarginDay, route: Route, lines: Lines, rules: WalkRules, terms: LiquidationTerms
) -> SellersLines:
    """Return the lines of a route.

    Parameters
    ----------
    day : MarginDay
        Of the terms date: volumes and newest issues are as known on it, on every path.
    route : Route
    lines : Lines
        With those of :func:`hedge_codes`.
    rules : WalkRules
    terms : LiquidationTerms

    Raises
    ------
    RefusedError
        If the opening has too short a history for a volatility, or the coefficients are not one a
        maturity bucket.
    """
    monomials = Monomials(route.factors.key_years)
    weights = line_weights(
        lines,
        route.factors.zero_rates_on(route.places[:-1]),
        monomials,
        repo_follows_front=rules.repo_follows_front,
    )
    opening = weights.rows(slice(0, 1))
    volatility = _volatilities(route, opening, monomials, terms)
    moves = _moves(route, weights, monomials)
    dv01 = _dv01(opening, monomials)
    values = [from_grid(each) for each in to_grid(opening.security_value[:, 0]).tolist()]
    values += [Fraction(0)] * len(lines.contracts)
    instruments = {}
    for row, (label, market, bucket) in enumerate(_traded_lines(day, lines, terms)):
        instruments[label] = Instrument(
            label=label,
            market=market,
            bucket=bucket,
            # A contract is one of its volume, whatever it is worth.
            volume_per_unit=values[row] or Fraction(1),
            volatility_dollars=volatility[row],
            dv01_dollars=dv01[row],
            transfer_value_dollars=values[row],
            moves_steps=moves[row],
        )
    codes = [code for code in hedge_codes(day) if code in instruments]
    return SellersLines(instruments, _hedges(instruments, codes, len(terms.impact_of_buckets)))


def _steps(securities: FloatArray, contracts: FloatArray) -> list[list[int]]:
    """Return dollars on the grid as whole steps, line by line."""
    both = np.vstack([securities, contracts])
    rows: list[list[int]] = np.rint(both * GRID_PER_DOLLAR).astype(np.int64).tolist()
    return rows


def _moves(route: Route, weights: LineWeights, monomials: Monomials) -> list[tuple[int, ...]]:
    """Return every line's profit and loss day by day, with what was known in each date's year."""
    starts = route.places[:-1]
    days: list[date] = route.factors.dates[np.asarray(starts)].astype(object).tolist()
    by_year: list[list[list[int]]] = []
    for year in dict.fromkeys(day.year for day in days):
        of_year = [place for place, day in enumerate(days) if day.year == year]
        some = slice(of_year[0], of_year[-1] + 1)
        found = line_outcomes(
            route.factors.known[year].moves[1],
            starts[some],
            weights=weights.rows(some),
            monomials=monomials,
        )
        by_year.append(_steps(*found))
    return [tuple(step for part in parts for step in part) for parts in zip(*by_year, strict=True)]


def _volatilities(
    route: Route, opening: LineWeights, monomials: Monomials, terms: LiquidationTerms
) -> list[Fraction]:
    """Return every line's daily standard deviation, about zero, over the window to the opening."""
    place, days = route.places[0], terms.volatility_window_days
    if place < days:
        expected = f"an opening with {days} moves before it, as liquidation.volatility_window_days"
        raise refused("path", f"{place} moves before the opening", expected, _RULE)
    year = route.factors.dates[place].astype(date).year
    pnl = line_outcomes(
        route.factors.known[year].moves[1],
        range(place - days, place),
        weights=opening,
        monomials=monomials,
    )
    found = []
    for row in _steps(*pnl):
        square = Fraction(sum(step * step for step in row), days * GRID_PER_DOLLAR**2)
        found.append(root_up(square, steps=_VOLATILITY_STEPS) * terms.volatility_multiple)
    return found


def _dv01(opening: LineWeights, monomials: Monomials) -> list[Fraction]:
    """Return what a unit of every line loses when all zero rates rise by a basis point."""
    keys = [monomials.place[((key, 1),)] for key in range(len(monomials.key_years))]
    found = []
    for parts, weights in ((1.0, opening.securities), (2.0**CONTRACT_BITS, opening.contracts)):
        for row in weights[:, 0][:, keys].tolist():
            dollars = -sum(row) * (parts * _BASIS_POINT)
            found.append(Fraction(round(dollars * _DV01_STEPS), _DV01_STEPS))
    return found


def _traded_lines(
    day: MarginDay, lines: Lines, terms: LiquidationTerms
) -> Iterator[tuple[str, Market, int]]:
    """Yield each line's label, the market it trades in, and its maturity bucket."""
    lower_years = day.parameters.ficc.ratios("liquidity_treasury_lower_years")
    if len(terms.impact_of_buckets) != len(lower_years):
        expected = f"{len(lower_years)} numbers, as ficc.liquidity_treasury_lower_years"
        given = len(terms.impact_of_buckets)
        raise refused("liquidation.impact_coefficient_securities", given, expected, _RULE)

    def bucket_of(years: float) -> int:
        return liquidity_group_place(
            years, is_tips=False, treasury_lower_years=lower_years, tips_lower_years=()
        )

    newest = newest_issues(day)
    for line in lines.securities:
        bucket = bucket_of(line.years)
        yield line.label, _of_bucket(day, bucket, line.label in newest, terms), bucket
    products = {each.contract.code: each.contract.product for each in day.valuation.contracts}
    for future in lines.contracts:
        product = products[future.label]
        if isinstance(future, MoneyMarketLine):
            years = (future.start_years + future.end_years) / 2.0
        else:
            years = future.years
        volume = daily_volume(day, product) * terms.volume_multiple
        market = Market(product, volume, terms.impact_of_products[product])
        yield future.label, market, bucket_of(years)


def _of_bucket(day: MarginDay, bucket: int, newest: bool, terms: LiquidationTerms) -> Market:
    group = day.ficc.liquidity.groups[bucket]
    share = terms.on_the_run_volume_share
    return Market(
        f"{group.name}, {'on' if newest else 'off'} the run",
        group.average_daily_volume_dollars
        * terms.volume_multiple
        * (share if newest else 1 - share),
        terms.impact_of_buckets[bucket],
    )


def newest_issues(day: MarginDay) -> frozenset[str]:
    """Return the CUSIPs on the run: of each original maturity the note or bond that matures last.

    An issue whose original maturity is not known counts as off the run.
    """
    newest: dict[int, TreasurySecurity] = {}
    for price in day.prices.prices.values():
        security, years = price.security, price.security.original_maturity_years
        if years is None or security.kind not in (SecurityKind.NOTE, SecurityKind.BOND):
            continue
        known = newest.get(years)
        if known is None or security.maturity_date > known.maturity_date:
            newest[years] = security
    return frozenset(security.cusip.text for security in newest.values())


def _hedges(
    instruments: Mapping[str, Instrument], codes: Sequence[str], buckets: int
) -> tuple[str, ...]:
    """Return the contract with the most DV01 in a day's volume: by bucket, then of them all.

    A bucket without a contract has that of the nearest one, the longer of two.
    """

    def liquid(code: str) -> Fraction:
        return instruments[code].market.daily_volume * instruments[code].dv01_dollars

    def nearness(code: str, wanted: int) -> tuple[int, int, Fraction]:
        bucket = instruments[code].bucket
        return (-abs(bucket - wanted), bucket, liquid(code))

    chosen = [max(codes, key=lambda code: nearness(code, bucket)) for bucket in range(buckets)]
    return (*chosen, max(codes, key=liquid))
