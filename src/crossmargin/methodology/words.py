"""Figures as words, and values read from where they stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.money import Money
from crossmargin.methodology.inputs import PackInputs
from crossmargin.methodology.values import Value

_MONTHS_PER_YEAR = 12
_PER_CENT = 100


def parameter(inputs: PackInputs, name: str) -> Value:
    """Return a parameter's value as it stands, with ``owner.name`` as its origin."""
    owner, _, short = name.partition(".")
    return Value(inputs.parameters[owner].text(short), name)


def share(inputs: PackInputs, name: str) -> Value:
    """Return a parameter that is a ratio, as per cent."""
    owner, _, short = name.partition(".")
    return Value(per_cent(inputs.parameters[owner].ratio(short)), name)


def result(text: object, origin: str) -> Value:
    """Return a result as a value."""
    return Value(f"{text:,}" if isinstance(text, int) else str(text), origin)


def per_cent(ratio: Fraction | float | None, places: int = 1) -> str:
    """Return a ratio as per cent, a dash where there is none.

    Examples
    --------
    >>> per_cent(Fraction(4, 5)), per_cent(Fraction(-1, 300)), per_cent(None)
    ('80 %', '-0.3 %', '-')
    """
    if ratio is None:
        return "-"
    text = format_ratio(Fraction(ratio) * _PER_CENT, places=places)
    return f"{Decimal(text).normalize():f} %"


def dollars(amount: Money) -> str:
    """Return money in whole dollars, rounded up, with separators.

    Examples
    --------
    >>> dollars(Money(1_234_567_01))
    '1,234,568'
    """
    return f"{-(-amount.cents // 100):,}"


def whole_dollars(value: Fraction) -> str:
    """Return exact dollars rounded to whole ones, with separators.

    Examples
    --------
    >>> whole_dollars(Fraction(-12345, 10)), whole_dollars(Fraction(-1, 3))
    ('-1,234', '0')
    """
    return f"{round(value):,}"


def figure_text(value: float | None, places: int) -> str:
    """Return a figure with so many decimals, a dash where there is none."""
    return "-" if value is None else f"{value:.{places}f}"


def tenor(years: float) -> str:
    """Return a tenor in months under a year, else in years.

    Examples
    --------
    >>> tenor(0.25), tenor(7.0)
    ('3M', '7Y')
    """
    return f"{_MONTHS_PER_YEAR * years:.0f}M" if years < 1 else f"{years:g}Y"


def day(value: date) -> str:
    """Return an ISO date."""
    return value.isoformat()
