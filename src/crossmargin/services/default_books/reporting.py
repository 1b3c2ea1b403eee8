"""The reports of a default, from the records and transfers of the books that it was run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.default_management.default_accounts import FICC, MarginPlace
from crossmargin.default_management.sides import Reach
from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import OF_A_DECLARED_DEFAULT, OF_ANOTHERS_DEFAULT, TransferKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.default_books.declaring import Declaration
from crossmargin.services.default_books.desk import DefaultDesk
from crossmargin.services.default_books.holding import amounts_text
from crossmargin.services.default_books.running import CustomerRun

#: Stream of the reports; the subject is the BD-FCM.
DEFAULT_REPORT = "DEFAULT_REPORT"
_CENTS = (
    *("owed_before", "result", "sold", "guaranty", "deficit_paid", "from_capital"),
    *("paid_by_others", "unpaid", "paid_for_others", "ported", "distributed", "owed_after"),
)


def write_reports(
    desk: DefaultDesk,
    declaration: Declaration,
    runs: Sequence[CustomerRun],
    rate: Fraction,
    *,
    written: Written,
    reach: Mapping[ClearingOrganization, Reach],
) -> dict[str, Any]:
    """Write the reports for the trustee, regulators and each customer as records; return them.

    The document ends with its digest, which the order of customers does not change.
    """
    customers = [_customer(desk, each) for each in sorted(runs, key=lambda one: one.customer_id)]
    movements = movements_of(desk.work, desk.entry.declaration_id)
    reports: dict[str, Any] = {
        "trustee": _trustee(desk, customers, rate),
        "regulators": {"evidence_cp_16": _evidence(desk, runs), "timeline": movements},
        **{f"customer/{each['customer']}": each for each in customers},
    }
    for name, report in reports.items():
        desk.work.records.add(
            written.record(
                f"{desk.entry.declaration_id}/report/{name}",
                DEFAULT_REPORT,
                declaration.bd_fcm,
                {"name": name, "document": report},
            )
        )
    document = {
        "bd_fcm": declaration.bd_fcm,
        "as_of": declaration.business_date.isoformat(),
        "trigger": declaration.trigger.value,
        "declaration": desk.entry.declaration_id,
        "rate": str(rate),
        "margin_reach": {side.value: reach[side].value for side in sorted(reach)},
        "customers": customers,
        "trustee": reports["trustee"],
        "regulators": reports["regulators"],
    }
    return {**document, "digest": digest_of(document)}


def _customer(desk: DefaultDesk, run: CustomerRun) -> dict[str, Any]:
    return {
        "customer": run.customer_id,
        "receiver": run.receiver,
        "is_kept": run.is_kept,
        **{name: str(Money(getattr(run, name))) for name in _CENTS},
        "still_owed": amounts_text(desk.owed(run.customer_id)),
        "brought_in": None if run.brought is None else run.brought.as_document(),
    }


def _trustee(
    desk: DefaultDesk, customers: Sequence[Mapping[str, Any]], rate: Fraction
) -> dict[str, Any]:
    """Return property, claims and distributions."""
    kinds = (AccountKind.SEGREGATED_BANK, AccountKind.FICC_XM_MARGIN)
    held: dict[str, dict[str, str]] = {}
    for kind in (*kinds, AccountKind.CME_CUSTOMER_MARGIN):
        totals: dict[Asset, int] = {}
        found = desk.work.ledger.balances(kind=kind, bd_fcm=desk.entry.bd_fcm)
        for (_, asset), balance in found.items():
            totals[asset] = totals.get(asset, 0) + balance.posted_debit
        held[kind.value] = amounts_text(totals)
    return {
        "property_left": held,
        "residual_interest": str(Money(desk.firm_cash(AccountKind.RESIDUAL_INTEREST))),
        "house_bank": str(Money(desk.firm_cash(AccountKind.HOUSE_BANK))),
        "debts_of_customers": str(Money(desk.debits())),
        "rate": str(rate),
        "distributions": {
            each["customer"]: each["distributed"]
            for each in customers
            if not each["receiver"] and not each["is_kept"]
        },
        "ported": {each["customer"]: each["receiver"] for each in customers if each["receiver"]},
    }


def _evidence(desk: DefaultDesk, runs: Sequence[CustomerRun]) -> list[dict[str, Any]]:
    """Return what each customer's property at FICC paid to CME, as posted, beside its limit."""
    found = []
    for each in sorted(runs, key=lambda one: one.customer_id):
        at_ficc = MarginPlace(each.customer_id, FICC).claim(desk.entry.bd_fcm).account_id
        paid = sum(
            transfer.amount
            for transfer in desk.work.ledger.transfers(
                account_id=at_ficc, kind=TransferKind.GUARANTY_PAYMENT
            )
            if transfer.cause_id == desk.entry.declaration_id
        )
        if paid:
            found.append(
                {
                    "customer": each.customer_id,
                    "paid_to_cme": str(Money(paid)),
                    "limit": str(Money(each.at_ficc_before_guaranty)),
                    "within_limit": "yes" if paid <= each.at_ficc_before_guaranty else "no",
                }
            )
    return found


def movements_of(work: Work, declaration_id: str) -> Sequence[Mapping[str, Any]]:
    """Return what a default moved, by group, as posted.

    Every group has its kind, its transfers and whether a declared default alone allows it.
    """
    needs = OF_A_DECLARED_DEFAULT | OF_ANOTHERS_DEFAULT
    groups: dict[str, list[Mapping[str, Any]]] = {}
    only: dict[str, bool] = {}
    for each in work.ledger.transfers():
        if each.cause_id == declaration_id:
            only[each.group_id] = only.get(each.group_id, False) or each.kind in needs
            groups.setdefault(each.group_id, []).append(
                {
                    "kind": each.kind.value,
                    "debit": each.debit_account_id,
                    "credit": each.credit_account_id,
                    "asset": str(each.asset),
                    "amount": each.amount,
                }
            )
    return [
        {"group": group_id, "only_in_default": only[group_id], "transfers": rows}
        for group_id, rows in groups.items()
    ]
