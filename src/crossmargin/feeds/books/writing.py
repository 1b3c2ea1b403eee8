"""Write a file of the day: the text of its rows, and a file that is there whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import refused
from crossmargin.collateral.deadline import DOLLARS
from crossmargin.feeds.books.cells import RULE, guarded, quantity_text
from crossmargin.feeds.books.rows import KINDS
from crossmargin.product.position import PositionLine
from crossmargin.services.clearing_day.arrivals import (
    ArrivedRow,
    CustodianRow,
    FileKind,
    InstructionRow,
    NovationRow,
    PaymentRow,
    TenderRow,
    TradeRow,
)

#: Names that begin so are no arrivals: a file that is being written has one.
UNFINISHED = "."


def day_file_text(kind: FileKind, rows: Iterable[ArrivedRow]) -> str:
    """Return a file of the day as CSV, LF at line ends; reading it gives the same rows.

    A row's line is its place in the file, whatever line it came from.
    """
    columns = KINDS[kind].columns
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = _cells(row)
        writer.writerow([guarded(cells.get(name, "")) for name in columns])
    return text.getvalue()


def write_once(path: Path, content: bytes) -> bool:
    """Write a file that is there whole or not at all; return False if it was there already.

    The content goes to the disk under a name that is no arrival's, then takes its own.

    Parameters
    ----------
    path : Path
        Its folder is made.
    content : bytes

    Raises
    ------
    RefusedError
        If a file of that name holds something else: what has arrived does not change.
    """
    if path.exists():
        if path.read_bytes() != content:
            raise refused("file", path.name, "the content that it arrived with", RULE)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{UNFINISHED}{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cells(row: ArrivedRow) -> dict[str, str]:
    if isinstance(row, PositionLine):
        return _position(row)
    if isinstance(row, NovationRow):
        amount = "" if row.contract_amount is None else str(row.contract_amount)
        return {**_position(row.position), "trade_id": row.trade_id, "contract_amount": amount}
    if isinstance(row, TradeRow):
        price = "" if row.price is None else f"{row.price:f}"
        return {**_position(row.position), "trade_id": row.trade_id, "price": price}
    if isinstance(row, TenderRow):
        return {
            **_position(row.position),
            "tender_id": row.tender_id,
            "security": row.cusip.text,
            "intention_day": row.intention_day.isoformat(),
        }
    if isinstance(row, CustodianRow):
        return {
            "place": row.place,
            "account_scope": row.account_scope or "",
            "segregation": row.segregation,
            "asset": row.asset,
            "quantity": quantity_text(row.asset, row.quantity),
            "in_transit": quantity_text(row.asset, row.in_transit),
        }
    return {**_of_customer(row.bd_fcm, row.customer), **_moved(row)}


def _moved(row: InstructionRow | PaymentRow) -> Mapping[str, str]:
    what = {
        "reference": row.reference,
        "place": row.place,
        "asset": row.asset,
        "quantity": quantity_text(row.asset, row.quantity) if row.asset else "",
    }
    if isinstance(row, PaymentRow):
        return {
            **what,
            "payment_id": row.payment_id,
            "currency": "" if row.currency == DOLLARS else row.currency,
            "direction": row.direction,
        }
    return {
        **what,
        "instruction_id": row.instruction_id,
        "action": row.action,
        "entered_by": row.entered_by,
        "approved_by": row.approved_by,
    }


def _of_customer(bd_fcm: str, customer: CustomerKey | None) -> dict[str, str]:
    return {"bd_fcm": bd_fcm, "customer_id": "" if customer is None else customer.customer_id}


def _position(line: PositionLine) -> dict[str, str]:
    cells = {
        **_of_customer(line.customer.bd_fcm, line.customer),
        "clearing_organization": line.clearing_organization,
        "account": line.account,
        "instrument": line.instrument,
        "quantity": str(line.quantity),
    }
    at_ficc = {
        "settlement_date": line.settlement_date,
        "end_date": line.end_date,
        "repo_rate_pct": None if line.repo_rate_pct is None else f"{line.repo_rate_pct:f}",
        "start_amount": line.start_amount,
    }
    cells |= {name: str(value) for name, value in at_ficc.items() if value is not None}
    if line.clearing_organization == "FICC":
        cells |= {"leg": line.leg, "failed": "true" if line.failed else ""}
    return cells
