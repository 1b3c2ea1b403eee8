"""``xm forward`` as a user meets it: three paths, formats, refusals, exit codes; real episodes."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crossmargin import bootstrap
from crossmargin.basics.digest import digest_of
from crossmargin.cli.main import app
from crossmargin.simulation.book import demo_positions_csv
from crossmargin.simulation.market import SimulatedMarket

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "forward.md"
RESTRIKE = ("--from", "2025-03-03", "--to", "2025-03-14")
SHOCK = ("--shock-from", "2025-03-03", "--shock-to", "2025-03-14")
IMPULSE = ("--impulse", "30", "--twist", "-20", "--days", "6")
LEGS = ("securities", "futures", "combined")


def xm_forward(*arguments: str | Path, columns: int = 80) -> Result:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["forward", *map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def demo(
    simulation: SimulatedMarket, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str | Path, ...]:
    from crossmargin.testing.markets import write_simulated_market

    folder = tmp_path_factory.mktemp("forward")
    market, positions = folder / "market", folder / "positions.csv"
    write_simulated_market(market, simulation)
    lines = demo_positions_csv(simulation).splitlines()
    kept = [line for line in lines if "WIDE-BOOK" not in line]
    positions.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return positions, "--market", market, "--customer", "CURVE-FUND"


@pytest.fixture(scope="module")
def documents(demo: tuple[str | Path, ...]) -> dict[str, dict[str, Any]]:
    found = {}
    for path in (RESTRIKE, SHOCK, IMPULSE):
        result = xm_forward(*demo, *path, "--format", "json")
        assert result.exit_code == 0, result.stderr
        document = json.loads(result.stdout)
        found[document["mode"]] = document
    return found


def money(text: str) -> int:
    return int(Decimal(text) * 100)


def rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    (customer,) = document["customers"]
    return [customer["opening"], *customer["days"]]


def test_an_episode_by_name_is_a_shock_between_its_dates(demo: tuple[str | Path, ...]) -> None:
    named = xm_forward(*demo, "--episode", "march 2023", "--format", "json")
    (episode,) = bootstrap.stress_library().chosen(["March 2023"]).episodes
    dated = xm_forward(
        *(*demo, "--shock-from", episode.start.isoformat(), "--shock-to", episode.end.isoformat()),
        *("--format", "json"),
    )
    assert named.exit_code == 0, named.stderr
    assert named.stdout == dated.stdout
    misspelt = xm_forward(*demo, "--episode", "marhc 2023")
    assert misspelt.exit_code == 1
    assert "'March 2023'" in misspelt.stderr
    twice = xm_forward(*demo, *RESTRIKE, "--episode", "March 2023")
    assert twice.exit_code == 2


def test_every_path_has_its_days_after_the_opening(documents: dict[str, dict[str, Any]]) -> None:
    assert list(documents) == ["restrike", "shock", "impulse"]
    struck, shock, impulse = (rows(each) for each in documents.values())
    assert [struck[0]["date"], struck[1]["date"]] == ["2025-02-28", "2025-03-03"]
    assert {row["repeats"] for row in struck} == {None}
    assert shock[0]["date"] == impulse[0]["date"] == "2026-03-24"
    assert [row["repeats"] for row in shock[1:]] == [row["date"] for row in struck[1:]]
    assert [row["date"] for row in shock[1:3]] == ["2026-03-25", "2026-03-26"]
    assert [len(each) for each in (struck, shock, impulse)] == [11, 11, 7]
    for document in documents.values():
        assert document["opening"] == rows(document)[0]["date"]
        assert document["days"] == len(rows(document)) - 1
    # Today's window does not know which way it will go on.
    same = ("requirement", "reduction", "binding", "ficc", "cme")
    assert [shock[0][name] for name in same] == [impulse[0][name] for name in same]


def test_figures_of_a_day_hang_together(documents: dict[str, dict[str, Any]]) -> None:
    for document in documents.values():
        for row in rows(document):
            reduction = Decimal(row["reduction"])
            assert money(row["requirement"]) == money(row["ficc_requirement"]) + money(
                row["cme_requirement"]
            )
            assert money(row["standalone"]) == money(row["ficc_standalone"]) + money(
                row["cme_standalone"]
            )
            assert row["cme"]["futures"]["charge"] == row["cme_standalone"]
            kept = Decimal(row["cme_standalone"]) * (1 - reduction)
            assert abs(kept - Decimal(row["cme_requirement"])) < 100
            for leg in LEGS:
                part = row["cme"][leg]
                mean = (3 * Decimal(part["scaled"]) + Decimal(part["stress"])) / 4
                assert abs(mean - Decimal(part["charge"])) < Decimal("0.03")
            for ccp in ("ficc", "cme"):
                legs = {leg: Decimal(row[ccp][leg]["charge"]) for leg in LEGS}
                apart = legs["securities"] + legs["futures"]
                saving = 1 - legs["combined"] / apart
                assert abs(saving - Decimal(row[f"{ccp}_saving"])) < Decimal("0.000001")


def test_cash_of_a_day_is_calls_and_losses(documents: dict[str, dict[str, Any]]) -> None:
    for document in documents.values():
        before, drawn = rows(document)[0], 0
        for row in rows(document)[1:]:
            flows = [
                money(row[f"{ccp}_requirement"]) - money(before[f"{ccp}_requirement"])
                for ccp in ("ficc", "cme")
            ]
            called = sum(flow for flow in flows if flow > 0)
            flows += [money(row["variation"][f"{ccp}_loss"]) for ccp in ("ficc", "cme")]
            due = sum(flow for flow in flows if flow > 0)
            found = {name: money(text) for name, text in row["liquidity"].items()}
            assert found["called"] == called
            assert found["due"] == due
            assert found["received"] == due - sum(flows)
            assert found["needed"] == drawn + due
            drawn += sum(flows)
            assert found["drawn"] == drawn
            before = row
        (customer,) = document["customers"]
        peak = customer["summary"]["liquidity"]["peak_needed"]
        needed = {row["date"]: money(row["liquidity"]["needed"]) for row in customer["days"]}
        assert money(peak["dollars"]) == max(needed.values()) == needed[peak["date"]]


def test_an_impulse_is_lost_once_and_decays(documents: dict[str, dict[str, Any]]) -> None:
    opening, first, *still = rows(documents["impulse"])
    assert money(first["variation"]["ficc_loss"]) != 0
    assert {row["variation"][name] for row in still for name in ("ficc_loss", "cme_loss")} == {
        "0.00"
    }
    assert all(row["variation"]["basis_observed"] for row in (first, *still))
    ratios = [float(row["volatility_ratio"]) for row in (first, *still)]
    assert ratios[0] > float(opening["volatility_ratio"])
    for before, after in itertools.pairwise(ratios):
        assert after / before == pytest.approx(0.97**0.5, abs=2e-3)


def test_the_opening_of_a_shock_is_near_the_margin_day(
    documents: dict[str, dict[str, Any]],
) -> None:
    (customer,) = documents["shock"]["customers"]
    for ccp in ("ficc", "cme"):
        for leg in ("securities", "futures"):
            walked = float(customer["opening"][ccp][leg]["charge"])
            assert walked == pytest.approx(float(customer["margin_day"][ccp][leg]), rel=0.03)


def test_the_digest_covers_the_rest_and_repeats(
    demo: tuple[str | Path, ...], documents: dict[str, dict[str, Any]]
) -> None:
    document = documents["impulse"]
    rest = {name: value for name, value in document.items() if name != "digest"}
    assert document["digest"] == digest_of(rest)
    again = xm_forward(*demo, *IMPULSE, "--format", "json")
    assert json.loads(again.stdout)["digest"] == document["digest"]


def test_csv_has_a_row_a_date(
    demo: tuple[str | Path, ...], documents: dict[str, dict[str, Any]]
) -> None:
    result = xm_forward(*demo, *SHOCK, "--format", "csv")
    found = list(csv.DictReader(io.StringIO(result.stdout)))
    expected = rows(documents["shock"])
    for got, row in zip(found, expected, strict=True):
        assert (got["date"], got["repeats"]) == (row["date"], row["repeats"] or "")
        assert got["cme_combined_stress"] == row["cme"]["combined"]["stress"]
        assert got["needed_without"] == row.get("liquidity_without", {}).get("needed", "")
    assert found[0]["basis_observed"] == found[0]["ficc_loss"] == ""
    assert found[1]["simulated"] == found[1]["basis_observed"] == "true"


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("path", [SHOCK, IMPULSE])
def test_the_table_is_whole_at_any_width(
    demo: tuple[str | Path, ...], path: tuple[str, ...], columns: int
) -> None:
    result = xm_forward(*demo, *path, columns=columns)
    assert result.exit_code == 0, result.stderr
    assert "…" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= columns
    assert ("stress" in result.stdout) is (columns == 160)
    for said in ("SIMULATED MARKET", "Proxies:", "binds", "Most needed since the opening"):
        assert said in result.stdout


def test_what_is_changed_is_named_and_every_customer_walked(
    demo: tuple[str | Path, ...], documents: dict[str, dict[str, Any]]
) -> None:
    arguments = (*demo[:3], *IMPULSE, "--set", "arrangement.cap=0.3", "--format", "json")
    found = json.loads(xm_forward(*arguments).stdout)
    assert found["parameters"]["changed"] == {"arrangement.cap": "0.3"}
    by_name = {customer["customer_id"]: customer for customer in found["customers"]}
    assert {"BASIS-FUND", "CURVE-FUND", "ASSET-MANAGER", "REGIONAL-BANK"} <= set(by_name)
    # Long both legs: nothing offsets, so nothing binds.
    assert {row["binding"] for row in by_name["ASSET-MANAGER"]["days"]} == {"NONE"}
    assert by_name["CURVE-FUND"]["days"][2]["binding"] == "CAP"
    before = rows(documents["impulse"])[0]
    assert by_name["CURVE-FUND"]["opening"]["ficc"] == before["ficc"]
    assert by_name["CURVE-FUND"]["opening"]["requirement"] != before["requirement"]


#: The first date to which books can be re-struck on the simulated market.
EARLIEST = "expected 2011-01-04 or later"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2025-03-14", "--to", "2025-03-03"), ["the earlier date first"]),
        (("--from", "2027-01-04", "--to", "2027-01-05"), ["the last one is 2026-03-24"]),
        (("--shock-from", "1999-01-04", "--shock-to", "2001-01-05"), ["the history begins"]),
        (("--from", "2007-01-04", "--to", "2007-01-05"), ["--from was", EARLIEST]),
        (("--from", "1992-06-01", "--to", "2007-01-05"), ["--from was", EARLIEST]),
        (("--from", "1992-06-01", "--to", "1992-06-05"), ["--from was", EARLIEST]),
        (("--impulse", "1000"), ["moves so large that their covariances are not exact"]),
        ((*IMPULSE, "--customer", "NOBODY"), ["--customer was 'NOBODY', expected one of"]),
        ((*IMPULSE, "--set", "cme.engine=span"), ["cme.engine was 'span', expected fhs"]),
        ((*IMPULSE, "--set", "cap=0.3"), ["OWNER.NAME=VALUE"]),
        ((*IMPULSE, "--date", "2026-03-23"), ["a date with security prices"]),
    ],
)
def test_what_cannot_be_walked_is_refused(
    demo: tuple[str | Path, ...], arguments: tuple[str, ...], said: list[str]
) -> None:
    result = xm_forward(*demo, *arguments, "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["refused"]
    for words in said:
        assert words in result.stderr
    assert "Nothing was computed." in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (*RESTRIKE, *SHOCK),
        (*RESTRIKE, "--impulse", "5"),
        ("--from", "2025-03-03"),
        ("--shock-to", "2025-03-03"),
        (*SHOCK, "--days", "5"),
    ],
)
def test_one_path_or_it_is_usage(demo: tuple[str | Path, ...], arguments: tuple[str, ...]) -> None:
    result = xm_forward(*demo, *arguments, columns=200)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--shock-from and --shock-to" in result.stderr or "--days goes with" in result.stderr


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from _leaves(item, f"{path}[]")
    else:
        yield path


def test_every_key_of_the_document_is_documented(documents: dict[str, dict[str, Any]]) -> None:
    table = PAGE.read_text(encoding="utf-8").split("| JSON key | is |", 1)[1]
    named = set(re.findall(r"`([a-z0-9_{}\[\].]+)`", table))
    choices = {"{leg}": LEGS, "{ccp}": ("ficc", "cme")}
    keys = set()
    for pattern in named:
        used = [name for name in choices if name in pattern]
        for chosen in itertools.product(*(choices[name] for name in used)):
            key = pattern
            for name, value in zip(used, chosen, strict=True):
                key = key.replace(name, value)
            keys.add(key)
    for document in documents.values():
        for leaf in set(_leaves(document)):
            # A row of days has the keys of the opening; flows without are those with.
            at = leaf.replace("customers[].days[].", "customers[].opening.")
            parents = [leaf, f"{leaf}[]", at, *_parents(leaf)]
            assert any(each in keys for each in parents), leaf


def _parents(leaf: str) -> Iterator[str]:
    parts = leaf.split(".")
    for count in range(len(parts) - 1, 0, -1):
        parent = ".".join(parts[:count])
        if parent not in ("customers[]", "customers[].days[]"):
            yield parent


TWOS_TENS = """customer_id,clearing_organization,account,instrument,quantity
2S10S-ULTRA,FICC,XM,91282CQB0,1000000000
2S10S-ULTRA,CME,XM,TNM6,-2130
2S10S-TEN,FICC,XM,91282CQB0,1000000000
2S10S-TEN,CME,XM,ZNM6,-2950
"""
MARCH_2020 = ("2020-02-20", "2020-04-30")
MARCH_2023 = ("2023-03-01", "2023-04-14")
Episode = Callable[[str, tuple[str, str]], dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def episode(
    real_data: Path, real_directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Episode:
    """Return what walks four books through an episode, and their summaries by name."""
    sample = real_data.parent / "portfolios" / "sample_bd_fcm_2026-03-24.csv"
    if not sample.is_file():
        pytest.skip("no sample portfolio beside the data folder")
    positions = tmp_path_factory.mktemp("episodes") / "positions.csv"
    lines = sample.read_text(encoding="utf-8").splitlines()
    blanks = "," * (lines[0].count(",") - 4)
    kept = [line for line in lines if line.startswith(("customer_id", "BASIS-", "CURVE-"))]
    kept += [f"{line}{blanks}" for line in TWOS_TENS.splitlines()[1:]]
    positions.write_text("\n".join(kept) + "\n", encoding="utf-8")
    walked: dict[tuple[str, tuple[str, str]], dict[str, dict[str, Any]]] = {}

    def of(mode: str, dates: tuple[str, str]) -> dict[str, dict[str, Any]]:
        if (mode, dates) not in walked:
            prefix = "--shock-" if mode == "shock" else "--"
            path = (f"{prefix}from", dates[0], f"{prefix}to", dates[1])
            result = xm_forward(positions, "--market", real_directory, *path, "--format", "json")
            assert result.exit_code == 0, result.stderr
            document = json.loads(result.stdout)
            walked[mode, dates] = {each["customer_id"]: each for each in document["customers"]}
        return walked[mode, dates]

    return of


EPISODES = [(mode, dates) for dates in (MARCH_2020, MARCH_2023) for mode in ("restrike", "shock")]


@pytest.mark.real_data
@pytest.mark.parametrize(("mode", "dates"), EPISODES)
def test_march_2020_and_2023_tell_what_the_page_says(
    episode: Episode, mode: str, dates: tuple[str, str]
) -> None:
    books = episode(mode, dates)
    basis = books["BASIS-FUND"]
    assert basis["summary"]["binding_days"] == {"CAP": len(basis["days"])}
    assert basis["summary"]["switches"] == []
    for name in ("2S10S-TEN", "2S10S-ULTRA", "CURVE-FUND"):
        for ours, capped in zip(books[name]["days"], basis["days"], strict=True):
            assert 0 < float(ours["reduction"]) < float(capped["reduction"])
    for customer in books.values():
        summary = customer["summary"]
        with_it, without = summary["liquidity"], summary["liquidity_without"]
        assert money(with_it["largest_due"]["dollars"]) > 2 * money(
            with_it["largest_called"]["dollars"]
        )
        for figure in ("largest_called", "largest_due", "peak_needed"):
            assert money(with_it[figure]["dollars"]) < money(without[figure]["dollars"])
        peak = money(summary["peak_requirement"]["dollars"])
        assert peak > 1.2 * money(customer["opening"]["requirement"])
        ratios = [float(row["volatility_ratio"]) for row in customer["days"]]
        assert max(ratios) > max(1.5, 1.15 * ratios[0])
    # What the basis fund loses on one leg it gains on the other, within a little on most days.
    kept = []
    for row in basis["days"]:
        losses = [money(row["variation"][f"{ccp}_loss"]) for ccp in ("ficc", "cme")]
        assert min(losses) <= 0 or max(map(abs, losses)) < 10**9
        kept.append(abs(sum(losses)) / max(map(abs, losses)))
    assert sorted(kept)[len(kept) // 2] < 0.25


@pytest.mark.real_data
@pytest.mark.parametrize(("mode", "dates"), EPISODES)
def test_the_binding_side_depends_on_the_window_that_the_moves_meet(
    episode: Episode, mode: str, dates: tuple[str, str]
) -> None:
    switches = {
        name: [(each["from"], each["to"]) for each in customer["summary"]["switches"]]
        for name, customer in episode(mode, dates).items()
    }
    assert switches["2S10S-TEN"] == []
    there_and_back = [("FICC", "CME"), ("CME", "FICC")]
    if dates == MARCH_2023:
        assert switches["2S10S-ULTRA"] == there_and_back
        assert switches["CURVE-FUND"] == []
    elif mode == "shock":
        assert switches["2S10S-ULTRA"][:2] == switches["CURVE-FUND"][:2] == there_and_back
    else:
        assert switches["2S10S-ULTRA"] == switches["CURVE-FUND"] == []


@pytest.mark.real_data
def test_the_saving_of_a_curve_book_falls_in_march_2023_and_rises_in_march_2020(
    episode: Episode,
) -> None:
    for name in ("2S10S-TEN", "2S10S-ULTRA", "CURVE-FUND"):
        for mode in ("restrike", "shock"):
            opening, days = (episode(mode, MARCH_2023)[name][part] for part in ("opening", "days"))
            lowest = min(days, key=lambda row: float(row["reduction"]))
            assert float(lowest["reduction"]) < float(opening["reduction"]) - 0.05
            grown, alone = (
                money(lowest[part]) / money(opening[part]) for part in ("requirement", "standalone")
            )
            assert grown > alone > 1.0
        book = episode("restrike", MARCH_2020)[name]
        highest = max(float(row["reduction"]) for row in book["days"])
        assert highest > float(book["opening"]["reduction"]) + 0.05
        assert highest > float(book["days"][-1]["reduction"]) > float(book["opening"]["reduction"])


@pytest.mark.real_data
def test_the_same_moves_cost_otherwise_from_another_day(episode: Episode) -> None:
    then, now = (episode(mode, MARCH_2020)["BASIS-FUND"]["days"] for mode in ("restrike", "shock"))
    assert [row["date"] for row in then] == [row["repeats"] for row in now]
    # The same yield moves, on another curve: losses nearly alike, margin not.
    for before, again in zip(then, now, strict=True):
        one, two = (money(row["variation"]["ficc_loss"]) for row in (before, again))
        assert abs(one - two) < 0.05 * abs(one) + 10**7
    assert {row["requirement"] for row in then}.isdisjoint(row["requirement"] for row in now)


@pytest.mark.parametrize("size", ["60000", "-1000.5", "nan", "inf"])
def test_a_move_beyond_any_market_is_not_an_impulse(
    demo: tuple[str | Path, ...], size: str
) -> None:
    result = xm_forward(*demo, "--impulse", size)
    assert result.exit_code == 2
    assert f"was {float(size)}" in " ".join(result.stderr.replace("│", " ").split())
