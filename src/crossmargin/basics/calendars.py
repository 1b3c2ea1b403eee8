"""Business days: weekdays that are not a full close, within a stated span."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Full closes of one market over a span of days.

    An early close is a business day (ruling 33). Days outside the span are refused: a calendar that
    does not know a day must not guess it.

    Parameters
    ----------
    name : str
    closes : frozenset of date
        Weekdays on which the market does not open.
    first, last : date
        The span, both counted.

    Examples
    --------
    >>> week = BusinessCalendar(
    ...     "a week", frozenset({date(2026, 5, 25)}), date(2026, 5, 18), date(2026, 5, 31)
    ... )
    >>> week.next_business_day(date(2026, 5, 22))
    datetime.date(2026, 5, 26)
    """

    name: str
    closes: frozenset[date] = field(repr=False)
    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.name}: the span ends on {self.last}, before {self.first}")

    def is_business_day(self, day: date) -> bool:
        """Return whether the market is open on the day.

        Raises
        ------
        ValueError
            If the day is outside the span.
        """
        if not self.first <= day <= self.last:
            raise ValueError(f"{self.name} knows {self.first} to {self.last}, was asked for {day}")
        return day.weekday() < _SATURDAY and day not in self.closes

    def next_business_day(self, day: date) -> date:
        """Return the first business day after the day."""
        return self.add_business_days(day, 1)

    def previous_business_day(self, day: date) -> date:
        """Return the last business day before the day."""
        return self.add_business_days(day, -1)

    def on_or_after(self, day: date) -> date:
        """Return the day, or the first business day after it."""
        return day if self.is_business_day(day) else self.next_business_day(day)

    def on_or_before(self, day: date) -> date:
        """Return the day, or the last business day before it."""
        return day if self.is_business_day(day) else self.previous_business_day(day)

    def add_business_days(self, day: date, n: int) -> date:
        """Return the n-th business day after the day (before it if n is negative).

        The day itself is never counted and need not be a business day; n = 0 returns it.
        """
        step = _ONE_DAY if n > 0 else -_ONE_DAY
        left = abs(n)
        while left:
            day += step
            left -= self.is_business_day(day)
        return day

    def business_days(self, first: date, last: date) -> tuple[date, ...]:
        """Return the business days from first to last, both counted."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return tuple(day for day in days if self.is_business_day(day))

    def joined_with(self, other: BusinessCalendar) -> BusinessCalendar:
        """Return the calendar of days on which both markets are open."""
        return BusinessCalendar(
            f"{self.name} and {other.name}",
            self.closes | other.closes,
            max(self.first, other.first),
            min(self.last, other.last),
        )


def weekday_closes(days: Iterable[date]) -> frozenset[date]:
    """Return the days without Saturdays and Sundays."""
    return frozenset(day for day in days if day.weekday() < _SATURDAY)
