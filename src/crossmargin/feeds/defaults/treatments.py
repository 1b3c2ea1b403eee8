"""Read what is done with each customer in a default: CSV, every fault with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.feeds.text_rows import CsvRows, shown
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.default_books.declaring import Treatment

COLUMNS = ("customer", "ficc_result", "cme_result", "receiver")
_RULE = "reference: treatments"
_RESULTS = {
    "ficc_result": ClearingOrganization.FICC,
    "cme_result": ClearingOrganization.CME,
}


def read_treatments(path: Path) -> tuple[Treatment, ...]:
    """Read a file of treatments: close-out results, or who takes the customer.

    Raises
    ------
    RefusedError
        With every fault, its line and its column.
    """
    refusals: list[Refusal] = []

    def refuse(
        name: str, value: str, expected: str, /, *, line: int, column: int | None = None
    ) -> None:
        refusals.append(Refusal(name, shown(value), expected, _RULE, path.name, line, column))

    rows = CsvRows(refuse, COLUMNS, ("customer",))
    found: list[Treatment] = []
    try:
        with path.open("rb") as file:
            for line, cells in rows.of(file):
                if cells is not None:
                    found.append(_treatment(cells, line, rows.columns, refusals, path.name))
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("file", path.name, f"a readable file ({reason})", _RULE) from None
    if not rows.line_count:
        refuse("file", "", "a header, then one row a customer; the file is empty", line=1)
    if refusals:
        raise RefusedError(*refusals)
    return tuple(found)


def _treatment(
    cells: Mapping[str, str],
    line: int,
    columns: Mapping[str, int],
    refusals: list[Refusal],
    file: str,
) -> Treatment:
    def fault(name: str, expected: str) -> None:
        value = shown(cells.get(name, ""))
        refusals.append(Refusal(name, value, expected, _RULE, file, line, columns.get(name)))

    results: dict[ClearingOrganization, Money] = {}
    receiver = cells.get("receiver", "").strip()
    for name, side in _RESULTS.items():
        text = cells.get(name, "").strip()
        if not text:
            continue
        if receiver:
            fault(name, "nothing: a customer who is ported is not closed out")
        try:
            results[side] = money_from_decimal(text)
        except ValueError:
            fault(name, "dollars and whole cents; a loss is negative")
    customer_id = cells["customer"].strip()
    if not customer_id:
        fault("customer", "a name")
    return Treatment(customer_id, results, receiver)
