"""Which lines stay together: spreads as units, accounts as blocks, and the ways to divide them.

A note at FICC against a future at CME saves margin as a pair; moving one leg alone destroys it. So
lines that offset one another, directly or through others, are one block (17 CFR 190.07(d)(2)(ii):
spreads and straddles move whole or not at all where practicable; pairs across the two clearing
organizations are read as such, inferred).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import combinations

from crossmargin.default_management.transfer_test import Unit

Lines = Mapping[str, int]
_PAIR = 2


def units_of(held: Lines, offsets: Iterable[tuple[str, str]]) -> tuple[Unit, ...]:
    """Return lines that offset one another as units, each as small as whole quantities allow.

    Parameters
    ----------
    held : mapping of line to int
        Signed whole quantities; a line of zero belongs to no unit.
    offsets : iterable of pairs of lines
        Which offset one another; whatever hangs together is one unit.

    Examples
    --------
    >>> held = {"note": 300_000, "ZNM26": -3, "bond": 100_000}
    >>> (unit,) = units_of(held, [("note", "ZNM26")])
    >>> dict(unit.legs), unit.count
    ({'ZNM26': -1, 'note': 100000}, 3)
    """
    group = {line: line for line in held}

    def root(line: str) -> str:
        while group[line] != line:
            line = group[line]
        return line

    for one, other in offsets:
        if held[one] and held[other]:
            first, last = sorted((root(one), root(other)))
            group[last] = first
    members: dict[str, list[str]] = {}
    for line in sorted(held):
        members.setdefault(root(line), []).append(line)
    return tuple(_unit(name, lines, held) for name, lines in members.items() if len(lines) > 1)


def _unit(name: str, lines: Iterable[str], held: Lines) -> Unit:
    count = math.gcd(*(abs(held[line]) for line in lines))
    return Unit(name, {line: held[line] // count for line in lines}, count)


def blocks_of(
    held: Lines, units: Iterable[Unit], *, sizes: Mapping[str, int], blocks_max: int
) -> tuple[Lines, ...]:
    """Return an account as blocks that together are it, none of which breaks a unit.

    Parameters
    ----------
    held : mapping of line to int
    units : iterable of Unit
    sizes : mapping of line to int
        How large each line is, in dollars: small blocks join.
    blocks_max : int
        No more blocks than this; of equal sizes the first by name stays apart.
    """
    together = [sorted(unit.legs) for unit in units]
    in_units = {line for lines in together for line in lines}
    together += [[line] for line in sorted(held) if line not in in_units]
    together.sort(key=lambda lines: (-sum(sizes[line] for line in lines), lines))
    kept, rest = together[: blocks_max - 1], together[blocks_max - 1 :]
    if rest:
        kept.append(sorted(line for lines in rest for line in lines))
    return tuple({line: held[line] for line in lines} for lines in kept)


def divisions_of(blocks: tuple[Lines, ...], units: Iterable[Unit]) -> list[tuple[Lines, Lines]]:
    """Return every way to divide an account in two that keeps its blocks whole.

    An account of one block that is one unit is divided in two numbers of units, as equal as can be.

    Examples
    --------
    >>> len(divisions_of(({"a": 1}, {"b": 2}, {"c": 3}), []))
    3
    """
    if len(blocks) == 1:
        return _halves(blocks[0], list(units))
    ways = []
    rest = range(1, len(blocks))
    for count in range(len(blocks) - 1):
        for joined in combinations(rest, count):
            chosen = {0, *joined}
            ways.append(
                (
                    _joined(blocks[place] for place in sorted(chosen)),
                    _joined(blocks[place] for place in rest if place not in chosen),
                )
            )
    return ways


def _halves(block: Lines, units: list[Unit]) -> list[tuple[Lines, Lines]]:
    if len(units) != 1 or units[0].count < _PAIR or set(units[0].legs) != set(block):
        return []
    (unit,) = units
    half = unit.count // 2
    return [
        (
            {line: leg * half for line, leg in unit.legs.items()},
            {line: leg * (unit.count - half) for line, leg in unit.legs.items()},
        )
    ]


def _joined(blocks: Iterable[Lines]) -> Lines:
    return {line: quantity for block in blocks for line, quantity in block.items()}
