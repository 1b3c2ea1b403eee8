"""Factor histories and the scenario sets that a model draws from them.

A :class:`FactorHistory` holds, for every overlapping pair of scenario dates at one horizon, what
each risk factor did. A :class:`ScenarioSet` is a choice of pairs, with shocks scaled or not: it is
what instruments are repriced under. The two models choose differently and share nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from crossmargin.basics.dates import add_months
from crossmargin.market.basis import NEIGHBOURS, BasisResiduals
from crossmargin.market.factors import CurvePoints, KeyRateChanges, curve_points, key_rate_changes
from crossmargin.market.history import DateArray, FloatArray, MarketData
from crossmargin.market.residuals import NoiseEstimate, Origin, ResidualShocks, in_windows
from crossmargin.market.sofr_spread import BACK, FRONT, KNOT_HORIZON_YEARS, SpreadResiduals
from crossmargin.parameters.registry import ParameterSet

BoolArray = npt.NDArray[np.bool_]

_MONTHS_PER_YEAR = 12

#: Treasury contracts in the order of the basis shocks' columns.
BASIS_CONTRACTS = tuple(NEIGHBOURS)
SPREAD_KNOTS = (FRONT, BACK)
SPREAD_KNOT_YEARS: FloatArray = np.array(KNOT_HORIZON_YEARS)
_BP = 1e4
#: Shocks are kept on binary grids (1e-12 of a rate, 1e-5 of a basis point), so that a last bit lost
#: in an average never reaches a digest.
KEY_RATE_BITS = 40
SHOCK_BITS = 17


def on_grid(values: FloatArray, bits: int) -> FloatArray:
    """Return the values rounded to whole multiples of 2^-bits."""
    return np.ldexp(np.rint(np.ldexp(values, bits)), -bits)


@dataclass(frozen=True, slots=True)
class FactorHistory:
    """What every risk factor did over each pair of scenario dates at one horizon.

    Parameters
    ----------
    horizon_days : int
    key_rates : KeyRateChanges
    basis : ResidualShocks
        One column a Treasury contract.
    spread : ResidualShocks
        One column a knot of the SOFR-Treasury spread.
    """

    horizon_days: int
    key_rates: KeyRateChanges
    basis: ResidualShocks
    spread: ResidualShocks

    def rows_between(self, first: date, last: date) -> BoolArray:
        """Return the pairs that end in the window: a scenario bears the date of its end."""
        return in_windows(self.key_rates.end_dates, [(first, last)])

    def scenarios(self, name: str, rows: BoolArray) -> ScenarioSet:
        """Return the chosen pairs as a scenario set with unscaled shocks."""
        rates = self.key_rates
        return ScenarioSet(
            name=name,
            horizon_days=self.horizon_days,
            start_dates=rates.start_dates[rows],
            end_dates=rates.end_dates[rows],
            key_years=rates.key_years,
            key_rates=on_grid(rates.changes[rows], KEY_RATE_BITS),
            basis_bp=on_grid(self.basis.shocks_bp[rows], SHOCK_BITS),
            spread_bp=on_grid(self.spread.shocks_bp[rows], SHOCK_BITS),
            proxied=Proxied(
                curve=int(rates.proxied[rows].sum()),
                basis=self.basis.origins(rows),
                spread=self.spread.origins(rows),
            ),
        )

    def noise_estimates(self) -> dict[str, Mapping[str, NoiseEstimate]]:
        """Return what was estimated for each factor and regime."""
        return {**self.basis.estimates, **self.spread.estimates}


@dataclass(frozen=True, slots=True)
class Proxied:
    """How many scenarios rest on a stated proxy.

    Parameters
    ----------
    curve : int
        Scenarios with a tenor filled or left out.
    basis, spread : mapping of factor to Origin
        Own residual, a neighbour's, or redrawn, factor by factor.
    """

    curve: int
    basis: Mapping[str, Origin]
    spread: Mapping[str, Origin]

    def __add__(self, other: Proxied) -> Proxied:
        return Proxied(
            self.curve + other.curve,
            _added(self.basis, other.basis),
            _added(self.spread, other.spread),
        )

    @property
    def basis_redrawn(self) -> int:
        """Scenarios in which every contract's basis is redrawn."""
        return max((origin.redrawn for origin in self.basis.values()), default=0)

    @property
    def spread_redrawn(self) -> int:
        """Scenarios in which the SOFR-Treasury spread is redrawn."""
        return max((origin.redrawn for origin in self.spread.values()), default=0)

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "curve": self.curve,
            "basis": {name: origin.as_document() for name, origin in self.basis.items()},
            "spread": {name: origin.as_document() for name, origin in self.spread.items()},
        }


