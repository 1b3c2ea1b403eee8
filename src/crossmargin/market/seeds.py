"""The one place that makes a random generator, always from a recorded seed."""

from __future__ import annotations

import numpy as np


def generator(*seed_parts: int) -> np.random.Generator:
    """Return a PCG64 generator for the seed; equal parts give equal streams on any machine."""
    return np.random.Generator(np.random.PCG64(list(seed_parts)))
