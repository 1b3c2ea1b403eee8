"""Whole lots of bonds, and cents, over two requirements: the best in fractions, then rounded.

Everything is in cents. A bond counts by lots, each with the value that a CCP counts of it; what
a CCP counts of all its lots of one bond is rounded down to the cent, as it will be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import Money
from crossmargin.collateral.linear_program import LinearProgram
from crossmargin.product.position import ClearingOrganization

_NOTHING, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Lots:
    """One bond of a customer.

    Parameters
    ----------
    cusip : Cusip
    count : int
        Whole lots held anywhere.
    lot_cents : Fraction
        Market value of a lot.
    haircuts : mapping of ClearingOrganization to Fraction
        Of the CCPs that take it.
    placed : mapping of ClearingOrganization to int
        Whole lots where they are now.
    """

    cusip: Cusip
    count: int
    lot_cents: Fraction
    haircuts: Mapping[ClearingOrganization, Fraction]
    placed: Mapping[ClearingOrganization, int]

    def counted(self, ccp: ClearingOrganization) -> Fraction:
        """Return what a CCP counts of a lot."""
        return self.lot_cents * (1 - self.haircuts[ccp])

    def given_up(self, ccp: ClearingOrganization) -> Fraction:
        """Return what the haircut takes of a lot."""
        return self.lot_cents * self.haircuts[ccp]


@dataclass(frozen=True, slots=True)
class Place:
    """A CCP's requirement, and the cash that is there now."""

    required: Money
    cash: Money


@dataclass(slots=True)
class Placement:
    """Lots and cents at each CCP; changed while it is made."""

    lots: dict[tuple[Cusip, ClearingOrganization], int]
    cash: dict[ClearingOrganization, Money]


@dataclass(frozen=True, slots=True)
class _Column:
    """A variable: lots of a bond, or cents, at a CCP; kept where they are or brought there."""

    bond: Lots | None
    ccp: ClearingOrganization
    most_kept: int | None  # None: brought

    @property
    def counted(self) -> Fraction:
        return _ONE if self.bond is None else self.bond.counted(self.ccp)

    @property
    def given_up(self) -> Fraction:
        return _NOTHING if self.bond is None else self.bond.given_up(self.ccp)

    @property
    def cash(self) -> Fraction:
        return _ONE if self.bond is None else _NOTHING

    @property
    def moved(self) -> Fraction:
        value = _ONE if self.bond is None else self.bond.lot_cents
        return value if self.most_kept is None else -value


def whole_lots(
    bonds: Sequence[Lots],
    cash: Money,
    places: Mapping[ClearingOrganization, Place],
    *,
    keeps_cash: bool,
) -> Placement:
    """Return lots and cents that meet both requirements, or as much of them as there is.

    Parameters
    ----------
    bonds : sequence of Lots
    cash : Money
        Held anywhere.
    places : mapping of ClearingOrganization to Place
    keeps_cash : bool
        Whether keeping cash comes before giving up little to haircuts.
    """
    best = _best_in_fractions(bonds, cash, places, keeps_cash=keeps_cash)
    present = _present(bonds, places)
    # What is there now is a start too: an allocation that is done is not undone for a worse one.
    candidates = []
    for start in (present, best):
        for order in (tuple(places), tuple(reversed(tuple(places)))):
            candidates.append(_Rounding(bonds, cash, places, keeps_cash, start))
            candidates[-1].settle(order)
    return min(candidates, key=lambda each: each.score()).placement


def _present(
    bonds: Sequence[Lots], places: Mapping[ClearingOrganization, Place]
) -> dict[tuple[Cusip | None, ClearingOrganization], Fraction]:
    """Return the lots and cents that are at each CCP now, of what it takes."""
    found: dict[tuple[Cusip | None, ClearingOrganization], Fraction] = {}
    for ccp, place in places.items():
        found[None, ccp] = Fraction(place.cash.cents)
        for bond in bonds:
            if ccp in bond.haircuts:
                found[bond.cusip, ccp] = Fraction(bond.placed.get(ccp, 0))
    return found


def _best_in_fractions(
    bonds: Sequence[Lots],
    cash: Money,
    places: Mapping[ClearingOrganization, Place],
    *,
    keeps_cash: bool,
) -> dict[tuple[Cusip | None, ClearingOrganization], Fraction]:
    """Return the best lots of each bond, and cents under None, at each CCP."""
    columns = list(_columns(bonds, places))
    # Conditions: requirements, bonds, cash, what can be kept. Each has a column that starts.
    limits = [
        *((each, Fraction(each.count)) for each in bonds),
        (None, Fraction(cash.cents)),
    ]
    rows: list[list[Fraction]] = []
    totals: list[Fraction] = []
    for ccp, place in places.items():
        rows.append([each.counted if each.ccp is ccp else _NOTHING for each in columns])
        totals.append(Fraction(place.required.cents))
    for bond, most in limits:
        rows.append([_ONE if each.bond is bond else _NOTHING for each in columns])
        totals.append(most)
    for kept in columns:
        if kept.most_kept is not None:
            rows.append([_ONE if each is kept else _NOTHING for each in columns])
            totals.append(Fraction(kept.most_kept))
    started = len(columns)
    size = started + len(rows) + len(places)
    for place_of_row, row in enumerate(rows):
        row += [_ONE if n == place_of_row else _NOTHING for n in range(len(rows))]
        # What is counted beyond a requirement.
        row += [-_ONE if n == place_of_row else _NOTHING for n in range(len(places))]
    deficits = [_ONE if started <= n < started + len(places) else _NOTHING for n in range(size)]
    padding = [_NOTHING] * (size - started)
    kept_cash = [each.cash for each in columns] + padding
    given_up = [each.given_up for each in columns] + padding
    order = [kept_cash, given_up] if keeps_cash else [given_up, kept_cash]
    moved = [each.moved for each in columns] + padding
    basis = range(started, started + len(rows))
    values = LinearProgram(rows, totals, basis, [deficits, *order, moved]).solution()
    found: dict[tuple[Cusip | None, ClearingOrganization], Fraction] = {}
    for each, value in zip(columns, values, strict=False):
        key = (None if each.bond is None else each.bond.cusip, each.ccp)
        found[key] = found.get(key, _NOTHING) + value
    return found


