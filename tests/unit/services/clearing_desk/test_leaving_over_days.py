"""A customer who leaves over some days, every other party simulated, on the simulated market."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.participation.steps import CUSTOMER_STEP, Step, step_of
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.books.participation import what_remains
from crossmargin.services.clearing_day.arrivals import Action
from crossmargin.services.clearing_day.instructions import INSTRUCTION
from crossmargin.services.clearing_day.required import REQUIREMENT
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.simulation.clearing.plan import ClearingPlan, Deposit, Instruction, Leaving
from crossmargin.simulation.clearing.rehearsal_plan import at_et, everyday_clock, everyday_files
from crossmargin.testing.clearing_days import CURVE, FIRM
from crossmargin.testing.traced_figures import drawn, is_traced

_MILLION = 100_000_000


@pytest.fixture(scope="module")
def month(run_plan, lines, simulation, first_day):
    """Books after a week: obligations at FICC alone, margined with a bond, and leaving."""
    days = sifma_calendar().business_days(first_day, simulation.as_of)[:5]
    held = tuple(e for e in lines if e.clearing_organization is ClearingOrganization.FICC)
    bond = held[0].instrument
    own = CURVE.customer_id
    plan = ClearingPlan(
        FIRM,
        days[0],
        days[-1],
        "operations",
        "operations-control",
        everyday_clock(),
        held,
        position_files=everyday_files(),
        deposits=(
            Deposit(days[0], at_et("07:10"), own, "CASH-USD", 5 * _MILLION),
            Deposit(days[0], at_et("07:10"), own, f"SEC-{bond}", 9_000_000),
        ),
        instructions=(
            Instruction(
                *(days[0], at_et("06:30"), "", Action.RESIDUAL_INTEREST_DEPOSIT, "CASH-USD"),
                20 * _MILLION,
            ),
            Instruction(
                *(days[0], at_et("16:00"), own, Action.TO_SECURITIES_ACCOUNT, "CASH-USD"), 1_000_00
            ),
            # While it leaves, from one of its accounts to the other: not to the customer.
            Instruction(
                *(days[1], at_et("11:00"), own, Action.TO_SECURITIES_ACCOUNT, "CASH-USD"), 200_00
            ),
        ),
        leaving=(Leaving(days[1], own, at_et("09:00"), at_et("10:30")),),
    )
    return run_plan(plan), days, bond


def test_who_holds_nothing_any_more_is_required_nothing(month):
    books, days, _ = month
    with books.work() as work:
        required = {
            each.record_id.split("/", 3)[3]: each.content["requirement"]
            for each in work.records.select(stream=REQUIREMENT)
            if "/cur-" not in each.record_id
        }
    assert required[f"{days[0]}/eodxm"] != "0.00"
    assert required[f"{days[1]}/itd"] == "0.00"
    assert f"{days[1]}/eod" not in required, "said once"


def test_bonds_and_cash_come_back_from_ficc_and_go_to_the_customer(month):
    books, days, bond = month
    with books.work() as work:
        wires = [
            (each.business_date, each.content["purpose"], each.content["asset"])
            for each in work.records.select(stream=WIRE, first=days[1])
            if each.subject != FIRM
        ]
        steps = work.records.select(stream=CUSTOMER_STEP, subject=f"{FIRM}/CURVE-FUND")
        assert what_remains(work, CURVE) == ()
    assert (days[1], "MARGIN_FROM_FICC", f"SEC-{bond}") in wires
    assert any(w[1:] == ("WITHDRAWAL", f"SEC-{bond}") for w in wires)
    assert any(w[1:] == ("SCM_WITHDRAWAL", "CASH-USD") for w in wires), "the securities account too"
    with books.work() as work:
        out = work.records.select(stream=WIRE, first=days[1])
        gone = sum(
            int(str(each.content["amount"]))
            for each in out
            if each.content["purpose"] in {"WITHDRAWAL", "SCM_WITHDRAWAL"}
            and each.content["asset"] == "CASH-USD"
        )
        told = [
            each.content["outcome"]
            for each in work.records.select(stream=INSTRUCTION, first=days[1])
            if each.content["action"] == "TO_SECURITIES_ACCOUNT"
        ]
    last = step_of(steps[-1])
    assert told == ["FOLLOWED"]
    assert last.returned[0] == f"CASH-USD {Money(gone)}"
    assert last.step is Step.LEFT
    assert [line.split(" ")[0] for line in last.returned] == ["CASH-USD", f"SEC-{bond}"]
    assert last.returned[1] == f"SEC-{bond} 9000000"


def test_the_books_hold_after_it(month, days_models):
    books, days, _ = month
    assert verify_books(books) == ()
    with books.work() as work:
        proofs = prove(days_models, work, bd_fcm=FIRM, until=days[-1])
    assert [proof.holds for proof in proofs] == [True]


def test_every_transfer_and_requirement_of_it_ends_at_a_line_of_a_file(month):
    books, _, _ = month
    with books.work() as work:
        # The statement of a customer with nothing follows from nothing.
        figures = [each for each in drawn(work, 1_000_000, 1) if not each.startswith("report/")]
        lost = [each for each in figures if not is_traced(work, each)]
    assert len(figures) > 30
    assert lost == [], "what a leaving customer is sent follows from its instruction"


def test_a_day_never_closed_is_refused(month, days_models):
    books, days, _ = month
    never = sifma_calendar().next_business_day(days[-1])
    with books.work() as work, pytest.raises(RefusedError, match="that was closed"):
        prove(days_models, work, bd_fcm=FIRM, until=never)


def test_an_evening_without_prices_is_refused(month, days_models):
    books, days, _ = month
    bare = replace(days_models, market=replace(days_models.market, price_sheets={}))
    with books.work() as work, pytest.raises(RefusedError) as caught:
        prove(bare, work, bd_fcm=FIRM, until=days[2])
    assert [(each.value, each.expected) for each in caught.value.refusals] == [
        (days[0].isoformat(), "a date with security prices, or derived prices asked for")
    ]
