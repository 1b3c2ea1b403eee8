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


@dataclass(frozen=True, slots=True)
class MovingBook:
    """Lines of one customer that would move together.

    Parameters
    ----------
    customer_id : str
    lines : sequence of PositionLine
    has_securities : bool
    """

    customer_id: str
    lines: Sequence[PositionLine]
    has_securities: bool


#: By receiver, the lines of each customer that are there already; None where one has no model.
LinesThere = Mapping[str, Mapping[str, Sequence[PositionLine] | None]]


def raised_margins(
    remargining: Remargining, books: Sequence[MovingBook], there: LinesThere
) -> list[dict[str, Margins]]:
    """Return what each book adds at every receiver where its customer has positions already.

    Nothing is said of a receiver where a line of those has no model: margin there is not known.
    """
    pairs = [
        (place, receiver, lines)
        for place, book in enumerate(books)
        for receiver, customers in sorted(there.items())
        if (lines := customers.get(book.customer_id, ())) is None or lines
    ]
    known = {
        str(number): (books[place].lines, lines)
        for number, (place, _, lines) in enumerate(pairs)
        if lines is not None
    }
    after = remargining.requirements(
        {name: [*moving, *lines] for name, (moving, lines) in known.items()}
    )
    before = remargining.requirements({name: lines for name, (_, lines) in known.items()})
    raised: list[dict[str, Margins]] = [{} for _ in books]
    for number, (place, receiver, _) in enumerate(pairs):
        name = str(number)
        raised[place][receiver] = (
            _raised_by(after[name], before[name], has_securities=books[place].has_securities)
            if name in after
            else {}
        )
    return raised


def _raised_by(
    after: CustomerRequirement, before: CustomerRequirement, *, has_securities: bool
) -> Margins:
    """Return by how much an account raises the margins of positions that are there already.

    Not below zero: an account that lowers a customer's requirement at a receiver takes no room
    there, and gives none to others.
    """
    there = margins_of(before, has_securities=has_securities)
    return {
        carriage: max(ZERO, margin - there[carriage])
        for carriage, margin in margins_of(after, has_securities=has_securities).items()
    }
