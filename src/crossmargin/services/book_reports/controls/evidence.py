"""What a day's controls look at: transfers, records and lots of one BD-FCM, up to the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from crossmargin.basics.identifiers import CustomerKey, customer_of
from crossmargin.basics.records import Record
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer
from crossmargin.parameters.registry import ParameterSet
from crossmargin.participation.customer import CustomerFile
from crossmargin.services.books.participation import customer_file
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import LotRegister, read_register
from crossmargin.services.clearing_day.report_register import (
    NOTICE,
    REPORT,
    document_of,
)
from crossmargin.services.clearing_day.schedule import DayClock, Step, StepKind


@dataclass(frozen=True)
class DayEvidence:
    """A day of one BD-FCM's books.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    day : date
        A closed business day.
    set_of : function of an owner's name to ParameterSet
        In force on the day.
    """

    work: Work
    bd_fcm: str
    day: date
    set_of: Callable[[str], ParameterSet]

    @cached_property
    def transfers(self) -> tuple[Transfer, ...]:
        """Those of the day that move an account in this BD-FCM's name."""
        return tuple(
            each
            for each in self.work.ledger.transfers(first=self.day, last=self.day)
            if self.bd_fcm in {_bd_fcm(each.debit_account_id), _bd_fcm(each.credit_account_id)}
        )

    def records(self, stream: str) -> tuple[Record, ...]:
        """Return the day's records of a stream, of the BD-FCM and its customers."""
        return tuple(
            each
            for each in self.work.records.select(stream=stream, first=self.day, last=self.day)
            if each.subject.split("/")[0] == self.bd_fcm
        )

    @cached_property
    def customers(self) -> tuple[CustomerKey, ...]:
        """Whoever has accounts."""
        accounts = self.work.ledger.accounts(
            kind=AccountKind.CUSTOMER_FUTURES_ACCOUNT, bd_fcm=self.bd_fcm
        )
        return tuple(CustomerKey(self.bd_fcm, each.customer_id) for each in accounts)

    @cached_property
    def lots(self) -> LotRegister:
        """The lots as they stood at the end of the day."""
        return read_register(self.work.records, self.bd_fcm).as_of(self.day)

    @cached_property
    def clock(self) -> DayClock:
        """The times of the day."""
        return DayClock.from_parameters(self.set_of)

    @property
    def closed_at(self) -> datetime:
        """When the day was closed."""
        return self.clock.times[StepKind.CLOSE].on(self.day)

    def step(self, kind: StepKind) -> Record | None:
        """Return the record that a step of the day is done."""
        step = Step(kind, self.day, self.clock.times[kind].on(self.day))
        return self.work.records.get(step.record_id(self.bd_fcm))

    def report(self, name: str) -> Record | None:
        """Return the day's report of a name, as the close made it: the first version of its own."""
        found = (each for each in self.records(REPORT) if each.content["name"] == name)
        return next(found, None)

    def said(self, name: str) -> dict[str, object]:
        """Return what the day's report of a name says; nothing if there is none."""
        found = self.report(name)
        return {} if found is None else dict(document_of(found))

    def notice(self, kind: str) -> str:
        """Return the id of a notice of a kind that the day drafted, or nothing."""
        found = [each for each in self.records(NOTICE) if each.content["kind"] == kind]
        return found[-1].record_id if found else ""

    def participant(self, subject: str) -> CustomerFile:
        """Return everything that is known of a customer."""
        share = self.set_of("participation").ratio("proprietary_share")
        return customer_file(self.work, customer_of(subject), share)


def _bd_fcm(account_id: str) -> str:
    return account_id.split("/")[2]


def customer_in(account_id: str) -> tuple[str, str]:
    """Return the BD-FCM and the customer in whose name an account is."""
    _, _, bd_fcm, customer_id, _ = account_id.split("/")
    return bd_fcm, customer_id


def kind_in(account_id: str) -> str:
    """Return the kind of an account."""
    return account_id.split("/", maxsplit=1)[0]
