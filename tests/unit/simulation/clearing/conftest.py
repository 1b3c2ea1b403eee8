"""A small BD-FCM, its plan, and a day that reads the inbox and writes the outbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.feeds.books import FolderInbox
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.clearing_day.arrivals import Action, InstructionRow
from crossmargin.simulation.clearing.parties import SimulatedParties
from crossmargin.simulation.clearing.plan import ClearingPlan
from crossmargin.simulation.clearing.plan_reading import read_plan

EASTERN = ZoneInfo("America/New_York")
STEPS = ("07:00", "09:30", "11:00", "12:00", "12:15", "14:30", "17:00", "19:00", "21:15", "23:30")

PLAN = """
bd_fcm = "BD"
first = 2026-05-21
last = 2026-06-02
entered_by = "anna"
approved_by = "ben"

[clock]
fails = "06:45 America/New_York"
novations = "07:20 America/New_York"
trades = "07:25 America/New_York"
custodian = "23:10 America/New_York"
customers_open = "07:45 America/New_York"
customers_close = "18:15 America/New_York"
banks_open = "07:05 America/New_York"
banks_close = "18:45 America/New_York"
call_payment_minutes = 45
confirmation_minutes = 10

[[position_file]]
clearing_organization = "FICC"
cycle = "ITD"
positions_at = "12:00 America/New_York"
arrives = "12:05 America/New_York"

[[position_file]]
clearing_organization = "CME"
cycle = "ITD"
positions_at = "11:00 America/Chicago"
arrives = "12:06 America/New_York"

[[custody_account]]
place = "SEGREGATED_BANK"

[[custody_account]]
place = "FRBNY"
account_scope = "XM_AND_SCM"

[[deposit]]
date = 2026-05-21
at = "07:10 America/New_York"
customer_id = "FUND"
asset = "CASH-USD"
quantity = "100.00"
"""


def _ficc(line: int, customer: str, cusip: str, quantity: int, **terms) -> PositionLine:
    side = ClearingOrganization.FICC
    return PositionLine(
        line, CustomerKey("BD", customer), side, Account.XM, cusip, quantity, **terms
    )


def _cme(line: int, customer: str, account: Account, contract: str, quantity: int) -> PositionLine:
    side = ClearingOrganization.CME
    return PositionLine(line, CustomerKey("BD", customer), side, account, contract, quantity)


LINES = (
    _ficc(2, "FUND", "91282CMS7", 1000),
    _ficc(
        3,
        "FUND",
        "91282CKU4",
        -500,
        leg=Leg.REVERSE_REPO,
        settlement_date=date(2026, 3, 24),
        end_date=date(2026, 5, 26),
    ),
    _ficc(4, "BANK", "91282CQC8", -200),
    _cme(5, "BANK", Account.REGULAR, "ZTM6", -7),
    _cme(6, "BANK", Account.XM, "ZQK6", -3),
    _cme(7, "FUND", Account.XM, "ZNM6", 11),
)


@pytest.fixture
def lines() -> tuple[PositionLine, ...]:
    return LINES


@pytest.fixture
def plan_text() -> str:
    return PLAN


@pytest.fixture
def plan_with() -> Callable[..., ClearingPlan]:
    def build(tables: str = "", positions: Sequence[PositionLine] = LINES) -> ClearingPlan:
        return read_plan(PLAN + tables, file="plan.toml", positions=positions)

    return build


def askings(day: date) -> list[datetime]:
    return [datetime.fromisoformat(f"{day}T{step}").replace(tzinfo=EASTERN) for step in STEPS]


@dataclass
class Month:
    """Days run against the other parties; what the BD-FCM sends is given, each at its step."""

    plan: ClearingPlan
    folder: Path
    sends: Sequence[tuple[datetime, tuple[str, dict[str, str]]]] = ()
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = FolderInbox(self.folder / "in")
        self.parties = SimulatedParties(self.plan, self, self.folder / "out", askings)
        self.arrivals = self.inbox.arrivals
        self.stop = lambda _: None

    def run(self, *days: date, stop: Callable[[str], None] = lambda _: None) -> Month:
        """Run days; ``stop`` is told of each thing about to be done, and may raise."""
        self.stop = stop
        for day in days:
            for at in askings(day):
                stop("act")
                self.parties.act(None, day, at)
                for file in self.inbox.arrivals(day, at):
                    assert file.refusals == (), file.refusals
                    stop(f"take {file.name}")
                    if f"{day}/{file.name}" not in self.taken:
                        self.write(day, self.answers(file.rows, file.arrived_at))
                        self.taken.append(f"{day}/{file.name}")
                stop("step")
                if f"{day}/{at}" not in self.taken:
                    self.write(day, [each for step, each in self.sends if step == at])
                    self.taken.append(f"{day}/{at}")
        return self

    def answers(self, rows, at: datetime) -> list[tuple[str, dict[str, str]]]:
        """Pay out every withdrawal at once, at the instant of the file that asks for it."""
        return [
            wire(f"out-{row.instruction_id}", at, "SEGREGATED_BANK", "CUSTOMER", "WITHDRAWAL")
            for row in rows
            if isinstance(row, InstructionRow) and row.action is Action.WITHDRAW
        ]

    def send(self, *file) -> bool:
        """Put a file of a party into the inbox."""
        self.stop("send")
        return self.inbox.send(*file)

    def write(self, day: date, objects) -> None:
        """Write to the outbox."""
        folder = self.folder / "out" / day.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in objects:
            with (folder / name).open("a") as file:
                file.write(json.dumps(content) + "\n")

    def rows(self, day: date, name: str):
        """Return the rows of a file that arrived; None if none of that name did."""
        found = [f for f in self.inbox.arrivals(day, askings(day)[-1]) if f.name == name]
        return [*found[0].rows] if found else None

    def names(self, day: date) -> list[str]:
        return [file.name for file in self.inbox.arrivals(day, askings(day)[-1])]

    def everything(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in self.folder.rglob("*.csv")}


def wire(wire_id: str, at: datetime, source: str, destination: str, purpose: str, **other: str):
    return "wires.jsonl", {
        "wire_id": wire_id,
        "at": at.isoformat(),
        "customer_id": "FUND",
        "from": source,
        "to": destination,
        "asset": "CASH-USD",
        "quantity": "10.00",
        "purpose": purpose,
        **other,
    }


def call(call_id: str, at: datetime, customer: str, amount: str):
    return "calls.jsonl", {
        "call_id": call_id,
        "customer_id": customer,
        "cycle": "ITD",
        "clearing_organization": "FICC",
        "amount": amount,
        "currency": "USD",
        "issued_at": at.isoformat(),
        "due_at": at.isoformat(),
    }


@pytest.fixture
def month(plan_with, tmp_path) -> Callable[..., Month]:
    def build(tables: str = "", sends=(), folder: Path = tmp_path) -> Month:
        return Month(plan_with(tables), folder, sends)

    return build


@pytest.fixture
def make_wire():
    return wire


@pytest.fixture
def make_call():
    return call
