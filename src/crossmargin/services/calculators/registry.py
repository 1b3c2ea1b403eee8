"""All calculators, by name."""

from __future__ import annotations

from collections.abc import Mapping

from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.default_management.rules import DefaultRules
from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.services.calculators.arrangement import arrangement_calculators
from crossmargin.services.calculators.calculator import Calculator
from crossmargin.services.calculators.collateral import CollateralRules, collateral_calculators
from crossmargin.services.calculators.default_management import default_calculators
from crossmargin.services.calculators.ficc_add_ons import ficc_add_on_calculators
from crossmargin.services.calculators.futures import FUTURES_CALCULATORS
from crossmargin.services.calculators.reporting import REPORTING_CALCULATORS
from crossmargin.services.calculators.span import SPAN_CALCULATOR
from crossmargin.services.calculators.treasury import TREASURY_CALCULATORS


def calculators(
    rules: ReductionRules,
    add_on_rules: AddOnRules,
    default_rules: DefaultRules,
    collateral_rules: CollateralRules,
) -> Mapping[str, Calculator]:
    """Return every calculator by name, in the order in which they are listed.

    Parameters
    ----------
    rules : ReductionRules
        What the rule of the arrangement takes where an input names nothing else.
    add_on_rules : AddOnRules
        The same of FICC's charges outside the VaR Charge.
    default_rules : DefaultRules
        The same of what happens when someone fails.
    collateral_rules : CollateralRules
        The same of calls, withdrawals and undermargined accounts.
    """
    every = (
        *FUTURES_CALCULATORS,
        *TREASURY_CALCULATORS,
        *arrangement_calculators(rules),
        *ficc_add_on_calculators(add_on_rules, rules),
        *default_calculators(default_rules),
        *REPORTING_CALCULATORS,
        *collateral_calculators(collateral_rules),
        SPAN_CALCULATOR,
    )
    return {calculator.name: calculator for calculator in sorted(every, key=lambda c: c.name)}
