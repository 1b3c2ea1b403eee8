"""A rehearsal on the simulated market: every step, its repetition, and why one cannot be held."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap.books import hold_rehearsal, published_criteria
from crossmargin.collateral.ageing import AgeingRules
from crossmargin.participation.rehearsal import RehearsedStep, refusals_of_rehearsal
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.schedule import DayClock
from crossmargin.services.rehearsal.checks import outcomes
from crossmargin.services.rehearsal.holding import RehearsalRequest
from crossmargin.services.rehearsal.reading import RehearsedBooks
from crossmargin.services.rehearsal.timetable import timetable
from crossmargin.simulation.book import demo_positions
from crossmargin.testing.clearing_days import EASTERN, FIRM, opened_books, state_of
from crossmargin.testing.participants import TEN_PER_CENT

CURVE = CustomerKey(FIRM, "CURVE-FUND")
_DAYS = 8


@pytest.fixture(scope="module")
def request_of(simulation, first_day):
    """Make requests of the demo's curve fund."""
    lines = [
        replace(line, customer=CustomerKey(FIRM, line.customer.customer_id))
        for line in demo_positions(simulation)
    ]
    held_at = datetime.combine(first_day - timedelta(days=1), time(16), EASTERN)

    def make(**changes) -> RehearsalRequest:
        asked = RehearsalRequest(CURVE, held_at, first_day, lines, "ann", "bob", "OTHER-BD-FCM")
        return replace(asked, **changes)

    return make


@pytest.fixture(scope="module")
def held(days_models, request_of):
    """Hold one, and say what the real books were before and after."""
    real = opened_books(MemoryBooks())
    before = state_of(real)
    rehearsal = hold_rehearsal(real, request_of(), days_models, lambda _: None)
    return rehearsal, before, state_of(real)


def test_every_step_passes_with_figures_and_evidence(held):
    rehearsal, _, _ = held
    assert {each.step.value: each.lacking for each in rehearsal.steps} == {
        step.value: "" for step in RehearsedStep
    }
    assert rehearsal.passed
    assert all(each.figures for each in rehearsal.steps)
    without = {each.step for each in rehearsal.steps if not each.evidence}
    assert without == {RehearsedStep.BOOKS_VERIFIED}


def test_the_real_books_are_as_they_were(held):
    _, before, after = held
    assert after == before


def test_what_is_ported_is_what_was_held(held, request_of):
    rehearsal, _, _ = held
    (port,) = [each for each in rehearsal.steps if each.step is RehearsedStep.PORT]
    own = [line for line in request_of().lines if line.customer == CURVE]
    for line in own:
        if line.clearing_organization is ClearingOrganization.FICC:
            assert port.figures[f"FICC XM {line.instrument}"] == str(line.quantity)
    assert "CASH-USD" in port.figures


def test_the_same_inputs_give_the_same_document(held, days_models, request_of):
    rehearsal, _, _ = held
    again = hold_rehearsal(opened_books(MemoryBooks()), request_of(), days_models, lambda _: None)
    assert again.as_document() == rehearsal.as_document()


def test_the_outcome_is_evidence_for_its_customer_alone(held):
    rehearsal, _, _ = held
    document, at = rehearsal.as_document(), rehearsal.held_at + timedelta(days=20)
    ours = refusals_of_rehearsal(document, subject=f"{FIRM}/CURVE-FUND", at=at, valid_days=90)
    theirs = refusals_of_rehearsal(document, subject=f"{FIRM}/BASIS-FUND", at=at, valid_days=90)
    assert ours == []
    assert [each.field for each in theirs] == ["customer"]


@pytest.mark.parametrize("side", list(ClearingOrganization))
def test_it_cannot_be_held_without_a_position_at_each(days_models, request_of, side):
    lines = [line for line in request_of().lines if line.clearing_organization is not side]
    with pytest.raises(RefusedError) as refused:
        hold_rehearsal(
            opened_books(MemoryBooks()), request_of(lines=lines), days_models, lambda _: None
        )
    assert [each.value for each in refused.value.refusals] == [f"CURVE-FUND at {side.value}"]


def test_it_cannot_be_held_before_accounts_are_open(days_models, request_of):
    stranger = CustomerKey(FIRM, "STRANGER")
    lines = [replace(line, customer=stranger) for line in request_of().lines]
    asked = request_of(customer=stranger, lines=lines)
    with pytest.raises(RefusedError) as refused:
        hold_rehearsal(opened_books(MemoryBooks()), asked, days_models, lambda _: None)
    assert ("step", "REHEARSED") in [(e.field, e.value) for e in refused.value.refusals]


def test_one_person_holds_no_rehearsal(days_models, request_of):
    real = opened_books(MemoryBooks())
    with pytest.raises(RefusedError, match="maker and checker"):
        hold_rehearsal(real, request_of(approver="ann"), days_models, lambda _: None)


def test_the_days_last_until_the_missed_call_restricts_and_is_paid(first_day, days_registry):
    ageing = AgeingRules.from_parameters(days_registry.set_of("collateral", first_day))
    clock = DayClock.from_parameters(lambda owner: days_registry.set_of(owner, first_day))
    times = timetable(first_day, published_criteria(), ageing, clock)
    assert len(times.days) == _DAYS
    order = [times.first, times.notice_day, times.refused_day, times.restricted_day]
    assert [*order, times.paid_day, times.last] == sorted({*order, times.paid_day, times.last})
    assert times.criterion.criterion_id == "XM-01"


def test_in_books_where_nothing_happened_no_step_passes(first_day, days_registry):
    ageing = AgeingRules.from_parameters(days_registry.set_of("collateral", first_day))
    clock = DayClock.from_parameters(lambda owner: days_registry.set_of(owner, first_day))
    times = timetable(first_day, published_criteria(), ageing, clock)
    troubles = {RehearsedStep.BOOKS_VERIFIED: "a refusal"}
    with MemoryBooks().work() as work:
        found = outcomes(RehearsedBooks(work, CURVE, times, TEN_PER_CENT, troubles))
    assert {each.step for each in found if each.passed} == set()
    assert all(each.lacking for each in found)
    assert found[-1].lacking == "a refusal"
