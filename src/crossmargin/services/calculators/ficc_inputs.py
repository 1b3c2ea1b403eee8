"""What the calculators of FICC's charges share: inputs with their defaults, refusals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.calendars import FIRST_YEAR, LAST_YEAR, sifma_calendar
from crossmargin.services.calculators.inputs import Input, Kind, Values

ZERO_DECIMAL, ONE_DECIMAL = Decimal(0), Decimal(1)
_LARGEST_COUNT = Decimal(10_000)
_NOT_NEGATIVE = "US dollars, not negative"
GAIN_NEGATIVE = "a gain is negative"
LONG_POSITIVE = "signed, long positive"
BUSINESS_DAY = f"a business day of FICC from {FIRST_YEAR} to {LAST_YEAR - 1}"


def is_ficc_day(values: Values, name: str) -> bool:
    """Return whether a date that was given is a business day of FICC."""
    day = values.day(name)
    # A year is left for the days that follow.
    return FIRST_YEAR <= day.year < LAST_YEAR and sifma_calendar().is_business_day(day)


def money(name: str, meaning: str, *, sign: str = "", required: bool = True) -> Input:
    """Return an input in dollars; ``sign`` says what a negative one is, none may be without."""
    unit = f"US dollars; {sign}" if sign else _NOT_NEGATIVE
    minimum = None if sign else ZERO_DECIMAL
    return Input(name, Kind.MONEY, f"{meaning}, {unit}", required=required, minimum=minimum)


def ratio(name: str, meaning: str, default: Fraction, *, maximum: Decimal | None = None) -> Input:
    """Return an optional input that is a number, its default in its meaning."""
    text = f"{meaning}; default {plain(default)}"
    return Input(name, Kind.DECIMAL, text, required=False, minimum=ZERO_DECIMAL, maximum=maximum)


def plain(number: Fraction) -> str:
    """Return a number without zeros at its end."""
    return format_ratio(number, places=6).rstrip("0").rstrip(".")


def chosen(values: Values, name: str, default: Fraction) -> Fraction:
    """Return a number that was given, or the default."""
    return Fraction(values.decimal(name)) if name in values else default


def refuse_unless(is_right: bool, field: str, value: object, expected: str, rule: str) -> None:
    """Refuse one input unless it is right."""
    if not is_right:
        raise RefusedError(Refusal(field, str(value), expected, rule))


def count(name: str, meaning: str, default: int | None = None) -> Input:
    """Return an optional input that is a whole number, one or more."""
    text = meaning if default is None else f"{meaning}; default {default}"
    return Input(
        name, Kind.DECIMAL, text, required=False, minimum=ONE_DECIMAL, maximum=_LARGEST_COUNT
    )


def whole(values: Values, name: str, default: int) -> int:
    """Return a whole number that was given, or the default."""
    if name not in values:
        return default
    number = values.decimal(name)
    is_whole = number == number.to_integral_value()
    refuse_unless(is_whole, name, number, "a whole number", "ruling 29")
    return int(number)
