"""Refusals: what was wrong, where, and what was expected. One shape everywhere.

A refusal is a value. Readers collect them, so that one pass names every fault; a rule that says no
returns them; :class:`RefusedError` carries them out where nothing can be computed at all.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was refused.

    Parameters
    ----------
    field : str
        Column, key or argument that was at fault.
    value : str
        What was given, as text.
    expected : str
        What would have been accepted.
    rule : str
        The rule that says so: a ruling, a section of a source, an interface.
    file, line, column : optional
        Where it stands; lines count the header as 1, columns from 1.
    """

    field: str
    value: str
    expected: str
    rule: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def as_document(self) -> dict[str, str | int]:
        """Return the JSON shape, without what is not known."""
        document: dict[str, str | int] = {
            "field": self.field,
            "value": self.value,
            "expected": self.expected,
            "rule": self.rule,
        }
        for name in ("file", "line", "column"):
            place = getattr(self, name)
            if place is not None:
                document[name] = place
        return document

    def __str__(self) -> str:
        place = ":".join(
            str(part) for part in (self.file, self.line, self.column) if part is not None
        )
        where = f"{place}: " if place else ""
        return f"{where}{self.field} was {self.value!r}, expected {self.expected} ({self.rule})"


class RefusedError(Exception):
    """The input or a rule refused; carries every reason, not the first."""

    def __init__(self, *refusals: Refusal) -> None:
        if not refusals:
            raise ValueError("a refusal without a reason")
        super().__init__("; ".join(str(refusal) for refusal in refusals))
        self.refusals = tuple(refusals)


def refused(field: str, value: object, expected: str, rule: str) -> RefusedError:
    """Return an error with one refusal, ready to raise."""
    return RefusedError(Refusal(field=field, value=str(value), expected=expected, rule=rule))
