"""Choices keyed by date repeat, are independent of each other, and are even."""

import numpy as np

from crossmargin.market.seeds import generator, keyed_choices


def test_a_choice_depends_on_seed_and_key_alone():
    keys = np.arange(1_000)
    whole = keyed_choices(7, keys, 50)
    assert (keyed_choices(7, keys[::3], 50) == whole[::3]).all()
    assert (keyed_choices(8, keys, 50) != whole).any()


def test_choices_cover_the_range_evenly():
    counts = np.bincount(keyed_choices(3, np.arange(14_000, 24_000), 10), minlength=10)
    assert counts.min() > 900
    assert counts.max() < 1_100


def test_known_choices_repeat_on_every_machine():
    assert keyed_choices(20260324, np.array([0, 1, 20_000]), 4_000).tolist() == KNOWN


def test_generators_repeat_for_equal_parts():
    assert generator(1, 2).integers(1 << 40) == generator(1, 2).integers(1 << 40)


KNOWN = [29, 517, 3172]
