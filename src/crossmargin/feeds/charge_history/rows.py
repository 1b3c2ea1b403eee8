"""One row of a charge history, as text by column, made into a row or into its faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import Refusal
from crossmargin.margin.ficc.charge_history import ChargeRow
from crossmargin.margin.ficc.higher_of import FiccCycle

_T = TypeVar("_T")

REQUIRED_COLUMNS = ("customer_id", "business_date", "cycle")
_SIGNED = ("realised_loss", "mark_to_market")
_NOT_NEGATIVE = ("var_charge", "liquidity_need", "daily_liquidity_need", "special_charge")
_AMOUNTS = (
    "var_charge",
    "realised_loss",
    "mark_to_market",
    "liquidity_need",
    "daily_liquidity_need",
    "special_charge",
)
COLUMNS = (*REQUIRED_COLUMNS, "bd_fcm", *_AMOUNTS)

INTERFACE = "charge history file"
_LONGEST_FIELD = 100
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_SIGNED_EXPECTED = "dollars and whole cents; a gain is negative"
_NOT_NEGATIVE_EXPECTED = "dollars and whole cents, not negative"


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A row of the file: the customer, the row, and where it stands."""

    customer: CustomerKey
    row: ChargeRow
    line: int


def customer_row(
    cells: Mapping[str, str], *, line: int, default_bd_fcm: str, calendar: BusinessCalendar
) -> CustomerRow | tuple[Refusal, ...]:
    """Return a row of the file, or every fault of it.

    Parameters
    ----------
    cells : mapping of column to text
        Blank or absent cells count as not given.
    line : int
        Line of the file, the header being 1.
    default_bd_fcm : str
    calendar : BusinessCalendar
        FICC's: a business date is one of its days.
    """
    row = _Row({name: text.strip() for name, text in cells.items()}, line)
    customer_id = row.identifier("customer_id")
    bd_fcm = row.identifier("bd_fcm") if row.given("bd_fcm") else default_bd_fcm
    business_date = row.required(
        "business_date", lambda text: _business_date(text, calendar), _date_expected(calendar)
    )
    cycle = row.required("cycle", FiccCycle, "one of " + ", ".join(FiccCycle))
    amounts = {
        **{name: row.optional(name, _signed, _SIGNED_EXPECTED) for name in _SIGNED},
        **{
            name: row.optional(name, _not_negative, _NOT_NEGATIVE_EXPECTED)
            for name in _NOT_NEGATIVE
        },
    }
    row.check_together()
    if row.refusals:
        return tuple(row.refusals)
    # mypy cannot see that a missing value is always a refusal; a wrong one here is our mistake.
    if customer_id is None or bd_fcm is None or business_date is None or cycle is None:
        raise AssertionError(f"a missing value without a refusal on line {line}")
    return CustomerRow(
        CustomerKey(bd_fcm, customer_id), ChargeRow(business_date, cycle, **amounts), line
    )


class _Row:
    """The cells of a row while it is checked, and the faults found so far."""

    def __init__(self, cells: Mapping[str, str], line: int) -> None:
        self._cells = cells
        self._line = line
        self.refusals: list[Refusal] = []

    def given(self, field: str) -> bool:
        return bool(self._cells.get(field))

    def refuse(self, field: str, expected: str) -> None:
        value = self._cells.get(field, "")
        shown = value if len(value) <= _LONGEST_FIELD else value[:_LONGEST_FIELD] + "..."
        self.refusals.append(Refusal(field, shown, expected, INTERFACE, line=self._line))

    def identifier(self, field: str) -> str | None:
        expected = f"1 to {_LONGEST_FIELD} printable characters"
        return self.required(field, _identifier, expected)

    def required(self, field: str, parse: Callable[[str], _T], expected: str) -> _T | None:
        try:
            return parse(self._cells.get(field, ""))
        except ValueError:
            self.refuse(field, expected)
            return None

    def optional(self, field: str, parse: Callable[[str], _T], expected: str) -> _T | None:
        return self.required(field, parse, expected) if self.given(field) else None

    def check_together(self) -> None:
        """Check what one column says of another."""
        if self.given("realised_loss") and not self.given("var_charge"):
            self.refuse("var_charge", "the charge that the realised loss is held against")
        needs = ("liquidity_need", "daily_liquidity_need")
        for one, other in (needs, needs[::-1]):
            if self.given(other) and not self.given(one):
                self.refuse(one, f"an amount: the row has {other}, and one is held against it")
        if not any(self.given(name) for name in _AMOUNTS):
            self.refuse("var_charge", "at least one amount in the row")


def _identifier(text: str) -> str:
    if not text or len(text) > _LONGEST_FIELD or not text.isprintable():
        raise ValueError(text)
    return text


def _business_date(text: str, calendar: BusinessCalendar) -> date:
    if not _ISO_DATE.fullmatch(text):
        raise ValueError(text)
    day = date.fromisoformat(text)
    if not calendar.is_business_day(day):
        raise ValueError(text)
    return day


def _date_expected(calendar: BusinessCalendar) -> str:
    return (
        f"a business day of FICC as YYYY-MM-DD, from {calendar.first.year} to {calendar.last.year}"
    )


def _signed(text: str) -> Money:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return money_from_decimal(text)


def _not_negative(text: str) -> Money:
    amount = _signed(text)
    if amount.cents < 0:
        raise ValueError(text)
    return amount
