"""``xm parameters`` as a user runs it, and a run with a user's own parameter file."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

import crossmargin
from crossmargin import bootstrap
from crossmargin.parameters.domain import KEYS
from crossmargin.services.parameter_registry import OWNERS
from crossmargin.testing.commands import xm

PACKAGE = Path(crossmargin.__file__).parent


def own_file(folder: Path, owner: str, *changes: tuple[str, str]) -> Path:
    text = (PACKAGE / OWNERS[owner] / "parameters.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / f"own-{owner}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_list_has_every_parameter_and_the_review_of_every_model() -> None:
    document = json.loads(xm("parameters", "list", "--format", "json").stdout)
    listed = {(row["owner"], row["name"]) for row in document["parameters"]}
    files = bootstrap.parameter_registry().files
    assert listed == {(o, v.name) for o, read in files.items() for v in read.versions}
    reviews = {owner: each["review"] for owner, each in document["owners"].items()}
    assert set(reviews) == set(OWNERS)
    assert set(reviews.values()) == {"not reviewed by the CFTC or the SEC"}


def test_the_list_is_narrowed_and_fits_80_columns() -> None:
    done = xm("parameters", "list", "--owner", "ficc", "--status", "sourced", COLUMNS="80")
    assert done.returncode == 0
    assert "coverage" in done.stdout
    assert "lookback_years" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    rows = csv.DictReader(
        io.StringIO(xm("parameters", "list", "--owner", "cme", "--format", "csv").stdout)
    )
    assert {row["owner"] for row in rows} == {"cme"}


def test_one_parameter_is_shown_with_its_source() -> None:
    done = xm("parameters", "show", "arrangement.cap", "--format", "json")
    (version,) = json.loads(done.stdout)["versions"]
    assert (version["value"], version["status"]) == ("0.80", "sourced")
    assert version["domain"] == "a ratio from 0 to 1"
    shown = xm("parameters", "show", "arrangement.cap").stdout
    assert "CME" in shown
    assert "a ratio from 0 to 1" in shown


def test_a_file_without_domains_is_held_to_the_shipped_ones(tmp_path: Path) -> None:
    own = own_file(tmp_path, "ficc")
    domain = re.compile(f"^({'|'.join(KEYS)}) = .*\n", re.MULTILINE)
    bare = domain.sub("", own.read_text("utf-8"))
    own.write_text(bare, encoding="utf-8")
    assert xm("parameters", "validate", own).returncode == 0
    values, files = ("7", "0,99", "\uff10.99", "1e-1"), []
    for place, value in enumerate(values):
        files.append(tmp_path / f"{place}.toml")
        files[-1].write_text(bare.replace('"0.99"', f'"{value}"', 1), encoding="utf-8")
    done = xm("parameters", "validate", *files)
    assert done.returncode == 1
    for value in values:
        assert f"coverage.value was '{value}', expected a ratio above 0 and below 1" in done.stderr


def test_what_begins_between_two_dates_is_shown() -> None:
    arguments = ("parameters", "diff", "--from", "2024-01-21", "--to", "2024-01-22")
    changes = json.loads(xm(*arguments, "--format", "json").stdout)["changes"]
    owners = {"arrangement", "clearing_day", "collateral", "default_management", "participation"}
    assert {row["owner"] for row in changes} == owners
    (cap,) = (row for row in changes if row["name"] == "cap")
    assert (cap["before"], cap["after"]) == ("", "0.80")
    assert "Nothing differs." in xm(*arguments[:3], "2026-06-01", "--to", "2026-06-02").stdout


def test_a_file_is_compared_with_the_shipped_one_and_with_another(tmp_path: Path) -> None:
    own = own_file(tmp_path, "arrangement", ('value = "0.80"', 'value = "0.70"'))
    shipped = PACKAGE / OWNERS["arrangement"] / "parameters.toml"
    for files in ([own], [shipped, own]):
        done = xm("parameters", "diff", *files, "--format", "json")
        (change,) = json.loads(done.stdout)["changes"]
        assert (change["name"], change["what"]) == ("cap", "value")
        assert (change["before"], change["after"]) == ("0.80", "0.70")
    other = xm("parameters", "diff", own, PACKAGE / OWNERS["cme"] / "parameters.toml")
    assert (other.returncode, "a file of arrangement" in other.stderr) == (1, True)


def test_a_good_file_is_valid(tmp_path: Path) -> None:
    done = xm("parameters", "validate", own_file(tmp_path, "cme"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "valid for cme" in done.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("[cap]", "[capp]"), ("cap, the nearest known", "cap was 'missing'")),
        (('owner = "arrangement"', 'owner = "agreement"'), ("arrangement, the nearest known",)),
        (("[[model]]", "[nothing]"), ("nothing.version", "known key")),
        (('value = "0.80"', 'value = "much"'), ("cap.value was 'much', expected a ratio from 0",)),
        (('status = "sourced"', 'status = "sure"'), ("cap.status was 'sure'",)),
        (('unit = "ratio"', 'unit = "furlongs"'), ("threshold.unit was 'furlongs'", "'ratio'")),
        (
            ('"not reviewed by the CFTC or the SEC"', '"approved by the CFTC and the SEC"'),
            ("model.review was 'approved", "'not reviewed by the CFTC or the SEC', as shipped"),
        ),
        (('low = "0"', 'low = "-1"'), ("threshold.low was '-1', expected a ratio from 0 to 1",)),
        (('maximum = "1"', 'maximum = "2"'), ("threshold.maximum was '2', expected '1'",)),
        (
            ('value = "0.80"', 'value = "0.001"'),
            ("cap is '0.001'", "threshold.value was '0.01', expected a ratio from 0 to 1"),
        ),
    ],
)
def test_every_fault_of_a_file_is_named(
    tmp_path: Path, change: tuple[str, str], says: tuple[str, ...]
) -> None:
    own = own_file(tmp_path, "arrangement", change)
    done = xm("parameters", "validate", own)
    assert done.returncode == 1
    assert own.name in done.stderr
    assert all(word in done.stderr for word in says)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("show", "ficc.floor"), 1, "ficc.floor_share, the nearest known"),
        (("list", "--owner", "fic"), 1, "ficc, the nearest known"),
        (("diff",), 2, "one or two files"),
        (("diff", "--from", "2026-01-01"), 2, "one or two files"),
        (("diff", "--from", "2026-01-02", "--to", "2026-01-01"), 2, "must not be after"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    arguments: tuple[str, ...], status: int, says: str
) -> None:
    done = xm("parameters", *arguments, COLUMNS="200")
    assert done.returncode == status
    assert says in done.stderr


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("own-parameters")
    assert xm("market", "simulate", "--to", folder / "market", "--seed", "7").returncode == 0
    positions = folder / "positions.csv"
    header = "customer_id,clearing_organization,account,instrument,quantity"
    positions.write_text(f"{header}\nA,CME,XM,ZNM6,-100\nA,CME,XM,ZTM6,100\n", "utf-8")
    return folder / "market", positions


def test_a_run_takes_and_records_an_own_file(small_run: tuple[Path, Path], tmp_path: Path) -> None:
    market, positions = small_run
    own = own_file(tmp_path, "cme", ('value = "0.75"', 'value = "1"'))
    base = ("margin", positions, "--market", market, "--format", "json")
    with_file = json.loads(xm(*base, "--parameters", own).stdout)
    with_set = json.loads(xm(*base, "--set", "cme.historical_weight=1").stdout)
    shipped = json.loads(xm(*base).stdout)
    assert with_file["customers"] == with_set["customers"] != shipped["customers"]
    versions = {
        name: each["parameters"]["versions"]["cme"]
        for name, each in (("own", with_file), ("shipped", shipped))
    }
    assert versions["own"]["origin"] == own.name
    assert versions["shipped"]["origin"] == "shipped"
    assert versions["own"]["digest"] != versions["shipped"]["digest"]
    assert versions["own"]["review"] == "not reviewed by the CFTC or the SEC"
    assert with_file["parameters"]["changed"] == {}
    twice = xm(*base, "--parameters", own, "--parameters", own)
    assert (twice.returncode, "one file for each owner" in twice.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--set", "cme.coverage=0.9", "--set", "cme.coverage=0.95"),
            ("'cme.coverage=0.95', expected each parameter once; cme.coverage=0.9",),
        ),
        (
            ("--set", "ficc.coverage=7", "--set", "cme.historical_weight=2"),
            ("ficc.coverage was '7', expected a ratio above 0", "cme.historical_weight was '2'"),
        ),
        (("--cme-model", "span", "--set", "cme.engine=fhs"), ("--cme-model was 'span'",)),
        (
            ("--parameters", PACKAGE / OWNERS["validation"] / "parameters.toml"),
            ("owner was 'validation'", "a margin run reads no other owner's"),
        ),
    ],
)
def test_a_run_refuses_values_without_sense(
    small_run: tuple[Path, Path], options: tuple[object, ...], says: tuple[str, ...]
) -> None:
    market, positions = small_run
    done = xm("margin", positions, "--market", market, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert all(word in done.stderr for word in says)
