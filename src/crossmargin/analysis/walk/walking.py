"""A walk: what books would have owed on every margin date, and what happened next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.filtering import FactorForecasts
from crossmargin.analysis.walk.haircuts import HaircutRates, haircut_rates
from crossmargin.analysis.walk.lines import Book, Lines, MoneyMarketLine
from crossmargin.analysis.walk.margins import (
    FILTERED,
    FUTURES,
    HISTORICAL,
    LEGS,
    SCALED,
    SECURITIES,
    STRESS,
    TailSteps,
    year_tails,
)
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.outcomes import Outcomes, outcomes
from crossmargin.analysis.walk.readings import factor_forecasts
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.analysis.walk.weights import LineWeights, line_weights
from crossmargin.arrangement.reduction import (
    ModelFigures,
    Reduction,
    ReductionRules,
    margin_reduction,
)
from crossmargin.basics.money import Money
from crossmargin.margin.exact import GRID_PER_DOLLAR, to_grid_up
from crossmargin.market.history import DateArray, FloatArray

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
#: Runs ``function(first, last)`` over bounds and gives results in order.
Run = Callable[
    [Callable[[int, int], "list[_Year]"], Sequence[tuple[int, int]]], "Iterable[list[_Year]]"
]


@dataclass(frozen=True, slots=True)
class WalkRules:
    """Everything that a walk takes from parameters.

    Parameters
    ----------
    ficc, cme : FiccWalkRules, CmeWalkRules
    reduction : ReductionRules
    repo_follows_front : float
    """

    ficc: FiccWalkRules
    cme: CmeWalkRules
    reduction: ReductionRules
    repo_follows_front: float

    @property
    def horizons(self) -> tuple[int, ...]:
        """Every horizon that is walked, one day among them."""
        return tuple(sorted({1, self.ficc.horizon_days, self.cme.horizon_days}))


@dataclass(frozen=True, slots=True)
class ModelWalk:
    """One model's figures of a book, date by date; whole cents.

    Parameters
    ----------
    cents : mapping of leg to ndarray of int64, shape (dates,)
        Securities, futures, combined.
    components : mapping of (component, leg) to ndarray of int64, shape (dates,)
        Grid steps of 2^-18 dollar.
    """

    cents: Mapping[str, IntArray]
    components: Mapping[tuple[str, str], IntArray]


@dataclass(frozen=True, slots=True)
class BookWalk:
    """One book through time.

    Parameters
    ----------
    name : str
    dates : ndarray of datetime64[D], shape (dates,)
        Margin dates.
    ficc, cme : ModelWalk
    reductions : tuple of Reduction
        What the rule makes of both models' figures on each date.
    ficc_cents, cme_cents : ndarray of int64, shape (dates,)
        Collected: after the reduction, at FICC at least the customer minimum.
    outcomes : mapping of horizon to Outcomes
        Of those margin dates whose outcome is known: the first so many.
    """

    name: str
    dates: DateArray
    ficc: ModelWalk
    cme: ModelWalk
    reductions: tuple[Reduction, ...]
    ficc_cents: IntArray
    cme_cents: IntArray
    outcomes: Mapping[int, Outcomes]

    @property
    def requirement_cents(self) -> IntArray:
        """Collected by both clearing organizations together."""
        return self.ficc_cents + self.cme_cents

    @property
    def standalone_cents(self) -> IntArray:
        """FICC's figure of the securities and CME's of the futures, with no arrangement."""
        return self.ficc.cents[SECURITIES] + self.cme.cents[FUTURES]


@dataclass(frozen=True, slots=True)
class _Year:
    """One book on the margin dates of a calendar year."""

    tails: TailSteps
    floor: Mapping[str, IntArray]
    bid_ask: Mapping[str, IntArray]
    outcomes: Mapping[int, Outcomes]


def walk_books(
    factors: WalkFactors,
    places: Sequence[int],
    *,
    lines: Lines,
    books: Sequence[Book],
    rules: WalkRules,
    run: Run,
) -> list[BookWalk]:
    """Return what books would have owed on every margin date, and what happened next.

    Parameters
    ----------
    factors : WalkFactors
    places : sequence of int
        Of the margin dates, ascending.
    lines : Lines
    books : sequence of Book
        Of the lines.
    rules : WalkRules
    run : callable
        Runs the calendar years; the answer does not depend on how.

    Raises
    ------
    ValueError
        If a date has too few scenarios, or a book is too large to be summed exactly.
    """
    monomials = Monomials(factors.key_years)
    haircuts = haircut_rates(factors, monomials, rules.ficc, places=places)
    forecasts = factor_forecasts(factors, places, rules.cme)
    dates = factors.dates[np.asarray(places)]
    years = dates.astype("datetime64[Y]")
    edges = [0, *(int(at) + 1 for at in np.flatnonzero(years[1:] != years[:-1])), len(places)]

    def of_year(first: int, last: int) -> list[_Year]:
        return _year(
            factors,
            places[first:last],
            lines=lines,
            books=books,
            rules=rules,
            monomials=monomials,
            haircuts=haircuts,
            forecasts=forecasts,
        )

    by_year = list(run(of_year, list(pairwise(edges))))
    return [
        _book_walk(book, dates, [of_all[row] for of_all in by_year], rules)
        for row, book in enumerate(books)
    ]


def _year(
    factors: WalkFactors,
    places: Sequence[int],
    *,
    lines: Lines,
    books: Sequence[Book],
    rules: WalkRules,
    monomials: Monomials,
    haircuts: HaircutRates,
    forecasts: FactorForecasts,
) -> list[_Year]:
    days: list[date] = factors.dates[np.asarray(places)].astype(object).tolist()
    known = factors.known[days[0].year]
    weights = line_weights(
        lines,
        factors.zero_rates_on(places),
        monomials,
        repo_follows_front=rules.repo_follows_front,
    )
    tails = year_tails(
        factors,
        known,
        places,
        weights=weights,
        lines=lines,
        books=books,
        monomials=monomials,
        ficc=rules.ficc,
        cme=rules.cme,
        forecasts=forecasts,
    )
    happened: dict[int, list[Outcomes]] = {}
    for horizon in rules.horizons:
        some = [place for place in places if place + horizon < len(factors.dates)]
        happened[horizon] = outcomes(
            known.moves[horizon],
            some,
            weights=weights.rows(slice(0, len(some))),
            lines=lines,
            books=books,
            monomials=monomials,
        )
    floors = _gross(lines, books, weights, _floor_rates(lines, days, haircuts, rules.ficc))
    bid_asks = _gross(lines, books, weights, _bid_ask_rates(lines, len(days), rules.ficc))
    return [
        _Year(
            tails[row],
            floors[row],
            bid_asks[row],
            {horizon: found[row] for horizon, found in happened.items()},
        )
        for row in range(len(books))
    ]


def _maturities(lines: Lines) -> tuple[list[float], list[float]]:
    """Return the maturity whose rates a security, and a contract, is charged by."""
    return (
        [line.years for line in lines.securities],
        [0.0 if isinstance(line, MoneyMarketLine) else line.years for line in lines.contracts],
    )


def _floor_rates(
    lines: Lines, days: Sequence[date], haircuts: HaircutRates, rules: FiccWalkRules
) -> tuple[FloatArray, FloatArray]:
    months = {(day.year, day.month): haircuts.on(day) for day in days}
    shares = {
        month: [float(rules.floor_share * rate) for rate in rates]
        for month, rates in months.items()
    }
    by_day = np.array([shares[day.year, day.month] for day in days])
    return _by_maturity(lines, lambda years: by_day[:, rules.bucket(years)])


def _bid_ask_rates(lines: Lines, days: int, rules: FiccWalkRules) -> tuple[FloatArray, FloatArray]:
    return _by_maturity(lines, lambda years: np.full(days, float(rules.bid_ask_rate(years))))


def _by_maturity(
    lines: Lines, rates: Callable[[float], FloatArray]
) -> tuple[FloatArray, FloatArray]:
    securities, contracts = _maturities(lines)
    return (
        np.array([rates(years) for years in securities]),
        np.array([rates(years) for years in contracts]),
    )


def _gross(
    lines: Lines,
    books: Sequence[Book],
    weights: LineWeights,
    rates: tuple[FloatArray, FloatArray],
) -> list[dict[str, IntArray]]:
    """Return each book's charge on gross market value, leg by leg, in grid steps."""
    per_unit = {
        SECURITIES: _steps_up(weights.security_value, rates[0]),
        FUTURES: _steps_up(weights.contract_value, rates[1]),
    }
    found = []
    for book in books:
        of_book = {}
        for leg, held, all_lines in (
            (SECURITIES, book.securities, lines.securities),
            (FUTURES, book.contracts, lines.contracts),
        ):
            total = np.zeros(weights.days, dtype=np.int64)
            for row, line in enumerate(all_lines):
                if units := held.get(line.label):
                    total = total + abs(units) * per_unit[leg][row]
            of_book[leg] = total
        of_book[LEGS[2]] = of_book[SECURITIES] + of_book[FUTURES]
        found.append(of_book)
    return found


