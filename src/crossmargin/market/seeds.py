"""The one place that makes randomness, always from a recorded seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def generator(*seed_parts: int) -> np.random.Generator:
    """Return a PCG64 generator for the seed; equal parts give equal streams on any machine."""
    return np.random.Generator(np.random.PCG64(list(seed_parts)))


def keyed_choices(seed: int, keys: IntArray, count: int) -> IntArray:
    """Return one choice from 0 to ``count - 1`` for each key, the same for the same seed and key.

    A choice depends on nothing but seed, key and count, so that adding a key changes no other
    choice. The mixing function is SplitMix64 (Steele, Lea and Flood 2014, *Fast splittable
    pseudorandom number generators*); whole numbers only, hence the same everywhere.

    Parameters
    ----------
    seed : int
        Not negative.
    keys : ndarray of int, shape (n,)
    count : int
        Positive, well under 2^32.
    """
    with np.errstate(over="ignore"):
        mixed = (keys.astype(np.uint64) + np.uint64(1)) * _GOLDEN + np.uint64(seed) * _SECOND
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed = mixed ^ (mixed >> np.uint64(31))
    high = mixed >> np.uint64(32)
    choices: IntArray = ((high * np.uint64(count)) >> np.uint64(32)).astype(np.int64)
    return choices
