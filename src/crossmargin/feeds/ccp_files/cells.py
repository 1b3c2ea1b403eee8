"""Cells of a clearing organization's file: strict, each refusal with what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.refusals import RefusedError
from crossmargin.product.futures import parse_contract

_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,18})?")
_THOUSANDS = re.compile(r"-?[0-9]{1,3}([,' ][0-9]{3})+(\.[0-9]+)?")
_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_RUN = re.compile(r"[1-9][0-9]{0,8}")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def number(text: str) -> Fraction:
    """Return a plain decimal exactly.

    Raises
    ------
    ValueError
        Saying what was expected: no separators of thousands, no negative in parentheses.

    Examples
    --------
    >>> number("-12.50")
    Fraction(-25, 2)
    """
    if _NUMBER.fullmatch(text):
        return Fraction(text)
    if _THOUSANDS.fullmatch(text):
        raise ValueError("a plain decimal without separators of thousands")
    if text.startswith("(") and text.endswith(")"):
        raise ValueError("a plain decimal, a negative one with a minus sign, not in parentheses")
    raise ValueError("a plain decimal of at most 20 digits, and 18 after the point")


def bus_date(text: str) -> date:
    """Return a date written mm/dd/yyyy."""
    match = _DATE.fullmatch(text)
    try:
        if match:
            month, day, year = map(int, match.groups())
            return date(year, month, day)
    except ValueError:
        pass
    raise ValueError("a date as mm/dd/yyyy")


def run_number(text: str) -> int:
    """Return a positive whole number."""
    if not _RUN.fullmatch(text):
        raise ValueError("a positive whole number")
    return int(text)


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """Return a reader of one of some words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return text

    return read


def cusip(text: str) -> str:
    """Return a CUSIP with the right check digit."""
    try:
        return Cusip(text).text
    except ValueError as error:
        raise ValueError(f"a CUSIP of nine characters with its check digit ({error})") from None


def contract_reader(as_of: date) -> Callable[[str], str]:
    """Return a reader of contract codes: one- or two-digit years, as our outputs write them."""

    def read(text: str) -> str:
        try:
            return parse_contract(text, as_of=as_of).code
        except RefusedError as error:
            raise ValueError(error.refusals[0].expected) from None

    return read


def safe_text(text: str) -> str:
    """Return text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> safe_text("=1+1"), plain_text("'=1+1"), safe_text("FUND"), safe_text("'=A")
    ("'=1+1", '=1+1', 'FUND', "''=A")
    """
    return f"'{text}" if _is_formula(text.lstrip("'")) else text


def plain_text(text: str) -> str:
    """Return the text that :func:`safe_text` was given."""
    return text[1:] if text.startswith("'") and _is_formula(text.lstrip("'")) else text


def _is_formula(text: str) -> bool:
    return text.startswith(_FORMULA_STARTS)
