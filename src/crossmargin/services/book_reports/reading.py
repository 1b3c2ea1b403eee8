"""Reports as they were made, read back from the books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from crossmargin.basics.refusals import refused
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.report_register import NOTICE, REPORT


def report_document(
    work: Work, bd_fcm: str, day: date, name: str, *, version: int | None = None
) -> dict[str, Any]:
    """Return a report of a day: one version or the last, with its record's id and digest.

    Raises
    ------
    RefusedError
        If there is none of that name, or none of that version.
    """
    found = [
        record
        for record in work.records.select(stream=REPORT, subject=bd_fcm, first=day, last=day)
        if record.content["name"] == name
    ]
    if not found:
        known = ", ".join(sorted(report_names(work, bd_fcm, day)))
        expected = f"one of {known}" if known else f"a day that was closed, not {day}"
        raise refused("report", name, expected, "reports")
    by_version = {int(str(record.content["version"])): record for record in found}
    if version is not None and version not in by_version:
        raise refused("version", str(version), f"from 1 to {max(by_version)}", "reports")
    record = by_version[max(by_version) if version is None else version]
    document = record.content["document"]
    if not isinstance(document, Mapping):
        raise TypeError(f"expected a report, was {record!r}")
    return {
        "report": name,
        "bd_fcm": bd_fcm,
        "business_date": day.isoformat(),
        "version": int(str(record.content["version"])),
        "record_id": record.record_id,
        "digest": record.digest,
        "made_at": record.at.isoformat(),
        "document": dict(document),
    }


def reports_of_day(work: Work, bd_fcm: str, day: date) -> dict[str, Any]:
    """Return the names and digests of a day's reports, the last version of each, and notices."""
    reports = {
        str(record.content["name"]): record
        for record in work.records.select(stream=REPORT, subject=bd_fcm, first=day, last=day)
    }
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
    found = work.records.select(stream=REPORT, subject=bd_fcm, first=day, last=day)
    return tuple(dict.fromkeys(str(record.content["name"]) for record in found))


def notices_of_day(work: Work, bd_fcm: str, day: date) -> tuple[dict[str, Any], ...]:
    """Return a day's drafted notices."""
    found = work.records.select(stream=NOTICE, subject=bd_fcm, first=day, last=day)
    return tuple(dict(record.content) for record in found)
