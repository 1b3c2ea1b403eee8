r"""Securities as futures-equivalents: how the CME-style model sees the other leg.

A security enters as contracts in the ratio of DV01s, fractions kept; a long security is a long
equivalent. CME's own map is not public; its reports name the conversion (wiki "CME-FICC XM
Reports"). Ours, by parameter:

* ``nearest``: the front contract whose cheapest to deliver is nearest in maturity;
* ``two_contract``: the two front contracts whose cheapest to deliver lie around the security, with
  shares of its DV01 that preserve its maturity, :math:`w = (m - m_1) / (m_2 - m_1)` in the longer;
  outside the contracts' maturities, and on one of them, the nearest alone;
* ``sofr_strip``, for securities under ``short_end_years``: quarterly three-month SOFR contracts in
  proportion to the security's DV01 to the forward rate of each quarter.

The DV01 of the equivalents adds up to the security's in every case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from crossmargin.market.history import FloatArray
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.futures_value import MoneyMarketFuture, TreasuryFuture
from crossmargin.pricing.security_book import SecurityBook

IntArray = npt.NDArray[np.int64]

_BP = 1e-4
_AXES = 2


class EquivalentContract(StrEnum):
    """Into how many Treasury contracts a security is converted."""

    NEAREST = "nearest"
    TWO_CONTRACT = "two_contract"


class ShortEndEquivalent(StrEnum):
    """What securities of the short end are converted into."""

    TREASURY = "treasury"
    SOFR_STRIP = "sofr_strip"


@dataclass(frozen=True, slots=True)
class EquivalentRules:
    """The conversion in force.

    Parameters
    ----------
    contract : EquivalentContract
    short_end : ShortEndEquivalent
    short_end_years : float
        Securities with less to run are of the short end.
    """

    contract: EquivalentContract = EquivalentContract.NEAREST
    short_end: ShortEndEquivalent = ShortEndEquivalent.TREASURY
    short_end_years: float = 0.0

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> EquivalentRules:
        """Return the rules that ``margin/cme/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a choice is unknown.
        """
        short_end = parameters.choice("short_end_equivalent", list(ShortEndEquivalent))
        return EquivalentRules(
            EquivalentContract(parameters.choice("equivalent_contract", list(EquivalentContract))),
            ShortEndEquivalent(short_end),
            float(parameters.ratio("short_end_years")),
        )

    @property
    def strip_years(self) -> float:
        """How far the SOFR strip must reach: 0 where there is none."""
        return self.short_end_years if self.short_end is ShortEndEquivalent.SOFR_STRIP else 0.0


@dataclass(frozen=True, slots=True)
class FuturesEquivalents:
    """For each security, the contracts that $100 of par is.

    T is the most contracts that any security takes; a slot that is not used has the ratio 0 and the
    place of the security's first contract.

    Parameters
    ----------
    places : ndarray of int, shape (S, T)
        Place of each contract in the valuation.
    contracts_per_100 : ndarray, shape (S, T)
        Zero or more; DV01 of the slot's share of $100 of par over DV01 of the contract.
    """

    places: IntArray
    contracts_per_100: FloatArray

    def __post_init__(self) -> None:
        if self.places.shape != self.contracts_per_100.shape or self.places.ndim != _AXES:
            raise ValueError(
                f"places {self.places.shape} and contracts_per_100 {self.contracts_per_100.shape} "
                "must have one shape (S, T)"
            )

    def keeping(self, rows: Sequence[int], places: Sequence[int]) -> FuturesEquivalents:
        """Return the equivalents of some of the securities in some of the contracts.

        A security that converts into a contract that is not kept has none: it may be delivered, but
        must not be held.
        """
        chosen = list(places)
        now = np.full(max([int(self.places.max(initial=0)), *chosen]) + 1, -1)
        now[chosen] = np.arange(len(chosen))
        moved = now[self.places[list(rows)]]
        kept = (moved >= 0).all(axis=1, keepdims=True)
        return FuturesEquivalents(
            np.where(kept, moved, 0), np.where(kept, self.contracts_per_100[list(rows)], 0.0)
        )

    def columns(self, contract_pnl: FloatArray) -> FloatArray:
        """Return each security's P&L as its equivalents': shape (S, N) from (C, N).

        Slot by slot and elementwise, so that the result is the same on every machine.
        """
        columns: FloatArray = contract_pnl[self.places[:, 0]] * self.contracts_per_100[:, :1]
        for slot in range(1, self.places.shape[1]):
            used = np.flatnonzero(self.contracts_per_100[:, slot])
            ratio = self.contracts_per_100[used, slot, np.newaxis]
            columns[used] += contract_pnl[self.places[used, slot]] * ratio
        return columns


def futures_equivalents(
    book: SecurityBook,
    front: Mapping[int, TreasuryFuture],
    dv01_dollars_per_100: FloatArray,
    *,
    rules: EquivalentRules | None = None,
    strip: Mapping[int, MoneyMarketFuture] | None = None,
    discount_factors: FloatArray | None = None,
) -> FuturesEquivalents:
    """Return the equivalents of every security.

    Parameters
    ----------
    book : SecurityBook
    front : mapping of place to TreasuryFuture
        The front contract of each product, by its place in the valuation.
    dv01_dollars_per_100 : ndarray, shape (S,)
        DV01 of $100 of par for one basis point of its yield, settled the next business day.
    rules : EquivalentRules, optional
        The nearest Treasury contract if left out.
    strip : mapping of place to MoneyMarketFuture, optional
        Quarterly SOFR contracts, nearest first, without a gap up to the end of the short end.
    discount_factors : ndarray, shape (D,), optional
        Of the fitted curve at the book's payment times; with the strip.

    Raises
    ------
    ValueError
        If there is no front contract, or the strip does not reach as far as the rules need it to.
    """
    if not front:
        raise ValueError("no front contract to convert securities into")
    rules = rules or EquivalentRules()
    treasury = _treasury_slots(book, front, rules.contract)
    rows: list[dict[int, float]] = []
    in_strip = _strip_dv01s(book, strip or {}, discount_factors, rules)
    for row, shares in enumerate(treasury):
        dv01 = float(dv01_dollars_per_100[row])
        if row in in_strip:
            rows.append(_strip_contracts(in_strip[row], strip or {}, dv01))
        else:
            rows.append(
                {place: dv01 * share / front[place].dv01_dollars for place, share in shares.items()}
            )
    return _as_slots(rows)


def sofr_dv01_dollars(future: MoneyMarketFuture) -> float:
    """Return the dollars a contract loses when what is left of its rate rises by a basis point."""
    return future.dollars_per_rate * future.remaining_share * _BP


def _treasury_slots(
    book: SecurityBook, front: Mapping[int, TreasuryFuture], choice: EquivalentContract
) -> list[dict[int, float]]:
    """Return each security's Treasury contracts with their shares of its DV01."""
    places = list(front)
    maturities = np.array([book.remaining_years[f.cheapest_row] for f in front.values()])
    distance = np.abs(book.remaining_years[:, np.newaxis] - maturities)
    nearest = [{places[place]: 1.0} for place in distance.argmin(axis=1)]
    if choice is EquivalentContract.NEAREST:
        return nearest
    # Two contracts may have one cheapest issue: the first in the product table stands for both.
    ladder: dict[float, int] = {}
    for place, years in zip(places, maturities.tolist(), strict=True):
        ladder.setdefault(years, place)
    knots = sorted(ladder)
    return [
        _around(float(years), knots, ladder) or alone
        for years, alone in zip(book.remaining_years, nearest, strict=True)
    ]


