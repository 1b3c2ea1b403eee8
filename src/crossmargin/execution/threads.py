"""Blocks on threads: numpy releases the lock, and each thread keeps to one BLAS thread."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Result = TypeVar("Result")


class ThreadExecutor:
    """Runs blocks on as many threads as there are processors.

    Parameters
    ----------
    workers : int, optional
        Number of threads; the processors that this process may use, by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))

    def run(
        self, function: Callable[[int, int], Result], bounds: Sequence[tuple[int, int]]
    ) -> Iterable[Result]:
        """Return ``function(first, last)`` for each pair of bounds, in their order."""
        if len(bounds) <= 1 or self.workers == 1:
            return [function(first, last) for first, last in bounds]
        with (
            threadpool_limits(limits=1, user_api="blas"),
            _without_collection(),
            ThreadPoolExecutor(self.workers) as pool,
        ):
            return list(pool.map(lambda pair: function(*pair), bounds))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Pause cyclic garbage collection: a batch makes many results, all kept, and no cycles."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()
