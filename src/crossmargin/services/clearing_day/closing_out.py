"""Close-outs in the books: written in the evening, after the day's variation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crossmargin.basics.identifiers import subject_of
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import LotEnd, Written, ended_record, goes_on_as
from crossmargin.services.clearing_day.marks import Marks
from crossmargin.settlement.close_out import ClosedOut


def write_close_outs(
    work: Work, closed: Sequence[ClosedOut], marks: Marks, written: Written
) -> Marks:
    """Write which contracts were closed out, and return the marks of what stays.

    Nothing moves in the position accounts: they carry longs and shorts of a contract net.
    """
    values = dict(marks.futures)
    for each in closed:
        whole, subject = each.whole, subject_of(each.whole.customer)
        own = replace(written, causes=(whole.lot_id, *written.causes))
        del values[whole.lot_id]
        if each.staying is not None:
            parts = (each.closed, each.staying)
            goes_on_as(work.records, whole, parts, LotEnd.SPLIT, own)
            values[each.staying.lot_id] = each.staying_marked
        end = ended_record(
            each.closed.lot_id,
            LotEnd.CLOSED_OUT,
            own,
            subject=subject,
            exit_value=each.exit_value,
        )
        work.records.add(end)
    return Marks(values, marks.outstanding, marks.record_id)
