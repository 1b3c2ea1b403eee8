"""The cash ladder through a day: what is still to go out, what has moved, what is prefunded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.ledger.assets import CASH
from crossmargin.reporting.cash_ladder import CARRIED
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.arrivals import Direction, FileKind
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.report_register import REPORT
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.testing.clearing_days import (
    FIRM,
    POOR,
    RICH,
    arrived,
    eastern,
    opened_books,
    payment,
)

BOTH = ("with_arrangement", "without_arrangement")


@dataclass(frozen=True)
class Ladders:
    """A day's ladders by instant, tomorrow's, and the reports of the close."""

    today: dict[datetime, Any]
    tomorrow: Any
    undermargined: Any
    out_to: dict[str, Money]
    paid_in: Money


def ladders_of(run, day, deposits) -> Ladders:
    books = opened_books(MemoryBooks())
    run(books, deposits)
    with books.work() as work:
        made = [
            record
            for record in work.records.select(stream=REPORT, subject=FIRM)
            if record.content["name"] == "cash-ladder"
        ]
        assert [r.content["version"] for r in made if r.business_date == day] == list(
            range(1, len(made))
        )
        wires = [w for w in work.records.select(stream=WIRE) if w.content["asset"] == str(CASH)]
        out: dict[str, Money] = {}
        for wire in wires:
            purpose = str(wire.content["purpose"])
            if purpose.startswith("MARGIN_TO_"):
                side = purpose.removeprefix("MARGIN_TO_")
                out[side] = out.get(side, ZERO) + Money(int(str(wire.content["amount"])))
        ids = {wire.record_id for wire in work.records.select(stream=WIRE)}
        paid = Money.total(
            Money(int(str(each.content["quantity"])))
            for each in work.records.select(stream=PAYMENT)
            if each.content["reference"] not in ids and each.content["asset"] == str(CASH)
        )
        undermargined = report_document(work, FIRM, day, "residual-interest")["document"]
    (tomorrow,) = (record for record in made if record.business_date > day)
    return Ladders(
        today={r.at: r.content["document"] for r in made if r.business_date == day},
        tomorrow=tomorrow.content["document"],
        undermargined=undermargined,
        out_to=out,
        paid_in=paid,
    )


@pytest.fixture(scope="module")
def rich(run, day) -> Ladders:
    return ladders_of(run, day, RICH)


@pytest.fixture(scope="module")
def poor(run, day) -> Ladders:
    return ladders_of(run, day, POOR)


def summed(ladder: Any, figure: str, place: str | None = None) -> Money:
    return Money.total(
        money_from_decimal(rung[figure])
        for rung in ladder["rungs"]
        if place in (None, rung["place"])
    )


def test_before_a_deadline_it_says_what_must_go_out_and_after_it_what_went(rich, day):
    before = rich.today[eastern(day, "12:15")]["with_arrangement"]
    after = rich.today[eastern(day, "19:00")]["with_arrangement"]
    for side, amount in rich.out_to.items():
        assert amount > ZERO
        assert summed(before, "still_to_go_out", side) == amount
        assert summed(after, "due_out", side) == amount
        # No bank has confirmed them.
        assert summed(after, "still_to_go_out", side) == amount


def test_what_customers_paid_has_come_in(rich, day):
    last = rich.today[eastern(day, "19:00")]["with_arrangement"]
    bank = {rung["place"] for rung in last["rungs"]} - {"CME", "FICC", CARRIED}
    assert len(bank) == 1
    assert summed(last, "come_in", bank.pop()) == rich.paid_in > ZERO
    assert summed(last, "still_to_come_in") == ZERO


def test_who_brings_enough_needs_nothing_of_the_firms(rich):
    peaks = [each["with_arrangement"]["peak_prefunding_total"] for each in rich.today.values()]
    assert {peak["amount"] for peak in peaks} == {"0.00"}


def test_who_brings_too_little_is_prefunded_and_called(poor, day):
    last = poor.today[eastern(day, "19:00")]["with_arrangement"]
    peak = money_from_decimal(last["peak_prefunding_total"]["amount"])
    assert peak > ZERO
    # Nothing was paid in after it: the firm's money still lies there at the end of the day.
    ends = [rung for rung in last["rungs"] if rung["start"] == last["rungs"][-1]["start"]]
    assert Money.total(money_from_decimal(rung["prefunded_at_end"]) for rung in ends) == peak
    tomorrow = poor.tomorrow["with_arrangement"]
    assert money_from_decimal(tomorrow["peak_prefunding"][CARRIED]["amount"]) > ZERO
    assert summed(tomorrow, "still_to_come_in") > ZERO


@pytest.mark.parametrize("which", ["rich", "poor"])
def test_tomorrow_s_peak_with_no_arrangement_is_what_customers_would_lack(which, request):
    # Another path: the residual interest report's stress, from collateral values.
    found = request.getfixturevalue(which)
    peak = money_from_decimal(
        found.tomorrow["without_arrangement"]["peak_prefunding_total"]["amount"]
    )
    lacking = found.undermargined["every_saving_lost"]["total_undermargined"]
    assert peak == money_from_decimal(lacking)
    assert (peak > ZERO) is (which == "poor")


def test_variation_of_the_evening_is_in_tomorrow_s_ladder(rich):
    cme = [rung for rung in rich.tomorrow["with_arrangement"]["rungs"] if rung["place"] == "CME"]
    moved = Money.total(
        money_from_decimal(rung[name])
        for rung in cme
        for name in ("still_to_go_out", "still_to_come_in")
    )
    assert moved > ZERO


def test_what_no_bank_has_confirmed_is_still_to_move_tomorrow_and_moves_when_it_is(
    desk_of, market, day
):
    books = opened_books(MemoryBooks())
    desk = desk_of(books)
    desk.run(day)
    with books.work() as work:
        wires = [
            wire
            for wire in work.records.select(stream=WIRE)
            if wire.content["purpose"] == "MARGIN_TO_CME" and wire.content["asset"] == str(CASH)
        ]
    sent = Money.total(Money(int(str(wire.content["amount"]))) for wire in wires)
    assert sent > ZERO
    next_day = desk.business_days(day, day + timedelta(days=5))[1]
    sheet = market.price_sheets[day]
    later = market.with_sheet(replace(sheet, price_date=next_day, derived_from=day))
    rows = [
        payment(
            *(f"sent-{n}", "CASH-USD", wire.content["amount"], wire.record_id),
            direction=Direction.OUT,
            line=n,
        )
        for n, wire in enumerate(wires, start=2)
    ]
    files = {**desk.inbox.files, next_day: [arrived(next_day, "07:30", FileKind.PAYMENTS, rows)]}
    models = replace(desk.models, market=later)
    after = replace(desk, inbox=replace(desk.inbox, files=files), models=models)
    evening = _last_ladder(books, next_day)
    after.run(next_day, until=eastern(next_day, "08:15"))
    morning = _last_ladder(books, next_day)
    assert summed(evening, "still_to_go_out", "CME") - sent == summed(
        morning, "still_to_go_out", "CME"
    )
    assert summed(evening, "due_out", "CME") == summed(morning, "due_out", "CME")


def _last_ladder(books, day):
    with books.work() as work:
        return report_document(work, FIRM, day, "cash-ladder")["document"]["with_arrangement"]
