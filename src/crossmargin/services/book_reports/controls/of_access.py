"""Controls of who takes part and on what: CP-01, 02, 05, 14, 18, 19."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from crossmargin.basics.records import Record
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of, refusals_of_opening
from crossmargin.ledger.liens import Lien, Party, refusals_of_lien
from crossmargin.ledger.transfers import MOVED, TransferKind
from crossmargin.participation.criteria import Criteria
from crossmargin.participation.customer import (
    CustomerFile,
    may_hold_positions,
    may_hold_property,
)
from crossmargin.participation.programme import programme_gates
from crossmargin.participation.standing import STANDING
from crossmargin.participation.verdicts import Verdict
from crossmargin.product.position import Account
from crossmargin.reporting.controls import Control, ControlResult, Failure
from crossmargin.services.book_reports.controls.evidence import DayEvidence, customer_in
from crossmargin.services.books.liens import register_of_liens
from crossmargin.services.books.papers import programme_facts
from crossmargin.services.clearing_day.directing import DIRECTION
from crossmargin.services.clearing_day.lot_register import LOT

_Asked = Callable[[CustomerFile, datetime], Verdict]
_FICC_PLACES = (AccountKind.FRBNY_SEGREGATED_ACCOUNT, AccountKind.SEGREGATED_BANK_ACCOUNT)
_MUST_BE = {
    (Party.CUSTOMER, Party.BD_FCM): "the customer's pledge to the BD-FCM",
    (Party.BD_FCM, Party.CME): "the BD-FCM's security interest to CME",
}


def holds_positions(day: DayEvidence) -> ControlResult:
    """CP-01: everyone whose position was taken into XM might hold it at that instant."""
    taken = [(each.record_id, each.subject, each.at) for each in _entered(day)]
    return _verdicts(Control.HOLDS_POSITIONS, day, taken, may_hold_positions)


def property_received(day: DayEvidence) -> ControlResult:
    """CP-02: everyone whose property was received might be received from at that instant."""
    received = [
        (each.transfer_id, "/".join(customer_in(each.credit_account_id)), each.at)
        for each in day.transfers
        if each.kind is TransferKind.DEPOSIT
    ]
    return _verdicts(Control.PROPERTY_RECEIVED, day, received, may_hold_property)


def _entered(day: DayEvidence) -> Iterator[Record]:
    """Yield what came into XM: lots of a file, not of another lot, and what was directed in."""
    for record in day.records(LOT):
        if record.content["account"] == Account.XM.value and record.content["line"] is not None:
            yield record
    for record in day.records(DIRECTION):
        if record.content["into"] == Account.XM.value:
            yield record


def _verdicts(
    control: Control, day: DayEvidence, asked: Iterable[tuple[str, str, datetime]], ask: _Asked
) -> ControlResult:
    files: dict[str, CustomerFile] = {}
    verdicts: dict[tuple[str, datetime], Verdict] = {}
    evidence, failures = [], []
    for where, subject, at in asked:
        evidence.append(where)
        if subject not in files:
            files[subject] = day.participant(subject)
        if (subject, at) not in verdicts:
            verdicts[subject, at] = ask(files[subject], at)
        if not verdicts[subject, at].allowed:
            failures.append(Failure(where, str(verdicts[subject, at])))
    return ControlResult(control, tuple(evidence), tuple(failures))


def liens(day: DayEvidence) -> ControlResult:
    """CP-05: no lien in force but those that may be, and both on all margin at FICC."""
    register = [
        each
        for each in register_of_liens(day.work)
        if each.bd_fcm == day.bd_fcm and each.is_in_force(day.day)
    ]
    evidence = [each.lien_id for each in register]
    failures = [
        Failure(each.lien_id, reason.value)
        for each in register
        for reason in refusals_of_lien(each)
    ]
    for account_id in _with_margin_at_ficc(day):
        evidence.append(account_id)
        _, customer_id = customer_in(account_id)
        failures += [
            Failure(account_id, f"without {name} on {day.day}")
            for parties, name in _MUST_BE.items()
            if not _granted(register, parties, customer_id)
        ]
    return ControlResult(Control.LIENS, tuple(evidence), tuple(failures))


def _granted(register: Iterable[Lien], parties: tuple[Party, Party], customer_id: str) -> bool:
    return any(
        (each.granted_by, each.granted_to) == parties and each.customer_id in {"", customer_id}
        for each in register
    )


def _with_margin_at_ficc(day: DayEvidence) -> Iterator[str]:
    """Yield the margin accounts at FICC with something posted in them at the end of the day."""
    for account in day.work.ledger.accounts(kind=AccountKind.FICC_XM_MARGIN, bd_fcm=day.bd_fcm):
        own = account.account_id
        held: dict[str, int] = {}
        for each in day.work.ledger.transfers(account_id=own, last=day.day):
            if each.state in MOVED:
                sign = 1 if each.debit_account_id == own else -1
                held[str(each.asset)] = held.get(str(each.asset), 0) + sign * each.amount
        if any(held.values()):
            yield own


def securities_accounts(day: DayEvidence) -> ControlResult:
    """CP-14: FICC's securities accounts are of the two kinds, or both Commissions consented."""
    facts = [fact_of(each) for each in day.work.records.select(stream=CUSTODY_FACT)]
    evidence, failures = [], []
    for kind in _FICC_PLACES:
        for account in day.work.ledger.accounts(kind=kind):
            own = account.account_id
            evidence.append(own)
            stated = [each for each in facts if each.account_id == own]
            failures += [
                Failure(own, f"{each.field} {each.value}, expected {each.expected}")
                for each in refusals_of_opening(stated, day.day)
            ]
    return ControlResult(Control.SECURITIES_ACCOUNTS, tuple(evidence), tuple(failures))


def suspensions(day: DayEvidence, criteria: Criteria) -> ControlResult:
    """CP-18: every notice names a published criterion, its evidence and its surge."""
    published = {each.criterion_id for each in criteria.criteria}
    evidence, failures = [], []
    for record in day.records(STANDING):
        said = record.content
        if said["event"] != "NOTICE":
            continue
        evidence.append(record.record_id)
        surge = said.get("surge")
        faults = (
            (said["criterion"] not in published, f"{said['criterion']} is not published"),
            (not said.get("evidence"), "no evidence that the criterion is met"),
            (not isinstance(surge, dict) or not surge.get("rows"), "no surge table"),
        )
        failures += [Failure(record.record_id, why) for applies, why in faults if applies]
    return ControlResult(Control.SUSPENSION, tuple(evidence), tuple(failures))


def programme(day: DayEvidence) -> ControlResult:
    """CP-19: registration, relief and rules are in force; where not, nothing new was taken in."""
    gates = programme_gates(programme_facts(day.work), day.closed_at)
    lacking = [gate for gate in gates if not gate.passed]
    after = {each.record_id for each in _entered(day) if lacking and not _rests(day, each.at)}
    halted = "" if after else f"{day.bd_fcm}, {day.day}: no position was taken in"
    return ControlResult(
        Control.PROGRAMME,
        tuple(each for gate in gates for each in gate.evidence) + (gates[0].name,) * bool(lacking),
        tuple(Failure(gate.name, gate.detail, halted) for gate in lacking),
    )


def _rests(day: DayEvidence, at: datetime) -> bool:
    return all(gate.passed for gate in programme_gates(programme_facts(day.work), at))
