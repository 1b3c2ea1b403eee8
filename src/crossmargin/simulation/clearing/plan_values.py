"""Values of a plan's tables: read by name, every fault with its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.local_time import LocalTime
from crossmargin.basics.money import money_from_decimal
from crossmargin.basics.refusals import Refusal

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")

RULE = "reference: day files"
_LONGEST_SHOWN = 100
_CASH = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,2})?")
_CONTRACT = re.compile(r"[A-Z0-9]{3,20}")
_SHARE = re.compile(r"[01](\.[0-9]{1,6})?")
_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?")
_PAR_MULTIPLE = 100
_NOON = LocalTime(time(12), ZoneInfo("UTC"))


@dataclass(slots=True)
class PlanSpan:
    """What values of a plan are checked against, and the faults found so far.

    Parameters
    ----------
    file : str
        As refusals give it.
    calendar : BusinessCalendar
    first, last : date
        The days of the plan, once they are read.
    customers : frozenset of str
    refusals : list of Refusal
    """

    file: str
    calendar: BusinessCalendar
    first: date = date.min
    last: date = date.max
    customers: frozenset[str] = frozenset()
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, place: str, value: object, expected: str) -> None:
        """Note a fault."""
        text = str(value)
        shown = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
        self.refusals.append(Refusal(place, shown, expected, RULE, self.file))

    def is_business_day(self, day: date) -> bool:
        """Whether the day is a business day that the calendar knows."""
        known = self.calendar.first <= day <= self.calendar.last
        return known and self.calendar.is_business_day(day)


class PlanTable:
    """One table of a plan. A value at fault is noted and comes back as some value of its type.

    The plan is refused if anything was noted, so that no such value leaves the reader.

    Parameters
    ----------
    values : mapping
    place : str
        Where it stands: ``call[2]`` is the second ``[[call]]``; empty for what stands before them.
    span : PlanSpan
    """

    def __init__(self, values: Mapping[str, object], place: str, span: PlanSpan) -> None:
        self._values = values
        self._place = place
        self.span = span
        self._asked: list[str] = []

    def has(self, key: str) -> bool:
        """Whether the table has a key."""
        self._asked.append(key)
        return key in self._values

    def refuse(self, key: str, expected: str) -> None:
        """Note a fault of a key's value."""
        self.span.refuse(self._named(key), self._values.get(key, ""), expected)

    def text(self, key: str, *, default: str | None = None) -> str:
        """Return a text that is not empty; the default where there is none."""
        if not self.has(key) and default is not None:
            return default
        value = self._values.get(key)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.refuse(key, "a text")
            return ""
        return value

    def customer(self, key: str = "customer_id", *, default: str | None = None) -> str:
        """Return a customer of the positions."""
        customer_id = self.text(key, default=default)
        if customer_id and customer_id != default and customer_id not in self.span.customers:
            self.refuse(key, "one of " + ", ".join(sorted(self.span.customers)))
        return customer_id

    def day(self, key: str) -> date:
        """Return a business day of the plan."""
        day = self._date(key)
        if day is None or not self.span.first <= day <= self.span.last:
            span = f"{self.span.first} to {self.span.last}"
            self.refuse(key, f"a date from {span}, without quotes")
            return self.span.first
        if not self.span.is_business_day(day):
            self.refuse(key, "a business day")
        return day

    def optional_day(self, key: str) -> date | None:
        """Return a business day of the plan; None where there is none."""
        return self.day(key) if self.has(key) else None

    def any_day(self, key: str) -> date:
        """Return a business day."""
        day = self._date(key)
        if day is None or not self.span.is_business_day(day):
            self.refuse(key, "a business day as YYYY-MM-DD, without quotes")
            return self.span.calendar.first
        return day

    def clock(self, key: str) -> LocalTime:
        """Return a time of day in a zone."""
        return self._parsed(key, LocalTime.parsed, "as in '12:00 America/New_York'", _NOON)

    def choice(self, key: str, options: type[_E]) -> _E:
        """Return a word of a closed list."""
        expected = "one of " + ", ".join(options)
        return self._parsed(key, options, expected, next(iter(options)))

    def share(self, key: str) -> Decimal:
        """Return a share of something, more than zero and less than one."""
        return self._parsed(key, _share, "a share between 0 and 1, in quotes", Decimal(0))

    def price(self, key: str) -> Decimal | None:
        """Return a price in points; None where there is none."""
        if not self.has(key):
            return None
        return self._parsed(key, _price, "a price in points, in quotes", Decimal(0))

    def whole(self, key: str, *, least: int) -> int:
        """Return a whole number that is not too small."""
        self._asked.append(key)
        value = self._values.get(key)
        if type(value) is not int or value < least:
            self.refuse(key, f"a whole number, {least} or more")
            return least
        return value

    def cusip(self, key: str) -> str:
        """Return a CUSIP."""
        return self._parsed(key, lambda text: Cusip(text).text, "a CUSIP", "")

    def asset(self, *kinds: str) -> str:
        """Return an asset of one of some kinds."""
        asset = self.text("asset")
        if asset and not _is_asset(asset, kinds):
            self.refuse("asset", " or ".join(_ASSETS[kind] for kind in kinds))
        return asset

    def quantity(self, asset: str) -> int:
        """Return a quantity in whole cents, dollars of par or contracts."""
        self._asked.append("quantity")
        value = self._values.get("quantity")
        if asset.startswith("CASH-"):
            if isinstance(value, str) and _CASH.fullmatch(value):
                return money_from_decimal(value).cents
            self.refuse("quantity", "dollars and cents, in quotes")
        elif type(value) is not int or (not asset.startswith("FUT-") and value % _PAR_MULTIPLE):
            self.refuse("quantity", "a whole number; of par, a multiple of 100")
        else:
            return value
        return 1

    def close(self) -> None:
        """Refuse every key that was not asked for."""
        for key in self._values:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, n=1, cutoff=0.5)
                known = ", ".join(dict.fromkeys(self._asked))
                self.refuse(key, f"a known key; did you mean {near[0]}?" if near else f"of {known}")

    def _named(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def _date(self, key: str) -> date | None:
        self._asked.append(key)
        value = self._values.get(key)
        return value if isinstance(value, date) and not isinstance(value, datetime) else None

    def _parsed(self, key: str, parse: Callable[[str], _T], expected: str, fallback: _T) -> _T:
        self._asked.append(key)
        value = self._values.get(key)
        try:
            if isinstance(value, str):
                return parse(value)
        except ValueError:
            pass
        self.refuse(key, expected)
        return fallback


_ASSETS = {
    "CASH": "CASH-USD",
    "SEC": "SEC- and a CUSIP",
    "FUT": "FUT- and a contract such as ZNM6",
}


def _is_asset(text: str, kinds: Iterable[str]) -> bool:
    kind, _, code = text.partition("-")
    if kind not in kinds:
        return False
    if kind == "CASH":
        return code == "USD"
    if kind == "FUT":
        return bool(_CONTRACT.fullmatch(code))
    try:
        return bool(Cusip(code))
    except ValueError:
        return False


def _share(text: str) -> Decimal:
    if not _SHARE.fullmatch(text) or not 0 < (share := Decimal(text)) < 1:
        raise ValueError(text)
    return share


def _price(text: str) -> Decimal:
    if not _PRICE.fullmatch(text) or not (price := Decimal(text)):
        raise ValueError(text)
    return price
