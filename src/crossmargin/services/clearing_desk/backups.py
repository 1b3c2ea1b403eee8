"""The close asks every customer's back-up: would it take the account on tonight's positions.

Candidates are those of a file of receivers; which one a customer named stands there. The verdict is
that of ``xm port backup``, on the live lots, the property and the prices of the close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.porting.customers import Carriage
from crossmargin.default_management.porting.trigger import Trigger, TriggerKind
from crossmargin.ledger.assets import CASH
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.lot_register import position_lines, read_register
from crossmargin.services.clearing_day.report_register import REPORT, report_record_id
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.default_books.holding import held_of
from crossmargin.services.porting.backup import BackupVerdict, backup_verdicts
from crossmargin.services.porting.book import porting_book
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
        What it says of customers without positions tonight is left out.
    context : DayContext
    work : Work
    step : Step
        The close.
    """
    day = step.business_date
    live = read_register(work.records, context.bd_fcm).live()
    if not live:
        return StepResult({"backups": "no customer has positions"})
    verdicts = _verdicts(file, context, work, day, live)
    ids = []
    said = [_said(each) for each in verdicts]
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
        "customers": said,
    }
    report_id = report_record_id(context.bd_fcm, day, REPORT_NAME)
    work.records.add(
        context.written(step, *ids).record(
            report_id,
            REPORT,
            context.bd_fcm,
            {"name": REPORT_NAME, "version": 1, "document": document},
        )
    )
    summary = f"{ready} of {len(verdicts)} back-ups stand ready"
    return StepResult({"backups": summary}, (report_id,))


def _verdicts(
    file: PortingFile, context: DayContext, work: Work, day: date, live: Sequence[Lot]
) -> tuple[BackupVerdict, ...]:
    """Return the verdict of every customer with positions, by customer."""
    own = _by_customer(live)
    receivers = [each.receiver_id for each in file.receivers]
    there = [lot for name in sorted(receivers) for lot in read_register(work.records, name).live()]
    run = context.models.margined(
        position_lines([*live, *there]),
        cycle=Cycle.EODXM,
        business_date=day,
        name=f"{day.isoformat()} close",
    )
    held = tuple(row for lots in own.values() for row in _held(work, lots))
    remargining = Remargining(run.result.day, context.models.executor)
    book = porting_book(
        run,
        _of_customers(file, own),
        HeldFile(_BOOKS, "", held),
        remargining,
        bd_fcm=context.bd_fcm,
    )
    parameters = PortingParameters(
        context.models.parameters(day),
        context.parameters("default_management", day),
        context.parameters("porting", day),
    )
    trigger = Trigger(TriggerKind.TRANSFER_REQUIRED, day, day)
    return backup_verdicts(book, PortRequest(trigger, parameters.rules, parameters.clock))


def _by_customer(live: Sequence[Lot]) -> dict[str, list[Lot]]:
    found: dict[str, list[Lot]] = {}
    for lot in live:
        found.setdefault(lot.customer.customer_id, []).append(lot)
    return dict(sorted(found.items()))


def _held(work: Work, lots: Sequence[Lot]) -> list[HeldRow]:
    """Return a customer's own property as the ledger has it, by place."""
    customer = lots[0].customer
    return [
        HeldRow(
            customer.customer_id,
            place,
            "" if asset == CASH else asset.code,
            0 if asset == CASH else amount,
            Money(amount) if asset == CASH else ZERO,
            0,
        )
        for (place, asset), amount in held_of(work, customer, lots).own.items()
    ]


def _of_customers(file: PortingFile, own: Mapping[str, object]) -> PortingFile:
    """Return the file with what it says of those who have positions, as the books have them."""
    return replace(
        file,
        customers={
            name: replace(facts, futures_margin=None, net_equity=None)
            for name, facts in file.customers.items()
            if name in own
        },
        available=None,
        ficc_refusals=tuple(each for each in file.ficc_refusals if each.customer_id in own),
    )


def _said(verdict: BackupVerdict) -> dict[str, object]:
    """Return what is kept of a verdict: the back-up, its margins, the top-up, or why none."""
    customer, admission = verdict.customer, verdict.admission
    admitted = admission.admitted if admission else None

    def at(carriage: Carriage) -> str:
        return str(verdict.margins[carriage]) if carriage in verdict.margins else ""

    return {
        "customer": customer.customer_id,
        "participates": "yes" if customer.participates else "no",
        "backup": customer.backup,
        "stands_ready": "yes" if verdict.stands_ready else "no",
        "carriage": admitted.carriage.value if admitted else "",
        "net_equity": str(customer.net_equity),
        "margin_before": str(customer.margin_before),
        "margin": str(admitted.margin) if admitted else "",
        "with_xm": at(Carriage.XM),
        "without_xm": at(Carriage.STANDALONE),
        "top_up": str(admitted.top_up) if admitted else "",
        "why": _why(verdict),
    }


def _why(verdict: BackupVerdict) -> list[str]:
    """Return why a back-up does not stand ready; nothing if it does."""
    if verdict.stands_ready:
        return []
    if verdict.receiver is None:
        return ["no back-up is named", *(each.value for each in verdict.ineligible)]
    offers = verdict.admission.offers if verdict.admission else ()
    return [each.value for each in verdict.ineligible] + [
        f"{offer.carriage.value}: {bar.code.value}: {bar.detail}"
        for offer in offers
        for bar in offer.bars
    ]
