"""What each position of the XM account adds: the account margined again without it.

An incremental figure is the requirement with the position less the requirement without it, by the
whole rule: models, savings, threshold, cap and customer minimum. Unlike contributions, incremental
figures do not add up to the requirement: what one position saves depends on the others.
"""

from __future__ import annotations

from collections.abc import Mapping

from crossmargin.arrangement.reduction import ModelFigures, ReductionRules
from crossmargin.arrangement.requirement import CcpFigures, customer_requirement
from crossmargin.basics.money import ZERO, Money
from crossmargin.margin.book import MarginModel, ThreeFigures
from crossmargin.services.customer_books import CustomerBook, holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_run import CustomerResult


def incremental_figures(
    day: MarginDay, book: CustomerBook, customer: CustomerResult
) -> Mapping[int, Money]:
    """Return, for each instrument of the XM account, what the requirement falls by without it.

    Negative where the position lowers the requirement.

    Parameters
    ----------
    day : MarginDay
    book : CustomerBook
    customer : CustomerResult
        Of the same book.
    """
    places = list(book.xm)
    without = [{p: q for p, q in book.xm.items() if p != place} for place in places]
    if not without:
        return {}
    block = holdings_of(day, list(without)).block(0, len(without))
    rules = ReductionRules.from_parameters(day.parameters.arrangement)
    models: tuple[MarginModel, MarginModel] = (day.ficc, day.cme)
    figures = [(model.three_figures(block), model.add_ons(block)) for model in models]
    security_count = len(day.valuation.book.prices)
    found = {}
    for row, (place, left) in enumerate(zip(places, without, strict=True)):
        sides = [
            CcpFigures(
                _three(three, row),
                requirement.outside,
                ZERO,
                has_positions=at_ficc is False or _has_ficc(left, book, security_count),
                add_ons={name: Money(cents[row]) for name, cents in add_ons.items()},
            )
            for (three, add_ons), requirement, at_ficc in zip(
                figures,
                (customer.requirement.ficc, customer.requirement.cme),
                (True, False),
                strict=True,
            )
        ]
        outcome = customer_requirement(ficc=sides[0], cme=sides[1], rules=rules)
        found[place] = customer.requirement.requirement - outcome.requirement
    return found


def _has_ficc(left: Mapping[int, int], book: CustomerBook, security_count: int) -> bool:
    return bool(book.outside_haircut) or any(
        place < security_count for place in (*left, *book.outside)
    )


def _three(figures: ThreeFigures, row: int) -> ModelFigures:
    return ModelFigures(
        figures.securities.charge(row), figures.futures.charge(row), figures.combined.charge(row)
    )
