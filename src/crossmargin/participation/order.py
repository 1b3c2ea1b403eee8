"""In which order a customer's steps may be taken: what each needs, and every reason against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from crossmargin.basics.refusals import Refusal
from crossmargin.participation.customer import (
    CustomerFile,
    live_gates,
    opening_gates,
    opt_in_gates,
)
from crossmargin.participation.documents import sha256_faults
from crossmargin.participation.ownership import declaration_faults
from crossmargin.participation.programme import programme_gates
from crossmargin.participation.steps import OF_THE_BOOKS, Step, StepTaken
from crossmargin.participation.verdicts import Gate

_RULE = "participation"
#: Which steps must have been taken before each.
_BEFORE: Mapping[Step, tuple[Step, ...]] = {
    Step.APPLIED: (),
    Step.DECLARED: (Step.APPLIED,),
    Step.CUSTOMER_OPTED_IN: (Step.APPLIED, Step.DECLARED),
    Step.BD_FCM_OPTED_IN: (Step.APPLIED, Step.DECLARED),
    Step.ACCOUNTS_OPENED: (Step.APPLIED, Step.DECLARED),
    Step.REHEARSED: (Step.ACCOUNTS_OPENED,),
    Step.WENT_LIVE: (),
    Step.LEAVING: (Step.APPLIED,),
    Step.LEFT: (Step.LEAVING,),
    Step.PORTED: (),
}
#: Those that may be taken again: a change of ownership, another rehearsal.
_REPEATED = frozenset({Step.DECLARED, Step.REHEARSED})
#: What a leaving customer may still do.
_WHILE_LEAVING = frozenset({Step.DECLARED, Step.LEFT})


def refusals_of_step(file: CustomerFile, taken: StepTaken, at: datetime) -> list[Refusal]:
    """Return why a step may not be taken at an instant: every reason.

    Parameters
    ----------
    file : CustomerFile
    taken : StepTaken
        The step as it would be.
    at : datetime
    """
    step = taken.step
    refusals = refusals_of_time(file, step, at)
    if step in OF_THE_BOOKS:
        refusals.append(Refusal("step", step.value, "any other: a port takes it", _RULE))
    # Who came with a port may leave without having applied.
    came = step is Step.LEAVING and file.done(Step.PORTED, at) is not None
    refusals += [
        Refusal("step", step.value, f"{each.value} before it", _RULE)
        for each in _BEFORE[step]
        if file.done(each, at) is None and not came
    ]
    if step not in _REPEATED and (done := file.done(step, at)) is not None:
        refusals.append(
            Refusal("step", step.value, f"a step not yet taken, but see {done.record_id}", _RULE)
        )
    refusals += _of_leaving(file, step, at)
    refusals += _of_content(taken)
    refusals += [
        Refusal(gate.name, gate.detail, "passed", gate.rule)
        for gate in _gates(file, step, at)
        if not gate.passed
    ]
    return refusals


def refusals_of_time(file: CustomerFile, step: Step, at: datetime) -> list[Refusal]:
    """Return whether a step would stand before one that was taken: history is not rewritten.

    Parameters
    ----------
    file : CustomerFile
    step : Step
    at : datetime
    """
    last = max((each.at for each in file.steps if each.at is not None), default=at)
    if at >= last:
        return []
    expected = f"no earlier than the customer's last step, {last.isoformat()}"
    return [Refusal("at", at.isoformat(), expected, f"{_RULE}: {step.value}")]


def _of_leaving(file: CustomerFile, step: Step, at: datetime) -> list[Refusal]:
    if file.done(Step.LEFT, at) is not None:
        return [Refusal("step", step.value, "a customer who has not left", "ruling 23")]
    if file.done(Step.LEAVING, at) is not None and step not in _WHILE_LEAVING:
        expected = f"one of {', '.join(sorted(_WHILE_LEAVING))}: the customer is leaving"
        return [Refusal("step", step.value, expected, "ruling 23")]
    return []


def _of_content(taken: StepTaken) -> list[Refusal]:
    refusals = sha256_faults(taken.sha256) if taken.sha256 else []
    if taken.step is Step.DECLARED:
        refusals += declaration_faults(taken.owners)
    if taken.step is Step.REHEARSED and not (taken.causes or taken.sha256):
        refusals.append(Refusal("evidence", "", "a record or a digest of the rehearsal", _RULE))
    return refusals


def _gates(file: CustomerFile, step: Step, at: datetime) -> tuple[Gate, ...]:
    gates: Mapping[Step, Callable[[], tuple[Gate, ...]]] = {
        Step.CUSTOMER_OPTED_IN: lambda: opt_in_gates(file, at),
        Step.BD_FCM_OPTED_IN: lambda: opt_in_gates(file, at),
        Step.ACCOUNTS_OPENED: lambda: (
            *programme_gates(file.programme, at),
            *opening_gates(file, at),
        ),
        Step.WENT_LIVE: lambda: live_gates(file, at),
    }
    return gates[step]() if step in gates else ()
