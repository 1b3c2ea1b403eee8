"""Axes: from values to pixels, and where the ticks stand and what they say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

_PADDING = 0.05
_TICKS = 6
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120)
_MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis over a run of pixels.

    Parameters
    ----------
    kind : str
        ``linear``, ``date`` or ``category``.
    low, high : float
        Values at both ends: numbers, days, or places of categories.
    start, stop : float
        Pixels at both ends.
    categories : tuple of str
    ticks : tuple of (value, text)
    """

    kind: str
    low: float
    high: float
    start: float
    stop: float
    categories: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]

    def value(self, raw: Any) -> float:
        """Return a trace's value as a number of the axis."""
        if self.kind == "category":
            return float(self.categories.index(str(raw)))
        return _plain(raw, self.kind)

    def pixel(self, value: float) -> float:
        """Return where a value of the axis lies."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)

    @property
    def step_pixels(self) -> float:
        """Pixels from one whole value to the next: the room of a category."""
        return abs(self.stop - self.start) / (self.high - self.low)


def scale_of(
    axis: Mapping[str, Any],
    values: Sequence[Any],
    *,
    start: float,
    stop: float,
    holds_zero: bool,
) -> Scale:
    """Return the axis for the values of its traces.

    Parameters
    ----------
    axis : mapping
        Plotly's axis.
    values : sequence
        Every value of every trace on it; None is left out.
    start, stop : float
        Pixels of the low and of the high end.
    holds_zero : bool
        Whether bars begin on it.

    Raises
    ------
    ValueError
        If the axis has a kind that ``charts`` does not use.
    """
    kind = axis.get("type", "linear")
    known = [value for value in values if value is not None]
    if axis.get("autorange") == "reversed":
        start, stop = stop, start
    if kind == "category":
        categories = _categories(axis, known)
        ticks = tuple((float(place), text) for place, text in enumerate(categories))
        return Scale(kind, -0.5, len(categories) - 0.5, start, stop, categories, ticks)
    if kind not in ("linear", "date"):
        raise ValueError(f"an axis of kind {kind!r} is not drawn")
    if axis.get("range"):
        low, high = (_plain(end, kind) for end in axis["range"])
    else:
        low, high = _ends(axis, [_plain(value, kind) for value in known], holds_zero=holds_zero)
    count = int(axis.get("nticks") or _TICKS)
    ticks = (
        _date_ticks(low, high)
        if kind == "date"
        else _number_ticks(low, high, axis.get("tickformat") or "", count)
    )
    return Scale(kind, low, high, start, stop, (), ticks)


def _plain(raw: Any, kind: str) -> float:
    return float(date.fromisoformat(raw).toordinal()) if kind == "date" else float(raw)


def _categories(axis: Mapping[str, Any], values: Iterable[Any]) -> tuple[str, ...]:
    named = axis.get("categoryarray") or ()
    return tuple(dict.fromkeys([*map(str, named), *map(str, values)]))


def _ends(
    axis: Mapping[str, Any], values: Sequence[float], *, holds_zero: bool
) -> tuple[float, float]:
    to_zero = holds_zero or axis.get("rangemode") == "tozero"
    every = [*values, 0.0] if to_zero else list(values) or [0.0]
    low, high = min(every), max(every)
    if low == high:
        low, high = low - 0.5, high + 0.5
    pad = (high - low) * _PADDING
    # An end at zero that bars or the axis begin on stays there.
    return (low if to_zero and low == 0.0 else low - pad), high + (0.0 if high == 0.0 else pad)


def _number_ticks(
    low: float, high: float, layout: str, count: int
) -> tuple[tuple[float, str], ...]:
    raw = (high - low) / max(count - 1, 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * each for each in _STEPS if size * each >= raw * (1 - 1e-9))
    if layout in ("d", ",d"):
        step = max(1.0, float(math.ceil(step)))
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return tuple((place * step, number_text(place * step, layout)) for place in places)


def number_text(value: float, layout: str) -> str:
    """Return a number in one of the formats that ``charts`` uses.

    Examples
    --------
    >>> number_text(98.96, ".1f"), number_text(1500.0, ",d"), number_text(0.30000000000000004, "~g")
    ('99.0', '1,500', '0.3')
    """
    if layout in ("d", ",d"):
        return f"{round(value):{layout}}"
    if layout in (".1f", ".2f"):
        return f"{value:{layout}}"
    if layout == ",~f":
        return f"{value:,.6f}".rstrip("0").rstrip(".")
    return f"{value:.6g}"


def _date_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    first, last = date.fromordinal(math.ceil(low)), date.fromordinal(math.floor(high))
    months = (last.year - first.year) * _MONTHS_OF_YEAR + last.month - first.month
    step = next((each for each in _MONTH_STEPS if months / each <= _TICKS + 2), _MONTH_STEPS[-1])
    ticks: list[tuple[float, str]] = []
    month = first.year * _MONTHS_OF_YEAR + first.month - 1
    while True:
        day = date(month // _MONTHS_OF_YEAR, month % _MONTHS_OF_YEAR + 1, 1)
        if day > last:
            return tuple(ticks)
        if day >= first and month % min(step, _MONTHS_OF_YEAR) == 0 and _year_fits(day, step):
            text = str(day.year) if step >= _MONTHS_OF_YEAR else f"{day.year}-{day.month:02d}"
            ticks.append((float(day.toordinal()), text))
        month += 1


def _year_fits(day: date, step: int) -> bool:
    return step <= _MONTHS_OF_YEAR or day.year % (step // _MONTHS_OF_YEAR) == 0