NOT_PROXIED = Proxied(0, {}, {})


def _added(one: Mapping[str, Origin], two: Mapping[str, Origin]) -> dict[str, Origin]:
    names = list(dict.fromkeys((*one, *two)))
    blank = Origin(0, 0, 0)
    return {name: one.get(name, blank) + two.get(name, blank) for name in names}


@dataclass(frozen=True, slots=True)
class ScenarioSet:
    """Shocks to every risk factor, one row a scenario.

    Parameters
    ----------
    name : str
    horizon_days : int
        In scenario dates.
    start_dates, end_dates : ndarray of datetime64[D], shape (N,)
        The dates whose move a scenario repeats.
    key_years : ndarray, shape (K,)
    key_rates : ndarray, shape (N, K)
        Changes of zero rates, plain ratios; linear in time between key tenors, flat outside.
    basis_bp : ndarray, shape (N, 8)
        By :data:`BASIS_CONTRACTS`: extra move of the futures-implied yield, basis points.
    spread_bp : ndarray, shape (N, 2)
        By :data:`SPREAD_KNOTS`: extra move of money-market futures rates, basis points.
    proxied : Proxied
    """

    name: str
    horizon_days: int
    start_dates: DateArray
    end_dates: DateArray
    key_years: FloatArray
    key_rates: FloatArray
    basis_bp: FloatArray
    spread_bp: FloatArray
    proxied: Proxied

    def __post_init__(self) -> None:
        count = len(self.start_dates)
        shapes = {
            "key_rates": (count, len(self.key_years)),
            "basis_bp": (count, len(BASIS_CONTRACTS)),
            "spread_bp": (count, len(SPREAD_KNOTS)),
        }
        for attribute, shape in shapes.items():
            array: FloatArray = getattr(self, attribute)
            if array.shape != shape:
                raise ValueError(f"{attribute} must have shape {shape}, was {array.shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{attribute} must be finite in every scenario")

    @property
    def count(self) -> int:
        """Number of scenarios."""
        return len(self.start_dates)

    @property
    def identity(self) -> str:
        """SHA-256 over the dates and every shock: equal sets have equal identities."""
        digest = hashlib.sha256()
        digest.update(f"{self.name}|{self.horizon_days}|{self.count}|".encode())
        for dates in (self.start_dates, self.end_dates):
            digest.update(dates.astype("<i8").tobytes())
        for array in (self.key_years, self.key_rates, self.basis_bp, self.spread_bp):
            digest.update(np.ascontiguousarray(array).astype("<f8").tobytes())
        return digest.hexdigest()

    def row(self, place: int) -> ScenarioSet:
        """Return one scenario as a set of its own."""
        one = slice(place, place + 1)
        return replace(
            self,
            start_dates=self.start_dates[one],
            end_dates=self.end_dates[one],
            key_rates=self.key_rates[one],
            basis_bp=self.basis_bp[one],
            spread_bp=self.spread_bp[one],
            proxied=NOT_PROXIED,
        )

    def scaling(
        self,
        *,
        key_rates: FloatArray | float = 1.0,
        basis: FloatArray | float = 1.0,
        spread: FloatArray | float = 1.0,
    ) -> ScenarioSet:
        """Return the set with shocks multiplied, column by column or row by row.

        Zero switches a factor off; the arrays must broadcast against the shocks.
        """
        return replace(
            self,
            key_rates=self.key_rates * key_rates,
            basis_bp=self.basis_bp * basis,
            spread_bp=self.spread_bp * spread,
        )


