"""A parameter file, read: the set, what was kept unread, and the file's digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.span.records import Faults
from crossmargin.margin.cme.span.parameters import OWN_COMPLEX, SpanParameters


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record or element that is not read: where it stands, what it is, and its text."""

    line: int
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class LoadedSpan:
    """A parameter file.

    Parameters
    ----------
    parameters : SpanParameters
    kept : tuple of KeptRecord
        What is not read, at most the first thousand of each type.
    kept_counts : mapping of str to int
        How many there are of each type.
    record_counts : mapping of str to int
        How many records, or elements, were read of each type.
    form : str
        ``positional`` or ``xml``.
    sha256 : str
        Of the file's bytes.
    """

    parameters: SpanParameters
    kept: tuple[KeptRecord, ...]
    kept_counts: Mapping[str, int]
    record_counts: Mapping[str, int]
    form: str
    sha256: str


_KEPT_MAX = 1000


@dataclass(slots=True)
class Keeping:
    """Records that are not read, while a file is read."""

    records: list[KeptRecord] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def keep(self, line: int, type_: str, text: str) -> None:
        """Keep a record, or count it where there are too many of its type."""
        self.counts[type_] += 1
        if self.counts[type_] <= _KEPT_MAX:
            self.records.append(KeptRecord(line, type_, text))


def default_label(complex_: str, business_date: object, file: str) -> str:
    """Return whose set it is, as far as a file says: its exchange complex, date and name.

    Nothing in a file proves who made it, so the label names the file and claims no more.
    """
    if complex_ == OWN_COMPLEX:
        return f"a parameter set of our own, not CME's ({file}, {business_date})"
    return f"the parameter file {file} (exchange complex {complex_}, {business_date})"


def checked_parameters(faults: Faults, **given: Any) -> SpanParameters:
    """Return the parameter set, or refuse it where its parts do not hang together.

    Raises
    ------
    RefusedError
    """
    try:
        return SpanParameters(**given)
    except ValueError as error:
        faults.add("file", "", f"a parameter set that hangs together: {error}", None)
        raise RefusedError(*faults.all()) from None


def counted(types: Iterable[str]) -> dict[str, int]:
    """Return how many there are of each, by name."""
    return dict(sorted(Counter(types).items()))
