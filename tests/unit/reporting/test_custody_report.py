"""The custody report: coverage, splits, ages, versions, nil, and a BD-FCM's slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.reporting.custody_checks import CustodyFacts
from crossmargin.reporting.custody_report import (
    CustodyReport,
    ReportHeading,
    custody_report,
    custody_slice,
)
from crossmargin.reporting.custody_values import (
    BreakCause,
    CoverageStatus,
    Entitlement,
    HeldFor,
    InTransit,
    MarginClass,
    RowOfAsset,
    coverage_of,
)

NOTE_A, NOTE_B = security("91282CMS7"), security("91282CKX8")
Headings = Callable[..., ReportHeading]


def row_of(report: CustodyReport, asset: Asset) -> RowOfAsset:
    return next(row for row in report.recon if row.asset == asset)


def test_held_against_owed_by_asset(report: CustodyReport):
    found = {
        row.asset: (row.coverage.difference, row.coverage.status, row.coverage.rate)
        for row in report.recon
    }
    assert found == {
        CASH: (10, CoverageStatus.SURPLUS, 1),
        NOTE_A: (0, CoverageStatus.OK, 1),
        NOTE_B: (-500, CoverageStatus.SHORTFALL, Fraction(19, 20)),
    }
    assert row_of(report, NOTE_B).coverage.split == (("BD1/XM", 5_700), ("BD2/SCM", 3_800))
    assert row_of(report, NOTE_B).owed_by_class == {MarginClass.XM: 6_000, MarginClass.SCM: 4_000}
    assert row_of(report, CASH).coverage.split == ()


def test_par_is_shared_out_in_hundreds_where_every_figure_is_a_multiple():
    hundreds = coverage_of(1_000, {"A": 700, "B": 400}, units=(100, 1))
    dollars = coverage_of(1_000, {"A": 701, "B": 400}, units=(100, 1))
    assert hundreds.split == (("A", 600), ("B", 400))
    assert dollars.split == (("A", 637), ("B", 363))


def test_equal_remainders_go_by_name_whatever_the_order():
    claims = {"C": 1, "A": 1, "B": 1}
    assert coverage_of(2, claims, units=(1,)).split == (("A", 1), ("B", 1), ("C", 0))


def test_nothing_held_is_a_rate_of_zero_and_nothing_owed_a_rate_of_one():
    assert coverage_of(0, {"A": 5}, units=(1,)).rate == 0
    assert coverage_of(5, {}, units=(1,)).rate == 1
    assert coverage_of(0, {}, units=(1,)).status is CoverageStatus.OK


def test_what_is_held_for_others_covers_nobody(facts: CustodyFacts, make_heading: Headings):
    stranger = replace(facts.holdings[4], amount=500, held_for=HeldFor.OTHER)
    with_stranger = replace(facts, holdings=(*facts.holdings, stranger))
    found = custody_report(make_heading(), with_stranger, previous_day=None, corrects=None)
    assert row_of(found, NOTE_B).coverage.difference == -500


def test_transit_stands_apart_and_names_the_cause(facts: CustodyFacts, make_heading: Headings):
    coming = InTransit("T-1", "F-1", NOTE_B, 500)
    leaving = InTransit("T-2", "F-1", CASH, -40)
    moving = replace(facts, in_transit=(leaving, coming))
    found = custody_report(make_heading(), moving, previous_day=None, corrects=None)
    note, cash = row_of(found, NOTE_B), row_of(found, CASH)
    assert (note.coverage.held, note.on_its_way_in, note.break_cause) == (
        9_500,
        500,
        BreakCause.IN_TRANSIT,
    )
    assert (cash.coverage.held, cash.on_its_way_out, cash.break_cause) == (620, 40, None)
    assert [each.reference for each in found.in_transit] == ["T-1", "T-2"]


def test_too_little_on_its_way_explains_nothing(facts: CustodyFacts, make_heading: Headings):
    moving = replace(facts, in_transit=(InTransit("T-1", "F-1", NOTE_B, 499),))
    found = custody_report(make_heading(), moving, previous_day=None, corrects=None)
    assert row_of(found, NOTE_B).break_cause is BreakCause.UNEXPLAINED


def test_a_shortfall_ages_from_report_to_report_and_begins_anew_after_a_cure(
    report: CustodyReport, facts: CustodyFacts, make_heading: Headings
):
    second = custody_report(make_heading("R-2", 12), facts, previous_day=report, corrects=None)
    row = row_of(second, NOTE_B)
    assert (row.break_opened, row.break_age_business_days) == (date(2026, 5, 11), 1)
    cured = replace(
        facts, holdings=(*facts.holdings[:4], replace(facts.holdings[4], amount=10_000))
    )
    third = custody_report(make_heading("R-3", 13), cured, previous_day=second, corrects=None)
    assert row_of(third, NOTE_B).break_opened is None
    fourth = custody_report(make_heading("R-4", 14), facts, previous_day=third, corrects=None)
    row = row_of(fourth, NOTE_B)
    assert (row.break_opened, row.break_age_business_days) == (date(2026, 5, 14), 0)


def test_a_correction_is_a_new_version_and_ages_no_break(
    report: CustodyReport, facts: CustodyFacts, make_heading: Headings
):
    second = custody_report(make_heading("R-2"), facts, previous_day=None, corrects=report)
    third = custody_report(make_heading("R-3"), facts, previous_day=None, corrects=second)
    assert [(each.version, each.supersedes) for each in (report, second, third)] == [
        (1, ""),
        (2, "R-1"),
        (3, "R-2"),
    ]
    assert row_of(third, NOTE_B).break_age_business_days == 0


def test_versions_that_do_not_fit_are_refused(
    report: CustodyReport, facts: CustodyFacts, make_heading: Headings
):
    with pytest.raises(ValueError, match="before 2026-05-11"):
        custody_report(make_heading("R-2"), facts, previous_day=report, corrects=None)
    with pytest.raises(ValueError, match="same day and sender"):
        custody_report(make_heading("R-2", 12), facts, previous_day=None, corrects=report)
    with pytest.raises(ValueError, match="id of its own"):
        custody_report(make_heading("R-1"), facts, previous_day=None, corrects=report)


def test_nothing_is_reported_too(make_facts: Callable[..., CustodyFacts], make_heading: Headings):
    nil = custody_report(make_heading(), make_facts((), ()), previous_day=None, corrects=None)
    assert nil.is_nil
    assert nil.all_passed
    assert (nil.recon, nil.shortfalls) == ((), ())


def test_a_report_made_after_it_was_due_is_late(
    report: CustodyReport, facts: CustodyFacts, make_heading: Headings
):
    late = replace(make_heading(), created_at=datetime(2026, 5, 12, 15, 0, 1, tzinfo=UTC))
    assert not report.is_late
    assert custody_report(late, facts, previous_day=None, corrects=None).is_late


def test_the_order_of_the_rows_given_changes_nothing(
    report: CustodyReport, facts: CustodyFacts, make_heading: Headings
):
    backwards = replace(facts, holdings=facts.holdings[::-1], entitlements=facts.entitlements[::-1])
    again = custody_report(make_heading(), backwards, previous_day=None, corrects=None)
    assert again == report


def test_frbny_stands_first_and_owed_by_bd_fcm(report: CustodyReport):
    assert [each.account.account_id for each in report.held] == ["F-1"] * 3 + ["B-1"] * 2
    assert [each.bd_fcm for each in report.owed] == ["BD1"] * 3 + ["BD2"] * 3


def test_impossible_rows_are_refused(facts: CustodyFacts, make_heading: Headings):
    with pytest.raises(ValueError, match="not negative"):
        replace(facts.holdings[0], amount=-1)
    with pytest.raises(ValueError, match="to be returned"):
        Entitlement("BD1", MarginClass.XM, "X-1", CASH, 1, pending_return=2)
    with pytest.raises(ValueError, match="have a zone"):
        replace(make_heading(), as_of=datetime(2026, 5, 11))  # noqa: DTZ001
    with pytest.raises(ValueError, match="id and a sender"):
        replace(make_heading(), sender="")


def test_a_slice_ties_where_every_claim_is_reported(report: CustodyReport):
    claims = {
        (MarginClass.XM, "X-1", CASH): 310,
        (MarginClass.XM, "X-1", NOTE_A): 15_000,
        (MarginClass.XM, "X-1", NOTE_B): 6_000,
    }
    part = custody_slice("BD1", claims, report)
    assert part.ties
    assert part.shares == {(MarginClass.XM, NOTE_B): 5_700}


def test_a_slice_names_every_row_that_does_not_tie(report: CustodyReport):
    claims = {(MarginClass.XM, "X-1", CASH): 311, (MarginClass.SCM, "S-1", CASH): 7}
    part = custody_slice("BD1", claims, report)
    assert [
        (row.margin_account_id, row.asset, row.claimed, row.reported) for row in part.untied
    ] == [
        ("S-1", CASH, 7, 0),
        ("X-1", CASH, 311, 310),
        ("X-1", NOTE_B, 0, 6_000),
        ("X-1", NOTE_A, 0, 15_000),
    ]


def test_the_slices_of_all_bd_fcms_are_what_is_owed(report: CustodyReport):
    parts = [custody_slice(name, {}, report) for name in ("BD1", "BD2")]
    for row in report.recon:
        reported = [
            each.reported for part in parts for each in part.rows if each.asset == row.asset
        ]
        assert sum(reported) == row.coverage.owed
