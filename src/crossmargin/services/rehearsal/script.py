"""What the other parties of a rehearsal are to do: amounts, made of the customer's requirement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.participation.rehearsal import RULE
from crossmargin.product.futures import parse_contract
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.placing import Places
from crossmargin.services.rehearsal.timetable import Timetable

_THOUSAND_DOLLARS = 1_000_00


@dataclass(frozen=True, slots=True)
class Script:
    """What happens in a rehearsal.

    Parameters
    ----------
    customer : CustomerKey
    lines : tuple of PositionLine
        What the customer holds on the first day; cash lines are renewed every day.
    times : Timetable
    places : Places
    required : Money
        In the first intraday cycle; the other amounts are made of it.
    contract : str
        One that the customer holds, which it tries to direct while it is suspended.
    entered_by, approved_by : str
    """

    customer: CustomerKey
    lines: tuple[PositionLine, ...]
    times: Timetable
    places: Places
    required: Money
    contract: str
    entered_by: str
    approved_by: str

    @property
    def capital(self) -> Money:
        """The firm's own cash."""
        return self._times(16)

    @property
    def residual_interest(self) -> Money:
        """Of the firm's, in the segregated account: it covers the calls that are missed.

        At the cap of the reduction a suspension calls four times the requirement.
        """
        return self._times(8)

    @property
    def too_much(self) -> Money:
        """A withdrawal that no excess covers."""
        return self._times(2)

    @property
    def deposit(self) -> Money:
        """What the customer brings in the end: for every call that is left, and an excess."""
        return self._times(7)

    @property
    def withdrawal(self) -> Money:
        """A withdrawal that the excess covers, whatever prices do in a day."""
        return Money(self._times(1).cents // 4)

    def _times(self, factor: int) -> Money:
        """Return a multiple of the requirement, up to the thousand dollars."""
        return Money(-(-self.required.cents * factor // _THOUSAND_DOLLARS) * _THOUSAND_DOLLARS)


def lines_to_rehearse(
    lines: Sequence[PositionLine], customer: CustomerKey, first: date
) -> tuple[PositionLine, ...]:
    """Return a customer's lines as they come in on the first day; repo that has ended is not.

    A cash line that would have settled by then is renewed, as its owner would.

    Raises
    ------
    RefusedError
        If the customer has nothing in the cross-margining account at one of the two.
    """
    own = []
    for line in lines:
        has_ended = line.end_date is not None and line.end_date <= first
        if line.customer != customer or not line.quantity or has_ended:
            continue
        settles = line.settlement_date
        is_past = line.leg is Leg.CASH and settles is not None and settles <= first
        own.append(replace(line, settlement_date=None) if is_past else line)
    lacking = [
        Refusal(
            "positions",
            f"{customer.customer_id} at {side.value}",
            "a line in the cross-margining account",
            RULE,
        )
        for side in ClearingOrganization
        if not any(e.account is Account.XM and e.clearing_organization is side for e in own)
    ]
    if lacking:
        raise RefusedError(*lacking)
    return tuple(own)


def first_requirement(
    models: DayModels, lines: Sequence[PositionLine], first: date
) -> tuple[Money, str]:
    """Return what both collect of the lines in the first intraday cycle, and a contract held.

    Raises
    ------
    RefusedError
        If a line names nothing on the day, or there are no prices.
    """
    run = models.margined(lines, cycle=Cycle.ITD, business_date=first, name="rehearsal")
    (customer,) = run.result.customers
    held = [e for e in lines if e.clearing_organization is ClearingOrganization.CME]
    return customer.requirement.requirement, parse_contract(held[0].instrument, as_of=first).code
