"""Cycles: instants in zones, days on which clocks change, hourly files, gaps, what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from crossmargin.arrangement.cycles import (
    CYCLE_TERMS,
    CutoffRules,
    Cycle,
    FiccPositions,
    GivenInstants,
    LocalTime,
    cutoffs_of,
)
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_sets
from crossmargin.product.position import ClearingOrganization

AS_OF = date(2026, 3, 24)
RULES = CutoffRules.from_parameters(parameter_sets(AS_OF).arrangement)
CALLING = (Cycle.ITD, Cycle.EOD, Cycle.EODXM)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_only_hourly_positions_make_no_call_and_only_final_ones_adjust():
    assert [cycle for cycle in Cycle if not CYCLE_TERMS[cycle].calls] == [Cycle.CUR]
    assert [cycle for cycle in Cycle if CYCLE_TERMS[cycle].trues_up] == [Cycle.EODXM]
    assert CYCLE_TERMS[Cycle.EODXM].trues_up is Cycle.EOD
    assert CYCLE_TERMS[Cycle.EOD].ficc_positions is FiccPositions.PRELIMINARY
    assert CYCLE_TERMS[Cycle.EODXM].ficc_positions is FiccPositions.FINAL


@pytest.mark.parametrize(
    ("cycle", "ficc_utc", "cme_utc", "gap"),
    [
        (Cycle.ITD, "2026-03-24T16:00+00:00", "2026-03-24T16:00+00:00", 0),
        (Cycle.EOD, "2026-03-25T00:00+00:00", "2026-03-25T00:30+00:00", 30),
        (Cycle.EODXM, "2026-03-25T01:00+00:00", "2026-03-25T00:30+00:00", 30),
    ],
)
def test_cut_offs_are_those_of_the_parameters(cycle, ficc_utc, cme_utc, gap):
    found = cutoffs_of(cycle, as_of=AS_OF, rules=RULES)
    assert found.ficc.positions_at == instant(ficc_utc)
    assert found.cme.positions_at == instant(cme_utc)
    assert found.at == max(instant(ficc_utc), instant(cme_utc))
    assert (found.gap_minutes, found.gap_exceeded, found.run) == (gap, False, None)
    assert found.cycle_date == AS_OF
    assert not found.ficc.given
    assert not found.cme.given


@pytest.mark.parametrize(
    ("day", "hour_utc"),
    [
        (date(2026, 3, 6), 17),  # the Friday before clocks go forward
        (date(2026, 3, 9), 16),
        (date(2026, 10, 30), 16),  # the Friday before they go back
        (date(2026, 11, 2), 17),
    ],
)
def test_noon_is_noon_in_new_york_on_either_side_of_a_change_of_clocks(day, hour_utc):
    found = cutoffs_of(Cycle.ITD, as_of=day, rules=RULES)
    expected = datetime.fromisoformat(f"{day}T{hour_utc}:00+00:00")
    assert found.ficc.positions_at == found.cme.positions_at == expected
    assert found.ficc.positions_at.isoformat().startswith(f"{day}T12:00:00")
    assert found.cme.positions_at.isoformat().startswith(f"{day}T11:00:00")


@pytest.mark.parametrize(
    ("day", "gap"), [(date(2026, 3, 6), 60), (AS_OF, 0), (date(2026, 4, 1), 60)]
)
def test_zones_that_change_on_other_days_change_the_gap(day, gap):
    times = dict(RULES.times)
    times[Cycle.ITD, ClearingOrganization.CME] = LocalTime.parsed("16:00 Europe/London")
    found = cutoffs_of(Cycle.ITD, as_of=day, rules=replace(RULES, times=times))
    assert found.gap_minutes == gap


@pytest.mark.parametrize(
    ("seconds", "minutes", "exceeded"),
    [(0, 0, False), (59, 1, False), (3599, 60, False), (3600, 60, False), (3601, 61, True)],
)
def test_a_gap_is_flagged_above_the_limit_and_not_at_it(seconds, minutes, exceeded):
    noon = instant("2026-03-24T12:00-04:00")
    for ficc, cme in ((noon, noon - timedelta(seconds=seconds)), (noon, noon)):
        given = GivenInstants(ficc_positions_at=ficc, cme_positions_at=cme)
        found = cutoffs_of(Cycle.ITD, as_of=AS_OF, rules=RULES, given=given)
        expected = (minutes, exceeded) if cme != ficc else (0, False)
        assert (found.gap_minutes, found.gap_exceeded) == expected
        assert found.ficc.given
        assert found.cme.given


def test_the_order_of_the_sides_does_not_matter_for_the_gap():
    noon, later = instant("2026-03-24T12:00-04:00"), instant("2026-03-24T13:30-04:00")
    gaps = {
        cutoffs_of(
            Cycle.ITD,
            as_of=AS_OF,
            rules=RULES,
            given=GivenInstants(ficc_positions_at=first, cme_positions_at=second),
        ).gap_minutes
        for first, second in ((noon, later), (later, noon))
    }
    assert gaps == {90}


def test_equal_instants_in_any_zone_read_the_same():
    texts = ("2026-03-25T16:30+00:00", "2026-03-25T12:30-04:00", "2026-03-25T11:30-05:00")
    found = [
        cutoffs_of(Cycle.ITD, as_of=AS_OF, rules=RULES, given=GivenInstants(at=instant(text)))
        for text in texts
    ]
    assert {each.at.isoformat() for each in found} == {"2026-03-25T12:30:00-04:00"}
    assert {each.cycle_date for each in found} == {date(2026, 3, 25)}
    assert {each.ficc.positions_at.isoformat() for each in found} == {"2026-03-25T12:00:00-04:00"}


@pytest.mark.parametrize(("hour", "run"), [(7, 1), (8, 2), (14, 8), (17, 11)])
def test_hourly_files_are_counted_from_seven_in_chicago(hour, run):
    at = instant(f"2026-03-24T{hour:02d}:00-05:00")
    found = cutoffs_of(Cycle.CUR, as_of=AS_OF, rules=RULES, given=GivenInstants(at=at))
    assert found.run == run
    assert found.at == found.ficc.positions_at == found.cme.positions_at == at


def test_hourly_positions_without_an_instant_are_those_of_the_last_file():
    found = cutoffs_of(Cycle.CUR, as_of=AS_OF, rules=RULES)
    assert (found.run, found.at) == (11, instant("2026-03-24T17:00-05:00"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-24T06:00-05:00",
        "2026-03-24T18:00-05:00",
        "2026-03-24T14:03-05:00",
        "2026-03-24T14:00:01-05:00",
        "2026-03-24T14:30-05:00",
    ],
)
def test_other_instants_are_no_hourly_file(text):
    with pytest.raises(RefusedError, match="CUR file") as refused:
        cutoffs_of(Cycle.CUR, as_of=AS_OF, rules=RULES, given=GivenInstants(at=instant(text)))
    assert refused.value.refusals[0].field == "at"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-23T13:00-04:00", "or later"),
        ("2026-03-28T13:00-04:00", "both FICC and CME are open"),  # a Saturday
        ("2026-05-25T13:00-04:00", "both FICC and CME are open"),  # Memorial Day
        ("2200-03-24T13:00-04:00", "both FICC and CME are open"),  # no calendar knows it
    ],
)
def test_a_cycle_is_on_an_open_day_not_before_its_prices(text, expected):
    with pytest.raises(RefusedError, match=expected):
        cutoffs_of(Cycle.ITD, as_of=AS_OF, rules=RULES, given=GivenInstants(at=instant(text)))


def test_positions_later_than_the_run_are_refused_each():
    given = GivenInstants(at=instant("2026-03-25T09:00-04:00"))
    with pytest.raises(RefusedError) as refused:
        cutoffs_of(Cycle.ITD, as_of=AS_OF, rules=RULES, given=given)
    assert [each.field for each in refused.value.refusals] == [
        "ficc_positions_at",
        "cme_positions_at",
    ]


def test_an_instant_without_a_zone_is_our_mistake():
    with pytest.raises(ValueError, match="needs a zone"):
        GivenInstants(at=datetime(2026, 3, 24, 12))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize(
    "text", ["noon America/New_York", "12:00", "12:00 Mars/Olympus", "25:00 UTC"]
)
def test_a_time_needs_a_clock_and_a_zone(text):
    with pytest.raises(ValueError, match="expected a time and a zone"):
        LocalTime.parsed(text)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"hourly_minutes": 0}, "above 0"),
        ({"gap_minutes_max": -1}, "not negative"),
        ({"hourly_last": LocalTime.parsed("06:00 America/Chicago")}, "must not be before"),
        ({"hourly_last": LocalTime.parsed("17:00 America/New_York")}, "must not be before"),
    ],
)
def test_rules_that_cannot_be_are_refused(changes, match):
    with pytest.raises(ValueError, match=match):
        replace(RULES, **changes)


@pytest.mark.parametrize("cycle", CALLING)
def test_every_calling_cycle_has_two_cut_offs_within_the_limit_on_every_day_of_a_year(cycle):
    for number in range(0, 365, 7):
        day = date(2026, 1, 6) + timedelta(days=number)  # Tuesdays
        try:
            found = cutoffs_of(cycle, as_of=day, rules=RULES)
        except RefusedError as refused:
            assert "ruling 33" in str(refused)  # noqa: PT017 - a holiday
            continue
        assert not found.gap_exceeded
