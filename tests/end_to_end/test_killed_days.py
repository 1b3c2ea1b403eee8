"""A day whose process is killed at any moment ends as one that was left alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from crossmargin.bootstrap.books import create_books
from crossmargin.feeds.market.directory import write_market_directory
from crossmargin.simulation.book import demo_positions_csv
from crossmargin.simulation.market import DEMO_SEED, simulate_market
from crossmargin.testing.clearing_days import opened_books
from crossmargin.testing.killed_days import DayRun, record_count, run_killed, state_of

_PLAN = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "clearing-month.toml"
_CUSTOMER, _DAY, _BEFORE = "CURVE-FUND", "2026-05-11", date(2026, 5, 8)
#: Less than the customer's margin: it is called, and pays.
_OWN = f"""
[[deposit]]
date = {_DAY}
at = "07:10 America/New_York"
customer_id = "{_CUSTOMER}"
asset = "CASH-USD"
quantity = "1000000.00"

[[instruction]]
date = {_DAY}
at = "06:30 America/New_York"
action = "RESIDUAL_INTEREST_DEPOSIT"
asset = "CASH-USD"
quantity = "20000000.00"
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a market, a plan and positions of one customer."""
    folder = tmp_path_factory.mktemp("inputs")
    market = simulate_market(seed=DEMO_SEED, as_of=date.fromisoformat(_DAY))
    # The noon cycle asks for prices of the business day before: the day's own will do.
    sheet = market.tables["security_prices"]
    before = sheet.with_columns(pl.lit(_BEFORE).alias("price_date").cast(sheet["price_date"].dtype))
    tables = {**market.tables, "security_prices": pl.concat([before, sheet])}
    write_market_directory(
        folder / "market", tables, simulated=True, seed=market.seed, notes=market.notes
    )
    heading, *lines = demo_positions_csv(market).replace("DEMO-BD-FCM", "BD-FCM").splitlines()
    own = [line for line in lines if f",{_CUSTOMER}," in line]
    (folder / "positions.csv").write_text("\n".join([heading, *own, ""]), "utf-8")
    plan = _PLAN.read_text("utf-8")
    (folder / "plan.toml").write_text(plan[: plan.index("[[deposit]]")] + _OWN, "utf-8")
    return folder


def day_run(inputs: Path, folder: Path, books: str) -> DayRun:
    opened_books(create_books(books)).close()
    files = (inputs / "market", inputs / "plan.toml", inputs / "positions.csv")
    return DayRun(*files, _DAY, _DAY, books, folder)


@pytest.fixture(scope="module")
def undisturbed(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, DayRun]:
    """Return how many records there were before the day, and the day."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run = day_run(inputs, folder, str(folder / "books.db"))
    before = record_count(run.books)
    assert run_killed(run, at_records=(), seed=0) == 0
    return before, run


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_killed_day_ends_as_one_left_alone(
    database: str,
    inputs: Path,
    undisturbed: tuple[int, DayRun],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    is_sqlite = database == "sqlite"
    address = (
        str(tmp_path / "books.db") if is_sqlite else request.getfixturevalue("postgresql_address")
    )
    run = day_run(inputs, tmp_path, address)
    before, whole = undisturbed
    written = record_count(whole.books) - before
    assert written > 50
    # In the morning and in the evening.
    counts = [before + written // 4, before + written - 5]
    assert run_killed(run, at_records=counts, seed=7) == 2
    assert state_of(run) == state_of(whole)
