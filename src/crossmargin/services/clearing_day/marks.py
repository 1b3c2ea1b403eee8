"""Marks between steps: what each futures lot was last valued at, which forward marks are out.

One record a step holds all of a BD-FCM's marks; the last one holds. Flows are differences of marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.services.books.folds import Fold
from crossmargin.services.books.ports import Records
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.settlement.amounts import part_of
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.settlement.lots import Lot

MARKS = "MARKS"


@dataclass(frozen=True, slots=True)
class Marks:
    """What was marked last.

    Parameters
    ----------
    futures : mapping of lot id to Money
        Each lot's value as last marked; a lot that is not in it was not marked yet.
    outstanding : tuple of PaidMark
        Forward marks at FICC that were paid and not returned.
    record_id : str
        Of the record that said so; empty if nothing was marked.
    """

    futures: Mapping[str, Money] = field(default_factory=dict)
    outstanding: tuple[PaidMark, ...] = ()
    record_id: str = ""

    def without(self, lot_ids: Sequence[str]) -> Marks:
        """Return the marks without those of futures lots that have left."""
        gone = set(lot_ids)
        kept = {each: value for each, value in self.futures.items() if each not in gone}
        return Marks(kept, self.outstanding, self.record_id)

    def split(self, lot: Lot, parts: Sequence[Lot]) -> Marks:
        """Return the marks where a futures lot has been split into parts, the first one moved.

        The value goes with the parts to the cent. A lot that was not marked has no mark to split.
        """
        marked = self.futures.get(lot.lot_id)
        if marked is None:
            return self
        first, *rest = parts
        share = part_of(marked, first.quantity, lot.quantity)
        values = {first.lot_id: share, **{each.lot_id: marked - share for each in rest}}
        kept = self.without([lot.lot_id])
        return Marks({**kept.futures, **values}, self.outstanding, self.record_id)


def last_marks(records: Records, bd_fcm: str) -> Marks:
    """Return a BD-FCM's last marks; none if nothing was marked."""
    last = records.folded(_LAST_MARKS).get(bd_fcm)
    return marks_of(last) if last is not None else Marks()


def _take_marks(last: dict[str, Record], record: Record) -> None:
    last[record.subject] = record


#: The last record of marks of each BD-FCM.
_LAST_MARKS: Fold[dict[str, Record]] = Fold("last marks", (MARKS,), dict, _take_marks)


def marks_of(record: Record) -> Marks:
    """Return the marks that a record says.

    Raises
    ------
    ValueError
        If the record is none of marks.
    """
    said = record.content
    futures, outstanding = said.get("futures"), said.get("outstanding")
    if not isinstance(futures, Mapping) or not isinstance(outstanding, Sequence):
        raise ValueError(f"expected marks, was {record!r}")
    return Marks(
        {str(lot_id): money_from_decimal(str(value)) for lot_id, value in futures.items()},
        tuple(_paid(each) for each in outstanding),
        record.record_id,
    )


def marks_record(marks: Marks, record_id: str, written: Written, *, bd_fcm: str) -> Record:
    """Return the record of a BD-FCM's marks after a step."""
    content = {
        "futures": {lot_id: str(value) for lot_id, value in sorted(marks.futures.items())},
        "outstanding": [
            [each.lot_id, str(each.amount), each.paid_on.isoformat(), "yes" if each.of_fail else ""]
            for each in marks.outstanding
        ],
    }
    return written.record(record_id, MARKS, bd_fcm, content)


def _paid(said: object) -> PaidMark:
    if not isinstance(said, Sequence) or isinstance(said, str):
        raise TypeError(f"expected a paid mark, was {said!r}")
    lot_id, amount, paid_on, of_fail = (str(part) for part in said)
    return PaidMark(lot_id, money_from_decimal(amount), date.fromisoformat(paid_on), bool(of_fail))
