"""What each position of the XM account adds: the account margined again without it.

An incremental figure is the requirement with the position less the requirement without it, by the
whole rule: models, savings, threshold, cap and customer minimum. Unlike contributions, incremental
figures do not add up to the requirement: what one position saves depends on the others.
"""

from __future__ import annotations

from collections.abc import Mapping

from crossmargin.arrangement.reduction import (
    ModelFigures,
    Reduction,
    ReductionRules,
    given_reduction,
    margin_reduction,
    savings,
)
from crossmargin.arrangement.requirement import (
    CcpFigures,
    CustomerRequirement,
    customer_requirement,
)
from crossmargin.basics.money import ZERO, Money
from crossmargin.margin.book import ThreeFigures
from crossmargin.margin.ficc.model import MARGIN_LIQUIDITY
from crossmargin.services.customer_books import CustomerBook, holdings_of
from crossmargin.services.ficc_charges import FiccCharges
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_run import CustomerResult


def incremental_figures(
    day: MarginDay, book: CustomerBook, customer: CustomerResult, charges: FiccCharges
) -> Mapping[int, Money]:
    """Return, for each instrument of the XM account, what the requirement falls by without it.

    Negative where the position lowers the requirement.

    Parameters
    ----------
    day : MarginDay
    book : CustomerBook
    customer : CustomerResult
        Of the same book.
    charges : FiccCharges
        Of the run.
    """
    places = list(book.xm)
    without = [{p: q for p, q in book.xm.items() if p != place} for place in places]
    if not without:
        return {}
    block = holdings_of(day, list(without)).block(0, len(without))
    rules = ReductionRules.from_parameters(day.parameters.arrangement)
    ficc, ficc_add_ons = day.ficc.three_figures(block), day.ficc.add_ons(block)
    cme, cme_add_ons = day.cme_engine.three_figures(block), day.cme_engine.add_ons(block)
    security_count = len(day.valuation.book.prices)
    found = {}
    for row, (place, left) in enumerate(zip(places, without, strict=True)):
        at_ficc = _three(ficc, row)
        in_xm = any(held < security_count for held in left)
        own = charges.of(
            book.key,
            at_ficc.securities,
            Money(ficc_add_ons[MARGIN_LIQUIDITY][row]),
            with_history=book.has_ficc_in_xm,
        )
        at_cme = _three(cme, row)
        outcome = customer_requirement(
            ficc=CcpFigures(
                at_ficc,
                customer.requirement.ficc.outside,
                ZERO,
                has_positions=in_xm or _has_ficc_outside(book, security_count),
                add_ons=own.add_ons,
                other_cycle=own.other_cycle,
            ),
            cme=CcpFigures(
                at_cme,
                customer.requirement.cme.outside,
                ZERO,
                has_positions=True,
                add_ons={name: Money(cents[row]) for name, cents in cme_add_ons.items()},
            ),
            rules=rules,
            given=_given(customer.requirement, rules, ficc=at_ficc, cme=at_cme),
        )
        found[place] = customer.requirement.requirement - outcome.requirement
    return found


def _given(
    requirement: CustomerRequirement,
    rules: ReductionRules,
    *,
    ficc: ModelFigures,
    cme: ModelFigures,
) -> Reduction | None:
    """Return the customer's reduction where it was given, such as a last factor; None otherwise."""
    own = requirement.reduction
    by_rule = margin_reduction(
        ficc=requirement.ficc.figures.three, cme=requirement.cme.figures.three, rules=rules
    )
    if by_rule.reduction == own.reduction:
        return None
    both = savings(ficc=ficc, cme=cme, denominator=rules.denominator)
    return given_reduction(own.reduction, own.binding, ficc=ficc, cme=cme, savings=both)


def _has_ficc_outside(book: CustomerBook, security_count: int) -> bool:
    return bool(book.outside_haircut) or any(place < security_count for place in book.outside)


def _three(figures: ThreeFigures, row: int) -> ModelFigures:
    return ModelFigures(
        figures.securities.charge(row), figures.futures.charge(row), figures.combined.charge(row)
    )
