"""What cash has moved on a business date: wires, what customers paid in, what was booked.

Read from the day's wires and payments, from the wires that earlier days left waiting, and from the
ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.reporting.cash_ladder import CashChange, CashMovement, Direction
from crossmargin.services.book_reports.own_cash import own_cash_changes
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.placing import places_of
from crossmargin.services.clearing_day.schedule import StepKind
from crossmargin.services.clearing_day.wires import WIRE, WIRE_SETTLED, Purpose, waiting_wires

_FICC, _CME = ClearingOrganization.FICC, ClearingOrganization.CME
_AT_FICC = {
    Purpose.MARGIN_TO_FICC,
    Purpose.MARGIN_FROM_FICC,
    Purpose.FICC_FUNDS_ONLY,
    Purpose.SCM_FUNDS_ONLY,
    Purpose.SCM_TO_FICC,
    Purpose.SCM_FROM_FICC,
}
_AT_CME = {Purpose.MARGIN_TO_CME, Purpose.MARGIN_FROM_CME, Purpose.CME_SETTLEMENT}
_HOUSE = {Purpose.RESIDUAL_INTEREST_DEPOSIT, Purpose.RESIDUAL_INTEREST_WITHDRAWAL}


def side_of(purpose: Purpose) -> ClearingOrganization | None:
    """Return the clearing organization that a wire of a purpose is with, if it is with one."""
    return _FICC if purpose in _AT_FICC else _CME if purpose in _AT_CME else None


@dataclass(frozen=True, slots=True)
class MovedCash:
    """What cash a BD-FCM and its customers have moved.

    Parameters
    ----------
    context : DayContext
    work : Work
    on : date
        A business date.
    is_today : bool
        Whether it is the day that is run: of a day to come only what waits is known.
    """

    context: DayContext
    work: Work
    on: date
    is_today: bool

    def causes(self) -> Iterator[str]:
        """Yield the records that it is read from."""
        for stream in (WIRE, WIRE_SETTLED, PAYMENT):
            for each in self.work.records.select(stream=stream, first=self.on, last=self.on):
                if self._is_own(each):
                    yield each.record_id
        yield from (each.record_id for each in self._waiting())

    def bank(self) -> str:
        """Return the bank that cash comes in at on the date."""
        return places_of(self.work, self.context.bd_fcm, self.on).bank

    def _is_own(self, record: Record) -> bool:
        return record.subject.split("/")[0] == self.context.bd_fcm

    def movements(self) -> Iterator[CashMovement]:
        """Yield what wires moved or are to move on the date, and what customers paid in.

        One of an earlier day counts when it is confirmed; while it waits, from when the day opens.
        """
        records, on = self.work.records, self.on
        if self.is_today:
            for wire in records.select(stream=WIRE, first=on, last=on):
                settled = records.get(f"{wire.record_id}/settled")
                yield from self._wired(wire, settled, wire.at)
            for settled in records.select(stream=WIRE_SETTLED, first=on, last=on):
                earlier = records.get(str(settled.content["wire"]))
                if earlier is not None and earlier.business_date < on:
                    yield from self._wired(earlier, settled, settled.at)
            yield from self._paid_in()
        opens = self.context.models.clock(on).times[StepKind.OPEN].on(on)
        for wire in self._waiting():
            yield from self._wired(wire, None, opens)

    def _waiting(self) -> Iterator[Record]:
        """Yield the wires of earlier days that nobody has confirmed."""
        for wire in waiting_wires(self.work.records, self.context.bd_fcm):
            if wire.business_date < self.on:
                yield wire

    def _wired(self, wire: Record, settled: Record | None, at: datetime) -> Iterator[CashMovement]:
        """Yield the movement of a wire of customers' cash, at an instant unless it came in."""
        purpose = Purpose(str(wire.content["purpose"]))
        if not self._is_own(wire) or wire.content["asset"] != str(CASH) or purpose in _HOUSE:
            return
        if settled is not None and settled.content["outcome"] != "CONFIRMED":
            return
        yield from self._of_wire(wire, purpose, settled, at)

    def _paid_in(self) -> Iterator[CashMovement]:
        """Yield what customers paid in on the date."""
        records, bank = self.work.records, self.bank()
        for paid in records.select(stream=PAYMENT, first=self.on, last=self.on):
            named = records.get(str(paid.content["reference"] or ""))
            is_wire = named is not None and named.stream == WIRE
            if self._is_own(paid) and not is_wire and paid.content["asset"] == str(CASH):
                amount = Money(int(str(paid.content["quantity"])))
                place = str(paid.content["place"]) or bank
                yield CashMovement(place, paid.at, Direction.IN, amount, "paid in", is_done=True)

    def _of_wire(
        self, wire: Record, purpose: Purpose, settled: Record | None, at: datetime
    ) -> Iterator[CashMovement]:
        """Yield what a wire does at places of the BD-FCM's own: a move of theirs does two things.

        Between places of FICC's nothing of the BD-FCM's is paid.
        """
        side = side_of(purpose)
        kept = self._own_places()
        ends = ((wire.content["from"], Direction.OUT), (wire.content["to"], Direction.IN))
        for place, way in ends:
            if place in kept:
                yield CashMovement(
                    str(place) if side is None else side.value,
                    at if way is Direction.OUT or settled is None else settled.at,
                    way,
                    Money(int(str(wire.content["amount"]))),
                    purpose.value,
                    settled is not None,
                )

    def _own_places(self) -> set[str]:
        kinds = (AccountKind.SEGREGATED_BANK, AccountKind.SECURITIES_CUSTODY)
        own = {"bd_fcm": self.context.bd_fcm}
        return {
            each.custodian for kind in kinds for each in self.work.ledger.accounts(kind=kind, **own)
        }

    def changes(self) -> Iterator[CashChange]:
        """Yield what the day's transfers did to each customer's own cash, as they were posted.

        What is booked at one instant against one place is net: yesterday's mark goes back with
        today's.
        """
        if not self.is_today:
            return
        bank = self.bank()
        net: dict[tuple[str, str, datetime], Money] = defaultdict(lambda: ZERO)
        for each in self.work.ledger.transfers(first=self.on, last=self.on):
            if each.asset == CASH:
                for change in own_cash_changes(each, self.context.bd_fcm, bank):
                    net[change.customer_id, change.place, change.at] += change.amount
        for (customer_id, place, at), amount in net.items():
            if amount != ZERO:
                yield CashChange(customer_id, place, at, amount)
