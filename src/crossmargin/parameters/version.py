"""One dated version of a parameter or of a model: what stands in a parameter file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.parameters.domain import Domain
from crossmargin.parameters.notation import number_of

#: What a version whose effective date is not known has in its place.
PENDING = "unknown"


class Status(StrEnum):
    """How a value is known."""

    SOURCED = "sourced"
    RECALLED = "recalled"
    INFERRED = "inferred"
    DERIVED = "derived"
    ASSUMED = "assumed"


#: Statuses of values that another reader may take otherwise: a range is due, or why there is none.
UNCERTAIN = (Status.RECALLED, Status.INFERRED, Status.ASSUMED)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of one parameter from one date on.

    Parameters
    ----------
    name : str
        ``snake_case``, the unit last where there is one.
    value : str
        As written; decimals are strings, so that they stay exact.
    unit : str
        ``ratio``, ``years``, ``business days``, ``choice`` and the like.
    source : str
        Where it is written, or how it was derived.
    status : Status
    effective_from : date or None
        None where the date is not known: such a version is pending, never in force by itself.
    effective_to : date or None
        Last day in force; None where only the next version ends it.
    low, high : str or None
        The ends of what a reasonable reader may take instead; of a choice, the alternatives.
    range_source : str or None
        Why these ends.
    no_range : str or None
        Why no other values are stated; never beside a range.
    domain : Domain or None
        What the parameter may hold; the same for every version. Not part of :meth:`as_document`,
        which is what a digest is made of: it changes no figure.
    """

    name: str
    value: str
    unit: str
    source: str
    status: Status
    effective_from: date | None
    effective_to: date | None = None
    low: str | None = None
    high: str | None = None
    range_source: str | None = None
    no_range: str | None = None
    domain: Domain | None = None

    def __post_init__(self) -> None:
        for attribute in ("name", "unit", "source"):
            if not getattr(self, attribute):
                raise ValueError(f"parameter {self.name!r} has no {attribute}")

    @property
    def is_pending(self) -> bool:
        """Whether its effective date is not known."""
        return self.effective_from is None

    @property
    def since(self) -> str:
        """The first day in force as ISO text, or ``unknown``."""
        return PENDING if self.effective_from is None else self.effective_from.isoformat()

    @property
    def has_range(self) -> bool:
        """Whether other values are stated."""
        return self.low is not None

    @property
    def is_uncertain(self) -> bool:
        """Whether the value is neither sourced nor derived."""
        return self.status in UNCERTAIN

    @property
    def range_text(self) -> str:
        """The range for people, empty where there is none."""
        return f"{self.low} to {self.high}" if self.has_range else ""

    @property
    def domain_text(self) -> str:
        """What the parameter may hold, for people; empty where it is not said."""
        return "" if self.domain is None else self.domain.words(self.unit)

    def as_document(self) -> dict[str, str]:
        """Return the JSON shape; what the version does not state is left out."""
        document = {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "source": self.source,
            "status": self.status.value,
            "effective_from": self.since,
        }
        if self.effective_to is not None:
            document["effective_to"] = self.effective_to.isoformat()
        if self.low is not None and self.high is not None:
            document |= {"low": self.low, "high": self.high}
            document["range_source"] = self.range_source or ""
        if self.no_range is not None:
            document["no_range"] = self.no_range
        return document


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of what a parameter file belongs to, with its review status.

    Parameters
    ----------
    version : str
    name : str
        What the model is, for people.
    effective_from : date
    review : str
        Who has reviewed this version; ruling 32: no agency has.
    """

    version: str
    name: str
    effective_from: date
    review: str

    def as_document(self) -> dict[str, str]:
        """Return the JSON shape."""
        return {
            "version": self.version,
            "name": self.name,
            "effective_from": self.effective_from.isoformat(),
            "review": self.review,
        }


def kind_of(value: str) -> str:
    """Return what a value is made of: ``number``, ``date range``, ``text`` or ``mixed``.

    Examples
    --------
    >>> kind_of("0.25, 1"), kind_of("2008-07-01..2009-06-30"), kind_of("kth_largest")
    ('number', 'date range', 'text')
    >>> kind_of("1e9"), kind_of("0_7")
    ('text', 'text')
    """
    kinds = {_kind_of_one(part.strip()) for part in value.split(",")}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _kind_of_one(text: str) -> str:
    try:
        number_of(text)
    except ValueError:
        return "date range" if ".." in text else "text"
    return "number"
