"""What a parameter may hold: its domain, declared beside its value, as a check and in words.

A parameter file says it with the value, in the first version of each parameter::

    [coverage]
    value = "0.99"
    unit = "ratio"
    above = "0"
    below = "1"

A number without ``form`` is a single number, a value with ``choices`` one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from crossmargin.parameters.notation import (
    NONE,
    NUMERIC,
    Form,
    number_of,
    ordinal_of,
    parts_of,
    scalars,
)

_DATES = (Form.DATE, Form.DATE_RANGE, Form.DATE_RANGES)
_NOUNS: Mapping[Form, str] = {
    Form.NUMBER: "a {kind}",
    Form.NUMBERS: "{kind}s separated by commas",
    Form.PAIRS: "pairs of numbers as in 25.3/30, the first no more than the second",
    Form.BY_PRODUCT: "a {kind} for each of {choices}, as in ZT:0.5, ZF:0.5",
    Form.BY_DATE: "none, or a {kind} for each date, as in 2026-11-04: 0.10",
    Form.CHOICE: "one of {choices}",
    Form.CHOICES: "any of {choices}, each once, separated by commas",
    Form.DATE: "a date (as in 2026-03-24)",
    Form.DATE_RANGE: "a date range (as in 2008-07-01..2009-06-30)",
    Form.DATE_RANGES: "date ranges (as in 2008-07-01..2009-06-30) separated by commas",
    Form.TIME: "a time and zone (as in 12:00 America/New_York), the zone one of {choices}",
}


@dataclass(frozen=True, slots=True)
class Domain:
    """What a parameter may hold.

    Parameters
    ----------
    form : Form
    minimum, maximum : str or None
        Ends that belong to the domain, of every number or date of the value.
    above, below : str or None
        Ends that do not belong to it.
    whole : bool
        Every number is whole.
    choices : tuple of str
        What may stand; of numbers by product the products, of a time the zones.
    ascending : bool
        Each number is above the one before.
    disjoint : bool
        No day lies in two of the ranges.
    first : str or None
        The first number.
    count, fewest : str or None
        How many numbers, exactly or at least.
    length_of : tuple of str
        As many numbers as these parameters of the owner have together.
    within_buckets_of : str or None
        As many numbers as that parameter has lower ends, each in its bucket.
    no_more_than : str or None
        Not above that parameter, a date not later, a time not later and in the same zone.

    Examples
    --------
    >>> share = Domain(above="0", below="1")
    >>> share.holds("0.99"), share.holds("7"), share.words("ratio")
    (True, False, 'a ratio above 0 and below 1')
    >>> Domain(Form.NUMBERS, minimum="0", ascending=True).holds("0, 5, 5")
    False
    """

    form: Form = Form.NUMBER
    minimum: str | None = None
    maximum: str | None = None
    above: str | None = None
    below: str | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()
    ascending: bool = False
    disjoint: bool = False
    first: str | None = None
    count: str | None = None
    fewest: str | None = None
    length_of: tuple[str, ...] = ()
    within_buckets_of: str | None = None
    no_more_than: str | None = None

    @property
    def relations(self) -> tuple[str, ...]:
        """The other parameters of the owner that the value must fit."""
        others = (self.within_buckets_of, self.no_more_than)
        return (*self.length_of, *(other for other in others if other is not None))

    def holds(self, text: str) -> bool:
        """Whether a value, seen by itself, is in the domain."""
        try:
            values, names = scalars(self.form, text), self.names(text)
        except ValueError:
            return False
        return (
            all(map(self._within, values))
            and self._fits_in_order(values)
            and self._is_choice(names)
        )

    def fits(self, text: str, others: Mapping[str, tuple[Domain, str]]) -> bool:
        """Whether a value of the domain fits values of other parameters.

        Parameters
        ----------
        text : str
        others : mapping of name to (Domain, str)
            Whatever of :attr:`relations` is not in it, or not in its own domain, is not looked at.
        """
        known = {
            name: others[name]
            for name in self.relations
            if name in others and others[name][0].holds(others[name][1])
        }
        values = scalars(self.form, text)
        if self.length_of and all(name in known for name in self.length_of):
            lengths = [len(scalars(known[name][0].form, known[name][1])) for name in self.length_of]
            if len(values) != sum(lengths):
                return False
        if self.within_buckets_of in known:
            domain, value = known[self.within_buckets_of]
            if not _in_buckets(values, scalars(domain.form, value)):
                return False
        if self.no_more_than in known:
            domain, value = known[self.no_more_than]
            return values <= scalars(domain.form, value) and self.names(text) == domain.names(value)
        return True

    def words(self, unit: str, text: str | None = None) -> str:
        """Return the domain for people: what is expected, with the unit.

        Parameters
        ----------
        unit : str
        text : str, optional
            A value that is refused: what is not plain about its numbers is said too.
        """
        kind = "whole number" if self.whole else "number"
        if unit == "ratio" and self.form is Form.NUMBER:
            kind = "ratio"
        told = _NOUNS[self.form].format(kind=kind, choices=", ".join(self.choices))
        if ends := self._ends():
            told += f" {ends}" if self.form in {Form.NUMBER, Form.DATE} else f", each {ends}"
        told = ", ".join([told, *self._rest()])
        if text is not None and not self._is_plain(text):
            told += ", in plain decimal notation as in 0.75"
        return f"{told} ({unit})" if self.form in NUMERIC and unit != "ratio" else told

    def as_document(self) -> dict[str, object]:
        """Return the keys of a parameter file that say it; those that do not are left out."""
        document: dict[str, object] = {}
        for key in KEYS:
            value = getattr(self, key)
            if value not in (None, False, ()):
                document[key] = list(value) if isinstance(value, tuple) else value
        return document

    def _ends(self) -> str:
        if self.minimum is not None and self.maximum is not None:
            return f"from {self.minimum} to {self.maximum}"
        ends = (
            ("at least", self.minimum),
            ("above", self.above),
            ("at most", self.maximum),
            ("below", self.below),
        )
        return " and ".join(f"{word} {end}" for word, end in ends if end is not None)

    def _rest(self) -> list[str]:
        later = "not later than" if self.form in {Form.DATE, Form.TIME} else "no more than"
        told = {
            f"the first {self.first}": self.first,
            f"exactly {self.count} of them": self.count,
            f"at least {self.fewest} of them": self.fewest,
            "ascending": self.ascending,
            "no day in two of them": self.disjoint,
            f"as many as {' and '.join(self.length_of)}": self.length_of,
            f"one in each bucket of {self.within_buckets_of}": self.within_buckets_of,
            f"{later} {self.no_more_than}": self.no_more_than,
        }
        return [words for words, stated in told.items() if stated]

    def _is_plain(self, text: str) -> bool:
        """Whether a value of numbers has its form, however large they are."""
        if self.form not in NUMERIC:
            return True
        try:
            return bool(scalars(self.form, text)) or text == NONE
        except ValueError:
            return False

    def _within(self, value: Fraction) -> bool:
        bound = ordinal_of if self.form in _DATES else number_of
        return not (
            (self.minimum is not None and value < bound(self.minimum))
            or (self.maximum is not None and value > bound(self.maximum))
            or (self.above is not None and value <= bound(self.above))
            or (self.below is not None and value >= bound(self.below))
            or (self.whole and value.denominator != 1)
        )

    def _fits_in_order(self, values: Sequence[Fraction]) -> bool:
        ranges = sorted(zip(values[::2], values[1::2], strict=False))
        return not (
            (self.first is not None and values[0] != number_of(self.first))
            or (self.count is not None and len(values) != int(self.count))
            or (self.fewest is not None and len(values) < int(self.fewest))
            or (self.ascending and any(one >= two for one, two in pairwise(values)))
            or (self.disjoint and any(one[1] >= two[0] for one, two in pairwise(ranges)))
        )

    def names(self, text: str) -> list[str]:
        """Return what a value names: its choices, its products or dates, the zone of a time."""
        if self.form is Form.CHOICE:
            return [text]
        if self.form is Form.TIME:
            return [text.partition(" ")[2]]
        if self.form is Form.CHOICES:
            return parts_of(text)
        if self.form in {Form.BY_PRODUCT, Form.BY_DATE} and text != NONE:
            return [part.partition(":")[0] for part in parts_of(text)]
        return []

    def _is_choice(self, names: Sequence[str]) -> bool:
        if len(set(names)) < len(names) or (self.choices and not set(names) <= set(self.choices)):
            return False
        return self.form is not Form.BY_PRODUCT or len(names) == len(self.choices)


_FLAGS = ("whole", "ascending", "disjoint")
_LISTS = ("choices", "length_of")
_TEXTS = (
    *("form", "minimum", "maximum", "above", "below", "first", "count", "fewest"),
    *("within_buckets_of", "no_more_than"),
)
#: The keys of a parameter file that declare a domain.
KEYS = (
    *("form", "minimum", "maximum", "above", "below", "whole", "choices"),
    *("ascending", "disjoint", "first", "count", "fewest"),
    *("length_of", "within_buckets_of", "no_more_than"),
)


def domain_of(table: Mapping[str, object]) -> Domain | None:
    """Return the domain that a table's domain keys declare, None where it has none.

    Raises
    ------
    ValueError
        With the key, its value and what was expected, as three arguments.
    """
    stated = {key: table[key] for key in KEYS if key in table}
    for key, value in stated.items():
        _check_key(key, value)
    if not stated:
        return None
    form = stated.pop("form", Form.CHOICE if "choices" in stated else Form.NUMBER)
    lists = {key: tuple(each) for key, each in stated.items() if isinstance(each, list)}
    keys: dict[str, object] = {**stated, **lists, "form": Form(str(form))}
    domain = Domain(**keys)  # type: ignore[arg-type]  # each key was checked above
    for key in ("minimum", "maximum", "above", "below", "first", "count", "fewest"):
        _check_bound(domain, key)
    return domain


def _check_key(key: str, value: object) -> None:
    expected = ""
    if key in _FLAGS and value is not True:
        expected = "true, or no such key"
    elif key in _LISTS and not (
        isinstance(value, list) and value and all(isinstance(each, str) for each in value)
    ):
        expected = "a list of texts"
    elif key in _TEXTS and not isinstance(value, str):
        expected = "a text in quotes, so that it is exact"
    elif key == "form" and value not in list(Form):
        expected = f"one of {', '.join(Form)}"
    if expected:
        raise ValueError(key, value, expected)


def _check_bound(domain: Domain, key: str) -> None:
    text = getattr(domain, key)
    is_date = domain.form in _DATES
    try:
        if text is not None:
            (ordinal_of if is_date else number_of)(text)
    except ValueError:
        raise ValueError(key, text, "a date" if is_date else "a plain decimal number") from None


def _in_buckets(values: Sequence[Fraction], lower: Sequence[Fraction]) -> bool:
    """Whether each value lies from its lower end on and below the next one."""
    if len(values) != len(lower):
        return False
    below = all(value < end for value, end in zip(values, lower[1:], strict=False))
    return below and all(value >= low for value, low in zip(values, lower, strict=True))
