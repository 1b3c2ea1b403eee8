"""``xm port books`` and ``plan``: the papers that go with an account, and the packages."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.participation.customer import CustomerFile, State, may_hold_positions, state_of
from crossmargin.participation.documents import OF_BD_FCM, DocumentKind
from crossmargin.participation.steps import Step
from crossmargin.services.books.papers import Entry, documents_of, end_document
from crossmargin.services.books.participation import customer_file, steps_of
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.porting.papers import months_after, still_to_obtain
from crossmargin.storage.books import open_books
from crossmargin.storage.copying import copy_books
from crossmargin.testing.clearing_days import EASTERN, opened_books
from crossmargin.testing.commands import outcome
from crossmargin.testing.port_books import CUSTOMER, TWO, Ports, of_customer, receivers

ONE_DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def without_papers(closed_day_books: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return books whose receiver, BD-FOUR, has its own papers and none of any customer."""
    address = str(tmp_path_factory.mktemp("papers") / "books.db")
    copy_books(closed_day_books, address)
    store = open_books(address)
    opened_books(store, bd_fcm="BD-FOUR", with_customers=False)
    store.close()
    return address


def papers_at(copy: str, bd_fcm: str = "BD-FOUR") -> CustomerFile:
    store = open_books(copy)
    with store.work() as work:
        found = customer_file(work, CustomerKey(bd_fcm, CUSTOMER), Fraction(1, 10))
    store.close()
    return found


def test_a_ported_customer_may_hold_positions_on_what_was_carried_over_until_it_lapses(
    without_papers: str, ports: Ports, tmp_path: Path
) -> None:
    ports = replace(ports, books=without_papers)
    document, copy = ports.said(ports.plan(receivers().replace(TWO, "BD-FOUR")))
    (brought,) = of_customer(document)["brought_in"]
    assert brought["may_hold_positions"]["allowed"]
    kinds = {kind.value for kind in DocumentKind if kind not in OF_BD_FCM}
    assert {each["kind"] for each in brought["carried_over"]} == kinds
    until = months_after(date.fromisoformat(ports.day), 6)
    dated = {each["what"]: each["by"] for each in brought["to_obtain"]}
    assert {name for name, by in dated.items() if by is None} == {
        "PARTICIPATION_AND_SUBORDINATION",
        "PLEDGE_TO_BD_FCM",
    }
    assert {by for by in dated.values() if by} == {until.isoformat()}
    assert {"DISCLOSURE", "OWNERSHIP_AND_CONTROL", "DECLARED", "WENT_LIVE"} <= set(dated)
    last, after = (datetime.combine(day, time(12), EASTERN) for day in (until, until + ONE_DAY))
    file = papers_at(copy)
    assert state_of(file, last) is State.PORTED
    assert may_hold_positions(file, last).allowed
    assert still_to_obtain(file, last)
    lapsed = may_hold_positions(file, after)
    failed = {gate.name for gate in lapsed.gates if not gate.passed}
    assert {"DISCLOSURE", "OWNERSHIP_AND_CONTROL", "WENT_LIVE"} <= failed
    assert not {"PARTICIPATION_AND_SUBORDINATION", "PLEDGE_TO_BD_FCM"} & failed


def test_what_was_carried_over_follows_from_the_declaration_and_from_the_papers_left(
    without_papers: str, ports: Ports, tmp_path: Path
) -> None:
    ports = replace(ports, books=without_papers)
    document, copy = ports.said(ports.plan(receivers().replace(TWO, "BD-FOUR")))
    (brought,) = of_customer(document)["brought_in"]
    store = open_books(copy)
    with store.work() as work:
        for each in brought["carried_over"]:
            record = work.records.get(each["record_id"])
            left = work.records.get(each["carried_from"])
            assert record.causes == (document["declaration"], left.record_id)
            assert record.content["sha256"] == left.content["sha256"] == each["sha256"]
            assert record.subject == f"BD-FOUR/{CUSTOMER}"
        (step,) = steps_of(work, CustomerKey("BD-FOUR", CUSTOMER))
        assert step.step is Step.PORTED
        assert {document["declaration"], *(e["record_id"] for e in brought["carried_over"])} <= set(
            step.causes
        )
    assert verify_books(store) == ()
    store.close()


def test_nothing_takes_the_place_of_papers_that_the_receiver_has(ports: Ports) -> None:
    document, _ = ports.said(ports.plan(receivers()))
    (brought,) = of_customer(document)["brought_in"]
    assert brought["carried_over"] == []
    assert brought["to_obtain"] == []
    assert brought["may_hold_positions"]["allowed"]


def test_a_pledge_that_is_not_in_force_is_named_and_keeps_the_account_out_of_the_arrangement(
    without_papers: str, ports: Ports, tmp_path: Path
) -> None:
    address = str(tmp_path / "ended.db")
    copy_books(without_papers, address)
    store = open_books(address)
    day = date.fromisoformat(ports.day)
    with store.work() as work:
        (pledge,) = [
            each
            for each in documents_of(work, f"BD-FCM/{CUSTOMER}")
            if each.kind is DocumentKind.PLEDGE_TO_BD_FCM
        ]
        entry = Entry(datetime.combine(day, time(23, 41), EASTERN), "ann", "bob")
        end_document(work, pledge.record_id, last=day - ONE_DAY, sha256="ab" * 32, entry=entry)
        work.commit()
    store.close()
    ended = replace(ports, books=address)
    plan = ended.plan(receivers().replace(TWO, "BD-FOUR"))
    status, _, remarks, _ = ended.run(plan)
    assert status == 1
    assert f"BD-FOUR/{CUSTOMER} PLEDGE_TO_BD_FCM" in remarks


def test_packages_list_every_document_in_the_books_and_what_the_receiver_must_get(
    without_papers: str, ports: Ports, tmp_path: Path
) -> None:
    ports = replace(ports, books=without_papers)
    folder = tmp_path / "packages"
    text = receivers().replace(TWO, "BD-FOUR")
    ports.plan(text, "--packages", folder, "--books", without_papers)
    (package,) = [json.loads(each.read_text()) for each in folder.glob("*/package.json")]
    (customer,) = package["customers"]
    store = open_books(without_papers)
    with store.work() as work:
        there = documents_of(work, f"BD-FCM/{CUSTOMER}")
    store.close()
    listed = {(e["kind"], e["sha256"], e["signed_at"]) for e in customer["documents"]}
    assert listed == {(e.kind.value, e.sha256, e.signed_at.isoformat()) for e in there}
    assert all(each["carried_over"] for each in customer["documents"])
    assert customer["lacks"] == ["a contact"]
    dated = {each["what"]: each["by"] for each in customer["to_obtain"]}
    document, _ = ports.said(ports.plan(text))
    (brought,) = of_customer(document)["brought_in"]
    assert dated == {each["what"]: each["by"] for each in brought["to_obtain"]}
    (cover,) = folder.glob("*/cover.html")
    assert there[0].sha256 in cover.read_text(encoding="utf-8")
    (rows,) = folder.glob("*/documents.csv")
    assert len(list(csv.DictReader(io.StringIO(rows.read_text())))) == len(there)
    status, _, remarks = outcome(
        *("port", "drill", *ports.files()[:1], "--market", ports.market, "--receivers"),
        *(ports.folder / "receivers.toml", "--bd-fcm", "BD-FCM", "--since", ports.day),
        *("--trigger", "TRANSFER_REQUIRED", "--books", tmp_path / "none.db"),
    )
    assert (status, "books" in remarks) == (1, True)
