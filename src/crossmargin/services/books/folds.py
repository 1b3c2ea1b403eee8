"""Folds: what is made of records one after the other, without reading them anew each time.

State is a fold over what is written, and what is written never changes: a process that has folded
up to a record goes on from there. A store keeps the states between works, and lends each to one
work at a time; what a work did that wrote and was not committed is thrown away, and the next one
folds from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from crossmargin.basics.records import Record

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Fold(Generic[S]):
    """What is made of the records of some streams.

    Parameters
    ----------
    name : str
        What a store keeps its state by: two folds that differ have two names.
    streams : tuple of str
    empty : callable
        Makes the state of no records.
    take : callable
        Changes a state by the next record, as written.
    """

    name: str
    streams: tuple[str, ...]
    empty: Callable[[], S]
    take: Callable[[S, Record], None]


@dataclass(slots=True)
class Folded:
    """A state, and the last record in it.

    Parameters
    ----------
    state : object
    sequence : int
        Of the last record; 0 before the first.
    digest : str
        Of the last record.
    """

    state: Any
    sequence: int = 0
    digest: str = ""


#: The number of a record in its store, its digest, and the record when it is asked for.
Row = tuple[int, str, Callable[[], Record]]
#: Returns the rows of some streams from a number on, that one counted, as written.
Rows = Callable[[tuple[str, ...], int], Iterable[Row]]


class KeptFolds:
    """The states that a store keeps between works."""

    def __init__(self) -> None:
        self._kept: dict[str, Folded] = {}

    def take_out(self, name: str) -> Folded | None:
        """Return a state and keep it no longer, or None: another work has it, or nobody had."""
        return self._kept.pop(name, None)

    def put_back(self, name: str, folded: Folded) -> None:
        """Keep a state of which every record is committed."""
        self._kept[name] = folded


class WorkFolds:
    """The states that one work has been lent.

    Parameters
    ----------
    kept : KeptFolds
    rows : callable
        Reads the store as this work sees it.
    """

    def __init__(self, kept: KeptFolds, rows: Rows) -> None:
        self._kept, self._rows = kept, rows
        self._lent: dict[str, Folded] = {}
        self._is_clean = True

    def read(self, fold: Fold[S]) -> S:
        """Return the state of a fold with every record that this work sees.

        It goes on changing as the work reads on, and belongs to it alone until it ends.
        """
        folded = self._lent.pop(fold.name, None) or self._kept.take_out(fold.name)
        if folded is None or not self._taken(fold, folded):
            folded = Folded(fold.empty())
            self._taken(fold, folded)
        self._lent[fold.name] = folded
        state: S = folded.state
        return state

    def wrote(self) -> None:
        """Note that a record was written that is not committed."""
        self._is_clean = False

    def committed(self) -> None:
        """Note that everything written is committed."""
        self._is_clean = True

    def end(self) -> None:
        """Give the states back, if the store has what they have."""
        if self._is_clean:
            for name, folded in self._lent.items():
                self._kept.put_back(name, folded)
        self._lent.clear()

    def _taken(self, fold: Fold[Any], folded: Folded) -> bool:
        """Take in what came after a state; False if the store does not have its last record."""
        rows = iter(self._rows(fold.streams, folded.sequence))
        if folded.sequence and not self._is_last(next(rows, None), folded):
            return False
        for sequence, digest, record in rows:
            fold.take(folded.state, record())
            folded.sequence, folded.digest = sequence, digest
        return True

    @staticmethod
    def _is_last(row: Row | None, folded: Folded) -> bool:
        return row is not None and (row[0], row[1]) == (folded.sequence, folded.digest)
