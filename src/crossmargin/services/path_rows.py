"""Rows of positions by date: each judged on its own date, none lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from crossmargin.arrangement.eligibility import (
    EligibilityRules,
    RecognisedLine,
    Recognition,
    recognise,
)
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import ClearingOrganization, PositionLine
from crossmargin.services.margin_day import MarginDay

_RULE = "methodology: position paths"


@dataclass(frozen=True, slots=True)
class PathInput:
    """A file of positions by date, read: good lines, faults, and the digest of its bytes."""

    name: str
    sha256: str
    row_count: int
    lines: tuple[tuple[date, PositionLine], ...]
    refusals: tuple[Refusal, ...]
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PathRows:
    """The good rows by their date, instruments as the date of the row names them."""

    dates: tuple[date, ...]
    lines: Mapping[date, tuple[RecognisedLine, ...]]
    skipped: tuple[Refusal, ...]


def path_rows(path: PathInput, day: MarginDay, *, skip_bad_rows: bool) -> PathRows:
    """Return a file's rows by date, each judged on its own date.

    Parameters
    ----------
    path : PathInput
    day : MarginDay
        The as-of date: what every issue is.
    skip_bad_rows : bool

    Raises
    ------
    RefusedError
        With every fault of every row, unless bad rows are to be skipped; if none is good.
    """
    rules = EligibilityRules.from_parameters(day.parameters.arrangement)
    by_date: dict[date, list[PositionLine]] = {}
    for on, line in path.lines:
        by_date.setdefault(on, []).append(line)
    refusals = list(path.refusals)
    good: dict[date, tuple[RecognisedLine, ...]] = {}
    for on, lines in sorted(by_date.items()):
        unknown = [_unknown(line, day, path.name) for line in lines]
        refusals += [refusal for refusal in unknown if refusal]
        known = [line for line, refusal in zip(lines, unknown, strict=True) if not refusal]
        found = recognise(
            known, as_of=on, securities=day.prices.prices, rules=rules, file=path.name
        )
        refusals += [*found.refusals, *_unsupported(found, path.name)]
        # A one-digit year is read on the row's own date, and kept.
        good[on] = tuple(
            replace(each, line=replace(each.line, instrument=_code(each)))
            for each in sorted((*found.eligible, *found.outside), key=lambda e: e.line.line)
        )
    placed = [
        refusal if refusal.column else replace(refusal, column=path.columns.get(refusal.field))
        for refusal in refusals
    ]
    placed.sort(key=lambda refusal: (refusal.line or 0, refusal.column or 0))
    if (placed and not skip_bad_rows) or not any(good.values()):
        expected = "at least one good row"
        nothing = Refusal("--path", path.name, expected, "reference: positions file")
        raise RefusedError(*(placed or [nothing]))
    return PathRows(tuple(sorted(good)), good, tuple(placed))


def _unknown(line: PositionLine, day: MarginDay, file: str) -> Refusal | None:
    at_ficc = line.clearing_organization is ClearingOrganization.FICC
    if not at_ficc or line.instrument in day.prices.prices:
        return None
    expected = f"a CUSIP of the price sheet of {day.as_of}: coupon and maturity are taken from it"
    return Refusal("instrument", line.instrument, expected, _RULE, file, line.line)


def _unsupported(found: Recognition, file: str) -> list[Refusal]:
    return [
        Refusal(
            "instrument",
            each.line.instrument,
            f"an instrument that a model covers: {each.text}",
            each.rule,
            file,
            each.line.line,
        )
        for each in found.unsupported
    ]


def _code(recognised: RecognisedLine) -> str:
    instrument = recognised.instrument
    if isinstance(instrument, FuturesContract):
        return instrument.code
    return instrument.cusip.text