def _steps_up(value: FloatArray, rates: FloatArray) -> IntArray:
    if not len(value):
        return np.zeros(value.shape, dtype=np.int64)
    return (to_grid_up(value * rates) * GRID_PER_DOLLAR).astype(np.int64)


def _book_walk(book: Book, dates: DateArray, years: Sequence[_Year], rules: WalkRules) -> BookWalk:
    ficc = _ficc_walk(book, years, rules.ficc)
    cme = _cme_walk(years, rules.cme)
    figures = (
        zip(*(model.cents[leg].tolist() for leg in LEGS), strict=True) for model in (ficc, cme)
    )
    reductions = tuple(
        margin_reduction(
            ficc=ModelFigures(*map(Money, of_ficc)),
            cme=ModelFigures(*map(Money, of_cme)),
            rules=rules.reduction,
        )
        for of_ficc, of_cme in zip(*figures, strict=True)
    )
    least = rules.reduction.customer_minimum.cents if book.securities else 0
    return BookWalk(
        name=book.name,
        dates=dates,
        ficc=ficc,
        cme=cme,
        reductions=reductions,
        ficc_cents=np.array(
            [max(least, each.ficc_requirement.cents) for each in reductions], dtype=np.int64
        ),
        cme_cents=np.array([each.cme_requirement.cents for each in reductions], dtype=np.int64),
        outcomes={
            days: _joined([year.outcomes[days] for year in years]) for days in years[0].outcomes
        },
    )


