"""A run in its cycle, on the simulated market: fallback, true-up, what may follow what."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.arrangement.cycles import Cycle, GivenInstants
from crossmargin.arrangement.eligibility import Recognition
from crossmargin.arrangement.fallback import FactorSource, FallbackReason
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import read_previous_run
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.presentation.cycles import CYCLE_COLUMNS
from crossmargin.presentation.margin import margin_document
from crossmargin.presentation.margin_rows import CSV_HEADER, csv_rows
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.customer_books import customer_books
from crossmargin.services.margin_cycles import (
    CycleOutcome,
    CyclePlan,
    CycleRequest,
    cycle_outcome,
    given_instants,
    plan_cycle,
)
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.previous_run import PreviousRun

FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
AS_OF = date(2026, 3, 24)
LAST_FACTOR = {"fallback": "last_factor"}


@pytest.fixture(scope="module")
def run(simulated_day: MarginDay, simulated_recognition: Recognition) -> MarginRun:
    books = customer_books(simulated_day, simulated_recognition)
    result = margin_customers(simulated_day, books, ThreadExecutor())
    return MarginRun(PositionsInput("demo.csv", "d" * 64, 0, (), ()), result, tuple(books), ())


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[MarginRun, CycleOutcome | None, str], PreviousRun]:
    """Return a function that writes a run's document and reads it back."""

    def save(run: MarginRun, outcome: CycleOutcome | None, cycle: str) -> PreviousRun:
        path = tmp_path / f"{cycle}.json"
        document = margin_document(run, cycle=cycle, outcome=outcome)
        path.write_text(json.dumps(document), encoding="utf-8")
        return read_previous_run(path)

    return save


def plan(
    run: MarginRun,
    cycle: Cycle,
    *late: ClearingOrganization,
    previous: PreviousRun | None = None,
    at: str | None = None,
    changes: dict[str, str] | None = None,
) -> CyclePlan:
    arrangement = run.result.day.parameters.arrangement
    return plan_cycle(
        CycleRequest(cycle, frozenset(late), given_instants({"at": at}), previous),
        as_of=AS_OF,
        arrangement=arrangement.replacing(changes or {}, reason="a test"),
        simulated=True,
    )


def without(run: MarginRun, *places: int) -> MarginRun:
    """Return the run without some customers."""
    kept = [n for n in range(len(run.books)) if n not in places]
    return replace(
        run,
        books=tuple(run.books[n] for n in kept),
        result=replace(run.result, customers=tuple(run.result.customers[n] for n in kept)),
    )


def total(run: MarginRun) -> Money:
    return Money.total(customer.requirement.requirement for customer in run.result.customers)


def test_both_sides_on_time_leave_the_run_as_it_is(run):
    outcome = cycle_outcome(run, plan(run, Cycle.ITD))
    assert outcome.run is run
    assert outcome.count(FactorSource.CURRENT) == len(run.result.customers)
    assert outcome.true_up is None
    assert not outcome.indicative
    assert cycle_outcome(run, plan(run, Cycle.CUR)).indicative


def test_a_late_side_without_a_policy_takes_every_reduction(run):
    outcome = cycle_outcome(run, plan(run, Cycle.EOD, CME))
    assert outcome.count(FactorSource.NONE) == len(run.result.customers)
    assert {decision.reason for decision in outcome.decisions} == {FallbackReason.POLICY}
    for before, after in zip(run.result.customers, outcome.run.result.customers, strict=True):
        three = before.requirement
        assert after.requirement.reduction.binding is Binding.NONE
        add_ons = Money.total(three.cme.add_ons.values())
        assert after.requirement.cme.requirement == three.cme.figures.three.futures + add_ons
        assert after.requirement.ficc.requirement >= three.ficc.figures.three.securities
        assert after.requirement.standalone == three.standalone
    assert total(outcome.run) > total(run)


