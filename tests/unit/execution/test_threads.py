"""Blocks come back in order, and collection is as it was."""

import gc

import pytest

from crossmargin.execution.threads import ThreadExecutor

BOUNDS = [(first, first + 10) for first in range(0, 200, 10)]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_results_come_in_the_order_of_the_bounds(workers):
    assert list(ThreadExecutor(workers).run(lambda a, b: (a, b), BOUNDS)) == BOUNDS


def test_collection_is_restored_after_a_failure():
    def fail(first: int, last: int) -> None:
        raise RuntimeError(f"{first} to {last}")

    assert gc.isenabled()
    with pytest.raises(RuntimeError):
        list(ThreadExecutor(2).run(fail, BOUNDS))
    assert gc.isenabled()


def test_no_bounds_give_no_results():
    assert list(ThreadExecutor(2).run(lambda a, b: a, [])) == []
