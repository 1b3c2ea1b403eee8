r"""Margin Liquidity Adjustment: what liquidating a concentrated portfolio costs beyond its VaR.

For each asset group :math:`g` (Treasuries and TIPS, each by maturity), from the net and the gross
market value of the portfolio's securities in it,

.. math:: IC_g = a\, \sigma_g\, |N_g| \sqrt{|N_g| / ADV_g} + \tfrac12\, s_g\, (G_g - |N_g|)

a directional cost that grows with the square root of the share of a day's volume, and half the
bid-ask spread on what offsets within the group. The charge is

.. math:: MLA = \sum_g \max(IC_g / V_g - \tau, 0)\, V_g\, c = \sum_g \max(IC_g - \tau V_g, 0)\, c

with :math:`V_g` the group's own one-day tail loss; the second form also says what a group whose
loss is zero is charged. Form and threshold are recalled from SR-FICC-2020-009 (85 FR 66630);
coefficient and volumes are ours.

One indirect participant at several sponsors is one portfolio to FICC, whose charge is then
allocated. A run sees one BD-FCM's file: neither the other sponsors' positions nor the allocation
are modelled here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.margin.exact import (
    GRID_PER_DOLLAR,
    exact_pnl_in_grid_steps,
    exact_rows,
    from_grid,
    root_up,
    to_grid,
)
from crossmargin.margin.ficc.liquidity_columns import GroupColumns
from crossmargin.margin.tail import tail_losses
from crossmargin.market.history import FloatArray

_SIGMA_STEPS = 1_000_000_000
_BP = Fraction(1, 10_000)
# How far float arithmetic and the rounded root can be off, by a wide margin.
_SURELY = 1e-6
_ROOT_SLACK = 2e-6


@dataclass(frozen=True, slots=True)
class LiquidityRules:
    """What makes a group's charge out of its figures.

    Parameters
    ----------
    impact_coefficient : Fraction
        The :math:`a` of the impact cost.
    threshold : Fraction
        Impact cost as a share of the one-day loss above which there is a charge.
    scale : Fraction
    """

    impact_coefficient: Fraction
    threshold: Fraction
    scale: Fraction

    def __post_init__(self) -> None:
        for name in ("impact_coefficient", "threshold", "scale"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, was {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class LiquidityGroup:
    """One asset group.

    Parameters
    ----------
    name : str
    one_day_sigma : Fraction
        Standard deviation of one-day P&L per dollar of market value.
    average_daily_volume_dollars : Fraction
        More than zero.
    bid_ask_bp : Fraction
        Of market value.
    """

    name: str
    one_day_sigma: Fraction
    average_daily_volume_dollars: Fraction
    bid_ask_bp: Fraction

    def __post_init__(self) -> None:
        if self.average_daily_volume_dollars <= 0:
            raise ValueError(
                f"{self.name}: the daily volume must be more than zero, "
                f"was {self.average_daily_volume_dollars}"
            )
        if self.one_day_sigma < 0 or self.bid_ask_bp < 0:
            raise ValueError(f"{self.name}: standard deviation and spread must not be negative")


@dataclass(frozen=True, slots=True)
class GroupLiquidity:
    """One portfolio in one group, exact dollars.

    ``charge`` is ``max(directional + basis - threshold x one_day_loss, 0) x scale``.
    """

    directional: Fraction
    basis: Fraction
    one_day_loss: Fraction
    charge: Fraction

    @property
    def impact_cost(self) -> Fraction:
        """Both costs."""
        return self.directional + self.basis

    @property
    def ratio(self) -> Fraction | None:
        """Impact cost as a share of the one-day loss; None where there is no loss."""
        return self.impact_cost / self.one_day_loss if self.one_day_loss else None


def group_liquidity(
    group: LiquidityGroup,
    rules: LiquidityRules,
    *,
    net_market_value: Fraction,
    gross_market_value: Fraction,
    one_day_loss: Fraction,
) -> GroupLiquidity:
    """Return one portfolio's figures in one group.

    Parameters
    ----------
    group : LiquidityGroup
    rules : LiquidityRules
    net_market_value, gross_market_value : Fraction
        Dollars; the net one signed.
    one_day_loss : Fraction
        Tail loss of the portfolio's securities in the group, dollars, not negative.

    Notes
    -----
    The square root is rounded up to a millionth; everything else is exact. Doubling a portfolio at
    least doubles its charge: the root does not fall, the rest doubles.
    """
    net = abs(net_market_value)
    if gross_market_value < net or one_day_loss < 0:
        raise ValueError("gross must be at least net, and a loss not negative")
    root = root_up(net / group.average_daily_volume_dollars)
    directional = rules.impact_coefficient * group.one_day_sigma * net * root
    basis = group.bid_ask_bp * _BP / 2 * (gross_market_value - net)
    excess = directional + basis - rules.threshold * one_day_loss
    return GroupLiquidity(directional, basis, one_day_loss, max(excess, Fraction(0)) * rules.scale)


@dataclass(frozen=True, slots=True)
class MarginLiquidity:
    """The adjustment on one date: groups and per-unit columns ready, portfolios still to come.

    Parameters
    ----------
    groups : tuple of LiquidityGroup
    columns : tuple of GroupColumns
        One a group.
    rank : int
        Which one-day loss to read, counted from the largest.
    rules : LiquidityRules
    """

    groups: tuple[LiquidityGroup, ...]
    columns: tuple[GroupColumns, ...]
    rank: int
    rules: LiquidityRules

    @staticmethod
    def prepare(
        *,
        groups: Sequence[LiquidityGroup],
        group_of_security: Sequence[int],
        market_value: FloatArray,
        one_day_pnl: FloatArray,
        rank: int,
        rules: LiquidityRules,
    ) -> MarginLiquidity:
        """Return the adjustment from per-security arrays, put on the grid.

        Parameters
        ----------
        groups : sequence of LiquidityGroup
        group_of_security : sequence of int, length S
            Place in ``groups``; negative for a security outside the adjustment.
        market_value : ndarray, shape (S,)
            Dollars per unit of $100 of par.
        one_day_pnl : ndarray, shape (S, N)
            Dollars per unit.
        rank : int
        rules : LiquidityRules

        Raises
        ------
        ValueError
            If shapes do not fit, a group is unknown or a market value is not positive.
        """
        places = np.asarray(group_of_security, dtype=np.int64)
        if not len(places) == len(market_value) == len(one_day_pnl):
            raise ValueError("one group, one market value and one row of P&L a security")
        if places.size and places.max() >= len(groups):
            raise ValueError(f"there are {len(groups)} groups, was {places.max()}")
        value, pnl = to_grid(market_value), to_grid(one_day_pnl)
        if (value[places >= 0] <= 0).any():
            raise ValueError("a market value must be more than zero")
        members = [np.flatnonzero(places == place) for place in range(len(groups))]
        columns = tuple(
            GroupColumns.of(each, value[each], pnl[each], rank=rank) for each in members
        )
        return MarginLiquidity(tuple(groups), columns, rank, rules)

    def keeping(self, rows: Sequence[int]) -> MarginLiquidity:
        """Return the adjustment for some of the securities, the groups' figures as they are."""
        kept = np.asarray(rows, dtype=np.int64)
        return replace(self, columns=tuple(each.keeping(kept) for each in self.columns))

    def charges(self, units: FloatArray) -> list[Money]:
        """Return each portfolio's adjustment, up to the cent.

        Parameters
        ----------
        units : ndarray of float64, shape (portfolios, S)
            Signed whole units.
        """
        totals = [Fraction(0)] * len(units)
        for place in range(len(self.groups)):
            for row, figures in self._charged(units, place):
                totals[row] += figures.charge
        return [charge_from_dollars(total) for total in totals]

    def by_group(self, units: FloatArray) -> dict[str, GroupLiquidity]:
        """Return one portfolio's figures by group, of the groups that it holds.

        Parameters
        ----------
        units : ndarray of float64, shape (S,)
        """
        found = {}
        for group, columns in zip(self.groups, self.columns, strict=True):
            held = units[columns.members]
            if held.any():
                found[group.name] = self._in_whole_numbers(group, columns, held)
        return found

    def _charged(self, units: FloatArray, place: int) -> list[tuple[int, GroupLiquidity]]:
        """Return the portfolios that the group may charge, with their figures.

        Floats only leave out what is far below the threshold; what may be charged is exact.
        """
        group, columns = self.groups[place], self.columns[place]
        held = units[:, columns.members]
        rows = np.flatnonzero(held.any(axis=1))
        if not rows.size:
            return []
        held = held[rows]
        net, gross = held @ columns.market_value, np.abs(held) @ columns.market_value
        exact = exact_rows(held, columns.size)
        at_least = tail_losses(held @ columns.telling, self.rank)
        few = np.flatnonzero(self._may_exceed(group, np.abs(net), gross, at_least) | ~exact)
        rows, held, net, gross, exact = rows[few], held[few], net[few], gross[few], exact[few]
        losses = tail_losses(held @ columns.pnl, self.rank)
        found = []
        for at in np.flatnonzero(self._may_exceed(group, np.abs(net), gross, losses) | ~exact):
            if exact[at]:
                figures = group_liquidity(
                    group,
                    self.rules,
                    net_market_value=from_grid(float(net[at])),
                    gross_market_value=from_grid(float(gross[at])),
                    one_day_loss=from_grid(float(losses[at])),
                )
            else:
                figures = self._in_whole_numbers(group, columns, held[at])
            found.append((int(rows[at]), figures))
        return found

    def _may_exceed(
        self, group: LiquidityGroup, net: FloatArray, gross: FloatArray, losses: FloatArray
    ) -> npt.NDArray[np.bool_]:
        root = np.sqrt(net / float(group.average_daily_volume_dollars)) + _ROOT_SLACK
        directional = float(self.rules.impact_coefficient * group.one_day_sigma) * net * root
        basis = float(group.bid_ask_bp * _BP / 2) * (gross - net)
        bound = (directional + basis) * (1 + _SURELY)
        exceeds: npt.NDArray[np.bool_] = bound >= float(self.rules.threshold) * losses * (
            1 - _SURELY
        )
        return exceeds

    def _in_whole_numbers(
        self, group: LiquidityGroup, columns: GroupColumns, held: FloatArray
    ) -> GroupLiquidity:
        """Return one portfolio's figures, however large the quantities."""
        units = [int(quantity) for quantity in held]
        values = [from_grid(float(value)) for value in columns.market_value]
        lines = [quantity * value for quantity, value in zip(units, values, strict=True)]
        steps = sorted(exact_pnl_in_grid_steps(units, columns.pnl))
        return group_liquidity(
            group,
            self.rules,
            net_market_value=sum(lines, start=Fraction(0)),
            gross_market_value=sum(map(abs, lines), start=Fraction(0)),
            one_day_loss=Fraction(max(0, -steps[self.rank - 1]), GRID_PER_DOLLAR),
        )