def test_the_last_factor_serves_and_leaves_every_cent_where_nothing_moved(run, saved):
    previous = saved(run, None, "EOD")
    made = plan(
        run, Cycle.ITD, CME, previous=previous, at="2026-03-25T12:00-04:00", changes=LAST_FACTOR
    )
    outcome = cycle_outcome(run, made)
    assert outcome.count(FactorSource.LAST_FACTOR) == len(run.result.customers)
    assert total(outcome.run) == total(run)
    for decision, customer in zip(outcome.decisions, run.result.customers, strict=True):
        # Unrounded, as the previous run applied it: six decimals would not give this.
        assert decision.factor == customer.requirement.reduction.reduction
        assert decision.last is not None
        assert decision.last.digest == previous.digest
    document = margin_document(run, cycle="ITD", outcome=outcome)
    assert document["previous"]["digest"] == previous.digest
    assert document["fallback"]["late"] == ["CME"]
    assert any("CME late or missing" in notice for notice in document["notices"])
    assert {c["fallback"]["source"] for c in document["customers"]} == {"last_factor"}
    assert {c["binding"] for c in document["customers"]} <= {binding.value for binding in Binding}


@pytest.mark.parametrize(
    ("at", "source"),
    [
        ("2026-03-25T20:30-04:00", FactorSource.LAST_FACTOR),
        ("2026-03-25T20:31-04:00", FactorSource.NONE),
    ],
)
def test_a_chain_of_fallbacks_grows_old(run, saved, at, source):
    evening = saved(run, None, "EOD")
    noon = plan(
        run, Cycle.ITD, CME, previous=evening, at="2026-03-25T12:00-04:00", changes=LAST_FACTOR
    )
    midday = saved(run, cycle_outcome(run, noon), "ITD")
    assert midday.at > evening.at
    following = plan(run, Cycle.ITD, CME, previous=midday, at=at, changes=LAST_FACTOR)
    decisions = cycle_outcome(run, following).decisions
    assert {decision.source for decision in decisions} == {source}
    assert {decision.last.digest for decision in decisions} == {evening.digest}


def test_a_run_without_a_reduction_still_hands_the_last_factor_on(run, saved):
    evening = saved(run, None, "EOD")
    noon = plan(run, Cycle.ITD, CME, previous=evening, at="2026-03-25T12:00-04:00")
    midday = saved(run, cycle_outcome(run, noon), "ITD")
    assert {customer.reduction for customer in midday.customers.values()} == {Fraction(0)}
    later = plan(
        run, Cycle.ITD, CME, previous=midday, at="2026-03-25T14:00-04:00", changes=LAST_FACTOR
    )
    assert total(cycle_outcome(run, later).run) == total(run)


def test_a_customer_new_to_the_book_has_no_last_factor(run, saved):
    previous = saved(without(run, 1), None, "EOD")
    made = plan(
        run, Cycle.ITD, FICC, previous=previous, at="2026-03-25T12:00-04:00", changes=LAST_FACTOR
    )
    reasons = [decision.reason for decision in cycle_outcome(run, made).decisions]
    assert reasons.count(FallbackReason.NOT_AGREED) == 1
    assert reasons[1] is FallbackReason.NOT_AGREED


def test_hourly_figures_are_no_factor_to_fall_back_on(run, saved):
    previous = saved(run, None, "CUR")
    made = plan(run, Cycle.EOD, CME, previous=previous, changes=LAST_FACTOR)
    reasons = {decision.reason for decision in cycle_outcome(run, made).decisions}
    assert reasons == {FallbackReason.NOT_AGREED}


def test_final_positions_true_up_the_preliminary_ones(run, saved):
    previous = saved(without(run, 0), None, "EOD")
    final = without(run, 2)
    outcome = cycle_outcome(final, plan(final, Cycle.EODXM, previous=previous))
    assert outcome.true_up is not None
    moved = total(final) - total(without(run, 0))
    assert outcome.true_up.total.amount == moved
    document = margin_document(final, cycle="EODXM", outcome=outcome)
    entries = document["true_up"]["customers"]
    assert sorted(entry["presence"] for entry in entries) == (
        ["BOTH"] * (len(run.books) - 2) + ["CAME", "LEFT"]
    )
    assert document["true_up"]["totals"]["total"]["difference"] == str(moved)
    rows = [dict(zip(CSV_HEADER, row, strict=True)) for row in csv_rows(document)]
    assert Money.total(Money(round(float(row["true_up"]) * 100)) for row in rows) == moved
    assert rows[-1]["customer_id"] == run.books[2].key.customer_id
    assert (rows[-1]["requirement"], rows[-1]["standalone"]) == ("0.00", "")
    assert set(CYCLE_COLUMNS) <= set(rows[0])


