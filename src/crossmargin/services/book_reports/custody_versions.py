"""Versions of the custody report: the breaks that the next day carries, and corrections.

A custodian's statement that comes after the close does not change the day. It makes the custody
report anew, as a further version, with what the ledger had at the close; so does the slice.

The report is FICC's, over all BD-FCMs of the store, and so is the count of its versions: each
BD-FCM that closes its day after another's makes the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from crossmargin.basics.money import money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.cover_checks import counters_of
from crossmargin.ledger.posting import Balance
from crossmargin.reporting.custody_documents import report_document, slice_document
from crossmargin.reporting.custody_report import CustodyReport, ReportHeading
from crossmargin.reporting.custody_values import BreakCause, Coverage, RowOfAsset
from crossmargin.reporting.notices import custody_shortfall
from crossmargin.reporting.rules import ReportingRules
from crossmargin.services.book_reports.custody import (
    CustodyInputs,
    custody_of,
    market_value_of,
    slice_of,
)
from crossmargin.services.books.days import close_of
from crossmargin.services.books.ports import Ledger, Records, Work
from crossmargin.services.clearing_day.arrivals import ArrivedFile, FileKind
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.intake import take_in
from crossmargin.services.clearing_day.report_register import (
    REPORT,
    document_of,
    keep_notice,
    keep_report,
    last_report,
)

CUSTODY, SLICE = "custody", "custody-slice"


def take_in_late(
    context: DayContext, work: Work, file: ArrivedFile, day: date
) -> StepResult | None:
    """Take in a file that is found after its day was closed; None where it is refused.

    A custodian's statement alone is taken in: it corrects the custody report.
    """
    closed_at = close_of(work.records, context.bd_fcm, day)
    reports = custody_records(work.records, day)
    is_reported = any(each.subject == context.bd_fcm for each in reports)
    if file.kind is not FileKind.CUSTODIAN or closed_at is None or not is_reported:
        return None
    taken = take_in(context, work, file, day)
    inputs = CustodyInputs(
        bd_fcm=context.bd_fcm,
        business_date=day,
        as_of=closed_at,
        rules=ReportingRules.from_parameters(context.parameters("reporting", day)),
        balances=balances_at(work.ledger, day, closed_at),
        market_value=lambda cusip, par: market_value_of(context, day, cusip, par),
    )
    report = custody_of(
        inputs,
        work,
        at=file.arrived_at,
        previous=previous_custody(work.records, day),
        corrects=reported_custody(reports[-1]),
    )
    written = context.written_at(day, file.arrived_at, *taken.causes, reports[-1].record_id)
    documents = {CUSTODY: report_document(report), SLICE: slice_document(slice_of(inputs, report))}
    ids = [
        keep_report(work.records, written, context.bd_fcm, name, document, version=report.version)
        for name, document in documents.items()
    ]
    notice = custody_shortfall(report)
    if notice is not None:
        name = f"/{report.version}"
        keep_notice(work.records, written, context.bd_fcm, notice, name=name)
    return StepResult({**taken.content, "corrects": reports[-1].record_id}, (*taken.causes, *ids))


def balances_at(ledger: Ledger, day: date, at: datetime) -> Mapping[tuple[str, Asset], Balance]:
    """Return every balance as it was at an instant of a day, from the transfers."""
    return counters_of(each for each in ledger.transfers(last=day) if each.at <= at)


def custody_records(records: Records, day: date) -> list[Record]:
    """Return FICC's custody reports of a day, the last version last, whoever's close made them."""
    found = [
        record
        for record in records.select(stream=REPORT, first=day, last=day)
        if record.content["name"] == CUSTODY
    ]
    return sorted(found, key=lambda each: int(str(each.content["version"])))


def earlier_version(records: Records, day: date) -> CustodyReport | None:
    """Return the version that a close's report supersedes; None where nobody closed before."""
    found = custody_records(records, day)
    return reported_custody(found[-1]) if found else None


def previous_custody(records: Records, day: date) -> CustodyReport | None:
    """Return what the custody report of the day before says of its breaks: they go on ageing."""
    report = last_report(records, None, CUSTODY, before=day)
    return None if report is None else reported_custody(report)


def reported_custody(report: Record) -> CustodyReport:
    """Return what later reports need of one: whose it is, its version, and its breaks."""
    found = document_of(report)
    rows, header = found["recon"], found["header"]
    if not isinstance(rows, list) or not isinstance(header, Mapping):
        raise TypeError(f"expected a custody report, was {found!r}")
    heading = ReportHeading(
        report_id=str(header["report_id"]),
        business_date=date.fromisoformat(str(header["business_date"])),
        as_of=datetime.fromisoformat(str(header["as_of"])),
        created_at=datetime.fromisoformat(str(header["created_at"])),
        due_at=datetime.fromisoformat(str(header["due_at"])),
        sender=str(header["sender"]),
    )
    short = tuple(_short_row(each) for each in rows if each["break_opened"] is not None)
    return CustodyReport(heading, int(str(header["version"])), "", (), (), (), short, ())


def _short_row(said: Mapping[str, object]) -> RowOfAsset:
    asset = Asset.parsed(str(said["asset"]))
    held, owed = (amount_of(asset, str(said[name])) for name in ("held", "owed"))
    return RowOfAsset(
        asset,
        Coverage(held, owed, ()),
        {},
        0,
        0,
        BreakCause(str(said["break_cause"])),
        date.fromisoformat(str(said["break_opened"])),
        int(str(said["break_age_business_days"])),
    )


def amount_of(asset: Asset, text: str) -> int:
    """Return the whole units that a report's text says: cents of cash, units of all else."""
    return money_from_decimal(text).cents if asset == CASH else int(text)
