"""Every control of the catalogue looks at evidence: spoil that, and it is the one that breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_registry
from crossmargin.bootstrap.books import open_books, published_criteria
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.reporting.controls import CATALOGUE, Control, ControlResult, Outcome
from crossmargin.services.book_reports.controls.asking import controls_of_day
from crossmargin.testing.clearing_days import EASTERN, FIRM

CURVE = f"{FIRM}/CURVE-FUND"
OWED = f"CUSTOMER_FUTURES_ACCOUNT/FUTURES/{CURVE}/"
AT_FICC = f"FICC_XM_MARGIN/FUTURES/{CURVE}/"
AT_CME = f"CME_CUSTOMER_MARGIN/FUTURES/{CURVE}/"
BANK = f"SEGREGATED_BANK/FUTURES/{FIRM}//SEGREGATED_BANK"
FRBNY = "FRBNY_SEGREGATED_ACCOUNT/FUTURES///FRBNY"
REGISTRY = parameter_registry()


@dataclass
class Spoilt:
    """Books of a closed day, with records and transfers in the place of theirs or beside them."""

    work: Any
    day: date
    given: dict[str, Record] = field(default_factory=dict)
    moved: list[Transfer] = field(default_factory=list)

    @property
    def records(self) -> Spoilt:
        return self

    @property
    def ledger(self) -> Spoilt:
        return self

    def __getattr__(self, name: str) -> Any:
        ledger = self.work.ledger
        return getattr(ledger if hasattr(ledger, name) else self.work.records, name)

    def get(self, record_id: str) -> Record | None:
        return self.given.get(record_id) or self.work.records.get(record_id)

    def select(self, **wanted: Any) -> Sequence[Record]:
        found = [self.given.get(r.record_id, r) for r in self.work.records.select(**wanted)]
        new = [
            each
            for each in self.given.values()
            if self.work.records.get(each.record_id) is None
            and each.stream == wanted.get("stream")
            and wanted.get("subject", each.subject) == each.subject
        ]
        return (*found, *new)

    def transfers(self, **wanted: Any) -> Sequence[Transfer]:
        own = wanted.get("account_id")
        extra = [
            each
            for each in self.moved
            if own is None or own in {each.debit_account_id, each.credit_account_id}
        ]
        return (*self.work.ledger.transfers(**wanted), *extra)

    def at(self, clock: str) -> datetime:
        return datetime.combine(self.day, time.fromisoformat(clock), EASTERN)

    def record(self, record_id: str, stream: str, subject: str, **content: Any) -> None:
        self.given[record_id] = Record(
            record_id, stream, subject, self.day, self.at("12:00"), "ann", content, (), "bob"
        )

    def changed(self, record_id: str, change: Callable[[Any], Any]) -> None:
        found = self.work.records.get(record_id)
        assert found is not None, record_id
        self.given[record_id] = replace(found, content=change(dict(found.content)))

    def report(self, name: str, **said: Any) -> None:
        self.changed(
            f"report/{FIRM}/{self.day}/{name}/1",
            lambda content: {**content, "document": {**content["document"], **said}},
        )

    def move(self, kind: TransferKind, debit: str, credit: str, **changes: Any) -> None:
        transfer = Transfer(
            *("spoilt", "spoilt", kind, debit, credit, CASH, 100_000_000_00, self.day),
            *(self.at("12:00"), "nothing"),
        )
        self.moved.append(replace(transfer, **changes))

    def asked(self) -> dict[Control, ControlResult]:
        results = controls_of_day(
            self,  # type: ignore[arg-type]
            FIRM,
            self.day,
            set_of=lambda owner: REGISTRY.set_of(owner, self.day),
            criteria=published_criteria(),
        )
        return {each.control: each for each in results}


@pytest.fixture
def spoilt(closed_day_books, simulation):
    with closing(open_books(closed_day_books)) as books, books.work() as work:
        yield Spoilt(work, simulation.as_of)


def test_the_catalogue_has_nineteen_controls_in_order_each_with_its_words():
    assert [each.value for each in Control] == [f"CP-{n:02}" for n in range(1, 20)]
    assert list(CATALOGUE) == list(Control)
    for terms in CATALOGUE.values():
        assert all((terms.asks, terms.when, terms.on_failure, terms.basis))


def test_on_a_day_in_order_none_is_broken_and_what_happened_was_asked(spoilt):
    found = spoilt.asked()
    assert list(found) == list(Control)
    assert {each for each in Control if found[each].outcome is Outcome.NOT_ASKED} <= {
        *(Control.MARGIN_LEAVES_FICC, Control.WITHDRAWALS, Control.CALLS, Control.GUARANTY),
        *(Control.PORTS, Control.SUSPENSION, Control.RESIDUAL_INTEREST_REQUIRED),
        Control.SETTLED_LOTS,
    }
    assert all(found[each].outcome is not Outcome.BROKEN for each in Control)


def test_a_day_that_is_not_closed_is_refused(spoilt):
    later = replace(spoilt, day=spoilt.day + timedelta(days=1))
    with pytest.raises(RefusedError, match="a day that is closed"):
        later.asked()


def _one_lot(spoilt: Spoilt) -> Record:
    return next(
        each
        for each in spoilt.work.records.select(stream="LOT")
        if each.content["clearing_organization"] == "FICC" and each.content["account"] == "XM"
    )


def _position_of_a_stranger(spoilt: Spoilt) -> None:
    spoilt.record("lot/x", "LOT", f"{FIRM}/STRANGER", **_one_lot(spoilt).content)


def _deposit_of_a_stranger(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.DEPOSIT, BANK, OWED.replace("CURVE-FUND", "STRANGER"))


def _two_classes(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.WITHDRAWAL, OWED.replace("FUTURES/", "SECURITIES/", 1), BANK)


def _margin_for_a_fee(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.FEE, OWED, AT_FICC)


def _margin_to_another(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.MARGIN_FROM_FICC, BANK, AT_FICC)
    other = AT_FICC.replace("CURVE-FUND", "BASIS-FUND")
    spoilt.move(TransferKind.MARGIN_TO_FICC, other, BANK, transfer_id="to another")


def _pledge_ended(spoilt: Spoilt) -> None:
    (pledge,) = [
        each
        for each in spoilt.work.records.select(stream="DOCUMENT", subject=CURVE)
        if each.content["kind"] == "PLEDGE_TO_BD_FCM"
    ]
    last = (spoilt.day - timedelta(days=1)).isoformat()
    spoilt.record("end", "DOCUMENT_ENDED", CURVE, document=pledge.record_id, last=last, sha256="0")


def _lien_of_ficc(spoilt: Spoilt) -> None:
    content = {"lien_id": "L", "customer_id": "", "document_sha256": "0", "last": None}
    on = {"on": "XM_SECURITIES_CUSTOMER_PROPERTY", "first": "2026-01-01"}
    parties = {"granted_by": "FICC", "granted_to": "OTHER"}
    spoilt.record("lien", "LIEN", FIRM, **content, **on, **parties)


def _lacking_and_not_called(spoilt: Spoilt) -> None:
    spoilt.report("residual-interest", undermargined={"CURVE-FUND": "999999999.00"})


def _another_total(spoilt: Spoilt) -> None:
    step = f"day/{FIRM}/{spoilt.day}/itd"
    spoilt.changed(step, lambda content: {**content, "requirement": "0.01"})


def _on_a_lot_of_another(spoilt: Spoilt) -> None:
    lot = _one_lot(spoilt)
    spoilt.given[lot.record_id] = replace(lot, subject=f"{FIRM}/BASIS-FUND")


def _withdrawal_without_a_test(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.WITHDRAWAL, OWED, BANK, state=TransferState.PENDING)


def _withdrawal_beyond_its_test(spoilt: Spoilt) -> None:
    _withdrawal_without_a_test(spoilt)
    figures = {"value": "100.00", "request": "10.01", "requirement": "90.00"}
    spoilt.record("nothing/tested", "WITHDRAWAL_TEST", CURVE, **figures)


def _under_segregated(spoilt: Spoilt) -> None:
    spoilt.report("segregation", lines=[{"line": "14", "amount": "-0.01"}])


def _residual_interest(spoilt: Spoilt) -> None:
    step = f"day/{FIRM}/{spoilt.day}/residual-interest-due"
    figures = {"held": "1.00", "required_after_payments": "1.01"}
    spoilt.changed(step, lambda content: {**content, **figures})


def _under_target(spoilt: Spoilt) -> None:
    spoilt.report("residual-interest", residual_interest_held="1.00", target="1.01")


def _unpaid_call(spoilt: Spoilt) -> None:
    due = {"due_at": spoilt.at("19:00").isoformat(), "due_date": spoilt.day.isoformat()}
    said = {"amount": 1, "ccp": "CME", "currency": "USD", "cycle": "ITD", "event": "issued"}
    event = {"due_event": "FEDWIRE_FUNDS_CLOSE"}
    spoilt.record("call/x", "margin-call", CURVE, **due, **said, **event)


def _less_held(spoilt: Spoilt) -> None:
    spoilt.report("custody", recon=[{"asset": "CASH-USD", "held": "1.00", "owed": "1.01"}])


def _third_kind(spoilt: Spoilt) -> None:
    said: Mapping[str, Any] = {"fact": "SCOPE", "value": "OTHER", "document_sha256": ""}
    spoilt.record("fact", "CUSTODY_FACT", FRBNY, **said, first="2026-01-02", last=None)


def _due_and_there(spoilt: Spoilt) -> None:
    """A lot that is written and not committed: what is due today is not marked as failing."""
    lot = _one_lot(spoilt)
    due = {**lot.content, "settlement_date": spoilt.day.isoformat(), "leg": "CASH"}
    late = replace(lot, record_id="lot/late", content={**due, "end_date": None, "line": None})
    spoilt.work.records.add(late)


def _guaranty_beyond(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.GUARANTY_PAYMENT, AT_CME, AT_FICC)


def _guaranty_of_another(spoilt: Spoilt) -> None:
    other = AT_CME.replace("CURVE-FUND", "BASIS-FUND")
    spoilt.move(TransferKind.GUARANTY_PAYMENT, other, AT_FICC, amount=1)


def _port_undeclared(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.PORT_OUT, OWED, BANK)


def _port_too_late(spoilt: Spoilt) -> None:
    spoilt.move(TransferKind.PORT_OUT, OWED, BANK, cause_id="declared")
    spoilt.record("declared", "DEFAULT_DECLARATION", FIRM)
    record = spoilt.given["declared"]
    early = spoilt.day - timedelta(days=8)
    spoilt.given["declared"] = replace(record, business_date=early)


def _notice_of_no_criterion(spoilt: Spoilt) -> None:
    said = {"event": "NOTICE", "criterion": "XM-99", "evidence": ["x"], "surge": {"rows": ["x"]}}
    # One that is never in effect: nothing else looks at it.
    more = {"leads_to": "SUSPENSION", "effective_at": "2099-01-01T00:00:00+00:00"}
    spoilt.record("n", "STANDING", CURVE, **said, **more, invoked_by="BD_FCM")


def _relief_ended(spoilt: Spoilt) -> None:
    (relief,) = [
        each
        for each in spoilt.work.records.select(stream="PROGRAMME_FACT")
        if each.content["kind"] == "CFTC_RELIEF"
    ]
    ended = {**relief.content, "last": (spoilt.day - timedelta(days=1)).isoformat()}
    spoilt.given[relief.record_id] = replace(relief, content=ended)


SPOILT: Sequence[tuple[Control, Callable[[Spoilt], None], str]] = (
    (Control.HOLDS_POSITIONS, _position_of_a_stranger, "no"),
    (Control.PROPERTY_RECEIVED, _deposit_of_a_stranger, "no"),
    (Control.ONE_CLASS, _two_classes, "FUTURES and SECURITIES"),
    (Control.MARGIN_LEAVES_FICC, _margin_for_a_fee, "for FEE"),
    (Control.MARGIN_LEAVES_FICC, _margin_to_another, "with property of BD-FCM/BASIS-FUND"),
    (Control.LIENS, _pledge_ended, "without the customer's pledge"),
    (Control.LIENS, _lien_of_ficc, "FICC to OTHER"),
    (Control.COLLECTED, _lacking_and_not_called, "999999999.00 is lacking"),
    (Control.GROSS_BY_CUSTOMER, _another_total, "0.01 in all"),
    (Control.GROSS_BY_CUSTOMER, _on_a_lot_of_another, "of BD-FCM/BASIS-FUND"),
    (Control.WITHDRAWALS, _withdrawal_without_a_test, "no test of it"),
    (Control.WITHDRAWALS, _withdrawal_beyond_its_test, "100.00 less 10.01 against 90.00"),
    (Control.SEGREGATION, _under_segregated, "line 14 is -0.01"),
    (Control.RESIDUAL_INTEREST_REQUIRED, _residual_interest, "1.00 of 1.01"),
    (Control.RESIDUAL_INTEREST_TARGET, _under_target, "1.00 of 1.01"),
    (Control.CALLS, _unpaid_call, "0.01 unpaid, 0 business days old"),
    (Control.HELD_AND_OWED, _less_held, "1.00 held, 1.01 owed"),
    (Control.SECURITIES_ACCOUNTS, _third_kind, "CFTC_CONSENT none in force"),
    (Control.SETTLED_LOTS, _due_and_there, "and is still there"),
    (Control.GUARANTY, _guaranty_beyond, "100000000.00 of"),
    (Control.GUARANTY, _guaranty_of_another, "to CME_CUSTOMER_MARGIN/FUTURES/BD-FCM/BASIS-FUND/"),
    (Control.PORTS, _port_undeclared, "under nothing"),
    (Control.PORTS, _port_too_late, "declared on"),
    (Control.SUSPENSION, _notice_of_no_criterion, "XM-99 is not published"),
    (Control.PROGRAMME, _relief_ended, "no version in force"),
)


@pytest.mark.parametrize(
    ("control", "spoil", "was"),
    SPOILT,
    ids=[f"{each[0].value}{each[1].__name__}" for each in SPOILT],
)
def test_a_control_breaks_with_its_evidence(spoilt, control, spoil, was):
    spoil(spoilt)
    found = spoilt.asked()[control]
    assert found.outcome is Outcome.BROKEN
    assert any(was in each.was for each in found.failures if not each.followed_by)


def test_without_relief_what_is_directed_in_is_taken_in_too(spoilt):
    _relief_ended(spoilt)
    for lot in spoilt.work.records.select(stream="LOT"):
        spoilt.changed(lot.record_id, lambda content: {**content, "line": None})
    (failure,) = spoilt.asked()[Control.PROGRAMME].failures
    assert failure.followed_by == f"{FIRM}, {spoilt.day}: no position was taken in"
    spoilt.record("direction/x", "DIRECTION", CURVE, into="XM")
    assert spoilt.asked()[Control.PROGRAMME].outcome is Outcome.BROKEN


def test_every_control_is_broken_by_a_test():
    assert {control for control, *_ in SPOILT} == set(Control)


def test_a_failure_that_its_notice_follows_is_not_broken(spoilt):
    _under_segregated(spoilt)
    spoilt.record("notice/x", "NOTICE", FIRM, kind="under_segregation")
    (failure,) = spoilt.asked()[Control.SEGREGATION].failures
    assert failure.followed_by == "notice/x"


def test_what_counts_for_nothing_may_go_of_whoever_is_short(spoilt):
    _withdrawal_without_a_test(spoilt)
    figures = {"value": "80.00", "request": "0.00", "requirement": "90.00"}
    spoilt.record("nothing/tested", "WITHDRAWAL_TEST", CURVE, **figures)
    found = spoilt.asked()[Control.WITHDRAWALS]
    assert (found.outcome, found.evidence) == (Outcome.HOLDS, ("spoilt",))


def _disputed_call(spoilt: Spoilt) -> None:
    _unpaid_call(spoilt)
    said = {"call_id": "call/x", "amount": 1, "reason": "another price"}
    spoilt.record("dispute/x", "margin-call", CURVE, event="disputed", **said)


def test_a_call_of_which_all_that_is_unpaid_is_disputed_is_asked_and_not_late(spoilt):
    _disputed_call(spoilt)
    found = spoilt.asked()[Control.CALLS]
    assert "call/x" in found.evidence
    assert "call/x" not in {each.where for each in found.failures}


def test_a_disputed_call_that_is_old_restricts_orders(spoilt):
    _disputed_call(spoilt)
    long_ago = spoilt.day - timedelta(days=30)
    call = spoilt.given["call/x"]
    due = {"due_at": datetime.combine(long_ago, time(19), EASTERN).isoformat()}
    content = {**call.content, **due, "due_date": long_ago.isoformat()}
    at = datetime.combine(long_ago, time(12), EASTERN)
    spoilt.given["call/x"] = replace(call, content=content, business_date=long_ago, at=at)
    (failure,) = [e for e in spoilt.asked()[Control.CALLS].failures if e.where == "call/x"]
    assert not failure.followed_by
    spoilt.record("orders/x", "ORDERS", CURVE, orders="RISK_REDUCING_ONLY")
    (failure,) = [e for e in spoilt.asked()[Control.CALLS].failures if e.where == "call/x"]
    assert failure.followed_by == "orders/x"
