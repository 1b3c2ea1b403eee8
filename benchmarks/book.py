"""The standard book of the benchmarks: a simulated market, and customers drawn from a seed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from crossmargin import bootstrap
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.market.seeds import generator
from crossmargin.product.futures import PRODUCTS, FuturesContract, ProductKind
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.margin_day import MarginDay, prepare_day

_SOFR_QUARTERS, _SOFR_MONTHS, _FED_FUNDS_MONTHS = 16, 13, 27
_FEWEST_LINES, _MOST_LINES = 5, 200


def contracts() -> list[FuturesContract]:
    """Return 80 contracts: three quarters of each Treasury product, SR3, SR1 and ZQ strips."""
    treasury = [
        FuturesContract(code, 2026, month)
        for code, product in PRODUCTS.items()
        if product.kind is ProductKind.TREASURY
        for month in (6, 9, 12)
    ]
    strips = (
        ("SR3", 5, 3, _SOFR_QUARTERS),
        ("SR1", 3, 1, _SOFR_MONTHS),
        ("ZQ", 3, 1, _FED_FUNDS_MONTHS),
    )
    rates = [
        FuturesContract(code, 2026 + (first + step * place) // 12, (first + step * place) % 12 + 1)
        for code, first, step, count in strips
        for place in range(count)
    ]
    return treasury + rates


def standard_day(data: Path | None) -> MarginDay:
    """Return the prepared day, on real data where a folder is given, else on a simulated market."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "market"
        if data is None:
            bootstrap.simulate_market(directory, seed=bootstrap.demo_seed(None))
        else:
            bootstrap.import_market([data], directory)
        market = bootstrap.open_market(directory)
    as_of = bootstrap.last_price_date(market)
    return prepare_day(market, bootstrap.parameter_sets(as_of), as_of=as_of, contracts=contracts())


def customers(
    day: MarginDay, count: int, *, seed: int, lines: int | None = None
) -> list[CustomerBook]:
    """Return customers over all instruments of the day, with 5 to 200 lines each, or so many."""
    securities, futures = len(day.valuation.book.prices), len(day.valuation.contracts)
    random = generator(seed)
    books = []
    for place in range(count):
        chosen = lines or int(random.integers(_FEWEST_LINES, _MOST_LINES + 1))
        instruments = random.choice(securities + futures, chosen, replace=False)
        units = random.integers(-100_000, 100_001, chosen)
        portfolio = {
            int(instrument): int(quantity) if instrument < securities else int(quantity) // 500
            for instrument, quantity in zip(instruments, units, strict=True)
        }
        key = CustomerKey("BENCH", f"C{place:07d}")
        books.append(
            CustomerBook(
                key,
                portfolio,
                outside={},
                outside_haircut={},
                has_ficc=any(held < securities for held in portfolio),
                has_ficc_in_xm=any(held < securities for held in portfolio),
                ineligible=(),
                unsupported=(),
            )
        )
    return books
