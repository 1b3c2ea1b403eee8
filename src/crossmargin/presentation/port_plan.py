"""A port plan as one document and as rows.

Money and ratios are decimal strings, dates ISO. The digest covers everything but the input files'
own digests, in which the order of customers would show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossmargin.arrangement.eligibility import RecognisedLine
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.customers import Carriage
from crossmargin.default_management.porting.plan import Outcome, Placement
from crossmargin.default_management.porting.receivers import Receiver
from crossmargin.default_management.porting.solver import StageResult, solver_version
from crossmargin.default_management.porting.trigger import TRIGGER_RULES
from crossmargin.default_management.transfer_test import Unit
from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.margin_notices import (
    REVIEW_NOTICE,
    SIMULATED_NOTICE,
    derived_price_notices,
)
from crossmargin.presentation.port_verdicts import (
    limits_part,
    property_part,
    refusals_part,
    stay_part,
    verdict_part,
)
from crossmargin.presentation.run_parts import market_part, positions_part
from crossmargin.services.porting.book import PortingBook
from crossmargin.services.porting.planning import PortPlan
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.services.porting.verdicts import bar_words
from crossmargin.services.requirement_figures import requirement_figures

Document = dict[str, Any]

ASSUMED_NOTICE = (
    "No file of what is held was given: each requirement is assumed to be held in cash where it "
    "is asked for, and a stated claim beyond it at the BD-FCM."
)
FILE_NOTICE = (
    "Receivers, their room and what is said of customers are those of the receivers' file."
)
CLAIM_NOTICE = (
    "A claim is what is held for the customer unless the file says another: positions are marked "
    "and settled daily. No trustee or clearing organization has judged it."
)


def port_document(found: PortPlan, parameters: PortingParameters) -> Document:
    """Return the JSON shape of a plan."""
    plan, request, book = found.plan, found.request, found.book
    trigger, prejudice = request.trigger, plan.prejudice
    body: Document = {
        **book_part(book, parameters),
        "trigger": {
            "kind": trigger.kind.value,
            "rule": TRIGGER_RULES[trigger.kind],
            "since": trigger.since.isoformat(),
            "transfer_on": trigger.transfer_on.isoformat(),
            "approval_sha256": trigger.approval_sha256 or None,
            "disapproved": trigger.disapproved,
        },
        "verdict": verdict_part(found.verdict),
        "clock": found.clock
        and {
            "last_day": found.clock.last_day.isoformat(),
            "without_roll": found.clock.without_roll.isoformat(),
            "business_days": found.clock.business_days,
            "last_business_day": found.clock.last_business_day
            and found.clock.last_business_day.isoformat(),
        },
        "class": {
            "available": str(book.available),
            "rate": format_ratio(plan.entitlements.rate),
            "moved": str(Money.total(each.moved for each in plan.outcomes)),
            "remaining": str(prejudice.remaining),
            "others_need": str(Money(-(-prejudice.needed_dollars * 100 // 1))),
            "allowed": prejudice.is_allowed,
        },
        "objective": request.rules.objective.value,
        "solver": solver_version(),
        "stages": [_stage(each) for each in plan.solution.stages],
        "offered_in_parts": list(found.divided),
        "blocks": found.blocks,
        "receivers": [
            {
                "receiver": name,
                "room": limits_part(plan.room[name]),
                "used": limits_part(plan.used[name]),
            }
            for name in sorted(plan.room)
        ],
        "customers": [
            _customer(each, book, found.left.get(each.customer.customer_id))
            for each in plan.outcomes
        ],
        "ficc_refusals": refusals_part(book.file.ficc_refusals, found.interference),
        "left_out": [_left_out(each) for each in book.left_out],
    }
    return sealed(body, book)


def book_part(book: PortingBook, parameters: PortingParameters) -> Document:
    """Return what every document of porting begins with."""
    day = book.run.result.day
    return {
        "bd_fcm": book.bd_fcm,
        "as_of": day.as_of.isoformat(),
        "market": market_part(day),
        "parameters": parameters.as_document(),
        "models": {"ficc": day.ficc.name, "cme": day.cme_engine.name},
        "notices": _notices(book),
    }


def sealed(body: Document, book: PortingBook) -> Document:
    """Return a document with its digest, and with the digests of the files beside it."""
    return {
        **body,
        "digest": digest_of(body),
        "positions": positions_part(book.run),
        "receivers_sha256": book.file.sha256,
        "held_sha256": book.held.sha256 if book.held else None,
    }


def _notices(book: PortingBook) -> list[str]:
    day = book.run.result.day
    notices = [SIMULATED_NOTICE] if day.simulated else []
    notices += [REVIEW_NOTICE, *derived_price_notices(day), FILE_NOTICE, CLAIM_NOTICE]
    notices += [] if book.held else [ASSUMED_NOTICE]
    without = [name for name, each in book.accounts.items() if not each.is_complete]
    if without:
        assumed = "" if book.held else ", and no property is assumed for it"
        names = ", ".join(without)
        notices.append(f"Lines without a model, so no margin at a receiver{assumed}: {names}.")
    if book.absent:
        names = ", ".join(book.absent)
        notices.append(
            "LEFT OUT, named in the receivers' file and with neither positions nor property, or "
            f"mistyped: {names}."
        )
    if book.incomplete:
        names = ", ".join(book.incomplete)
        notices.append(f"INCOMPLETE, lines were left out: {names}.")
    return notices


def _stage(stage: StageResult) -> Document:
    is_money = stage.name in ("placed", "top_up")

    def text(amount: int) -> str:
        return str(Money(amount)) if is_money else str(amount)

    return {
        "stage": stage.name,
        "reached": text(stage.reached),
        "bound": text(stage.bound),
        "gap": format_ratio(stage.gap),
        "within_gap": stage.proved,
    }


def outcome_word(outcome: Outcome) -> str:
    """Return what becomes of a customer, in a word."""
    if outcome.ineligible:
        return "INELIGIBLE"
    if not outcome.placements:
        return "STAYS"
    if not outcome.is_whole:
        return "IN_PART"
    return "WHOLE" if len(outcome.placements) == 1 else "DIVIDED"


def _customer(outcome: Outcome, book: PortingBook, left: CustomerRequirement | None) -> Document:
    customer = outcome.customer
    receivers = {each.receiver_id: each for each in book.file.receivers}
    placements = [
        _placement(each, receivers[each.offer.receiver_id]) for each in outcome.placements
    ]
    return {
        "customer_id": customer.customer_id,
        "standing": customer.standing.value,
        "participates": customer.participates,
        "backup": customer.backup or None,
        "net_equity": str(customer.net_equity),
        "prior": str(customer.prior),
        "entitled": str(customer.whole.value),
        "margin_before": str(customer.margin_before),
        "outcome": outcome_word(outcome),
        "ineligible": [each.value for each in outcome.ineligible],
        "moved": str(outcome.moved),
        "claim_left": str(max(ZERO, customer.net_equity) - customer.prior - outcome.moved),
        "division_costs": _division_costs(outcome),
        "placements": placements,
        "left": [
            {
                "part": part.part_id,
                "requirement": str(next(iter(part.margins.values()))),
                "value": str(part.value),
                "lines": dict(part.lines),
            }
            for part in outcome.left
        ],
        "left_requirement": left and _left_requirement(left),
        "stays": [stay_part(each) for each in outcome.stays],
        "units": [_unit(each) for each in customer.units],
        "division_faults": [each.as_document() for each in outcome.division_faults],
    }


def _left_requirement(required: CustomerRequirement) -> Document:
    """Return the requirement of what stays of a divided account, as a cycle would record it."""
    reduction = required.reduction
    return {
        **requirement_figures(required),
        "reduction": format_ratio(reduction.reduction),
        "binding": reduction.binding.value,
    }


def _division_costs(outcome: Outcome) -> str | None:
    """Return by how much the parts need more margin than the whole; None for a whole."""
    parts = [*(each.part for each in outcome.placements), *outcome.left]
    if len(parts) <= 1:
        return None
    alone = Money.total(next(iter(part.margins.values())) for part in parts)
    return str(alone - outcome.customer.margin_before)


def _placement(placement: Placement, receiver: Receiver) -> Document:
    offer, part = placement.offer, placement.part

    def at(carriage: Carriage) -> str | None:
        found = part.margin_at(offer.receiver_id, carriage)
        return None if found is None else str(receiver.house_margin(found))

    return {
        "part": offer.part_id,
        "receiver": offer.receiver_id,
        "carriage": offer.carriage.value,
        "requirement": str(offer.requirement),
        "margin": str(offer.margin),
        "with_xm": at(Carriage.XM) if offer.carriage is Carriage.XM else None,
        "without_xm": at(Carriage.STANDALONE),
        "property": property_part(part.property_moved),
        "value": str(part.value),
        "top_up": str(offer.top_up),
        "lines": dict(part.lines),
    }


def _unit(unit: Unit) -> Document:
    return {"legs": dict(unit.legs), "count": unit.count}


def _left_out(each: RecognisedLine) -> Document:
    return {
        "customer_id": each.line.customer.customer_id,
        "line": each.line.line,
        "instrument": each.line.instrument,
        "reasons": [reason.code.value for reason in each.reasons],
    }


CSV_HEADER = (
    *("as_of", "simulated", "bd_fcm", "customer_id", "standing", "participates", "net_equity"),
    *("entitled", "margin_before", "outcome", "part", "receiver", "carriage", "requirement"),
    *("margin", "with_xm", "without_xm", "value", "top_up", "reason"),
)


def csv_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a part that moves, and one a receiver that does not take what stays."""
    lead = [document["as_of"], str(document["market"]["simulated"]).lower(), document["bd_fcm"]]
    return [
        [*lead, *_csv_head(customer), *cells]
        for customer in document["customers"]
        for cells in _csv_cells(customer)
    ]


def _csv_head(customer: Mapping[str, Any]) -> list[str]:
    names = ("customer_id", "standing", "participates", *CSV_HEADER[6:10])
    return [csv_cell(customer[name]) for name in names]


def _csv_cells(customer: Mapping[str, Any]) -> list[list[str]]:
    rows = [
        [*(each[name] or "" for name in CSV_HEADER[10:19]), ""] for each in customer["placements"]
    ]
    rows += [
        ["", stay["receiver"], *[""] * 7, "; ".join(bar_words(stay))] for stay in customer["stays"]
    ]
    return rows or [[*[""] * 9, ", ".join(customer["ineligible"])]]
