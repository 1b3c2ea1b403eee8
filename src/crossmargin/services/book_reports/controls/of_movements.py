"""Controls of what moves: CP-03, 04, 07, 08, 15, 16, 17."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.declaration import declared_of
from crossmargin.ledger.transfers import MOVED, Transfer, TransferKind, TransferState
from crossmargin.product.position import Account
from crossmargin.reporting.controls import Control, ControlResult, Failure
from crossmargin.services.book_reports.controls.evidence import (
    DayEvidence,
    customer_in,
    kind_in,
)
from crossmargin.services.clearing_day.instructions import WITHDRAWAL_TEST
from crossmargin.services.clearing_day.lot_register import LOT, LotEnd
from crossmargin.services.clearing_day.required import REQUIREMENT
from crossmargin.services.clearing_day.requirements import MARGIN_RUN

_K, _T = AccountKind, TransferKind
#: Why property may leave a margin account at FICC.
_LEAVES_FICC = {
    _T.MARGIN_FROM_FICC: "returned",
    _T.PORT_OUT: "ported",
    _T.GUARANTY_PAYMENT: "used in a default",
    _T.FICC_CLOSE_OUT: "used in a default",
}
_STEP_OF_A_RUN = "day"


def one_class(day: DayEvidence) -> ControlResult:
    """CP-03: the class of both accounts is one, and one of the three."""
    known = {each.value for each in SegregationClass}
    failures = []
    for each in day.transfers:
        classes = {each.debit_account_id.split("/")[1], each.credit_account_id.split("/")[1]}
        if len(classes) != 1 or not classes <= known:
            failures.append(Failure(each.transfer_id, " and ".join(sorted(classes))))
    evidence = tuple(each.transfer_id for each in day.transfers)
    return ControlResult(Control.ONE_CLASS, evidence, tuple(failures))


def margin_leaves_ficc(day: DayEvidence) -> ControlResult:
    """CP-04: what leaves a customer's margin at FICC is for that customer, for a lawful purpose."""
    groups: dict[str, list[Transfer]] = defaultdict(list)
    for each in day.transfers:
        groups[each.group_id].append(each)
    evidence, failures = [], []
    for each in day.transfers:
        if kind_in(each.credit_account_id) != _K.FICC_XM_MARGIN.value:
            continue
        evidence.append(each.transfer_id)
        if each.kind not in _LEAVES_FICC:
            failures.append(Failure(each.transfer_id, f"for {each.kind.value}"))
        own = customer_in(each.credit_account_id)
        others = _named(groups[each.group_id]) - {own}
        if each.kind is not _T.PORT_OUT and others:
            names = ", ".join("/".join(other) for other in sorted(others))
            failures.append(Failure(each.transfer_id, f"with property of {names}"))
    return ControlResult(Control.MARGIN_LEAVES_FICC, tuple(evidence), tuple(failures))


def _named(group: list[Transfer]) -> set[tuple[str, str]]:
    """Return the customers in whose names the accounts of a group are."""
    ids = [each.debit_account_id for each in group] + [each.credit_account_id for each in group]
    return {customer_in(each) for each in ids if customer_in(each)[1]}


def gross_by_customer(day: DayEvidence) -> ControlResult:
    """CP-07: the total of each run is the sum over customers, each on that customer's own lots.

    What no run required (an account that ended, what a port left of one) is in no run's total.
    """
    required: dict[str, list[Record]] = defaultdict(list)
    evidence, failures = [], []
    for each in day.records(REQUIREMENT):
        run = day.work.records.get(each.causes[0])
        if run is not None and run.stream == MARGIN_RUN:
            required[run.record_id].append(each)
            continue
        evidence.append(each.record_id)
        failures += [Failure(each.record_id, why) for why in _others_lots(day, each)]
    for run_id, members in required.items():
        evidence.append(run_id)
        total = Money.total(money_from_decimal(str(m.content["requirement"])) for m in members)
        step = day.work.records.get(f"{_STEP_OF_A_RUN}/{run_id.partition('/')[2]}")
        said = None if step is None else step.content.get("requirement")
        if said is None or money_from_decimal(str(said)) != total:
            failures.append(Failure(run_id, f"{said} in all, but {total} over customers"))
        failures += [Failure(m.record_id, why) for m in members for why in _others_lots(day, m)]
    return ControlResult(Control.GROSS_BY_CUSTOMER, tuple(evidence), tuple(failures))


def _others_lots(day: DayEvidence, required: Record) -> Iterator[str]:
    for cause in required.causes:
        found = day.work.records.get(cause)
        if found is not None and found.stream == LOT and found.subject != required.subject:
            yield f"rests on {cause} of {found.subject}"


