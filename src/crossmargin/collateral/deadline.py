"""When a margin call is due: the day by currency, the event that ends it, the instant.

17 CFR 1.44(f) and Appendix A to Part 1 bind accounts under separate treatment; here they serve
every call. US and Canadian dollars are due on the day of issue, most other currencies by the end of
the next business day, some by the end of the second. The day of issue is that of New York.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.federal_days import SaturdayHoliday, federal_calendar
from crossmargin.parameters.registry import ParameterSet

NEW_YORK = ZoneInfo("America/New_York")
NO_CUTOFF = "none"
#: In which a customer pays its calls unless it has agreed otherwise.
DOLLARS = "USD"
#: What a code of a currency looks like, as refusals say it.
CURRENCY_EXPECTED = "an ISO 4217 code of three capital letters, as USD"
_RULE = "17 CFR 1.44(f), ruling 24"
_CURRENCY = re.compile("[A-Z]{3}")


class DueEvent(StrEnum):
    """What ends the time for payment."""

    FEDWIRE_FUNDS_CLOSE = "FEDWIRE_FUNDS_CLOSE"
    END_OF_BUSINESS_DAY = "END_OF_BUSINESS_DAY"


@dataclass(frozen=True, slots=True)
class ClosingTime:
    """A time of day in a zone at which an event happens."""

    clock: time
    zone: ZoneInfo

    @staticmethod
    def parsed(text: str) -> ClosingTime:
        """Return the time that ``HH:MM Area/City`` names."""
        clock, _, zone = text.partition(" ")
        return ClosingTime(time.fromisoformat(clock), ZoneInfo(zone))

    def on(self, day: date) -> datetime:
        """Return the instant at that time of the day."""
        return datetime.combine(day, self.clock, self.zone)


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """When calls are due.

    Parameters
    ----------
    same_day, second_day : frozenset of str
        Currencies due on the day of issue and on the second business day; others on the next.
    same_day_cutoff_et : time, optional
        New York time up to which a call in a currency of ``same_day`` is due that day; a later one
        is due the next business day. None: all are (ruling 24).
    fedwire_funds_close, end_of_business_day : ClosingTime
    calendar : BusinessCalendar
        Federal business days.
    """

    same_day: frozenset[str]
    second_day: frozenset[str]
    same_day_cutoff_et: time | None
    fedwire_funds_close: ClosingTime
    end_of_business_day: ClosingTime
    calendar: BusinessCalendar

    def closing(self, event: DueEvent) -> ClosingTime:
        """Return when an event ends the time for payment."""
        is_fedwire = event is DueEvent.FEDWIRE_FUNDS_CLOSE
        return self.fedwire_funds_close if is_fedwire else self.end_of_business_day

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> DeadlineRules:
        """Return the rules that ``collateral/parameters.toml`` holds for the day."""
        cutoff = parameters.text("same_day_cutoff")
        saturday = parameters.choice("saturday_holiday", list(SaturdayHoliday))
        return DeadlineRules(
            same_day=_codes(parameters.text("same_day_currencies")),
            second_day=_codes(parameters.text("second_business_day_currencies")),
            same_day_cutoff_et=None if cutoff == NO_CUTOFF else ClosingTime.parsed(cutoff).clock,
            fedwire_funds_close=ClosingTime.parsed(parameters.text("fedwire_funds_close")),
            end_of_business_day=ClosingTime.parsed(parameters.text("end_of_business_day")),
            calendar=federal_calendar(SaturdayHoliday(saturday)),
        )


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a call is due.

    Parameters
    ----------
    due_date : date
    due_event : DueEvent
    due_at : datetime
        The instant of the event on the day.
    """

    due_date: date
    due_event: DueEvent
    due_at: datetime


def is_currency(text: str) -> bool:
    """Return whether a text looks like a code of ISO 4217: three capital letters."""
    return _CURRENCY.fullmatch(text) is not None


def deadline(currency: str, issued_at: datetime, rules: DeadlineRules) -> Deadline:
    """Return when a call is due.

    Business days are counted after the day of issue, which need not be one: a call in US dollars
    issued on a Saturday is due on Monday, one in yen on Tuesday. The cut-off itself still counts as
    that day. What is issued at the event that ends a day or after it, such as an evening's call
    after the close of Fedwire Funds, cannot be met on it and is due on the next business day.

    Parameters
    ----------
    currency : str
        ISO 4217 code.
    issued_at : datetime
        With a zone.
    rules : DeadlineRules

    Raises
    ------
    RefusedError
        If the currency is no code of three capitals, the instant has no zone, or its day lies
        outside the calendar.
    """
    if faults := deadline_faults(currency, issued_at, rules):
        raise RefusedError(*faults)
    issued = issued_at.astimezone(NEW_YORK)
    day = issued.date()
    event = DueEvent.FEDWIRE_FUNDS_CLOSE if currency == DOLLARS else DueEvent.END_OF_BUSINESS_DAY
    if currency in rules.same_day:
        is_late = _is_late(issued, rules) or issued >= rules.closing(event).on(day)
        is_same_day = rules.calendar.is_business_day(day) and not is_late
        due = day if is_same_day else rules.calendar.next_business_day(day)
    else:
        days = 2 if currency in rules.second_day else 1
        due = rules.calendar.add_business_days(day, days)
    return Deadline(due, event, rules.closing(event).on(due))


def deadline_faults(
    currency: str, issued_at: datetime, rules: DeadlineRules
) -> tuple[Refusal, ...]:
    """Return every reason why no deadline can be given."""
    faults = []
    if not is_currency(currency):
        faults.append(Refusal("currency", currency, CURRENCY_EXPECTED, _RULE))
    if issued_at.tzinfo is None:
        expected = "an instant with its offset, as 2026-11-24T10:30:00-05:00"
        faults.append(Refusal("issued", issued_at.isoformat(), expected, _RULE))
    elif not rules.calendar.first.year < issued_at.year < rules.calendar.last.year:
        first, last = rules.calendar.first.year + 1, rules.calendar.last.year - 1
        expected = f"an instant of the years {first} to {last}"
        faults.append(Refusal("issued", issued_at.isoformat(), expected, _RULE))
    return tuple(faults)


def _is_late(issued: datetime, rules: DeadlineRules) -> bool:
    return rules.same_day_cutoff_et is not None and issued.time() > rules.same_day_cutoff_et


def _codes(text: str) -> frozenset[str]:
    return frozenset(code.strip() for code in text.split(","))
