"""The document of a rehearsal: what a step may rest on, and every reason against one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from crossmargin.basics.digest import digest_of
from crossmargin.participation.rehearsal import (
    Rehearsal,
    RehearsedStep,
    StepOutcome,
    refusals_of_rehearsal,
    rehearsal_content,
)

_HELD = datetime.fromisoformat("2026-05-04T16:00-04:00")
_STEPS = tuple(StepOutcome(step, True, {"figure": "1.00"}, ("record/1",)) for step in RehearsedStep)
_PASSED = Rehearsal("FCM-1", "FUND-1", _HELD, {"positions": "p"}, _STEPS, "d")


def _read(rehearsal: Rehearsal) -> dict[str, object]:
    """Return the document as a file gives it back."""
    return json.loads(json.dumps(rehearsal.as_document()))


def _fields(document: dict[str, object], **changes: object) -> list[str]:
    asked = {"subject": "FCM-1/FUND-1", "at": _HELD + timedelta(days=1), "valid_days": 90}
    return [each.field for each in refusals_of_rehearsal(document, **(asked | changes))]


def test_a_rehearsal_that_passed_is_good_until_its_last_day() -> None:
    document = _read(_PASSED)
    assert document["outcome"] == "PASSED"
    assert _fields(document) == []
    assert _fields(document, at=_HELD) == []
    assert _fields(document, at=_HELD + timedelta(days=90)) == []
    assert _fields(document, at=_HELD + timedelta(days=90, minutes=1)) == ["held_at"]
    assert _fields(document, at=_HELD - timedelta(minutes=1)) == ["held_at"]


@pytest.mark.parametrize("step", list(RehearsedStep))
def test_a_step_that_failed_or_is_missing_is_named(step: RehearsedStep) -> None:
    failed = tuple(replace(s, passed=s.passed and s.step is not step) for s in _STEPS)
    missing = tuple(s for s in _STEPS if s.step is not step)
    for steps in (failed, missing):
        document = _read(replace(_PASSED, steps=steps))
        assert document["outcome"] == "FAILED"
        assert _fields(document) == [f"steps.{step.value}"]


def test_a_rehearsal_of_another_customer_is_refused() -> None:
    assert _fields(_read(_PASSED), subject="FCM-1/FUND-2") == ["customer"]
    assert _fields(_read(_PASSED), subject="FCM-2/FUND-1") == ["customer"]


def test_a_document_that_was_altered_is_refused() -> None:
    document = _read(_PASSED)
    document["records_digest"] = "other"
    assert _fields(document) == ["digest"]
    with_float = {**_read(_PASSED), "amount": 1.5}
    assert _fields(with_float) == ["digest"]


def test_every_reason_is_named_at_once() -> None:
    said: dict[str, object] = {"kind": "statement", "steps": "none", "held_at": "yesterday"}
    fields = _fields({**said, "digest": digest_of(said)})
    assert fields == [
        *("kind", "customer", *(f"steps.{step.value}" for step in RehearsedStep), "held_at"),
    ]


def test_the_same_rehearsal_has_the_same_digest_and_its_record_names_it() -> None:
    assert _PASSED.as_document() == replace(_PASSED).as_document()
    document = _read(_PASSED)
    assert rehearsal_content(document)["sha256"] == document["digest"]
