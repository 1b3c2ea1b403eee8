"""``xm port files``, ``plan`` and ``books``: a port in the ledger, whole and in part."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO
from crossmargin.feeds.market.directory import write_market_directory
from crossmargin.ledger.chart import AccountKind
from crossmargin.participation.customer import (
    CustomerFile,
    State,
    may_hold_positions,
    state_of,
)
from crossmargin.participation.documents import OF_BD_FCM, DocumentKind
from crossmargin.participation.steps import Step
from crossmargin.services.books.papers import Entry, documents_of, end_document
from crossmargin.services.books.participation import customer_file, steps_of
from crossmargin.services.clearing_day.marks import last_marks
from crossmargin.services.clearing_day.required import last_requirements
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.default_books.reporting import DEFAULT_REPORT
from crossmargin.services.porting.papers import months_after, still_to_obtain
from crossmargin.simulation.book import demo_positions
from crossmargin.storage.books import create_books, open_books
from crossmargin.storage.copying import copy_books
from crossmargin.testing.clearing_days import EASTERN, desk_on, opened_books, with_day_before
from crossmargin.testing.closed_days import closed_day
from crossmargin.testing.commands import outcome

CUSTOMER, TWO = "CURVE-FUND", "BD-TWO"
FUND = CustomerKey("BD-FCM", CUSTOMER)
KINDS = (
    "BROKER_DEALER",
    "FUTURES_COMMISSION_MERCHANT",
    "GSD_NETTING_MEMBER",
    "CME_CLEARING_MEMBER",
)
_NUMBERS = count()
ONE_DAY = timedelta(days=1)


def receivers(accepts: str = '"XM"', *, margin_max: str = "900000000.00", more: str = "") -> str:
    """Return a file of one receiver, BD-TWO, that may take anybody."""
    registrations = "".join(
        f'[[registration]]\nreceiver_id = "{TWO}"\nkind = "{kind}"\n'
        'lei = "INVENTEDNORTH0000011"\nfirst = 2015-01-02\n'
        for kind in KINDS
    )
    return (
        f'[[receiver]]\nreceiver_id = "{TWO}"\naccepts = [{accepts}]\n'
        'adjusted_net_capital = "900000000.00"\nrisk_margin = "0.00"\n'
        f'finishes_onboarding_later = true\nmargin_max = "{margin_max}"\n'
        f'agreement_sha256 = "{"ab" * 32}"\nagreement_first = 2026-01-05\n'
        f"{registrations}{more}"
    )


class Ports:
    """Plans and runs ports on copies of the books of a closed day."""

    def __init__(self, books: str, market: Path, day: str, folder: Path) -> None:
        self.books, self.market, self.day, self.folder = books, market, day, folder

    def files(self) -> tuple[Path, Path]:
        positions, held = self.folder / "positions.csv", self.folder / "held.csv"
        target = ("--positions", positions, "--held", held)
        status, _, remarks = outcome("port", "files", "--books", self.books, *target)
        assert status == 0, remarks
        return positions, held

    def plan(self, text: str, *more: object) -> Path:
        positions, held = self.files()
        file, plan = self.folder / "receivers.toml", self.folder / f"plan-{next(_NUMBERS)}.json"
        file.write_text(text, encoding="utf-8")
        trigger = () if "--trigger" in more else ("--trigger", "TRANSFER_REQUIRED")
        status, output, remarks = outcome(
            *("port", "plan", positions, "--market", self.market, "--receivers", file),
            *("--held", held, "--bd-fcm", "BD-FCM", "--since", self.day, *trigger),
            *("--date", self.day, *more, "--format", "json"),
        )
        assert status == 0, remarks
        plan.write_text(output, encoding="utf-8")
        return plan

    def run(self, plan: Path, *more: object) -> tuple[int, str, str, str]:
        copy = str(self.folder / f"{next(_NUMBERS)}.db")
        target = () if "--carry-out" in more else ("--copy", copy)
        people = (
            () if "--actor" in more else ("--actor", "trustee:t", "--approver", "bd_fcm_risk:r")
        )
        found = outcome(
            *("port", "books", plan, "--books", self.books, *target, "--date", self.day),
            *("--at", f"{self.day}T23:45-04:00", *people, *more),
        )
        return *found, copy

    def said(self, plan: Path) -> tuple[Any, str]:
        status, output, remarks, copy = self.run(plan, "--format", "json")
        assert status == 0, remarks
        return json.loads(output), copy


@pytest.fixture(scope="module")
def market(simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("port-books") / "market"
    write_market_directory(folder, simulation.tables, simulated=True, seed=1, notes={})
    return folder


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
def ports(closed_day_books: str, simulation, market: Path, tmp_path: Path) -> Ports:
    return Ports(closed_day_books, market, simulation.as_of.isoformat(), tmp_path)


def of_customer(document: Any) -> Any:
    (found,) = [each for each in document["customers"] if each["customer"] == CUSTOMER]
    return found


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
            found.append(last[CustomerKey("BD-FCM", CUSTOMER)].in_futures_account)
        store.close()
    assert found[0] > ZERO
    assert found[1] == ZERO


def test_a_part_moves_with_its_margin_and_the_rest_stays_in_both_books_held_as_owed(
    halves: str, ports: Ports, tmp_path: Path
) -> None:
    ports = Ports(halves, ports.market, ports.day, tmp_path)
    (before,) = json.loads(ports.plan(receivers()).read_text())["customers"]
    room = Decimal(before["margin_before"]) * Decimal("0.7")
    plan = ports.plan(receivers(margin_max=f"{room:.2f}"))
    document, copy = ports.said(plan)
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
    (placed,) = json.loads(plan.read_text())["customers"]
    assert cash[0] == Decimal(placed["placements"][0]["value"])
    assert {row["difference"] for row in document["held_and_owed"]["after"]} <= {"0.00", "0"}
    store = open_books(copy)
    assert verify_books(store) == ()
    store.close()


def part_ported(halves: str, ports: Ports, tmp_path: Path) -> tuple[Any, str]:
    """Return the plan's customer and the books after a part of its account was ported."""
    ports = Ports(halves, ports.market, ports.day, tmp_path)
    (before,) = json.loads(ports.plan(receivers()).read_text())["customers"]
    room = Decimal(before["margin_before"]) * Decimal("0.7")
    plan = ports.plan(receivers(margin_max=f"{room:.2f}"))
    _, copy = ports.said(plan)
    (placed,) = json.loads(plan.read_text())["customers"]
    return placed, copy


