"""The use case behind ``xm forward``: margin and liquidity day by day along a path.

Four paths. *Restrike*: the book re-struck on every date of the history, the window as known then.
*Shock*: what the market did in an episode, done again from the as-of date on, so that today's book
and today's window walk through it. *Impulse*: one move, then still days. *Simulated*: days of the
history drawn by seed, in blocks. Ruling 20; what stands for what is in every output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.figures import BookWalk, ModelWalk, WalkRules
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.liquidity import Liquidity, liquidity
from crossmargin.analysis.walk.margins import (
    FILTERED,
    FUTURES,
    HISTORICAL,
    SECURITIES,
)
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.volatility import largest_key, volatility_ratios
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.analysis.walk.weights import line_weights
from crossmargin.arrangement.reduction import Reduction
from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.margin.ficc.model import Decides
from crossmargin.market.history import DateArray, FloatArray, MarketData
from crossmargin.services.customer_books import CustomerBook, unknown_customers
from crossmargin.services.forward_paths import ForwardPath, Impulse, Route, route_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_run import CustomerResult
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.walk_dates import walk_rules
from crossmargin.services.walked_books import lines_and_books

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CUSTOMER_MINIMUM = "customer_minimum"
_RULE = "ruling 20"
_CENTS = 100


@dataclass(frozen=True, slots=True)
class CustomerForward:
    """One customer along the path.

    The first margin date is the opening: its requirement has been paid. Days are those after it.

    Parameters
    ----------
    result : CustomerResult
        The margin day of the date whose terms the book keeps, fully repriced.
    book : Book
    walk : BookWalk
        Of the opening and the days.
    ficc_decides : tuple of str
        What the reduced figure of the securities rests on at FICC, date by date.
    loss_cents : mapping of leg to ndarray of int64, shape (days,)
        Of the book re-struck the date before, over the day: securities, futures.
    basis_observed : ndarray of bool, shape (days,)
        Whether every future held has a basis of its own on the day; else its part is left out.
    volatility_key_years : float
        The key rate of the largest DV01.
    volatility_ratio : ndarray, shape (days + 1,)
        There, by :func:`~crossmargin.analysis.walk.volatility.volatility_ratios`.
    arranged, apart : Liquidity
        With the arrangement, and with none.
    """

    result: CustomerResult
    book: Book
    walk: BookWalk
    ficc_decides: tuple[str, ...]
    loss_cents: Mapping[str, IntArray]
    basis_observed: BoolArray
    volatility_key_years: float
    volatility_ratio: FloatArray
    arranged: Liquidity
    apart: Liquidity

    @property
    def switches(self) -> tuple[int, ...]:
        """Places of the dates on which another side binds than on the date before."""
        sides = [each.binding for each in self.walk.reductions]
        return tuple(place for place in range(1, len(sides)) if sides[place] != sides[place - 1])

    def reduction(self, place: int) -> Reduction:
        """Return what the rule made of both models' figures."""
        return self.walk.reductions[place]


@dataclass(frozen=True, slots=True)
class ForwardWalk:
    """Customers along a path.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep.
    path : Restrike, Shock, Impulse or Simulated
    dates : ndarray of datetime64[D], shape (days + 1,)
        The opening first.
    source_dates : ndarray of datetime64[D], shape (days,), or None
        Shock and simulated: whose day each repeats.
    known_until : tuple of date
        What basis and spread were estimated with, in order.
    lowest_par_yield : float
        Of the curves of the walk, plain ratio.
    missing_tenors : int
        Curves of the walk without every tenor.
    lines : Lines
        What stands for the books' positions.
    customers : tuple of CustomerForward
    not_walked : mapping of customer to str
        And why.
    """

    run: MarginRun
    path: ForwardPath
    dates: DateArray
    source_dates: DateArray | None
    known_until: tuple[date, ...]
    lowest_par_yield: float
    missing_tenors: int
    lines: Lines
    customers: tuple[CustomerForward, ...]
    not_walked: Mapping[str, str]

    @property
    def day(self) -> MarginDay:
        """The margin day of the terms."""
        return self.run.result.day


