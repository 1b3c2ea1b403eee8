"""What opens a port: the trigger, the Commission's approval, and the clock (17 CFR 190.07).

FICC does not interfere with transfers from a BD-FCM that must transfer accounts under 17 CFR
1.17(a)(4), nor from a debtor where the Commission approved the transfer under 190.07(a)(3) (CFTC
proposed order, 90 FR 58525, section VIII(e)(viii)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.transfer_test import TransferClock
from crossmargin.participation.documents import sha256_faults
from crossmargin.participation.verdicts import Gate, Verdict


class TriggerKind(StrEnum):
    """Who is to be relieved of its customers, and by what."""

    TRANSFER_REQUIRED = "TRANSFER_REQUIRED"
    DEBTOR = "DEBTOR"


#: The rule that each trigger rests on.
TRIGGER_RULES = {
    TriggerKind.TRANSFER_REQUIRED: "17 CFR 1.17(a)(4)",
    TriggerKind.DEBTOR: "17 CFR 190.07(a)(3)",
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """What opens the port.

    Parameters
    ----------
    kind : TriggerKind
    since : date
        The day on which accounts must be transferred, or of the order for relief.
    transfer_on : date
        When the transfer is made.
    approval_sha256 : str
        Of the Commission's approval; empty if there is none yet.
    disapproved : bool
        Whether the CFTC disapproved it.

    Raises
    ------
    RefusedError
        If the transfer comes before the trigger, or the approval is named by no digest.
    """

    kind: TriggerKind
    since: date
    transfer_on: date
    approval_sha256: str = ""
    disapproved: bool = False

    def __post_init__(self) -> None:
        faults = sha256_faults(self.approval_sha256) if self.approval_sha256 else []
        if self.transfer_on < self.since:
            expected = f"no day before the trigger, {self.since}"
            faults.append(
                Refusal("transfer_on", str(self.transfer_on), expected, TRIGGER_RULES[self.kind])
            )
        if faults:
            raise RefusedError(*faults)


@dataclass(frozen=True, slots=True)
class Clock:
    """Until when transfers of a debtor's customers cannot be avoided.

    Parameters
    ----------
    last_day : date
        Itself included.
    without_roll : date
        The seventh calendar day as it is.
    business_days : int
        From the day after the trigger to the last day, both counted.
    last_business_day : date or None
        The last of them: clearing organizations transfer on no other day. None if there is none.
    """

    last_day: date
    without_roll: date
    business_days: int
    last_business_day: date | None


def clock_of(trigger: Trigger, clock: TransferClock, calendar: BusinessCalendar) -> Clock | None:
    """Return the clock of a debtor's transfers; None where no order for relief began it.

    Examples
    --------
    >>> from crossmargin.default_management.transfer_test import ClockRoll
    >>> holiday = BusinessCalendar(
    ...     "US", frozenset({date(2026, 5, 25)}), date(2026, 5, 1), date(2026, 6, 30))
    >>> relief = Trigger(TriggerKind.DEBTOR, date(2026, 5, 18), date(2026, 5, 22))
    >>> found = clock_of(relief, TransferClock(7, ClockRoll.NEXT_BUSINESS_DAY), holiday)
    >>> str(found.last_day), str(found.without_roll), found.business_days
    ('2026-05-26', '2026-05-25', 5)
    >>> str(clock_of(relief, TransferClock(7, ClockRoll.NONE), holiday).last_business_day)
    '2026-05-22'
    """
    if trigger.kind is not TriggerKind.DEBTOR:
        return None
    last = clock.last_day(trigger.since, calendar)
    days = [
        day
        for ordinal in range(trigger.since.toordinal() + 1, last.toordinal() + 1)
        if calendar.is_business_day(day := date.fromordinal(ordinal))
    ]
    return Clock(
        last,
        date.fromordinal(trigger.since.toordinal() + clock.calendar_days),
        len(days),
        max(days, default=None),
    )


def trigger_verdict(trigger: Trigger, clock: TransferClock, calendar: BusinessCalendar) -> Verdict:
    """Return whether the port may be carried out on its day, and the gate that decided."""
    rule = TRIGGER_RULES[trigger.kind]
    gates = [Gate("TRIGGER", rule, passed=True)]
    if trigger.kind is TriggerKind.DEBTOR:
        found = clock_of(trigger, clock, calendar)
        if found is None:
            raise AssertionError("a debtor has a clock")
        in_time = trigger.transfer_on <= found.last_day
        gates += [
            Gate(
                "COMMISSION_APPROVAL",
                rule,
                bool(trigger.approval_sha256),
                (trigger.approval_sha256,) if trigger.approval_sha256 else (),
                "" if trigger.approval_sha256 else "no approval by the Commission is named",
            ),
            Gate(
                "NOT_DISAPPROVED",
                "17 CFR 190.07(e)",
                not trigger.disapproved,
                (),
                "the CFTC disapproved it" if trigger.disapproved else "",
            ),
            Gate(
                "CLOCK",
                "17 CFR 190.07(e), ruling 27",
                in_time,
                (),
                "" if in_time else f"the last day was {found.last_day}",
            ),
        ]
    return Verdict(f"may accounts move on {trigger.transfer_on}", tuple(gates))