def test_what_is_left_of_an_account_is_required_from_the_port_on(
    halves: str, ports: Ports, tmp_path: Path
) -> None:
    placed, copy = part_ported(halves, ports, tmp_path)
    day = date.fromisoformat(ports.day)
    found = []
    for address in (halves, copy):
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


def test_the_next_morning_brings_margin_to_what_is_left(
    halves: str, ports: Ports, simulated_market, tmp_path: Path
) -> None:
    _, copy = part_ported(halves, ports, tmp_path)
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


def test_an_account_is_divided_between_two_receivers_and_nothing_stays(
    halves: str, ports: Ports, tmp_path: Path
) -> None:
    ports = Ports(halves, ports.market, ports.day, tmp_path)
    (before,) = json.loads(ports.plan(receivers()).read_text())["customers"]
    room = f"{Decimal(before['margin_before']) * Decimal('0.7'):.2f}"
    one = receivers(margin_max=room)
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


def test_a_customer_of_figures_alone_is_named_and_moves_nothing(ports: Ports) -> None:
    more = '[[customer]]\ncustomer_id = "GRAIN-HEDGER"\nfutures_margin = "4200000.00"\n'
    document, _ = ports.said(ports.plan(receivers('"XM", "FUTURES"', more=more)))
    assert document["not_in_books"] == ["GRAIN-HEDGER"]


def test_a_plan_is_carried_out_once_and_by_two(ports: Ports, tmp_path: Path) -> None:
    plan, own = ports.plan(receivers()), str(tmp_path / "own.db")
    copy_books(ports.books, own)
    real = Ports(own, ports.market, ports.day, tmp_path)
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


def test_csv_has_a_row_a_line_and_an_asset_that_moves_or_stays(ports: Ports) -> None:
    status, output, _, _ = ports.run(ports.plan(receivers()), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(output)))
    assert status == 0
    assert {row["what"] for row in rows if row["customer"] == CUSTOMER} == {"MOVED"}
    assert {row["place"] for row in rows} >= {"POSITION", "FICC", "CME"}


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
    flat = Ports(address, ports.market, ports.day, tmp_path)
    document, _ = flat.said(flat.plan(receivers('"XM", "FUTURES"')))
    (found,) = [each for each in document["customers"] if each["customer"] == "BASIS-FUND"]
    assert found["outcome"] == "WHOLE"
    assert found["at_receivers"][TWO]["owed"] == found["before"]["owed"]
    assert Decimal(found["before"]["owed"]["CASH-USD"]) >= Decimal("1000.01")
    assert found["stays"]["owed"] == {}


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
    ports = Ports(without_papers, ports.market, ports.day, tmp_path)
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
    ports = Ports(without_papers, ports.market, ports.day, tmp_path)
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
    ended = Ports(address, ports.market, ports.day, tmp_path)
    plan = ended.plan(receivers().replace(TWO, "BD-FOUR"))
    status, _, remarks, _ = ended.run(plan)
    assert status == 1
    assert f"BD-FOUR/{CUSTOMER} PLEDGE_TO_BD_FCM" in remarks


def test_packages_list_every_document_in_the_books_and_what_the_receiver_must_get(
    without_papers: str, ports: Ports, tmp_path: Path
) -> None:
    ports = Ports(without_papers, ports.market, ports.day, tmp_path)
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
