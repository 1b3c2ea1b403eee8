"""A port that was run in the books, as rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import grid, print_whole
from crossmargin.services.porting.verdicts import bar_words

if TYPE_CHECKING:
    from rich.console import Console

PORT_BOOKS_HEADER = (
    *("customer", "outcome", "what", "receiver", "part", "carriage", "place", "asset", "amount"),
)


def port_books_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a line or an asset that moved, and one that stays."""
    for customer in document["customers"]:
        yield from customer_rows(customer)


def customer_rows(customer: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of one customer."""
    lead = (customer["customer"], customer["outcome"])
    for move in customer["moved"]:
        where = (move["receiver"], move["part"], move["carriage"])
        for name, quantity in move["positions"].items():
            yield (*lead, "MOVED", *where, "POSITION", name, str(quantity))
        for each in move["property"]:
            yield (*lead, "MOVED", *where, each["place"], each["asset"], each["amount"])
    stays = customer["stays"]
    for name, quantity in stays["positions"].items():
        yield (*lead, "STAYS", "", "", "", "POSITION", name, str(quantity))
    for place, key in (("OWED", "owed"), ("FICC", "at_ficc"), ("CME", "at_cme")):
        for asset, amount in stays[key].items():
            yield (*lead, "STAYS", "", "", "", place, asset, amount)


def print_port_books(console: Console, document: Mapping[str, Any]) -> None:
    """Print what moved and what stays of every customer, then what is held and owed."""
    trigger = document["trigger"]
    heading = f"Port of {document['bd_fcm']}, {document['as_of']}, {trigger['rule']}"
    _print_rows(console, f"{heading}; what moved", document, "MOVED")
    _print_rows(console, "What stays", document, "STAYS")
    for name, words in reasons(document):
        console.print(f"{name} stays: {words}")
    for line in paper_lines(document):
        console.print(line)
    for name in document["not_in_books"]:
        console.print(f"{name}: figures of the plan alone, in no book")
    table = grid("Held and owed after it, futures class", "book", "asset")
    for name in ("held", "owed", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in document["held_and_owed"]["after"]:
        table.add_row(*(row[key] for key in ("book", "asset", "held", "owed", "difference")))
    print_whole(console, table)
    console.print(f"{len(document['timeline'])} groups of transfers; verified")
    console.print(f"digest {document['digest']}")


def paper_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words what receivers have of customers' papers, and what they still must get.

    Customers of one receiver of whom the same is to be said stand together.

    Parameters
    ----------
    document : mapping
        Of a port.
    """
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for customer in document["customers"]:
        for brought in customer["brought_in"]:
            key = (brought["receiver"], tuple(_paper_words(brought)))
            alike.setdefault(key, []).append(customer["customer"])
    for (receiver, words), names in alike.items():
        yield f"At {receiver}: {', '.join(names)}"
        yield from (f"  {each}" for each in words)


def _paper_words(brought: Mapping[str, Any]) -> Iterator[str]:
    if verdict := brought["may_hold_positions"]:
        answer = "yes" if verdict["allowed"] else f"no, {verdict['decided_by']}"
        yield f"may hold positions: {answer}"
    kinds = ", ".join(each["kind"] for each in brought["carried_over"])
    yield f"carried over: {kinds or 'nothing, it has its own or there is none'}"
    if dated := _to_obtain(brought["to_obtain"]):
        yield f"to obtain: {dated}"
    yield from (f"lacking: {each}" for each in brought["lacking"])


def _to_obtain(items: Iterable[Mapping[str, Any]]) -> str:
    by: dict[str | None, list[str]] = {}
    for each in items:
        by.setdefault(each["by"], []).append(each["what"])
    return "; ".join(
        f"{', '.join(names)} {f'by {day}' if day else '(no day: what was carried over governs)'}"
        for day, names in sorted(by.items(), key=lambda one: (one[0] is None, one[0]))
    )


def _print_rows(console: Console, title: str, document: Mapping[str, Any], what: str) -> None:
    table = grid(title, "customer", "receiver", "part", "carriage", "place", "asset")
    table.add_column("amount", justify="right", no_wrap=True)
    for row in port_books_rows(document):
        if row[2] == what:
            table.add_row(row[0], *row[3:])
    print_whole(console, table)


def reasons(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield customer and words for every reason why something stays, as the plan has it."""
    for customer in document["customers"]:
        stays = customer["stays"]
        if stays["ineligible"]:
            yield customer["customer"], ", ".join(stays["ineligible"])
        if stays["left_out"]:
            names = ", ".join(stays["left_out"])
            yield customer["customer"], f"not of the futures account class: {names}"
        for each in stays["receivers"]:
            words = "; ".join(bar_words(each)) or "its parts have reasons of their own"
            yield customer["customer"], f"{each['receiver']}: {words}"
