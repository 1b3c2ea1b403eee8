"""``xm port`` as a user meets it: plan, back-ups, drill; formats, packages, refusals, exits."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crossmargin.basics.digest import digest_of
from crossmargin.cli.main import app
from crossmargin.simulation.book import demo_positions_csv
from crossmargin.simulation.market import SimulatedMarket

RECEIVERS = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "receivers.toml"
REQUIRED = ("--trigger", "TRANSFER_REQUIRED", "--since", "2026-03-24")
DEBTOR = ("--trigger", "DEBTOR", "--since", "2026-03-24")
_FILES = ("positions", "receivers_sha256", "held_sha256")
Files = tuple[str | Path, ...]


def xm_port(*arguments: str | Path, columns: int = 80) -> Result:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["port", *map(str, arguments)], env=environment)


def document_of(*arguments: str | Path) -> dict[str, Any]:
    result = xm_port(*arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="module")
def demo(simulation: SimulatedMarket, tmp_path_factory: pytest.TempPathFactory) -> Files:
    from crossmargin.testing.markets import write_simulated_market

    folder = tmp_path_factory.mktemp("port")
    market, positions = folder / "market", folder / "positions.csv"
    write_simulated_market(market, simulation)
    positions.write_text(demo_positions_csv(simulation), encoding="utf-8")
    return positions, "--market", market, "--receivers", RECEIVERS


@pytest.fixture(scope="module")
def plan(demo: Files) -> dict[str, Any]:
    return document_of("plan", *demo, *REQUIRED)


def test_the_digest_is_of_everything_but_the_files(plan: dict[str, Any]) -> None:
    body = {name: each for name, each in plan.items() if name not in ("digest", *_FILES)}
    assert digest_of(body) == plan["digest"]


def test_the_order_of_rows_and_tables_decides_nothing(
    demo: Files, plan: dict[str, Any], tmp_path: Path
) -> None:
    header, *rows = Path(demo[0]).read_text(encoding="utf-8").splitlines()
    turned = tmp_path / "positions.csv"
    turned.write_text("\n".join([header, *rows[::-1]]) + "\n", encoding="utf-8")
    first, *tables = RECEIVERS.read_text(encoding="utf-8").split("\n[[")
    receivers = tmp_path / "receivers.toml"
    receivers.write_text("\n[[".join([first, *tables[::-1]]) + "\n", encoding="utf-8")
    # A table under a customer stays with it: the order of the parts is that of whole tables.
    again = document_of("plan", turned, *demo[1:4], receivers, *REQUIRED)
    one, other = (dict(each) for each in (plan, again))
    for each in (one, other):
        each["ficc_refusals"] = sorted(map(str, each["ficc_refusals"]))
        for name in ("digest", *_FILES):
            del each[name]
    assert one == other
    assert again["receivers_sha256"] != plan["receivers_sha256"]


def test_what_moves_and_what_remains_is_what_there_is(plan: dict[str, Any]) -> None:
    part = plan["class"]
    assert Decimal(part["moved"]) + Decimal(part["remaining"]) == Decimal(part["available"])
    assert part["allowed"]
    moved = Decimal(0)
    for customer in plan["customers"]:
        values = [Decimal(each["value"]) for each in customer["placements"]]
        assert sum(values) == Decimal(customer["moved"])
        moved += sum(values)
        for each in customer["placements"]:
            assert sum(Decimal(item["value"]) for item in each["property"]) == Decimal(
                each["value"]
            )
            top_up = max(Decimal(0), Decimal(each["margin"]) - Decimal(each["value"]))
            assert top_up == Decimal(each["top_up"])
    assert moved == Decimal(part["moved"])


def test_no_limit_of_a_receiver_is_passed(plan: dict[str, Any]) -> None:
    for receiver in plan["receivers"]:
        for limit, room in receiver["room"].items():
            assert Decimal(receiver["used"][limit]) <= Decimal(room), (receiver, limit)


def test_everybody_has_an_outcome_and_whoever_stays_a_reason_everywhere(
    plan: dict[str, Any],
) -> None:
    names = [each["receiver"] for each in plan["receivers"]]
    outcomes = {}
    for customer in plan["customers"]:
        outcomes[customer["customer_id"]] = customer["outcome"]
        if customer["outcome"] not in ("STAYS", "IN_PART"):
            assert customer["stays"] == []
            continue
        assert [stay["receiver"] for stay in customer["stays"]] == names
        for stay in customer["stays"]:
            assert stay["offers"][-1]["bars"] or stay["short"] or stay["parts"]
    assert outcomes["LATE-PAYER"] == outcomes["PARTNER-ACCOUNT"] == "INELIGIBLE"
    assert outcomes["GRAIN-HEDGER"] == outcomes["METALS-DESK"] == "WHOLE"
    assert outcomes["REPO-CUSTOMER"] == "STAYS"


def test_a_refusal_of_ficc_bars_the_pair_or_is_interference(plan: dict[str, Any]) -> None:
    stands, interferes = plan["ficc_refusals"]
    assert (stands["stands"], stands["interference"]) == (True, False)
    assert (interferes["stands"], interferes["interference"]) == (False, True)
    there = {each["customer_id"]: each["placements"] for each in plan["customers"]}
    assert [each["receiver"] for each in there["CURVE-FUND"]] == ["SOUTH"]
    assert [each["receiver"] for each in there["REGIONAL-BANK"]] == ["NORTH"]


def test_the_table_says_who_goes_where_and_cuts_no_figure(demo: Files) -> None:
    result = xm_port("plan", *demo, *REQUIRED)
    assert result.exit_code == 0, result.stderr
    assert "Who goes where: DEMO-BD-FCM" in result.stdout
    assert "INTERFERENCE with an approved port" in result.stdout.replace("\n", " ")
    assert "\N{HORIZONTAL ELLIPSIS}" not in result.stdout
    assert "SIMULATED MARKET" in result.stdout


def test_a_debtor_needs_the_approval_whose_digest_is_recorded(demo: Files, tmp_path: Path) -> None:
    order = tmp_path / "order.txt"
    order.write_bytes(b"approved")
    without = document_of("plan", *demo, *DEBTOR)
    approved = document_of("plan", *demo, *DEBTOR, "--approval", order)
    late = document_of("plan", *demo, *DEBTOR, "--approval", order, "--transfer-on", "2026-04-01")
    failed = [
        [gate["name"] for gate in each["verdict"]["gates"] if not gate["passed"]]
        for each in (without, approved, late)
    ]
    assert failed == [["COMMISSION_APPROVAL"], [], ["CLOCK"]]
    digest = hashlib.sha256(b"approved").hexdigest()
    assert approved["trigger"]["approval_sha256"] == digest
    assert approved["clock"]["last_day"] == "2026-03-31"
    assert not any(each["interference"] for each in without["ficc_refusals"])
    assert without["class"] == approved["class"], "the plan is made all the same"


def test_the_clock_rolls_over_a_holiday_where_the_switch_says_so(demo: Files) -> None:
    memorial = ("--trigger", "DEBTOR", "--since", "2026-05-18")
    roll = ("--set", "default_management.transfer_clock_roll=next_business_day")
    assert document_of("plan", *demo, *memorial)["clock"]["last_day"] == "2026-05-25"
    rolled = document_of("plan", *demo, *memorial, *roll)
    assert rolled["clock"] == {
        "last_day": "2026-05-26",
        "without_roll": "2026-05-25",
        "business_days": 5,
        "last_business_day": "2026-05-26",
    }
    assert rolled["parameters"]["changed"] == {
        "default_management.transfer_clock_roll": "next_business_day"
    }


def test_a_clock_without_a_business_day_names_none(demo: Files) -> None:
    said = xm_port("plan", *demo, *DEBTOR, "--set", "default_management.transfer_clock_days=0")
    assert said.exit_code == 0, said.stderr
    assert "0 business days (17 CFR" in " ".join(said.stdout.split())
    assert "None" not in said.stdout


def test_packages_are_written_a_folder_a_receiver(demo: Files, tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    found = document_of("plan", *demo, *REQUIRED, "--packages", folder)
    takers = {
        each["receiver"] for customer in found["customers"] for each in customer["placements"]
    }
    assert sorted(path.name[3:] for path in folder.iterdir()) == sorted(takers)
    for place in folder.iterdir():
        package = json.loads((place / "package.json").read_text(encoding="utf-8"))
        body = {name: each for name, each in package.items() if name != "digest"}
        assert digest_of(body) == package["digest"]
        assert package["plan_digest"] == found["digest"]
        with (place / "property.csv").open(encoding="utf-8") as file:
            worth = sum(Decimal(row["value"]) for row in csv.DictReader(file))
        assert worth == sum(Decimal(each["value"]) for each in package["customers"])


def test_csv_has_a_row_a_part_and_a_row_a_receiver_of_what_stays(
    demo: Files, plan: dict[str, Any]
) -> None:
    result = xm_port("plan", *demo, *REQUIRED, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    placed = [row for row in rows if row["part"]]
    assert len(placed) == sum(len(each["placements"]) for each in plan["customers"])
    stayed = [row for row in rows if row["receiver"] and not row["part"]]
    assert len(stayed) == sum(len(each["stays"]) for each in plan["customers"])
    assert all(row["reason"] for row in stayed)


def test_what_is_held_moves_in_kind(demo: Files, tmp_path: Path) -> None:
    held = tmp_path / "held.csv"
    held.write_text(
        "customer_id,place,asset,quantity\nCURVE-FUND,CME,CASH,9000000.00\n", encoding="utf-8"
    )
    found = document_of("plan", *demo, *REQUIRED, "--held", held)
    (fund,) = (each for each in found["customers"] if each["customer_id"] == "CURVE-FUND")
    assert fund["net_equity"] == "9000000.00"
    assert found["held_sha256"] == hashlib.sha256(held.read_bytes()).hexdigest()
    assert not any("No file of what is held" in notice for notice in found["notices"])


def test_backups_are_asked_one_by_one_and_dated(demo: Files) -> None:
    found = document_of("backup", *demo)
    ready = {each["customer_id"]: each for each in found["customers"]}
    assert found["as_of"] == "2026-03-24"
    assert found["ready"] == sum(each["stands_ready"] for each in found["customers"])
    fund = ready["BASIS-FUND"]
    assert fund["stands_ready"]
    assert Decimal(fund["with_xm"]) < Decimal(fund["without_xm"])
    assert fund["margin"] == fund["with_xm"]
    assert not ready["REGIONAL-BANK"]["stands_ready"]
    assert [bar["code"] for bar in ready["REGIONAL-BANK"]["offers"][0]["bars"]] == [
        "SAME_LEGAL_ENTITY"
    ]
    assert all(bool(each["why"]) is not each["stands_ready"] for each in found["customers"])
    table = xm_port("backup", *demo).stdout
    assert "4 of 10 back-ups stand ready." in table
    rows = list(csv.DictReader(io.StringIO(xm_port("backup", *demo, "--format", "csv").stdout)))
    assert [row["customer_id"] for row in rows] == list(ready)


def test_a_drill_times_every_step_and_names_what_packages_lack(demo: Files) -> None:
    found = document_of("drill", *demo, *DEBTOR)
    steps = [each["step"] for each in found["steps"]]
    assert steps == ["reading files", "margining every customer", "assigning", "packing"]
    assert all(Decimal(each["seconds"]) >= 0 for each in found["steps"])
    again = document_of("drill", *demo, *DEBTOR)
    plan = document_of("plan", *demo, *DEBTOR)
    assert found["plan_digest"] == again["plan_digest"] == plan["digest"]
    assert found["stages"] == plan["stages"]
    assert any(each["lacks"] for each in found["packages"])
    said = xm_port("drill", *demo, *DEBTOR).stdout
    assert "Machine time" in said
    assert "gap" in said


@pytest.mark.parametrize(
    ("command", "arguments", "field"),
    [
        ("plan", (*REQUIRED, "--bd-fcm", "NOBODY"), "bd_fcm"),
        ("plan", (*REQUIRED, "--set", "porting.objective=fame"), "porting.objective"),
        ("plan", (*REQUIRED, "--transfer-on", "2026-03-23"), "transfer_on"),
        ("drill", (*REQUIRED, "--date", "2026-03-21"), "date"),
        ("backup", ("--set", "liquidation.hedge=none"), "parameter"),
    ],
)
def test_what_cannot_be_used_is_refused(
    demo: Files, command: str, arguments: tuple[str, ...], field: str
) -> None:
    result = xm_port(command, *demo, *arguments, "--format", "json")
    assert result.exit_code == 1
    assert [each["field"] for each in json.loads(result.stdout)["refused"]] == [field]


def test_an_approval_goes_with_a_debtor_alone(demo: Files) -> None:
    assert xm_port("plan", *demo, *REQUIRED, "--disapproved").exit_code == 2
