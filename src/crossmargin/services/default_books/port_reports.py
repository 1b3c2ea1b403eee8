"""The reports of a port, from the records and balances of the books that it was run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.default_books.bringing_in import BroughtIn
from crossmargin.services.default_books.desk import DefaultDesk
from crossmargin.services.default_books.held_and_owed import Row
from crossmargin.services.default_books.holding import Held, amount_text
from crossmargin.services.default_books.planned import PlannedCustomer, PlannedMove, PlannedPort
from crossmargin.services.default_books.port_checks import asset_and_amount
from crossmargin.services.default_books.reporting import DEFAULT_REPORT, movements_of


@dataclass(frozen=True, slots=True)
class PortedCustomer:
    """A customer before and after a port.

    Parameters
    ----------
    planned : PlannedCustomer
    before, after : mapping of BD-FCM to Held
        At the transferor and at every receiver, as the ledger has it.
    brought : tuple of BroughtIn
        At every receiver, with its papers.
    """

    planned: PlannedCustomer
    before: Mapping[str, Held]
    after: Mapping[str, Held]
    brought: tuple[BroughtIn, ...]


def write_port_reports(
    desk: DefaultDesk,
    planned: PlannedPort,
    ported: Sequence[PortedCustomer],
    owed: tuple[Sequence[Row], Sequence[Row]],
    written: Written,
) -> dict[str, Any]:
    """Write the reports for the trustee, regulators and each customer; return the document.

    Parameters
    ----------
    desk : DefaultDesk
    planned : PlannedPort
    ported : sequence of PortedCustomer
    owed : tuple of sequences of rows
        What is held and owed before and after.
    written : Written
    """
    declaration_id = desk.entry.declaration_id
    customers = [_customer(each, desk.entry.bd_fcm) for each in ported]
    names = {each.planned.customer_id for each in ported}
    opening = {
        "bd_fcm": planned.bd_fcm,
        "as_of": desk.entry.business_date.isoformat(),
        "declaration": declaration_id,
        "trigger": {
            "kind": planned.trigger.value,
            "rule": planned.rule,
            "approval_sha256": planned.approval_sha256,
        },
        "plan": {"digest": planned.digest, "as_of": planned.as_of.isoformat()},
    }
    shared = {"held_and_owed": {"before": list(owed[0]), "after": list(owed[1])}}
    not_in_books = [e.customer_id for e in planned.customers if e.customer_id not in names]
    reports: dict[str, Mapping[str, Any]] = {
        "trustee": {**shared, "customers": customers, "not_in_books": not_in_books},
        "regulators": {**shared, "timeline": movements_of(desk.work, declaration_id)},
        **{f"customer/{each['customer']}": each for each in customers},
    }
    for name, report in reports.items():
        desk.work.records.add(
            written.record(
                f"{declaration_id}/report/{name}",
                DEFAULT_REPORT,
                planned.bd_fcm,
                {"name": name, "document": {**opening, **report}},
            )
        )
    document = {
        **opening,
        "customers": customers,
        "not_in_books": not_in_books,
        **shared,
        "timeline": reports["regulators"]["timeline"],
    }
    return {**document, "digest": digest_of(document)}


def _customer(ported: PortedCustomer, bd_fcm: str) -> dict[str, Any]:
    planned = ported.planned
    receivers = sorted({each.receiver for each in planned.moves})
    return {
        "customer": planned.customer_id,
        "outcome": planned.outcome,
        "before": ported.before[bd_fcm].as_document(),
        "moved": [_moved(each) for each in planned.moves],
        "at_receivers": {name: ported.after[name].as_document() for name in receivers},
        "brought_in": [each.as_document() for each in ported.brought],
        "stays": {
            **ported.after[bd_fcm].as_document(),
            "ineligible": list(planned.ineligible),
            "left_out": sorted(planned.left_out),
            "receivers": [dict(each) for each in planned.stays],
        },
    }


def _moved(move: PlannedMove) -> dict[str, Any]:
    found = [(item.place.value, *asset_and_amount(item)) for item in move.property_moved]
    return {
        "part": move.part,
        "receiver": move.receiver,
        "carriage": move.carriage.value,
        "positions": {name: move.lines[name] for name in sorted(move.lines)},
        "property": [
            {"place": place, "asset": str(asset), "amount": amount_text(asset, amount)}
            for place, asset, amount in found
        ],
    }
