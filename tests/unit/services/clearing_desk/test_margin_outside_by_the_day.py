"""Segregated Customer Margin by the day: called apart, paid, at FICC, back, and in every report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.collateral.call_events import Outside
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import TransferKind, TransferState
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.product.treasury import SecurityKind
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.arrivals import (
    AccountScope,
    Action,
    Direction,
    FileKind,
    PaymentRow,
)
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.instructions import INSTRUCTION
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.required import last_requirements
from crossmargin.services.clearing_day.segregated import segregated_standings
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.services.default_books.ending import end_accounts
from crossmargin.simulation.clearing.plan import (
    ClearingPlan,
    CustodyAccount,
    Deposit,
    Instruction,
)
from crossmargin.simulation.clearing.rehearsal_plan import at_et, everyday_clock, everyday_files
from crossmargin.testing.clearing_days import (
    CURVE,
    EASTERN,
    FIRM,
    RICH,
    arrived,
    content_of,
    instruction,
    opened_books,
    outside_of,
    payment,
)

K = AccountKind
FICC = ClearingOrganization.FICC
_MILLION = 100_000_000


@dataclass(frozen=True)
class Month:
    """Books after some days on which some of the positions at FICC were outside."""

    books: Books
    models: DayModels
    days: tuple[date, ...]

    def document(self, day: date, name: str) -> Mapping[str, Any]:
        with self.books.work() as work:
            return report_document(work, FIRM, day, name)["document"]

    def balance(self, kind: AccountKind) -> int:
        with self.books.work() as work:
            return work.ledger.balance(of_customer(kind, CURVE).account_id, CASH).posted_debit


@pytest.fixture(scope="module")
def month(run_plan, days_models, lines, simulation, first_day) -> Month:
    days = tuple(sifma_calendar().business_days(first_day, simulation.as_of)[:3])
    own = CURVE.customer_id
    plan = ClearingPlan(
        FIRM,
        days[0],
        days[-1],
        "operations",
        "operations-control",
        everyday_clock(),
        tuple(outside_of(lines)),
        position_files=everyday_files(),
        custody_accounts=(
            CustodyAccount("SEGREGATED_BANK", None),
            CustodyAccount("CME", None),
            CustodyAccount("FRBNY", AccountScope.XM_AND_SCM),
        ),
        deposits=(Deposit(days[0], at_et("07:10"), own, "CASH-USD", 100 * _MILLION),),
        instructions=(
            Instruction(
                *(days[0], at_et("06:30"), "", Action.RESIDUAL_INTEREST_DEPOSIT, "CASH-USD"),
                20 * _MILLION,
            ),
            # More than is required, from its own: it goes out again on the last day.
            Instruction(
                *(days[1], at_et("10:00"), own, Action.TO_SECURITIES_ACCOUNT, "CASH-USD"), 700_00
            ),
            Instruction(
                *(days[2], at_et("10:00"), own, Action.WITHDRAW_FROM_SECURITIES_ACCOUNT),
                *("CASH-USD", 500_00),
            ),
            Instruction(
                *(days[2], at_et("10:10"), own, Action.FROM_SECURITIES_ACCOUNT),
                *("CASH-USD", 90 * _MILLION),
            ),
        ),
    )
    return Month(run_plan(plan), days_models, days)


def test_what_ficc_requires_outside_is_called_apart_and_met(month):
    with month.books.work() as work:
        calls = [c for c in calls_of(work.records, CURVE) if c.issued.ccp is Outside.FICC_SCM]
        required = last_requirements(work.records, FIRM, until=month.days[-1])[CURVE]
    assert calls
    assert all(call.outstanding == ZERO for call in calls if call.issued.cycle == "ITD")
    assert required.ficc_outside > ZERO


def test_every_move_is_of_the_securities_class_and_held_at_frbny(month):
    kinds = {TransferKind.SCM_DEPOSIT, TransferKind.SCM_TO_FICC, TransferKind.SCM_FROM_FICC}
    with month.books.work() as work:
        moved = [t for t in work.ledger.transfers() if t.kind in kinds]
        futures = {
            each.kind
            for each in work.ledger.transfers(
                account_id=of_customer(K.CUSTOMER_FUTURES_ACCOUNT, CURVE).account_id
            )
        }
    assert {each.kind for each in moved} >= {TransferKind.SCM_DEPOSIT, TransferKind.SCM_TO_FICC}
    ids = {i for each in moved for i in (each.debit_account_id, each.credit_account_id)}
    assert {each.split("/")[1] for each in ids} == {"SECURITIES"}
    assert {each.rpartition("/")[2] for each in ids if each.startswith("FRBNY")} == {"FRBNY"}
    assert not futures & kinds


def test_at_ficc_lies_what_is_required_and_item_15_is_a_debit_of_it(month):
    for day in month.days:
        total = month.document(day, "reserve-formula")["total"]
        statement = month.document(day, "securities-statement/CURVE-FUND")
        asked = money_from_decimal(statement["requirement"])
        debit, credit = (
            money_from_decimal(total[name]) for name in ("item15_debit", "item1_credit")
        )
        assert ZERO < debit == min(asked, credit)
    assert month.balance(K.FICC_SCM_MARGIN) == credit.cents


def test_the_statements_are_of_one_class_each_and_foot(month):
    day = month.days[-1]
    own = month.document(day, "statement/CURVE-FUND")
    outside = month.document(day, "securities-statement/CURVE-FUND")
    assert [line["clearing_organization"] for line in own["requirements"]] == ["CME", "FICC"]
    assert [line["clearing_organization"] for line in outside["requirements"]] == ["FICC_SCM"]
    assert {line["account"] for line in outside["positions"]} == {"REGULAR"}
    assert ("FICC", "REGULAR") not in {
        (line["clearing_organization"], line["account"]) for line in own["positions"]
    }
    assert not {"FICC_SCM"} & {line["clearing_organization"] for line in own["calls"]}
    assert (own["account"], outside["account"]) == (
        K.CUSTOMER_FUTURES_ACCOUNT,
        K.CUSTOMER_SECURITIES_ACCOUNT,
    )


def test_the_custodian_ficc_and_the_books_agree(month):
    for day in month.days:
        custody = month.document(day, "custody")
        assert all(check["passed"] for check in custody["checks"])
        assert month.document(day, "custody-slice")["ties"] is True
        found = month.document(day, "reconciliation")["reconciliations"]
        assert [each["breaks"] for each in found if each["counterpart"] == "custodian"] == [[]]
    held = {(row["location"], row["held_for"]) for row in custody["held"]}
    assert ("FRBNY", "SCM") in held


def test_what_is_required_stays_and_what_is_more_goes_to_the_customer(month):
    with month.books.work() as work:
        said = {
            (str(each.content["action"]), each.content["outcome"])
            for each in work.records.select(stream=INSTRUCTION)
        }
        (wire,) = [
            each
            for each in work.records.select(stream=WIRE)
            if each.content["purpose"] == "SCM_WITHDRAWAL"
        ]
        sent = work.ledger.transfer(f"{wire.content['transfers'][0]}/settled")
    assert ("WITHDRAW_FROM_SECURITIES_ACCOUNT", "FOLLOWED") in said
    assert ("FROM_SECURITIES_ACCOUNT", "REFUSED") in said
    assert (sent.amount, sent.state) == (500_00, TransferState.POSTS_PENDING)


def test_nothing_is_found_and_profit_and_loss_ties(month):
    assert verify_books(month.books) == ()
    with month.books.work() as work:
        proofs = prove(month.models, work, bd_fcm=FIRM, until=month.days[-1])
    assert all(proof.holds for proof in proofs)


def test_the_ladder_has_it_and_lays_nothing_out_for_it(month):
    day = month.days[0]
    with month.books.work() as work:
        sent = [
            each
            for each in work.records.select(stream=WIRE, first=day, last=day)
            if each.content["purpose"] in {"SCM_TO_FICC", "MARGIN_TO_FICC"}
        ]
    document = report_of_ladder(month, day)["with_arrangement"]
    out = Money.total(
        money_from_decimal(rung["due_out"]) for rung in document["rungs"] if rung["place"] == "FICC"
    )
    assert {each.content["purpose"] for each in sent} == {"SCM_TO_FICC", "MARGIN_TO_FICC"}
    assert out >= Money(sum(int(str(each.content["amount"])) for each in sent))
    assert document["peak_prefunding_total"]["amount"] == "0.00"


def report_of_ladder(month: Month, day: date) -> Mapping[str, Any]:
    return month.document(day, "cash-ladder")


def test_for_who_does_not_pay_in_time_own_cash_stands_in_kept_apart(run, day, lines):
    books = opened_books(MemoryBooks())
    _, done = run(books, RICH, held=outside_of(lines))
    assert "lacking_outside" not in content_of(done, "itd-ficc-due")
    with books.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if not c.is_of_futures_account]
        (wire,) = [
            each
            for each in work.records.select(stream=WIRE)
            if each.content["purpose"] == "SCM_PREFUNDING"
        ]
        custody = report_document(work, FIRM, day, "custody")["document"]
        ladder = report_document(work, FIRM, day, "cash-ladder")["document"]
        customers = work.ledger.balances(kind=K.FICC_SCM_MARGIN)
    # The customer owes the call as before.
    assert call.issued.event_id in {row[0] for row in content_of(done, "fedwire-close")["late"]}
    assert Money(int(str(wire.content["amount"]))) == call.issued.amount
    assert (wire.content["from"], wire.content["to"]) == ("HOUSE", "FRBNY")
    assert customers == {}
    # No bank has confirmed it: in transit, and no cash of a customer's.
    assert {row["reference"] for row in custody["in_transit"]} >= {f"{wire.record_id}/2"}
    assert "SCM_PREFUNDING" not in str(ladder)
    assert verify_books(books) == ()


def test_own_cash_that_has_arrived_is_on_deposit_owed_apart_and_no_credit(desk_of, day, lines):
    books = opened_books(MemoryBooks())
    outside = outside_of(lines)
    desk_of(books, held=outside).run(day, until=datetime.combine(day, time(15), EASTERN))
    name = f"wire/{FIRM}/CURVE-FUND/{day}/itd-ficc-due/SCM_PREFUNDING"
    with books.work() as work:
        cents = int(str(work.records.get(name).content["amount"]))
    row = PaymentRow(*(2, "own", name, FIRM, CURVE, "", "CASH-USD", cents, Direction.OUT))
    confirmed = arrived(day, "15:10", FileKind.PAYMENTS, [row], "ficc")
    desk_of(books, confirmed, held=outside).run(day)
    with books.work() as work:
        total = report_document(work, FIRM, day, "reserve-formula")["document"]["total"]
        slice_ = report_document(work, FIRM, day, "custody-slice")["document"]
        required = last_requirements(work.records, FIRM, until=day)[CURVE].ficc_outside
    debit = money_from_decimal(total["item15_debit"])
    assert debit == min(required, Money(cents)) > ZERO
    assert (total["item1_credit"], total["item2_credit"]) == ("0.00", "0.00")
    assert slice_["ties"] is True
    claimed = {each["margin_account_id"]: each["claimed"] for each in slice_["rows"]}
    assert claimed[f"{FIRM}/SCM-PREFUNDING/CURVE-FUND"] == str(Money(cents))
    assert verify_books(books) == ()
    # Where nothing is required of the customer any more it is still seen, and comes back.
    desk = desk_of(books, held=outside)
    context = DayContext(FIRM, "operations", "risk", desk.models.clock(day), desk.models)
    with books.work() as work:
        assert work.ledger.balances(kind=K.FICC_SCM_MARGIN) == {}
        assert CURVE in segregated_standings(context, work, day, {}, is_evening=False)


def test_a_line_of_the_xm_account_that_is_not_eligible_is_on_the_securities_statement(
    desk_of, day, lines, market
):
    short = next(
        cusip
        for cusip, each in sorted(market.price_sheets[day].prices.items())
        if each.security.kind is SecurityKind.NOTE
        and timedelta(60) < each.security.maturity_date - day < timedelta(360)
    )
    first = next(line for line in lines if line.clearing_organization is FICC)
    books = opened_books(MemoryBooks())
    desk_of(books, held=[*lines, replace(first, instrument=short)]).run(day)
    with books.work() as work:
        own, outside = (
            report_document(work, FIRM, day, f"{name}/CURVE-FUND")["document"]["positions"]
            for name in ("statement", "securities-statement")
        )
    assert [(line["account"], line["asset"]) for line in outside] == [("XM", f"POS-{short}")]
    assert f"POS-{short}" not in {line["asset"] for line in own}


def test_who_does_not_pay_lacks_at_ficc_and_no_residual_interest_stands_in(desk_of, day, lines):
    books = opened_books(MemoryBooks())
    desk = desk_of(books, held=outside_of(lines))
    never = {"clearing_day": {"prefunding_business_days": "0"}}
    desk = replace(desk, models=replace(desk.models, changes=never))
    done = replace(desk, approver="bd_fcm_risk:risk").run(day)
    ((whose, lacking, why),) = content_of(done, "itd-ficc-due")["lacking_outside"]
    with books.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if not c.is_of_futures_account]
        at_ficc = work.ledger.balances(kind=K.FICC_SCM_MARGIN)
        sent = [each.content["purpose"] for each in work.records.select(stream=WIRE)]
    assert (whose, why) == ("BD-FCM/CURVE-FUND", "not brought by the customer")
    assert money_from_decimal(lacking) == call.issued.amount
    assert content_of(done, "itd")["called_outside"] == lacking
    assert call.issued.event_id in {row[0] for row in content_of(done, "fedwire-close")["late"]}
    assert at_ficc == {}
    assert "MARGIN_TO_FICC" in sent
    assert not any(str(each).startswith("SCM_") for each in sent)
    assert verify_books(books) == ()


@pytest.fixture(scope="module")
def paid_in_bonds(run, day, lines):
    """Books of a day on which the call outside is paid with a security."""
    outside = outside_of(lines)
    first = opened_books(MemoryBooks())
    run(first, RICH, held=outside)
    with first.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if not c.is_of_futures_account]
    note = next(line.instrument for line in lines if line.clearing_organization is FICC)
    paid = payment("bonds", f"SEC-{note}", 10_000_000, call.issued.event_id)
    order = instruction("back", Action.FROM_SECURITIES_ACCOUNT, f"SEC-{note}", 10_000_000)
    books = opened_books(MemoryBooks())
    more = (
        arrived(day, "13:00", FileKind.PAYMENTS, [paid], "calls"),
        arrived(day, "13:10", FileKind.INSTRUCTIONS, [order], "back"),
    )
    _, done = run(books, RICH, *more, held=outside)
    return books, done, note


def test_what_is_on_its_way_to_ficc_has_not_arrived(paid_in_bonds, day, models):
    books, _, _ = paid_in_bonds
    context = DayContext(FIRM, "operations", "risk", models.clock(day), models)
    with books.work() as work:
        standing = segregated_standings(context, work, day, {}, is_evening=False)[CURVE]
    assert standing.value_at_ficc > ZERO
    assert standing.arrived_at_ficc == ZERO


def test_a_security_brought_for_the_call_is_margin_at_ficc_by_cusip(paid_in_bonds, day):
    books, done, note = paid_in_bonds
    assert "lacking_outside" not in content_of(done, "itd-ficc-due")
    with books.work() as work:
        (wire,) = [
            each
            for each in work.records.select(stream=WIRE)
            if each.content["purpose"] == "SCM_TO_FICC"
        ]
        custody = report_document(work, FIRM, day, "custody")["document"]
        refused = work.records.get(f"instruction/{FIRM}/back")
        (call, *_) = [c for c in calls_of(work.records, CURVE) if not c.is_of_futures_account]
    assert (call.paid, call.outstanding) == (call.issued.amount, ZERO)
    assert wire.content["asset"] == f"SEC-{note}"
    assert 0 < wire.content["amount"] < 10_000_000
    assert {str(row["asset"]) for row in custody["in_transit"]} >= {f"SEC-{note}"}
    assert "brought as margin" in refused.content["reason"]
    assert verify_books(books) == ()


def test_it_stays_called_where_the_futures_account_ends_and_positions_outside_stay(run, day, lines):
    books = opened_books(MemoryBooks())
    alone = [line for line in outside_of(lines) if line.account is Account.REGULAR]
    run(books, RICH, held=alone)
    with books.work() as work:
        before = [c.outstanding for c in calls_of(work.records, CURVE)]
        required = last_requirements(work.records, FIRM, until=day)[CURVE]
        written = Written(day, required.at, "trustee", ("declared",))
        end_accounts(work, FIRM, [CURVE.customer_id], written, name="default")
        after = [c.outstanding for c in calls_of(work.records, CURVE)]
    assert Money.total(before) > ZERO
    assert after == before
