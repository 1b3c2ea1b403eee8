"""What a book is when it is walked through time: lines that can be re-struck on any date.

A security is a remaining maturity and a DV01, a Treasury future the forward of such a bond with the
basis of its product, a money-market future a period ahead. All of them keep their terms, counted
from whatever date it is (ruling 20, ``restrike``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class SecurityLine:
    """$100 of par of a security.

    Parameters
    ----------
    label : str
        CUSIP, or what the line is.
    years : float
        Remaining maturity.
    dv01_dollars : float
        Of $100 of par, for a parallel move of the zero curve by a basis point.
    equivalents : mapping of contract label to float
        Contracts that $100 of par is at CME.
    """

    label: str
    years: float
    dv01_dollars: float
    equivalents: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TreasuryFutureLine:
    """One Treasury contract.

    Parameters
    ----------
    label : str
        Contract code.
    product : str
    years : float
        Remaining maturity of the cheapest to deliver.
    delivery_years : float
        To delivery, actual/360.
    dv01_dollars : float
        Of a contract, for a parallel move of the zero curve by a basis point, the repo rate still.
    basis_dollars_per_bp : float
        Lost when the futures-implied yield alone rises by a basis point.
    """

    label: str
    product: str
    years: float
    delivery_years: float
    dv01_dollars: float
    basis_dollars_per_bp: float


@dataclass(frozen=True, slots=True)
class MoneyMarketLine:
    """One SR3, SR1 or ZQ contract.

    Parameters
    ----------
    label : str
    start_years, end_years : float
        What is left of the reference period.
    period : float
        Its length, actual/360.
    dollars_per_rate : float
        Lost when the rate of what is left rises by 1, the share already fixed taken off.
    compounded : bool
    """

    label: str
    start_years: float
    end_years: float
    period: float
    dollars_per_rate: float
    compounded: bool


FutureLine = TreasuryFutureLine | MoneyMarketLine


@dataclass(frozen=True, slots=True)
class Book:
    """One portfolio of the XM account: whole units of each line, by label.

    Parameters
    ----------
    name : str
    securities, contracts : mapping of label to int
        Units of $100 of par, and contracts; signed.
    repo_charge : Fraction
        Repo volatility in dollars: the terms of its repos do not change with the date.
    """

    name: str
    securities: Mapping[str, int]
    contracts: Mapping[str, int]
    repo_charge: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Lines:
    """Every line that some books hold, each once.

    Parameters
    ----------
    securities : tuple of SecurityLine
    contracts : tuple of TreasuryFutureLine or MoneyMarketLine
        Those held, and those that a security is equivalent to.
    """

    securities: tuple[SecurityLine, ...]
    contracts: tuple[FutureLine, ...]

    def __post_init__(self) -> None:
        known = {line.label for line in self.contracts}
        for line in self.securities:
            if missing := set(line.equivalents) - known:
                raise ValueError(f"{line.label} is equivalent to {sorted(missing)}: not among them")
