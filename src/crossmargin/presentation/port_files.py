"""The files that a port plan is made from, as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossmargin.default_management.porting.customers import Place
from crossmargin.ledger.assets import CASH
from crossmargin.product.position import Leg, PositionLine
from crossmargin.services.default_books.holding import amount_text
from crossmargin.services.default_books.port_files import HeldAmount
from crossmargin.services.porting.inputs import HELD_CASH, HELD_COLUMNS, NO_POSITIONS

if TYPE_CHECKING:
    from rich.console import Console

_POSITIONS = (
    *("bd_fcm", "customer_id", "clearing_organization", "account", "instrument", "quantity"),
    *("leg", "settlement_date", "end_date", "repo_rate_pct", "start_amount", "failed"),
)
FILES_HEADER = ("file", "rows")


def positions_csv(lines: Sequence[PositionLine]) -> str:
    """Return lines as a positions file."""
    return _csv(_POSITIONS, (_position(line) for line in lines))


def held_csv(held: Sequence[HeldAmount], without_positions: Sequence[str]) -> str:
    """Return what is held as a file of what is held; who has no position is said there too."""
    rows = [
        (
            each.customer_id,
            each.place.value,
            HELD_CASH if each.asset == CASH else each.asset.code,
            amount_text(each.asset, each.amount),
        )
        for each in held
    ]
    flat = [(name, Place.BD_FCM.value, NO_POSITIONS, "0") for name in without_positions]
    return _csv(HELD_COLUMNS, [*rows, *flat])


def files_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a file."""
    for name in ("positions", "held"):
        yield document[name]["file"], str(document[name]["rows"])


def print_files(console: Console, document: Mapping[str, Any]) -> None:
    """Say what was written."""
    for name, rows in files_rows(document):
        console.print(f"{name}: {rows} rows of {document['bd_fcm']}")


def _position(line: PositionLine) -> tuple[object, ...]:
    is_repo = line.leg is not Leg.CASH
    return (
        line.customer.bd_fcm,
        line.customer.customer_id,
        line.clearing_organization.value,
        line.account.value,
        line.instrument,
        line.quantity,
        line.leg.value if is_repo else "",
        line.settlement_date or "",
        line.end_date or "",
        line.repo_rate_pct if is_repo else "",
        "" if line.start_amount is None else str(line.start_amount),
        "true" if line.failed else "",
    )


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with every cell to the letter: a plan is made from what it says."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