def test_final_positions_without_a_previous_run_say_so(run):
    outcome = cycle_outcome(run, plan(run, Cycle.EODXM))
    assert outcome.nothing_to_true_up
    document = margin_document(run, cycle="EODXM", outcome=outcome)
    assert document["true_up"] is None
    assert any("nothing to true up against" in notice for notice in document["notices"])


def test_other_parameters_behind_a_true_up_are_flagged(run, saved):
    previous = replace(saved(run, None, "EOD"), parameters_digest="f" * 64)
    outcome = cycle_outcome(run, plan(run, Cycle.EODXM, previous=previous))
    assert (outcome.same_market, outcome.same_parameters) == (True, False)
    notices = margin_document(run, cycle="EODXM", outcome=outcome)["notices"]
    assert any("other parameters" in notice for notice in notices)
    assert not any("other market" in notice for notice in notices)


def test_a_wide_gap_and_a_later_day_are_flagged(run):
    given = GivenInstants(
        at=datetime.fromisoformat("2026-03-25T15:00-04:00"),
        ficc_positions_at=datetime.fromisoformat("2026-03-25T13:01-04:00"),
    )
    made = plan_cycle(
        CycleRequest(Cycle.ITD, given=given),
        as_of=AS_OF,
        arrangement=run.result.day.parameters.arrangement,
        simulated=True,
    )
    document = margin_document(run, cycle="ITD", outcome=cycle_outcome(run, made))
    assert document["cutoffs"]["gap_minutes"] == 61
    assert document["cutoffs"]["gap_exceeded"] is True
    assert any("61 minutes apart" in notice for notice in document["notices"])
    assert any("2026-03-25 on prices" in notice for notice in document["notices"])


@pytest.mark.parametrize(
    ("cycle", "changes", "fields"),
    [
        (Cycle.EOD, {"simulated": False}, ["market.simulated"]),
        (Cycle.ITD, {"as_of": date(2026, 3, 25)}, ["as_of", "cutoffs.at"]),
        (Cycle.ITD, {}, ["cutoffs.at"]),
        (Cycle.EODXM, {"cycle": Cycle.ITD}, ["cycle"]),
        (Cycle.EODXM, {"cycle": Cycle.EODXM}, ["cycle"]),
        (Cycle.EODXM, {"cycle_date": date(2026, 3, 23)}, ["cutoffs.cycle_date"]),
        (Cycle.EODXM, {"as_of": date(2026, 3, 23)}, ["as_of"]),
        (
            Cycle.EODXM,
            {"simulated": False, "cycle": Cycle.CUR},
            ["market.simulated", "cycle"],
        ),
    ],
)
def test_a_run_that_may_not_follow_is_refused_with_every_reason(run, saved, cycle, changes, fields):
    previous = replace(saved(run, None, "EOD"), **changes)
    with pytest.raises(RefusedError) as refused:
        plan(run, cycle, previous=previous)
    assert [each.field for each in refused.value.refusals] == fields
    assert {each.file for each in refused.value.refusals} == {"EOD.json"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cutoff_itd_ficc", "noon"),
        ("cur_first", "18:00 America/Chicago"),
        ("fallback_bounded_by_side_on_time", "perhaps"),
        ("fallback_age_business_days_max", "1.5"),
    ],
)
def test_values_that_no_cycle_knows_are_refused(run, name, value):
    with pytest.raises(RefusedError, match="values that the cycles know"):
        plan(run, Cycle.EOD, changes={name: value})


def test_every_instant_that_is_none_is_named():
    with pytest.raises(RefusedError) as refused:
        given_instants(
            {
                "at": "2026-03-24T12:00",
                "ficc_positions_at": "noon",
                "cme_positions_at": "0001-01-01T00:00-05:00",
            }
        )
    assert [each.field for each in refused.value.refusals] == [
        "at",
        "ficc_positions_at",
        "cme_positions_at",
    ]
    found = given_instants({"at": "2026-03-24T16:00Z", "cme_positions_at": None})
    assert found == GivenInstants(at=datetime.fromisoformat("2026-03-24T12:00-04:00"))
