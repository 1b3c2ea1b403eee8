"""``xm margin --range``: what is moved, and what is not, in every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossmargin.cli.main import app
from crossmargin.services import margin_ranges


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    market = tmp_path_factory.mktemp("ranges") / "market"
    result = CliRunner().invoke(app, ["demo", "--no-serve", "--to", str(market)])
    assert result.exit_code == 0, result.output
    return market.with_name("market-positions.csv"), market


def test_ranges_say_in_every_format_what_is_moved_and_what_is_not(
    demo: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    positions, market = demo
    every = margin_ranges.ranged_parameters
    few = ("arrangement.denominator", "ficc.floor_share")
    monkeypatch.setattr(
        margin_ranges,
        "ranged_parameters",
        lambda sets: tuple(one for one in every(sets) if f"{one.owner}.{one.name}" in few),
    )

    def printed(output_format: str) -> str:
        command = ("margin", positions, "--market", market, "--range", "--format", output_format)
        result = CliRunner().invoke(app, list(map(str, command)))
        assert result.exit_code == 0, result.output
        return result.stdout

    document = json.loads(printed("json"))
    rows = list(csv.DictReader(io.StringIO(printed("csv"))))
    reasons = {each["parameter"]: each["reason"] for each in document["not_moved"]}
    assert reasons["ficc.bucket_years"].startswith("moved with bucket_midpoint_years")
    assert all(reasons.values())
    assert {row["parameter"]: row["reason"] for row in rows if not row["customer_id"]} == reasons
    for customer in document["customers"]:
        ranges = customer["ranges"]
        found = [row for row in rows if row["customer_id"] == customer["customer_id"]]
        assert {row["parameter"] for row in found} == {*few, "all jointly"}
        assert [row["effect"] for row in found[:2]] == [row["effect"] for row in ranges["rows"]]
        assert found[-1]["requirement_at_high"] == ranges["joint_worst"]
    told = " ".join(printed("table").split())
    assert f"Not moved: {len(reasons)} parameters neither sourced nor derived" in told
    assert "xm parameters list says of each why it has no range" in told
