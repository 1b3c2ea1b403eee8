"""Segregated Customer Margin and the futures account: what pays which, and what may go."""

from __future__ import annotations

import pytest

from crossmargin.basics.money import ZERO
from crossmargin.collateral.calls import CallStatus
from crossmargin.collateral.house_terms import HouseTerms
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.clearing_day.arrivals import (
    Action,
    FileKind,
)
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.collecting import call_customers
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.house_terms import set_terms
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.released import nothing_required
from crossmargin.services.clearing_day.required import REQUIREMENT, last_requirements
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.services.default_books import ending
from crossmargin.services.default_books.desk import live_lots
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    POOR,
    RICH,
    arrived,
    eastern,
    instruction,
    opened_books,
    outside_of,
    payment,
)

FICC = ClearingOrganization.FICC


@pytest.fixture(scope="module")
def outside(lines):
    return outside_of(lines)


def calls_outside(books):
    with books.work() as work:
        return [call for call in calls_of(work.records, CURVE) if not call.is_of_futures_account]


@pytest.fixture(scope="module")
def unpaid(run, outside):
    """Books of a day on which nothing is paid for it, and its first call."""
    books = opened_books(MemoryBooks())
    desk, _ = run(books, RICH, held=outside)
    return books, desk, calls_outside(books)[0]


def outcome(books, name: str) -> tuple[object, object]:
    with books.work() as work:
        said = work.records.get(f"instruction/{FIRM}/{name}").content
    return said["outcome"], said["reason"]


def test_where_nothing_is_required_any_more_nothing_stays_called(run, outside, day):
    books = opened_books(MemoryBooks())
    desk, _ = run(books, RICH, held=outside)
    noon = eastern(day, "14:00")
    step = Step(StepKind.EOD, day, noon)
    assert any(call.outstanding > ZERO for call in calls_outside(books))
    with books.work() as work:
        last = last_requirements(work.records, FIRM, until=day)[CURVE]
        written = Written(day, last.at, "day", (last.record_id,))
        work.records.add(nothing_required(REQUIREMENT, CURVE, last.cycle, "gone", written))
        context = DayContext(FIRM, "operations", "risk", desk.models.clock(day), desk.models)
        done = call_customers(context, work, step, "EOD")
        work.commit()
    assert all(call.outstanding == ZERO for call in calls_outside(books))
    assert done.content["called_outside"] == "0.00"


def test_a_call_outside_uses_no_limit_of_the_futures_account_and_may_be_paid_from_it(
    run, outside, day, unpaid
):
    _, _, call = unpaid
    books = opened_books(MemoryBooks())
    terms = HouseTerms(CURVE, day, uncollected_limit=ZERO)
    early = eastern(day, "06:00")
    with books.work() as work:
        set_terms(work, terms, Entry(early, "bd_fcm_risk:ann", "bob"))
        work.commit()
    moved = instruction("pays", Action.TO_SECURITIES_ACCOUNT, "CASH-USD", call.amount.cents)
    run(books, RICH, arrived(day, "13:00", FileKind.INSTRUCTIONS, [moved], "m"), held=outside)
    assert outcome(books, "pays") == ("FOLLOWED", "")
    (first, *_) = calls_outside(books)
    assert first.status(first.issued.due_at) is CallStatus.MET


def test_cash_from_the_securities_account_serves_the_calls_of_the_futures_account(
    run, outside, day, unpaid
):
    _, _, call = unpaid
    paid = payment("more", "CASH-USD", call.amount.cents + 500_00, call.issued.event_id)
    back = instruction("back", Action.FROM_SECURITIES_ACCOUNT, "CASH-USD", 500_00)
    books = opened_books(MemoryBooks())
    files = (
        arrived(day, "13:00", FileKind.PAYMENTS, [paid], "calls"),
        arrived(day, "13:10", FileKind.INSTRUCTIONS, [back], "back"),
    )
    run(books, POOR, *files, held=outside)
    assert outcome(books, "back") == ("FOLLOWED", "")
    with books.work() as work:
        served = [call.paid for call in calls_of(work.records, CURVE) if call.is_of_futures_account]
    assert sum(each.cents for each in served) == 500_00
    assert verify_books(books) == ()


