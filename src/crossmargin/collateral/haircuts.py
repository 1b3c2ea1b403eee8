"""What each CCP takes as margin, and its haircuts: one dated table a CCP (ruling 30).

Remaining maturity is counted in calendar years from the day: a bond of 15 November 2031 has less
than five years to run on 16 November 2026 and five on the day before. Rows of a table begin at
whole years; to which of two rows a maturity of exactly so many years belongs is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.dates import add_months
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

_MONTHS_PER_YEAR = 12
_RULE = "ruling 30"
#: The part of a table, as parameters name it, that a kind of security stands in.
_TABLE_OF: Mapping[SecurityKind, str] = {
    SecurityKind.BILL: "bill",
    SecurityKind.NOTE: "coupon",
    SecurityKind.BOND: "coupon",
    SecurityKind.TIPS: "tips",
    SecurityKind.FRN: "frn",
    SecurityKind.STRIPS: "strips",
}


class MaturityAtEnd(StrEnum):
    """To which of two rows a maturity of exactly so many years belongs."""

    SHORTER = "shorter"
    LONGER = "longer"


@dataclass(frozen=True, slots=True)
class HaircutTable:
    """What one CCP takes as margin besides US dollars, which it takes at their amount.

    Parameters
    ----------
    ccp : ClearingOrganization
    kinds : frozenset of SecurityKind
    row_years : tuple of int
        Where each row begins, in calendar years of remaining maturity, ascending from 0.
    at_end : MaturityAtEnd
    haircuts : mapping of SecurityKind to tuple of Fraction
        Ratio of market value, by row; a row that a kind lacks is not taken.
    """

    ccp: ClearingOrganization
    kinds: frozenset[SecurityKind]
    row_years: tuple[int, ...]
    at_end: MaturityAtEnd
    haircuts: Mapping[SecurityKind, tuple[Fraction, ...]]

    @staticmethod
    def from_parameters(parameters: ParameterSet, ccp: ClearingOrganization) -> HaircutTable:
        """Return the table that ``collateral/parameters.toml`` holds for the day."""
        prefix = ccp.value.lower()
        kinds = parameters.text(f"{prefix}_eligible_kinds").split(",")
        return HaircutTable(
            ccp=ccp,
            kinds=frozenset(SecurityKind(kind.strip()) for kind in kinds),
            row_years=tuple(int(year) for year in parameters.ratios(f"{prefix}_maturity_years")),
            at_end=MaturityAtEnd(
                parameters.choice(f"{prefix}_maturity_at_end", list(MaturityAtEnd))
            ),
            haircuts={
                kind: parameters.ratios(f"{prefix}_haircuts_{table}")
                for kind, table in _TABLE_OF.items()
            },
        )

    def reasons_against(self, security: TreasurySecurity, as_of: date) -> tuple[Refusal, ...]:
        """Return every reason why the CCP does not take a security on a day; none if it does."""
        reasons = []
        if security.kind not in self.kinds:
            expected = "one of " + ", ".join(sorted(self.kinds))
            reasons.append(self._refusal("kind", security.kind.value, expected))
        if security.maturity_date <= as_of:
            expected = f"a maturity after {as_of}"
            reasons.append(self._refusal("maturity_date", str(security.maturity_date), expected))
        elif self._row(security, as_of) >= len(self.haircuts[security.kind]):
            last = self.row_years[len(self.haircuts[security.kind])]
            expected = f"a {security.kind} of no more than {last} years to run"
            reasons.append(self._refusal("maturity_date", str(security.maturity_date), expected))
        if security.issue_date is not None and security.issue_date > as_of:
            expected = f"issued by {as_of}"
            reasons.append(self._refusal("issue_date", str(security.issue_date), expected))
        return tuple(reasons)

    def haircut(self, security: TreasurySecurity, as_of: date) -> Fraction:
        """Return the part of market value that does not count, as an exact ratio.

        Raises
        ------
        RefusedError
            With every reason why the security is not taken.
        """
        if reasons := self.reasons_against(security, as_of):
            raise RefusedError(*reasons)
        return self.haircuts[security.kind][self._row(security, as_of)]

    def _row(self, security: TreasurySecurity, as_of: date) -> int:
        """Return the row of a security that has not matured."""
        row = 0
        for place, years in enumerate(self.row_years[1:], start=1):
            end = add_months(as_of, _MONTHS_PER_YEAR * years)
            is_past = security.maturity_date > end or (
                security.maturity_date == end and self.at_end is MaturityAtEnd.LONGER
            )
            row = place if is_past else row
        return row

    def _refusal(self, field: str, value: str, expected: str) -> Refusal:
        return Refusal(f"{self.ccp}.{field}", value, expected, _RULE)


@dataclass(frozen=True, slots=True)
class HaircutTables:
    """Both CCPs' tables in force on a day."""

    tables: Mapping[ClearingOrganization, HaircutTable]

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> HaircutTables:
        """Return the tables that ``collateral/parameters.toml`` holds for the day."""
        return HaircutTables(
            {ccp: HaircutTable.from_parameters(parameters, ccp) for ccp in ClearingOrganization}
        )

    def eligible(
        self, ccp: ClearingOrganization, security: TreasurySecurity, as_of: date
    ) -> tuple[Refusal, ...]:
        """Return every reason why a CCP does not take a security as margin; none if it does."""
        return self.tables[ccp].reasons_against(security, as_of)

    def haircut(
        self, ccp: ClearingOrganization, security: TreasurySecurity, as_of: date
    ) -> Fraction:
        """Return a CCP's haircut, an exact ratio of market value; refuse what it does not take."""
        return self.tables[ccp].haircut(security, as_of)
