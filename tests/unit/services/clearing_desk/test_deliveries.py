"""Delivery of Treasury futures over three days: shorts that deliver or cannot, a long assigned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import TransferState
from crossmargin.market.history import MarketData
from crossmargin.pricing.delivery import BasketLine, deliverable_basket
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.books.trace import ends_at_files, trace
from crossmargin.services.clearing_day.arrivals import (
    Action,
    ArrivedFile,
    Direction,
    FileKind,
    InstructionRow,
    PaymentRow,
    TenderRow,
    TradeRow,
)
from crossmargin.services.clearing_day.delivering import DELIVERY, invoice_tenders
from crossmargin.services.clearing_day.engine import Done, StepResult, run_day
from crossmargin.services.clearing_day.flow_steps import mark_end_of_day
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.services.clearing_desk.programme import day_programme
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    ScriptedInbox,
    arrived,
    desk_on,
    instruction,
    opened_books,
    payment,
    quiet_day,
    top_up,
    with_day_before,
)
from crossmargin.testing.clearing_days import confirmed as bank_confirmed

ZF = FuturesContract("ZF", 2026, 3)
SHORT, LONG = CURVE, CustomerKey(FIRM, "BASIS-FUND")
BARE = CustomerKey(FIRM, "WIDE-BOOK")
INVOICE, NOTES = "FUTURES_DELIVERY_INVOICE", "FUTURES_DELIVERY_SECURITIES"


def line(customer: CustomerKey, quantity: int, account: Account = Account.XM) -> PositionLine:
    side = ClearingOrganization.CME
    return PositionLine(2, customer, side, account, "ZFH6", quantity)


@dataclass(frozen=True)
class Three:
    """Intention, notice and delivery day on the simulated market, and the note delivered."""

    days: tuple[date, date, date]
    deliverable: BasketLine
    market: MarketData

    @property
    def cusip(self) -> Cusip:
        return self.deliverable.security.cusip

    @property
    def note(self) -> str:
        return f"SEC-{self.cusip}"

    def tender(self, name: str, customer: CustomerKey, quantity: int, **terms) -> TenderRow:
        row = TenderRow(2, name, line(customer, quantity), self.cusip, self.days[0])
        return replace(row, **terms)

    def intention(self, name: str, quantity: int = -4, **terms) -> InstructionRow:
        row = instruction(name, Action.TENDER, "FUT-ZFH6", quantity)
        return replace(row, **{"reference": self.cusip.text, **terms})

    def first_files(self) -> list[ArrivedFile]:
        day, cents = self.days[0], 2_000_000_000
        wrong = [
            self.intention("too-many", -11),
            self.intention("other-note", reference="912810FT0"),
            self.intention("no-position", asset="FUT-ZNH6"),
        ]
        tenders = [
            self.tender("T1", SHORT, -4),
            self.tender("T2", LONG, 2),
            self.tender("T3", BARE, -1),
            self.tender("none", SHORT, 4),
            self.tender("early", SHORT, -4, intention_day=date(2026, 2, 27)),
            self.tender("T1", SHORT, -4),
        ]
        return [
            arrived(day, "06:30", FileKind.INSTRUCTIONS, [top_up(2, cents)]),
            arrived(day, "06:40", FileKind.PAYMENTS, [bank_confirmed(2, "top-up", cents)]),
            arrived(
                day,
                "06:50",
                FileKind.PAYMENTS,
                [
                    *(
                        payment(f"cash-{each.customer_id}", "CASH-USD", 300_000_000, customer=each)
                        for each in (SHORT, LONG, BARE)
                    ),
                    payment("notes", self.note, 400_000),
                ],
                "customers",
            ),
            arrived(
                day,
                "07:25",
                FileKind.TRADES,
                [
                    TradeRow(2, "S1", line(SHORT, -3), Decimal("108.5")),
                    TradeRow(3, "S2", line(SHORT, -7), Decimal("108.75")),
                    TradeRow(4, "L1", line(LONG, 10), Decimal("108.5")),
                    TradeRow(5, "B1", line(BARE, -5), Decimal("108.5")),
                    TradeRow(6, "B2", line(BARE, 3), Decimal("108.75")),
                ],
            ),
            arrived(day, "14:00", FileKind.INSTRUCTIONS, [self.intention("intends")], "right"),
            arrived(day, "14:30", FileKind.INSTRUCTIONS, wrong, "wrong"),
            arrived(day, "19:20", FileKind.INSTRUCTIONS, [self.intention("late")], "late"),
            arrived(
                day,
                "19:30",
                FileKind.TENDERS,
                [replace(each, line=number) for number, each in enumerate(tenders, start=2)],
            ),
            arrived(
                day,
                "22:00",
                FileKind.TRADES,
                [TradeRow(2, "S3", line(SHORT, -1), Decimal("108.5"))],
                "night",
            ),
            arrived(day, "22:10", FileKind.TENDERS, [self.tender("T4", SHORT, -7)], "night"),
        ]

    def second_files(self) -> list[ArrivedFile]:
        moves = instruction("moves", Action.TO_SECURITIES_ACCOUNT, self.note, 400_000)
        return [arrived(self.days[1], "10:00", FileKind.INSTRUCTIONS, [moves])]

    def third_files(self, cents_of_one: int) -> list[ArrivedFile]:
        """Return what CME and the bank confirm of both deliveries."""
        rows: list[PaymentRow] = []
        for tender, customer, contracts in (("T1", SHORT, -4), ("T2", LONG, 2)):
            wire = f"wire/{FIRM}/{customer.customer_id}/delivery/{FIRM}/{tender}"
            for purpose, asset, quantity, is_in in (
                (INVOICE, "CASH-USD", abs(contracts) * cents_of_one, contracts < 0),
                (NOTES, self.note, abs(contracts) * 100_000, contracts > 0),
            ):
                terms = {
                    "reference": f"{wire}/{purpose}",
                    "direction": Direction.IN if is_in else Direction.OUT,
                    "line": len(rows) + 2,
                }
                rows.append(
                    payment(f"{tender}-{purpose}", asset, quantity, customer=customer, **terms)
                )
        return [arrived(self.days[2], "11:00", FileKind.PAYMENTS, rows)]


@dataclass(frozen=True)
class Delivered:
    """Books after three days, and what was done on each."""

    books: Books
    models: DayModels
    done: tuple[tuple[Done, ...], ...]
    cents_of_one: int

    def said(self, number: int, step: str) -> Mapping[str, object]:
        (found,) = [
            each.record.content
            for each in self.done[number]
            if each.record.content.get("step") == step
        ]
        return found

    def not_taken(self, name: str) -> list[str]:
        (found,) = [
            each.record.content
            for each in self.done[0]
            if str(each.record.content.get("name", "")).endswith(name)
        ]
        return [reason for _, reason in found["not_taken"]]

    def balance(self, kind: AccountKind, customer: CustomerKey, asset: Asset) -> int:
        with self.books.work() as work:
            account_id = of_customer(kind, customer).account_id
            return work.ledger.balance(account_id, asset).posted_credit


@pytest.fixture(scope="module")
def three(simulation, simulated_market) -> Three:
    market, calendar = simulated_market, sifma_calendar()
    last = simulation.as_of
    notice = calendar.previous_business_day(last)
    first = calendar.previous_business_day(notice)
    for day in (last, notice, first):
        market = with_day_before(market, day)
    sheet = market.price_sheets[last]
    basket = deliverable_basket(ZF, [quote.security for quote in sheet.prices.values()])
    return Three((first, notice, last), basket[0], market)


@pytest.fixture(scope="module")
def delivered(three) -> Delivered:
    """Three days whose evenings mark and invoice; no cycle margins anything."""
    desk = desk_on(opened_books(MemoryBooks()), three.market, {})
    context, quiet = quiet_day(desk.models, three.days[0])
    opening = day_programme(context).steps[StepKind.OPEN]

    def evening(work: Work, step: Step) -> StepResult:
        mark_end_of_day(context, work, step)
        return invoice_tenders(context, work, step)

    steps = {**quiet.steps, StepKind.OPEN: opening, StepKind.EOD: evening}
    programme = replace(quiet, steps=steps)
    first, second, third = three.days
    books = desk.books
    done = [
        run_day(programme, books, ScriptedInbox({day: files}), day)
        for day, files in ((first, three.first_files()), (second, three.second_files()))
    ]
    with books.work() as work:
        record = work.records.select(stream=DELIVERY)[0]
    one = money_from_decimal(str(record.content["invoice"])).cents // 4
    inbox = ScriptedInbox({third: three.third_files(one)})
    done.append(run_day(programme, books, inbox, third))
    return Delivered(books, desk.models, tuple(done), one)


def test_the_invoice_is_settlement_price_by_factor_and_accrued_interest(delivered, three):
    subjects = [f"{FIRM}/{each.customer_id}" for each in (SHORT, LONG, BARE)]
    assert delivered.said(0, "eod")["in_delivery"] == [
        [subject, "ZFH26", quantity, three.cusip.text]
        for subject, quantity in zip(subjects, (-4, 2, -1), strict=True)
    ]
    with delivered.books.work() as work:
        made = work.records.select(stream=DELIVERY)
        assert all(ends_at_files(trace(work, each.record_id)) for each in made)
    said = made[0].content
    price, factor = (
        Fraction(str(said[name])) for name in ("settlement_price", "conversion_factor")
    )
    assert factor == Fraction(three.deliverable.conversion_factor)
    principal, accrued, invoice = (
        money_from_decimal(str(said[name])) for name in ("principal", "accrued", "invoice")
    )
    # Half a cent a contract, four contracts.
    assert abs(Fraction(principal.cents) - 4 * price * factor * 1000 * 100) <= 2
    assert invoice == principal + accrued
    assert [each.content["par"] for each in made] == [-400_000, 200_000, -100_000]
    assert [said["intention_day"], said["notice_day"], said["delivery_day"]] == [
        day.isoformat() for day in three.days
    ]


def test_tendered_contracts_leave_oldest_first_and_what_offsets_is_closed_out(delivered):
    with delivered.books.work() as work:
        lots = read_register(work.records, FIRM).live()
    held = {
        customer: [lot.quantity for lot in lots if lot.customer == customer]
        for customer in (SHORT, LONG, BARE)
    }
    # Of the first trade three, of the second one; of five sold three were bought back.
    assert held == {SHORT: [-6, -1], LONG: [8], BARE: [-1]}


def test_notes_move_against_cash_in_kinds_of_their_own_and_never_as_margin(delivered, three):
    assert [row[1:] for row in delivered.said(2, "open")["delivered"]] == [
        ["ZFH26", -400_000, three.cusip.text],
        ["ZFH26", 200_000, three.cusip.text],
    ]
    note = security(three.cusip.text)
    securities = AccountKind.CUSTOMER_SECURITIES_ACCOUNT
    assert delivered.balance(securities, SHORT, note) == 0
    assert delivered.balance(securities, LONG, note) == 200_000
    assert delivered.balance(AccountKind.CUSTOMER_FUTURES_ACCOUNT, LONG, note) == 0
    with delivered.books.work() as work:
        moved = [
            (each.kind.value, each.asset, each.amount)
            for each in work.ledger.transfers(first=three.days[2])
            if each.state is TransferState.POSTS_PENDING
        ]
    one = delivered.cents_of_one
    assert sorted(moved, key=str) == sorted(
        [
            (INVOICE, CASH, 4 * one),
            (INVOICE, CASH, 2 * one),
            (NOTES, note, 400_000),
            (NOTES, note, 200_000),
        ],
        key=str,
    )


def test_the_books_verify_and_flows_are_profit_and_loss_after_the_delivery(delivered, three):
    assert verify_books(delivered.books) == ()
    with delivered.books.work() as work:
        proofs = prove(delivered.models, work, bd_fcm=FIRM, until=three.days[2])
    assert [proof.holds for proof in proofs] == [True, True, True]
    assert all(proof.of_flows.price != Money(0) for proof in proofs)


def test_what_came_after_the_date_is_left_out(delivered, three):
    with delivered.books.work() as work:
        by_day = [prove(delivered.models, work, bd_fcm=FIRM, until=day) for day in three.days]
    assert all(proof.holds for proofs in by_day for proof in proofs)
    assert [each.of_lots for each in by_day[0]] != [each.of_lots for each in by_day[2]]
    assert [each.posted for each in by_day[0]] != [each.posted for each in by_day[2]]


def test_an_invoice_is_posted_and_no_profit(delivered, three):
    with delivered.books.work() as work:
        proofs = prove(delivered.models, work, bd_fcm=FIRM, until=three.days[2])
    short = next(each for each in proofs if each.customer == SHORT)
    assert short.delivery_invoices > Money(0)
    assert short.posted == short.of_lots.total + short.marks_out + short.delivery_invoices
    assert not replace(short, posted=short.posted + Money(1)).holds
    assert not replace(short, marks_out=short.marks_out + Money(1)).holds


def test_a_short_without_the_notes_does_not_deliver_and_is_not_paid(delivered, three):
    ((record_id, due, reason),) = delivered.said(2, "open")["not_delivered"]
    assert (record_id, due) == (f"delivery/{FIRM}/T3", three.days[2].isoformat())
    assert reason == "exceeds_balance"
    with delivered.books.work() as work:
        wires = work.records.select(stream=WIRE, subject=f"{FIRM}/{BARE.customer_id}")
    assert wires == ()


def test_a_notice_of_intention_is_refused_with_its_reason(delivered):
    assert delivered.not_taken("right.csv") == []
    many, other, none = delivered.not_taken("wrong.csv")
    assert "of a position of -10" in many
    assert "a security of the price sheet" in other
    assert "of a position of 0" in none
    (late,) = delivered.not_taken("late.csv")
    assert late == "notices of intention are taken until 18:00 CDT"


def test_a_tender_that_cannot_be_is_named_and_taken_in_once(delivered):
    none, early, twice = delivered.not_taken("tenders-.csv")
    assert "of a position of" in none
    assert early.startswith("a tender of 2026-02-27")
    assert "taken in before" in twice
    (night,) = delivered.not_taken("tenders-night.csv")
    assert night == "contracts that were cleared after the marks of that evening"
