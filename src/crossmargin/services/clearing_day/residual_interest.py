"""Withdrawals of residual interest for the BD-FCM's own use: shown before they are made.

JAC Regulatory Alert 18-04 asks for a pro forma first; 17 CFR 1.23 for the filed statement of the
day before, and above a share of its residual interest for a senior officer's written approval and a
notice the same day (status of both: inferred). The officer is the instruction's reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.reporting.notices import withdrawal_over_a_quarter
from crossmargin.reporting.residual_interest import ProForma, WithdrawalFinding, pro_forma
from crossmargin.reporting.rules import ReportingRules
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.arrivals import InstructionRow
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.report_register import (
    document_of,
    is_filed,
    keep_notice,
    keep_report,
    last_report,
    versions_of,
)
from crossmargin.services.clearing_day.standing import standing_of
from crossmargin.services.clearing_day.wires import WIRE, WIRE_SETTLED, Purpose

PRO_FORMA = "pro-forma"
_RULE = "17 CFR 1.23; JAC 18-04"
_EXCESS_LINE = "14"
_CENTS = 100


def reasons_against_withdrawal(
    context: DayContext, work: Work, row: InstructionRow, written: Written
) -> str:
    """Make the pro forma of a withdrawal, keep it as a report, draft the notice that it asks for.

    Returns
    -------
    str
        Why the withdrawal is refused, or nothing.
    """
    day = written.business_date
    prior = _of_the_day_before(work.records, context.bd_fcm, "segregation", day)
    interest = _of_the_day_before(work.records, context.bd_fcm, "residual-interest", day)
    if prior is None or interest is None:
        missing = WithdrawalFinding.STATEMENT_NOT_FILED.value
        return f"{missing}: the business day before has no segregation statement ({_RULE})"
    found = _pro_forma(context, work, row, day, prior=prior, interest=interest)
    report_id = _keep(work, context.bd_fcm, row, found, _following(written, prior, interest))
    _notify(context, work, found, row, _following(written, report_id))
    if found.is_allowed:
        return ""
    return f"pro forma: {', '.join(each.value for each in found.findings)} ({_RULE})"


def _pro_forma(
    context: DayContext,
    work: Work,
    row: InstructionRow,
    day: date,
    *,
    prior: Record,
    interest: Record,
) -> ProForma:
    rules = ReportingRules.from_parameters(context.parameters("reporting", day))
    target = context.parameters("clearing_day", day).whole("residual_interest_target_dollars")
    before = document_of(interest)
    return pro_forma(
        prior_day_held=_line(document_of(prior), _EXCESS_LINE),
        request=Money(row.quantity),
        withdrawn_earlier=_withdrawn(work.records, context.bd_fcm, day),
        deposits=_deposited(work.records, context.bd_fcm, day),
        estimated_debits=max(
            ZERO, _debits(context, work, day) - _amount(before["debit_balances_included"])
        ),
        required=_amount(before["residual_interest_required"]),
        target=Money(target * _CENTS),
        is_statement_filed=is_filed(work.records, prior),
        approved_by=row.reference,
        notice_share=rules.withdrawal_notice_share,
    )


def _of_the_day_before(records: Records, bd_fcm: str, name: str, day: date) -> Record | None:
    found = last_report(records, bd_fcm, name, before=day)
    before = futures_delivery_calendar().previous_business_day(day)
    return found if found is not None and found.business_date == before else None


def _debits(context: DayContext, work: Work, day: date) -> Money:
    """Return customers' debits and deficits as they are now."""
    standings = (
        standing_of(context, work, day, customer, None, is_evening=False)
        for customer in customers_of(work, context.bd_fcm)
    )
    return Money.total(max(ZERO, -each.value) for each in standings)


def _withdrawn(records: Records, bd_fcm: str, day: date) -> Money:
    """Return what was withdrawn earlier on the day: instructed, and not voided."""
    total = ZERO
    for wire in records.select(stream=WIRE, subject=bd_fcm, first=day, last=day):
        if wire.content["purpose"] == Purpose.RESIDUAL_INTEREST_WITHDRAWAL:
            settled = records.get(f"{wire.record_id}/settled")
            if settled is None or settled.content["outcome"] == "CONFIRMED":
                total += Money(int(str(wire.content["amount"])))
    return total


def _deposited(records: Records, bd_fcm: str, day: date) -> Money:
    """Return what the BD-FCM brought in on the day, as far as the bank has confirmed it."""
    total = ZERO
    for settled in records.select(stream=WIRE_SETTLED, subject=bd_fcm, first=day, last=day):
        wire = records.get(str(settled.content["wire"]))
        if wire is None or settled.content["outcome"] != "CONFIRMED":
            continue
        if wire.content["purpose"] == Purpose.RESIDUAL_INTEREST_DEPOSIT:
            total += Money(int(str(wire.content["amount"])))
    return total


def _keep(work: Work, bd_fcm: str, row: InstructionRow, found: ProForma, written: Written) -> str:
    """Keep the pro forma with those of the day before it: one report, a version each time."""
    earlier = versions_of(work.records, bd_fcm, written.business_date, PRO_FORMA)
    said = document_of(earlier[-1])["withdrawals"] if earlier else []
    if not isinstance(said, Sequence):
        raise TypeError(f"expected withdrawals, was {said!r}")
    own = {
        "instruction": row.instruction_id,
        "request": str(Money(row.quantity)),
        "senior_officer": row.reference,
        **found.as_document(),
    }
    document = {"withdrawals": [*said, own]}
    version = len(earlier) + 1
    return keep_report(work.records, written, bd_fcm, PRO_FORMA, document, version=version)


def _notify(
    context: DayContext, work: Work, found: ProForma, row: InstructionRow, written: Written
) -> None:
    day = written.business_date
    rules = DeadlineRules.from_parameters(context.parameters("collateral", day))
    notice = withdrawal_over_a_quarter(
        found,
        sender=context.bd_fcm,
        business_date=day,
        approved_by=row.reference,
        deadline=rules.end_of_business_day.on(day),
    )
    if notice is not None:
        name = f"/{row.instruction_id}"
        keep_notice(work.records, written, context.bd_fcm, notice, name=name)


def _following(written: Written, *causes: Record | str) -> Written:
    ids = [each if isinstance(each, str) else each.record_id for each in causes]
    return written.following(*ids)


def _line(statement: Mapping[str, object], line: str) -> Money:
    lines = statement["lines"]
    if not isinstance(lines, Sequence):
        raise TypeError(f"expected the lines of a statement, was {lines!r}")
    (found,) = [each["amount"] for each in lines if each["line"] == line]
    return _amount(found)


def _amount(said: object) -> Money:
    return money_from_decimal(str(said))
