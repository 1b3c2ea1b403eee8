"""``xm port books``: what is refused, with every difference at once; carried out once, by two."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.services.default_books.reporting import DEFAULT_REPORT
from crossmargin.storage.books import open_books
from crossmargin.storage.copying import copy_books
from crossmargin.testing.commands import outcome
from crossmargin.testing.port_books import Ports, receivers


def test_a_debtors_port_needs_the_commissions_approval(ports: Ports, tmp_path: Path) -> None:
    debtor = ("--trigger", "DEBTOR")
    status, _, remarks, _ = ports.run(ports.plan(receivers(), *debtor))
    assert (status, "COMMISSION_APPROVAL" in remarks) == (1, True)
    order = tmp_path / "order.txt"
    order.write_text("approved")
    document, _ = ports.said(ports.plan(receivers(), *debtor, "--approval", order))
    assert document["trigger"]["kind"] == "DEBTOR"
    assert document["trigger"]["approval_sha256"]


def test_a_plan_that_was_changed_or_is_none_is_refused(ports: Ports, tmp_path: Path) -> None:
    plan = ports.plan(receivers())
    changed = json.loads(plan.read_text())
    changed["bd_fcm"] = "ANOTHER"
    for text, said in (
        (json.dumps(changed), "it was changed"),
        ("{}", "a port plan as"),
        ("not json", "a port plan as"),
        ("[]", "a port plan as"),
    ):
        plan.write_text(text)
        status, _, remarks, _ = ports.run(plan)
        assert (status, said in remarks) == (1, True), remarks


def resealed(plan: Path, change: Any) -> None:
    """Change a plan and seal it again: books and plan then differ."""
    document = json.loads(plan.read_text())
    change(document)
    uncovered = ("digest", "positions", "receivers_sha256", "held_sha256")
    body = {name: each for name, each in document.items() if name not in uncovered}
    plan.write_text(json.dumps({**document, "digest": digest_of(body)}))


def test_every_difference_between_plan_and_books_is_named_at_once(ports: Ports) -> None:
    plan = ports.plan(receivers())

    def more(document: Any) -> None:
        placed = document["customers"][0]["placements"][0]
        name = next(iter(placed["lines"]))
        placed["lines"][name] += 100
        placed["lines"]["ZNZ99"] = 3
        for item in placed["property"]:
            item["value"] = f"{Decimal(item['value']) + 1:.2f}"

    resealed(plan, more)
    status, _, remarks, copy = ports.run(plan)
    assert status == 1
    lines = [line for line in remarks.splitlines() if "as in the books" in line]
    assert len(lines) == 2 + len(
        json.loads(plan.read_text())["customers"][0]["placements"][0]["property"]
    )
    store = open_books(copy)
    with store.work() as work:
        assert work.records.select(stream=DEFAULT_REPORT) == ()
    store.close()


def test_receivers_and_days_that_cannot_be_are_refused_together(ports: Ports) -> None:
    plan = ports.plan(receivers())

    def other(document: Any) -> None:
        document["customers"][0]["placements"][0]["receiver"] = "BD-THREE"
        document["trigger"]["transfer_on"] = "2026-04-01"

    resealed(plan, other)
    status, _, remarks, _ = ports.run(plan)
    assert status == 1
    assert "BD-THREE" in remarks
    assert "2026-04-01, the day of the transfer" in remarks


def test_a_plan_is_carried_out_once_and_by_two(ports: Ports, tmp_path: Path) -> None:
    plan, own = ports.plan(receivers()), str(tmp_path / "own.db")
    copy_books(ports.books, own)
    real = replace(ports, books=own)
    status, _, remarks, _ = real.run(plan, "--carry-out", "--actor", "t", "--approver", "t")
    assert (status, "approver" in remarks) == (1, True)
    status, output, remarks, _ = real.run(plan, "--carry-out")
    assert (status, "verified" in output) == (0, True), remarks
    status, _, remarks, _ = real.run(plan, "--carry-out")
    assert (status, "was not carried out" in remarks) == (1, True)
    status, _, remarks = outcome(
        *("port", "books", plan, "--books", own, "--date", ports.day),
        *("--at", f"{ports.day}T23:45-04:00", "--actor", "a", "--approver", "b"),
    )
    assert (status, "either --copy" in remarks) == (1, True)
