"""Fixtures shared by every test: the real data folder, where there is one, and prepared days."""

from __future__ import annotations

import fcntl
import itertools
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# What a fixture needs it imports itself: a test of one small module starts quickly.
if TYPE_CHECKING:
    from crossmargin.arrangement.eligibility import Recognition
    from crossmargin.market.history import MarketData
    from crossmargin.product.position import PositionLine
    from crossmargin.services.backtest_par_books import ParBookBacktest
    from crossmargin.services.compare_coverage import Comparison
    from crossmargin.services.margin_day import MarginDay
    from crossmargin.services.margin_positions import MarginRun
    from crossmargin.simulation.market import SimulatedMarket
    from crossmargin.testing.commands import PreparedDays

REPOSITORY = Path(__file__).resolve().parent.parent
AS_OF = date(2026, 3, 24)
_SCHEMAS = itertools.count()

# No test is timed: on a busy machine an example may take any time. The examples of a test are the
# same in every run, so that a change that fails a law is the one that broke it; others are drawn
# with HYPOTHESIS_PROFILE=drawn.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("drawn", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real market data, or skip: the project commits none of it."""
    named = os.environ.get("CROSSMARGIN_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real market data: set CROSSMARGIN_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="module")
def postgresql_of_module(postgresql_server: str) -> Iterator[str]:
    """Yield the address of a fresh schema that the tests of a module share."""
    with fresh_schema(postgresql_server) as address:
        yield address


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Yield the address of a PostgreSQL server for this run, or skip where there is none.

    One a worker, unless CROSSMARGIN_TEST_POSTGRES_URL names one.
    """
    from crossmargin.testing.postgresql import carried_programs
    from crossmargin.testing.postgresql import postgresql_server as server

    named = os.environ.get("CROSSMARGIN_TEST_POSTGRES_URL")
    if named:
        yield named
        return
    if carried_programs() is None:
        pytest.skip("no PostgreSQL: set CROSSMARGIN_TEST_POSTGRES_URL or install the test extra")
    with server(durable=False) as address:
        yield address


@pytest.fixture
def postgresql_address(postgresql_server: str) -> Iterator[str]:
    """Yield the address of a fresh schema, which is dropped afterwards."""
    with fresh_schema(postgresql_server) as address:
        yield address


@contextmanager
def fresh_schema(postgresql_server: str) -> Iterator[str]:
    """Make a schema on a server; drop it in the end."""
    import psycopg

    name = f"test_{next(_SCHEMAS)}_{os.getpid()}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        separator = "&" if "?" in postgresql_server else "?"
        yield f"{postgresql_server}{separator}options=-csearch_path%3D{name}"
        connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="session")
def prepared_days() -> PreparedDays:
    """Return the days that tests of commands have prepared."""
    from crossmargin.testing.commands import PreparedDays

    return PreparedDays()


@pytest.fixture(scope="module")
def shared_commands(
    prepared_days: PreparedDays, demo_market: Callable[[], SimulatedMarket]
) -> Iterator[None]:
    """Share what commands make, in tests of commands alone: a test of preparing prepares."""
    from crossmargin.testing.commands import kept_between_runs

    with prepared_days.shared(), kept_between_runs(demo_market):
        yield


@pytest.fixture(scope="session")
def demo_market() -> Callable[[], SimulatedMarket]:
    """Return what returns the demo's synthetic market, which is simulated at the first call."""
    from crossmargin.simulation.market import DEMO_SEED, simulate_market

    return cache(partial(simulate_market, seed=DEMO_SEED))


@pytest.fixture(scope="session")
def simulation(demo_market: Callable[[], SimulatedMarket]) -> SimulatedMarket:
    """Return the demo's synthetic market as tables."""
    return demo_market()


@pytest.fixture(scope="session")
def simulated_directory(
    simulation: SimulatedMarket, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a market directory of the demo's synthetic market; tests read it, never write."""
    from crossmargin.testing.markets import write_simulated_market

    directory = tmp_path_factory.mktemp("simulated") / "market"
    write_simulated_market(directory, simulation)
    return directory


@pytest.fixture(scope="session")
def simulated_market(simulated_directory: Path) -> MarketData:
    """Return the demo's synthetic market, written and opened."""
    from crossmargin.bootstrap import open_market

    return open_market(simulated_directory)


@pytest.fixture(scope="session")
def simulated_recognition(simulation: SimulatedMarket, simulated_market: MarketData) -> Recognition:
    """Return the demo's book, recognised."""
    from crossmargin.simulation.book import demo_positions

    return _recognised(demo_positions(simulation), simulated_market)


@pytest.fixture(scope="session")
def simulated_day(simulated_market: MarketData, simulated_recognition: Recognition) -> MarginDay:
    """Return both models on the demo's date, for the demo's contracts."""
    return _prepared(simulated_market, simulated_recognition)


@pytest.fixture(scope="session")
def simulated_run(
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    tmp_path_factory: pytest.TempPathFactory,
) -> MarginRun:
    """Return the demo's book, margined as a positions file would be."""
    from crossmargin import bootstrap
    from crossmargin.services.margin_positions import margin_positions

    path = tmp_path_factory.mktemp("demo") / "positions.csv"
    bootstrap.demo_positions(simulation, path)
    return margin_positions(
        bootstrap.read_positions(path),
        simulated_market,
        bootstrap.parameter_sets(simulation.as_of),
        bootstrap.block_executor(),
        as_of=simulation.as_of,
    )


@pytest.fixture(scope="session")
def real_directory(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a market directory built from the real data."""
    from crossmargin.bootstrap import import_market

    directory = tmp_path_factory.mktemp("real") / "market"
    import_market([real_data], directory)
    return directory


@pytest.fixture(scope="session")
def real_market(real_directory: Path) -> MarketData:
    """Return the real market, opened."""
    from crossmargin.bootstrap import open_market

    return open_market(real_directory)


@pytest.fixture(scope="session")
def real_coverage(
    real_market: MarketData,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> tuple[ParBookBacktest, tuple[Comparison, ...]]:
    """Return the backtest of every par book over the reference's dates, and its comparison.

    Workers share one: whoever asks first computes it, and the others wait.
    """
    is_worker = hasattr(request.config, "workerinput")
    folder = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.mktemp("all")
    kept = folder / "real-coverage.pickle"
    with (folder / "real-coverage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_coverage(real_market)))
    found: tuple[ParBookBacktest, tuple[Comparison, ...]] = pickle.loads(  # noqa: S301 - of this run
        kept.read_bytes()
    )
    return found


def _coverage(market: MarketData) -> tuple[ParBookBacktest, tuple[Comparison, ...]]:
    from crossmargin.bootstrap import backtest_parameters, reference_coverage
    from crossmargin.services.backtest_par_books import backtest_par_books
    from crossmargin.services.compare_coverage import compare_coverage

    reference = reference_coverage()
    parameters = backtest_parameters(reference.last)
    backtest = backtest_par_books(market, parameters, first=reference.first, last=reference.last)
    return backtest, compare_coverage(market, parameters, backtest, reference)


@pytest.fixture(scope="session")
def sample_recognition(real_data: Path, real_market: MarketData) -> Recognition:
    """Return the sample portfolio beside the data folder, recognised, or skip."""
    from crossmargin.feeds.positions.reading import read_positions

    path = real_data.parent / "portfolios" / "sample_bd_fcm_2026-03-24.csv"
    if not path.is_file():
        pytest.skip("no sample portfolio beside the data folder")
    loaded = read_positions(path)
    assert not loaded.refusals
    return _recognised(loaded.lines, real_market)


@pytest.fixture(scope="session")
def sample_run(real_data: Path, real_market: MarketData) -> MarginRun:
    """Return the sample portfolio beside the data folder, margined on its date, or skip."""
    from crossmargin import bootstrap
    from crossmargin.services.margin_positions import margin_positions

    path = real_data.parent / "portfolios" / "sample_bd_fcm_2026-03-24.csv"
    if not path.is_file():
        pytest.skip("no sample portfolio beside the data folder")
    return margin_positions(
        bootstrap.read_positions(path),
        real_market,
        bootstrap.parameter_sets(AS_OF),
        bootstrap.block_executor(),
        as_of=AS_OF,
    )


@pytest.fixture(scope="session")
def real_day(real_market: MarketData, sample_recognition: Recognition) -> MarginDay:
    """Return both models on the sample portfolio's date, for its contracts."""
    return _prepared(real_market, sample_recognition)


def _recognised(lines: tuple[PositionLine, ...], market: MarketData) -> Recognition:
    from crossmargin.arrangement.eligibility import EligibilityRules, recognise
    from crossmargin.bootstrap import parameter_sets

    return recognise(
        lines,
        as_of=AS_OF,
        securities=market.price_sheets[AS_OF].prices,
        rules=EligibilityRules.from_parameters(parameter_sets(AS_OF).arrangement),
    )


def _prepared(market: MarketData, recognition: Recognition) -> MarginDay:
    from crossmargin.bootstrap import parameter_sets
    from crossmargin.services.customer_books import contracts_of
    from crossmargin.services.margin_day import prepare_day

    return prepare_day(
        market, parameter_sets(AS_OF), as_of=AS_OF, contracts=contracts_of(recognition)
    )


@pytest.fixture(scope="session")
def closed_day_books(simulation, simulated_market, tmp_path_factory) -> str:
    """Return the address of books after a closed day of one customer; tests copy, never write.

    The customer has margin at both clearing organizations; a second BD-FCM's books are open there
    too, with the same customers, and nothing in them.
    """
    from crossmargin.bootstrap.books import create_books
    from crossmargin.simulation.book import demo_positions
    from crossmargin.testing.clearing_days import opened_books, with_day_before
    from crossmargin.testing.closed_days import closed_day

    address = str(tmp_path_factory.mktemp("closed-day") / "books.db")
    day = simulation.as_of
    own = [each for each in demo_positions(simulation) if each.customer.customer_id == "CURVE-FUND"]
    market = with_day_before(simulated_market, day)
    store = closed_day(create_books(address), market, day, own, {"CURVE-FUND": 2_000_000_000})
    opened_books(store, bd_fcm="BD-TWO")
    store.close()
    return address
