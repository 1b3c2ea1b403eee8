"""How the ratio of ours to theirs moves: one record a date and figure, and what a series says.

A record holds the totals of the lines that both sides have: a missing position is a break, counted
as such, and no drift of a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from fractions import Fraction

from crossmargin.services.reconciliation import Comparison, FileKind

_WHOLE = ("run", "line_count", "break_count", "revision")


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """One total of one reconciliation.

    Parameters
    ----------
    bus_date : str
        ISO.
    cycle : str
    run : int
    kind, figure : str
    ours, theirs : str
        Of the lines that both sides have; exact fractions as text, ``"7/2"`` or ``"7"``.
    line_count, break_count : int
    models : str
        Digest of the parameters and scenarios that made ours.
    sha256 : str
        Of the file that theirs is read from.
    revision : int
        1, and one more with each correction.
    """

    bus_date: str
    cycle: str
    run: int
    kind: str
    figure: str
    ours: str
    theirs: str
    line_count: int
    break_count: int
    models: str
    sha256: str
    revision: int = 1

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            kind = int if name in _WHOLE else str
            if type(value) is not kind:
                raise ValueError(f"{name} must be {kind.__name__}, was {value!r}")
        date.fromisoformat(self.bus_date)
        FileKind(self.kind)
        try:
            Fraction(self.ours), Fraction(self.theirs)
        except ZeroDivisionError:
            raise ValueError("ours and theirs must be numbers") from None

    @property
    def identity(self) -> tuple[str, str, int, str, str]:
        """What may stand once: date, cycle, run, kind and figure."""
        return (self.bus_date, self.cycle, self.run, self.kind, self.figure)

    @property
    def ratio(self) -> Fraction | None:
        """Ours over theirs; None where theirs is nothing."""
        theirs = Fraction(self.theirs)
        return Fraction(self.ours) / theirs if theirs else None

    def with_revision(self, revision: int) -> DriftRecord:
        """Return the record with another revision."""
        return replace(self, revision=revision)

    def as_document(self) -> dict[str, str | int]:
        """Return the JSON shape."""
        return asdict(self)

    @staticmethod
    def from_document(document: Mapping[str, object]) -> DriftRecord:
        """Return the record of a JSON shape.

        Raises
        ------
        ValueError
            If a key is missing, unknown or of another type.
        """
        names = set(DriftRecord.__dataclass_fields__)
        if set(document) != names:
            raise ValueError(f"the keys must be {', '.join(sorted(names))}")
        return DriftRecord(**document)  # type: ignore[arg-type]


def records_of(comparison: Comparison, *, models: str) -> tuple[DriftRecord, ...]:
    """Return one record a total of a reconciliation.

    Parameters
    ----------
    comparison : Comparison
    models : str
        Digest of what made our figures.
    """
    theirs = comparison.theirs
    return tuple(
        DriftRecord(
            bus_date=theirs.bus_date.isoformat(),
            cycle=theirs.cycle,
            run=theirs.run,
            kind=theirs.kind.value,
            figure=total.figure,
            ours=str(total.matched_ours),
            theirs=str(total.matched_theirs),
            line_count=total.line_count,
            break_count=total.break_count,
            models=models,
            sha256=theirs.sha256,
        )
        for total in comparison.totals
    )


@dataclass(frozen=True, slots=True)
class DriftSeries:
    """One figure over time.

    Parameters
    ----------
    kind, figure, cycle : str
    records : tuple of DriftRecord
        By date and run, the last revision of each.
    """

    kind: str
    figure: str
    cycle: str
    records: tuple[DriftRecord, ...]

    @property
    def ratios(self) -> tuple[Fraction, ...]:
        """Those that are defined, in order."""
        return tuple(record.ratio for record in self.records if record.ratio is not None)

    @property
    def last(self) -> Fraction | None:
        """The newest ratio."""
        return self.ratios[-1] if self.ratios else None

    @property
    def mean(self) -> Fraction | None:
        """The mean of the ratios."""
        return sum(self.ratios, Fraction(0)) / len(self.ratios) if self.ratios else None

    @property
    def largest_move(self) -> Fraction | None:
        """The change from one record to the next that is largest in size, with its sign."""
        moves = [b - a for a, b in zip(self.ratios, self.ratios[1:], strict=False)]
        return max(moves, key=abs) if moves else None


def series_of(records: Iterable[DriftRecord]) -> tuple[DriftSeries, ...]:
    """Return the series by kind, figure and cycle."""
    last = {record.identity: record for record in records}
    grouped: dict[tuple[str, str, str], list[DriftRecord]] = {}
    for record in sorted(last.values(), key=lambda r: r.identity):
        grouped.setdefault((record.kind, record.figure, record.cycle), []).append(record)
    return tuple(DriftSeries(*place, tuple(group)) for place, group in sorted(grouped.items()))
