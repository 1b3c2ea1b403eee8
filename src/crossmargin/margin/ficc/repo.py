r"""Repo volatility: the charge on the interest of unsettled end legs.

.. math:: \text{RV} = \sum_b v_b \left| \sum_{i \in b} \pm A_i \, \tau_i \right|

:math:`A_i` is the start amount, :math:`\tau_i` the days left over 360, plus for a repo and minus
for a reverse repo, netted inside a term bucket and not across; :math:`v_b` a rate. A term of a day
or less carries none. DTCC describes the charge as a haircut on the interest component of the repo;
the form is recalled and the rates are ours. It is added outside the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.market.history import FloatArray
from crossmargin.parameters.registry import ParameterSet

_MONEY_MARKET_YEAR = 360
_CENTS_PER_DOLLAR = 100
_BP = 10_000


@dataclass(frozen=True, slots=True)
class RepoVolatility:
    """Term buckets and their rates.

    Parameters
    ----------
    longer_than_days : tuple of int
        A term belongs to the last bucket that it is longer than; to none if shorter than the first.
    volatility_bp : tuple of Fraction
        Basis points a year, one a bucket.
    """

    longer_than_days: tuple[int, ...]
    volatility_bp: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        if list(self.longer_than_days) != sorted(set(self.longer_than_days)):
            raise ValueError(f"term buckets must ascend, were {self.longer_than_days}")
        if len(self.volatility_bp) != len(self.longer_than_days):
            raise ValueError("one repo volatility a term bucket")
        if any(rate < 0 for rate in self.volatility_bp):
            raise ValueError("a repo volatility must not be negative")

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> RepoVolatility:
        """Return what is in force: ``repo_term_longer_than_days`` and ``repo_volatility_bp``."""
        return RepoVolatility(
            tuple(int(days) for days in parameters.ratios("repo_term_longer_than_days")),
            parameters.ratios("repo_volatility_bp"),
        )

    @property
    def bucket_count(self) -> int:
        """Number of term buckets."""
        return len(self.longer_than_days)

    def bucket(self, days_left: int) -> int | None:
        """Return the bucket of a term in calendar days, None where there is no charge."""
        longer = sum(days_left > days for days in self.longer_than_days)
        return longer - 1 if longer else None

    def bucket_charge_dollars(self, bucket: int, cent_days: int) -> Fraction:
        """Return the exact charge of one bucket.

        Parameters
        ----------
        bucket : int
        cent_days : int
            Net start amount in cents times days left, signed.
        """
        rate = self.volatility_bp[bucket] / (_BP * _MONEY_MARKET_YEAR * _CENTS_PER_DOLLAR)
        return abs(cent_days) * rate

    def charges(self, repo: FloatArray) -> list[int]:
        """Return each portfolio's charge in whole grid steps, rounded up.

        Parameters
        ----------
        repo : ndarray, shape (portfolios, buckets)
            Net cent-days, whole numbers below 2^53.
        """
        steps = [0] * len(repo)
        for row in np.flatnonzero(repo.any(axis=1)):
            dollars = sum(
                (
                    self.bucket_charge_dollars(bucket, int(cent_days))
                    for bucket, cent_days in enumerate(repo[row])
                ),
                start=Fraction(0),
            )
            steps[int(row)] = -(-dollars.numerator * GRID_PER_DOLLAR // dollars.denominator)
        return steps
