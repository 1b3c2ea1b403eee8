"""Controls of what is enough: CP-06, 09 to 13."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.collateral.ageing import AgeingRules
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.deadline import DueEvent
from crossmargin.collateral.undermargined import AccountType
from crossmargin.reporting.controls import Control, ControlResult, Failure
from crossmargin.reporting.notices import NoticeKind
from crossmargin.services.book_reports.controls.evidence import DayEvidence
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.credit import ORDERS
from crossmargin.services.clearing_day.falling_due import LOOKED_AT, calls_looked_at
from crossmargin.services.clearing_day.report_register import (
    filed_record_id,
    last_report,
)
from crossmargin.services.clearing_day.schedule import StepKind

_LINE_14 = "14"


def collected(day: DayEvidence) -> ControlResult:
    """CP-06: of everyone who is undermargined at the close, what is lacking is called."""
    report = day.report("residual-interest")
    said = day.said("residual-interest").get("undermargined")
    evidence, failures = [], []
    for customer_id, text in (said if isinstance(said, Mapping) else {}).items():
        customer = CustomerKey(day.bd_fcm, str(customer_id))
        evidence.append(subject_of(customer))
        lacking = money_from_decimal(str(text))
        calls = [c for c in _calls(day, customer) if c.is_of_ccp and c.outstanding > ZERO]
        if lacking == ZERO:
            continue
        called = Money.total(call.outstanding for call in calls)
        ids = calls[-1].issued.event_id if called >= lacking else ""
        failures.append(
            Failure(subject_of(customer), f"{lacking} is lacking, {called} is called", ids)
        )
    if report is None:
        return ControlResult(Control.COLLECTED, (), (_missing(day, "residual-interest"),))
    return ControlResult(Control.COLLECTED, tuple(evidence), tuple(failures))


def _calls(day: DayEvidence, customer: CustomerKey) -> Sequence[CallState]:
    return calls_of(day.work.records, customer, until=day.closed_at)


def _missing(day: DayEvidence, name: str) -> Failure:
    return Failure(f"{day.bd_fcm}, {day.day}", f"no {name}")


def segregation(day: DayEvidence) -> ControlResult:
    """CP-09: the statement of the day before was filed in time, and today's has no shortfall."""
    evidence, failures = [], []
    before = last_report(day.work.records, day.bd_fcm, "segregation", before=day.day)
    if before is not None:
        evidence.append(before.record_id)
        filed = day.work.records.get(filed_record_id(before))
        due = day.clock.times[StepKind.SEGREGATION_DUE].on(day.day)
        if filed is None or filed.at > due:
            was = "not filed" if filed is None else f"filed at {filed.at.isoformat()}"
            failures.append(Failure(before.record_id, f"{was}, due {due.isoformat()}"))
    report = day.report("segregation")
    if report is None:
        return ControlResult(
            Control.SEGREGATION, tuple(evidence), (*failures, _missing(day, "segregation"))
        )
    evidence.append(report.record_id)
    excess = _line(day.said("segregation"), _LINE_14)
    if excess is None or excess < ZERO:
        notice = day.notice(NoticeKind.UNDER_SEGREGATION)
        failures.append(Failure(report.record_id, f"line 14 is {excess}", notice))
    return ControlResult(Control.SEGREGATION, tuple(evidence), tuple(failures))


def _line(said: Mapping[str, object], number: str) -> Money | None:
    lines = said.get("lines")
    for each in lines if isinstance(lines, list | tuple) else ():
        if each["line"] == number:
            return money_from_decimal(str(each["amount"]))
    return None


def residual_interest_required(day: DayEvidence) -> ControlResult:
    """CP-10: residual interest at its time is what the undermargined still lack, or more."""
    step = day.step(StepKind.RESIDUAL_INTEREST_DUE)
    control = Control.RESIDUAL_INTEREST_REQUIRED
    if step is None:
        return ControlResult(control, (), (_missing(day, "step residual-interest-due"),))
    if "held" not in step.content:
        return ControlResult(control, ())  # the first day has no day before it
    held, required = (
        money_from_decimal(str(step.content[name])) for name in ("held", "required_after_payments")
    )
    failures = []
    if held < required:
        notice = day.notice(NoticeKind.RESIDUAL_INTEREST_UNDER_REQUIRED)
        failures.append(Failure(step.record_id, f"{held} of {required}", notice))
    return ControlResult(control, (step.record_id,), tuple(failures))


