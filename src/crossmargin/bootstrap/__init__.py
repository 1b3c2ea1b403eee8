"""The composition root: reads files, builds services, wires adapters. Entry points call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossmargin.analysis.stress.library import StressLibrary
    from crossmargin.feeds.ccp_files.drift import Recorded
    from crossmargin.feeds.charge_history.reading import LoadedChargeHistory
    from crossmargin.feeds.market.findings import Finding
    from crossmargin.feeds.market.importing import ImportReport
    from crossmargin.feeds.span.loaded import LoadedSpan
    from crossmargin.margin.cme.span.parameters import SpanContract, SpanParameters
    from crossmargin.margin.cme.span.published import PublishedFigures
    from crossmargin.market.history import MarketData
    from crossmargin.methodology.inputs import Deviation
    from crossmargin.parameters.reading import OwnerFile
    from crossmargin.parameters.registry import ParameterSet
    from crossmargin.services.backtest_par_books import BacktestParameters
    from crossmargin.services.calculators.calculator import Calculator
    from crossmargin.services.margin_positions import PositionsInput
    from crossmargin.services.parameter_registry import ParameterRegistry
    from crossmargin.services.parameter_sets import ParameterSets
    from crossmargin.services.path_rows import PathInput
    from crossmargin.services.ports import BlockExecutor
    from crossmargin.services.previous_run import PreviousRun
    from crossmargin.services.reconciliation import CcpFile, FileKind
    from crossmargin.services.reconciliation_drift import DriftRecord
    from crossmargin.services.stress_parameters import StressParameters
    from crossmargin.simulation.market import SimulatedMarket
    from crossmargin.validation.reference import ReferenceCoverage


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


def read_positions(path: Path, *, bd_fcm: str = "BD-FCM") -> PositionsInput:
    """Read a positions file: good lines, and every fault with its place.

    Parameters
    ----------
    path : Path
    bd_fcm : str
        Of rows that name none.
    """
    from crossmargin.feeds.positions.reading import read_positions as run
    from crossmargin.services.margin_positions import PositionsInput

    loaded = run(path, default_bd_fcm=bd_fcm)
    # Documents and their digests name the file, not where it lies on this machine.
    refusals = tuple(replace(refusal, file=path.name) for refusal in loaded.refusals)
    return PositionsInput(
        path.name, loaded.sha256, loaded.row_count, loaded.lines, refusals, loaded.columns
    )


def read_position_path(path: Path) -> PathInput:
    """Read a file of positions by date: good lines, and every fault with its place."""
    from crossmargin.feeds.positions.reading import read_position_path as run
    from crossmargin.services.path_rows import PathInput

    loaded = run(path)
    refusals = tuple(replace(refusal, file=path.name) for refusal in loaded.refusals)
    return PathInput(
        path.name, loaded.sha256, loaded.row_count, loaded.lines, refusals, loaded.columns
    )


def read_previous_run(path: Path) -> PreviousRun:
    """Read and verify the JSON document of a previous margin run."""
    from crossmargin.feeds.previous_run.reading import read_previous_run as run

    return run(path)


def parameter_registry(own_files: Sequence[Path] = ()) -> ParameterRegistry:
    """Read every owner's parameter file: all versions, with their sources.

    Parameters
    ----------
    own_files : sequence of Path
        A user's parameter files; each takes the place of the file of the owner that it names.
    """
    return _shipped_registry().replacing([read_parameter_file(path) for path in own_files])


@cache  # what is shipped does not change while it runs
def _shipped_registry() -> ParameterRegistry:
    from importlib.resources import files

    from crossmargin.parameters.reading import parse_parameters
    from crossmargin.services.parameter_registry import OWNERS, ParameterRegistry

    read = {}
    for owner, folder in OWNERS.items():
        text = files("crossmargin").joinpath(folder, "parameters.toml").read_text("utf-8")
        read[owner] = parse_parameters(text, file=f"{folder}/parameters.toml")
    return ParameterRegistry(read)


def read_parameter_file(path: Path) -> OwnerFile:
    """Read a user's own parameter file; refuse with every fault of its form and its line.

    What its values may be is checked by the registry, against the shipped file of its owner.
    """
    from crossmargin.basics.refusals import refused
    from crossmargin.parameters.reading import parse_parameters

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise refused("file", path.name, f"readable UTF-8 text ({error})", "parameters") from error
    return parse_parameters(text, file=path.name, is_own=True)


def parameter_sets(as_of: date, own_files: Sequence[Path] = ()) -> ParameterSets:
    """Read every owner's parameter file and return what is in force on the day.

    Parameters
    ----------
    as_of : date
    own_files : sequence of Path
        A user's parameter files; each takes the place of the file of the owner that it names.
    """
    return parameter_registry(own_files).in_force(as_of)


def analysis_parameters(as_of: date) -> ParameterSet:
    """Read the parameters of conditions and crowding, as in force on the day."""
    return parameter_registry().set_of("analysis", as_of)


def backtest_parameters(as_of: date) -> BacktestParameters:
    """Read the parameter files that a backtest of bonds at par reads, as in force on the day."""
    from crossmargin.services.backtest_par_books import BacktestParameters

    registry = parameter_registry()
    return BacktestParameters(
        market=registry.set_of("market", as_of),
        ficc=registry.set_of("ficc", as_of),
        validation=registry.set_of("validation", as_of),
    )


def reference_coverage() -> ReferenceCoverage:
    """Read the coverage of bonds at par that was computed elsewhere."""
    import tomllib
    from importlib.resources import files

    from crossmargin.validation.reference import reference_from_document

    text = files("crossmargin").joinpath("validation/reference_coverage.toml").read_text("utf-8")
    return reference_from_document(tomllib.loads(text))


def stress_library() -> StressLibrary:
    """Read the library of episodes."""
    import tomllib
    from importlib.resources import files

    from crossmargin.analysis.stress.library import library_from_document

    text = files("crossmargin").joinpath("analysis/stress/stress_library.toml").read_text("utf-8")
    return library_from_document(tomllib.loads(text))


def stress_parameters(as_of: date) -> StressParameters:
    """Read the parameter files that a stress of today's book reads, as in force on the day."""
    from crossmargin.services.stress_parameters import OWNER, StressParameters

    registry = parameter_registry()
    return StressParameters(registry.in_force(as_of), registry.set_of(OWNER, as_of))


