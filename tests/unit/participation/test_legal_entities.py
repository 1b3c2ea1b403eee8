"""LEIs by their check digits, and BD-FCMs by four tests of one entity."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.records import Record
from crossmargin.participation.entities import (
    REGISTRATION,
    Lei,
    Registration,
    RegistrationKind,
    bd_fcm_verdict,
    registration_content,
    registration_of,
)
from crossmargin.testing.participants import FIRM, FIRM_LEI, instant

_OTHER_LEI = Lei("549300BNMGNFKN6LAD22")
_AT = instant("09:00")
_ALL = tuple(
    Registration(kind, FIRM_LEI, date(2020, 1, 2), None, kind.value, instant("08:00"))
    for kind in RegistrationKind
)


@given(st.text(string.ascii_uppercase + string.digits, min_size=18, max_size=18))
def test_one_pair_of_check_digits_fits_and_no_other(text: str) -> None:
    fitting = []
    for number in range(2, 99):  # ISO 7064 gives 02 to 98
        try:
            fitting.append(Lei(f"{text}{number:02d}").text)
        except ValueError:
            continue
    assert len(fitting) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "549300BNMGNFKN6LAD2",
        "549300bnmgnfkn6lad22",
        "549300BNMGNFKN6LAD23",
        "5493 0BNMGNFKN6LAD22",
    ],
)
def test_what_is_no_lei_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="LEI"):
        Lei(text)


def test_a_firm_with_all_four_of_one_entity_is_eligible() -> None:
    verdict = bd_fcm_verdict(FIRM, _ALL, _AT)
    assert verdict.allowed
    assert verdict.decided_by is None
    assert [gate.name for gate in verdict.gates] == [*RegistrationKind, "SAME_LEGAL_ENTITY"]


@pytest.mark.parametrize("kind", RegistrationKind)
def test_the_test_that_is_not_met_decides(kind: RegistrationKind) -> None:
    without = [each for each in _ALL if each.kind is not kind]
    ended = [replace(each, last=date(2026, 4, 30)) for each in _ALL if each.kind is kind]
    for registrations in (without, [*without, *ended]):
        decided = bd_fcm_verdict(FIRM, registrations, _AT).decided_by
        assert decided is not None
        assert decided.name == kind
        assert decided.rule == "90 FR 58525, VIII(a)(ii)"


def test_two_entities_are_no_bd_fcm() -> None:
    *others, last = _ALL
    verdict = bd_fcm_verdict(FIRM, [*others, replace(last, lei=_OTHER_LEI)], _AT)
    assert verdict.decided_by is not None
    assert verdict.decided_by.name == "SAME_LEGAL_ENTITY"
    assert _OTHER_LEI.text in verdict.decided_by.detail


def test_an_end_counts_from_when_it_was_written_and_from_the_day_after_it() -> None:
    first = _ALL[0]
    ended = replace(first, last=date(2026, 5, 1), record_id="end", recorded_at=instant("10:00"))
    registrations = [*_ALL, ended]
    assert bd_fcm_verdict(FIRM, registrations, instant("10:00")).allowed
    assert not bd_fcm_verdict(FIRM, registrations, instant("00:00", "2026-05-02")).allowed
    late = [*_ALL, replace(ended, recorded_at=instant("09:00", "2026-05-03"))]
    assert bd_fcm_verdict(FIRM, late, instant("00:00", "2026-05-02")).allowed


def test_what_was_written_later_is_not_known() -> None:
    assert not bd_fcm_verdict(FIRM, _ALL, instant("07:59")).allowed


def test_a_registration_is_read_as_it_was_written() -> None:
    content = registration_content(
        RegistrationKind.BROKER_DEALER, FIRM_LEI, date(2020, 1, 2), date(2026, 4, 30)
    )
    record = Record("r", REGISTRATION, FIRM, date(2026, 5, 1), _AT, "ann", content, (), "bob")
    read = registration_of(record)
    assert registration_content(read.kind, read.lei, read.first, read.last) == content
    with pytest.raises(ValueError, match="expected a registration"):
        registration_of(replace(record, content={"kind": "BROKER_DEALER"}))
