"""The plan of a simulated month: what customers hold, when others answer, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.local_time import LocalTime
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.clearing_day.arrivals import AccountScope, Action, Segregation


class Conduct(StrEnum):
    """How a customer takes a margin call that it does not simply pay."""

    MISSED = "MISSED"  # not a cent, unless the plan says when
    LATE = "LATE"  # all of it, after its time
    PARTIAL = "PARTIAL"  # a share on time, the rest if the plan says when
    DISPUTED = "DISPUTED"  # the undisputed share on time, the rest once it is found due


@dataclass(frozen=True, slots=True)
class Hours:
    """When a party answers; what comes later is answered at the next opening."""

    opens: LocalTime
    closes: LocalTime


@dataclass(frozen=True, slots=True)
class Clock:
    """When the other parties act.

    Parameters
    ----------
    fails, novations, trades, custodian : LocalTime
        When FICC tells what failed to settle, when what was novated and cleared is told, and when
        the custodian's statement comes.
    customers, banks : Hours
        Of the clearing organizations' confirmations too.
    call_payment_minutes, confirmation_minutes : int
        From a call to its payment, from a wire to its confirmation; more than zero.
    """

    fails: LocalTime
    novations: LocalTime
    trades: LocalTime
    custodian: LocalTime
    customers: Hours
    banks: Hours
    call_payment_minutes: int
    confirmation_minutes: int


@dataclass(frozen=True, slots=True)
class PositionFile:
    """A position file that a clearing organization sends every day."""

    side: ClearingOrganization
    cycle: Cycle
    positions_at: LocalTime
    arrives: LocalTime


@dataclass(frozen=True, slots=True)
class CustodyAccount:
    """A place on the custodian's statement; the scope is that of FICC's account there."""

    place: str
    scope: AccountScope | None


@dataclass(frozen=True, slots=True)
class Deposit:
    """Property that a customer brings: whole cents or dollars of par."""

    day: date
    at: LocalTime
    customer_id: str
    asset: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction as its file will have it; ``customer_id`` is empty for the BD-FCM's own."""

    day: date
    at: LocalTime
    customer_id: str
    action: Action
    asset: str
    quantity: int
    place: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Trade:
    """A futures trade; no quantity means the whole position, which is closed out.

    ``into`` is the contract that the position is rolled into.
    """

    day: date
    at: LocalTime
    customer_id: str
    contract: str
    account: Account = Account.XM
    quantity: int | None = None
    price: Decimal | None = None
    into: str = ""


@dataclass(frozen=True, slots=True)
class PlannedTender:
    """Contracts that go into delivery: a short gives notice of its intention, a long is assigned.

    Parameters
    ----------
    day : date
        Its intention day.
    customer_id, contract : str
    account : Account
    quantity : int
        Signed, as the position is.
    cusip : str
        What is delivered.
    told_at : LocalTime
        When CME tells it.
    instructs_at : LocalTime or None
        When a short gives its notice; None for a long.
    """

    day: date
    customer_id: str
    contract: str
    account: Account
    quantity: int
    cusip: str
    told_at: LocalTime
    instructs_at: LocalTime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Lines of a customer in one security, from a day on where a day matters."""

    customer_id: str
    instrument: str
    first: date | None = None

    def selects(self, line: PositionLine) -> bool:
        """Whether a line is one of them."""
        return (line.customer.customer_id, line.instrument) == (self.customer_id, self.instrument)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A customer that leaves: nothing is renewed from that day on, its futures are closed out."""

    day: date
    customer_id: str
    closes_out_at: LocalTime
    instructs_at: LocalTime


@dataclass(frozen=True, slots=True)
class Fail:
    """Obligations due on a day that settle only on a later one."""

    held: Held
    due: date
    settles: date


@dataclass(frozen=True, slots=True)
class CallConduct:
    """How a customer takes the calls issued from one day to another.

    Parameters
    ----------
    customer_id : str
    first, last : date
        Of the business dates on which calls are issued, both counted.
    conduct : Conduct
    calls : int or None
        How many of them, the first ones; None for all.
    paid_share : Decimal
        What is paid on time: 0 if missed or late.
    rest_after_business_days : int or None
        When the rest is paid, counted from the day on which the call would have been paid; None for
        never. A dispute is then resolved, and everything is found due.
    rest_at : LocalTime or None
    """

    customer_id: str
    first: date
    last: date
    conduct: Conduct
    calls: int | None = None
    paid_share: Decimal = Decimal(0)
    rest_after_business_days: int | None = None
    rest_at: LocalTime | None = None


