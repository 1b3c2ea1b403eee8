"""Obligations at FICC over two days: whose Funds-Only Settlement is whose, and a late-told fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import Account as LedgerAccount
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.product.treasury import SecurityKind
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.arrivals import (
    Action,
    ArrivedFile,
    FileKind,
    InstructionRow,
    NovationRow,
)
from crossmargin.services.clearing_day.engine import run_day
from crossmargin.services.clearing_day.flow_steps import FLOWS, open_day
from crossmargin.services.clearing_day.lot_register import Written, read_register
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.marks import Marks, marks_record
from crossmargin.services.clearing_day.schedule import StepKind
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.services.clearing_desk.programme import day_programme
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.simulation.book import demo_positions
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    ScriptedInbox,
    arrived,
    content_of,
    desk_on,
    instruction,
    opened_books,
    quiet_day,
    with_day_before,
)

PAR = 10_000_000
K = AccountKind


@dataclass(frozen=True)
class Settled:
    """Books after two days: what was novated on the first settles on the second."""

    books: Books
    models: DayModels
    opened: Mapping[str, object]
    days: tuple[date, date]

    def net(self, account: LedgerAccount) -> Money:
        with self.books.work() as work:
            return Money(work.ledger.balance(account.account_id, CASH).posted_credit)


@pytest.fixture(scope="module")
def market(simulation, simulated_market):
    market = simulated_market
    for day in (simulation.as_of, sifma_calendar().previous_business_day(simulation.as_of)):
        market = with_day_before(market, day)
    return market


def _two_days(simulation, market, obligations, *told: InstructionRow) -> Settled:
    """Return books after obligations were novated on a day and opened on the next."""
    second = simulation.as_of
    first = sifma_calendar().previous_business_day(second)
    desk = desk_on(opened_books(MemoryBooks()), market, {})
    context, quiet = quiet_day(desk.models, first)
    whole = day_programme(context).steps
    done = {kind: whole[kind] for kind in (StepKind.OPEN, StepKind.FICC_MORNING)}
    programme = replace(quiet, steps={**quiet.steps, **done})

    def ran(day: date, *files: ArrivedFile):
        return run_day(programme, desk.books, ScriptedInbox({day: files}), day)

    side = ClearingOrganization.FICC
    rows = [
        NovationRow(n, name, PositionLine(n, CURVE, side, account, note, par), Money(PAR * 50))
        for n, (name, account, note, par) in enumerate(obligations, start=2)
    ]
    ran(first, arrived(first, "07:20", FileKind.NOVATIONS, rows))
    files = [arrived(second, "15:30", FileKind.INSTRUCTIONS, told)] if told else []
    opened = content_of(ran(second, *files), "open")
    return Settled(desk.books, desk.models, opened, (first, second))


@pytest.fixture(scope="module")
def note(simulation) -> str:
    return next(
        line.instrument
        for line in demo_positions(simulation)
        if line.clearing_organization is ClearingOrganization.FICC and line.leg is Leg.CASH
    )


@pytest.fixture(scope="module")
def settled(simulation, market, note) -> Settled:
    fails = instruction("fails", Action.FAIL, f"POS-{note}", -PAR, reference="LATE")
    obligations = (
        ("XM", Account.XM, note, PAR),
        ("SCM", Account.REGULAR, note, PAR),
        ("LATE", Account.XM, note, -PAR),
    )
    return _two_days(simulation, market, obligations, fails)


def test_what_is_not_eligible_in_the_xm_account_is_paid_in_the_securities_class_too(
    simulation, market, note
):
    day = simulation.as_of
    short = next(
        cusip
        for cusip, each in sorted(market.price_sheets[day].prices.items())
        if each.security.kind is SecurityKind.NOTE
        and timedelta(60) < each.security.maturity_date - day < timedelta(360)
    )
    both = _two_days(
        simulation, market, (("IN", Account.XM, note, PAR), ("OUT", Account.XM, short, PAR))
    )
    futures = both.net(of_customer(K.CUSTOMER_FUTURES_ACCOUNT, CURVE))
    securities = both.net(of_customer(K.CUSTOMER_SECURITIES_ACCOUNT, CURVE))
    assert min(futures, securities) > ZERO
    assert both.net(of_bd_fcm(K.FICC_FUNDS_ONLY_SETTLEMENT, FIRM)) == -futures
    assert both.net(of_bd_fcm(K.SCM_FUNDS_ONLY_SETTLEMENT, FIRM)) == -securities
    with both.books.work() as work:
        (proof,) = prove(both.models, work, bd_fcm=FIRM, until=both.days[1])
        flows = {
            row[0]: record.record_id.endswith("/scm")
            for record in work.records.select(stream=FLOWS)
            for row in record.content["flows"]
        }
    assert sorted(flows.values()) == [False, True]
    assert proof.holds
    assert verify_books(both.books) == ()


def test_what_is_segregated_customer_margin_s_is_paid_in_the_securities_class(settled):
    futures = of_customer(K.CUSTOMER_FUTURES_ACCOUNT, CURVE)
    securities = of_customer(K.CUSTOMER_SECURITIES_ACCOUNT, CURVE)
    # Both bought at half of par: what is worth more is gained, each in its own account.
    gained = settled.net(securities)
    assert gained > ZERO
    # One bought and one sold of the same: nothing is left in the futures account.
    assert settled.net(futures) == ZERO
    scm = of_bd_fcm(K.SCM_FUNDS_ONLY_SETTLEMENT, FIRM)
    assert scm.segregation_class is SegregationClass.SECURITIES
    assert settled.net(scm) == -gained
    assert settled.net(of_bd_fcm(K.FICC_FUNDS_ONLY_SETTLEMENT, FIRM)) == ZERO


def test_it_is_settled_with_ficc_by_a_wire_of_its_own(settled):
    with settled.books.work() as work:
        (wire,) = work.records.select(stream=WIRE, subject=FIRM)
        sent = work.ledger.transfer(str(wire.content["transfers"][0]))
        moved = {
            each.kind
            for each in work.ledger.transfers(
                account_id=of_customer(K.CUSTOMER_SECURITIES_ACCOUNT, CURVE).account_id
            )
        }
    assert wire.content["purpose"] == "SCM_FUNDS_ONLY"
    assert sent.kind is TransferKind.FICC_FUNDS_ONLY_PAYMENT
    assert sent.debit_account_id.startswith("SECURITIES_CUSTODY/SECURITIES/")
    assert moved == {TransferKind.FICC_TRANSACTION_ADJUSTMENT}


def test_a_fail_told_after_the_opening_comes_back_at_what_it_was_settled_at(settled):
    assert settled.opened["left"] == 3
    with settled.books.work() as work:
        (lot,) = read_register(work.records, FIRM).live()
    assert lot.failed
    assert (lot.quantity, lot.due) == (-PAR, settled.days[1])
    assert lot.contract_amount == settled.net(
        of_customer(K.CUSTOMER_SECURITIES_ACCOUNT, CURVE)
    ) + Money(PAR * 50)
    assert verify_books(settled.books) == ()


@pytest.mark.parametrize("suffix", ["", "/scm"])
def test_a_mark_of_what_has_left_goes_back_in_the_account_that_it_was_booked_in(
    simulation, market, note, suffix
):
    late = ("LATE", Account.XM, note, -PAR)
    both = _two_days(
        *(simulation, market),
        (("IN", Account.XM, note, PAR), ("OUT", Account.REGULAR, note, PAR), late),
        instruction("fails", Action.FAIL, f"POS-{note}", -PAR, reference="LATE"),
    )
    second = both.days[1]
    third = sifma_calendar().next_business_day(second)
    context, _ = quiet_day(both.models, third)
    step = context.clock.steps(third)[0]
    written = Written(second, step.at - timedelta(days=1), "day", ())
    subject = f"{FIRM}/{CURVE.customer_id}"
    with both.books.work() as work:
        # One that was booked against the rule: what was booked says where it goes back.
        lot = read_register(work.records, FIRM).opened[0 if suffix else 1][0].lot_id
        rows = [[lot, "FICC_FORWARD_MARK", "5.00", "0.00", second.isoformat(), None]]
        booked = written.record(f"flows/late{suffix}", FLOWS, subject, {"flows": rows})
        marks = Marks({}, (PaidMark(lot, Money(5_00), second, False),))
        work.records.add(booked)
        work.records.add(marks_record(marks, "marks/late", written, bd_fcm=FIRM))
        open_day(context, work, step)
        name = f"flows/{subject}/{third.isoformat()}/open"
        found = {
            row[0]: record.record_id
            for record in work.records.select(stream=FLOWS, first=third)
            for row in record.content["flows"]
        }
    assert found[lot] == f"{name}{suffix}"


def test_flows_of_both_classes_are_profit_and_loss(settled):
    with settled.books.work() as work:
        (proof,) = prove(settled.models, work, bd_fcm=FIRM, until=settled.days[1])
    assert proof.holds
    assert proof.of_flows.price > ZERO
