"""A whole default on one work: declared, run, verified, reported. The caller commits, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.postings import DefaultEntry
from crossmargin.ledger.chart import AccountKind
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Work
from crossmargin.services.ccp_failure_books import prices_of
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.verifying import verify_work
from crossmargin.services.default_books.bringing_in import OnboardingTerms, bring_in
from crossmargin.services.default_books.declaring import Declaration, Treatment, declare
from crossmargin.services.default_books.desk import DefaultDesk, cash_of, live_lots
from crossmargin.services.default_books.ending import drop_marks, end_accounts
from crossmargin.services.default_books.fellow_customers import ReachOfSides, draw_on_fellows
from crossmargin.services.default_books.reporting import write_reports
from crossmargin.services.default_books.running import (
    CustomerRun,
    check_conserved,
    close_out,
    distribute,
    pay_deficits,
    port,
    refuse_deficits,
    return_margin,
)
from crossmargin.services.default_books.stopping import stop_payments

_RULE = "the books of a default"
_NAME = "default"


def run_default(
    work: Work,
    declaration: Declaration,
    treatments: Sequence[Treatment],
    *,
    reach: ReachOfSides,
    terms: OnboardingTerms,
    share: Fraction = Fraction(1),
) -> dict[str, Any]:
    """Run a default on the books and return its reports.

    Parameters
    ----------
    work : Work
        Of a copy in a drill. Nothing is committed here.
    declaration : Declaration
        On a day that was closed.
    treatments : sequence of Treatment
        In any order; customers who are not named keep what they have.
    reach : mapping of ClearingOrganization to Reach
        Whose margin each may use for what neither the customer nor the firm pays.
    terms : OnboardingTerms
        By what who is ported is judged at the receiver.
    share : Fraction
        Of claims that the first distribution pays.

    Raises
    ------
    RefusedError
        Naming everything that cannot be, or that verification finds afterwards.
    """
    _refuse_unknown(work, declaration.bd_fcm, treatments)
    day = declaration.business_date.isoformat()
    declaration_id = declare(
        work,
        declaration.record_id,
        declaration.bd_fcm,
        {"trigger": declaration.trigger.value},
        declaration.written,
        if_declared=Refusal("default", declaration.bd_fcm, f"one not declared on {day}", _RULE),
    )
    banks = banks_of(work)
    entry = DefaultEntry(
        declaration.bd_fcm,
        banks[declaration.bd_fcm],
        declaration_id,
        declaration.business_date,
        declaration.at,
    )
    prices = prices_of(work, declaration.bd_fcm, declaration.business_date)
    desk = DefaultDesk(work, entry, prices, live_lots(work, declaration.bd_fcm))
    written = replace(declaration.written, causes=(declaration_id,))
    stop_payments(desk)
    refuse_deficits(desk, treatments)
    runs: list[CustomerRun] = []
    for each in sorted(treatments, key=lambda one: (not one.receiver, one.customer_id)):
        if each.receiver:
            runs.append(port(desk, each, written, receiver_bank=banks[each.receiver]))
        else:
            runs.append(close_out(desk, each, written))
    _bring_in(desk, runs, written, terms)
    closed_out = [each for each in runs if not each.receiver]
    gone = [lot for each in closed_out for lot in desk.lots(each.customer_id)]
    drop_marks(work, entry.bd_fcm, gone, written, name=_NAME)
    end_accounts(work, entry.bd_fcm, [each.customer_id for each in runs], written, name=_NAME)
    pay_deficits(desk, runs)
    kept = _kept(desk, runs)
    of_pool = draw_on_fellows(desk, [*closed_out, *kept], reach)
    runs += [each for each in kept if each.paid_for_others]
    for run in closed_out:
        return_margin(desk, run.customer_id)
    rate = of_pool * distribute(desk, closed_out, share)
    check_conserved(desk, runs)
    refuse_findings(work)
    return write_reports(desk, declaration, runs, rate, written=written, reach=reach)


def _bring_in(
    desk: DefaultDesk, runs: Sequence[CustomerRun], written: Written, terms: OnboardingTerms
) -> None:
    """Enter at their receivers what goes with those who are ported; all go in the arrangement."""
    faults: list[Refusal] = []
    for run in runs:
        if run.receiver:
            customer = CustomerKey(desk.entry.bd_fcm, run.customer_id)
            run.brought = bring_in(
                *(desk.work, customer, run.receiver, written),
                terms=terms,
                name=_NAME,
                in_arrangement=True,
            )
            faults += run.brought.faults()
    if faults:
        raise RefusedError(*faults)


def _kept(desk: DefaultDesk, runs: Sequence[CustomerRun]) -> list[CustomerRun]:
    """Return the customers with whom nothing is done."""
    named = {each.customer_id for each in runs}
    return [
        CustomerRun(key.customer_id, "", cash_of(desk.owed(key.customer_id)), is_kept=True)
        for key in customers_of(desk.work, desk.entry.bd_fcm)
        if key.customer_id not in named
    ]


def _refuse_unknown(work: Work, bd_fcm: str, treatments: Sequence[Treatment]) -> None:
    known = {key.customer_id for key in customers_of(work, bd_fcm)}
    banks = banks_of(work)
    names = [each.customer_id for each in treatments]
    refusals = [
        Refusal("customer", name, f"a customer of {bd_fcm}, once", _RULE)
        for name in sorted(set(names))
        if name not in known or names.count(name) > 1
    ]
    refusals += [
        Refusal("receiver", each.receiver, "another BD-FCM whose books are open", _RULE)
        for each in treatments
        if each.receiver and (each.receiver == bd_fcm or each.receiver not in banks)
    ]
    if bd_fcm not in banks:
        refusals.append(Refusal("bd_fcm", bd_fcm, "one whose books are open", _RULE))
    if refusals:
        raise RefusedError(*refusals)


def banks_of(work: Work) -> dict[str, str]:
    """Return the BD-FCMs whose books are open, each with the first of its depositories."""
    return {
        each.bd_fcm: each.custodian
        for each in reversed(work.ledger.accounts(kind=AccountKind.SEGREGATED_BANK))
    }


def refuse_findings(work: Work) -> None:
    """Refuse books in which verification finds anything."""
    findings = verify_work(work)
    if findings:
        raise RefusedError(
            *(
                Refusal(each.check.value, f"{each.where} {each.asset}", each.expected, _RULE)
                for each in findings
            )
        )
