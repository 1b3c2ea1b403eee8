"""When a margin call is due: the one-business-day call of 17 CFR 1.44(f), by currency.

US and Canadian dollars the same day, most other currencies the next business day, those of
:data:`SECOND_DAY_CURRENCIES` by the end of the second (Part 1, Appendix A). Holidays are the
federal ones (5 U.S.C. 6103).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.local_time import LocalTime

#: 17 CFR Part 1, Appendix A to 1.44 (sourced).
SECOND_DAY_CURRENCIES = frozenset(
    {"AUD", "CNY", "HKD", "HUF", "ILS", "JPY", "NZD", "SGD", "ZAR", "TRY"}
)
SAME_DAY_CURRENCIES = frozenset({"USD", "CAD"})


class DueEvent(StrEnum):
    """What ends the time to pay."""

    FEDWIRE_FUNDS_CLOSE = "FEDWIRE_FUNDS_CLOSE"
    END_OF_BUSINESS_DAY = "END_OF_BUSINESS_DAY"


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a call is due."""

    due_date: date
    due_event: DueEvent


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """How deadlines are found.

    Parameters
    ----------
    calendar : BusinessCalendar
        Of federal business days.
    fedwire_close : LocalTime
        A same-day call issued at it or later is one of the next business day.
    same_day_cutoff : LocalTime or None
        A same-day call issued later is due the next business day; None for no such cut-off
        (ruling 24).
    """

    calendar: BusinessCalendar
    fedwire_close: LocalTime
    same_day_cutoff: LocalTime | None = None


def deadline(currency: str, issued: datetime, rules: DeadlineRules) -> Deadline:
    """Return when a call is due.

    Parameters
    ----------
    currency : str
        Three letters.
    issued : datetime
        With a zone. On a day that is no business day it counts as issued on the next.
    rules : DeadlineRules
    """
    event = DueEvent.FEDWIRE_FUNDS_CLOSE if currency == "USD" else DueEvent.END_OF_BUSINESS_DAY
    local = issued.astimezone(rules.fedwire_close.zone)
    day = rules.calendar.on_or_after(local.date())
    if currency in SAME_DAY_CURRENCIES:
        is_in_time = day != local.date() or not _is_late(local, rules)
        return Deadline(day if is_in_time else rules.calendar.next_business_day(day), event)
    days = 2 if currency in SECOND_DAY_CURRENCIES else 1
    return Deadline(rules.calendar.add_business_days(day, days), event)


def due_instant(found: Deadline, rules: DeadlineRules) -> datetime:
    """Return the instant at which the time to pay ends."""
    return rules.fedwire_close.on(found.due_date)


def _is_late(issued: datetime, rules: DeadlineRules) -> bool:
    day = issued.date()
    if issued >= rules.fedwire_close.on(day):
        return True
    return rules.same_day_cutoff is not None and issued > rules.same_day_cutoff.on(day)
