"""What ``xm default simulate`` writes for claimants and trustee ties to its document."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from crossmargin.testing.simulated_defaults import FIRM, SHOCK, xm_default


def test_every_claimant_and_the_trustee_have_a_page_of_their_own(
    default_folder: Path, default_document: dict[str, Any]
) -> None:
    found = sorted((default_folder / "pages").iterdir())
    pages = {each.name: each.read_text("utf-8") for each in found if each.suffix == ".html"}
    papers = {each.stem: each.read_bytes() for each in found if each.suffix == ".pdf"}
    assert set(papers) == {name.removesuffix(".html") for name in pages}
    assert all(each.startswith(b"%PDF-") for each in papers.values())
    assert len(pages) == len(default_document["claimants"]) + 1
    for text in pages.values():
        assert "is not public" in text
        assert "default-src 'none'" in text
        assert "<script" not in text
        assert default_document["digest"] in text
    curve = pages["claimant-0001-CURVE-FUND.html"]
    days = default_document["with_arrangement"]["close_outs"]["CURVE-FUND"]["sides"][0]["days"]
    assert all(day["date"] in curve for day in days)


def test_what_pages_say_is_words_and_what_a_claimant_loses_comes_first(
    default_folder: Path, default_document: dict[str, Any]
) -> None:
    result = xm_default(default_folder, *SHOCK)
    said = result.stdout
    assert said.index("What each claimant loses") < said.index("puts in, other accounts among it")
    page = (default_folder / "pages" / "trustee.html").read_text("utf-8")
    for text in (said, page):
        assert "lost less" in text
        assert "Segregated Customer Margin" in text
        assert "per_customer" not in text.replace("liquidation.impact_sharing", "")
    assert "owed to FICC" in page
    assert "cleared_swaps" not in page
    assert default_document["without_arrangement"]["estate"]["framework_one"] is None


def test_what_all_claimants_lose_and_every_part_of_it_is_added_up_to_the_cent(
    default_folder: Path, default_document: dict[str, Any]
) -> None:
    claimants = default_document["claimants"].values()
    page = (default_folder / "pages" / "trustee.html").read_text("utf-8")
    title = "Recovery with the arrangement less recovery without it, in parts, US dollars"
    for name in next(iter(claimants))["difference"]:
        amount = sum(Decimal(each["difference"][name]) for each in claimants)
        assert f"{amount:,.2f}" in page[page.index(title) :].split("in all", 1)[1][:1500]
    lost = sum(Decimal(each["with_arrangement"]["lost"]) for each in claimants)
    said = xm_default(default_folder, *SHOCK).stdout
    (line, *_) = (each for each in said.splitlines() if each.strip().startswith("in all"))
    assert f" {lost:,.0f} " in line


def check_readings(document: dict[str, Any]) -> None:
    """Check that every reading is there, that of record as the cases have it, FICC's loss said."""
    for parameter, found in document["readings"].items():
        of_record = found["by_reading"][found["of_record"]]
        for case in ("with_arrangement", "without_arrangement"):
            if of_record[case] is None:
                assert parameter == "guaranty"
                continue
            estate = document[case]["estate"]
            rate = estate["futures_rate"] if estate else None
            assert of_record[case]["futures_rate"] == rate
            recovered = {
                name: each[case]["recovered"] for name, each in document["claimants"].items()
            }
            assert of_record[case]["recovered"] == recovered
    set_off = document["readings"]["set_off_between_classes"]
    assert list(set_off["by_reading"]) == ["both", "futures_equity_only", "none"]
    found = document["with_arrangement"]["ficc_unpaid"]
    parts = Decimal(found["paid_on_claims"]) + Decimal(found["left_to_the_general_estate"])
    assert Decimal(found["stays_in_the_pool"]) == parts
    framework = document["with_arrangement"]["estate"]["framework_one"]
    one_pool, apart = framework["pooled"]["non_xm"], framework["framework_one"]["non_xm"]
    assert Decimal(framework["shifted_to_non_xm"]) == Decimal(apart) - Decimal(one_pool)


def check_no_other_customer_is_named(document: dict[str, Any], pages: Path) -> None:
    """Check that a customer's page holds nobody else's name or accounts."""
    names = set(document["claimants"])
    for case in ("with_arrangement", "without_arrangement"):
        names |= set(document[case]["customers"])
    found = sorted(pages.glob("claimant-*.html"))
    assert len(found) == len(document["claimants"])
    for page, (name, each) in zip(found, document["claimants"].items(), strict=True):
        text = page.read_text("utf-8")
        others = {other for other in names - {name, *each["customers"]} if other in text}
        assert not others, (name, others)


