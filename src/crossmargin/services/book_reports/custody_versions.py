"""Versions of the custody report: the breaks that the next day carries, and corrections.

A custodian's statement that comes after the close does not change the day. It makes the custody
report anew, as a further version, with what the ledger had at the close; so does the slice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import TransferState
from crossmargin.reporting.custody_documents import report_document, slice_document
from crossmargin.reporting.custody_report import CustodyReport, ReportHeading
from crossmargin.reporting.custody_values import BreakCause, Coverage, RowOfAsset
from crossmargin.reporting.notices import custody_shortfall
from crossmargin.reporting.rules import ReportingRules
from crossmargin.services.book_reports.custody import CustodyInputs, custody_of, slice_of
from crossmargin.services.books.days import close_of
from crossmargin.services.books.ports import Ledger, Records, Work
from crossmargin.services.clearing_day.arrivals import ArrivedFile, FileKind
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.intake import take_in
from crossmargin.services.clearing_day.report_register import (
    NOTICE,
    REPORT,
    document_of,
    last_report,
    report_record_id,
)
from crossmargin.services.clearing_day.standing import market_value_at

CUSTODY, SLICE = "custody", "custody-slice"


def take_in_late(
    context: DayContext, work: Work, file: ArrivedFile, day: date
) -> StepResult | None:
    """Take in a file that is found after its day was closed; None where it is refused.

    A custodian's statement alone is taken in: it corrects the custody report.
    """
    closed_at = close_of(work.records, context.bd_fcm, day)
    reports = [
        record
        for record in work.records.select(
            stream=REPORT, subject=context.bd_fcm, first=day, last=day
        )
        if record.content["name"] == CUSTODY
    ]
    if file.kind is not FileKind.CUSTODIAN or closed_at is None or not reports:
        return None
    taken = take_in(context, work, file, day)
    inputs = CustodyInputs(
        bd_fcm=context.bd_fcm,
        business_date=day,
        as_of=closed_at,
        rules=ReportingRules.from_parameters(context.parameters("reporting", day)),
        balances=balances_at(work.ledger, day, closed_at),
        market_value=lambda cusip, par: _market_value(context, day, cusip, par),
    )
    report = custody_of(
        inputs,
        work,
        at=file.arrived_at,
        previous=previous_custody(work.records, context.bd_fcm, day),
        corrects=reported_custody(reports[-1]),
    )
    written = context.written_at(day, file.arrived_at, *taken.causes, reports[-1].record_id)
    documents = {CUSTODY: report_document(report), SLICE: slice_document(slice_of(inputs, report))}
    ids = []
    for name, document in documents.items():
        record_id = report_record_id(context.bd_fcm, day, name, report.version)
        content = {"name": name, "version": report.version, "document": document}
        work.records.add(written.record(record_id, REPORT, context.bd_fcm, content))
        ids.append(record_id)
    notice = custody_shortfall(report)
    if notice is not None:
        name = f"{notice.kind.value}/{report.version}"
        record_id = f"notice/{context.bd_fcm}/{day.isoformat()}/{name}"
        content = notice.as_document()
        work.records.add(written.record(record_id, NOTICE, context.bd_fcm, content))
    return StepResult({**taken.content, "corrects": reports[-1].record_id}, (*taken.causes, *ids))


def balances_at(ledger: Ledger, day: date, at: datetime) -> dict[tuple[str, Asset], Balance]:
    """Return every balance as it was at an instant of a day, from the transfers."""
    found: dict[tuple[str, Asset], list[int]] = {}
    for each in ledger.transfers(last=day):
        if each.at > at:
            continue
        posts = each.state in {TransferState.POSTED, TransferState.POSTS_PENDING}
        waits = {TransferState.PENDING: 1, TransferState.POSTED: 0}.get(each.state, -1)
        for offset, account_id in enumerate((each.debit_account_id, each.credit_account_id)):
            counters = found.setdefault((account_id, each.asset), [0, 0, 0, 0])
            counters[offset] += each.amount if posts else 0
            counters[offset + 2] += waits * each.amount
    return {key: Balance(*counters) for key, counters in sorted(found.items())}


def _market_value(context: DayContext, day: date, cusip: str, par_dollars: int) -> Money:
    """Return the market value of par at the day's prices; zero where it has none."""
    sheet = context.models.priced(day).price_sheets[day]
    if cusip not in sheet.prices:
        return ZERO
    return market_value_at(sheet, Cusip(cusip), par_dollars)


def previous_custody(records: Records, bd_fcm: str, day: date) -> CustodyReport | None:
    """Return what the custody report of the day before says of its breaks: they go on ageing."""
    report = last_report(records, bd_fcm, "custody", before=day)
    if report is None:
        return None
    return reported_custody(report)


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
