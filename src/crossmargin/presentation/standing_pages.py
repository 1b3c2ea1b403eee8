"""What stands in the books of a default or port, as files for each reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.cells import csv_text
from crossmargin.presentation.sectioned_pages import Section, both_pages, safe_name

Document = Mapping[str, Any]
_ORIGIN = "the ledger"
_MOVEMENTS = ("business_date", "kind", "state", "bd_fcm", "account", "asset", "amount", "transfer")
_HELD = ("customer", "bd_fcm", "what", "asset", "amount")
_TIMELINE = ("business_date", "at", "kinds", "transfers", "declaration", "group")
_CORRECTIONS = ("business_date", "entry", "kind", "customer", "amount", "reason")
_BOOKS = ("book", "asset", "held", "owed", "difference")
_WHAT = {
    "positions": "position",
    "owed": "owed to the customer",
    "at_ficc": "margin at FICC",
    "at_cme": "margin at CME",
}


def standing_pages(document: Document) -> dict[str, bytes]:
    """Return every file by its name: HTML, PDF and CSV for each reader.

    Parameters
    ----------
    document : mapping
        Of :func:`crossmargin.services.default_books.standing.standing_of_default`.
    """
    lead = f"{document['bd_fcm']}, books as of {document['as_of']}"
    pages = both_pages("trustee", "Trustee", lead, document, _trustee(document))
    pages["trustee.csv"] = csv_text(_HELD, _held_rows(document["customers"])).encode()
    pages |= both_pages("regulators", "Regulators", lead, document, _regulators(document))
    pages["regulators.csv"] = csv_text(_TIMELINE, _timeline_rows(document)).encode()
    for place, customer in enumerate(document["customers"], start=1):
        name = customer["customer"]
        file = f"customer-{place:04d}-{safe_name(name)}"
        pages |= both_pages(file, name, lead, document, _customer(customer))
        pages[f"{file}.csv"] = csv_text(_MOVEMENTS, _movement_rows(customer)).encode()
    return pages


def _trustee(document: Document) -> list[Section]:
    paid = [(each["customer"], each["paid"]) for each in document["customers"]]
    blocks = [
        _table(
            "What each customer has now, as the ledger says",
            _HELD,
            _held_rows(document["customers"]),
            figures=(4,),
        ),
        _table(
            "Paid in distributions, less what came back, US dollars",
            ("customer", "paid"),
            paid,
            figures=(1,),
        ),
    ]
    corrections = [[each[name] for name in _CORRECTIONS] for each in document["corrections"]]
    if corrections:
        blocks.append(_table("What became known later", _CORRECTIONS, corrections, figures=(4,)))
    return [
        ("What was declared", [_declared(document)]),
        ("Customers", blocks),
        ("Held and owed", [_books(document), _verified(document)]),
    ]


def _regulators(document: Document) -> list[Section]:
    return [
        ("What was declared", [_declared(document)]),
        ("Held and owed", [_books(document), _verified(document)]),
        (
            "Every group of linked transfers, as posted",
            [_table("Timeline", _TIMELINE, _timeline_rows(document), figures=(3,))],
        ),
    ]


def _customer(customer: Document) -> list[Section]:
    rows = [row[1:] for row in _held_rows([customer])]
    return [
        (
            "What you have now",
            [
                _table("Positions, property and margin", _HELD[1:], rows, figures=(3,)),
                f"Paid in distributions, less what came back: {customer['paid']} dollars.",
            ],
        ),
        (
            "What moved, and why",
            [
                _table(
                    "Movements",
                    _MOVEMENTS[:-1],
                    [row[:-1] for row in _movement_rows(customer)],
                    figures=(6,),
                )
            ],
        ),
    ]


def _declared(document: Document) -> Table:
    header = ("business_date", "trigger", "actor", "approver", "approval_sha256", "declaration")
    rows = [[each[name] for name in header] for each in document["declared"]]
    return _table("Declarations", header, rows)


def _books(document: Document) -> Table:
    rows = [[row[name] for name in _BOOKS] for row in document["held_and_owed"]]
    title = "Futures class, by book and asset: dollars and cents, dollars of par"
    return _table(title, _BOOKS, rows, figures=(2, 3, 4))


def _verified(document: Document) -> str:
    count = document["findings"]
    return "Verification finds nothing." if count == 0 else f"Verification finds {count} faults."


def _held_rows(customers: Sequence[Document]) -> Iterator[list[str]]:
    for customer in customers:
        for firm, now in customer["now"].items():
            for key, what in _WHAT.items():
                for asset, amount in now[key].items():
                    yield [customer["customer"], firm, what, asset, str(amount)]


def _movement_rows(customer: Document) -> Iterator[list[str]]:
    for each in customer["movements"]:
        yield [each[name] for name in _MOVEMENTS]


def _timeline_rows(document: Document) -> Iterator[list[str]]:
    for each in document["timeline"]:
        yield [" ".join(each[name]) if name == "kinds" else str(each[name]) for name in _TIMELINE]


def _table(
    title: str,
    header: Sequence[str],
    rows: Iterator[list[str]] | Sequence[Sequence[str]],
    *,
    figures: Sequence[int] = (),
) -> Table:
    return Table(
        title=title,
        header=tuple(name.replace("_", " ") for name in header),
        rows=tuple(tuple(row) for row in rows),
        origin=_ORIGIN,
        figures=frozenset(figures),
    )
