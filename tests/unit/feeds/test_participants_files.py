"""Files of participants, TOML and CSV: read whole, or refused with every fault and its place."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.books.participants import read_participants
from crossmargin.feeds.books.participants_csv import COLUMNS, read_customers
from crossmargin.participation.documents import PARTIES, Acknowledgement, DocumentKind
from crossmargin.participation.ownership import Relation
from crossmargin.participation.steps import Step
from crossmargin.testing.participants import digest, instant

SAMPLE = Path(__file__).resolve().parents[3] / "docs" / "tutorial" / "participants.toml"


def _edited(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "participants.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _refused(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(RefusedError) as refused:
        read_participants(path)
    assert {each.file for each in refused.value.refusals} == {path.name}
    return [(each.field, each.value) for each in refused.value.refusals]


def test_the_sample_is_read_whole() -> None:
    read = read_participants(SAMPLE)
    assert read.bd_fcm == "BD-FCM"
    assert (len(read.programme), len(read.registrations), len(read.documents)) == (6, 4, 2)
    assert read.entered_at == min(each.signed_at for each in read.documents)
    assert len(read.customers) == 6
    for customer in read.customers:
        assert {each.subject for each in customer.documents} == {f"BD-FCM/{customer.customer_id}"}
        assert all(each.faults() == [] for each in customer.documents)
        taken = {each.step: each for each, _ in customer.steps}
        assert taken[Step.DECLARED].owners
        assert taken[Step.REHEARSED].sha256


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('bd_fcm = "BD-FCM"', 'bd_fcm = "BD/FCM"', "bd_fcm"),
        ('bd_fcm = "BD-FCM"', 'firm = "BD-FCM"', "firm"),
        ('kind = "CFTC_RELIEF"', 'kind = "RELIEF"', "programme 2 kind"),
        ("CROSSMARGINBDFCM0074", "CROSSMARGINBDFCM0075", "registration 1 lei"),
        ("first = 2020-01-02", 'first = "2020-01-02"', "registration 1 first"),
        ('parties = ["BD_FCM", "CME", "FICC"]', 'parties = "CME"', "document 1 parties"),
        ("2026-04-30T10:00:00-04:00", "2026-04-30T10:00:00", "document 1 signed_at"),
        ('share = "1"', "share = 1.0", "customer 1 owner 1 share"),
        ('share = "1"', 'share = "1/0"', "customer 1 owner 1 share"),
        ('relation = "NONE"', 'relation = "FRIEND"', "customer 1 owner 1 relation"),
        ("controls = true", 'controls = "yes"', "customer 1 owner 1 controls"),
        ("acknowledgements = [", "acknowledges = [", "customer 1 document 2 acknowledges"),
        ("APPLIED = ", "ASKED = ", "customer 1 steps ASKED"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert field in [name for name, _ in _refused(_edited(tmp_path, (old, new)))]


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    path = _edited(
        tmp_path,
        ('kind = "CFTC_RELIEF"', 'kind = "RELIEF"'),
        ('share = "1"', "share = 1.0"),
        ("APPLIED = ", "ASKED = "),
    )
    assert [field for field, _ in _refused(path)] == [
        *("programme 2 kind", "customer 1 owner 1 share", "customer 1 steps ASKED")
    ]


def test_a_paper_may_be_named_by_its_file(tmp_path: Path) -> None:
    line = next(
        each for each in SAMPLE.read_text("utf-8").splitlines() if each.startswith("sha256")
    )
    (tmp_path / "registration.pdf").write_bytes(b"a paper")
    path = _edited(tmp_path, (line, 'file = "registration.pdf"'))
    expected = hashlib.sha256(b"a paper").hexdigest()
    assert read_participants(path).programme[0].sha256 == expected
    absent = _edited(tmp_path, (line, 'file = "absent.pdf"'))
    assert _refused(absent) == [("programme 1 file", "absent.pdf")]
    both = _edited(tmp_path, (line, f'{line}\nfile = "registration.pdf"'))
    assert [field for field, _ in _refused(both)] == ["programme 1 sha256"]


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "participants.toml"
    path.write_text("bd_fcm = ", encoding="utf-8")
    with pytest.raises(RefusedError, match="readable TOML"):
        read_participants(path)


def _row(customer_id: str = "FUND-1") -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "customer_id": customer_id,
        "owners": "A DIRECTOR:1/20:OFFICER_OR_DIRECTOR; OTHERS:19/20:NONE:controls",
        "disclosure_sha256": digest("disclosure"),
        "disclosure_signed_at": "2026-05-01T23:30-04:00",
        "participation_and_subordination_sha256": digest("agreement"),
        "participation_and_subordination_signed_at": "2026-05-01T08:30-04:00",
        "acknowledgements": " ".join(Acknowledgement),
        "applied_at": "2026-05-01T09:00-04:00",
        "declared_at": "2026-05-01T10:00-04:00",
        "rehearsed_at": "2026-05-01T11:00-04:00",
        "rehearsed_sha256": digest("rehearsal"),
    }
    return row


def _written(folder: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    path = folder / "customers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_row_is_a_customer_with_papers_and_steps(tmp_path: Path) -> None:
    read = read_customers(_written(tmp_path, _row()), "FCM-1")
    assert (read.bd_fcm, read.entered_at) == ("FCM-1", None)
    (customer,) = read.customers
    agreement, disclosure = customer.documents
    assert agreement.kind is DocumentKind.PARTICIPATION_AND_SUBORDINATION
    assert agreement.acknowledgements == frozenset(Acknowledgement)
    assert agreement.parties == PARTIES[agreement.kind]
    assert disclosure.signed_at == instant("23:30")
    assert disclosure.first == instant("23:30").date()
    assert all(each.faults() == [] for each in customer.documents)
    steps = {taken.step: (taken, at) for taken, at in customer.steps}
    assert list(steps) == [Step.APPLIED, Step.DECLARED, Step.REHEARSED]
    assert [owner.relation for owner in steps[Step.DECLARED][0].owners] == [
        *(Relation.OFFICER_OR_DIRECTOR, Relation.NONE)
    ]
    assert steps[Step.REHEARSED][0].sha256 == digest("rehearsal")


def test_faults_of_rows_are_named_with_line_and_column(tmp_path: Path) -> None:
    bad = _row("FUND/2") | {"owners": "A:2:NONE", "applied_at": "2026-05-01T09:00"}
    with pytest.raises(RefusedError) as refused:
        read_customers(_written(tmp_path, _row(), bad), "FCM-1")
    found = [(each.field, each.line, each.column) for each in refused.value.refusals]
    assert found == [
        ("customer_id", 3, 1),
        ("owners", 3, 2),
        ("applied_at", 3, COLUMNS.index("applied_at") + 1),
    ]


def test_columns_are_those_of_the_form(tmp_path: Path) -> None:
    path = _written(tmp_path, _row(), columns=(*COLUMNS[1:], "nickname"))
    with pytest.raises(RefusedError) as refused:
        read_customers(path, "FCM-1")
    assert [each.value for each in refused.value.refusals] == ["nickname", "customer_id"]


def test_a_row_that_is_short_or_long_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, _row())
    header, row = path.read_text("utf-8").splitlines()
    for wrong in (row.rpartition(",")[0], f"{row},more"):
        path.write_text(f"{header}\n{wrong}\n", encoding="utf-8")
        with pytest.raises(RefusedError, match="cells"):
            read_customers(path, "FCM-1")