def known_deviations() -> tuple[Deviation, ...]:
    """Read the one list of what the models leave out."""
    import tomllib
    from importlib.resources import files

    from crossmargin.methodology.deviations import deviations_from_document

    text = files("crossmargin").joinpath("methodology/deviations.toml").read_text("utf-8")
    return deviations_from_document(tomllib.loads(text))


def calculators() -> Mapping[str, Calculator]:
    """Return every calculator of ``xm calc`` by name, with the newest rules."""
    from crossmargin.arrangement.reduction import ReductionRules
    from crossmargin.default_management.rules import DefaultRules
    from crossmargin.margin.ficc.add_on_rules import AddOnRules
    from crossmargin.services.calculators.collateral import CollateralRules
    from crossmargin.services.calculators.registry import calculators as every

    registry = parameter_registry()
    newest = registry.in_force(date.max)
    return every(
        ReductionRules.from_parameters(newest.arrangement),
        AddOnRules.from_parameters(newest.ficc),
        DefaultRules.from_parameters(registry.set_of("default_management", date.max)),
        CollateralRules.from_parameters(registry.set_of("collateral", date.max)),
    )


def read_charge_history(path: Path) -> LoadedChargeHistory:
    """Read a charge history: each customer's rows, and every fault with its place."""
    from crossmargin.feeds.charge_history.reading import read_charge_history as run

    loaded = run(path)
    refusals = tuple(replace(refusal, file=path.name) for refusal in loaded.refusals)
    return replace(loaded, refusals=refusals)


def read_span(path: Path, *, label: str = "") -> LoadedSpan:
    """Read a SPAN parameter file, positional or XML."""
    from crossmargin.feeds.span.reading import read_span as run

    return run(path, label=label)


def write_span(parameters: SpanParameters, path: Path) -> str:
    """Write a SPAN parameter set, XML to ``.spn`` and ``.xml``, else positional; name the form."""
    from crossmargin.feeds.span.writing import write_span as run

    return run(parameters, path)


def read_span_positions(
    path: Path, parameters: SpanParameters
) -> list[tuple[SpanContract, Fraction]]:
    """Read the positions of ``xm span margin``."""
    from crossmargin.feeds.span.positions import read_span_positions as run

    return run(path, parameters)


def published_margin_levels() -> PublishedFigures:
    """Return published margin levels and credits, to compare our SPAN parameters with."""
    import tomllib
    from importlib.resources import files

    from crossmargin.margin.cme.span.published import published_from_document

    place = files("crossmargin").joinpath("margin/cme/span/published_levels.toml")
    return published_from_document(tomllib.loads(place.read_text("utf-8")))


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
