"""The custody report as documents: counts, digest, two files with the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.ledger.assets import CASH, AssetKind
from crossmargin.reporting.custody_checks import CustodyFacts
from crossmargin.reporting.custody_documents import (
    CSV_COLUMNS,
    csv_name,
    csv_rows,
    file_stem,
    report_document,
    slice_document,
)
from crossmargin.reporting.custody_report import (
    CustodyReport,
    ReportHeading,
    custody_report,
    custody_slice,
)
from crossmargin.reporting.custody_values import InTransit, MarginClass


def cells(report: CustodyReport, kind: AssetKind) -> list[dict[str, str]]:
    return [dict(zip(CSV_COLUMNS, row, strict=True)) for row in csv_rows(document_of(report), kind)]


def document_of(report: CustodyReport) -> Any:
    return json.loads(json.dumps(report_document(report)))


def test_the_digest_is_of_everything_else(report: CustodyReport):
    document = document_of(report)
    stated = document["header"].pop("sha256")
    assert stated == digest_of(document)


def test_one_unit_changes_the_digest(
    report: CustodyReport, facts: CustodyFacts, make_heading: Callable[..., ReportHeading]
):
    one_more = replace(facts.holdings[0], amount=501)
    changed = replace(facts, holdings=(one_more, *facts.holdings[1:]))
    other = custody_report(make_heading(), changed, previous_day=None, corrects=None)
    assert document_of(other)["header"]["sha256"] != document_of(report)["header"]["sha256"]


def test_the_header_counts_and_names(report: CustodyReport):
    header = document_of(report)["header"]
    assert header["records"] == {"held": 5, "owed": 6, "in_transit": 0, "recon": 3}
    assert header["recipients"] == ["CFTC Division of Clearing and Risk", "SEC"]
    assert (header["version"], header["supersedes"], header["nil"]) == (1, None, False)


def test_cash_is_in_dollars_and_cents_and_par_in_dollars(report: CustodyReport):
    recon = {row["asset"]: row for row in document_of(report)["recon"]}
    assert recon["CASH-USD"]["held"] == "6.20"
    note = recon["SEC-91282CKX8"]
    assert (note["held"], note["difference"], note["rate"]) == ("9500", "-500", "0.95")
    assert note["indicative_segregated_split"] == {"BD1/XM": "5700", "BD2/SCM": "3800"}
    assert (note["break_cause"], note["break_opened"]) == ("unexplained", "2026-05-11")


def test_every_row_is_in_one_file_of_the_two(report: CustodyReport):
    cash, securities = (cells(report, kind) for kind in (AssetKind.CASH, AssetKind.SECURITY))
    sections = [row["section"] for row in [*cash, *securities]]
    assert [sections.count(name) for name in ("HELD", "OWED", "RECON")] == [5, 6, 3]
    assert {row["asset"] for row in cash} == {"CASH-USD"}
    assert cash[0] == {
        **dict.fromkeys(CSV_COLUMNS, ""),
        "report_id": "R-1",
        "version": "1",
        "business_date": "2026-05-11",
        "section": "HELD",
        "location_type": "FRBNY",
        "location": "FRBNY",
        "account_id": "F-1",
        "account_scope": "XM_AND_SCM",
        "held_for": "XM_AND_SCM",
        "asset_type": "CASH",
        "asset": "CASH-USD",
        "amount": "5.00",
    }


def test_transit_and_market_values_are_written(
    facts: CustodyFacts, make_heading: Callable[..., ReportHeading]
):
    valued = replace(facts.holdings[0], market_value=Money(500))
    changed = replace(
        facts,
        holdings=(valued, *facts.holdings[1:]),
        in_transit=(InTransit("T-1", "F-1", CASH, -40),),
    )
    report = custody_report(make_heading(), changed, previous_day=None, corrects=None)
    rows = cells(report, AssetKind.CASH)
    assert rows[0]["market_value"] == "5.00"
    (moving,) = [row for row in rows if row["section"] == "IN_TRANSIT"]
    assert (moving["reference"], moving["amount"]) == ("T-1", "-0.40")


def test_a_nil_report_has_two_empty_files_and_a_document(
    make_facts: Callable[..., CustodyFacts], make_heading: Callable[..., ReportHeading]
):
    nil = custody_report(make_heading(), make_facts((), ()), previous_day=None, corrects=None)
    assert document_of(nil)["header"]["nil"] is True
    assert csv_rows(document_of(nil), AssetKind.CASH) == ()
    assert csv_rows(document_of(nil), AssetKind.SECURITY) == ()


def test_file_names_have_kind_date_sender_and_version(report: CustodyReport):
    assert csv_name(document_of(report), AssetKind.CASH) == "custody_cash_20260511_FICC_1.csv"
    assert csv_name(document_of(report), AssetKind.SECURITY) == (
        "custody_securities_20260511_FICC_1.csv"
    )
    assert file_stem(document_of(report)) == "custody_20260511_FICC_1"


def test_a_slice_says_whether_it_ties(report: CustodyReport):
    document = slice_document(custody_slice("BD2", {(MarginClass.SCM, "S-2", CASH): 301}, report))
    assert document["ties"] is False
    rows = document["rows"]
    assert isinstance(rows, list)
    assert rows[0] == {
        "class": "SCM",
        "margin_account_id": "S-2",
        "asset": "CASH-USD",
        "claimed": "3.01",
        "reported": "3.00",
        "difference": "-0.01",
    }
    assert document["indicative_shares"] == [
        {"class": "SCM", "asset": "SEC-91282CKX8", "amount": "3800"}
    ]