def residual_interest_target(day: DayEvidence) -> ControlResult:
    """CP-11: residual interest at the close is no less than the target."""
    report, control = day.report("residual-interest"), Control.RESIDUAL_INTEREST_TARGET
    if report is None:
        return ControlResult(control, (), (_missing(day, "residual-interest"),))
    said = day.said("residual-interest")
    held, target = (
        money_from_decimal(str(said[name])) for name in ("residual_interest_held", "target")
    )
    failures = []
    if held < target:
        notice = day.notice(NoticeKind.RESIDUAL_INTEREST_UNDER_TARGET)
        failures.append(Failure(report.record_id, f"{held} of {target}", notice))
    return ControlResult(control, (report.record_id,), tuple(failures))


def calls(day: DayEvidence) -> ControlResult:
    """CP-12: each call is met by its own due time; what is not is named, and old restricts.

    What is disputed is not late; it ages as what is not, and restricts orders with it.
    """
    evidence, failures = [], []
    for customer in day.customers:
        now = {call.issued.event_id: call for call in _calls(day, customer)}
        for event in DueEvent:
            for then in calls_looked_at(day.work.records, customer, event, day.clock, day.day):
                evidence.append(then.issued.event_id)
                failures += _late(day, then, now[then.issued.event_id])
    return ControlResult(Control.CALLS, tuple(evidence), tuple(failures))


def _late(day: DayEvidence, then: CallState, now: CallState) -> list[Failure]:
    """Return the failure of a call that was late when it fell due, or is old; or none."""
    rules = AgeingRules.from_parameters(day.set_of("collateral"))
    age = rules.age_business_days(now, day.day)
    limit = rules.restricted_at_business_days[AccountType.CUSTOMER]
    is_late = then.payable > ZERO
    is_old = now.is_of_ccp and now.outstanding > ZERO and age >= limit
    if now.excuse or not (is_late or is_old):
        return []
    followed = [_named(day, then)] if is_late else []
    followed += [_restricted(day, now.issued.customer)] if is_old else []
    was = f"{then.outstanding} unpaid, {age} business days old"
    return [Failure(then.issued.event_id, was, followed[-1] if all(followed) else "")]


def _named(day: DayEvidence, call: CallState) -> str:
    """Return the id of the record that names a call late, or nothing."""
    step = day.step(LOOKED_AT[call.issued.due_event])
    late = () if step is None else step.content.get("late", ())
    is_named = isinstance(late, list | tuple) and any(e[0] == call.issued.event_id for e in late)
    return step.record_id if step is not None and is_named else ""


def _restricted(day: DayEvidence, customer: CustomerKey) -> str:
    """Return the id of the record that keeps a customer to risk-reducing orders, or nothing."""
    found = day.work.records.select(stream=ORDERS, subject=subject_of(customer), last=day.day)
    is_restricted = found and found[-1].content["orders"] == "RISK_REDUCING_ONLY"
    return found[-1].record_id if is_restricted else ""


def held_and_owed(day: DayEvidence) -> ControlResult:
    """CP-13: the report is made, and every asset is held as it is owed."""
    report = day.report("custody")
    if report is None:
        return ControlResult(Control.HELD_AND_OWED, (), (_missing(day, "custody report"),))
    notice = day.notice(NoticeKind.CUSTODY_SHORTFALL)
    failures = [
        Failure(f"{report.record_id} {asset}", f"{held} held, {owed} owed", notice)
        for asset, held, owed in _rows(day.said("custody"))
        if money_from_decimal(held) < money_from_decimal(owed)
    ]
    return ControlResult(Control.HELD_AND_OWED, (report.record_id,), tuple(failures))


def _rows(said: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    rows = said.get("recon")
    for each in rows if isinstance(rows, list | tuple) else ():
        yield str(each["asset"]), str(each["held"]), str(each["owed"])
