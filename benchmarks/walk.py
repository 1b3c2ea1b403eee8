"""Walk one fund through ten years, every date, under both models and the rule.

Run: python benchmarks/walk.py [--data DATA_DIR] [--years 10] [--lines N]. Bar: 3 s on two
processors, the market open and its factors prepared; both of these are timed apart. The fund is
long the cheapest to deliver of five contracts against them, or N lines drawn from a seed.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import date
from pathlib import Path

from book import contracts, customers
from crossmargin import bootstrap
from crossmargin.analysis.walk.factors import walk_factors
from crossmargin.analysis.walk.figures import WalkRules
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.market.scenarios import FactorHistories
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.margin_day import MarginDay, prepare_day
from crossmargin.services.walked_books import lines_and_books
from machine import describe, measure

_PAR_MILLIONS = {"ZT": 2000, "ZF": 1500, "ZN": 1200, "TN": 600, "UB": 250}
_UNITS_PER_MILLION = 10_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--lines", type=int, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "market"
        if arguments.data is None:
            bootstrap.simulate_market(directory, seed=bootstrap.demo_seed(None))
        else:
            bootstrap.import_market([arguments.data], directory)
        print(describe())
        opening = measure(lambda: bootstrap.open_market(directory), runs=3)
        market = bootstrap.open_market(directory)
    last = bootstrap.last_price_date(market)
    first = last.replace(year=last.year - arguments.years)
    parameters = bootstrap.parameter_sets(last)
    day = prepare_day(market, parameters, as_of=last, contracts=contracts())
    drawn = arguments.lines and customers(day, 1, seed=1, lines=arguments.lines)[0]
    lines, books = lines_and_books(day, [drawn or basis_fund(day)])
    rules = WalkRules(
        FiccWalkRules.from_parameters(parameters.ficc),
        CmeWalkRules.from_parameters(parameters.cme),
        ReductionRules.from_parameters(parameters.arrangement),
        float(parameters.market.ratio("repo_rate_follows_front")),
    )

    def prepared(from_day: date = first) -> object:
        histories = FactorHistories(market, parameters.market, as_of=last)
        return walk_factors(histories, first=from_day, last=last, horizons=rules.horizons)

    preparing = measure(prepared, runs=3)
    histories = FactorHistories(market, parameters.market, as_of=last)
    factors = walk_factors(histories, first=first, last=last, horizons=rules.horizons)
    places = factors.places_between(first, last)
    run = bootstrap.block_executor().run
    print(
        f"{len(places)} dates from {first} to {last}, "
        f"{len(books[0].securities)} securities, {len(books[0].contracts)} contracts"
    )
    print(opening.line("market opened"))
    print(preparing.line("factors prepared, noise estimated again each year"))
    walking = measure(
        lambda: walk_books(factors, places, lines=lines, books=books, rules=rules, run=run), runs=6
    )
    print(walking.line("walked, both models, three portfolios each, the rule, outcomes"))
    print(f"processor time a date {min(walking.cpu_seconds) / len(places) * 1e6:.0f} microseconds")


def basis_fund(day: MarginDay) -> CustomerBook:
    """Return a fund that is long the cheapest to deliver against the front contract."""
    count, held = len(day.valuation.book.prices), {}
    for place, future in enumerate(day.valuation.contracts):
        product = future.contract.product
        if isinstance(future, TreasuryFuture) and product in _PAR_MILLIONS:
            units = _PAR_MILLIONS.pop(product) * _UNITS_PER_MILLION
            held[future.cheapest_row] = units
            per_contract = future.dollars_per_point / future.cheapest_factor
            held[count + place] = -round(units / per_contract)
    return CustomerBook(
        CustomerKey("BENCH", "BASIS-FUND"),
        held,
        outside={},
        outside_haircut={},
        has_ficc=True,
        has_ficc_in_xm=True,
        ineligible=(),
        unsupported=(),
    )


if __name__ == "__main__":
    main()
