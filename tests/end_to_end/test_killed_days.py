"""A day whose process is killed at any moment ends as one that was left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossmargin.bootstrap.books import create_books
from crossmargin.testing.clearing_days import opened_books
from crossmargin.testing.day_inputs import DAY, write_day_inputs
from crossmargin.testing.killed_days import DayRun, record_count, run_killed, state_of

_ON = DAY.isoformat()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a market, a plan and positions of one customer."""
    folder = tmp_path_factory.mktemp("inputs")
    # Less than the customer's margin: it is called, and pays.
    write_day_inputs(folder, {"CURVE-FUND": ("CURVE-FUND", 1_000_000)})
    return folder


def day_run(inputs: Path, folder: Path, books: str) -> DayRun:
    opened_books(create_books(books)).close()
    files = (inputs / "market", inputs / "plan.toml", inputs / "positions.csv")
    return DayRun(*files, _ON, _ON, books, folder)


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
