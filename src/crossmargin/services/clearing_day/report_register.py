"""Reports and notices in the books: their streams, their ids, and the last one of a name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crossmargin.basics.records import Record
from crossmargin.reporting.notices import Notice
from crossmargin.services.books.ports import Records
from crossmargin.services.clearing_day.lot_register import Written

REPORT, NOTICE, FILED = "REPORT", "NOTICE", "FILED"


def report_record_id(bd_fcm: str, day: date, name: str, version: int = 1) -> str:
    """Return the id of a report's record."""
    return f"report/{bd_fcm}/{day.isoformat()}/{name}/{version}"


def keep_report(
    records: Records,
    written: Written,
    bd_fcm: str,
    name: str,
    document: Mapping[str, object],
    *,
    version: int = 1,
) -> str:
    """Keep a version of a report of the business date of what is written; return its record's id.

    Parameters
    ----------
    records : Records
    written : Written
    bd_fcm : str
    name : str
    document : mapping
        What the report says.
    version : int
    """
    record_id = report_record_id(bd_fcm, written.business_date, name, version)
    content = {"name": name, "version": version, "document": document}
    records.add(written.record(record_id, REPORT, bd_fcm, content))
    return record_id


def keep_notice(
    records: Records, written: Written, bd_fcm: str, notice: Notice, *, name: str = ""
) -> str:
    """Keep a drafted notice; return its record's id.

    Parameters
    ----------
    records : Records
    written : Written
    bd_fcm : str
    notice : Notice
    name : str
        What parts it from the day's other notices of its kind; it follows the kind in the id.
    """
    day = written.business_date.isoformat()
    record_id = f"notice/{bd_fcm}/{day}/{notice.kind.value}{name}"
    records.add(written.record(record_id, NOTICE, bd_fcm, notice.as_document()))
    return record_id


def versions_of(records: Records, bd_fcm: str, day: date, name: str) -> list[Record]:
    """Return the versions of a BD-FCM's report of a day, as made."""
    return [
        record
        for record in records.select(stream=REPORT, subject=bd_fcm, first=day, last=day)
        if record.content["name"] == name
    ]


def last_report(records: Records, bd_fcm: str | None, name: str, *, before: date) -> Record | None:
    """Return the last version of the report of a name of the latest day before another, or None.

    A version may have been made after the report of a later day. Without a BD-FCM the report is
    one over all of them.
    """
    found = [
        record
        for record in records.select(stream=REPORT, subject=bd_fcm)
        if record.content["name"] == name and record.business_date < before
    ]
    return max(enumerate(found), key=lambda at: (at[1].business_date, at[0]))[1] if found else None


def document_of(report: Record) -> Mapping[str, object]:
    """Return what a report says.

    Raises
    ------
    TypeError
        If the record is no report's.
    """
    document = report.content["document"]
    if not isinstance(document, Mapping):
        raise TypeError(f"expected a report, was {report!r}")
    return document


def is_filed(records: Records, report: Record) -> bool:
    """Return whether a report has been filed."""
    return records.get(filed_record_id(report)) is not None


def filed_record_id(report: Record) -> str:
    """Return the id of the record that a report has been filed."""
    return f"filed/{report.record_id}"
