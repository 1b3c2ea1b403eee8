"""Cells of the day's files: text in, values out, and the same back; each fault with its reason.

An asset is written as the books write it: ``CASH-USD``, ``SEC-`` and a CUSIP, ``POS-`` and the
CUSIP of an obligation, ``FUT-`` and a contract. A quantity is dollars and cents for cash, dollars
of par for securities, contracts for futures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import Refusal
from crossmargin.feeds.text_rows import shown

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")

RULE = "reference: day files"
CASH_KIND, SECURITY_KIND, POSITION_KIND, FUTURES_KIND = "CASH", "SEC", "POS", "FUT"
#: What a spreadsheet would take for a formula, and the apostrophe that guards it: no text of a day
#: file begins so, so that a guarded cell is never read as something else.
_NO_BEGINNINGS = ("=", "+", "-", "@", "'")
_FORMULA_BEGINNINGS = _NO_BEGINNINGS[:-1]

_LONGEST_TEXT = 200
_PAR_MULTIPLE = 100
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_CASH = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,2})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?")
_CONTRACT = re.compile(r"[A-Z0-9]{3,20}")
_ASSETS_EXPECTED = {
    CASH_KIND: "CASH-USD",
    SECURITY_KIND: "SEC- and a CUSIP whose check digit is right",
    POSITION_KIND: "POS- and a CUSIP whose check digit is right",
    FUTURES_KIND: "FUT- and a contract code such as ZNM6",
}
_QUANTITIES_EXPECTED = {
    CASH_KIND: "dollars and whole cents, without separators",
    SECURITY_KIND: "dollars of par in whole multiples of $100, without separators",
    POSITION_KIND: "dollars of par in whole multiples of $100, without separators",
    FUTURES_KIND: "a whole number of contracts",
}


class RowCells:
    """The cells of a row while it is checked, and the faults found so far.

    Parameters
    ----------
    cells : mapping of column to text
        Blanks around a value are not part of it.
    line : int
        Of the file, the header being 1.
    """

    def __init__(self, cells: Mapping[str, str], line: int) -> None:
        self._cells = {name: text.strip() for name, text in cells.items()}
        self.line = line
        self.refusals: list[Refusal] = []

    def given(self, field: str) -> bool:
        """Whether the cell holds anything."""
        return bool(self._cells.get(field))

    def refuse(self, field: str, expected: str) -> None:
        """Note a fault."""
        value = shown(self._cells.get(field, ""))
        self.refusals.append(Refusal(field, value, expected, RULE, line=self.line))

    def text(self, field: str, *, default: str | None = None) -> str:
        """Return a name or an id; the default where the cell is blank, refused if there is none."""
        text = self._cells.get(field, "")
        if not text and default is not None:
            return default
        if not text:
            self.refuse(field, "a value: the column is required")
        elif len(text) > _LONGEST_TEXT or not text.isprintable():
            self.refuse(field, f"at most {_LONGEST_TEXT} printable characters")
        elif text.startswith(_NO_BEGINNINGS):
            self.refuse(field, "text that does not begin with = + - @ or an apostrophe")
        return text

    def blank(self, field: str, why: str) -> None:
        """Refuse a cell that holds something."""
        if self.given(field):
            self.refuse(field, f"blank: {why}")

    def choice(self, field: str, options: type[_E]) -> _E | None:
        """Return a word of a closed list; None after refusing another."""
        return self.parsed(field, options, "one of " + ", ".join(options))

    def parsed(self, field: str, parse: Callable[[str], _T], expected: str) -> _T | None:
        """Return what a cell says; None after refusing it."""
        try:
            return parse(self._cells.get(field, ""))
        except ValueError:
            self.refuse(field, expected)
            return None

    def optional(self, field: str, parse: Callable[[str], _T], expected: str) -> _T | None:
        """Return what a cell says; None if it is blank or after refusing it."""
        return self.parsed(field, parse, expected) if self.given(field) else None

    def asset(self, *kinds: str) -> str | None:
        """Return the asset of the row, one of some kinds; None after refusing it."""
        expected = " or ".join(_ASSETS_EXPECTED[kind] for kind in kinds)
        return self.parsed("asset", lambda text: _asset(text, kinds), expected)

    def quantity(self, asset: str, field: str = "quantity") -> int | None:
        """Return a quantity of an asset in whole cents, par or contracts; None after refusing."""
        kind = asset_kind(asset)
        expected = _QUANTITIES_EXPECTED[kind]
        return self.parsed(field, lambda text: _quantity(text, kind), expected)


def asset_kind(asset: str) -> str:
    """Return the kind of an asset, the part before its hyphen."""
    return asset.partition("-")[0]


def quantity_text(asset: str, quantity: int) -> str:
    """Return a quantity as a file has it.

    Examples
    --------
    >>> quantity_text("CASH-USD", 1_500_05), quantity_text("SEC-91282CMS7", 1_000)
    ('1500.05', '1000')
    """
    return str(Money(quantity)) if asset_kind(asset) == CASH_KIND else str(quantity)


def price(text: str) -> Decimal:
    """Return a price in points, more than zero.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not _PRICE.fullmatch(text) or not (value := Decimal(text)):
        raise ValueError(text)
    return value


def amount(text: str) -> Money:
    """Return an amount of money, more than zero.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not _CASH.fullmatch(text) or (money := money_from_decimal(text)).cents <= 0:
        raise ValueError(text)
    return money


def guarded(text: str) -> str:
    """Return a cell; an apostrophe goes before text that a spreadsheet would take for a formula."""
    if text.startswith(_FORMULA_BEGINNINGS) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _asset(text: str, kinds: tuple[str, ...]) -> str:
    kind, _, code = text.partition("-")
    if kind not in kinds:
        raise ValueError(text)
    if kind == CASH_KIND:
        good = code == "USD"
    elif kind == FUTURES_KIND:
        good = bool(_CONTRACT.fullmatch(code))
    else:
        good = bool(Cusip(code))
    if not good:
        raise ValueError(text)
    return text


def _quantity(text: str, kind: str) -> int:
    if kind == CASH_KIND:
        if not _CASH.fullmatch(text):
            raise ValueError(text)
        return money_from_decimal(text).cents
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    if kind != FUTURES_KIND and int(text) % _PAR_MULTIPLE:
        raise ValueError(text)
    return int(text)
