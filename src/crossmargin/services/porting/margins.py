"""Margins at receivers, computed afresh: with the arrangement and without, of wholes and parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crossmargin.arrangement.eligibility import EligibilityRules, recognise
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.customers import Carriage
from crossmargin.product.position import PositionLine
from crossmargin.services.customer_books import customer_books
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.ports import BlockExecutor

Margins = Mapping[Carriage, Money]


@dataclass(frozen=True, slots=True)
class Remargining:
    """What margins other books on a day that is ready.

    Parameters
    ----------
    day : MarginDay
        Prepared for every contract that the books hold.
    executor : BlockExecutor
    """

    day: MarginDay
    executor: BlockExecutor

    def requirements(
        self, books: Mapping[str, Sequence[PositionLine]]
    ) -> dict[str, CustomerRequirement]:
        """Return the requirement of each book as a customer's of its own.

        Parameters
        ----------
        books : mapping of name to position lines
            Each well formed and recognised before.
        """
        if not books:
            return {}
        lines = [
            replace(line, customer=CustomerKey("", name))
            for name, book in books.items()
            for line in book
        ]
        rules = EligibilityRules.from_parameters(self.day.parameters.arrangement)
        recognition = recognise(
            lines, as_of=self.day.as_of, securities=self.day.prices.prices, rules=rules
        )
        result = margin_customers(self.day, customer_books(self.day, recognition), self.executor)
        return {each.key.customer_id: each.requirement for each in result.customers}


def margins_of(requirement: CustomerRequirement, *, has_securities: bool) -> dict[Carriage, Money]:
    """Return a requirement by carriage."""
    if not has_securities:
        return {Carriage.FUTURES: requirement.requirement}
    return {
        Carriage.XM: requirement.requirement,
        Carriage.STANDALONE: requirement.standalone,
    }


def raised_by(
    after: CustomerRequirement, before: CustomerRequirement, *, has_securities: bool
) -> dict[Carriage, Money]:
    """Return by how much an account raises the margins of positions that are there already.

    Not below zero: an account that lowers a customer's requirement at a receiver takes no room
    there, and gives none to others.
    """
    there = margins_of(before, has_securities=has_securities)
    return {
        carriage: max(ZERO, margin - there[carriage])
        for carriage, margin in margins_of(after, has_securities=has_securities).items()
    }