def _ficc_walk(book: Book, years: Sequence[_Year], rules: FiccWalkRules) -> ModelWalk:
    repo_steps = -(-book.repo_charge.numerator * GRID_PER_DOLLAR // book.repo_charge.denominator)
    cents, components = {}, {}
    for leg in LEGS:
        historical = _tail(years, HISTORICAL, leg)
        bid_ask = np.concatenate([year.bid_ask[leg] for year in years])
        floor = np.concatenate([year.floor[leg] for year in years])
        repo = np.full_like(historical, 0 if leg == FUTURES else repo_steps)
        largest = historical
        components[HISTORICAL, leg] = historical
        if rules.filtered_years is not None:
            components[FILTERED, leg] = _tail(years, FILTERED, leg)
            largest = np.maximum(historical, components[FILTERED, leg])
        components["bid_ask", leg], components["repo_volatility", leg] = bid_ask, repo
        components["floor_percentage", leg] = floor
        charge = np.maximum(largest + bid_ask + repo, floor)
        cents[leg] = -(-charge * 100 // GRID_PER_DOLLAR)
    return ModelWalk(cents, components)


def _cme_walk(years: Sequence[_Year], rules: CmeWalkRules) -> ModelWalk:
    share, whole = rules.historical_weight.numerator, rules.historical_weight.denominator
    cents, components = {}, {}
    for leg in LEGS:
        scaled, stress = _tail(years, SCALED, leg), _tail(years, STRESS, leg)
        components[SCALED, leg], components[STRESS, leg] = scaled, stress
        charge = share * scaled + (whole - share) * stress
        cents[leg] = -(-charge * 100 // (whole * GRID_PER_DOLLAR))
    return ModelWalk(cents, components)


def _tail(years: Sequence[_Year], simulation: str, leg: str) -> IntArray:
    return np.concatenate([year.tails.steps[simulation, leg] for year in years])


def _joined(parts: Sequence[Outcomes]) -> Outcomes:
    return Outcomes(
        np.concatenate([part.securities for part in parts]),
        np.concatenate([part.futures for part in parts]),
        np.concatenate([part.basis_observed for part in parts]),
    )