def liquidity_group_names(
    treasury_lower_years: Sequence[Fraction], tips_lower_years: Sequence[Fraction]
) -> tuple[str, ...]:
    """Return the names of the groups: Treasuries by maturity, then TIPS.

    Examples
    --------
    >>> liquidity_group_names([Fraction(0), Fraction(5)], [Fraction(0)])
    ('treasury_0_to_5', 'treasury_5_up', 'tips_0_up')
    """
    return (*_names("treasury", treasury_lower_years), *_names("tips", tips_lower_years))


def liquidity_group_place(
    remaining_years: float,
    *,
    is_tips: bool,
    treasury_lower_years: Sequence[Fraction],
    tips_lower_years: Sequence[Fraction],
) -> int:
    """Return a security's place among the groups; a lower end belongs to the group it begins."""
    ends = tips_lower_years if is_tips else treasury_lower_years
    within = sum(1 for end in ends[1:] if remaining_years >= float(end))
    return within + (len(treasury_lower_years) if is_tips else 0)


def group_one_day_sigma(one_day_pnl: FloatArray, market_value: FloatArray) -> Fraction:
    """Return the standard deviation of a group's one-day P&L per dollar of market value.

    The group is held in equal dollars of each of its securities. P&L per dollar is rounded to a
    billionth first, so that mean and squares are whole numbers; the root is rounded up to one.

    Parameters
    ----------
    one_day_pnl : ndarray, shape (members, N)
        Dollars per unit.
    market_value : ndarray, shape (members,)
        Dollars per unit.

    Returns
    -------
    Fraction
        Over the N scenarios, divided by N; zero for a group without securities.
    """
    members, count = one_day_pnl.shape
    if not members:
        return Fraction(0)
    per_dollar = np.rint(one_day_pnl / market_value[:, None] * _SIGMA_STEPS).astype(np.int64)
    sums = [int(total) for total in per_dollar.sum(axis=0)]
    spread = count * sum(total * total for total in sums) - sum(sums) ** 2
    # Variance of the mean per dollar.
    square = Fraction(spread, (count * members * _SIGMA_STEPS) ** 2)
    return root_up(square, steps=_SIGMA_STEPS)


def _names(kind: str, lower_years: Sequence[Fraction]) -> list[str]:
    ends = [f"to_{end}" for end in lower_years[1:]] + ["up"]
    return [f"{kind}_{low}_{end}" for low, end in zip(lower_years, ends, strict=True)]
