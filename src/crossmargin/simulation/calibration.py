"""The calibration of the simulated market: figures with a birth certificate, read from TOML.

Derived figures are recomputed by ``benchmarks/calibrate_simulated_market.py`` from published data;
assumed ones say so. The stress episodes are named here by their dates, because the calibration
program and the simulation must mean the same days.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from crossmargin.parameters.registry import ParameterSet, parameters_from_document

FloatArray = npt.NDArray[np.float64]

#: Tenors that move with the three factors; shorter ones follow the policy rate.
FACTOR_TENORS = ("6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "20Y", "30Y")


@dataclass(frozen=True, slots=True)
class Episode:
    """A named stretch of days with its own volatility; the lowest priority number wins a day."""

    name: str
    first: date
    last: date
    priority: int


EPISODES = (
    Episode("financial_crisis", date(2008, 9, 1), date(2009, 3, 31), 1),
    Episode("taper_tantrum", date(2013, 5, 1), date(2013, 7, 31), 1),
    Episode("covid", date(2020, 2, 24), date(2020, 4, 30), 1),
    Episode("hiking", date(2022, 1, 3), date(2023, 12, 29), 2),
    Episode("bank_failures", date(2023, 3, 8), date(2023, 4, 14), 1),
    Episode("tariffs", date(2025, 4, 1), date(2025, 4, 30), 1),
)


def factor_weights(days: Sequence[date], multipliers: FloatArray) -> FloatArray:
    """Return the volatility multiplier of each day and factor, shape (days, 3); 1 when calm."""
    weights = np.ones((len(days), multipliers.shape[1]))
    ordinals = np.array([day.toordinal() for day in days])
    for index in sorted(range(len(EPISODES)), key=lambda i: -EPISODES[i].priority):
        episode = EPISODES[index]
        held = (ordinals >= episode.first.toordinal()) & (ordinals <= episode.last.toordinal())
        weights[held] = multipliers[index]
    return weights


@dataclass(frozen=True, slots=True)
class Calibration:
    """The figures of ``calibration.toml`` as arrays; the registry keeps unit, source and status."""

    registry: ParameterSet

    def number(self, name: str) -> float:
        """Return one figure."""
        return float(self.registry.ratio(name))

    def numbers(self, name: str) -> FloatArray:
        """Return a list of figures."""
        return np.array([float(part) for part in self.registry.ratios(name)])

    @property
    def loadings(self) -> FloatArray:
        """Level, slope and curvature loadings, shape (3, factor tenors)."""
        names = ("loadings_level", "loadings_slope", "loadings_curvature")
        return np.stack([self.numbers(name) for name in names])

    @property
    def multipliers(self) -> FloatArray:
        """Volatility multipliers, shape (episodes, 3)."""
        return np.stack([self.numbers(f"multiplier_{episode.name}") for episode in EPISODES])


@cache
def load_calibration() -> Calibration:
    """Return the calibration shipped beside this module."""
    text = resources.files(__package__).joinpath("calibration.toml").read_text(encoding="utf-8")
    versions = parameters_from_document(tomllib.loads(text))
    return Calibration(ParameterSet.in_force("simulation", versions, on=date.max))
