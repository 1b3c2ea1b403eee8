"""One customer's requirement: the XM account under the rule, everything else in full.

``standalone`` is each CCP's margin of all the customer's positions there as one regular portfolio:
what it would pay with no arrangement. ``outside`` is the margin of what is not in the XM account.
``split_cost = M(XM) + M(outside) - M(all)`` is what carrying two accounts instead of one costs
before any reduction; it may be negative (ruling 5).

Charges outside the saving (add-ons) are collected in full, beside the reduced figure; those of the
positions outside the XM account are in ``outside``, those of everything in ``standalone``.

The customer minimum applies to what FICC collects from the customer, after the reduction, and to
the stand-alone figure too (ruling 6); what it adds is shown apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.arrangement.reduction import (
    ModelFigures,
    OrderCheck,
    Reduction,
    ReductionRules,
    margin_reduction,
    order_check,
    reduced_by,
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
        What is not in the XM account at this CCP, as one portfolio, its add-ons included.
    everything : Money
        All positions at this CCP as one portfolio, its add-ons included.
    has_positions : bool
        Whether the customer holds anything at this CCP.
    add_ons : mapping of name to Money
        Charges outside the saving, of the leg of the XM account that this CCP clears.
    other_cycle : Money
        Figure of the other cycle that the higher-of rule compares with, before the reduction; zero
        where the rule does not apply.
    """

    three: ModelFigures
    outside: Money
    everything: Money
    has_positions: bool
    add_ons: Mapping[str, Money] = field(default_factory=dict)
    other_cycle: Money = ZERO

    @property
    def add_on_cents(self) -> int:
        """All add-ons together, whole cents."""
        return sum(amount.cents for amount in self.add_ons.values())


@dataclass(frozen=True, slots=True)
class CcpRequirement:
    """What one CCP collects from one customer.

    Parameters
    ----------
    figures : CcpFigures
    saving : Fraction
        As its own model sees it, negative too.
    reduced : Money
        The CCP's own figure of the leg it clears, less the reduction.
    higher_of : Money
        What the other cycle's figure, less the same reduction, is higher by (ruling 6).
    requirement : Money
        Of the XM account: reduced, higher of two cycles, with add-ons, the customer minimum
        included.
    minimum_top_up : Money
        What the customer minimum added to ``requirement``.
    outside, standalone, split_cost : Money
    """

    figures: CcpFigures
    saving: Fraction
    reduced: Money
    higher_of: Money
    requirement: Money
    minimum_top_up: Money
    outside: Money
    standalone: Money
    split_cost: Money

    @property
    def add_ons(self) -> Mapping[str, Money]:
        """Charges outside the saving, in ``requirement`` in full."""
        return self.figures.add_ons


@dataclass(frozen=True, slots=True)
class CustomerRequirement:
    """The whole of one customer: both CCPs, with and without the arrangement.

    ``order_check`` is of what is collected, the customer minimum included, add-ons left out on both
    sides.
    """

    reduction: Reduction
    order_check: OrderCheck
    ficc: CcpRequirement
    cme: CcpRequirement
    standalone: Money
    requirement: Money
    saved: Money


def customer_requirement(
    *,
    ficc: CcpFigures,
    cme: CcpFigures,
    rules: ReductionRules,
    given: Reduction | None = None,
) -> CustomerRequirement:
    """Return one customer's requirement from both models' figures.

    Parameters
    ----------
    ficc, cme : CcpFigures
    rules : ReductionRules
        In force on the day.
    given : Reduction, optional
        Instead of the one that the rule finds.

    Notes
    -----
    Removing a customer changes no other customer's figures: nothing is netted between customers.
    """
    reduction = given or margin_reduction(ficc=ficc.three, cme=cme.three, rules=rules)
    minimum = rules.customer_minimum.cents if ficc.has_positions else 0
    # Whole cents as integers: this runs once a customer, for every customer of every firm.
    ficc_add_ons, cme_add_ons = ficc.add_on_cents, cme.add_on_cents
    higher_of = 0
    if ficc.other_cycle.cents:
        other = reduced_by(ficc.other_cycle, reduction.reduction)
        higher_of = max(0, other.cents - reduction.ficc_requirement.cents)
    at_ficc = reduction.ficc_requirement.cents + higher_of + ficc_add_ons
    at_cme = reduction.cme_requirement.cents + cme_add_ons
    top_up = max(0, minimum - at_ficc - ficc.outside.cents)
    ficc_standalone = max(minimum, ficc.everything.cents)
    standalone = ficc_standalone + cme.everything.cents
    requirement = at_ficc + top_up + at_cme + ficc.outside.cents + cme.outside.cents
    against_combined = at_ficc - ficc_add_ons + top_up + at_cme - cme_add_ons
    return CustomerRequirement(
        reduction=reduction,
        order_check=order_check(against_combined, ficc=ficc.three, cme=cme.three)
        if top_up or higher_of
        else reduction.order_check,
        ficc=CcpRequirement(
            figures=ficc,
            saving=reduction.ficc_saving,
            reduced=reduction.ficc_requirement,
            higher_of=Money(higher_of),
            requirement=Money(at_ficc + top_up),
            minimum_top_up=Money(top_up),
            outside=ficc.outside,
            standalone=Money(ficc_standalone),
            split_cost=Money(
                max(ficc.three.securities.cents, ficc.other_cycle.cents)
                + ficc_add_ons
                + ficc.outside.cents
                - ficc.everything.cents
            ),
        ),
        cme=CcpRequirement(
            figures=cme,
            saving=reduction.cme_saving,
            reduced=reduction.cme_requirement,
            higher_of=ZERO,
            requirement=Money(at_cme),
            minimum_top_up=ZERO,
            outside=cme.outside,
            standalone=cme.everything,
            split_cost=Money(
                cme.three.futures.cents + cme_add_ons + cme.outside.cents - cme.everything.cents
            ),
        ),
        standalone=Money(standalone),
        requirement=Money(requirement),
        saved=Money(standalone - requirement),
    )
