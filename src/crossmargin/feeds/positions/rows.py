"""One row of a positions file, as text by column, made into a line or into its faults.

A pure function of the row: every reader (CSV, JSON lines, Parquet) hands its cells to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import Refusal
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)

REQUIRED_COLUMNS = ("customer_id", "clearing_organization", "account", "instrument", "quantity")
COLUMNS = (
    *REQUIRED_COLUMNS,
    "leg",
    "settlement_date",
    "end_date",
    "repo_rate_pct",
    "start_amount",
    "bd_fcm",
    "failed",
)

#: The column that a file of positions by date has beside those.
PATH_COLUMN = "date"

_INTERFACE = "reference: positions file"
_REPO_ONLY = ("end_date", "repo_rate_pct", "start_amount")
_FICC_ONLY = ("leg", "settlement_date", *_REPO_ONLY)
_LONGEST_FIELD = 100
_PAR_MULTIPLE = 100
_RATE_LIMIT_PCT = 100
_QUANTITY = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTRACT = re.compile(r"[A-Z0-9]{3,20}")


def position_from_row(
    cells: Mapping[str, str], *, line: int, default_bd_fcm: str
) -> PositionLine | tuple[Refusal, ...]:
    """Return the position line of a row, or every fault of the row.

    Parameters
    ----------
    cells : mapping of column to text
        Blank or absent cells count as not given; blanks around a value are not part of it.
    line : int
        Line of the file, the header being 1.
    default_bd_fcm : str
        BD-FCM of a row that names none.

    Returns
    -------
    PositionLine or tuple of Refusal
        The refusals name field, value, expectation and rule; the reader adds file and column.

    Notes
    -----
    A quantity of zero is a flat position: well formed, it adds nothing. Ruling 14 gives the signs
    of repo legs, ruling 15 the multiple of $100.
    """
    row = _Row({name: text.strip() for name, text in cells.items()}, line)
    customer_id = row.identifier("customer_id")
    bd_fcm = row.identifier("bd_fcm", default=default_bd_fcm)
    clearer = row.choice("clearing_organization", ClearingOrganization)
    account = row.choice("account", Account)
    quantity = row.parsed("quantity", _whole_number, _QUANTITY_EXPECTED)
    instrument = row.required("instrument")
    at_ficc = clearer is ClearingOrganization.FICC
    leg = row.choice("leg", Leg, default=Leg.CASH) if at_ficc else Leg.CASH
    settlement_date = row.optional("settlement_date", _iso_date, _DATE_EXPECTED)
    end_date = row.optional("end_date", _iso_date, _DATE_EXPECTED)
    repo_rate_pct = row.optional("repo_rate_pct", _rate, "a rate in per cent, between -100 and 100")
    start_amount = row.optional("start_amount", _amount, "dollars and whole cents, more than zero")
    failed = row.optional("failed", _true_or_false, "true or false")
    if clearer is not None and instrument is not None:
        row.check_instrument(clearer, instrument)
    if clearer is ClearingOrganization.CME:
        row.must_be_blank(_FICC_ONLY, "blank for a position at CME")
        if failed:
            row.refuse("failed", "blank or false for a position at CME", "ruling 14")
    elif at_ficc:
        row.check_ficc(leg, quantity, settlement_date, end_date)
    if row.refusals:
        return tuple(row.refusals)
    # mypy cannot see that a missing value is always a refusal; a wrong one here is our mistake.
    if (
        customer_id is None
        or bd_fcm is None
        or clearer is None
        or account is None
        or instrument is None
        or quantity is None
        or leg is None
    ):
        raise AssertionError(f"a missing value without a refusal on line {line}")
    return PositionLine(
        line=line,
        customer=CustomerKey(bd_fcm, customer_id),
        clearing_organization=clearer,
        account=account,
        instrument=instrument,
        quantity=quantity,
        leg=leg,
        settlement_date=settlement_date,
        end_date=end_date,
        repo_rate_pct=repo_rate_pct,
        start_amount=start_amount,
        failed=bool(failed),
    )


def date_of_row(cells: Mapping[str, str], *, line: int) -> date | Refusal:
    """Return the date of a row of positions by date, or why it is none.

    Parameters
    ----------
    cells : mapping of column to text
    line : int
        Line of the file, the header being 1.
    """
    row = _Row({name: text.strip() for name, text in cells.items()}, line)
    day = row.parsed(PATH_COLUMN, _iso_date, _DATE_EXPECTED)
    return row.refusals[0] if day is None else day


_QUANTITY_EXPECTED = "a signed whole number of at most 15 digits, without separators or decimals"
_DATE_EXPECTED = "a date as YYYY-MM-DD"


class _Row:
    """The cells of a row while it is checked, and the faults found so far."""

    def __init__(self, cells: Mapping[str, str], line: int) -> None:
        self._cells = cells
        self._line = line
        self.refusals: list[Refusal] = []

    def refuse(self, field: str, expected: str, rule: str = _INTERFACE) -> None:
        value = self._cells.get(field, "")
        shown = value if len(value) <= _LONGEST_FIELD else value[:_LONGEST_FIELD] + "..."
        self.refusals.append(Refusal(field, shown, expected, rule, line=self._line))

    def required(self, field: str) -> str | None:
        text = self._cells.get(field, "")
        if not text:
            self.refuse(field, "a value: the column is required")
        elif len(text) > _LONGEST_FIELD:
            self.refuse(field, f"at most {_LONGEST_FIELD} characters")
        else:
            return text
        return None

    def identifier(self, field: str, *, default: str | None = None) -> str | None:
        if default is not None and not self._cells.get(field):
            return default
        text = self.required(field)
        if text is not None and not text.isprintable():
            self.refuse(field, "printable characters")
            return None
        return text

    def choice(self, field: str, options: type[_E], *, default: _E | None = None) -> _E | None:
        if default is not None and not self._cells.get(field):
            return default
        text = self.required(field)
        if text is None:
            return None
        try:
            return options(text)
        except ValueError:
            self.refuse(field, "one of " + ", ".join(options))
            return None

    def parsed(self, field: str, parse: Callable[[str], _T], expected: str) -> _T | None:
        text = self.required(field)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError:
            self.refuse(field, expected)
            return None

    def optional(self, field: str, parse: Callable[[str], _T], expected: str) -> _T | None:
        return self.parsed(field, parse, expected) if self._cells.get(field) else None

    def must_be_blank(self, names: Iterable[str], expected: str) -> None:
        for field in names:
            if self._cells.get(field) and not self._refused_already(field):
                self.refuse(field, expected)

    def check_instrument(self, clearer: ClearingOrganization, instrument: str) -> None:
        if clearer is ClearingOrganization.CME:
            if not _CONTRACT.fullmatch(instrument):
                self.refuse("instrument", "a contract code such as ZNM6, ZNM26 or SR3H27")
            return
        try:
            Cusip(instrument)
        except ValueError:
            self.refuse("instrument", "a CUSIP of 9 characters whose check digit is right")

    def check_ficc(
        self,
        leg: Leg | None,
        quantity: int | None,
        settlement_date: date | None,
        end_date: date | None,
    ) -> None:
        if quantity is not None and quantity % _PAR_MULTIPLE:
            self.refuse("quantity", "par in whole multiples of $100", "ruling 15")
        if leg is Leg.CASH:
            self.must_be_blank(_REPO_ONLY, "blank for a CASH leg")
        elif leg is not None:
            self._check_repo(leg, quantity, settlement_date, end_date)

    def _check_repo(
        self,
        leg: Leg,
        quantity: int | None,
        settlement_date: date | None,
        end_date: date | None,
    ) -> None:
        if leg is Leg.REPO and quantity is not None and quantity <= 0:
            self.refuse("quantity", "a positive quantity for a REPO leg", "ruling 14")
        if leg is Leg.REVERSE_REPO and quantity is not None and quantity >= 0:
            self.refuse("quantity", "a negative quantity for a REVERSE_REPO leg", "ruling 14")
        if not self._cells.get("end_date"):
            self.refuse("end_date", f"the date of the end leg of a {leg}", "ruling 14")
        elif settlement_date is not None and end_date is not None and end_date <= settlement_date:
            self.refuse("end_date", f"a date after the start leg, {settlement_date}", "ruling 14")

    def _refused_already(self, field: str) -> bool:
        return any(refusal.field == field for refusal in self.refusals)


def _whole_number(text: str) -> int:
    if not _QUANTITY.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _iso_date(text: str) -> date:
    if not _ISO_DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _rate(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text) or abs(rate := Decimal(text)) >= _RATE_LIMIT_PCT:
        raise ValueError(text)
    return rate


def _amount(text: str) -> Money:
    if not _DECIMAL.fullmatch(text) or (amount := money_from_decimal(text)).cents <= 0:
        raise ValueError(text)
    return amount


def _true_or_false(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"
