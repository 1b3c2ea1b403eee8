"""The drift series: totals of every reconciliation, in a file that only grows.

One JSON line a record. A record that repeats the last one of its date, cycle, run, kind and figure
is not written again; one that differs is added as a correction with the next revision, and the
series takes the last revision of each. Nothing is ever taken out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossmargin.basics.digest import canonical_json
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.feeds.ccp_files.table import LARGEST_FILE_BYTES, RULE
from crossmargin.services.reconciliation_drift import DriftRecord


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was done: records added, of which corrections, and repeats left out."""

    added: int
    corrections: int
    repeats: int


def read_drift(path: Path) -> tuple[DriftRecord, ...]:
    """Read every record, in the order in which they were added.

    Raises
    ------
    RefusedError
        With every line that is no record, a torn last one too.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise refused("--drift", path.name, f"at most {LARGEST_FILE_BYTES} bytes", RULE)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise refused("--drift", path.name, f"a readable file ({reason})", RULE) from None
    records, faults = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            records.append(_record(line))
        except (ValueError, RecursionError, TypeError) as error:
            expected = f"one record of a reconciliation ({error})"
            faults.append(Refusal("record", line[:100], expected, RULE, path.name, number))
    if text and not text.endswith("\n"):
        expected = "a line end after the last record: it was cut off"
        faults.append(Refusal("file", path.name, expected, RULE, path.name))
    if faults:
        raise RefusedError(*faults)
    return tuple(records)


def record_drift(path: Path, records: Iterable[DriftRecord]) -> Recorded:
    """Add records that are not there yet, in one write, and say what was done.

    Raises
    ------
    RefusedError
        If the file is there and cannot be read, or cannot be written.
    """
    known = {record.identity: record for record in (read_drift(path) if path.exists() else ())}
    added: list[DriftRecord] = []
    corrections = repeats = 0
    for record in records:
        before = known.get(record.identity)
        if before is not None and before.with_revision(1) == record.with_revision(1):
            repeats += 1
            continue
        revised = record.with_revision(before.revision + 1 if before else 1)
        corrections += before is not None
        known[record.identity] = revised
        added.append(revised)
    if added:
        _append(path, "".join(canonical_json(r.as_document()) + "\n" for r in added))
    return Recorded(len(added), corrections, repeats)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused(
            "--drift", path.name, f"a file that can be written ({reason})", RULE
        ) from None


def _record(line: str) -> DriftRecord:
    document: Any = json.loads(line)
    if not isinstance(document, dict):
        raise ValueError("a JSON object")
    return DriftRecord.from_document(document)
