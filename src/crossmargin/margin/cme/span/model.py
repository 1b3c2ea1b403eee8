"""SPAN as the CME-style model: every portfolio through the calculation, one by one.

Futures are margined as they are; securities enter as futures-equivalents, in parts of a contract.
A ratio is rounded to 2^-40 contract for $100 of par before it multiplies anything, so that every
position is an exact fraction on any machine.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.book import Block, Contributions, LegFigures, ThreeFigures
from crossmargin.margin.cme.liquidity import CmeAddOns
from crossmargin.margin.cme.span.calculation import span_margin
from crossmargin.margin.cme.span.contracts import SpanContract
from crossmargin.margin.cme.span.parameters import SpanParameters
from crossmargin.margin.cme.span.readings import DEFAULT_READINGS, Account, SpanReadings
from crossmargin.margin.cme.span.results import SpanResult
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.market.history import FloatArray
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.futures import FuturesContract

RATIO_BITS = 40
COMPONENTS = (
    "scan_risk",
    "intra_charge",
    "delivery_charge",
    "inter_credit",
    "short_option_minimum",
)
#: Components and their sign in the risk of a commodity without short options.
SIGNED_COMPONENTS: Mapping[str, int] = {
    "scan_risk": 1,
    "intra_charge": 1,
    "delivery_charge": 1,
    "inter_credit": -1,
}
Equivalent = Sequence[tuple[int, float]]
_NONE = Fraction(0)
#: Share of a position by which a rate is read: smaller than any distance to a kink of interest.
_STEP = Fraction(1, 1 << 30)


@dataclass(frozen=True, slots=True)
class SpanModel:
    """The model on one date.

    Parameters
    ----------
    parameters : SpanParameters
    contracts : tuple of SpanContract
        By the valuation's contracts, shape (C,).
    equivalents : tuple of tuple of (int, Fraction)
        Of $100 of par of each security, shape (S,): places of contracts and how much of each.
    execution : CmeAddOns
        Liquidity and concentration, outside the saving.
    account : Account
    readings : SpanReadings
    """

    parameters: SpanParameters
    contracts: tuple[SpanContract, ...]
    equivalents: tuple[tuple[tuple[int, Fraction], ...], ...]
    execution: CmeAddOns
    account: Account = Account.HEDGER
    readings: SpanReadings = DEFAULT_READINGS

    @property
    def name(self) -> str:
        """The engine and whose parameters it used."""
        return f"SPAN with {self.parameters.label}"

    @property
    def scenario_identity(self) -> str:
        """SHA-256 of the parameters: their risk arrays are the scenarios."""
        return self.parameters.digest

    def three_figures(self, block: Block) -> ThreeFigures:
        """Return the maintenance requirement of securities alone, futures alone and both."""
        return ThreeFigures(
            securities=self._leg(block.securities_only()),
            futures=self._leg(block.contracts_only()),
            combined=self._leg(block),
        )

    def futures_figure(self, block: Block) -> tuple[Money, dict[str, Fraction]]:
        """Return the margin of one portfolio of futures, and its components."""
        leg = self._leg(block)
        return leg.charge(0), leg.components(0)

    def add_ons(self, block: Block) -> Mapping[str, list[int]]:
        """Return the charges outside the saving of the futures, in whole cents by name."""
        return self.execution.cents(block)

    def contributions(self, block: Block) -> Contributions:
        """Return what each position adds to the requirement of the block's one portfolio.

        SPAN is homogeneous and linear between kinks: a position's rate is the mean of those up and
        down from what is held, exactly. Where a spread's legs are all used up at once the rates of
        two sides differ, and what the positions then do not add up to is not attributable.
        """
        positions = self._positions(block, 0)
        rates = {place: self._rates(positions, place) for place in positions}
        components: dict[str, list[Fraction]] = {}
        for name in SIGNED_COMPONENTS:
            of_contracts = [
                int(quantity) * rates[place][name] if quantity else Fraction(0)
                for place, quantity in enumerate(block.contracts[0])
            ]
            of_securities = [
                int(units) * sum((ratio * rates[place][name] for place, ratio in equivalent), _NONE)
                if units
                else Fraction(0)
                for units, equivalent in zip(block.securities[0], self.equivalents, strict=True)
            ]
            components[name] = of_securities + of_contracts + [_NONE] * block.repo.shape[1]
        attributed = sum((part for parts in components.values() for part in parts), _NONE)
        whole = self.result(block, 0).maintenance
        return Contributions(components, {}, unattributed=whole - attributed)

    def _rates(self, positions: Mapping[int, Fraction], place: int) -> dict[str, Fraction]:
        """Return by how much each component moves with one contract, up and down alike."""
        step = abs(positions[place]) * _STEP or _STEP
        up, down = (
            self._of_positions({**positions, place: positions[place] + change})
            for change in (step, -step)
        )
        return {
            name: (sign * (up.total(name) - down.total(name))) / (2 * step)
            for name, sign in SIGNED_COMPONENTS.items()
        }

    def result(self, block: Block, row: int) -> SpanResult:
        """Return the whole calculation of one portfolio, to explain it."""
        return self._of_positions(self._positions(block, row))

    def _positions(self, block: Block, row: int) -> dict[int, Fraction]:
        """Return contracts held, equivalents of the securities included, by place."""
        positions: dict[int, Fraction] = defaultdict(Fraction)
        for place in _held(block.contracts[row]):
            positions[place] += int(block.contracts[row][place])
        for security in _held(block.securities[row]):
            units = int(block.securities[row][security])
            for place, ratio in self.equivalents[security]:
                positions[place] += units * ratio
        return dict(positions)

    def _of_positions(self, positions: Mapping[int, Fraction]) -> SpanResult:
        return span_margin(
            self.parameters,
            [(self.contracts[place], quantity) for place, quantity in positions.items()],
            account=self.account,
            readings=self.readings,
        )

    def _leg(self, block: Block) -> LegFigures:
        results = [self.result(block, row) for row in range(block.count)]
        return LegFigures(
            [charge_from_dollars(each.maintenance).cents for each in results],
            {name: [steps_up(each.total(name)) for each in results] for name in COMPONENTS},
        )


def prepare_span(
    *,
    parameters: SpanParameters,
    contracts: Sequence[FuturesContract],
    equivalents: Sequence[Equivalent],
    execution: ParameterSet,
    account: Account = Account.HEDGER,
    readings: SpanReadings = DEFAULT_READINGS,
) -> SpanModel:
    """Return the model for the contracts of a valuation and the securities of its book.

    Parameters
    ----------
    parameters : SpanParameters
    contracts : sequence of FuturesContract
        In the order of the valuation.
    equivalents : sequence of sequences of (place, contracts)
        For $100 of par of each security; see :func:`equivalent_lists`.
    execution : ParameterSet
        The CME-style model's, for the charges of liquidity and concentration.
    account : Account
    readings : SpanReadings

    Raises
    ------
    RefusedError
        Naming every contract that the parameter set does not have.
    """
    found = span_contracts(parameters, contracts)
    # The requirement of each contract held alone, the larger of long and short.
    outright = [
        max(
            span_margin(
                parameters, [(each, Fraction(side))], account=account, readings=readings
            ).maintenance
            for side in (1, -1)
        )
        for each in found
    ]
    return SpanModel(
        parameters=parameters,
        contracts=found,
        equivalents=tuple(exact_equivalent(each) for each in equivalents),
        execution=CmeAddOns.of_contracts(contracts, outright, execution),
        account=account,
        readings=readings,
    )


def span_contracts(
    parameters: SpanParameters, contracts: Iterable[FuturesContract]
) -> tuple[SpanContract, ...]:
    """Return the contracts of the set for contracts of ours, by clearing code and month.

    Raises
    ------
    RefusedError
        Naming every contract that the set does not have, or has twice.
    """
    by_code: dict[tuple[str, str], list[SpanContract]] = defaultdict(list)
    for each in parameters.contracts:
        if not each.product.type.is_option:
            by_code[each.product.code, each.period.text].append(each)
    found, refusals = [], []
    for contract in contracts:
        code = contract.specification.clearing_code
        period = f"{contract.year}{contract.month:02d}"
        there = by_code[code, period] or by_code[contract.product, period]
        if len(there) == 1:
            found.append(there[0])
            continue
        expected = f"one future {code} {period} in {parameters.label}, there are {len(there)}"
        refusals.append(Refusal("instrument", contract.code, expected, "SPAN: parameters"))
    if refusals:
        raise RefusedError(*refusals)
    return tuple(found)


def equivalent_lists(
    places: npt.NDArray[np.int64], contracts_per_100: FloatArray
) -> list[list[tuple[int, float]]]:
    """Return the equivalents of each security as lists.

    Parameters
    ----------
    places, contracts_per_100 : ndarray, shape (S,) or (S, T)
        One or several contracts a security; a ratio of zero is none.
    """
    rows = zip(
        places.reshape(len(places), -1), contracts_per_100.reshape(len(places), -1), strict=True
    )
    return [
        [(int(place), float(ratio)) for place, ratio in zip(*row, strict=True) if ratio]
        for row in rows
    ]


def exact_equivalent(equivalent: Equivalent) -> tuple[tuple[int, Fraction], ...]:
    """Return the equivalents of one security with ratios on the grid of 2^-40 contract."""
    return tuple(
        (place, Fraction(round(math.ldexp(ratio, RATIO_BITS)), 1 << RATIO_BITS))
        for place, ratio in equivalent
    )


def steps_up(dollars: Fraction) -> int:
    """Return a figure in grid steps, rounded up."""
    return math.ceil(dollars * GRID_PER_DOLLAR)


def _held(row: FloatArray) -> list[int]:
    return [int(place) for place in np.flatnonzero(row)]