def test_of_one_security_what_is_no_margin_goes_first(run, outside, day, unpaid):
    _, _, call = unpaid
    note = next(line.instrument for line in outside if line.clearing_organization is FICC)
    asset, brought, own = f"SEC-{note}", 10_000_000, 1_000_000
    files = (
        arrived(day, "12:50", FileKind.PAYMENTS, [payment("own", asset, own)], "own"),
        arrived(
            *(day, "13:00", FileKind.PAYMENTS),
            *([payment("bonds", asset, brought, call.issued.event_id)], "calls"),
        ),
        arrived(
            *(day, "13:05", FileKind.INSTRUCTIONS),
            *([instruction("there", Action.TO_SECURITIES_ACCOUNT, asset, own)], "there"),
        ),
    )
    first = opened_books(MemoryBooks())
    run(first, RICH, *files, held=outside)
    with first.work() as work:
        (needed,) = [
            int(str(each.content["amount"]))
            for each in work.records.select(stream=WIRE)
            if each.content["purpose"] == "SCM_TO_FICC"
        ]
    for more, expected in ((0, "FOLLOWED"), (100, "REFUSED")):
        books = opened_books(MemoryBooks())
        free = own + brought - needed + more
        goes = instruction("goes", Action.WITHDRAW_FROM_SECURITIES_ACCOUNT, asset, free)
        order = arrived(day, "13:10", FileKind.INSTRUCTIONS, [goes], "goes")
        run(books, RICH, *files, order, held=outside)
        assert outcome(books, "goes")[0] == expected
        assert verify_books(books) == ()


def test_where_every_position_ends_nothing_stays_required_outside_either(unpaid, day, monkeypatch):
    books, _, _ = unpaid
    monkeypatch.setattr(ending, "live_lots", lambda *_: {})
    with books.work() as work:
        last = last_requirements(work.records, FIRM, until=day)[CURVE]
        written = Written(day, last.at, "trustee", ("declared",))
        alone = replace_futures(work, last, written)
        ending.end_accounts(work, FIRM, [CURVE.customer_id], written, name="default")
        after = last_requirements(work.records, FIRM, until=day)[CURVE]
    assert alone.in_futures_account == ZERO < alone.ficc_outside
    assert (after.in_futures_account, after.ficc_outside) == (ZERO, ZERO)


def test_where_lines_that_are_not_eligible_stay_what_is_outside_alone_is_required(
    unpaid, day, monkeypatch
):
    books, _, _ = unpaid
    with books.work() as work:
        own = live_lots(work, FIRM)[CURVE.customer_id]
        stayed = tuple(lot for lot in own if lot.at_ficc and lot.account is Account.XM)
        monkeypatch.setattr(ending, "live_lots", lambda *_: {CURVE.customer_id: stayed})
        last = last_requirements(work.records, FIRM, until=day)[CURVE]
        written = Written(day, last.at, "trustee", ("declared",))
        ending.end_accounts(
            *(work, FIRM, [CURVE.customer_id], written),
            name="port",
            left_out={CURVE.customer_id: frozenset(lot.instrument for lot in stayed)},
        )
        after = last_requirements(work.records, FIRM, until=day)[CURVE]
    assert last.in_futures_account > ZERO
    assert (after.in_futures_account, after.ficc_outside) == (ZERO, last.ficc_outside)


def replace_futures(work, last, written):
    """Require nothing of the futures account, and outside what was required."""
    work.records.add(
        nothing_required(
            *(REQUIREMENT, CURVE, last.cycle, "alone", written), outside_at_ficc=last.ficc_outside
        )
    )
    return last_requirements(work.records, FIRM, until=written.business_date)[CURVE]
