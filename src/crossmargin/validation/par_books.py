r"""Margins and outcomes of bonds at par, struck anew on every date.

On each date a bond with that date's par yield as its coupon is margined by plain historical
simulation (HS), by filtered simulation (FHS) and by the larger of the two (MAX), and frozen; its
outcome is its own loss over the horizon that follows. Scenarios are moves of the bond's own par
yield, or of the par yields of its legs, and every bond is fully repriced.

One bond loses the more, the more its yield moves against it. The k-th largest loss is therefore
the loss at the k-th largest move, and one ordered list a tenor, slid along the dates, gives every
margin of both sides. FHS multiplies every filtered move of a window by one volatility, which keeps
their order. A book of several legs has no such order: its loss is computed in every scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np

from crossmargin.margin.tail import QuantileConvention, tail_losses, tail_rank
from crossmargin.market.history import DateArray, FloatArray
from crossmargin.pricing.par_bond import dv01_per_100, pnl_of_yield_moves_per_100
from crossmargin.validation.windows import (
    StressedYearReading,
    Tails,
    WindowRules,
    slide_of,
    sliding_tails,
    window_on,
)
from crossmargin.validation.yield_moves import (
    WHOLE_YEARS,
    YieldPaths,
    ewma_volatility,
    filtered_moves,
    moves_over,
)

IntArray = np.ndarray[tuple[int], np.dtype[np.int64]]

_BP = 1e4


@dataclass(frozen=True, slots=True)
class ParBook:
    """A book of bonds at par.

    Parameters
    ----------
    name : str
    legs : tuple of (years, share)
        Maturity in whole years; share of the DV01 of $100 of the bond of ``matched_years``, with
        its sign.
    matched_years : int
        The bond whose $100 sets the size; losses are per cent of its market value.
    """

    name: str
    legs: tuple[tuple[int, float], ...]
    matched_years: int


SINGLE_BOOKS: tuple[ParBook, ...] = tuple(
    ParBook(f"{years}y {side}", ((years, share),), years)
    for years in WHOLE_YEARS
    for side, share in (("long", 1.0), ("short", -1.0))
)
COMBINED_BOOKS: tuple[ParBook, ...] = (
    ParBook("2s10s steepener", ((2, 1.0), (10, -1.0)), 10),
    ParBook("2s10s flattener", ((2, -1.0), (10, 1.0)), 10),
    ParBook("2-5-10 fly", ((5, 1.0), (2, -0.5), (10, -0.5)), 10),
    ParBook("2-5-10 fly short", ((5, -1.0), (2, 0.5), (10, 0.5)), 10),
)
PAR_BOOKS: tuple[ParBook, ...] = SINGLE_BOOKS + COMBINED_BOOKS


@dataclass(frozen=True, slots=True)
class SimulationRules:
    """How the margins are computed.

    Parameters
    ----------
    horizon : int
        In scenario dates.
    coverage : Fraction
    quantile : QuantileConvention
    windows : WindowRules
    filtered_stressed_reading : StressedYearReading
        How the stressed year comes into the window of the filtered simulation.
    decay : float
    start_changes : int
        Of the volatility; see :func:`~crossmargin.validation.yield_moves.ewma_volatility`.
    """

    horizon: int
    coverage: Fraction
    quantile: QuantileConvention
    windows: WindowRules
    filtered_stressed_reading: StressedYearReading
    decay: float
    start_changes: int


@dataclass(frozen=True, slots=True)
class BookPath:
    """One book, margin date by margin date; per cent of market value.

    Parameters
    ----------
    name : str
    dates : ndarray of datetime64[D], shape (outcomes,)
        Margin dates; the outcome comes ``horizon`` dates later.
    losses : ndarray, shape (outcomes,)
        Realised; gains are negative.
    margins : mapping of model to ndarray, shape (outcomes,)
        ``hs``, ``fhs`` and ``max``; not negative.
    counts, ranks : ndarray of int64, shape (outcomes,)
        Scenarios in the HS window, and which loss is read.
    """

    name: str
    dates: DateArray
    losses: FloatArray
    margins: Mapping[str, FloatArray]
    counts: IntArray
    ranks: IntArray


class ParBookPaths:
    """Margins and outcomes of any par book over a run of margin dates.

    Parameters
    ----------
    yields : YieldPaths
        From well before the first window to the horizon after the last margin date.
    places : range
        Margin dates, as places in the dates.
    rules : SimulationRules
    """

    def __init__(self, yields: YieldPaths, places: range, rules: SimulationRules) -> None:
        self._yields = yields
        self._places = np.asarray(places)
        self._rules = rules
        filtered_rules = replace(rules.windows, stressed_reading=rules.filtered_stressed_reading)
        self._windows, self._filtered_windows = (
            [window_on(yields.dates, place, window, horizon=rules.horizon) for place in places]
            for window in (rules.windows, filtered_rules)
        )
        self._slides = slide_of(self._windows), slide_of(self._filtered_windows)
        # Column by column in memory: everything below reads one tenor along the dates.
        self._moves = np.asfortranarray(moves_over(yields.yields_bp, rules.horizon))
        self._volatility = ewma_volatility(
            moves_over(yields.yields_bp, 1), decay=rules.decay, start_changes=rules.start_changes
        )
        self._filtered = np.asfortranarray(
            filtered_moves(self._moves, self._volatility, rules.horizon)
        )
        self._rank_of: Callable[[int], int] = cache(
            lambda count: tail_rank(count, rules.coverage, rules.quantile)
        )
        self._tails: dict[int, tuple[Tails, Tails]] = {}

    def missing(self, book: ParBook, *, fewest_scenarios: int) -> str | None:
        """Return why a book has no margins or outcomes, None where it has all."""
        columns = [self._column(years) for years, _ in book.legs]
        after = self._places + self._rules.horizon
        if np.isnan(
            self._yields.yields_bp[np.concatenate([self._places, after])][:, columns]
        ).any():
            return "a par yield is missing on a margin date or at its outcome"
        if np.isnan(self._volatility[self._places][:, columns]).any():
            return "no volatility is known on the first margin dates"
        # All columns at once: a scenario needs every leg.
        known = self._filtered_windows[0].of(self._filtered[:, columns].sum(axis=1))
        if int(np.isfinite(known).sum()) < fewest_scenarios:
            return f"fewer than {fewest_scenarios} scenarios (ruling 8)"
        return None

    def paths(self, books: Sequence[ParBook]) -> tuple[BookPath, ...]:
        """Return margins and outcomes of every book, in order."""
        combined = self._combined_margins([book for book in books if len(book.legs) > 1])
        return tuple(
            self._path(book, combined[book] if book in combined else self._single_margins(book))
            for book in books
        )

    def _path(self, book: ParBook, margins: _Margins) -> BookPath:
        after = self._moves[self._places + self._rules.horizon]
        losses = np.zeros(len(self._places))
        for (years, _), size in zip(book.legs, self._sizes(book), strict=True):
            # Leg by leg as in the margin: an equal move then gives an equal loss, to the last bit.
            column = self._column(years)
            par_bp = self._yields.yields_bp[self._places, column]
            losses = losses - _pnl(par_bp, after[:, column], years) * size
        return BookPath(
            name=book.name,
            dates=self._yields.dates[self._places],
            losses=losses,
            margins={
                "hs": margins.hs,
                "fhs": margins.fhs,
                "max": np.maximum(margins.hs, margins.fhs),
            },
            counts=margins.counts,
            ranks=margins.ranks,
        )

    def _column(self, years: int) -> int:
        return self._yields.years.index(years)

    def _par(self, column: int) -> FloatArray:
        par: FloatArray = self._yields.yields_bp[self._places, column] / _BP
        return par

    def _sizes(self, book: ParBook) -> list[FloatArray]:
        """Return each leg's par over 100, date by date."""
        matched = dv01_per_100(self._par(self._column(book.matched_years)), book.matched_years)
        return [
            share * (matched / dv01_per_100(self._par(self._column(years)), years))
            for years, share in book.legs
        ]

    def _tails_of(self, column: int) -> tuple[Tails, Tails]:
        if column not in self._tails:
            plain, filtered = (
                sliding_tails(values[:, column], slide, self._rank_of)
                for values, slide in zip((self._moves, self._filtered), self._slides, strict=True)
            )
            self._tails[column] = plain, filtered
        return self._tails[column]

    def _single_margins(self, book: ParBook) -> _Margins:
        ((years, share),) = book.legs
        column = self._column(years)
        par_bp = self._yields.yields_bp[self._places, column]
        plain, filtered = self._tails_of(column)
        found = []
        for tails, scale in ((plain, 1.0), (filtered, self._volatility[self._places, column])):
            # A long loses when its yield rises, a short when it falls.
            worst = tails.largest if share > 0.0 else tails.smallest
            found.append(np.maximum(-share * _pnl(par_bp, worst * scale, years), 0.0))
        return _Margins(found[0], found[1], plain.counts, plain.ranks)

    def _combined_margins(self, books: Sequence[ParBook]) -> dict[ParBook, _Margins]:
        days = len(self._places)
        found = {book: _Margins.blank(days) for book in books}
        sizes = [self._sizes(book) for book in books]
        for day in range(days if books else 0):
            plain, filtered = self._leg_pnl(day, books)
            shares = [[size[day] for size in of_book] for of_book in sizes]
            hs = self._tails_of_books(books, shares, plain)
            fhs = self._tails_of_books(books, shares, filtered)
            for margins, (loss, count, rank), (filtered_loss, _, _) in zip(
                found.values(), hs, fhs, strict=True
            ):
                margins.hs[day], margins.fhs[day] = loss, filtered_loss
                margins.counts[day], margins.ranks[day] = count, rank
        return found

    def _leg_pnl(
        self, day: int, books: Sequence[ParBook]
    ) -> tuple[dict[int, FloatArray], dict[int, FloatArray]]:
        """Return each leg's P&L per 100 in every scenario of a day, plain and filtered."""
        plain, filtered = {}, {}
        for years in sorted({years for book in books for years, _ in book.legs}):
            column = self._column(years)
            par_bp = self._yields.yields_bp[self._places[day], column]
            moves = self._windows[day].of(self._moves[:, column])
            scaled = self._filtered_windows[day].of(self._filtered[:, column])
            scaled = scaled * self._volatility[self._places[day], column]
            pnl = _pnl(par_bp, np.concatenate([moves, scaled]), years)
            plain[years], filtered[years] = pnl[: len(moves)], pnl[len(moves) :]
        return plain, filtered

    def _tails_of_books(
        self,
        books: Sequence[ParBook],
        shares: Sequence[Sequence[float]],
        leg_pnl: Mapping[int, FloatArray],
    ) -> list[tuple[float, int, int]]:
        """Return tail loss, N and k of each book; scenarios that a book has no P&L in left out."""
        count = len(next(iter(leg_pnl.values())))
        pnl = np.zeros((len(books), count))
        for row, book in enumerate(books):
            for (years, _), share in zip(book.legs, shares[row], strict=True):
                pnl[row] += leg_pnl[years] * share
        if not np.isnan(pnl).any():
            rank = self._rank_of(count)
            return [(float(loss), count, rank) for loss in tail_losses(pnl, rank)]
        found = []
        for of_book in pnl:
            known = of_book[~np.isnan(of_book)]
            rank = self._rank_of(len(known))
            found.append((float(tail_losses(known[np.newaxis, :], rank)[0]), len(known), rank))
        return found


@dataclass(frozen=True, slots=True)
class _Margins:
    hs: FloatArray
    fhs: FloatArray
    counts: IntArray
    ranks: IntArray

    @staticmethod
    def blank(days: int) -> _Margins:
        whole = [np.zeros(days, dtype=np.int64) for _ in range(2)]
        return _Margins(np.zeros(days), np.zeros(days), *whole)


def _pnl(par_bp: FloatArray, moves_bp: FloatArray, years: int) -> FloatArray:
    return pnl_of_yield_moves_per_100(par_bp / _BP, moves_bp / _BP, years)