def _around(years: float, knots: list[float], ladder: Mapping[float, int]) -> dict[int, float]:
    """Return the two contracts around a maturity and their shares; empty outside them."""
    for shorter, longer in pairwise(knots):
        if shorter < years < longer:
            share = (years - shorter) / (longer - shorter)
            return {ladder[shorter]: 1.0 - share, ladder[longer]: share}
    return {}


def _strip_dv01s(
    book: SecurityBook,
    strip: Mapping[int, MoneyMarketFuture],
    discount_factors: FloatArray | None,
    rules: EquivalentRules,
) -> dict[int, list[float]]:
    """Return, for each security of the short end, its sensitivity to each quarter's forward.

    With a forward rate of a quarter up, every payment after the quarter's start is discounted more,
    over the part of the quarter before it: present value times years of overlap.
    """
    if rules.short_end is ShortEndEquivalent.TREASURY:
        return {}
    quarters = list(strip.values())
    if discount_factors is None or not _reaches(quarters, rules.short_end_years):
        raise ValueError(
            f"the SOFR strip must have every quarter up to {rules.short_end_years:g} years"
        )
    found = {}
    for row in np.flatnonzero(book.remaining_years < rules.short_end_years).tolist():
        sizes = [0.0] * len(quarters)
        for column in np.flatnonzero(book.flows[row]).tolist():
            value = float(book.flows[row, column] * discount_factors[column])
            years = float(book.flow_years[column])
            for place, quarter in enumerate(quarters):
                overlap = min(years, quarter.end_years) - quarter.start_years
                sizes[place] += value * max(0.0, overlap)
        found[row] = sizes
    return found


def _reaches(quarters: list[MoneyMarketFuture], years: float) -> bool:
    # From settlement on, each quarter starting where the one before ends.
    if not quarters or quarters[0].start_years > 0.0 or quarters[-1].end_years < years:
        return False
    return all(one.end_years == two.start_years for one, two in pairwise(quarters))


def _strip_contracts(
    sizes: list[float], strip: Mapping[int, MoneyMarketFuture], dv01: float
) -> dict[int, float]:
    total = 0.0
    for size in sizes:
        total += size
    return {
        place: dv01 * size / total / sofr_dv01_dollars(future)
        for (place, future), size in zip(strip.items(), sizes, strict=True)
        if size > 0.0
    }


def _as_slots(rows: list[dict[int, float]]) -> FuturesEquivalents:
    slots = max((len(row) for row in rows), default=1)
    places = np.zeros((len(rows), slots), dtype=np.int64)
    ratios = np.zeros((len(rows), slots))
    for row, contracts in enumerate(rows):
        places[row] = next(iter(contracts))
        for slot, (place, ratio) in enumerate(contracts.items()):
            places[row, slot], ratios[row, slot] = place, ratio
    return FuturesEquivalents(places, ratios)
