"""What ``xm margin`` was asked for, and its answer as a run and a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossmargin.arrangement.cycles import Cycle
from crossmargin.cli.changes import ON_THE_COMMAND_LINE
from crossmargin.cli.output import diagnostics
from crossmargin.product.position import ClearingOrganization

if TYPE_CHECKING:
    from crossmargin.market.history import MarketData
    from crossmargin.services.ficc_charges import ChargeInputs
    from crossmargin.services.margin_change import RunChange, RunInputs
    from crossmargin.services.margin_cycles import CycleRequest
    from crossmargin.services.margin_positions import MarginRun, PositionsInput
    from crossmargin.services.ports import BlockExecutor


@dataclass(frozen=True, slots=True)
class CycleOptions:
    """The cycle, what came before it, and who is late."""

    cycle: Cycle
    previous: Path | None = None
    late: Sequence[ClearingOrganization] = ()
    instants: Mapping[str, str | None] = field(default_factory=dict)

    def request(self) -> CycleRequest:
        """Return the request of the cycle, its previous document read."""
        from crossmargin import bootstrap
        from crossmargin.services.margin_cycles import CycleRequest, given_instants

        return CycleRequest(
            self.cycle,
            frozenset(self.late),
            given_instants(self.instants),
            bootstrap.read_previous_run(self.previous) if self.previous else None,
        )


@dataclass(frozen=True, slots=True)
class ParameterOptions:
    """Whose values are taken: a user's own files, single changes, CME's engine and its file."""

    files: Sequence[Path] = ()
    changes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cme_engine: str | None = None
    span_file: Path | None = None

    def all_changes(self) -> Mapping[str, Mapping[str, str]]:
        """Return the changes with CME's engine among them, where it was chosen.

        Raises
        ------
        RefusedError
            If the engine is also among the changes.
        """
        if self.cme_engine is None:
            return self.changes
        changes = self.changes.get("cme", {})
        if "engine" in changes:
            from crossmargin.basics.refusals import refused

            expected = f"it once; cme.engine={changes['engine']} is given with --set"
            raise refused("--cme-model", self.cme_engine, expected, "parameters")
        cme = {**changes, "engine": self.cme_engine}
        return {**self.changes, "cme": cme}


@dataclass(frozen=True, slots=True)
class AgainstOptions:
    """Where the run to compare with comes from, as far as it is named."""

    positions: Path | None = None
    as_of: date | None = None
    market: Path | None = None
    parameters: ParameterOptions = field(default_factory=ParameterOptions)

    @property
    def is_named_in_part(self) -> bool:
        """Whether something of the other run is named, and its positions are not."""
        named = (self.as_of, self.market, self.parameters.files, self.parameters.changes)
        return self.positions is None and any(named)


@dataclass(frozen=True, slots=True)
class MarginRequest:
    """Everything that decides the answer."""

    positions: PositionsInput
    market: Path
    as_of: date | None
    cycle: CycleOptions
    parameters: ParameterOptions
    against: AgainstOptions
    charge_history: Path | None = None
    explain: bool = False
    sensitivity: bool = False
    ranges: bool = False
    derived_prices: bool = False
    skip_bad_rows: bool = False


def answer(request: MarginRequest) -> tuple[MarginRun, dict[str, Any]]:
    """Return the run that was asked for, and its document.

    Raises
    ------
    RefusedError
        With every reason.
    """
    from crossmargin import bootstrap
    from crossmargin.presentation.margin import margin_document
    from crossmargin.services.margin_cycles import cycle_outcome, plan_cycle
    from crossmargin.services.margin_explanation import explain_run
    from crossmargin.services.margin_positions import margin_positions
    from crossmargin.services.margin_ranges import ranges_of
    from crossmargin.services.margin_sensitivity import sensitivity_of

    _refuse_late_comparisons(request)
    opened = bootstrap.open_market(request.market)
    day = request.as_of or bootstrap.last_price_date(opened)
    inputs = _inputs(request, request.parameters, request.positions, opened, day)
    executor = bootstrap.block_executor()
    cycle = request.cycle.request()
    plan = plan_cycle(
        cycle, as_of=day, arrangement=inputs.parameters.arrangement, simulated=opened.simulated
    )
    with diagnostics().status("Repricing every instrument under every scenario") as status:
        run = margin_positions(
            inputs.positions,
            inputs.market,
            inputs.parameters,
            executor,
            as_of=day,
            skip_bad_rows=request.skip_bad_rows,
            span=inputs.span,
            charges=inputs.charges,
        )
        outcome = cycle_outcome(run, plan)
        document = margin_document(
            run,
            cycle=cycle.cycle.value,
            outcome=outcome,
            explanations=explain_run(outcome.run) if request.explain else (),
            sensitivities=(
                sensitivity_of(run, inputs.market, executor) if request.sensitivity else ()
            ),
            ranges=(
                ranges_of(run, inputs.market, executor, progress=status.update)
                if request.ranges
                else ()
            ),
            change=_change(request, run, inputs, opened, executor),
        )
    return run, document


def _refuse_late_comparisons(request: MarginRequest) -> None:
    """Refuse to compare a run whose factor is a fallback with runs that have both sides."""
    from crossmargin.basics.refusals import Refusal, RefusedError

    if not request.cycle.late:
        return
    asked = {
        "--sensitivity": request.sensitivity,
        "--range": request.ranges,
        "--against": request.against.positions is not None,
    }
    expected = "both sides on time: with --late the factor is a fallback, not the models'"
    faults = [
        Refusal(option, "with --late", expected, "ruling 11")
        for option, given in asked.items()
        if given
    ]
    if faults:
        raise RefusedError(*faults)


def _inputs(
    request: MarginRequest,
    options: ParameterOptions,
    positions: PositionsInput,
    market: MarketData,
    on: date,
) -> RunInputs:
    from crossmargin import bootstrap
    from crossmargin.services.derived_prices import with_derived_prices
    from crossmargin.services.margin_change import RunInputs

    parameters = bootstrap.parameter_sets(on, options.files).changing(
        options.all_changes(), reason=ON_THE_COMMAND_LINE
    )
    priced = with_derived_prices(market, on) if request.derived_prices else market
    file = options.span_file
    span = bootstrap.read_span(file).parameters if file else None
    return RunInputs(positions, priced, parameters, on, span, _charges(request))


def _charges(request: MarginRequest) -> ChargeInputs:
    """Return the cycle and the histories of FICC's charges, refusing a history with faults."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.services.ficc_charges import ChargeInputs

    if request.charge_history is None:
        return ChargeInputs(request.cycle.cycle)
    loaded = bootstrap.read_charge_history(request.charge_history)
    if loaded.refusals:
        raise RefusedError(*loaded.refusals)
    return ChargeInputs(request.cycle.cycle, loaded.histories, loaded.sha256)


def _change(
    request: MarginRequest,
    run: MarginRun,
    now: RunInputs,
    opened: MarketData,
    executor: BlockExecutor,
) -> RunChange | None:
    from crossmargin import bootstrap
    from crossmargin.services.margin_change import change_of

    against = request.against
    if against.positions is None:
        return None
    market = bootstrap.open_market(against.market) if against.market else opened
    positions = bootstrap.read_positions(against.positions)
    # CME's engine is that of this run: changes of engine are no part of the comparison.
    options = replace(
        against.parameters,
        cme_engine=request.parameters.cme_engine,
        span_file=request.parameters.span_file,
    )
    then = _inputs(request, options, positions, market, against.as_of or now.as_of)
    return change_of(run, now, then, executor)
