"""The steps of a day: each once, in an order that no choice of times can break."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from crossmargin.bootstrap import parameter_registry
from crossmargin.services.clearing_day.schedule import DayClock, StepKind

MEMORIAL_WEEK = date(2026, 5, 26)


@pytest.fixture(scope="module")
def clock() -> DayClock:
    registry = parameter_registry()
    return DayClock.from_parameters(lambda owner: registry.set_of(owner, MEMORIAL_WEEK))


def test_every_kind_of_step_is_in_the_day_and_names_are_unique(clock: DayClock) -> None:
    steps = clock.steps(MEMORIAL_WEEK)
    assert {step.kind for step in steps} == set(StepKind)
    assert len({step.name for step in steps}) == len(steps)
    assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_the_hourly_files_are_those_from_7_to_17_central(clock: DayClock) -> None:
    hours = [
        step.at.astimezone(ZoneInfo("America/Chicago")).hour
        for step in clock.steps(MEMORIAL_WEEK)
        if step.kind is StepKind.HOURLY
    ]
    assert hours == list(range(7, 18))


def test_itd_runs_after_both_cutoffs_and_before_its_first_deadline(clock: DayClock) -> None:
    steps = {step.kind: step.at for step in clock.steps(MEMORIAL_WEEK)}
    cutoff = clock.hourly.times
    for (cycle, _), time in cutoff.items():
        if cycle.value == "ITD":
            assert time.on(MEMORIAL_WEEK) <= steps[StepKind.ITD]
    assert steps[StepKind.ITD] < min(steps[StepKind.CME_ITD_DUE], steps[StepKind.FICC_ITD_DUE])


@pytest.mark.parametrize("day", [date(2026, 3, 6), date(2026, 3, 9), date(2026, 11, 2)])
def test_the_two_zones_keep_their_hour_apart_through_clock_changes(
    clock: DayClock, day: date
) -> None:
    at = {step.kind: step.at for step in clock.steps(day)}
    assert at[StepKind.CME_MORNING].astimezone(ZoneInfo("America/New_York")).hour == 8


def test_what_falls_due_in_the_day_is_looked_at_before_the_evening_calls(clock: DayClock) -> None:
    times = {**clock.times, StepKind.END_OF_BUSINESS_DAY: clock.times[StepKind.EODXM]}
    with pytest.raises(ValueError, match="expected end-of-business-day before eod"):
        DayClock(times, clock.hourly).check_order()


def test_a_clock_that_breaks_the_order_is_refused(clock: DayClock) -> None:
    times = {**clock.times, StepKind.CLOSE: clock.times[StepKind.OPEN]}
    with pytest.raises(ValueError, match="expected eodxm before close"):
        DayClock(times, clock.hourly).check_order()
