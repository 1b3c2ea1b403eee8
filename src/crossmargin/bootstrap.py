"""The composition root: reads files, builds services, wires adapters. Entry points call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossmargin.feeds.ccp_files.drift import Recorded
    from crossmargin.feeds.market.findings import Finding
    from crossmargin.feeds.market.importing import ImportReport
    from crossmargin.market.history import MarketData
    from crossmargin.parameters.registry import ParameterSet
    from crossmargin.services.calculators.calculator import Calculator
    from crossmargin.services.margin_day import ParameterSets
    from crossmargin.services.margin_positions import PositionsInput
    from crossmargin.services.ports import BlockExecutor
    from crossmargin.services.reconciliation import CcpFile, FileKind
    from crossmargin.services.reconciliation_drift import DriftRecord
    from crossmargin.simulation.market import SimulatedMarket


def import_market(
    sources: Sequence[Path],
    directory: Path,
    *,
    retrieved: date | None = None,
    skip_unrecognised: bool = False,
) -> ImportReport:
    """Build a market directory from published files; see :mod:`crossmargin.feeds.market`."""
    from crossmargin.feeds.market.importing import import_market as run

    return run(sources, directory, retrieved=retrieved, skip_unrecognised=skip_unrecognised)


def check_market(directory: Path) -> list[Finding]:
    """Report gaps, stale and impossible values of a market directory."""
    from crossmargin.feeds.market.check import check_market as run

    return run(directory)


def open_market(directory: Path) -> MarketData:
    """Verify a market directory and open it."""
    from crossmargin.feeds.market.opening import open_market as run

    return run(directory)


def last_price_date(market: MarketData) -> date:
    """Return the last date with security prices (ruling 35)."""
    from crossmargin.feeds.market.opening import last_price_date as run

    return run(market)


def read_positions(path: Path) -> PositionsInput:
    """Read a positions file: good lines, and every fault with its place."""
    from crossmargin.feeds.positions.reading import read_positions as run
    from crossmargin.services.margin_positions import PositionsInput

    loaded = run(path)
    # Documents and their digests name the file, not where it lies on this machine.
    refusals = tuple(replace(refusal, file=path.name) for refusal in loaded.refusals)
    return PositionsInput(
        path.name, loaded.sha256, loaded.row_count, loaded.lines, refusals, loaded.columns
    )


def parameter_sets(as_of: date) -> ParameterSets:
    """Read every owner's parameter file and return what is in force on the day."""
    from crossmargin.services.margin_day import ParameterSets

    return ParameterSets(
        market=_in_force("market", "market", as_of),
        ficc=_in_force("ficc", "margin/ficc", as_of),
        cme=_in_force("cme", "margin/cme", as_of),
        arrangement=_in_force("arrangement", "arrangement", as_of),
    )


def calculators() -> Mapping[str, Calculator]:
    """Return every calculator of ``xm calc`` by name, with the arrangement's newest rules."""
    from crossmargin.arrangement.reduction import ReductionRules
    from crossmargin.services.calculators.registry import calculators as every

    newest = _in_force("arrangement", "arrangement", date.max)
    return every(ReductionRules.from_parameters(newest))


def _in_force(owner: str, folder: str, as_of: date) -> ParameterSet:
    import tomllib
    from importlib.resources import files

    from crossmargin.parameters.registry import ParameterSet, parameters_from_document

    text = files("crossmargin").joinpath(folder, "parameters.toml").read_text("utf-8")
    versions = parameters_from_document(tomllib.loads(text))
    return ParameterSet.in_force(owner, versions, on=as_of)


def block_executor() -> BlockExecutor:
    """Return what runs blocks of customers: threads."""
    from crossmargin.execution.threads import ThreadExecutor

    return ThreadExecutor()


def simulate_market(directory: Path, *, seed: int, as_of: date | None = None) -> SimulatedMarket:
    """Make a synthetic market and write it as a market directory, labelled simulated."""
    from crossmargin.feeds.market.directory import write_market_directory
    from crossmargin.simulation.market import simulate_market as run

    market = run(seed=seed) if as_of is None else run(seed=seed, as_of=as_of)
    write_market_directory(directory, market.tables, simulated=True, seed=seed, notes=market.notes)
    return market


def demo_positions(market: SimulatedMarket, path: Path) -> None:
    """Write the demo's positions file: one BD-FCM, six customers with invented CUSIPs."""
    from crossmargin.simulation.book import demo_positions_csv

    path.write_text(demo_positions_csv(market), encoding="utf-8")


def demo_seed(seed: int | None) -> int:
    """Return the seed, or the demo's own."""
    from crossmargin.simulation.market import DEMO_SEED

    return DEMO_SEED if seed is None else seed


def ccp_file_kind(path: Path) -> FileKind:
    """Return the kind of a clearing organization's file by its name."""
    from crossmargin.feeds.ccp_files.reading import kind_of

    return kind_of(path)


def read_ccp_file(
    path: Path,
    kind: FileKind,
    *,
    as_of: date,
    cycle: str,
    run: int | None,
    columns: Mapping[str, str],
) -> CcpFile:
    """Read a clearing organization's file for one date, cycle and run."""
    from crossmargin.feeds.ccp_files.reading import read_ccp_file as read

    return read(path, kind, as_of=as_of, cycle=cycle, run=run, columns=columns)


def ccp_file_columns(kind: FileKind) -> tuple[str, ...]:
    """Return our names of the columns that are read from a kind of file."""
    from crossmargin.feeds.ccp_files.layouts import LAYOUTS

    return tuple(column.name for column in LAYOUTS[kind].columns)


def write_ccp_file(file: CcpFile, folder: Path) -> Path:
    """Write our own figures in the shape of a clearing organization's file."""
    from crossmargin.feeds.ccp_files.writing import write_ccp_file as write

    return write(file, folder)


def read_drift(path: Path) -> tuple[DriftRecord, ...]:
    """Read the drift series of reconciliations."""
    from crossmargin.feeds.ccp_files.drift import read_drift as read

    return read(path)


def record_drift(path: Path, records: Sequence[DriftRecord]) -> Recorded:
    """Add the totals of reconciliations to a drift series; repeats stand once."""
    from crossmargin.feeds.ccp_files.drift import record_drift as record

    return record(path, records)
