"""``xm port books``: a whole account in the ledger, at the receiver; rows and pages."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

from crossmargin.basics.money import ZERO
from crossmargin.services.clearing_day.marks import last_marks
from crossmargin.services.clearing_day.required import last_requirements
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.storage.books import open_books
from crossmargin.testing.port_books import CUSTOMER, FUND, TWO, Ports, of_customer, receivers


def test_a_whole_account_is_at_the_receiver_and_nothing_of_it_stays(ports: Ports) -> None:
    document, copy = ports.said(ports.plan(receivers()))
    found = of_customer(document)
    assert found["outcome"] == "WHOLE"
    there = found["at_receivers"][TWO]
    assert there["positions"] == found["before"]["positions"] != {}
    assert there["owed"] == found["before"]["owed"]
    stays = found["stays"]
    assert (stays["positions"], stays["owed"], stays["at_ficc"], stays["at_cme"]) == ({},) * 4
    assert {row["difference"] for row in document["held_and_owed"]["after"]} <= {"0.00", "0"}
    store = open_books(copy)
    assert verify_books(store) == ()
    store.close()


def test_marks_follow_the_lots_to_the_receiver(ports: Ports) -> None:
    _, copy = ports.said(ports.plan(receivers()))
    marks = []
    for address in (ports.books, copy):
        store = open_books(address)
        with store.work() as work:
            marks.append([last_marks(work.records, name) for name in ("BD-FCM", TWO)])
        store.close()
    (before, _), (left, carried) = marks
    assert before.futures
    assert left.futures == {}
    assert {f"{lot}/ported": value for lot, value in before.futures.items()} == carried.futures
    assert left.outstanding == ()
    assert [each.amount for each in carried.outstanding] == [e.amount for e in before.outstanding]


def test_nothing_is_required_any_more_of_an_account_that_moved_whole(ports: Ports) -> None:
    _, copy = ports.said(ports.plan(receivers()))
    found = []
    for address in (ports.books, copy):
        store = open_books(address)
        with store.work() as work:
            last = last_requirements(work.records, "BD-FCM", until=date.fromisoformat(ports.day))
            found.append(last[FUND].in_futures_account)
        store.close()
    assert found[0] > ZERO
    assert found[1] == ZERO


def test_each_part_is_one_group_of_linked_transfers(ports: Ports) -> None:
    document, _ = ports.said(ports.plan(receivers()))
    groups = [each for each in document["timeline"] if "/port/" in each["group"]]
    assert len([each for each in groups if each["only_in_default"]]) == 1
    kinds = {each["kind"] for each in groups[-1]["transfers"]}
    assert kinds == {"PORT_OUT", "PORT_IN"}


def test_outside_the_arrangement_a_receiver_carries_it_in_regular_accounts(ports: Ports) -> None:
    document, copy = ports.said(ports.plan(receivers('"STANDALONE"')))
    found = of_customer(document)
    (move,) = found["moved"]
    assert move["carriage"] == "STANDALONE"
    there = found["at_receivers"][TWO]
    assert all(name.endswith(" regular") for name in there["positions"])
    assert there["at_ficc"] == {}
    assert there["owed"] == found["before"]["owed"]
    store = open_books(copy)
    assert verify_books(store) == ()
    store.close()


def test_a_customer_of_figures_alone_is_named_and_moves_nothing(ports: Ports) -> None:
    more = '[[customer]]\ncustomer_id = "GRAIN-HEDGER"\nfutures_margin = "4200000.00"\n'
    document, _ = ports.said(ports.plan(receivers('"XM", "FUTURES"', more=more)))
    assert document["not_in_books"] == ["GRAIN-HEDGER"]


def test_csv_has_a_row_a_line_and_an_asset_that_moves_or_stays(ports: Ports) -> None:
    status, output, _, _ = ports.run(ports.plan(receivers()), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(output)))
    assert status == 0
    assert {row["what"] for row in rows if row["customer"] == CUSTOMER} == {"MOVED"}
    assert {row["place"] for row in rows} >= {"POSITION", "FICC", "CME"}


def test_pages_have_the_customer_at_the_receiver(ports: Ports, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    status, output, remarks, _ = ports.run(
        ports.plan(receivers()), "--pages", pages, "--format", "json"
    )
    assert status == 0, remarks
    there = of_customer(json.loads(output))["at_receivers"][TWO]
    text = (pages / "trustee.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["bd_fcm"] for row in rows} == {TWO}
    owed = {row["asset"]: row["amount"] for row in rows if row["what"] == "owed to the customer"}
    assert owed == there["owed"]
    assert (pages / f"customer-0001-{CUSTOMER}.pdf").is_file()
