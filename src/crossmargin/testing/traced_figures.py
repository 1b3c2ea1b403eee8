"""Figures drawn from books, each followed to the line of a file that it comes from.

Transfers, requirements, calls and reports in turn, as many of each as there are; of a figure that
``xm trace`` follows to no line of a file with a digest, or not at all, the id is printed. What the
opening of the books brought follows from a file without rows: its digest is enough. A report of
nothing, such as the statement of a customer with no property, follows from nothing and is printed.

Run: python -m crossmargin.testing.traced_figures BOOKS [--count N] [--seed N]; ends with status 1
if there is such a figure, or nothing to draw.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence

from crossmargin.bootstrap.books import open_books
from crossmargin.collateral.call_events import STREAM as CALL
from crossmargin.services.books.opening import OPENING
from crossmargin.services.books.ports import Work
from crossmargin.services.books.trace import trace
from crossmargin.services.clearing_day.report_register import REPORT
from crossmargin.services.clearing_day.required import REQUIREMENT

_COUNT, _SEED = 50, 1


def drawn(work: Work, count: int, seed: int) -> list[str]:
    """Return ids of figures, of each kind as many as of another while there are any.

    Parameters
    ----------
    work : Work
    count, seed : int
    """
    draw = random.Random(seed)  # noqa: S311 - a sample, no secret
    kinds = [
        [each.transfer_id for each in work.ledger.transfers()],
        *(
            [each.record_id for each in work.records.select(stream=stream)]
            for stream in (REQUIREMENT, CALL, REPORT)
        ),
    ]
    for ids in kinds:
        draw.shuffle(ids)
    found: list[str] = []
    while len(found) < count and any(kinds):
        found += [ids.pop() for ids in kinds if ids]
    return found[:count]


def is_traced(work: Work, node_id: str) -> bool:
    """Return whether a figure follows from a line of a file, or the opening, of known digest."""
    try:
        nodes = trace(work, node_id)
    except LookupError:
        return False
    return any(
        node.sha256 and ((node.file and node.line) or node.what == OPENING) for node in nodes
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, follow, print what is not traced, and return the status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books")
    parser.add_argument("--count", type=int, default=_COUNT)
    parser.add_argument("--seed", type=int, default=_SEED)
    given = parser.parse_args(arguments)
    store = open_books(given.books)
    try:
        with store.work() as work:
            figures = drawn(work, given.count, given.seed)
            lost = [each for each in figures if not is_traced(work, each)]
    finally:
        store.close()
    for each in lost:
        sys.stdout.write(f"not traced to a line of a file: {each}\n")
    traced = f"{len(figures) - len(lost)} of {len(figures)}"
    sys.stdout.write(f"{traced} figures traced to file, line and digest\n")
    return 0 if figures and not lost else 1


if __name__ == "__main__":
    raise SystemExit(main())
