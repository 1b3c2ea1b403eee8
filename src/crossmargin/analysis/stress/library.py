"""The library of episodes: dates, what happened, and published moves of par yields as facts.

The document comes from ``stress_library.toml``; an episode's moves are computed from the market's
own par yields where its history reaches back, and taken from here where it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.market.factors import CURVE_TENORS


@dataclass(frozen=True, slots=True)
class Move:
    """A move of the par curve between two dates, as published.

    Parameters
    ----------
    start, end : date
        Scenario dates.
    changes_bp : mapping of tenor to int
        Change of the published par yield, basis points; not every tenor need be known.
    """

    start: date
    end: date
    changes_bp: Mapping[str, int]

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"a move ends after it starts, was {self.start} to {self.end}")
        unknown = set(self.changes_bp) - set(CURVE_TENORS)
        if unknown or not self.changes_bp:
            raise ValueError(f"a move has tenors of {', '.join(CURVE_TENORS)}, was {unknown}")

    @property
    def tenors(self) -> tuple[str, ...]:
        """Tenors with a stated change, shortest first."""
        return tuple(tenor for tenor in CURVE_TENORS if tenor in self.changes_bp)


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode of the market.

    Parameters
    ----------
    name : str
    start, end : date
        The window in which the worst moves at each model's horizon are looked for.
    what : str
        What happened, in one sentence.
    source : str
        Whose yields, and how the dates were found.
    moves : tuple of Move
        The whole move first.
    """

    name: str
    start: date
    end: date
    what: str
    source: str
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        if not self.moves:
            raise ValueError(f"{self.name}: an episode has a move at least")
        outside = [m for m in self.moves if not self.start <= m.start < m.end <= self.end]
        if outside:
            raise ValueError(f"{self.name}: moves lie between {self.start} and {self.end}")


@dataclass(frozen=True, slots=True)
class StressLibrary:
    """Every episode, oldest first."""

    episodes: tuple[Episode, ...]

    def __post_init__(self) -> None:
        names = [episode.name for episode in self.episodes]
        if len(set(names)) != len(names):
            raise ValueError("each episode has a name of its own")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the episodes."""
        return tuple(episode.name for episode in self.episodes)

    def chosen(self, names: Iterable[str]) -> StressLibrary:
        """Return the episodes with these names; upper and lower case are the same.

        Raises
        ------
        RefusedError
            Naming every name that is not in the library, with the nearest one.
        """
        by_name = {name.casefold(): name for name in self.names}
        wanted, faults = set(), []
        for name in names:
            known = by_name.get(name.strip().casefold())
            if known is None:
                faults.append(Refusal("--episode", name, _nearest(name, self.names), "stress"))
            else:
                wanted.add(known)
        if faults:
            raise RefusedError(*faults)
        return StressLibrary(tuple(e for e in self.episodes if e.name in wanted))


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.4)
    return f"{close[0]!r}" if close else f"one of {', '.join(known)}"


def library_from_document(document: Mapping[str, Any]) -> StressLibrary:
    """Return the library that a document holds.

    Raises
    ------
    ValueError
        If dates, tenors or names are not as they must be.
    """
    publishers = document["publishers"]
    return StressLibrary(
        tuple(
            Episode(
                name=entry["name"],
                start=date.fromisoformat(entry["start"]),
                end=date.fromisoformat(entry["end"]),
                what=entry["what"],
                source=f"{publishers[entry['publisher']]}; dates: {document['dates_source']}",
                moves=tuple(
                    Move(
                        date.fromisoformat(move["start"]),
                        date.fromisoformat(move["end"]),
                        dict(move["changes_bp"]),
                    )
                    for move in entry["move"]
                ),
            )
            for entry in document["episode"]
        )
    )
