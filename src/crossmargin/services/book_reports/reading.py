"""Reports as they were made, read back from the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import refused
from crossmargin.services.book_reports.custody_versions import CUSTODY
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.report_register import NOTICE, REPORT


def report_document(
    work: Work, bd_fcm: str, day: date, name: str, *, version: int | None = None
) -> dict[str, Any]:
    """Return a report of a day: one version or the last, with its record's id and digest.

    The custody report is FICC's: whichever BD-FCM's close made the version.

    Raises
    ------
    RefusedError
        If there is none of that name, or none of that version.
    """
    found = [each for each in _reports(work, bd_fcm, day) if each.content["name"] == name]
    if not found:
        known = ", ".join(sorted(report_names(work, bd_fcm, day)))
        expected = f"one of {known}" if known else f"a day that was closed, not {day}"
        raise refused("report", name, expected, "reports")
    by_version = {int(str(record.content["version"])): record for record in found}
    if version is not None and version not in by_version:
        known = ", ".join(str(each) for each in sorted(by_version))
        raise refused("version", str(version), f"one of {known}", "reports")
    record = by_version[max(by_version) if version is None else version]
    document = record.content["document"]
    if not isinstance(document, Mapping):
        raise TypeError(f"expected a report, was {record!r}")
    return _shown(record, bd_fcm, name, document)


def notice_document(work: Work, bd_fcm: str, day: date, record_id: str) -> dict[str, Any]:
    """Return a drafted notice of a day, with its record's id and digest.

    Raises
    ------
    RefusedError
        If there is none of that id.
    """
    found = {
        record.record_id: record
        for record in work.records.select(stream=NOTICE, subject=bd_fcm, first=day, last=day)
    }
    if record_id not in found:
        known = ", ".join(sorted(found))
        expected = f"one of {known}" if known else f"a day with notices, not {day}"
        raise refused("notice", record_id, expected, "reports")
    record = found[record_id]
    return _shown(record, bd_fcm, f"notice/{record.content['kind']}", record.content)


def _shown(
    record: Record, bd_fcm: str, name: str, document: Mapping[str, object]
) -> dict[str, Any]:
    return {
        "report": name,
        "bd_fcm": bd_fcm,
        "business_date": record.business_date.isoformat(),
        "version": int(str(record.content.get("version", 1))),
        "record_id": record.record_id,
        "digest": record.digest,
        "made_at": record.at.isoformat(),
        "document": dict(document),
    }


def reports_of_day(work: Work, bd_fcm: str, day: date) -> dict[str, Any]:
    """Return the names and digests of a day's reports, the last version of each, and notices."""
    reports = {str(each.content["name"]): each for each in _reports(work, bd_fcm, day)}
    notices = work.records.select(stream=NOTICE, subject=bd_fcm, first=day, last=day)
    return {
        "bd_fcm": bd_fcm,
        "business_date": day.isoformat(),
        "reports": [
            {
                "name": str(record.content.get("name") or record.content.get("kind")),
                "what": record.stream,
                "version": int(str(record.content.get("version", 1))),
                "record_id": record.record_id,
                "digest": record.digest,
            }
            for record in (*reports.values(), *notices)
        ],
    }


def report_names(work: Work, bd_fcm: str, day: date) -> tuple[str, ...]:
    """Return the names of a day's reports, each once, as first made."""
    found = _reports(work, bd_fcm, day)
    return tuple(dict.fromkeys(str(record.content["name"]) for record in found))


def notices_of_day(work: Work, bd_fcm: str, day: date) -> tuple[dict[str, Any], ...]:
    """Return a day's drafted notices."""
    found = work.records.select(stream=NOTICE, subject=bd_fcm, first=day, last=day)
    return tuple(dict(record.content) for record in found)


def _reports(work: Work, bd_fcm: str, day: date) -> Sequence[Record]:
    """Return a BD-FCM's reports of a day as made, with every version of FICC's; or none.

    FICC's custody report is over all BD-FCMs, and each one's close makes its next version. Who has
    not closed the day is shown none.
    """
    found = work.records.select(stream=REPORT, first=day, last=day)
    if not any(each.subject == bd_fcm for each in found):
        return ()
    return [each for each in found if each.subject == bd_fcm or each.content["name"] == CUSTODY]
