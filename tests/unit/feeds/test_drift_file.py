"""The drift series: the same run stands once, a changed one is a correction, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.ccp_files.drift import Recorded, read_drift, record_drift
from crossmargin.services.reconciliation_drift import DriftRecord, series_of

FIRST = DriftRecord("2026-03-24", "EOD", 1, "XMFICCPOSN", "equivalents", "7/2", "4", 9, 1, "m", "s")


def test_the_same_run_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "drift.jsonl"
    assert record_drift(path, [FIRST]) == Recorded(1, 0, 0)
    before = path.read_bytes()
    assert record_drift(path, [FIRST, FIRST]) == Recorded(0, 0, 2)
    assert path.read_bytes() == before
    assert read_drift(path) == (FIRST,)


def test_a_changed_repeat_is_added_as_a_correction(tmp_path: Path) -> None:
    path = tmp_path / "drift.jsonl"
    changed = replace(FIRST, ours="3")
    record_drift(path, [FIRST])
    before = path.read_bytes()
    assert record_drift(path, [changed]) == Recorded(1, 1, 0)
    assert path.read_bytes().startswith(before)
    assert record_drift(path, [changed]) == Recorded(0, 0, 1)
    assert record_drift(path, [FIRST]) == Recorded(1, 1, 0)
    assert [record.revision for record in read_drift(path)] == [1, 2, 3]
    (series,) = series_of(read_drift(path))
    assert [(record.ours, record.revision) for record in series.records] == [("7/2", 3)]


def test_other_dates_and_runs_are_records_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "drift.jsonl"
    others = [replace(FIRST, bus_date="2026-03-25"), replace(FIRST, run=2)]
    assert record_drift(path, [FIRST, *others]) == Recorded(3, 0, 0)


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "{}",
        '{"bus_date": "2026-03-24"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_record_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "drift.jsonl"
    record_drift(path, [FIRST])
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(RefusedError) as caught:
        record_drift(path, [FIRST])
    assert [(r.file, r.line) for r in caught.value.refusals] == [("drift.jsonl", 2)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"2026-03-24"', '"24.03.2026"'),
        ('"7/2"', '"seven"'),
        ('"4"', '"4/0"'),
        ('"run":1', '"run":true'),
        ("XMFICCPOSN", "OTHER"),
    ],
)
def test_a_value_that_is_none_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "drift.jsonl"
    record_drift(path, [FIRST])
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RefusedError):
        read_drift(path)


def test_a_series_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drift.jsonl"
    record_drift(path, [FIRST])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RefusedError, match="cut off"):
        record_drift(path, [replace(FIRST, run=2)])