@dataclass(frozen=True, slots=True)
class LateFile:
    """A position file that comes later than every day."""

    day: date
    side: ClearingOrganization
    cycle: Cycle
    arrives: LocalTime


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Wires issued on a day that are not confirmed then.

    ``customer_id`` and ``purpose`` narrow them down where they are not empty; ``comes`` is the day
    on which they are confirmed, None for never.
    """

    day: date
    customer_id: str
    purpose: str
    comes: date | None


@dataclass(frozen=True, slots=True)
class CustodianDifference:
    """What the custodian's statement of a day adds to what it saw; less of it if negative."""

    day: date
    place: str
    segregation: Segregation
    asset: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ClearingPlan:
    """What the other parties of a BD-FCM do over some weeks.

    Parameters
    ----------
    bd_fcm : str
    first, last : date
        Business days, both counted.
    entered_by, approved_by : str
        Of every instruction.
    lines : tuple of PositionLine
        Of the BD-FCM's customers on the first day.
    """

    bd_fcm: str
    first: date
    last: date
    entered_by: str
    approved_by: str
    clock: Clock
    lines: tuple[PositionLine, ...]
    position_files: tuple[PositionFile, ...] = ()
    custody_accounts: tuple[CustodyAccount, ...] = ()
    deposits: tuple[Deposit, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    trades: tuple[Trade, ...] = ()
    tenders: tuple[PlannedTender, ...] = ()
    dropped: tuple[Held, ...] = ()
    not_renewed: tuple[Held, ...] = ()
    leaving: tuple[Leaving, ...] = ()
    fails: tuple[Fail, ...] = ()
    calls: tuple[CallConduct, ...] = ()
    late_files: tuple[LateFile, ...] = ()
    unconfirmed: tuple[Unconfirmed, ...] = ()
    custodian_differences: tuple[CustodianDifference, ...] = ()

    @property
    def calendar(self) -> BusinessCalendar:
        """The business days: FICC's."""
        return sifma_calendar()

    def customer(self, customer_id: str) -> CustomerKey:
        """Return a customer of the BD-FCM."""
        return CustomerKey(self.bd_fcm, customer_id)

    def novated_on(self, day: date) -> Iterator[PositionLine]:
        """Yield the lines that FICC novates on a day: all on the first, then those renewed.

        A ``CASH`` line without a date settles the next business day (ruling 14), and is renewed on
        every day on which it would have left.
        """
        for line in self.lines:
            if line.clearing_organization is not ClearingOrganization.FICC:
                continue
            if day == self.first:
                if not any(held.selects(line) for held in self.dropped):
                    yield self._settling(line, line.settlement_date, day)
            elif line.leg is Leg.CASH and self._is_renewed(line, day):
                yield self._settling(line, None, day)

    def trade_id(self, line: PositionLine, day: date) -> str:
        """Return the id of what a line makes on a day: of the day and of the line."""
        return f"{line.clearing_organization.value.lower()}-{day.isoformat()}-L{line.line}"

    def ended(self, line: PositionLine, day: date) -> bool:
        """Whether a line is renewed no more on a day."""
        ends = [held.first for held in self.not_renewed if held.selects(line)]
        leaves = [each.day for each in self.leaving if each.customer_id == _id(line)]
        return any(end is not None and end <= day for end in [*ends, *leaves])

    def _is_renewed(self, line: PositionLine, day: date) -> bool:
        settled = line.settlement_date is None or line.settlement_date <= day
        return settled and not self.ended(line, day)

    def _settling(self, line: PositionLine, stated: date | None, day: date) -> PositionLine:
        if line.leg is not Leg.CASH:
            return line
        settles = stated or self.calendar.next_business_day(day)
        return replace(line, settlement_date=settles)


def lines_of(lines: Sequence[PositionLine], bd_fcm: str) -> tuple[PositionLine, ...]:
    """Return the lines of one BD-FCM's customers, without those that are flat."""
    return tuple(line for line in lines if line.customer.bd_fcm == bd_fcm and line.quantity)


def _id(line: PositionLine) -> str:
    return line.customer.customer_id
