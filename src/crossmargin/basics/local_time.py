"""A time of day in a zone, as parameters name it: an instant only once a date is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time of day in a zone.

    Examples
    --------
    >>> noon = LocalTime.parsed("12:00 America/New_York")
    >>> noon.on(date(2026, 3, 6)).isoformat(), noon.on(date(2026, 3, 9)).isoformat()
    ('2026-03-06T12:00:00-05:00', '2026-03-09T12:00:00-04:00')
    """

    clock: time
    zone: ZoneInfo

    @staticmethod
    def parsed(text: str) -> LocalTime:
        """Return the time that ``HH:MM Area/City`` names.

        Raises
        ------
        ValueError
            If the text is no time, or the zone is not in the time-zone database.
        """
        clock, _, zone = text.strip().partition(" ")
        try:
            return LocalTime(time.fromisoformat(clock), ZoneInfo(zone.strip()))
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(
                f"expected a time and a zone that this machine's time-zone database has, "
                f"as in '12:00 America/New_York', was {text!r}"
            ) from None

    def on(self, day: date) -> datetime:
        """Return the instant at that time of the day."""
        return datetime.combine(day, self.clock, self.zone)