def withdrawals(day: DayEvidence) -> ControlResult:
    """CP-08: what a withdrawal left covered the requirement, by the figures of its test.

    What counts for nothing may go, whatever is required. Whoever leaves and holds nothing has no
    requirement, and no test.
    """
    evidence, failures = [], []
    for each in day.transfers:
        if each.kind is not _T.WITHDRAWAL or each.state not in {
            TransferState.POSTED,
            TransferState.PENDING,
        }:
            continue
        evidence.append(each.transfer_id)
        test = _test_of(day, each)
        if test is None:
            if why := _still_has_lots(day, each):
                failures.append(Failure(each.transfer_id, why))
            continue
        said = {name: money_from_decimal(str(test.content[name])) for name in _TESTED}
        if said["request"] > ZERO and said["value"] - said["request"] < said["requirement"]:
            was = f"{said['value']} less {said['request']} against {said['requirement']}"
            failures.append(Failure(each.transfer_id, was))
    return ControlResult(Control.WITHDRAWALS, tuple(evidence), tuple(failures))


_TESTED = ("value", "request", "requirement")


def _test_of(day: DayEvidence, withdrawn: Transfer) -> Record | None:
    """Return the test of the instruction behind a withdrawal, or behind its wire."""
    behind = day.work.records.get(withdrawn.cause_id)
    causes = [withdrawn.cause_id, *(() if behind is None else behind.causes)]
    for cause in causes:
        found = day.work.records.get(f"{cause}/tested")
        if found is not None and found.stream == WITHDRAWAL_TEST:
            return found
    return None


def _still_has_lots(day: DayEvidence, withdrawn: Transfer) -> str:
    own = customer_in(withdrawn.debit_account_id)
    if any((lot.customer.bd_fcm, lot.customer.customer_id) == own for lot in day.lots.live()):
        return "no test of it, and positions are open"
    return ""


def settled_lots(day: DayEvidence) -> ControlResult:
    """CP-15: what was due has left the position account, unless it fails and is marked so."""
    evidence, failures = [], []
    for lot in day.lots.live():
        if lot.at_ficc and lot.account is Account.XM and lot.due <= day.day:
            evidence.append(lot.lot_id)
            if not lot.failed:
                failures.append(Failure(lot.lot_id, f"was due on {lot.due} and is still there"))
    for lot, record in day.lots.opened:
        end = day.lots.ended.get(lot.lot_id)
        if end is None or end.business_date != day.day or not lot.at_ficc:
            continue
        if record.content["account"] != Account.XM.value:
            continue
        if end.content["how"] == LotEnd.SETTLED.value:
            evidence.append(end.record_id)
            if day.work.ledger.transfer(f"{lot.lot_id}/out") is None:
                failures.append(Failure(lot.lot_id, "settled, and did not leave the account"))
    return ControlResult(Control.SETTLED_LOTS, tuple(evidence), tuple(failures))


def guaranty(day: DayEvidence) -> ControlResult:
    """CP-16: what FICC paid CME was that customer's own, and there."""
    evidence, failures = [], []
    for each in day.transfers:
        source = each.credit_account_id
        if each.kind is not _T.GUARANTY_PAYMENT or kind_in(source) != _K.FICC_XM_MARGIN.value:
            continue
        evidence.append(each.transfer_id)
        if customer_in(source) != customer_in(each.debit_account_id):
            failures.append(Failure(each.transfer_id, f"from {source} to {each.debit_account_id}"))
        there = _cash_before(day, source, each)
        if each.amount > there:
            failures.append(Failure(each.transfer_id, f"{Money(each.amount)} of {Money(there)}"))
    return ControlResult(Control.GUARANTY, tuple(evidence), tuple(failures))


def _cash_before(day: DayEvidence, account_id: str, payment: Transfer) -> int:
    """Return the cash in a claim just before a payment out of it, in the order of posting."""
    there = 0
    for each in day.work.ledger.transfers(account_id=account_id):
        if each.transfer_id == payment.transfer_id:
            return there
        if each.asset == CASH and each.state in MOVED:
            there += each.amount if each.debit_account_id == account_id else -each.amount
    raise LookupError(f"{payment.transfer_id} is not in {account_id}")


def ports(day: DayEvidence, *, days: int) -> ControlResult:
    """CP-17: what was ported out went under this BD-FCM's declaration, in its time."""
    evidence, failures = [], []
    for each in day.transfers:
        if each.kind is not _T.PORT_OUT:
            continue
        evidence.append(each.transfer_id)
        declared = declared_of(day.work.records.get(each.cause_id))
        if declared is None or declared.bd_fcm != day.bd_fcm:
            failures.append(Failure(each.transfer_id, f"under {each.cause_id}"))
        elif not 0 <= (day.day - declared.first).days <= days:
            failures.append(Failure(each.transfer_id, f"declared on {declared.first}"))
    return ControlResult(Control.PORTS, tuple(evidence), tuple(failures))
