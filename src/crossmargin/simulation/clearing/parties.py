"""The other parties of a simulated day, and what puts their files into the inbox, once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from crossmargin.services.clearing_day.arrivals import ArrivedFile, ArrivedRow, FileKind
from crossmargin.simulation.clearing import banks, clearing_organizations, custodian, customers
from crossmargin.simulation.clearing.outbox import read_outbox
from crossmargin.simulation.clearing.plan import ClearingPlan
from crossmargin.simulation.clearing.seen import Askings, Seen, SentFile

#: In this order: each may see what those before it have sent by the same instant.
PARTIES: tuple[Callable[[Seen, datetime], tuple[SentFile, ...]], ...] = (
    customers.files_until,
    banks.files_until,
    clearing_organizations.ficc_files_until,
    clearing_organizations.cme_files_until,
    clearing_organizations.position_files_until,
    custodian.files_until,
)


class Inbox(Protocol):
    """Where the parties' files go, and where they see each other's."""

    def arrivals(self, business_date: date, until: datetime) -> Sequence[ArrivedFile]:
        """Return what has arrived on a day up to an instant, by instant and name."""
        ...

    def send(
        self,
        business_date: date,
        arrived_at: datetime,
        kind: FileKind,
        label: str,
        rows: Sequence[ArrivedRow],
    ) -> bool:
        """Put a file into a day; return False if it was there already."""
        ...


@dataclass(frozen=True, slots=True)
class SimulatedParties:
    """The other parties.

    Parameters
    ----------
    plan : ClearingPlan
    inbox : Inbox
    outbox : Path
        Its folder.
    askings : callable
        Of a business date: the instants at which :meth:`act` is called on it. The parties then
        answer the same however often a day is cut off and run again.
    """

    plan: ClearingPlan
    inbox: Inbox
    outbox: Path
    askings: Askings

    def act(self, books: object, business_date: date, until: datetime) -> None:
        """Let every party send what it would have sent by an instant; what was sent stays.

        The books are not looked at: the parties see the outbox and the inbox alone. Outside the
        plan's days nobody acts.

        Raises
        ------
        RefusedError
            If the outbox holds a line that is no wire or call.
        """
        plan = self.plan
        if not plan.first <= business_date <= plan.last:
            return
        outbox = read_outbox(self.outbox, first=plan.first, last=business_date)
        days = plan.calendar.business_days(plan.first, business_date)
        inbox = {day: self.inbox.arrivals(day, until) for day in days}
        for party in PARTIES:
            seen = Seen(plan, business_date, self.askings, outbox, inbox)
            there = {_identity(file) for file in inbox[business_date]}
            sent = [file for file in party(seen, until) if _identity(file) not in there]
            for file in sent:
                self.inbox.send(business_date, file.arrived_at, file.kind, file.label, file.rows)
            if sent:
                inbox[business_date] = self.inbox.arrivals(business_date, until)


def _identity(file: SentFile | ArrivedFile) -> tuple[datetime, FileKind, str]:
    return (file.arrived_at, file.kind, file.label)
