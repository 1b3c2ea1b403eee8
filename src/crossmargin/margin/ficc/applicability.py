"""Which component of FICC's margin applies to a segregated customer.

The Required Fund Deposit of a member and the Segregated Customer Margin Requirement of a
Segregated Indirect Participant are made of the same list, "to the extent applicable" (91 FR 4975,
91 FR 5128). Which applies is said component by component, dated and with its status, in
``parameters.toml``: ``segregated_<component>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from crossmargin.parameters.registry import ParameterSet

_PREFIX = "segregated_"


class Component(StrEnum):
    """A component of FICC's margin outside the simulation; the value is its name in outputs."""

    VAR_CHARGE = "var_charge"
    MARGIN_LIQUIDITY_ADJUSTMENT = "margin_liquidity_adjustment"
    PORTFOLIO_DIFFERENTIAL = "portfolio_differential"
    BACKTESTING = "backtesting"
    HOLIDAY = "holiday"
    VOLATILITY_EVENT = "volatility_event"
    INTRADAY_MARK_TO_MARKET = "intraday_mark_to_market"
    INTRADAY_SUPPLEMENTAL_FUND_DEPOSIT = "intraday_supplemental_fund_deposit"
    SPECIAL_CHARGE = "special_charge"
    BLACKOUT_PERIOD_EXPOSURE_ADJUSTMENT = "blackout_period_exposure_adjustment"
    EXCESS_CAPITAL_PREMIUM = "excess_capital_premium"


class Applicability(StrEnum):
    """Whether a component applies to a segregated customer.

    ``AS_APPLICABLE`` is what the sources say where they do not say more: it is computed where its
    inputs are given, and may be set to ``does not apply``.
    """

    APPLIES = "applies"
    AS_APPLICABLE = "as applicable"
    DOES_NOT_APPLY = "does not apply"


def applicability(parameters: ParameterSet) -> Mapping[Component, Applicability]:
    """Return what applies to a segregated customer on the parameters' day.

    Raises
    ------
    ValueError
        If a parameter holds anything else.
    """
    return {
        component: Applicability(parameters.choice(_PREFIX + component, Applicability))
        for component in Component
    }
