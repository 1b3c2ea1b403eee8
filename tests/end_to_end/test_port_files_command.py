"""``xm port files``: what the books hold, as files of a plan."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from crossmargin.simulation.book import demo_positions
from crossmargin.storage.books import create_books
from crossmargin.testing.clearing_days import opened_books, with_day_before
from crossmargin.testing.closed_days import closed_day
from crossmargin.testing.commands import outcome
from crossmargin.testing.port_books import CUSTOMER, TWO, Ports, receivers


def test_the_files_of_a_plan_are_what_the_books_hold(ports: Ports) -> None:
    positions, held = ports.files()
    rows = list(csv.DictReader(io.StringIO(held.read_text())))
    cash = sum(Decimal(row["quantity"]) for row in rows if row["asset"] == "CASH")
    of = ("--books", ports.books, "--bd-fcm", "BD-FCM", "--format", "json")
    balances = json.loads(outcome("ledger", "balances", *of)[1])["balances"]
    owed = [e for e in balances if e["account"].startswith("CUSTOMER_FUTURES_ACCOUNT")]
    assert cash == sum(Decimal(each["balance"]) for each in owed if each["asset"] == "CASH-USD")
    lines = list(csv.DictReader(io.StringIO(positions.read_text())))
    assert {row["customer_id"] for row in lines} == {CUSTOMER}
    status, _, remarks = outcome(
        *("port", "files", "--books", ports.books, "--bd-fcm", "NOBODY"),
        *("--positions", positions, "--held", held),
    )
    assert (status, "NOBODY" in remarks) == (1, True)


def test_a_customer_with_property_alone_is_in_the_files_and_is_moved(
    simulation, simulated_market, ports: Ports, tmp_path: Path
) -> None:
    address, day = str(tmp_path / "flat.db"), simulation.as_of
    own = [each for each in demo_positions(simulation) if each.customer.customer_id == CUSTOMER]
    deposits = {CUSTOMER: 2_000_000_000, "BASIS-FUND": 1_000_01}
    market = with_day_before(simulated_market, day)
    store = closed_day(create_books(address), market, day, own, deposits)
    opened_books(store, bd_fcm=TWO)
    store.close()
    flat = replace(ports, books=address)
    document, _ = flat.said(flat.plan(receivers('"XM", "FUTURES"')))
    (found,) = [each for each in document["customers"] if each["customer"] == "BASIS-FUND"]
    assert found["outcome"] == "WHOLE"
    assert found["at_receivers"][TWO]["owed"] == found["before"]["owed"]
    assert Decimal(found["before"]["owed"]["CASH-USD"]) >= Decimal("1000.01")
    assert found["stays"]["owed"] == {}
