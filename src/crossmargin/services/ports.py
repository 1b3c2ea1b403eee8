"""What the use cases need from outside, as protocols: adapters implement them, bootstrap wires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class BlockExecutor(Protocol):
    """Runs one function over blocks of customers and returns the results in order."""

    def run(
        self, function: Callable[[int, int], Result], bounds: Sequence[tuple[int, int]]
    ) -> Iterable[Result]:
        """Return ``function(first, last)`` for each pair of bounds, in their order."""
        ...
