"""Charges on gross market value of re-struck books: floor percentage and bid-ask spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.haircuts import HaircutRates
from crossmargin.analysis.walk.lines import Book, Lines, MoneyMarketLine
from crossmargin.analysis.walk.margins import (
    FUTURES,
    LEGS,
    SECURITIES,
)
from crossmargin.analysis.walk.rules import FiccWalkRules
from crossmargin.analysis.walk.weights import LineWeights
from crossmargin.margin.exact import GRID_PER_DOLLAR, to_grid_up
from crossmargin.market.history import FloatArray

IntArray = npt.NDArray[np.int64]


def _maturities(lines: Lines) -> tuple[list[float], list[float]]:
    """Return the maturity whose rates a security, and a contract, is charged by."""
    return (
        [line.years for line in lines.securities],
        [0.0 if isinstance(line, MoneyMarketLine) else line.years for line in lines.contracts],
    )


def floor_rates(
    lines: Lines, days: Sequence[date], haircuts: HaircutRates, rules: FiccWalkRules
) -> tuple[FloatArray, FloatArray]:
    """Return the floor's rate on market value of securities and contracts: (lines, dates) each."""
    months = {(day.year, day.month): haircuts.on(day) for day in days}
    shares = {
        month: [float(rules.floor_share * rate) for rate in rates]
        for month, rates in months.items()
    }
    by_day = np.array([shares[day.year, day.month] for day in days])
    return _by_maturity(lines, lambda years: by_day[:, rules.bucket(years)])


def bid_ask_rates(lines: Lines, days: int, rules: FiccWalkRules) -> tuple[FloatArray, FloatArray]:
    """Return the bid-ask rate on market value of securities and contracts: (lines, dates) each."""
    return _by_maturity(lines, lambda years: np.full(days, float(rules.bid_ask_rate(years))))


def _by_maturity(
    lines: Lines, rates: Callable[[float], FloatArray]
) -> tuple[FloatArray, FloatArray]:
    securities, contracts = _maturities(lines)
    return (
        np.array([rates(years) for years in securities]),
        np.array([rates(years) for years in contracts]),
    )


def gross_charges(
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