def bumps(key_years: FloatArray, *, size_bp: float) -> ScenarioSet:
    """Return one scenario a key rate up, then one a key rate down, nothing else moving."""
    count = len(key_years)
    size = size_bp / _BP
    shocks = np.vstack([np.eye(count) * size, np.eye(count) * -size])
    blank = np.full(2 * count, np.datetime64("1970-01-01"))
    return ScenarioSet(
        name=f"key-rate bumps of {size_bp} bp",
        horizon_days=0,
        start_dates=blank,
        end_dates=blank,
        key_years=key_years,
        key_rates=shocks,
        basis_bp=np.zeros((2 * count, len(BASIS_CONTRACTS))),
        spread_bp=np.zeros((2 * count, len(SPREAD_KNOTS))),
        proxied=NOT_PROXIED,
    )


def key_tenors(parameters: ParameterSet) -> FloatArray:
    """Return the key tenors in years."""
    return np.array([float(years) for years in parameters.ratios("key_rate_years")])


class FactorHistories:
    """Factor histories of one market at any horizon, as known on any date.

    Parameters
    ----------
    market : MarketData
    parameters : ParameterSet
        The market's: ``key_rate_years``, ``factors_from``, and those of basis and spread.
    as_of : date
        No later observation is used.
    """

    def __init__(self, market: MarketData, parameters: ParameterSet, *, as_of: date) -> None:
        points = curve_points(market.par_yields)
        first = np.datetime64(parameters.text("factors_from"))
        rows = (points.dates >= first) & (points.dates <= np.datetime64(as_of))
        if not rows.any():
            raise ValueError(f"no par yields from {first} to {as_of}")
        self.points = CurvePoints(points.dates[rows], points.par_yields[rows], points.filled[rows])
        self.key_years = key_tenors(parameters)
        self._basis = BasisResiduals(self.points, market.treasury_futures, parameters)
        self._spread = SpreadResiduals(self.points, market.fed_funds_futures, parameters)
        self._key_rates: dict[int, KeyRateChanges] = {}

    def at(self, horizon_days: int, *, known_until: date | None = None) -> FactorHistory:
        """Return what every factor did over each pair of dates.

        Parameters
        ----------
        horizon_days : int
        known_until : date, optional
            What is estimated (the share of noise in residuals) or redrawn rests on nothing later;
            later pairs are there, with what was known then applied to them.
        """
        if horizon_days not in self._key_rates:
            self._key_rates[horizon_days] = key_rate_changes(
                self.points, lag=horizon_days, key_years=self.key_years
            )
        return FactorHistory(
            horizon_days=horizon_days,
            key_rates=self._key_rates[horizon_days],
            basis=self._basis.shocks(horizon_days=horizon_days, known_until=known_until),
            spread=self._spread.shocks(horizon_days=horizon_days, known_until=known_until),
        )


def factor_history(
    market: MarketData, parameters: ParameterSet, *, horizon_days: int, as_of: date
) -> FactorHistory:
    """Return what every factor did at a horizon, up to the as-of date and nothing later."""
    return FactorHistories(market, parameters, as_of=as_of).at(horizon_days)


def window_start(as_of: date, years: int) -> date:
    """Return the same calendar day years earlier (29 February: 28 February).

    Examples
    --------
    >>> window_start(date(2024, 2, 29), 10)
    datetime.date(2014, 2, 28)
    """
    return add_months(as_of, -_MONTHS_PER_YEAR * years)


def join(name: str, sets: Sequence[ScenarioSet]) -> ScenarioSet:
    """Return the scenarios of several sets of one horizon and one ladder, in order.

    Raises
    ------
    ValueError
        If there is no set.
    """
    if not sets:
        raise ValueError(f"no dates give scenarios of {name}")
    first = sets[0]
    proxied = NOT_PROXIED
    for each in sets:
        proxied = proxied + each.proxied
    return ScenarioSet(
        name=name,
        horizon_days=first.horizon_days,
        start_dates=np.concatenate([each.start_dates for each in sets]),
        end_dates=np.concatenate([each.end_dates for each in sets]),
        key_years=first.key_years,
        key_rates=np.vstack([each.key_rates for each in sets]),
        basis_bp=np.vstack([each.basis_bp for each in sets]),
        spread_bp=np.vstack([each.spread_bp for each in sets]),
        proxied=proxied,
    )
