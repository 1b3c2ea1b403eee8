"""``xm port books``: an account in part and divided, and what is required of what is left."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crossmargin.basics.money import ZERO
from crossmargin.ledger.chart import AccountKind
from crossmargin.services.clearing_day.required import last_requirements
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.simulation.book import demo_positions
from crossmargin.storage.books import create_books, open_books
from crossmargin.testing.clearing_days import EASTERN, desk_on, opened_books, with_day_before
from crossmargin.testing.closed_days import closed_day
from crossmargin.testing.commands import outcome
from crossmargin.testing.port_books import CUSTOMER, FUND, TWO, Ports, of_customer, receivers

ONE_DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def halves(simulation, simulated_market, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return books whose one account is many of one unit: it may move in halves."""
    address = str(tmp_path_factory.mktemp("halves") / "books.db")
    day = simulation.as_of
    own = [
        replace(each, quantity=-1800) if each.instrument == "TNM26" else each
        for each in demo_positions(simulation)
        if each.customer.customer_id == CUSTOMER
    ]
    market = with_day_before(simulated_market, day)
    store = closed_day(create_books(address), market, day, own, {CUSTOMER: 2_000_000_000})
    for name in (TWO, "BD-THREE"):
        opened_books(store, bd_fcm=name)
    store.close()
    return address


@pytest.fixture
def ports(halves: str, simulation, simulated_directory: Path, tmp_path: Path) -> Ports:
    return Ports(halves, simulated_directory, simulation.as_of.isoformat(), tmp_path)


def for_most(ports: Ports) -> str:
    """Return a file of a receiver with room for seven tenths of the account's margin."""
    (before,) = json.loads(ports.plan(receivers()).read_text())["customers"]
    room = Decimal(before["margin_before"]) * Decimal("0.7")
    return receivers(margin_max=f"{room:.2f}")


def part_ported(ports: Ports) -> tuple[Any, Any, str]:
    """Port a part of the account; return the plan's customer, the document and the books."""
    plan = ports.plan(for_most(ports))
    document, copy = ports.said(plan)
    (placed,) = json.loads(plan.read_text())["customers"]
    return placed, document, copy


def test_a_part_moves_with_its_margin_and_the_rest_stays_in_both_books_held_as_owed(
    ports: Ports,
) -> None:
    placed, document, copy = part_ported(ports)
    found = of_customer(document)
    assert found["outcome"] == "IN_PART"
    there, stays = found["at_receivers"][TWO], found["stays"]
    for name, quantity in found["before"]["positions"].items():
        parts = [each["positions"].get(name, 0) for each in (there, stays)]
        assert sum(parts) == quantity
    assert there["positions"]
    assert stays["positions"]
    cash = [Decimal(each["owed"]["CASH-USD"]) for each in (there, stays, found["before"])]
    assert cash[0] + cash[1] == cash[2]
    assert cash[0] == Decimal(placed["placements"][0]["value"])
    assert {row["difference"] for row in document["held_and_owed"]["after"]} <= {"0.00", "0"}
    store = open_books(copy)
    assert verify_books(store) == ()
    store.close()


def test_what_is_left_of_an_account_is_required_from_the_port_on(ports: Ports) -> None:
    placed, _, copy = part_ported(ports)
    day = date.fromisoformat(ports.day)
    found = []
    for address in (ports.books, copy):
        store = open_books(address)
        with store.work() as work:
            found.append(last_requirements(work.records, "BD-FCM", until=day)[FUND])
            record = work.records.get(found[-1].record_id)
        store.close()
    before, left = found
    assert str(left.in_futures_account) == placed["left_requirement"]["requirement"]
    assert str(left.in_futures_account) == placed["left"][0]["requirement"]
    assert ZERO < left.in_futures_account < before.in_futures_account
    assert (left.cycle, left.factor) == (before.cycle, before.factor)
    assert before.record_id in record.causes
    of_day = ("--books", copy, "--bd-fcm", "BD-FCM", "--date", ports.day, "--format", "json")
    controls = json.loads(outcome("report", "controls", *of_day)[1])["controls"]
    (gross,) = [each for each in controls if each["control"] == "CP-07"]
    assert gross["outcome"] == "HOLDS"


def test_the_next_morning_brings_margin_to_what_is_left(ports: Ports, simulated_market) -> None:
    _, _, copy = part_ported(ports)
    day = date.fromisoformat(ports.day)
    following = day + ONE_DAY
    store = open_books(copy)
    desk = desk_on(store, with_day_before(simulated_market, day), {})
    desk.run(following, until=datetime.combine(following, time(9, 45), EASTERN))
    with store.work() as work:
        left = last_requirements(work.records, "BD-FCM", until=day)[FUND]
        held = {}
        for kind in (AccountKind.FICC_XM_MARGIN, AccountKind.CME_CUSTOMER_MARGIN):
            balances = work.ledger.balances(kind=kind, bd_fcm="BD-FCM", customer_id=CUSTOMER)
            held[kind] = sum(
                each.posted_debit + each.debits_pending - each.credits_pending
                for each in balances.values()
            )
    store.close()
    assert held[AccountKind.FICC_XM_MARGIN] == left.ficc_xm.cents
    assert held[AccountKind.CME_CUSTOMER_MARGIN] == left.cme.cents


def test_an_account_is_divided_between_two_receivers_and_nothing_stays(ports: Ports) -> None:
    one = for_most(ports)
    document, copy = ports.said(ports.plan(one + one.replace(TWO, "BD-THREE")))
    found = of_customer(document)
    assert found["outcome"] == "DIVIDED"
    there = found["at_receivers"]
    assert set(there) == {TWO, "BD-THREE"}
    for name, quantity in found["before"]["positions"].items():
        assert sum(each["positions"][name] for each in there.values()) == quantity
    cash = [Decimal(each["owed"]["CASH-USD"]) for each in there.values()]
    assert sum(cash) == Decimal(found["before"]["owed"]["CASH-USD"])
    assert (found["stays"]["positions"], found["stays"]["owed"]) == ({}, {})
    assert {row["difference"] for row in document["held_and_owed"]["after"]} <= {"0.00", "0"}
    store = open_books(copy)
    assert verify_books(store) == ()
    store.close()
