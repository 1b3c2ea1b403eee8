"""A day of the instruments that some customers hold, for what reprices both models many times.

A figure of a portfolio depends on what it holds, on what its contracts may be delivered, and on
what its securities convert into: with the rest left out every figure is the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crossmargin.pricing.valuation import basket_rows
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.margin_day import MarginDay


@dataclass(frozen=True, slots=True)
class HeldInstruments:
    """Some customers' books on a day that has only their instruments.

    Parameters
    ----------
    day : MarginDay
        Not for portfolios that hold anything else.
    books : tuple of CustomerBook
        By the places of this day.
    """

    day: MarginDay
    books: tuple[CustomerBook, ...]

    @staticmethod
    def of(day: MarginDay, books: Sequence[CustomerBook]) -> HeldInstruments:
        """Return the day of what the customers hold."""
        securities, contracts = len(day.valuation.book.prices), len(day.valuation.contracts)
        held = sorted({place for book in books for place in (*book.xm, *book.outside)})
        direct = {place for place in held if place < securities}
        traded = {p - securities for p in held if securities <= p < securities + contracts}
        # One contract at least: a model without any has nothing to convert securities into.
        converted = day.equivalents.places[sorted(direct)].ravel().tolist()
        places = sorted({*traded, *converted}) or [0]
        baskets = (row for place in places for row in basket_rows(day.valuation.contracts[place]))
        rows = sorted({*direct, *baskets})
        place_now = {place: now for now, place in enumerate(rows)} | {
            securities + place: len(rows) + now for now, place in enumerate(places)
        }
        first_repo, first_repo_now = securities + contracts, len(rows) + len(places)
        for bucket in range(day.ficc.repo.bucket_count):
            place_now[first_repo + bucket] = first_repo_now + bucket
        return HeldInstruments(
            _keeping(day, rows, places),
            tuple(
                replace(
                    book,
                    xm={place_now[place]: units for place, units in book.xm.items()},
                    outside={place_now[place]: units for place, units in book.outside.items()},
                )
                for book in books
            ),
        )


def _keeping(day: MarginDay, rows: list[int], places: list[int]) -> MarginDay:
    """Return the day with some of its securities and contracts, under the same scenarios."""
    kept = replace(
        day,
        valuation=day.valuation.keeping(rows, places),
        equivalents=day.equivalents.keeping(rows, places),
        ficc=replace(
            day.ficc,
            floor=day.ficc.floor.keeping(rows, places),
            bid_ask=day.ficc.bid_ask.keeping(rows, places),
            liquidity=day.ficc.liquidity.keeping(rows),
        ),
    )
    if day.span:
        kept = kept.with_span(day.span.parameters)
    return kept.with_scenarios(ficc=day.ficc.scenarios, cme=day.cme.scenarios)
