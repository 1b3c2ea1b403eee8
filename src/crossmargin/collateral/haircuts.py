"""What each clearing organization takes as collateral, and at what haircut.

The two tables differ (ruling 30). Cash in US dollars has no haircut at either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.dates import add_months
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

_MONTHS_PER_YEAR = 12
_PER_CENT = 100


@dataclass(frozen=True, slots=True)
class HaircutTable:
    """One clearing organization's table.

    Parameters
    ----------
    years : tuple of Fraction
        Lower ends of the maturity groups, ascending from 0; a lower end belongs to its group.
    haircuts : tuple of Fraction
        Of market value, one a group, from 0 to 1.
    kinds : frozenset of SecurityKind

    Raises
    ------
    ValueError
        Unless there is one haircut a group, each from 0 to 1.
    """

    years: tuple[Fraction, ...]
    haircuts: tuple[Fraction, ...]
    kinds: frozenset[SecurityKind]

    def __post_init__(self) -> None:
        if len(self.years) != len(self.haircuts) or not all(0 <= h <= 1 for h in self.haircuts):
            raise ValueError(f"one haircut from 0 to 1 a maturity group, was {self!r}")

    def refusals(self, security: TreasurySecurity, *, on: date) -> tuple[str, ...]:
        """Return every reason why a security is not taken; none if it is."""
        reasons = []
        if security.kind not in self.kinds:
            taken = ", ".join(sorted(kind.value for kind in self.kinds))
            reasons.append(f"{security.kind.value} is not taken: only {taken}")
        if security.maturity_date <= on:
            reasons.append(f"it matured on {security.maturity_date}")
        return tuple(reasons)

    def haircut(self, security: TreasurySecurity, *, on: date) -> Fraction:
        """Return the haircut of a security on a day.

        Parameters
        ----------
        security : TreasurySecurity
        on : date
            A group begins on the day so many years before maturity.

        Raises
        ------
        ValueError
            If the security is not taken.
        """
        reasons = self.refusals(security, on=on)
        if reasons:
            raise ValueError(f"{security.cusip}: {'; '.join(reasons)}")
        starts = [add_months(on, int(years * _MONTHS_PER_YEAR)) for years in self.years]
        return self.haircuts[bisect_right(starts, security.maturity_date) - 1]


def haircut_tables(parameters: ParameterSet) -> Mapping[ClearingOrganization, HaircutTable]:
    """Return both tables that ``collateral/parameters.toml`` holds for the day.

    Raises
    ------
    ValueError
        If a value is not one of the table.
    """
    return {side: _table(parameters, side.value.lower()) for side in ClearingOrganization}


def _table(parameters: ParameterSet, side: str) -> HaircutTable:
    kinds = parameters.text(f"{side}_collateral_kinds").split(",")
    return HaircutTable(
        years=parameters.ratios(f"{side}_haircut_years"),
        haircuts=tuple(pct / _PER_CENT for pct in parameters.ratios(f"{side}_haircut_pct")),
        kinds=frozenset(SecurityKind(kind.strip()) for kind in kinds),
    )
