"""Reports that are due the business day after: the segregation statement, residual interest."""

from __future__ import annotations

from collections.abc import Mapping

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.collateral.call_events import STREAM, CallPaid, Outside, event_of
from crossmargin.reporting.notices import under_required
from crossmargin.reporting.residual_interest import ResidualInterest, UndermarginedAmount
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.report_register import (
    FILED,
    document_of,
    filed_record_id,
    keep_notice,
    last_report,
)
from crossmargin.services.clearing_day.schedule import Step


def file_segregation(context: DayContext, work: Work, step: Step) -> StepResult:
    """File the segregation statement of the business day before, by noon."""
    report = last_report(work.records, context.bd_fcm, "segregation", before=step.business_date)
    if report is None:
        return StepResult({"filed": 0})
    record_id = filed_record_id(report)
    content = {"report": report.record_id, "digest": report.digest}
    work.records.add(
        context.written(step, report.record_id).record(record_id, FILED, context.bd_fcm, content)
    )
    return StepResult({"filed": 1, "report": report.record_id}, (record_id,))


def meet_residual_interest(context: DayContext, work: Work, step: Step) -> StepResult:
    """Compare residual interest with what the day before asks for, at its deadline.

    What undermargined customers have paid since comes off what is required. Where less is held, the
    notice is drafted at once.
    """
    report = last_report(
        work.records, context.bd_fcm, "residual-interest", before=step.business_date
    )
    if report is None:
        return StepResult({"compared": 0})
    document = document_of(report)
    required = money_from_decimal(str(document["residual_interest_required"]))
    held = money_from_decimal(str(document["residual_interest_held"]))
    paid = _paid_since(work, context.bd_fcm, document, step)
    left = max(ZERO, required - paid)
    notice = under_required(
        ResidualInterest(
            undermargined=tuple(
                UndermarginedAmount(name, amount, ZERO, ZERO)
                for name, amount in _undermargined(document).items()
            ),
            held=held,
            target=money_from_decimal(str(document["target"])),
            required=required,
            required_after_payments=left,
        ),
        sender=context.bd_fcm,
        business_date=step.business_date,
    )
    if notice is not None:
        written = context.written(step, report.record_id)
        keep_notice(work.records, written, context.bd_fcm, notice, name=f"/{step.name}")
    return StepResult(
        {
            "required": str(required),
            "paid_by_undermargined": str(paid),
            "required_after_payments": str(left),
            "held": str(held),
            "compliant": "yes" if notice is None else "no",
        },
        (report.record_id,),
    )


def _paid_since(work: Work, bd_fcm: str, document: Mapping[str, object], step: Step) -> Money:
    """Return what undermargined customers have paid today, each up to what was lacking.

    Into their futures accounts: Segregated Customer Margin is none of it.
    """
    total, day = ZERO, step.business_date
    for customer_id, lacking in _undermargined(document).items():
        subject = subject_of(CustomerKey(bd_fcm, customer_id))
        found = work.records.select(stream=STREAM, subject=subject, first=day, last=day)
        events = [event_of(each) for each in found if each.at <= step.at]
        paid = Money.total(
            each.amount
            for each in events
            if isinstance(each, CallPaid) and not isinstance(each.ccp, Outside)
        )
        total += min(lacking, paid)
    return total


def _undermargined(document: Mapping[str, object]) -> dict[str, Money]:
    """Return what the report says that each customer lacked."""
    said = document["undermargined"]
    if not isinstance(said, Mapping):
        raise TypeError(f"expected undermargined amounts, was {said!r}")
    return {str(key): money_from_decimal(str(amount)) for key, amount in said.items()}
