"""The use case behind ``xm backtest --path``: real position paths instead of frozen books.

Every margin date has the book held on it, struck with that date's terms; its outcome is that of
the same book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.lines import Book, FutureLine, Lines, SecurityLine
from crossmargin.analysis.walk.paths import DatedBooks, walk_path
from crossmargin.analysis.walk.strategies import Strategy, StrategyRules, strategy_of
from crossmargin.basics.refusals import refused
from crossmargin.market.history import MarketData
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.backtest_positions import (
    BookBacktest,
    PositionsBacktest,
    book_backtest,
    pooled_coverage,
)
from crossmargin.services.backtest_series import BacktestContext
from crossmargin.services.margin_day import prepare_day
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import MarginResult
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.path_rows import PathInput, path_rows
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.position_paths import strike_path
from crossmargin.services.walk_dates import walk_dates, walk_rules

_RULE = "methodology: position paths"


def backtest_path(
    path: PathInput,
    market: MarketData,
    parameters: ParameterSets,
    validation: ParameterSet,
    executor: BlockExecutor,
    *,
    as_of: date,
    first: date,
    last: date,
    skip_bad_rows: bool = False,
) -> PositionsBacktest:
    """Return how both models and the offset did on positions that change with the date.

    Parameters
    ----------
    path : PathInput
    market : MarketData
    parameters : ParameterSets
        Of every margin date.
    validation : ParameterSet
    executor : BlockExecutor
    as_of : date
        Whose price sheet says what every issue is, and whose cheapest issues stand for those of
        other dates.
    first, last : date
        Margin dates lie between, both included.
    skip_bad_rows : bool

    Raises
    ------
    RefusedError
        With every fault of every row, unless they are to be skipped; if the dates have no outcomes,
        too short a history or no positions yet; if a parameter has a value that a walk does not do.
    """
    day = prepare_day(market, parameters, as_of=as_of, contracts=())
    rows = path_rows(path, day, skip_bad_rows=skip_bad_rows)
    rules = walk_rules(parameters)
    factors, places = walk_dates(market, parameters, rules, first=first, last=last)
    struck = strike_path(rows, day, factors, places)
    try:
        walks = walk_path(factors, places, held=struck.held, rules=rules, run=executor.run)
    except ValueError as error:
        expected = "dates with scenarios enough, and books that can be summed exactly"
        raise refused("--from, --to", error, expected, _RULE) from error
    lines = _every_line(struck.held)
    context = BacktestContext.of(factors, places, rules, lines, validation)
    done, left_out = [], []
    for customer, walk in enumerate(walks):
        books = [each.books[customer] for each in struck.held]
        if any(book.securities or book.contracts for book in books):
            done.append(_customer(books, walk, context, struck.held))
        else:
            left_out.append(walk.name)
    read = PositionsInput(path.name, path.sha256, path.row_count, (), path.refusals)
    return PositionsBacktest(
        run=MarginRun(read, MarginResult(day, ()), (), rows.skipped),
        validation=validation,
        dates=factors.dates[np.asarray(places)],
        lines=lines,
        customers=tuple(done),
        tenors={customer.book.name: () for customer in done},
        pooled=pooled_coverage(done),
        left_out=tuple(left_out),
        path=struck,
    )


def _customer(
    books: Sequence[Book], walk: BookWalk, context: BacktestContext, held: Sequence[DatedBooks]
) -> BookBacktest:
    """Return one customer's results; its legs are those that it ever has."""
    ever = Book(
        name=walk.name,
        securities={label: 1 for book in books for label in book.securities},
        contracts={label: 1 for book in books for label in book.contracts},
    )
    return replace(
        book_backtest(ever, walk, context), strategy=_strategy(books, held, context.validation)
    )


def _strategy(
    books: Sequence[Book], held: Sequence[DatedBooks], validation: ParameterSet
) -> Strategy:
    """Return the kind of book on most dates, the earlier of equals; dates with none aside."""
    rules = StrategyRules.from_parameters(validation)
    counts: dict[Strategy, int] = {}
    for book, each in zip(books, held, strict=True):
        if book.securities or book.contracts:
            kind = strategy_of(each.lines, book, rules)
            counts[kind] = counts.get(kind, 0) + 1
    return max(counts, key=lambda kind: counts[kind])


def _every_line(held: Sequence[DatedBooks]) -> Lines:
    """Return every line of a path, with the terms of the first date that has it."""
    securities: dict[str, SecurityLine] = {}
    contracts: dict[str, FutureLine] = {}
    for each in held:
        for security in each.lines.securities:
            securities.setdefault(security.label, security)
        for contract in each.lines.contracts:
            contracts.setdefault(contract.label, contract)
    return Lines(tuple(securities.values()), tuple(contracts.values()))
