"""What the BD-FCM sent out, as the other parties read it: wires and margin calls.

One folder a business day holds ``wires.jsonl``, ``calls.jsonl`` and ``call-changes.jsonl``, one
JSON object a line. A last line without its end is being written and is not there yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from crossmargin.basics.money import money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError

_T = TypeVar("_T")
_RULE = "reference: day files"
_LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Wire:
    """Property that the BD-FCM has instructed to move.

    Parameters
    ----------
    wire_id : str
    business_date : date
    at : datetime
    customer_id : str
        Empty where it is nobody's by itself.
    source, destination : str
        Places.
    asset : str
    quantity : int
        Whole cents or dollars of par, more than zero.
    purpose : str
        The kind of transfer.
    """

    wire_id: str
    business_date: date
    at: datetime
    customer_id: str
    source: str
    destination: str
    asset: str
    quantity: int
    purpose: str


@dataclass(frozen=True, slots=True)
class Call:
    """A margin call of a customer.

    Parameters
    ----------
    call_id : str
    business_date : date
    customer_id : str
    amount_cents : int
        As issued, more than zero.
    issued_at : datetime
    changed_cents : int
        What later runs changed of it so far, signed.
    called_for : str
        The clearing organization, the house, or Segregated Customer Margin.
    currency : str
        In which it is to be paid; the amount is US dollars.
    """

    call_id: str
    business_date: date
    customer_id: str
    amount_cents: int
    issued_at: datetime
    changed_cents: int = 0
    called_for: str = ""
    currency: str = "USD"

    @property
    def standing_cents(self) -> int:
        """What is called now; what was paid is never taken back."""
        return max(0, self.amount_cents + self.changed_cents)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Everything sent out so far, in the order in which it was sent."""

    wires: tuple[Wire, ...] = ()
    calls: tuple[Call, ...] = ()


def read_outbox(folder: Path, *, first: date, last: date) -> Outbox:
    """Read what was sent out on some days, both counted.

    Raises
    ------
    RefusedError
        With every line that is no wire or call.
    """
    days = [day for day in _days(folder) if first <= day <= last]
    faults: list[Refusal] = []
    wires = [each for day in days for each in _objects(folder, day, "wires.jsonl", _wire, faults)]
    calls = [each for day in days for each in _objects(folder, day, "calls.jsonl", _call, faults)]
    changed: dict[str, int] = {}
    for day in days:
        for call_id, cents in _objects(folder, day, "call-changes.jsonl", _change, faults):
            changed[call_id] = changed.get(call_id, 0) + cents
    if faults:
        raise RefusedError(*faults)
    calls = [replace(each, changed_cents=changed.get(each.call_id, 0)) for each in calls]
    return Outbox(tuple(wires), tuple(calls))


def _days(folder: Path) -> list[date]:
    days = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            days.append(date.fromisoformat(path.name))
        except ValueError:
            continue
    return sorted(days)


def _objects(
    folder: Path,
    day: date,
    name: str,
    read: Callable[[Mapping[str, object], date], _T],
    faults: list[Refusal],
) -> Iterable[_T]:
    path = folder / day.isoformat() / name
    if not path.is_file():
        return []
    text = path.read_bytes().decode("utf-8", "backslashreplace")
    whole, _, _ = text.rpartition("\n")
    found = []
    for number, line in enumerate(whole.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(read(_object(line), day))
        except (ValueError, KeyError, RecursionError) as error:
            expected = f"a line of {name} ({error})"
            where = f"{day.isoformat()}/{name}"
            faults.append(Refusal("line", line[:_LONGEST_SHOWN], expected, _RULE, where, number))
    return found


def _object(line: str) -> Mapping[str, object]:
    # Text for every number: a quantity never passes through a float.
    found = json.loads(line, parse_int=str, parse_float=str)
    if not isinstance(found, dict):
        raise ValueError("one JSON object was expected")
    return found


def _wire(said: Mapping[str, object], day: date) -> Wire:
    asset = _text(said, "asset")
    return Wire(
        wire_id=_text(said, "wire_id"),
        business_date=day,
        at=_instant(said, "at"),
        customer_id=str(said.get("customer_id") or ""),
        source=_text(said, "from"),
        destination=_text(said, "to"),
        asset=asset,
        quantity=_quantity(asset, _text(said, "quantity")),
        purpose=_text(said, "purpose"),
    )


def _call(said: Mapping[str, object], day: date) -> Call:
    return Call(
        call_id=_text(said, "call_id"),
        business_date=day,
        customer_id=_text(said, "customer_id"),
        amount_cents=_quantity("CASH-USD", _text(said, "amount")),
        issued_at=_instant(said, "issued_at"),
        called_for=str(said.get("clearing_organization") or ""),
        currency=_text(said, "currency"),
    )


def _change(said: Mapping[str, object], _day: date) -> tuple[str, int]:
    return _text(said, "call_id"), money_from_decimal(_text(said, "change")).cents


def _text(said: Mapping[str, object], key: str) -> str:
    value = said[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is a text, was {value!r}")
    return value


def _instant(said: Mapping[str, object], key: str) -> datetime:
    at = datetime.fromisoformat(_text(said, key))
    if at.tzinfo is None:
        raise ValueError(f"{key} has a zone, was {said[key]!r}")
    return at


def _quantity(asset: str, text: str) -> int:
    quantity = money_from_decimal(text).cents if asset.startswith("CASH-") else int(text)
    if quantity <= 0:
        raise ValueError(f"more than zero was expected, was {text}")
    return quantity
