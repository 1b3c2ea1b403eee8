"""What is closed out of a customer: its XM account, and what it holds outside it.

Positions outside the XM account have their own margin and are sold by each clearing organization
apart. With no arrangement all that a customer holds at one clearing organization is one portfolio
(ruling 5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.services.customer_books import (
    PAR_PER_UNIT,
    CustomerBook,
    unknown_customers,
)
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun

#: After a customer's id: what it holds outside its XM account.
OUTSIDE = " outside XM"
_EVERYTHING = " in all"
Units = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ClosedAccount:
    """An account that is closed out.

    Parameters
    ----------
    name : str
        The customer's; of what lies outside an XM account, one of its own.
    owner : str
    in_xm : bool
    pays_minimum : bool
        Whether the customer minimum at FICC counts here: not where the XM account has it.
    everything : str
        The portfolio of all that the customer holds.
    portfolios : tuple of (str, mapping of int to int)
        By name: the account's own, and everything.
    """

    name: str
    owner: str
    in_xm: bool
    pays_minimum: bool
    everything: str
    portfolios: tuple[tuple[str, Units], ...]


def chosen_books(run: MarginRun, customers: Sequence[str]) -> list[CustomerBook]:
    """Return the books that are closed out.

    Parameters
    ----------
    run : MarginRun
    customers : sequence of str
        Customer ids; every customer if empty.

    Raises
    ------
    RefusedError
        Naming every customer who is unknown, and every name that two customers have.
    """
    names = [book.key.customer_id for book in run.books]
    faults = unknown_customers(run.books, customers, option="customers")
    faults += [
        Refusal("customer_id", name, "customers of one BD-FCM, each once", "ruling 16")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    faults += [
        Refusal("customer_id", name, f"another name: {OUTSIDE!r} is added to one", "ruling 16")
        for name in names
        if name.endswith((OUTSIDE, _EVERYTHING))
    ]
    if faults:
        raise RefusedError(*faults)
    return [book for book in run.books if not customers or book.key.customer_id in customers]


def accounts_of(
    day: MarginDay, books: Sequence[CustomerBook], *, has_arrangement: bool
) -> list[ClosedAccount]:
    """Return the accounts that are closed out, of those customers who hold what is walked.

    Parameters
    ----------
    day : MarginDay
    books : sequence of CustomerBook
    has_arrangement : bool
        Otherwise all that a customer holds is one account.

    Raises
    ------
    RefusedError
        If there is none.
    """
    found = [
        account
        for book in books
        for account in _accounts(day, book, has_arrangement=has_arrangement)
    ]
    if not found:
        names = ", ".join(book.key.customer_id for book in books)
        raise refused("positions", names, "a customer with lines that can be walked", "ruling 20")
    return found


def _accounts(day: MarginDay, book: CustomerBook, *, has_arrangement: bool) -> list[ClosedAccount]:
    owner = book.key.customer_id
    has_outside = _is_walked(day, book.outside)
    if not book.xm and not has_outside:
        return []
    everything = _together(book) if has_outside else book.xm
    if not has_arrangement or not has_outside or not book.xm:
        whole = ((owner, everything),)
        return [ClosedAccount(owner, owner, has_arrangement and bool(book.xm), True, owner, whole)]
    all_of_it = (owner + _EVERYTHING, everything)
    outside = owner + OUTSIDE
    return [
        ClosedAccount(owner, owner, True, True, all_of_it[0], ((owner, book.xm), all_of_it)),
        ClosedAccount(
            outside,
            owner,
            False,
            not book.has_ficc_in_xm,
            all_of_it[0],
            ((outside, book.outside), all_of_it),
        ),
    ]


def _is_walked(day: MarginDay, units: Units) -> bool:
    """Return whether a portfolio holds securities or contracts: repo interest alone is no line."""
    lines = len(day.valuation.book.prices) + len(day.valuation.contracts)
    return any(place < lines for place in units)


def _together(book: CustomerBook) -> dict[int, int]:
    """Return all that a customer holds in and outside the XM account; what nets to nothing goes."""
    places = sorted({*book.xm, *book.outside})
    units = {place: book.xm.get(place, 0) + book.outside.get(place, 0) for place in places}
    return {place: quantity for place, quantity in units.items() if quantity}


def left_out_of(day: MarginDay, books: Sequence[CustomerBook]) -> dict[str, tuple[str, ...]]:
    """Return by customer the lines that nothing walks, and why."""
    found = {}
    for book in books:
        lines = [
            f"{cusip}, ${units * PAR_PER_UNIT:,} of par: margined by the haircut method"
            for cusip, units in sorted(book.outside_haircut.items())
        ]
        lines += [f"{each.line.instrument}: no model" for each in book.unsupported]
        if not _is_walked(day, {**book.xm, **book.outside}):
            lines.append("no line that can be walked")
        if lines:
            found[book.key.customer_id] = tuple(lines)
    return found
