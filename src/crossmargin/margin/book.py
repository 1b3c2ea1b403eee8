"""What a margin model is asked about: portfolios as rows of whole units, and what it answers.

The unit is $100 of par for a security, one contract for a future, and for the end legs of repo one
cent of start amount for a day left. A model is asked for the three figures of the arrangement at
once (securities alone, futures alone, both), for its charges outside the saving, and for what each
position adds to a figure. The two models implement the same small protocol and never import each
other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from crossmargin.basics.money import Money
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.market.history import FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Some portfolios, one a row, in whole units.

    Parameters
    ----------
    securities : ndarray of float64, shape (portfolios, S)
        Units of $100 of par, signed whole numbers, by the security book's rows.
    contracts : ndarray of float64, shape (portfolios, C)
        Contracts, signed whole numbers, by the valuation's contracts.
    repo : ndarray of float64, shape (portfolios, R)
        Net start amount in cents times days left, repo plus and reverse repo minus, by term bucket.
    """

    securities: FloatArray
    contracts: FloatArray
    repo: FloatArray

    def __post_init__(self) -> None:
        if not len(self.securities) == len(self.contracts) == len(self.repo):
            raise ValueError("one row a portfolio on both legs and for repo")

    @staticmethod
    def without_repo(securities: FloatArray, contracts: FloatArray) -> Block:
        """Return portfolios that hold no repo."""
        return Block(securities, contracts, np.zeros((len(securities), 0)))

    def rows(self, chosen: slice) -> Block:
        """Return some of the portfolios."""
        return Block(self.securities[chosen], self.contracts[chosen], self.repo[chosen])

    @property
    def count(self) -> int:
        """Number of portfolios."""
        return len(self.securities)

    def securities_only(self) -> Block:
        """Return the portfolios without their futures."""
        return Block(self.securities, np.zeros_like(self.contracts), self.repo)

    def contracts_only(self) -> Block:
        """Return the portfolios without their securities and repo."""
        return Block(np.zeros_like(self.securities), self.contracts, np.zeros_like(self.repo))


@dataclass(frozen=True, slots=True)
class Holdings:
    """Positions of many portfolios, sparse: one entry a portfolio and instrument.

    Parameters
    ----------
    security_count, contract_count, repo_bucket_count : int
    starts : ndarray of int, shape (portfolios + 1,)
        Entries of portfolio p are ``starts[p]:starts[p + 1]``.
    instruments : ndarray of int, shape (entries,)
        Security rows first, then contracts from ``security_count`` on, then repo term buckets.
    units : ndarray of float64, shape (entries,)
        Whole units, signed.
    """

    security_count: int
    contract_count: int
    repo_bucket_count: int
    starts: IntArray
    instruments: IntArray
    units: FloatArray

    @staticmethod
    def of(
        portfolios: Sequence[Mapping[int, int]],
        *,
        security_count: int,
        contract_count: int,
        repo_bucket_count: int,
    ) -> Holdings:
        """Return holdings from one mapping of instrument to whole units a portfolio."""
        counts = np.array([len(portfolio) for portfolio in portfolios], dtype=np.int64)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
        instruments = [place for portfolio in portfolios for place in portfolio]
        units = [units for portfolio in portfolios for units in portfolio.values()]
        return Holdings(
            security_count=security_count,
            contract_count=contract_count,
            repo_bucket_count=repo_bucket_count,
            starts=starts,
            instruments=np.array(instruments, dtype=np.int64),
            units=np.array(units, dtype=np.float64),
        )

    def block(self, first: int, last: int) -> Block:
        """Return the portfolios from ``first`` up to ``last`` as a dense block."""
        entries = slice(int(self.starts[first]), int(self.starts[last]))
        counts = np.diff(self.starts[first : last + 1])
        rows = np.repeat(np.arange(last - first), counts)
        repo = self.security_count + self.contract_count
        dense = np.zeros((last - first, repo + self.repo_bucket_count))
        dense[rows, self.instruments[entries]] = self.units[entries]
        return Block(
            dense[:, : self.security_count], dense[:, self.security_count : repo], dense[:, repo:]
        )


@dataclass(frozen=True, slots=True)
class LegFigures:
    """One model's margin of many portfolios of one kind.

    Parameters
    ----------
    charge_cents : list of int
        Up to the cent.
    component_steps : mapping of name to list of int
        Exact figures in grid steps of 2^-18 dollar; what each is, and how they make the charge, is
        the model's to say.
    """

    charge_cents: list[int]
    component_steps: Mapping[str, list[int]]

    def charge(self, row: int) -> Money:
        """Return one portfolio's margin."""
        return Money(self.charge_cents[row])

    def components(self, row: int) -> dict[str, Fraction]:
        """Return one portfolio's components in exact dollars."""
        return {
            name: Fraction(steps[row], GRID_PER_DOLLAR)
            for name, steps in self.component_steps.items()
        }


@dataclass(frozen=True, slots=True)
class ThreeFigures:
    """The three portfolios of the arrangement, many customers each."""

    securities: LegFigures
    futures: LegFigures
    combined: LegFigures


@dataclass(frozen=True, slots=True)
class Decisive:
    """The scenario that decides a simulated component, and the weight its loss enters with."""

    scenario: int
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Contributions:
    """What each position adds to one portfolio's figure, component by component.

    Parameters
    ----------
    components : mapping of component to list of Fraction
        Exact dollars, one entry an instrument: securities, contracts, repo term buckets. All
        entries add up to the figure before it is rounded up to the cent. A position that lowers the
        figure is negative.
    scenarios : mapping of component to Decisive
        Of the components that are simulated.
    unattributed : Fraction
        What no position adds: only at a kink of a model that is linear in pieces.
    """

    components: Mapping[str, list[Fraction]]
    scenarios: Mapping[str, Decisive]
    unattributed: Fraction = Fraction(0)

    def total(self) -> Fraction:
        """Return the figure, before it is rounded up to the cent."""
        parts = (part for parts in self.components.values() for part in parts)
        return sum(parts, self.unattributed)

    def by_instrument(self) -> list[Fraction]:
        """Return what each instrument adds, all components together."""
        return [sum(parts, Fraction(0)) for parts in zip(*self.components.values(), strict=True)]


class MarginModel(Protocol):
    """A clearing organization's margin model on one date."""

    @property
    def name(self) -> str:
        """Name and version, for every output."""
        ...

    @property
    def scenario_identity(self) -> str:
        """SHA-256 of the scenarios used."""
        ...

    def three_figures(self, block: Block) -> ThreeFigures:
        """Return the margin of securities alone, futures alone and both, a row a portfolio."""
        ...

    def add_ons(self, block: Block) -> Mapping[str, list[int]]:
        """Return charges outside the saving of the leg it clears: whole cents by name, a row each.

        They are never reduced (ruling 2).
        """
        ...

    def contributions(self, block: Block) -> Contributions:
        """Return what each position of the block's one portfolio adds to its combined figure."""
        ...