def _columns(
    bonds: Sequence[Lots], places: Mapping[ClearingOrganization, Place]
) -> Iterator[_Column]:
    for ccp, place in places.items():
        for bond in bonds:
            if ccp in bond.haircuts and bond.placed.get(ccp):
                yield _Column(bond, ccp, bond.placed[ccp])
        if place.cash.cents:
            yield _Column(None, ccp, place.cash.cents)
    for ccp in places:
        yield from (_Column(bond, ccp, None) for bond in bonds if ccp in bond.haircuts)
        yield _Column(None, ccp, None)


class _Rounding:
    """From fractions to whole lots: down, then what is missing, then back what is too much."""

    def __init__(
        self,
        bonds: Sequence[Lots],
        cash: Money,
        places: Mapping[ClearingOrganization, Place],
        keeps_cash: bool,
        best: Mapping[tuple[Cusip | None, ClearingOrganization], Fraction],
    ) -> None:
        self._bonds, self._cash, self._places = bonds, cash, places
        self._keeps_cash = keeps_cash
        self._part = {key: value - math.floor(value) for key, value in best.items()}
        self.placement = Placement(
            {
                (bond.cusip, ccp): math.floor(best.get((bond.cusip, ccp), _NOTHING))
                for bond in bonds
                for ccp in places
            },
            {ccp: Money(math.floor(best[None, ccp])) for ccp in places},
        )

    def settle(self, order: Sequence[ClearingOrganization]) -> None:
        """Fill and take back, CCP by CCP; twice, as what one gives back another may need."""
        for _ in range(2):
            for ccp in order:
                self._fill(ccp)
            for ccp in order:
                self._take_back(ccp)

    def score(self) -> tuple[Fraction, ...]:
        """Return deficit, cash and value given up in their order, then what is moved."""
        lots, cash = self.placement.lots, self.placement.cash
        deficit = sum(max(0, self._missing(ccp)) for ccp in self._places)
        placed_cash = Fraction(sum(each.cents for each in cash.values()))
        given_up, moved = _NOTHING, _NOTHING
        for ccp, place in self._places.items():
            moved += abs(cash[ccp].cents - place.cash.cents)
            for bond in self._bonds:
                count = lots[bond.cusip, ccp]
                given_up += count * bond.given_up(ccp) if count else 0
                moved += abs(count - bond.placed.get(ccp, 0)) * bond.lot_cents
        order = (placed_cash, given_up) if self._keeps_cash else (given_up, placed_cash)
        return (Fraction(deficit), *order, moved)

    def _fill(self, ccp: ClearingOrganization) -> None:
        """Add lots and cents until the requirement is met or nothing is left to add."""
        steps = (self._add_bonds, self._add_cash)
        for add in steps if self._keeps_cash else reversed(steps):
            add(ccp)

    def _take_back(self, ccp: ClearingOrganization) -> None:
        """Take back what the requirement does not need."""
        steps = (self._take_cash, self._take_bonds)
        for take in steps if self._keeps_cash else reversed(steps):
            take(ccp)

    def _missing(self, ccp: ClearingOrganization) -> int:
        """Return the cents that are missing; what is too much is negative."""
        lots = self.placement.lots
        value = sum(math.floor(lots[b.cusip, ccp] * b.counted(ccp)) for b in self._takes(ccp))
        return self._places[ccp].required.cents - self.placement.cash[ccp].cents - value

    def _takes(self, ccp: ClearingOrganization) -> list[Lots]:
        """Return the bonds that a CCP takes, those first of which a part of a lot was best."""
        return sorted(
            (bond for bond in self._bonds if ccp in bond.haircuts),
            key=lambda b: (-self._part.get((b.cusip, ccp), _NOTHING), b.haircuts[ccp], b.cusip),
        )

    def _add_bonds(self, ccp: ClearingOrganization) -> None:
        lots = self.placement.lots
        for bond in self._takes(ccp):
            free = bond.count - sum(lots[bond.cusip, each] for each in self._places)
            while free > 0 and self._missing(ccp) > 0 and bond.counted(ccp) > 0:
                most = math.ceil(self._missing(ccp) / bond.counted(ccp))
                lots[bond.cusip, ccp] += min(free, most)
                free -= min(free, most)

    def _add_cash(self, ccp: ClearingOrganization) -> None:
        cash = self.placement.cash
        free = self._cash.cents - sum(each.cents for each in cash.values())
        cash[ccp] += Money(max(0, min(free, self._missing(ccp))))

    def _take_bonds(self, ccp: ClearingOrganization) -> None:
        lots = self.placement.lots
        for bond in reversed(self._takes(ccp)):
            key, excess = (bond.cusip, ccp), -self._missing(ccp)
            if excess < 0 or not lots[key]:
                continue
            # The cent that rounding takes may allow one lot fewer or more than the ratio says.
            worth = bond.counted(ccp)
            back = lots[key] if not worth else min(lots[key], math.floor(excess / worth) + 1)
            lots[key] -= back
            while self._missing(ccp) > 0:
                lots[key] += 1

    def _take_cash(self, ccp: ClearingOrganization) -> None:
        cash = self.placement.cash
        cash[ccp] -= Money(max(0, min(cash[ccp].cents, -self._missing(ccp))))
