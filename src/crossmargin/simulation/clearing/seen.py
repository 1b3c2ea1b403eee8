"""What the other parties see at a moment, and when they answer.

A party sees what the outbox and the inbox hold when it is asked. So that a day that was cut off and
run again brings the same files, nobody answers before the asking at which the thing could first be
seen is over: the answer comes a minute after it at the earliest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from crossmargin.basics.local_time import LocalTime
from crossmargin.services.clearing_day.arrivals import ArrivedFile, ArrivedRow, FileKind
from crossmargin.simulation.clearing.outbox import Outbox, Wire
from crossmargin.simulation.clearing.plan import ClearingPlan, Hours

EASTERN = ZoneInfo("America/New_York")
Askings: TypeAlias = Callable[[date], Sequence[datetime]]
_ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that a party sends.

    Parameters
    ----------
    arrived_at : datetime
        In Eastern time, a whole minute.
    kind : FileKind
    label : str
        Who sends it, or of a position file the cycle.
    rows : tuple of ArrivedRow
    """

    arrived_at: datetime
    kind: FileKind
    label: str
    rows: tuple[ArrivedRow, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a party sees on a business day.

    Parameters
    ----------
    plan : ClearingPlan
    business_date : date
    askings : callable
        Of a business date: when the parties are asked on it, in order; nothing if that is not
        known.
    outbox : Outbox
        From the plan's first day on.
    inbox : mapping of date to sequence of ArrivedFile
        From the plan's first day on, each day's by instant.
    """

    plan: ClearingPlan
    business_date: date
    askings: Askings = lambda _: ()
    outbox: Outbox = field(default_factory=Outbox)
    inbox: Mapping[date, Sequence[ArrivedFile]] = field(default_factory=dict)

    def at(self, clock: LocalTime) -> datetime:
        """Return a time of the day, in Eastern time."""
        return clock.on(self.business_date).astimezone(EASTERN)

    def arrived(self, kind: FileKind, until: datetime) -> Iterator[tuple[date, ArrivedFile]]:
        """Yield the good files of a kind that arrived up to an instant, counted, in order."""
        for day in sorted(self.inbox):
            for file in self.inbox[day]:
                if file.kind is kind and not file.is_refused and _is_by(file.arrived_at, until):
                    yield day, file

    def answered_at(self, sent_on: date, at: datetime, minutes: int, hours: Hours) -> datetime:
        """Return when something sent at an instant of a business date is answered.

        Parameters
        ----------
        sent_on : date
            The business date of what was sent.
        at : datetime
        minutes : int
            How long the answer takes, more than zero.
        hours : Hours
            What would be answered after them is answered when they next begin.
        """
        sent = at.astimezone(UTC)
        answered = _up_to_the_minute(sent + minutes * _ONE_MINUTE)
        askings = [asked.astimezone(UTC) for asked in self.askings(sent_on)]
        seen_first = min((asked for asked in askings if asked >= sent), default=None)
        if seen_first is not None:
            answered = max(answered, _up_to_the_minute(seen_first) + _ONE_MINUTE)
        opens, closes = (each.on(sent_on).astimezone(UTC) for each in (hours.opens, hours.closes))
        answered = max(answered, opens)
        if answered <= min([closes, *askings[-1:]]):
            return answered.astimezone(EASTERN)
        next_day = self.plan.calendar.next_business_day(sent_on)
        return hours.opens.on(next_day).astimezone(EASTERN)

    def confirmed_at(self, wire: Wire) -> datetime | None:
        """Return when a wire is confirmed; None for never."""
        hours = self.plan.clock.banks
        for held_up in self.plan.unconfirmed:
            if (
                held_up.day == wire.business_date
                and held_up.customer_id in ("", wire.customer_id)
                and held_up.purpose in ("", wire.purpose)
            ):
                return None if held_up.comes is None else hours.opens.on(held_up.comes)
        minutes = self.plan.clock.confirmation_minutes
        return self.answered_at(wire.business_date, wire.at, minutes, hours)

    def is_sent(self, wire: Wire, by: datetime) -> bool:
        """Whether a wire was sent by an instant."""
        return _is_by(wire.at, by)

    @staticmethod
    def later(at: datetime, other: datetime) -> datetime:
        """Return an instant in Eastern time, or the minute after another if that is later."""
        latest = max(at.astimezone(UTC), other.astimezone(UTC) + _ONE_MINUTE)
        return latest.astimezone(EASTERN)

    @staticmethod
    def just_before(at: datetime) -> datetime:
        """Return the minute before an instant: what arrives at the same minute is not seen."""
        return (at.astimezone(UTC) - _ONE_MINUTE).astimezone(EASTERN)

    def is_due(self, at: datetime, until: datetime) -> bool:
        """Whether an instant is on the day and has come."""
        return at.astimezone(EASTERN).date() == self.business_date and _is_by(at, until)


def gathered(
    kind: FileKind, label: str, rows: Sequence[tuple[datetime, ArrivedRow]]
) -> tuple[SentFile, ...]:
    """Return one file a minute of the rows that are sent at it, in the order given."""
    by_minute: dict[datetime, list[ArrivedRow]] = {}
    for at, row in rows:
        by_minute.setdefault(at.astimezone(EASTERN), []).append(row)
    return tuple(
        SentFile(at, kind, label, tuple(by_minute[at]))
        for at in sorted(by_minute, key=lambda each: each.astimezone(UTC))
    )


def _is_by(at: datetime, until: datetime) -> bool:
    # Instants of one zone compare by their clocks, not by when they are.
    return at.astimezone(UTC) <= until.astimezone(UTC)


def _up_to_the_minute(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + _ONE_MINUTE
