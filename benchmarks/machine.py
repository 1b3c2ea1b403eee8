"""What a benchmark prints beside its figures: machine, versions, stolen processor time."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info


@dataclass(frozen=True)
class Timing:
    """Wall and processor seconds of repeated runs, cold (first) and warm."""

    wall_seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    stolen_jiffies: int

    def line(self, name: str) -> str:
        """Return one line for people."""
        warm = sorted(self.wall_seconds[1:]) or list(self.wall_seconds)
        return (
            f"{name}: wall best {warm[0]:.3f} s, median {warm[len(warm) // 2]:.3f} s, "
            f"cold {self.wall_seconds[0]:.3f} s; processor best {min(self.cpu_seconds):.3f} s; "
            f"stolen {self.stolen_jiffies} jiffies in {len(self.wall_seconds)} runs"
        )

    @property
    def best_wall(self) -> float:
        """Fastest run."""
        return min(self.wall_seconds)


def measure(function: Callable[[], object], *, runs: int = 6) -> Timing:
    """Run a function several times, the first one cold."""
    before = stolen_jiffies()
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        function()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Timing(tuple(walls), tuple(cpus), stolen_jiffies() - before)


def stolen_jiffies() -> int:
    """Return the processor time that the host took from this machine since it started."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0
    return int(stat.read_text().splitlines()[0].split()[8])


def describe() -> str:
    """Return machine and versions."""
    blas = ", ".join(
        f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}".strip()
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    )
    return (
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, "
        f"Python {platform.python_version()}, numpy {np.__version__}, {blas}"
    )
