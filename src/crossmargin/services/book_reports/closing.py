"""The close of a day: every report is made, kept as a record, and what is wrong is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crossmargin.basics.identifiers import customer_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.reporting.breaks import Break
from crossmargin.reporting.capital import CapitalReport
from crossmargin.reporting.custody_documents import report_document, slice_document
from crossmargin.reporting.notices import (
    Notice,
    call_unmet_above_excess_capital,
    charges_accrued,
    custody_shortfall,
    under_required,
    under_segregation,
    under_target,
)
from crossmargin.reporting.statement import statement_document
from crossmargin.services.book_reports.custody import custody_inputs, custody_of, slice_of
from crossmargin.services.book_reports.custody_versions import (
    CUSTODY,
    SLICE,
    earlier_version,
    previous_custody,
)
from crossmargin.services.book_reports.inputs import DayInputs, day_inputs
from crossmargin.services.book_reports.reconciling import breaks_of, reconciliations
from crossmargin.services.book_reports.segregation import (
    capital_of,
    reserve_formula_of,
    residual_interest_of,
    residual_interest_without_savings,
    segregation_of,
)
from crossmargin.services.book_reports.statements import (
    day_positions,
    securities_statement_of,
    statement_of,
)
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.charges import accrued_charges
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.flow_steps import FLOWS
from crossmargin.services.clearing_day.intake import HELD_FILE
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.report_register import (
    document_of,
    keep_notice,
    keep_report,
    last_report,
)
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.clearing_day.verifying import verify_work


def close_day(context: DayContext, work: Work, step: Step) -> StepResult:
    """Make every report of the day, verify the ledger, draft the notices that are due."""
    day = step.business_date
    inputs = day_inputs(context, work, day)
    segregation = segregation_of(inputs)
    interest = residual_interest_of(inputs, segregation)
    stress = residual_interest_without_savings(inputs, segregation)
    capital = capital_of(inputs, work.records)
    of_custody = custody_inputs(inputs, step.at)
    custody = custody_of(
        of_custody,
        work,
        at=step.at,
        previous=previous_custody(work.records, day),
        corrects=earlier_version(work.records, day),
    )
    own_slice = slice_of(of_custody, custody)
    reconciled = reconciliations(
        inputs, work, _previous_breaks(work.records, context.bd_fcm, day), as_of=step.at
    )
    findings = verify_work(work)
    documents: dict[str, Mapping[str, object]] = {
        "segregation": segregation.as_document(),
        "residual-interest": {
            **interest.as_document(),
            "every_saving_lost": stress.as_document(),
        },
        "capital": capital.as_document(),
        "reserve-formula": reserve_formula_of(inputs).as_document(),
        CUSTODY: report_document(custody),
        SLICE: slice_document(own_slice),
        "reconciliation": {"reconciliations": [each.as_document() for each in reconciled]},
        "verification": {
            "findings": [
                [each.check.value, each.where, each.asset, each.was, each.expected]
                for each in findings
            ]
        },
    }
    held = day_positions(inputs, work)
    for customer in inputs.customers:
        statement = statement_of(inputs, work, customer, held, at=step.at)
        documents[f"statement/{customer.customer_id}"] = statement_document(statement)
        outside = securities_statement_of(inputs, work, customer, held, at=step.at)
        if outside is not None:
            name = f"securities-statement/{customer.customer_id}"
            documents[name] = statement_document(outside)
    versions = dict.fromkeys((CUSTODY, SLICE), custody.version)
    written = context.written(step, *_behind(inputs, work))
    ids = [
        keep_report(
            *(work.records, written, context.bd_fcm, name, document),
            version=versions.get(name, 1),
        )
        for name, document in documents.items()
    ]
    notices = [
        notice
        for notice in (
            under_segregation(segregation, sender=context.bd_fcm, business_date=day),
            under_required(interest, sender=context.bd_fcm, business_date=day),
            under_target(interest, sender=context.bd_fcm, business_date=day),
            custody_shortfall(custody),
            charges_accrued(
                _accrued(work.records, context.bd_fcm),
                held=interest.held,
                sender=context.bd_fcm,
                business_date=day,
            ),
            *_unmet_calls(inputs, work.records, capital),
        )
        if notice is not None
    ]
    for number, notice in enumerate(notices):
        same = sum(each.kind is notice.kind for each in notices[:number])
        keep_notice(
            *(work.records, context.written(step, *ids), context.bd_fcm, notice),
            name=f"-{same + 1}" if same else "",
        )
    return StepResult(
        {
            "reports": len(ids),
            "notices": [notice.kind.value for notice in notices],
            "breaks": sum(len(each.breaks) for each in reconciled),
            "findings": len(findings),
            "segregation_excess": str(segregation.excess),
            "residual_interest_held": str(interest.held),
            "residual_interest_required": str(interest.required),
            "custody_ties": "yes" if own_slice.ties else "no",
        },
        tuple(ids),
    )


def _behind(inputs: DayInputs, work: Work) -> list[str]:
    """Return what a day's reports follow from: requirements, flows, payments and files."""
    day = inputs.business_date
    causes = [required.record_id for required in inputs.required.values()]
    for stream in (FLOWS, PAYMENT, HELD_FILE):
        causes += [
            record.record_id
            for record in work.records.select(stream=stream, first=day, last=day)
            if record.subject.split("/")[0] == inputs.context.bd_fcm
        ]
    return causes


def _accrued(records: Records, bd_fcm: str) -> dict[str, Money]:
    """Return what is accrued and not paid, by customer; fees are the firm's own and not counted."""
    found: dict[str, Money] = {}
    for each in accrued_charges(records, bd_fcm):
        if each.content["charge"] == "interest":
            customer_id = customer_of(each.subject).customer_id
            cents = int(str(each.content["cents"]))
            found[customer_id] = found.get(customer_id, ZERO) + Money(cents)
    return found


def _unmet_calls(
    inputs: DayInputs, records: Records, capital: CapitalReport
) -> list[Notice | None]:
    """Return the notices of accounts whose calls of earlier days the close has not seen paid."""
    found = []
    for customer in inputs.customers:
        unmet = Money.total(
            call.outstanding
            for call in calls_of(records, customer)
            if call.is_of_futures_account and call.issued.business_date < inputs.business_date
        )
        found.append(
            call_unmet_above_excess_capital(
                account=customer.customer_id,
                unmet=unmet,
                excess_adjusted_net_capital=capital.excess,
                is_past_next_close=unmet > ZERO,
                sender=inputs.context.bd_fcm,
                business_date=inputs.business_date,
            )
        )
    return found


def _previous_breaks(records: Records, bd_fcm: str, day: date) -> dict[str, list[Break]]:
    found = last_report(records, bd_fcm, "reconciliation", before=day)
    if found is None:
        return {}
    said = document_of(found).get("reconciliations")
    return breaks_of(said) if isinstance(said, list) else {}
