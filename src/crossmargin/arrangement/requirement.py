"""One customer's requirement: the XM account under the rule, everything else in full.

``standalone`` is each CCP's margin of all the customer's positions there as one regular portfolio:
what it would pay with no arrangement. ``outside`` is the margin of what is not in the XM account.
``split_cost = M(XM) + M(outside) - M(all)`` is what carrying two accounts instead of one costs
before any reduction; it may be negative (ruling 5).

The customer minimum applies to what FICC collects from the customer, after the reduction, and to
the stand-alone figure too (ruling 6); what it adds is shown apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from crossmargin.arrangement.reduction import (
    ModelFigures,
    OrderCheck,
    Reduction,
    ReductionRules,
    margin_reduction,
    order_check,
)
from crossmargin.basics.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class CcpFigures:
    """What one CCP's model says of one customer.

    Parameters
    ----------
    three : ModelFigures
        The XM account: securities, futures, both.
    outside : Money
        What is not in the XM account at this CCP, as one portfolio.
    everything : Money
        All positions at this CCP as one portfolio.
    has_positions : bool
        Whether the customer holds anything at this CCP.
    """

    three: ModelFigures
    outside: Money
    everything: Money
    has_positions: bool


@dataclass(frozen=True, slots=True)
class CcpRequirement:
    """What one CCP collects from one customer.

    Parameters
    ----------
    figures : CcpFigures
    saving : Fraction
        As its own model sees it, negative too.
    requirement : Money
        Of the XM account, reduced, the customer minimum included.
    minimum_top_up : Money
        What the customer minimum added to ``requirement``.
    outside, standalone, split_cost : Money
    """

    figures: CcpFigures
    saving: Fraction
    requirement: Money
    minimum_top_up: Money
    outside: Money
    standalone: Money
    split_cost: Money


@dataclass(frozen=True, slots=True)
class CustomerRequirement:
    """The whole of one customer: both CCPs, with and without the arrangement.

    ``order_check`` is of what is collected, the customer minimum included.
    """

    reduction: Reduction
    order_check: OrderCheck
    ficc: CcpRequirement
    cme: CcpRequirement
    standalone: Money
    requirement: Money
    saved: Money


def customer_requirement(
    *, ficc: CcpFigures, cme: CcpFigures, rules: ReductionRules
) -> CustomerRequirement:
    """Return one customer's requirement from both models' figures.

    Parameters
    ----------
    ficc, cme : CcpFigures
    rules : ReductionRules
        In force on the day.

    Notes
    -----
    Removing a customer changes no other customer's figures: nothing is netted between customers.
    """
    reduction = margin_reduction(ficc=ficc.three, cme=cme.three, rules=rules)
    minimum = rules.customer_minimum.cents if ficc.has_positions else 0
    # Whole cents as integers: this runs once a customer, for every customer of every firm.
    at_ficc = reduction.ficc_requirement.cents
    at_cme = reduction.cme_requirement.cents
    top_up = max(0, minimum - at_ficc - ficc.outside.cents)
    collected = at_ficc + top_up + at_cme
    ficc_standalone = max(minimum, ficc.everything.cents)
    standalone = ficc_standalone + cme.everything.cents
    requirement = collected + ficc.outside.cents + cme.outside.cents
    return CustomerRequirement(
        reduction=reduction,
        order_check=order_check(collected, ficc=ficc.three, cme=cme.three)
        if top_up
        else reduction.order_check,
        ficc=CcpRequirement(
            figures=ficc,
            saving=reduction.ficc_saving,
            requirement=Money(at_ficc + top_up),
            minimum_top_up=Money(top_up),
            outside=ficc.outside,
            standalone=Money(ficc_standalone),
            split_cost=Money(
                ficc.three.securities.cents + ficc.outside.cents - ficc.everything.cents
            ),
        ),
        cme=CcpRequirement(
            figures=cme,
            saving=reduction.cme_saving,
            requirement=reduction.cme_requirement,
            minimum_top_up=ZERO,
            outside=cme.outside,
            standalone=cme.everything,
            split_cost=Money(cme.three.futures.cents + cme.outside.cents - cme.everything.cents),
        ),
        standalone=Money(standalone),
        requirement=Money(requirement),
        saved=Money(standalone - requirement),
    )