def check_claims_on_their_pages(document: dict[str, Any], pages: Path) -> None:
    """Check that a customer's page derives its claim and debt in both cases, by its parts."""
    found = sorted(pages.glob("claimant-*.html"))
    for page, (name, each) in zip(found, document["claimants"].items(), strict=True):
        text = page.read_text("utf-8")
        assert "coming back" not in text
        margin = Decimal(each["difference"]["margin_collected"])
        assert f"${abs(margin):,.2f} is margin put in that differs" in text
        for case in ("with_arrangement", "without_arrangement"):
            if document[case]["estate"] is None:
                continue
            claim = document[case]["estate"]["claims"][name]
            for part in ("claim", "debt_to_the_estate", "segregated_claim"):
                assert f"{Decimal(claim[part]):,.2f}" in text


def check_trustees_claims(document: dict[str, Any], pages: Path) -> None:
    """Check that columns of the claims tie to classes and to Segregated Customer Margin."""
    text = (pages / "trustee.html").read_text("utf-8")
    estates = [document[case]["estate"] for case in ("with_arrangement", "without_arrangement")]
    for estate in filter(None, estates):
        claims = estate["claims"].values()
        segregated = estate["segregated_customer_margin"]
        apart = sum(Decimal(each["segregated_claim"]) for each in claims)
        paid = sum(Decimal(each["paid_of_segregated_margin"]) for each in claims)
        assert (apart, paid) == (Decimal(segregated["claims"]), Decimal(segregated["paid"]))
        of_classes = sum(Decimal(each["claim"]) for each in claims) - apart
        classes = estate["classes"].values()
        assert of_classes == sum(Decimal(each["public_claims"]) for each in classes)
        for amount in (apart, paid, of_classes):
            assert f"{amount:,.2f}" in text


def test_pages_and_readings_of_a_firm_that_fails_of_itself_tie(
    default_folder: Path, default_document: dict[str, Any]
) -> None:
    check_readings(default_document)
    check_claims_on_their_pages(default_document, default_folder / "pages")
    check_no_other_customer_is_named(default_document, default_folder / "pages")
    check_trustees_claims(default_document, default_folder / "pages")


def test_a_firm_that_fails_of_a_customer_closes_the_others_out_from_the_day_after(
    default_folder: Path, tmp_path: Path
) -> None:
    """A thin firm on impact so dear that the defaulter's margin does not suffice."""
    firm = tmp_path / "thin.toml"
    text = FIRM.replace('"8000000.00"', '"0.00"').replace('"2000000.00"', '"1.00"')
    late = '[[recovery]]\non = 2027-09-01\nclaimant = "MILL"\namount = "1000000.00"\n'
    late += 'reason = "collected of MILL"\n'
    firm.write_text(text.replace('"5000000.00"', '"1.00"') + late, encoding="utf-8")
    result = xm_default(
        default_folder,
        *("--format", "json"),
        *(*SHOCK, "--customer-defaults", "CURVE-FUND", "--pages", tmp_path / "pages"),
        *("--set", "liquidation.volatility_multiple=40"),
        firm=firm,
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    check_readings(document)
    check_claims_on_their_pages(document, tmp_path / "pages")
    check_no_other_customer_is_named(document, tmp_path / "pages")
    check_trustees_claims(document, tmp_path / "pages")
    found = document["with_arrangement"]
    failure = found["failure"]
    assert failure["cause"] == "customers"
    assert Decimal(failure["debt"]) > 0
    for side in found["close_outs"]["REPO-CUSTOMER"]["sides"]:
        assert all(day["date"] > failure["failed_on"] for day in side["days"])
    assert found["estate"]["claims"]["CURVE-FUND"]["claim"] == "0.00"


def test_an_event_larger_than_its_debt_and_margin_taken_of_others_are_said(
    default_folder: Path, tmp_path: Path
) -> None:
    """MILL lacks half a million at CME, which MERCHANT's margin pays; a million is recovered."""
    firm = tmp_path / "firm.toml"
    late = '[[recovery]]\non = 2027-09-01\nclaimant = "MILL"\namount = "1000000.00"\n'
    firm.write_text(FIRM + late + 'reason = "collected"\n', encoding="utf-8")
    result = xm_default(
        default_folder,
        *SHOCK,
        firm=firm,
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "CME takes $500,000 of losses from other customers' margin there." in said
    assert (
        "With the arrangement CME takes $500,000.00 of losses from other customers' margin "
        "(default_management.cme_margin_reach)."
    ) in said
    assert "of $1,000,000.00, recovery of 2027-09-01, MILL, $500,000.00 counts" in said
