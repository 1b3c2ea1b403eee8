"""``xm default simulate`` as a user meets it: both cases, paths, securities, formats."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crossmargin.basics.digest import digest_of
from crossmargin.product.position import ClearingOrganization
from crossmargin.testing.simulated_defaults import FIRM, SHOCK, xm_default


def test_the_digest_covers_the_document_and_not_the_order_of_the_file(
    default_folder: Path, default_document: dict[str, Any]
) -> None:
    body = {
        name: part for name, part in default_document.items() if name not in ("inputs", "digest")
    }
    assert default_document["digest"] == digest_of(body)
    turned = xm_default(default_folder, *SHOCK, "--format", "json", positions="turned.csv")
    other = json.loads(turned.stdout)
    assert other["digest"] == default_document["digest"]
    assert (
        other["inputs"]["positions"]["sha256"] != default_document["inputs"]["positions"]["sha256"]
    )


def test_the_firm_fails_of_its_own_loss_and_every_cent_of_the_class_is_paid_or_left(
    default_document: dict[str, Any],
) -> None:
    for case in ("with_arrangement", "without_arrangement"):
        found = default_document[case]
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
    default_folder: Path, default_document: dict[str, Any]
) -> None:
    from crossmargin.feeds.defaults.treatments import read_treatments

    read = read_treatments(default_folder / "treatments.csv")
    sides = default_document["with_arrangement"]["sides"]
    assert [each.customer_id for each in read] == ["CURVE-FUND", "REPO-CUSTOMER"]
    for side in ClearingOrganization:
        of_side = sides[side.value]["customers"]
        assert {each.customer_id: str(each.results[side]) for each in read} == {
            customer: figures["result"]
            for customer, figures in of_side.items()
            if customer in {each.customer_id for each in read}
        }


def test_a_result_is_the_sum_of_its_days_and_a_claim_rests_on_it(
    default_document: dict[str, Any],
) -> None:
    found = default_document["with_arrangement"]
    for name, closed in found["close_outs"].items():
        days = [day for side in closed["sides"] for day in side["days"]]
        result = sum(Decimal(day["marks"]) - Decimal(day["impact"]) for day in days)
        assert result == Decimal(closed["result"])
        held = Decimal(found["customers"][name]["property_value"])
        claim = Decimal(found["estate"]["claims"][name]["claim"])
        assert claim == max(Decimal(0), held + result)


def test_less_is_put_in_with_the_arrangement_and_the_parts_add_up(
    default_document: dict[str, Any],
) -> None:
    for name, each in default_document["claimants"].items():
        parts = {part: Decimal(amount) for part, amount in each["difference"].items()}
        total = parts.pop("total")
        assert sum(parts.values()) == total
        one, other = each["with_arrangement"], each["without_arrangement"]
        assert Decimal(one["recovered"]) - Decimal(other["recovered"]) == total
        if name in ("CURVE-FUND", "REPO-CUSTOMER"):
            assert parts["margin_collected"] < 0


def test_a_customer_in_deficit_outside_the_arrangement_is_no_claimant_and_does_not_move(
    default_document: dict[str, Any],
) -> None:
    estate = default_document["with_arrangement"]["estate"]
    assert estate["claims"]["MILL"]["debt_to_the_estate"] == "500000.00"
    assert set(estate["full_transfer"]["transferred"]) == {"MERCHANT"}


def test_csv_has_a_row_a_claimant(default_folder: Path, default_document: dict[str, Any]) -> None:
    result = xm_default(default_folder, *SHOCK, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["claimant"] for row in rows] == list(default_document["claimants"])
    for row in rows:
        total = default_document["claimants"][row["claimant"]]["difference"]["total"]
        assert row["difference_total"] == total


def test_what_lies_outside_the_arrangement_is_sold_too_and_is_one_claim_with_it(
    default_folder: Path, tmp_path: Path
) -> None:
    """REGIONAL-BANK has a regular account at CME beside its XM account."""
    positions = tmp_path / "bank.csv"
    header, *lines = (default_folder / "whole.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "REGIONAL-BANK" in line or "REPO-CUSTOMER" in line]
    positions.write_text("\n".join([header, *kept, ""]), encoding="utf-8")
    firm = tmp_path / "firm.toml"
    firm.write_text(FIRM.replace("CURVE-FUND", "REGIONAL-BANK"), encoding="utf-8")
    result = xm_default(
        default_folder,
        *(*SHOCK, "--format", "json"),
        *("--treatments", tmp_path / "treatments.csv"),
        firm=firm,
        positions=positions,
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


def test_ported_customers_keep_their_margin_and_nothing_is_closed_out(default_folder: Path) -> None:
    result = xm_default(default_folder, *SHOCK, "--port-participants", "--format", "json")
    found = json.loads(result.stdout)["with_arrangement"]
    assert found["close_outs"] == {}
    transferred = found["estate"]["full_transfer"]["transferred"]
    assert set(transferred) == {"CURVE-FUND", "MERCHANT", "REPO-CUSTOMER"}
    assert transferred["CURVE-FUND"] == found["customers"]["CURVE-FUND"]["property_value"]


def test_a_customers_default_is_paid_while_the_firm_stands(
    default_folder: Path, tmp_path: Path
) -> None:
    firm = tmp_path / "rich.toml"
    text = FIRM.replace('"8000000.00"', '"0.00"')
    firm.write_text(text, encoding="utf-8")
    result = xm_default(
        default_folder,
        *(*SHOCK, "--customer-defaults", "CURVE-FUND"),
        firm=firm,
    )
    assert result.exit_code == 0, result.output
    assert "CURVE-FUND in default: the firm stands." in result.stdout
    assert "…" not in result.stdout


def test_what_selling_costs_makes_no_defaulter(default_folder: Path, tmp_path: Path) -> None:
    """Impact so dear that nobody's property pays it: marks alone decide who defaults."""
    firm = tmp_path / "rich.toml"
    text = FIRM.replace('proprietary_loss = "8000000.00"', "beyond_margin = true")
    firm.write_text(text, encoding="utf-8")
    result = xm_default(
        default_folder,
        *("--format", "json", *SHOCK),
        *("--set", "liquidation.volatility_multiple=40"),
        firm=firm,
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["with_arrangement"]["failure"]["defaulters"] == []
    assert set(found["unsold"]) == {"CURVE-FUND", "REPO-CUSTOMER"}
    for each in found["unsold"].values():
        assert Decimal(each["property"]) + Decimal(each["lowest"]) > 0


def test_securities_as_margin_count_after_haircut_and_are_delivered_by_cusip(
    default_folder: Path, tmp_path: Path, default_document: dict[str, Any]
) -> None:
    (note, *_) = (
        line.split(",")
        for line in (default_folder / "positions.csv").read_text("utf-8").splitlines()
        if "CURVE-FUND" in line and "FICC" in line
    )
    cusip = next(cell for cell in note if len(cell) == 9 and cell[0].isdigit())
    firm = tmp_path / "firm.toml"
    pledged = f'cash_at_bd_fcm = "10.00"\nsecurities_at_ficc = {{ "{cusip}" = 500000 }}'
    firm.write_text(FIRM.replace('cash_at_bd_fcm = "10.00"', pledged), encoding="utf-8")
    result = xm_default(
        default_folder,
        *SHOCK,
        *("--format", "json", "--pages", tmp_path / "pages"),
        firm=firm,
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    (security,) = found["collateral"]
    value, counted = Decimal(security["market_value"]), Decimal(security["counted"])
    assert value - Decimal(security["haircut"]) == counted < value
    held = found["with_arrangement"]["customers"]["CURVE-FUND"]
    before = default_document["with_arrangement"]["customers"]["CURVE-FUND"]
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
    default_folder: Path, tmp_path: Path
) -> None:
    from importlib.resources import files

    own = tmp_path / "own.toml"
    shipped = files("crossmargin").joinpath("default_management/parameters.toml").read_text("utf-8")
    own.write_text(shipped.replace('value = "30"', 'value = "31"'), encoding="utf-8")
    result = xm_default(
        default_folder,
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
    default_folder: Path, options: tuple[str, ...], mode: str, path: dict[str, str | int]
) -> None:
    result = xm_default(default_folder, *options, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["mode"], found["path"]) == (mode, path)
    assert found["last_cycle"] == found["as_of"]
    assert found["default_of"] == found["first_day"] > found["as_of"]
    assert any(notice.lower().startswith(mode) for notice in found["notices"])
    assert xm_default(default_folder, *options, "--format", "json").stdout == result.stdout


_EVENTS = """
[[recovery]]
on = 2027-09-01
amount = "1.00"
reason = "avoided"

[[disallowed_claim]]
on = 2027-09-01
claimant = "CURVE-FUND"
amount = "9000000000.00"
reason = "was paid before"
"""


@pytest.mark.parametrize("stands", [True, False])
def test_events_that_count_for_nothing_or_in_part_are_said_of_each_case(
    default_folder: Path, tmp_path: Path, stands: bool
) -> None:
    firm = tmp_path / "firm.toml"
    text = FIRM.replace('"8000000.00"', '"0.00"') if stands else FIRM
    firm.write_text(text + _EVENTS, encoding="utf-8")
    result = xm_default(default_folder, *SHOCK, "--format", "json", firm=firm)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    for case in ("With", "Without"):
        no_effect = [
            each
            for each in found["notices"]
            if each.startswith(f"{case} the arrangement the firm stands")
        ]
        cut = [
            each
            for each in found["claimants"]["CURVE-FUND"]["notices"]
            if each.startswith(f"{case} the arrangement, of $9,000,000,000.00, disallowed claim")
        ]
        assert (len(no_effect), len(cut)) == ((1, 0) if stands else (0, 1))
