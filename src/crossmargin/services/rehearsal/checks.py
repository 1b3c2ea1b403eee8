"""Whether each step of a rehearsal passed, out of its books: figures, ids, what is lacking.

Each check stands by itself, so that a document names every step that failed and not the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.collateral.calls import CallStatus
from crossmargin.participation.customer import may_hold_positions
from crossmargin.participation.rehearsal import RehearsedStep, StepOutcome
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.clearing_day.wires import Purpose
from crossmargin.services.rehearsal.checks_of_access import (
    access_back,
    books_verified,
    notice_given,
    ported,
    suspension_in_effect,
)
from crossmargin.services.rehearsal.reading import Finding, RehearsedBooks, group_of, list_of

_FICC, _CME = ClearingOrganization.FICC, ClearingOrganization.CME
#: How the one call that is missed, and the one that is paid, are told apart: by their ids.
MISSED, PAID = _CME, _FICC
_CYCLES = ("itd", "eod", "eodxm")


def outcomes(books: RehearsedBooks) -> tuple[StepOutcome, ...]:
    """Return how every step ended, in order."""
    found = []
    for step in RehearsedStep:
        finding = _CHECKS[step](books)
        finding.expect(step not in books.troubles, books.troubles.get(step, ""))
        found.append(finding.as_outcome(step))
    return tuple(found)


def _participation(books: RehearsedBooks) -> Finding:
    found = Finding()
    verdict = may_hold_positions(books.file, books.times.at(books.times.first, "07:00"))
    found.figures["gates"] = str(len(verdict.gates))
    found.evidence += [each for gate in verdict.gates for each in gate.evidence]
    for gate in verdict.gates:
        found.expect(gate.passed, f"{gate.name}: {gate.detail}")
    return found


def _positions(books: RehearsedBooks) -> Finding:
    found, day = Finding(), books.times.first
    files = books.files(day, "novations", "trades")
    lots = [
        lot
        for lot, record in read_register(books.work.records, books.customer.bd_fcm).opened
        if record.business_date == day and lot.account is Account.XM
    ]
    for side in (_FICC, _CME):
        own = [lot for lot in lots if lot.clearing_organization is side]
        found.figures[f"{side.value} lots"] = str(len(own))
        found.expect(own, f"a position in the cross-margining account at {side.value}")
    found.evidence += [each.record_id for each in files]
    for file in files:
        for row in list_of(file.content["not_taken"]):
            found.lacking.append(f"{file.content['name']}: {row}")
    return found


def _requirement(books: RehearsedBooks) -> Finding:
    found = Finding()
    record = books.requirement(books.times.first, "itd")
    if record is None:
        found.lacking.append("a requirement in the first intraday cycle")
        return found
    found.evidence.append(record.record_id)
    for name in ("ficc", "cme"):
        side = group_of(record.content[name])
        found.figures[f"{name.upper()} requirement"] = str(side["requirement"])
        found.figures[f"{name.upper()} stand-alone"] = str(side["standalone"])
        required = money_from_decimal(str(side["requirement"]))
        found.expect(required > ZERO, f"a requirement of {name.upper()} above 0")
    found.figures["reduction"] = str(record.content["reduction"])
    return found


def _call_paid(books: RehearsedBooks) -> Finding:
    found, call = Finding(), books.call(PAID)
    if call is None:
        found.lacking.append(f"a call for {PAID.value} in the first intraday cycle")
        return found
    close = books.times.at(books.times.first, "23:59")
    found.evidence.append(call.issued.event_id)
    found.figures |= {
        "called": str(call.amount),
        "paid": str(call.paid),
        "paid at": books.local(call.last_paid_at),
        "due at": books.local(call.issued.due_at),
    }
    found.expect(call.status(close) is CallStatus.MET, "paid in full by its due time")
    return found


def _property(books: RehearsedBooks) -> Finding:
    found = Finding()
    for side, purpose in ((_FICC, Purpose.MARGIN_TO_FICC), (_CME, Purpose.MARGIN_TO_CME)):
        wires = books.wires(books.times.first, purpose)
        total = sum(int(str(wire.content["amount"])) for wire, _ in wires)
        found.figures[f"sent to {side.value}"] = str(Money(total))
        found.expect(wires, f"margin sent to {side.value}")
        for wire, settled in wires:
            found.evidence.append(wire.record_id)
            found.evidence += [settled.record_id] if settled else []
            is_confirmed = settled is not None and settled.content["outcome"] == "CONFIRMED"
            found.expect(is_confirmed, f"{wire.record_id} confirmed")
    return found


def _files_back(books: RehearsedBooks) -> Finding:
    found, day = Finding(), books.times.first
    for kind in ("ficc-positions", "cme-positions"):
        files = books.files(day, kind)
        labels = {str(each.content["label"]).lower() for each in files}
        found.evidence += [each.record_id for each in files]
        found.figures[kind] = " ".join(each for each in _CYCLES if each in labels)
        for cycle in _CYCLES:
            found.expect(cycle in labels, f"{kind} of {cycle}")
    for cycle in _CYCLES:
        late = list_of(books.said(day, cycle).get("late"))
        found.expect(not late, f"{cycle} without a late side, was {late}")
    return found


def _custodian(books: RehearsedBooks) -> Finding:
    found, day = Finding(), books.times.first
    files, said = books.files(day, "custodian"), books.said(day, "close")
    found.evidence += [each.record_id for each in files]
    found.evidence += [f"report/{books.customer.bd_fcm}/{day.isoformat()}/reconciliation/1"]
    found.figures |= {
        "breaks": str(said.get("breaks")),
        "custody ties by CUSIP": str(said.get("custody_ties")),
    }
    found.expect(files, "a statement of the custodian")
    found.expect(said.get("breaks") == 0, "no break between books, custodian and both sides")
    found.expect(said.get("custody_ties") == "yes", "a custody slice that ties by CUSIP")
    return found


def _call_missed(books: RehearsedBooks) -> Finding:
    found, call, times = Finding(), books.call(MISSED), books.times
    if call is None:
        found.lacking.append(f"a call for {MISSED.value} in the first intraday cycle")
        return found
    close = books.step(times.restricted_day, "fedwire-close")
    late = list_of(books.said(times.restricted_day, "fedwire-close").get("late"))
    ages = {str(list_of(each)[0]): str(list_of(each)[2]) for each in late}
    restricted = list_of(
        books.said(times.restricted_day, "fedwire-close").get("restricted_to_risk_reducing")
    )
    found.evidence.append(call.issued.event_id)
    found.evidence += [close.record_id] if close else []
    found.figures |= {
        "called": str(call.amount),
        "age in business days": ages.get(call.issued.event_id, ""),
        "restricted on": times.restricted_day.isoformat(),
        "paid at": books.local(call.last_paid_at),
    }
    found.expect(call.issued.event_id in ages, f"late on {times.restricted_day}")
    found.expect(books.subject in restricted, "orders restricted to risk-reducing ones")
    end = times.at(times.last, "23:59")
    found.expect(call.status(end) is CallStatus.MET_LATE, "paid in the end")
    return found


def _withdrawal_refused(books: RehearsedBooks) -> Finding:
    found = Finding()
    refused = books.instructions(books.times.refused_day, "WITHDRAW")
    found.expect(refused, "a withdrawal asked for while the account is undermargined")
    for each in refused:
        found.evidence.append(each.record_id)
        found.figures |= {
            "asked for": str(Money(int(str(each.content["quantity"])))),
            "reason": str(each.content["reason"]),
        }
        found.expect(each.content["outcome"] == "REFUSED", "refused")
    return found


def _withdrawal_allowed(books: RehearsedBooks) -> Finding:
    found = Finding()
    day = books.times.paid_day
    asked, wires = books.instructions(day, "WITHDRAW"), books.wires(day, Purpose.WITHDRAWAL)
    found.expect(asked, "a withdrawal asked for with excess there")
    found.expect(wires, "its wire")
    for each in asked:
        found.evidence.append(each.record_id)
        found.figures["asked for"] = str(Money(int(str(each.content["quantity"]))))
        found.expect(each.content["outcome"] == "FOLLOWED", f"followed: {each.content['reason']}")
    for wire, settled in wires:
        found.evidence += [wire.record_id, *([settled.record_id] if settled else [])]
        is_confirmed = settled is not None and settled.content["outcome"] == "CONFIRMED"
        found.expect(is_confirmed, "confirmed by the bank")
    return found


_CHECKS: Mapping[RehearsedStep, Callable[[RehearsedBooks], Finding]] = {
    RehearsedStep.PARTICIPATION: _participation,
    RehearsedStep.POSITIONS_AT_BOTH: _positions,
    RehearsedStep.REQUIREMENT_AT_BOTH: _requirement,
    RehearsedStep.CALL_PAID: _call_paid,
    RehearsedStep.PROPERTY_AT_BOTH: _property,
    RehearsedStep.FILES_BACK: _files_back,
    RehearsedStep.CUSTODIAN_RECONCILED: _custodian,
    RehearsedStep.CALL_MISSED: _call_missed,
    RehearsedStep.WITHDRAWAL_REFUSED: _withdrawal_refused,
    RehearsedStep.WITHDRAWAL_ALLOWED: _withdrawal_allowed,
    RehearsedStep.SUSPENSION_NOTICE: notice_given,
    RehearsedStep.SUSPENSION_IN_EFFECT: suspension_in_effect,
    RehearsedStep.REINSTATED: access_back,
    RehearsedStep.PORT: ported,
    RehearsedStep.BOOKS_VERIFIED: books_verified,
}
