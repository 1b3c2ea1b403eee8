"""Obligations at FICC over two days: whose Funds-Only Settlement is whose, and a late-told fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import Account as LedgerAccount
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.arrivals import (
    Action,
    ArrivedFile,
    FileKind,
    NovationRow,
)
from crossmargin.services.clearing_day.engine import run_day
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.schedule import StepKind
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.services.clearing_desk.programme import day_programme
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
def settled(simulation, simulated_market) -> Settled:
    second = simulation.as_of
    first = sifma_calendar().previous_business_day(second)
    market = simulated_market
    for day in (second, first):
        market = with_day_before(market, day)
    note = next(
        line.instrument
        for line in demo_positions(simulation)
        if line.clearing_organization is ClearingOrganization.FICC and line.leg is Leg.CASH
    )
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
        for n, (name, account, par) in enumerate(
            (("XM", Account.XM, PAR), ("SCM", Account.REGULAR, PAR), ("LATE", Account.XM, -PAR)),
            start=2,
        )
    ]
    ran(first, arrived(first, "07:20", FileKind.NOVATIONS, rows))
    fails = instruction("fails", Action.FAIL, f"POS-{note}", -PAR, reference="LATE")
    told = ran(second, arrived(second, "15:30", FileKind.INSTRUCTIONS, [fails]))
    opened = content_of(told, "open")
    return Settled(desk.books, desk.models, opened, (first, second))


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


def test_flows_of_both_classes_are_profit_and_loss(settled):
    with settled.books.work() as work:
        (proof,) = prove(settled.models, work, bd_fcm=FIRM, until=settled.days[1])
    assert proof.holds
    assert proof.of_flows.price > ZERO
