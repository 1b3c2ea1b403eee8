"""Who loses more than its property with nothing sold: marks alone, no cost of selling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.holdings import Holdings
from crossmargin.default_management.results import CustomerResults


@dataclass(frozen=True, slots=True)
class Unsold:
    """A customer's whole book, held on to.

    Parameters
    ----------
    property_value : Money
        Of all its accounts at the last cycle.
    lowest : Money
        Of its profit and loss at the closes; negative for a loss.
    lowest_on : date
    """

    property_value: Money
    lowest: Money
    lowest_on: date

    @property
    def is_beyond_property(self) -> bool:
        """Whether it loses more than its property by some close."""
        return self.property_value + self.lowest < ZERO


def unsold_books(holdings: Holdings, results: Mapping[str, CustomerResults]) -> dict[str, Unsold]:
    """Return by customer, sorted, what its unsold accounts come to at the worst close.

    Parameters
    ----------
    holdings : Holdings
    results : mapping of account to CustomerResults
        Marks alone. Without a day there is nothing to say.
    """
    found = {}
    for owner in sorted({holdings.customers[name].owner for name in results}):
        accounts = holdings.accounts_of(owner)
        known = [results[each.customer_id] for each in accounts if each.customer_id in results]
        days = sorted({on for each in known for on in each.dates})
        at_close = [(Money.total(each.total(on) for each in known), on) for on in days]
        if at_close:
            held = Money.total(each.property_value for each in accounts)
            found[owner] = Unsold(held, *min(at_close))
    return found


def beyond_property(holdings: Holdings, results: Mapping[str, CustomerResults]) -> tuple[str, ...]:
    """Return by name the customers who lose more than their property by the close of some day."""
    books = unsold_books(holdings, results)
    return tuple(name for name, each in books.items() if each.is_beyond_property)