def forward_walk(
    run: MarginRun,
    market: MarketData,
    executor: BlockExecutor,
    *,
    path: ForwardPath,
    customers: Sequence[str] = (),
) -> ForwardWalk:
    """Return what customers owe, and the cash that they need, day by day along a path.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep.
    market : MarketData
    executor : BlockExecutor
    path : Restrike, Shock, Impulse or Simulated
    customers : sequence of str
        Customer ids; every customer if left out.

    Raises
    ------
    RefusedError
        If the path has no dates or too short a history, a customer is unknown, no customer has an
        XM account, or a model is set to something that a walk does not do.
    """
    day = run.result.day
    rules = walk_rules(day.parameters)
    results, books, not_walked = chosen_customers(run, customers)
    lines, walked = lines_and_books(day, books)
    try:
        route = route_of(day, market, path, rules)
        walks = walk_books(
            route.factors, route.places, lines=lines, books=walked, rules=rules, run=executor.run
        )
    except ValueError as error:
        raise refused(
            "path", f"{path.mode}: {error}", "dates and moves that a walk can be made of", _RULE
        ) from error
    by_key = _volatility(route, rules)
    opening = line_weights(
        lines,
        route.factors.zero_rates_on(route.places[:1]),
        Monomials(route.factors.key_years),
        repo_follows_front=rules.repo_follows_front,
    )
    keys = [
        largest_key(opening, lines, book, Monomials(route.factors.key_years), row=0)
        for book in walked
    ]
    par = route.factors.points.par_yields[np.asarray(route.places)]
    return ForwardWalk(
        run=run,
        path=path,
        dates=route.factors.dates[np.asarray(route.places)],
        source_dates=route.source_dates,
        known_until=tuple(dict.fromkeys(each.until for each in route.factors.known.values())),
        lowest_par_yield=float(np.nanmin(par)),
        missing_tenors=int(np.isnan(par).any(axis=1).sum()),
        lines=lines,
        customers=tuple(
            _customer(
                result,
                book,
                walk,
                minimum_cents=rules.reduction.customer_minimum.cents,
                volatility=(float(route.factors.key_years[key]), by_key[:, key]),
                is_impulse=isinstance(path, Impulse),
            )
            for result, book, walk, key in zip(results, walked, walks, keys, strict=True)
        ),
        not_walked=not_walked,
    )


def chosen_customers(
    run: MarginRun, customers: Sequence[str]
) -> tuple[list[CustomerResult], list[CustomerBook], dict[str, str]]:
    """Return the customers that can be walked, and why others cannot.

    Parameters
    ----------
    run : MarginRun
    customers : sequence of str
        Customer ids; every customer if empty.

    Raises
    ------
    RefusedError
        If a customer is unknown, or none has an XM account.
    """
    if faults := unknown_customers(run.books, customers, option="--customer"):
        raise RefusedError(*faults)
    results, books, left_out = [], [], {}
    for result, book in zip(run.result.customers, run.books, strict=True):
        if customers and book.key.customer_id not in customers:
            continue
        if book.xm:
            results.append(result)
            books.append(book)
        else:
            left_out[book.key.customer_id] = "nothing in the XM account"
    if not books:
        raise refused(
            "positions", run.positions.name, "a customer with an XM account to walk", _RULE
        )
    return results, books, left_out


def _volatility(route: Route, rules: WalkRules) -> FloatArray:
    factors = route.factors
    # Moves of key rates are the same whatever was known of basis and spread.
    moves = next(iter(factors.known.values())).moves[rules.cme.horizon_days]
    return volatility_ratios(moves, factors.dates, route.places, rules.cme)


def _customer(
    result: CustomerResult,
    book: Book,
    walk: BookWalk,
    *,
    minimum_cents: int,
    volatility: tuple[float, FloatArray],
    is_impulse: bool,
) -> CustomerForward:
    days = len(walk.dates) - 1
    one_day = walk.outcomes[1]
    losses = {
        SECURITIES: _whole_cents(one_day.securities[:days]),
        FUTURES: _whole_cents(one_day.futures[:days]),
    }
    least = minimum_cents if book.securities else 0
    both = (losses[SECURITIES], losses[FUTURES])
    return CustomerForward(
        result=result,
        book=book,
        walk=walk,
        ficc_decides=_ficc_decides(walk, least),
        loss_cents=losses,
        # In an impulse nothing but the curve moves: its losses lack no basis.
        basis_observed=one_day.basis_observed[:days] | is_impulse,
        volatility_key_years=volatility[0],
        volatility_ratio=volatility[1],
        arranged=liquidity((walk.ficc_cents, walk.cme_cents), both),
        apart=liquidity((walk.standalone_ficc_cents, walk.cme.cents[FUTURES]), both),
    )


def _whole_cents(dollars: FloatArray) -> IntArray:
    """Return dollars on the grid as whole cents, the nearest, half up."""
    steps = np.rint(dollars * GRID_PER_DOLLAR).astype(np.int64)
    return (2 * _CENTS * steps + GRID_PER_DOLLAR) // (2 * GRID_PER_DOLLAR)


def _ficc_decides(walk: BookWalk, least: int) -> tuple[str, ...]:
    """Return the member of the VaR Charge that is the securities' figure, or the minimum."""
    members = decided_by(walk.ficc, SECURITIES)
    return tuple(
        CUSTOMER_MINIMUM if least > reduction.ficc_requirement.cents else member
        for member, reduction in zip(members, walk.reductions, strict=True)
    )


def decided_by(model: ModelWalk, leg: str) -> tuple[str, ...]:
    """Return which member of FICC's VaR Charge is the figure of a leg, date by date.

    Of equals the first, as in the model.
    """
    parts = model.components
    added = parts["bid_ask", leg] + parts["repo_volatility", leg]
    members = {Decides.MODEL: parts[HISTORICAL, leg] + added}
    if (FILTERED, leg) in parts:
        members[Decides.MINIMUM_MARGIN_AMOUNT] = parts[FILTERED, leg] + added
    members[Decides.FLOOR_PERCENTAGE] = parts["floor_percentage", leg]
    names, figures = [member.value for member in members], np.vstack(list(members.values()))
    return tuple(names[place] for place in figures.argmax(axis=0))
