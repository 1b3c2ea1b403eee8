"""Business days in the books: which of a BD-FCM's were begun, which is closed, how far they are.

The books go forward. A day is run once the business day before it is closed, the first day of the
books excepted, and nothing is done in it once it is closed. What a person enters is entered after
the latest step that is done: that step would have seen it, and a closed day has its statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, refused
from crossmargin.participation.verdicts import eastern_date
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.books.folds import Fold
from crossmargin.services.books.ports import Records

#: Stream of the records that say a step of a day is done.
STEP = "STEP"
#: The step with which a day is closed.
CLOSE = "close"
_RULE = "business clock"


class Days:
    """The days of each BD-FCM, as the records of their steps are read one after the other.

    Attributes
    ----------
    first : dict of BD-FCM to date
        The first day that was begun.
    closed : dict of BD-FCM to dict of date to datetime
        When each closed day was closed.
    done_at : dict of BD-FCM to datetime
        The instant of the latest step that is done.
    """

    def __init__(self) -> None:
        self.first: dict[str, date] = {}
        self.closed: dict[str, dict[date, datetime]] = {}
        self.done_at: dict[str, datetime] = {}

    def take(self, record: Record) -> None:
        """Take the next record of a step in."""
        bd_fcm = record.subject
        self.first.setdefault(bd_fcm, record.business_date)
        self.done_at[bd_fcm] = max(record.at, self.done_at.get(bd_fcm, record.at))
        if record.content["step"] == CLOSE:
            self.closed.setdefault(bd_fcm, {})[record.business_date] = record.at

    def against(self, bd_fcm: str, day: date) -> str:
        """Return what a day waits for, in words, or nothing."""
        first = self.first.get(bd_fcm, day)
        if day == first:
            return ""
        if day < first:
            return f"{first}, the first day of the books, or a later day"
        before = futures_delivery_calendar().previous_business_day(day)
        is_closed = before in self.closed.get(bd_fcm, {})
        return "" if is_closed else f"a day after {before} is closed"


def days_of(records: Records) -> Days:
    """Return the days of every BD-FCM."""
    return records.folded(Fold("business days", (STEP,), Days, lambda days, each: days.take(each)))


def check_turn(records: Records, bd_fcm: str, day: date) -> None:
    """Refuse to run a day that is none, or before its turn.

    Raises
    ------
    RefusedError
        If it is no business day of both clearing organizations, the business day before is not
        closed, or the books began later.
    """
    if not futures_delivery_calendar().is_business_day(day):
        expected = "a day on which both clearing organizations are open"
        raise refused("date", day.isoformat(), expected, _RULE)
    if expected := days_of(records).against(bd_fcm, day):
        raise refused("date", day.isoformat(), expected, _RULE)


def out_of_turn(steps: Iterable[Record]) -> Iterator[tuple[Record, str]]:
    """Yield the first step of each day that was begun before its turn, and what it should be.

    Parameters
    ----------
    steps : iterable of Record
        Of every BD-FCM, as written.
    """
    days, begun = Days(), set()
    for each in steps:
        key = (each.subject, each.business_date)
        if key not in begun and (expected := days.against(*key)):
            yield each, expected
        begun.add(key)
        days.take(each)


def close_of(records: Records, bd_fcm: str, day: date) -> datetime | None:
    """Return when a BD-FCM's day was closed, or None while it is not."""
    return days_of(records).closed.get(bd_fcm, {}).get(day)


def done_at(records: Records, subject: str) -> datetime | None:
    """Return the instant of the latest step that is done, or None before the first.

    Parameters
    ----------
    records : Records
    subject : str
        A BD-FCM, or a customer as ``BD-FCM/CUSTOMER``; empty for what concerns every BD-FCM.
    """
    bd_fcm, _, _ = subject.partition("/")
    steps = days_of(records).done_at
    return max((at for name, at in steps.items() if bd_fcm in ("", name)), default=None)


def faults_of_instant(records: Records, subject: str, at: datetime) -> list[Refusal]:
    """Return why nothing is entered at an instant: a step that is done would have seen it.

    Parameters
    ----------
    records : Records
    subject : str
        A BD-FCM, or a customer as ``BD-FCM/CUSTOMER``; empty for what concerns every BD-FCM.
    at : datetime
        The instant of the entry.
    """
    latest = done_at(records, subject)
    if latest is None or at >= latest:
        return []
    expected = f"no earlier than {latest.isoformat()}, the instant of the latest step that is done"
    return [Refusal("at", at.isoformat(), expected, _RULE)]


def faults_of_entry(records: Records, bd_fcm: str, at: datetime) -> list[Refusal]:
    """Return why nothing is posted by hand at an instant.

    Its date in New York is no business day, comes before its turn or is closed, or a step that is
    done would have seen it.

    Parameters
    ----------
    records : Records
    bd_fcm : str
    at : datetime
    """
    day = eastern_date(at)
    expected = days_of(records).against(bd_fcm, day)
    if not futures_delivery_calendar().is_business_day(day):
        expected = "a day on which both clearing organizations are open"
    elif close_of(records, bd_fcm, day) is not None:
        expected = f"a day that is not closed, as {day} is"
    faults = [Refusal("at", at.isoformat(), expected, _RULE)] if expected else []
    return faults or faults_of_instant(records, bd_fcm, at)
