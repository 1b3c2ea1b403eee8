"""The close asks every customer's back-up: would it take the account on tonight's positions.

Candidates are those of a file of receivers; which one a customer named stands there. The verdict is
that of ``xm port backup``, on the live lots, the property and the prices of the close.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import date

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.porting.trigger import Trigger, TriggerKind
from crossmargin.ledger.assets import CASH
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.lot_register import position_lines, read_register
from crossmargin.services.clearing_day.report_register import keep_report
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.default_books.port_files import own_property
from crossmargin.services.porting.backup import BackupVerdict, backup_verdicts
from crossmargin.services.porting.book import PortingBook, porting_book
from crossmargin.services.porting.inputs import HeldFile, HeldRow, PortingFile
from crossmargin.services.porting.margins import Remargining
from crossmargin.services.porting.planning import PortRequest
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.settlement.lots import Lot

#: Stream of the verdicts, one a customer and day; the subject is the customer.
BACKUP = "BACKUP"
REPORT_NAME = "backups"
_RULE = "reference: port"
_BOOKS = "the ledger"


def check_backups(file: PortingFile, bd_fcm: str) -> None:
    """Refuse a file that no close can be run with, before a day begins.

    Raises
    ------
    RefusedError
        Naming every back-up that is no receiver, and the BD-FCM where it is one itself.
    """
    receivers = {each.receiver_id for each in file.receivers}
    faults = [
        Refusal(
            f"customer {name} backup", facts.backup, f"one of {', '.join(sorted(receivers))}", _RULE
        )
        for name, facts in sorted(file.customers.items())
        if facts.backup and facts.backup not in receivers
    ]
    if bd_fcm in receivers:
        faults.append(Refusal("receiver_id", bd_fcm, "another than the BD-FCM itself", _RULE))
    if faults:
        raise RefusedError(*faults)


def ask_backups(file: PortingFile, context: DayContext, work: Work, step: Step) -> StepResult:
    """Ask every back-up, and keep each verdict and the report of all of them.

    Parameters
    ----------
    file : PortingFile
        What it says of customers with neither positions nor property tonight is left out, and
        they are named.
    context : DayContext
    work : Work
    step : Step
        The close.
    """
    day = step.business_date
    live = read_register(work.records, context.bd_fcm).live()
    if not live:
        return StepResult({"backups": "no customer has positions"})
    book, verdicts = _verdicts(file, context, work, day, live)
    ids = []
    said = [each.as_document() for each in verdicts]
    for customer, content in zip(verdicts, said, strict=True):
        written = context.written(step)
        subject = subject_of(CustomerKey(context.bd_fcm, customer.customer.customer_id))
        record_id = f"backup/{subject}/{day.isoformat()}"
        record = written.record(
            record_id, BACKUP, subject, {**content, "receivers_sha256": file.sha256}
        )
        work.records.add(record)
        ids.append(record_id)
    ready = sum(each.stands_ready for each in verdicts)
    document = {
        "receivers_sha256": file.sha256,
        "ready": ready,
        "absent": list(book.absent),
        "customers": said,
    }
    written = context.written(step, *ids)
    report_id = keep_report(work.records, written, context.bd_fcm, REPORT_NAME, document)
    summary = f"{ready} of {len(verdicts)} back-ups stand ready"
    return StepResult({"backups": summary}, (report_id,))


def _verdicts(
    file: PortingFile, context: DayContext, work: Work, day: date, live: Sequence[Lot]
) -> tuple[PortingBook, tuple[BackupVerdict, ...]]:
    """Return the book that was asked about, and every verdict, by customer."""
    receivers = [each.receiver_id for each in file.receivers]
    there = [lot for name in sorted(receivers) for lot in read_register(work.records, name).live()]
    run = context.models.margined(
        position_lines([*live, *there]),
        cycle=Cycle.EODXM,
        business_date=day,
        name=f"{day.isoformat()} close",
    )
    remargining = Remargining(run.result.day, context.models.executor)
    book = porting_book(
        run,
        _as_in_the_books(file),
        _held(work, context.bd_fcm, run.result.day.prices.prices),
        remargining,
        bd_fcm=context.bd_fcm,
    )
    parameters = PortingParameters(
        context.models.parameters(day),
        context.parameters("default_management", day),
        context.parameters("porting", day),
    )
    trigger = Trigger(TriggerKind.TRANSFER_REQUIRED, day, day)
    request = PortRequest(trigger, parameters.rules, parameters.clock)
    return book, backup_verdicts(book, request)


def _held(work: Work, bd_fcm: str, priced: Container[str]) -> HeldFile:
    """Return customers' own property as the ledger has it, by place.

    A security without a price counts as nothing, and is left out.
    """
    held, without_positions = own_property(work, bd_fcm)
    rows = tuple(
        HeldRow(
            each.customer_id,
            each.place,
            "" if each.asset == CASH else each.asset.code,
            0 if each.asset == CASH else each.amount,
            Money(each.amount) if each.asset == CASH else ZERO,
            0,
        )
        for each in held
        if each.asset == CASH or each.asset.code in priced
    )
    return HeldFile(_BOOKS, "", rows, dict.fromkeys(without_positions, 0))


def _as_in_the_books(file: PortingFile) -> PortingFile:
    """Return the file without figures of customers: positions and claims are those of the books."""
    return replace(
        file,
        customers={
            name: replace(facts, futures_margin=None, net_equity=None)
            for name, facts in file.customers.items()
        },
        available=None,
    )
