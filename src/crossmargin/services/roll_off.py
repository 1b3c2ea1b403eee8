"""What happens to customers as scenario dates leave the windows: day by day, and one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.analysis.conditions import ConditionRules, Outcome
from crossmargin.analysis.roll_off import (
    TailPlace,
    newly_left,
    rolled,
    rolling_windows,
    tail_places,
    telling,
    with_simulations,
    without_date,
)
from crossmargin.basics.refusals import refused
from crossmargin.margin.book import Block
from crossmargin.margin.simulation import Simulation
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.customer_books import CustomerBook, holdings_of
from crossmargin.services.ficc_charges import ChargeInputs
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.ports import BlockExecutor


@dataclass(frozen=True, slots=True)
class Asked:
    """The customers that are asked about, on the day as it is."""

    day: MarginDay
    books: list[CustomerBook]
    executor: BlockExecutor
    charges: ChargeInputs

    def outcomes(self, day: MarginDay) -> list[Outcome]:
        """Return every customer's outcome on another day."""
        result = margin_customers(day, self.books, self.executor, charges=self.charges)
        return [Outcome.of(customer.requirement) for customer in result.customers]

    def one(self, day: MarginDay, row: int) -> Outcome:
        """Return one customer's outcome on another day."""
        result = margin_customers(day, [self.books[row]], self.executor, charges=self.charges)
        return Outcome.of(result.customers[0].requirement)

    def block(self) -> Block:
        """Return the XM accounts."""
        return holdings_of(self.day, [book.xm for book in self.books]).block(0, len(self.books))


@dataclass(frozen=True, slots=True)
class Departure:
    """The one scenario date whose departure changes the requirement most.

    Parameters
    ----------
    end_date : date
    leaves_on : mapping of window to date
        When it leaves each window that it decides something in.
    outcome : Outcome
    """

    end_date: date
    leaves_on: Mapping[str, date]
    outcome: Outcome


class Ahead:
    """What leaves the windows: day by day, and one date at a time."""

    def __init__(self, asked: Asked, rules: ConditionRules) -> None:
        self._asked, day = asked, asked.day
        calendar = sifma_calendar()
        self.days = tuple(
            calendar.add_business_days(day.as_of, ahead)
            for ahead in range(1, rules.roll_off_business_days + 1)
        )
        self._windows = rolling_windows(
            day.ficc, None if day.span else day.cme, day.parameters.ficc, day.parameters.cme
        )
        self.leaving = {window.name: newly_left(window, self.days) for window in self._windows}
        self.ranks: list[Mapping[str, int]] = []
        self.outcomes = [
            (when, asked.outcomes(self._on(when, added)))
            for added, when in enumerate(self.days, start=1)
        ]
        # Everything that is margined: the XM account, what is outside, both as one.
        portfolios: list[list[Mapping[int, int]]] = [
            [book.xm for book in asked.books],
            [book.outside for book in asked.books],
            [_joined(book) for book in asked.books],
        ]
        blocks = [holdings_of(day, each).block(0, len(each)) for each in portfolios]
        self._xm, self._of_customers = blocks[0], blocks
        self._telling = [telling(window, blocks) for window in self._windows]

    def _on(self, when: date, added: int) -> MarginDay:
        day = self._asked.day
        owners = {"ficc": day.parameters.ficc, "cme": day.parameters.cme}
        try:
            simulations = {
                window.name: rolled(
                    window.simulation,
                    window.left_by(when),
                    added,
                    owners[window.name.partition("_")[0]],
                )
                for window in self._windows
            }
        except ValueError as error:
            expected = "days ahead over which enough scenarios are left"
            raise refused("analysis.roll_off_business_days", error, expected, "ruling 8") from error
        self.ranks.append({name: each.rank for name, each in simulations.items()})
        return self._with(simulations)

    def _with(self, simulations: Mapping[str, Simulation]) -> MarginDay:
        day = self._asked.day
        ficc, cme = with_simulations(day.ficc, day.cme, simulations)
        return replace(day, ficc=ficc, cme=cme)

    def leaving_tail(self, row: int) -> tuple[TailPlace, ...]:
        """Return a customer's tail losses whose scenario leaves within the days ahead."""
        block = self._xm.rows(slice(row, row + 1))
        places = [
            place
            for window in self._windows
            for place in tail_places(window, block)
            if place.leaves_on is not None and place.leaves_on <= self.days[-1]
        ]
        return tuple(sorted(places, key=lambda each: (each.end_date, each.window, each.leg)))

    def largest_departure(self, row: int, base: Outcome) -> Departure | None:
        """Return the date whose departure changes a customer's requirement most.

        Of equal changes the earliest date.
        """
        largest: Departure | None = None
        size = 0
        for end, leaves in self._candidates(row).items():
            simulations = {window.name: without_date(window, end) for window in self._telling}
            outcome = self._asked.one(self._with(simulations), row)
            change = abs(outcome.requirement.cents - base.requirement.cents)
            if change > size:
                largest, size = Departure(end, leaves, outcome), change
        return largest

    def _candidates(self, row: int) -> dict[date, dict[str, date]]:
        """Return every date among a customer's tail losses that leaves some day, ascending."""
        found: dict[date, dict[str, date]] = {}
        for window in self._telling:
            for block in self._of_customers:
                for place in tail_places(window, block.rows(slice(row, row + 1))):
                    if place.leaves_on is not None:
                        found.setdefault(place.end_date, {})[window.name] = place.leaves_on
        return dict(sorted(found.items()))


def _joined(book: CustomerBook) -> dict[int, int]:
    joined = dict(book.xm)
    for place, units in book.outside.items():
        joined[place] = joined.get(place, 0) + units
    return joined
