"""Suspension in the day, and customers who leave: from first file to close, simulated market."""

from __future__ import annotations

from dataclasses import replace

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.bootstrap.books import published_criteria
from crossmargin.ledger.chart import AccountKind
from crossmargin.market.history import MarketData
from crossmargin.participation.standing import Invoker
from crossmargin.participation.steps import CUSTOMER_STEP, Step, StepTaken, step_of
from crossmargin.product.position import Account
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import customer_file, take_step
from crossmargin.services.clearing_day.arrivals import (
    Action,
    Direction,
    FileKind,
    TradeRow,
)
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.instructions import INSTRUCTION
from crossmargin.services.clearing_day.outgoing import outgoing
from crossmargin.services.clearing_day.required import required_of
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.suspension.desk import AccessDesk
from crossmargin.services.suspension.notices import give_notice, state_evidence
from crossmargin.services.suspension.surge import surge_with
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    POOR,
    arrived,
    content_of,
    eastern,
    instruction,
    opened_books,
    payment,
)
from crossmargin.testing.participants import TEN_PER_CENT, digest


def _suspended(books, desk, at, criterion: str = "XM-07", by: Invoker = Invoker.CME) -> str:
    access = AccessDesk(FIRM, published_criteria(), desk.models.registry)
    entry = Entry(at, "ann", "bob")
    with books.work() as work:
        state_evidence(access, work, CURVE, criterion, entry, sha256=digest("order"))
        notice = give_notice(access, work, CURVE, criterion, entry, invoked_by=by)
        work.commit()
    return notice


def _requirement(books, day, cycle: str):
    with books.work() as work:
        return work.records.get(f"requirement/{FIRM}/CURVE-FUND/{day}/{cycle}")


def test_from_the_cycle_of_its_effect_a_suspended_customer_is_margined_without_reduction(
    desk_of, day, lines
):
    books = opened_books(MemoryBooks())
    direct = instruction("direct", Action.DIRECT_INTO_XM, "FUT-TNM6", 1)
    order = arrived(day, "21:00", FileKind.INSTRUCTIONS, [direct], "customers")
    desk = desk_of(books, order, deposits=POOR)
    desk.run(day, until=eastern(day, "15:00"))
    notice = _suspended(books, desk, eastern(day, "15:00"))
    desk.run(day)
    before, after = (_requirement(books, day, cycle) for cycle in ("itd", "eod"))
    assert before.content["requirement"] != before.content["standalone"]
    assert after.content["requirement"] == after.content["standalone"]
    assert (after.content["reduction"], after.content["binding"]) == ("0.000000", "NONE")
    assert after.content["factor_reason"] == "SUSPENDED"
    assert notice in after.causes
    assert notice not in before.causes
    with books.work() as work:
        itd, eod = required_of(before), required_of(after)
        called = Money.total(
            call.amount for call in calls_of(work.records, CURVE) if call.issued.cycle == "EOD"
        )
        (asked,) = [r for r in work.records.select(stream=INSTRUCTION) if "direct" in r.record_id]
        said = work.records.get(notice).content
        now = eastern(day, "15:00")
        with_trades = surge_with(desk.models, work, CURVE, (), now)
        own = [replace(line, customer=CURVE) for line in lines]
        doubled = surge_with(desk.models, work, CURVE, own, now)
    assert eod.in_futures_account > itd.in_futures_account
    assert called > Money(0)
    assert asked.content["outcome"] == "REFUSED"
    assert "NOT_SUSPENDED" in asked.content["reason"]
    surge = said["surge"]
    assert surge["basis"] == before.record_id
    assert surge["requirement"] == before.content["requirement"]
    assert surge["standalone"] == before.content["standalone"]
    assert surge["extra_cash"] == before.content["saved"]
    assert with_trades.as_document()["extra_cash"] == surge["extra_cash"]
    assert doubled.surge.total > with_trades.surge.total
    assert doubled.basis == f"with {len(own)} intended trades"
    assert verify_books(books) == ()


def test_moving_futures_out_while_suspended_is_measured_without_a_reduction(desk_of, day, lines):
    books = opened_books(MemoryBooks())
    (future,) = [line for line in lines if line.instrument.startswith("TN")]
    out = instruction("out", Action.DIRECT_OUT_OF_XM, f"FUT-{future.instrument}", future.quantity)
    desk = desk_of(books, arrived(day, "14:00", FileKind.INSTRUCTIONS, [out], "customers"))
    desk.run(day, until=eastern(day, "10:00"))
    _suspended(books, desk, eastern(day, "10:00"))
    desk.run(day, until=eastern(day, "14:45"))
    with books.work() as work:
        (asked,) = [r for r in work.records.select(stream=INSTRUCTION) if "/out" in r.record_id]
    assert asked.content["outcome"] == "FOLLOWED", asked.content["reason"]


