"""``xm default simulate`` as a user meets it: both cases, formats, pages, refusals, exit codes."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crossmargin.basics.digest import digest_of
from crossmargin.cli.main import app
from crossmargin.product.position import ClearingOrganization
from crossmargin.simulation.book import demo_positions_csv
from crossmargin.simulation.market import SimulatedMarket

FIRM = """bd_fcm = "DEMO-BD-FCM"
residual_interest = "2000000.00"
adjusted_net_capital = "5000000.00"

[default]
proprietary_loss = "8000000.00"

[[customer]]
customer_id = "CURVE-FUND"
cash_at_bd_fcm = "10.00"

[[futures_customer]]
customer_id = "MERCHANT"
requirement = "4000000.00"

[[futures_customer]]
customer_id = "MILL"
requirement = "1000000.00"
result = "-1500000.00"
"""
SHOCK = ("--shock", "2025-04-07")


def xm_default(*arguments: str | Path) -> Result:
    environment = {"COLUMNS": "120", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["default", "simulate", *map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def folder(simulation: SimulatedMarket, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from crossmargin.feeds.market.directory import write_market_directory

    folder = tmp_path_factory.mktemp("default")
    write_market_directory(
        folder / "market",
        simulation.tables,
        simulated=True,
        seed=simulation.seed,
        notes=simulation.notes,
    )
    header, *lines = demo_positions_csv(simulation).splitlines()
    kept = [line for line in lines if "CURVE-FUND" in line or "REPO-CUSTOMER" in line]
    (folder / "positions.csv").write_text("\n".join([header, *kept, ""]), encoding="utf-8")
    (folder / "whole.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    turned = "\n".join([header, *reversed(kept), ""])
    (folder / "turned.csv").write_text(turned, encoding="utf-8")
    (folder / "firm.toml").write_text(FIRM, encoding="utf-8")
    return folder


def of(folder: Path, *more: str | Path, positions: str = "positions.csv") -> Result:
    market, firm = folder / "market", folder / "firm.toml"
    return xm_default(folder / positions, "--market", market, "--firm", firm, *more)


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    written = ("--pages", folder / "pages", "--treatments", folder / "treatments.csv")
    result = of(folder, *SHOCK, "--format", "json", *written)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_digest_covers_the_document_and_not_the_order_of_the_file(
    folder: Path, document: dict[str, Any]
) -> None:
    body = {name: part for name, part in document.items() if name not in ("inputs", "digest")}
    assert document["digest"] == digest_of(body)
    turned = of(folder, *SHOCK, "--format", "json", positions="turned.csv")
    other = json.loads(turned.stdout)
    assert other["digest"] == document["digest"]
    assert other["inputs"]["positions"]["sha256"] != document["inputs"]["positions"]["sha256"]


def test_the_firm_fails_of_its_own_loss_and_every_cent_of_the_class_is_paid_or_left(
    document: dict[str, Any],
) -> None:
    for case in ("with_arrangement", "without_arrangement"):
        found = document[case]
        assert found["failure"]["cause"] == "proprietary"
        estate = found["estate"]
        paid = sum(Decimal(claim["paid"]) for claim in estate["claims"].values())
        assets = estate["general_estate"]["assets"]
        left = Decimal(assets["left_of_customer_property"])
        left += Decimal(assets["left_of_segregated_margin"])
        segregated = estate["segregated_customer_margin"]
        there = Decimal(estate["property"]["total"]) + Decimal(segregated["returned"])
        assert paid + left == there
        # Margin at FICC is of the futures class through the arrangement alone.
        is_apart = case == "without_arrangement"
        assert (Decimal(segregated["returned"]) > 0) is is_apart
        assert (Decimal(estate["property"]["returned"]["FICC"]) == 0) is is_apart
        assert (estate["framework_one"] is None) is is_apart
        rounds = sum(
            Decimal(amount) for each in found["distributions"] for amount in each["paid"].values()
        )
        assert rounds == paid


def test_the_close_outs_are_treatments_that_the_books_read(
    folder: Path, document: dict[str, Any]
) -> None:
    from crossmargin.feeds.defaults.treatments import read_treatments

    read = read_treatments(folder / "treatments.csv")
    sides = document["with_arrangement"]["sides"]
    assert [each.customer_id for each in read] == ["CURVE-FUND", "REPO-CUSTOMER"]
    for side in ClearingOrganization:
        of_side = sides[side.value]["customers"]
        assert {each.customer_id: str(each.results[side]) for each in read} == {
            customer: figures["result"]
            for customer, figures in of_side.items()
            if customer in {each.customer_id for each in read}
        }


def test_a_result_is_the_sum_of_its_days_and_a_claim_rests_on_it(
    document: dict[str, Any],
) -> None:
    found = document["with_arrangement"]
    for name, closed in found["close_outs"].items():
        days = [day for side in closed["sides"] for day in side["days"]]
        result = sum(Decimal(day["marks"]) - Decimal(day["impact"]) for day in days)
        assert result == Decimal(closed["result"])
        held = Decimal(found["customers"][name]["property_value"])
        claim = Decimal(found["estate"]["claims"][name]["claim"])
        assert claim == max(Decimal(0), held + result)


def test_less_is_put_in_with_the_arrangement_and_the_parts_add_up(
    document: dict[str, Any],
) -> None:
    for name, each in document["claimants"].items():
        parts = {part: Decimal(amount) for part, amount in each["difference"].items()}
        total = parts.pop("total")
        assert sum(parts.values()) == total
        one, other = each["with_arrangement"], each["without_arrangement"]
        assert Decimal(one["recovered"]) - Decimal(other["recovered"]) == total
        if name in ("CURVE-FUND", "REPO-CUSTOMER"):
            assert parts["margin_collected"] < 0


def test_a_customer_in_deficit_outside_the_arrangement_is_no_claimant_and_does_not_move(
    document: dict[str, Any],
) -> None:
    estate = document["with_arrangement"]["estate"]
    assert estate["claims"]["MILL"]["debt_to_the_estate"] == "500000.00"
    assert set(estate["full_transfer"]["transferred"]) == {"MERCHANT"}


def test_every_claimant_and_the_trustee_have_a_page_of_their_own(
    folder: Path, document: dict[str, Any]
) -> None:
    found = sorted((folder / "pages").iterdir())
    pages = {each.name: each.read_text("utf-8") for each in found if each.suffix == ".html"}
    papers = {each.stem: each.read_bytes() for each in found if each.suffix == ".pdf"}
    assert set(papers) == {name.removesuffix(".html") for name in pages}
    assert all(each.startswith(b"%PDF-") for each in papers.values())
    assert len(pages) == len(document["claimants"]) + 1
    for text in pages.values():
        assert "is not public" in text
        assert "default-src 'none'" in text
        assert "<script" not in text
        assert document["digest"] in text
    curve = pages["claimant-0001-CURVE-FUND.html"]
    days = document["with_arrangement"]["close_outs"]["CURVE-FUND"]["sides"][0]["days"]
    assert all(day["date"] in curve for day in days)


def test_what_pages_say_is_words_and_what_a_claimant_loses_comes_first(
    folder: Path, document: dict[str, Any]
) -> None:
    result = of(folder, *SHOCK)
    said = result.stdout
    assert said.index("What each claimant loses") < said.index("puts in, other accounts among it")
    page = (folder / "pages" / "trustee.html").read_text("utf-8")
    for text in (said, page):
        assert "lost less" in text
        assert "Segregated Customer Margin" in text
        assert "per_customer" not in text.replace("liquidation.impact_sharing", "")
    assert "owed to FICC" in page
    assert "cleared_swaps" not in page
    assert document["without_arrangement"]["estate"]["framework_one"] is None


def test_an_event_larger_than_its_debt_and_margin_taken_of_others_are_said(
    folder: Path, tmp_path: Path
) -> None:
    """MILL lacks half a million at CME, which MERCHANT's margin pays; a million is recovered."""
    firm = tmp_path / "firm.toml"
    late = '[[recovery]]\non = 2027-09-01\nclaimant = "MILL"\namount = "1000000.00"\n'
    firm.write_text(FIRM + late + 'reason = "collected"\n', encoding="utf-8")
    result = xm_default(
        folder / "positions.csv", *("--market", folder / "market", "--firm", firm, *SHOCK)
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "CME takes $500,000 of losses from other customers' margin there." in said
    assert (
        "With the arrangement CME takes $500,000.00 of losses from other customers' margin "
        "(default_management.cme_margin_reach)."
    ) in said
    assert "Of $1,000,000.00, recovery of 2027-09-01, MILL, $500,000.00 counts" in said


def test_csv_has_a_row_a_claimant(folder: Path, document: dict[str, Any]) -> None:
    result = of(folder, *SHOCK, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["claimant"] for row in rows] == list(document["claimants"])
    for row in rows:
        total = document["claimants"][row["claimant"]]["difference"]["total"]
        assert row["difference_total"] == total


def test_what_lies_outside_the_arrangement_is_sold_too_and_is_one_claim_with_it(
    folder: Path, tmp_path: Path
) -> None:
    """REGIONAL-BANK has a regular account at CME beside its XM account."""
    positions = tmp_path / "bank.csv"
    header, *lines = (folder / "whole.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "REGIONAL-BANK" in line or "REPO-CUSTOMER" in line]
    positions.write_text("\n".join([header, *kept, ""]), encoding="utf-8")
    firm = tmp_path / "firm.toml"
    firm.write_text(FIRM.replace("CURVE-FUND", "REGIONAL-BANK"), encoding="utf-8")
    result = xm_default(
        positions,
        *("--market", folder / "market", "--firm", firm, *SHOCK, "--format", "json"),
        *("--treatments", tmp_path / "treatments.csv"),
    )
    assert result.exit_code == 0, result.output
    # The books are those of the arrangement: its accounts alone.
    rows = csv.DictReader(io.StringIO((tmp_path / "treatments.csv").read_text("utf-8")))
    assert [row["customer"] for row in rows] == ["REGIONAL-BANK", "REPO-CUSTOMER"]
    document = json.loads(result.stdout)
    found, other = document["with_arrangement"], document["without_arrangement"]
    apart = found["customers"]["REGIONAL-BANK outside XM"]
    assert apart["participates"] is False
    assert apart["requirement"]["FICC"] == "0.00"
    assert found["close_outs"]["REGIONAL-BANK outside XM"]["method"] == "separate"
    assert found["close_outs"]["REGIONAL-BANK"]["method"] == "joint"
    assert "REGIONAL-BANK outside XM" not in found["payments"]["customers"]
    claim = found["estate"]["claims"]["REGIONAL-BANK"]
    assert claim["customers"] == ["REGIONAL-BANK", "REGIONAL-BANK outside XM"]
    equities = sum(Decimal(each["equity_balance"]) for each in claim["step_1_equity"].values())
    assert equities == Decimal(claim["step_2_aggregated"]["futures"])
    assert set(other["customers"]) == set(found["customers"]) - {"REGIONAL-BANK outside XM"}


def test_ported_customers_keep_their_margin_and_nothing_is_closed_out(folder: Path) -> None:
    result = of(folder, *SHOCK, "--port-participants", "--format", "json")
    found = json.loads(result.stdout)["with_arrangement"]
    assert found["close_outs"] == {}
    transferred = found["estate"]["full_transfer"]["transferred"]
    assert set(transferred) == {"CURVE-FUND", "MERCHANT", "REPO-CUSTOMER"}
    assert transferred["CURVE-FUND"] == found["customers"]["CURVE-FUND"]["property_value"]


def test_a_customers_default_is_paid_while_the_firm_stands(folder: Path, tmp_path: Path) -> None:
    firm = tmp_path / "rich.toml"
    text = FIRM.replace('"8000000.00"', '"0.00"')
    firm.write_text(text, encoding="utf-8")
    result = xm_default(
        folder / "positions.csv",
        *("--market", folder / "market", "--firm", firm),
        *(*SHOCK, "--customer-defaults", "CURVE-FUND"),
    )
    assert result.exit_code == 0, result.output
    assert "CURVE-FUND in default: the firm stands." in result.stdout
    assert "…" not in result.stdout


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
    folder: Path, document: dict[str, Any]
) -> None:
    check_readings(document)
    check_claims_on_their_pages(document, folder / "pages")
    check_no_other_customer_is_named(document, folder / "pages")
    check_trustees_claims(document, folder / "pages")


def test_what_selling_costs_makes_no_defaulter(folder: Path, tmp_path: Path) -> None:
    """Impact so dear that nobody's property pays it: marks alone decide who defaults."""
    firm = tmp_path / "rich.toml"
    text = FIRM.replace('proprietary_loss = "8000000.00"', "beyond_margin = true")
    firm.write_text(text, encoding="utf-8")
    result = xm_default(
        folder / "positions.csv",
        *("--market", folder / "market", "--firm", firm, "--format", "json", *SHOCK),
        *("--set", "liquidation.volatility_multiple=40"),
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["with_arrangement"]["failure"]["defaulters"] == []
    assert set(found["unsold"]) == {"CURVE-FUND", "REPO-CUSTOMER"}
    for each in found["unsold"].values():
        assert Decimal(each["property"]) + Decimal(each["lowest"]) > 0


def test_a_firm_that_fails_of_a_customer_closes_the_others_out_from_the_day_after(
    folder: Path, tmp_path: Path
) -> None:
    """A thin firm on impact so dear that the defaulter's margin does not suffice."""
    firm = tmp_path / "thin.toml"
    text = FIRM.replace('"8000000.00"', '"0.00"').replace('"2000000.00"', '"1.00"')
    late = '[[recovery]]\non = 2027-09-01\nclaimant = "MILL"\namount = "1000000.00"\n'
    late += 'reason = "collected of MILL"\n'
    firm.write_text(text.replace('"5000000.00"', '"1.00"') + late, encoding="utf-8")
    result = xm_default(
        folder / "positions.csv",
        *("--market", folder / "market", "--firm", firm, "--format", "json"),
        *(*SHOCK, "--customer-defaults", "CURVE-FUND", "--pages", tmp_path / "pages"),
        *("--set", "liquidation.volatility_multiple=40"),
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


@pytest.mark.parametrize(
    ("more", "text", "said"),
    [
        ((), FIRM.replace("DEMO-BD-FCM", "OTHER"), "one firm fails at a time"),
        ((), FIRM.replace("CURVE-FUND", "NOBODY"), "a customer who is closed out"),
        (
            (),
            FIRM.replace("MERCHANT", "REPO-CUSTOMER"),
            "firm.toml: futures_customer 1 customer_id was 'REPO-CUSTOMER', expected a customer "
            "without positions",
        ),
        (("--customer-defaults", "NOBODY"), FIRM, "--customer-defaults was 'NOBODY'"),
        (("--set", "default_management.reach=1"), FIRM, "reach"),
        (
            (
                *("--set", "default_management.distribution=framework_one"),
                *("--set", "default_management.framework_one_left_over=stays"),
            ),
            FIRM,
            "helps_other where framework 1 is of record",
        ),
        ((), "bd_fcm = 5", "a text that is not empty"),
        (
            (),
            'non_public = ["TYPO"]\n' + FIRM,
            "firm.toml: non_public was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[debt]]\nclaimant = "TYPO"\nowed_by_customer = "1.00"\n',
            "firm.toml: debt 1 claimant was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[recovery]]\non = 2030-01-01\nclaimant = "TYPO"\namount = "1.00"\n'
            'reason = "said"\n',
            "firm.toml: recovery 1 claimant was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[disallowed_claim]]\non = 2030-01-01\nclaimant = "TYPO"\n'
            'amount = "1.00"\nreason = "said"\n',
            "firm.toml: disallowed_claim 1 claimant was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[recovery]]\non = 2020-01-01\namount = "1.00"\nreason = "early"\n',
            "firm.toml: recovery 1 on was '2020-01-01', expected",
        ),
        (
            (),
            FIRM.replace(
                'cash_at_bd_fcm = "10.00"', 'securities_at_cme = { "912828ZZ6" = 100, "bad" = 1 }'
            ),
            "multiples of 100",
        ),
        (
            (),
            FIRM.replace('cash_at_bd_fcm = "10.00"', 'securities_at_cme = { "037833100" = 100 }'),
            "a price of the day",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_status_one(
    folder: Path, tmp_path: Path, more: tuple[str, ...], text: str, said: str
) -> None:
    firm = tmp_path / "firm.toml"
    firm.write_text(text, encoding="utf-8")
    result = xm_default(
        folder / "positions.csv",
        *("--market", folder / "market", "--firm", firm, *SHOCK, *more),
    )
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Nothing was computed." in result.stderr


def test_securities_as_margin_count_after_haircut_and_are_delivered_by_cusip(
    folder: Path, tmp_path: Path, document: dict[str, Any]
) -> None:
    (note, *_) = (
        line.split(",")
        for line in (folder / "positions.csv").read_text("utf-8").splitlines()
        if "CURVE-FUND" in line and "FICC" in line
    )
    cusip = next(cell for cell in note if len(cell) == 9 and cell[0].isdigit())
    firm = tmp_path / "firm.toml"
    pledged = f'cash_at_bd_fcm = "10.00"\nsecurities_at_ficc = {{ "{cusip}" = 500000 }}'
    firm.write_text(FIRM.replace('cash_at_bd_fcm = "10.00"', pledged), encoding="utf-8")
    result = xm_default(
        folder / "positions.csv",
        *("--market", folder / "market", "--firm", firm, *SHOCK),
        *("--format", "json", "--pages", tmp_path / "pages"),
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    (security,) = found["collateral"]
    value, counted = Decimal(security["market_value"]), Decimal(security["counted"])
    assert value - Decimal(security["haircut"]) == counted < value
    held = found["with_arrangement"]["customers"]["CURVE-FUND"]
    before = document["with_arrangement"]["customers"]["CURVE-FUND"]
    assert held["requirement"] == before["requirement"]
    cash = Decimal(held["property"]["FICC"]["cash"])
    assert cash + counted == Decimal(before["property"]["FICC"]["cash"])
    # The haircut is the customer's, and comes back.
    assert Decimal(held["property_value"]) - Decimal(before["property_value"]) == value - counted
    for name, each in found["claimants"].items():
        for case, delivered in each["delivered"].items():
            whole = Decimal(delivered["securities_value"]) + Decimal(delivered["cash"])
            assert whole == Decimal(each[case]["recovered"])
            par = {cusip: 500_000} if name == "CURVE-FUND" else {}
            assert delivered["par_by_cusip"] == par
    page = next((tmp_path / "pages").glob("*CURVE-FUND.html")).read_text("utf-8")
    assert f"par of {cusip}" in page


def test_framework_one_of_record_and_a_parameter_file_are_named_in_the_document(
    folder: Path, tmp_path: Path
) -> None:
    from importlib.resources import files

    own = tmp_path / "own.toml"
    shipped = files("crossmargin").joinpath("default_management/parameters.toml").read_text("utf-8")
    own.write_text(shipped.replace('value = "30"', 'value = "31"'), encoding="utf-8")
    result = of(
        folder,
        *SHOCK,
        *("--parameters", own, "--format", "json"),
        *("--set", "default_management.distribution=framework_one"),
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["with_arrangement"]["estate"]["framework_one"]["of_record"] == "framework_one"
    changed = found["parameters"]["changed"]
    assert changed == {"default_management.distribution": "framework_one"}
    days = {each["occasion"]: each["date"] for each in found["with_arrangement"]["distributions"]}
    failed_on = date.fromisoformat(found["with_arrangement"]["failure"]["failed_on"])
    assert (date.fromisoformat(days["interim"]) - failed_on).days == 31


@pytest.mark.parametrize(
    ("options", "mode", "path"),
    [
        (
            ("--simulated", "7", "--drawn-from", "2024-01-02"),
            "simulated",
            {"seed": 7, "first": "2024-01-02"},
        ),
        (
            ("--impulse", "-40", "--twist", "12.5"),
            "impulse",
            {"parallel_bp": "-40.0", "twist_bp": "12.5"},
        ),
    ],
)
def test_a_default_happens_along_drawn_days_or_one_move(
    folder: Path, options: tuple[str, ...], mode: str, path: dict[str, str | int]
) -> None:
    result = of(folder, *options, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["mode"], found["path"]) == (mode, path)
    assert found["last_cycle"] == found["as_of"]
    assert found["default_of"] == found["first_day"] > found["as_of"]
    assert any(notice.lower().startswith(mode) for notice in found["notices"])
    assert of(folder, *options, "--format", "json").stdout == result.stdout


def test_no_path_or_two_are_a_usage_error(folder: Path) -> None:
    assert of(folder).exit_code == 2
    assert of(folder, *SHOCK, "--simulated", "1").exit_code == 2
    assert of(folder, *SHOCK, "--drawn-from", "2024-01-02").exit_code == 2
    assert of(folder, "--impulse", "5000").exit_code == 2
    assert of(folder, *SHOCK, "--restrike", "2025-04-07").exit_code == 2
