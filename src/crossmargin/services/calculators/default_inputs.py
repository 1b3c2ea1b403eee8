"""What the calculators of the default rules share: inputs by name, and figures as text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.money import Money
from crossmargin.services.calculators.inputs import Input, Kind

_K = TypeVar("_K", bound=str)
_ZERO = Decimal(0)
_PLACES = 12
#: What every rule says of its exact figures.
EXACT = (
    f"Shares are exact, shown to {_PLACES} decimals where they do not end; in_cents are whole "
    "cents by the largest remainder, ties by name."
)


def amount(name: str, meaning: str, *, is_signed: bool = False, required: bool = True) -> Input:
    """Return an input in US dollars, not negative unless it is signed."""
    unit = "US dollars" if is_signed else "US dollars, not negative"
    minimum = None if is_signed else _ZERO
    return Input(name, Kind.MONEY, f"{meaning}, {unit}", required=required, minimum=minimum)


def amounts(
    name: str,
    each: str,
    meaning: str,
    *,
    is_signed: bool = False,
    required: bool = True,
    may_be_empty: bool = False,
) -> Input:
    """Return an input with an amount under each name; ``each`` says whose name."""
    inner = amount(each, f"of one {each}", is_signed=is_signed)
    least = None if may_be_empty else Decimal(1)
    return Input(name, Kind.NAMED, meaning, required=required, minimum=least, inputs=(inner,))


def choice(name: str, meaning: str, choices: tuple[str, ...], default: str) -> Input:
    """Return an optional input that is one of the words, its default in its meaning."""
    text = f"{meaning}; default {default}"
    return Input(name, Kind.TEXT, text, required=False, choices=choices)


def dollars(exact: Fraction) -> str:
    """Return dollars as they are, to two decimals or as many as they have up to twelve.

    Examples
    --------
    >>> dollars(Fraction(125)), dollars(Fraction(9500, 12))
    ('125.00', '791.666666666667')
    """
    return _shortened(exact, 2)


def rate(exact: Fraction) -> str:
    """Return a ratio to six decimals or as many as it has up to twelve."""
    return _shortened(exact, 6)


def all_dollars(exact: Mapping[_K, Fraction]) -> dict[str, str]:
    """Return the text of each."""
    return {str(name): dollars(each) for name, each in exact.items()}


def all_money(of: Mapping[_K, Money]) -> dict[str, str]:
    """Return the text of each."""
    return {str(name): str(each) for name, each in of.items()}


def _shortened(exact: Fraction, least: int) -> str:
    whole, _, decimals = format_ratio(exact, places=_PLACES).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(least, '0')}"
