"""Documents and the facts of the programme: what each must have, and when it is in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin.basics.records import Record
from crossmargin.participation.documents import (
    DOCUMENT,
    OF_BD_FCM,
    PARTIES,
    Acknowledgement,
    DocumentEnd,
    DocumentKind,
    document_end_of,
    document_of,
)
from crossmargin.participation.programme import (
    PROGRAMME_FACT,
    ProgrammeFact,
    ProgrammeFactKind,
    programme_fact_of,
    programme_gates,
)
from crossmargin.participation.verdicts import eastern_date
from crossmargin.testing.participants import FIRM, digest, instant, paper

_FUND = f"{FIRM}/FUND-1"
_AT = instant("09:00")
_AGREEMENT = DocumentKind.PARTICIPATION_AND_SUBORDINATION


def _whose(kind: DocumentKind) -> str:
    return FIRM if kind in OF_BD_FCM else _FUND


def _record(content: dict[str, object], stream: str = DOCUMENT, subject: str = _FUND) -> Record:
    return Record("r", stream, subject, date(2026, 5, 1), _AT, "ann", content, (), "bob")


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_document_is_whole_and_read_as_it_was_written(kind: DocumentKind) -> None:
    document = paper(kind, _whose(kind), _AT)
    assert document.faults() == []
    read = document_of(_record(document.as_content(), subject=_whose(kind)))
    assert read == replace(document, record_id="r", recorded_at=_AT)


@pytest.mark.parametrize(
    ("kind", "party"), [(kind, party) for kind in DocumentKind for party in sorted(PARTIES[kind])]
)
def test_every_party_must_have_signed(kind: DocumentKind, party: str) -> None:
    lacking = replace(paper(kind, _whose(kind), _AT), parties=PARTIES[kind] - {party})
    assert [fault.field for fault in lacking.faults()] == ["parties"]


@pytest.mark.parametrize("acknowledgement", Acknowledgement)
def test_each_acknowledgement_that_lacks_is_named(acknowledgement: Acknowledgement) -> None:
    others = frozenset(Acknowledgement) - {acknowledgement}
    (fault,) = replace(paper(_AGREEMENT, _FUND, _AT), acknowledgements=others).faults()
    assert fault.expected == f"all three acknowledgements; lacking {acknowledgement}"


def test_every_fault_is_named_at_once() -> None:
    bad = replace(
        paper(_AGREEMENT, FIRM, _AT),
        sha256="0" * 63 + "G",
        parties=frozenset(),
        acknowledgements=frozenset(),
        last=date(2026, 4, 30),
    )
    assert [fault.field for fault in bad.faults()] == [
        *("sha256", "kind", "parties", "acknowledgements", "last")
    ]


def test_a_document_counts_once_signed_recorded_and_begun_and_to_its_last_day() -> None:
    document = replace(
        paper(DocumentKind.DISCLOSURE, _FUND, instant("09:00")),
        first=date(2026, 5, 2),
        last=date(2026, 5, 3),
        recorded_at=instant("12:00", "2026-05-02"),
    )
    assert not document.is_in_force(instant("11:59", "2026-05-02"))
    assert document.is_in_force(instant("12:00", "2026-05-02"))
    assert document.is_in_force(instant("23:59", "2026-05-03"))
    assert not document.is_in_force(instant("00:00", "2026-05-04"))
    assert not replace(document, recorded_at=None).is_in_force(instant("12:00", "2026-05-02"))
    before_it_begins = replace(document, recorded_at=instant("09:00"))
    assert not before_it_begins.is_in_force(instant("23:59"))
    assert before_it_begins.is_in_force(instant("00:00", "2026-05-02"))


def test_an_end_is_over_the_day_after_it_and_once_known() -> None:
    end = DocumentEnd("r", date(2026, 5, 1), digest("notice"), instant("09:00", "2026-05-03"))
    assert not end.is_over(instant("08:59", "2026-05-03"))
    assert end.is_over(instant("09:00", "2026-05-03"))
    known = replace(end, recorded_at=_AT)
    assert not known.is_over(instant("23:59"))
    assert known.is_over(instant("00:00", "2026-05-02"))
    assert document_end_of(_record(end.as_content())) == known


@pytest.mark.parametrize("change", [{"kind": "LETTER"}, {"parties": "CME"}, {"first": "soon"}])
def test_a_record_that_is_no_document_is_refused(change: dict[str, object]) -> None:
    content = paper(DocumentKind.DISCLOSURE, _FUND, _AT).as_content()
    with pytest.raises(ValueError, match=r"."):
        document_of(_record({**content, **change}))


def test_the_date_of_an_instant_is_that_of_new_york() -> None:
    assert eastern_date(instant("23:30")) == date(2026, 5, 1)
    assert eastern_date(_AT.fromisoformat("2026-05-02T03:59:59+00:00")) == date(2026, 5, 1)
    assert eastern_date(_AT.fromisoformat("2026-05-02T04:00:00+00:00")) == date(2026, 5, 2)


def _fact(kind: ProgrammeFactKind, version: str = "1") -> ProgrammeFact:
    return ProgrammeFact(
        kind, version, digest(kind), date(2026, 4, 20), record_id=version, recorded_at=_AT
    )


@pytest.mark.parametrize("kind", ProgrammeFactKind)
def test_each_fact_of_the_programme_is_a_gate(kind: ProgrammeFactKind) -> None:
    facts = [_fact(each) for each in ProgrammeFactKind]
    assert all(gate.passed for gate in programme_gates(facts, _AT))
    without = [each for each in facts if each.kind is not kind]
    ended = [*facts, replace(_fact(kind), last=date(2026, 4, 30), record_id="end")]
    for lacking in (without, ended):
        failed = [gate.name for gate in programme_gates(lacking, _AT) if not gate.passed]
        assert failed == [kind]


def test_a_newer_version_stands_in_for_one_that_ended() -> None:
    kind = ProgrammeFactKind.FICC_RULES
    facts = [
        _fact(kind),
        replace(_fact(kind), last=date(2026, 4, 30)),
        replace(_fact(kind, "2"), first=date(2026, 5, 1)),
    ]
    gate = next(gate for gate in programme_gates(facts, _AT) if gate.name == kind)
    assert gate.passed
    assert gate.evidence == ("2",)


def test_a_fact_is_read_as_it_was_written_and_its_faults_are_named() -> None:
    fact = replace(_fact(ProgrammeFactKind.SEC_RELIEF), record_id="r")
    assert programme_fact_of(_record(fact.as_content(), PROGRAMME_FACT, "")) == fact
    bad = replace(fact, version="", sha256="x", last=date(2026, 4, 19))
    assert [each.field for each in bad.faults()] == ["sha256", "version", "last"]
    with pytest.raises(ValueError, match="expected a fact"):
        programme_fact_of(_record({"kind": "SEC_RELIEF", "last": None}, PROGRAMME_FACT, ""))