def test_calls_go_out_in_dollars_and_cents(desk_of, day):
    books = opened_books(MemoryBooks())
    desk_of(books, deposits=POOR).run(day, until=eastern(day, "12:30"))
    with books.work() as work:
        calls = {c.issued.event_id: str(c.amount) for c in calls_of(work.records, CURVE)}
        sent = {e["call_id"]: e["amount"] for e in outgoing(work.records, FIRM, day)["calls.jsonl"]}
    assert sent == calls
    assert [amount[-3] for amount in sent.values()] == [".", "."]


def _closing(day, lines):
    """Return trades that close every future out."""
    out = [
        replace(line, quantity=-line.quantity, customer=CURVE)
        for line in lines
        if line.clearing_organization.value == "CME"
    ]
    rows = [TradeRow(n, f"X{n}", line) for n, line in enumerate(out, start=2)]
    return arrived(day, "10:00", FileKind.TRADES, rows, "closing")


def _leave(day, clock: str):
    row = instruction("leave", Action.LEAVE)
    return arrived(day, clock, FileKind.INSTRUCTIONS, [row], "leaving")


def _steps(books) -> list[StepTaken]:
    with books.work() as work:
        found = work.records.select(stream=CUSTOMER_STEP, subject=f"{FIRM}/CURVE-FUND")
        return [step_of(each) for each in found]


def test_who_leaves_gets_everything_back_and_has_left_once_it_is_there(desk_of, day, lines):
    books = opened_books(MemoryBooks())
    futures = [line for line in lines if line.clearing_organization.value == "CME"]
    leaving = (_closing(day, futures), _leave(day, "10:30"))
    desk = desk_of(books, *leaving, held=futures)
    done = desk.run(day)
    close = content_of(done, "close")
    (wire,) = close["sent_back"]
    assert [each.step for each in _steps(books)][-1] is Step.LEAVING
    with books.work() as work:
        proofs = prove(desk.models, work, bd_fcm=FIRM, until=day)
        amount = work.records.get(wire).content["amount"]
    assert [proof.holds for proof in proofs] == [True]
    paid = payment("sent", "CASH-USD", amount, wire, direction=Direction.OUT)
    # A day of its own in which only the bank's confirmation comes: the close sees them off.
    next_day = desk.business_days(day, day.replace(day=day.day + 5))[1]
    bank = arrived(next_day, "07:10", FileKind.PAYMENTS, [paid], "banks")
    files = {**desk.inbox.files, next_day: [bank]}
    models = replace(desk.models, market=with_day_before_of(desk.models.market, day, next_day))
    after = replace(desk, inbox=replace(desk.inbox, files=files), models=models)
    after.run(next_day, until=eastern(next_day, "19:30"))
    assert [each.step for each in _steps(books)][-1] is Step.LEAVING
    after.run(next_day)
    last = _steps(books)[-1]
    assert last.step is Step.LEFT
    assert last.returned == (f"CASH-USD {Money(amount)}",)
    assert any(each.startswith("payment/") for each in last.causes)
    assert verify_books(books) == ()
    with books.work() as work:
        account = of_customer(AccountKind.CME_XM_POSITION, CURVE).account_id
        assert not work.ledger.close_account(account, closed=next_day, cause_id=last.record_id)


def with_day_before_of(market: MarketData, day, next_day) -> MarketData:
    """Return the market with the day's sheet on the next day too."""
    sheet = market.price_sheets[day]
    return market.with_sheet(replace(sheet, price_date=next_day, derived_from=day))


def test_who_keeps_futures_outside_keeps_its_property_and_has_left(desk_of, day, lines):
    books = opened_books(MemoryBooks())
    regular = [
        replace(line, account=Account.REGULAR)
        for line in lines
        if line.clearing_organization.value == "CME"
    ]
    desk = desk_of(books, _leave(day, "10:30"), held=regular)
    desk.run(day)
    last = _steps(books)[-1]
    assert (last.step, last.returned) == (Step.LEFT, ())
    with books.work() as work:
        own = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, CURVE).account_id
        assert any(key[0] == own for key in work.ledger.balances())
        file = customer_file(work, CURVE, TEN_PER_CENT)
    assert file.done(Step.LEFT, eastern(day, "23:59")) is not None


def test_who_still_has_positions_in_the_arrangement_has_not_left(desk_of, day):
    books = opened_books(MemoryBooks())
    desk_of(books, _leave(day, "10:30")).run(day)
    assert _steps(books)[-1].step is Step.LEAVING


def test_an_applicant_who_withdraws_has_left_at_the_close(desk_of, day):
    books = opened_books(MemoryBooks())
    stranger = CustomerKey(FIRM, "STRANGER")
    entry = Entry(eastern(day, "08:00"), "ann", "bob")
    with books.work() as work:
        for step in (Step.APPLIED, Step.LEAVING):
            taken = StepTaken(step)
            take_step(work, stranger, taken, entry, proprietary_share=TEN_PER_CENT)
        work.commit()
    desk_of(books).run(day)
    with books.work() as work:
        steps = work.records.select(stream=CUSTOMER_STEP, subject=f"{FIRM}/STRANGER")
    assert step_of(steps[-1]).step is Step.LEFT
