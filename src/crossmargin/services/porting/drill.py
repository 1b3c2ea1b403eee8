"""How long each step of a port takes, measured while it is done on a copy of the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StepTime:
    """One step and how long the machine took: a report, no figure of record."""

    step: str
    seconds: float


@dataclass(slots=True)
class Stopwatch:
    """Notes when steps end.

    Parameters
    ----------
    clock : callable
        Seconds from any beginning; never going back.

    Examples
    --------
    >>> ticks = iter([0.0, 2.5, 3.0])
    >>> watch = Stopwatch(lambda: next(ticks))
    >>> watch.ended("margining"), watch.ended("assigning")
    (2.5, 0.5)
    >>> watch.total_seconds
    3.0
    """

    clock: Callable[[], float]
    steps: list[StepTime] = field(default_factory=list)
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        self._since = self.clock()

    def ended(self, step: str) -> float:
        """Note that a step has ended; return the seconds since the one before."""
        now = self.clock()
        self.steps.append(StepTime(step, now - self._since))
        self._since = now
        return self.steps[-1].seconds

    @property
    def total_seconds(self) -> float:
        """All steps together."""
        return sum(each.seconds for each in self.steps)
