"""Margin calls: what is asked, what was paid, what is late, and what follows from its age.

A call states what is lacking at each clearing organization. A payment goes to the earliest due
time, then pro rata (ruling 22). Of a disputed call the undisputed part stays payable, and the clock
runs on all of it. A call that is met late stays late; an administrative error that is recorded as
such once is no failure (17 CFR 1.44(f)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import ZERO, Money
from crossmargin.product.position import ClearingOrganization


class CallStatus(StrEnum):
    """Where a call stands at an instant."""

    OPEN = "OPEN"
    PART_PAID = "PART_PAID"
    MET = "MET"
    LATE = "LATE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class MarginCall:
    """One call, as it stands after what has happened to it.

    Parameters
    ----------
    call_id : str
    issued_at, due_at : datetime
    due_date : date
    by_side : mapping of ClearingOrganization to Money
        What was lacking at each when it was issued.
    above : Money
        What the BD-FCM asks above the clearing organizations' requirements.
    adjusted : Money
        Sum of later changes: a true-up, the outcome of a dispute; negative lowers it.
    paid : Money
    disputed : Money
        What the customer disputes and nobody has decided.
    last_paid_at : datetime or None
    excused : bool
        Whether a failure was recorded as a one-off administrative error.
    """

    call_id: str
    issued_at: datetime
    due_at: datetime
    due_date: date
    by_side: Mapping[ClearingOrganization, Money]
    above: Money = ZERO
    adjusted: Money = ZERO
    paid: Money = ZERO
    disputed: Money = ZERO
    last_paid_at: datetime | None = None
    excused: bool = False

    @property
    def amount(self) -> Money:
        """What is asked, with later changes; never negative."""
        return max(ZERO, Money.total(self.by_side.values()) + self.above + self.adjusted)

    @property
    def outstanding(self) -> Money:
        """What is not paid, disputed or not."""
        return max(ZERO, self.amount - self.paid)

    @property
    def payable(self) -> Money:
        """What is not paid and not disputed."""
        return max(ZERO, self.outstanding - self.disputed)

    def status(self, at: datetime) -> CallStatus:
        """Return where the call stands at an instant.

        What is due at that very instant is not late.
        """
        if self.amount == ZERO and self.paid == ZERO:
            return CallStatus.CANCELLED
        if self.outstanding == ZERO:
            return CallStatus.MET
        if at > self.due_at and not self.excused:
            return CallStatus.LATE
        return CallStatus.PART_PAID if self.paid > ZERO else CallStatus.OPEN

    def was_met_in_time(self) -> bool:
        """Return whether the call is met and the last payment came by its due time."""
        met = self.outstanding == ZERO
        return met and (self.last_paid_at is None or self.last_paid_at <= self.due_at)

    def age_business_days(self, on: date, calendar: BusinessCalendar) -> int:
        """Return the business days from the due date to a day; zero while it is not late."""
        if self.outstanding == ZERO or on <= self.due_date:
            return 0
        return len(calendar.business_days(self.due_date, on)) - 1


def shares_of_payment(calls: Sequence[MarginCall], payment: Money) -> dict[str, Money]:
    """Return what of a payment goes to each call: earliest due first, then pro rata.

    Parameters
    ----------
    calls : sequence of MarginCall
        Of one customer, in any order.
    payment : Money
        Not negative.

    Returns
    -------
    dict of call id to Money
        No more than is outstanding; what is left over is the customer's excess.

    Raises
    ------
    ValueError
        If the payment is negative.
    """
    if payment < ZERO:
        raise ValueError(f"a payment must not be negative, was {payment}")
    shares: dict[str, Money] = {}
    open_calls = [call for call in calls if call.outstanding > ZERO]
    ordered = sorted(open_calls, key=lambda call: (call.due_at, call.call_id))
    for _, due_together in groupby(ordered, key=lambda call: call.due_at):
        group = list(due_together)
        asked = Money.total(call.outstanding for call in group)
        pays = min(payment, asked)
        if pays == ZERO:
            break
        parts = pays.split([call.outstanding.cents for call in group])
        shares |= {call.call_id: part for call, part in zip(group, parts, strict=True)}
        payment -= pays
    return {call_id: share for call_id, share in shares.items() if share > ZERO}


def is_restricted(
    calls: Sequence[MarginCall], *, on: date, calendar: BusinessCalendar, from_business_days: int
) -> bool:
    """Return whether a customer may only reduce risk: a call is as old as that (CP-12).

    Parameters
    ----------
    calls : sequence of MarginCall
    on : date
    calendar : BusinessCalendar
    from_business_days : int
        Business days after the due date from which on it holds.
    """
    return any(
        call.age_business_days(on, calendar) >= from_business_days
        for call in calls
        if not call.excused
    )
