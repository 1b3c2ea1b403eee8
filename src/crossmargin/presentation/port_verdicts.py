"""Verdicts of porting as documents: offers, bars, limits, gates, FICC's refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossmargin.default_management.porting.admission import amount_text
from crossmargin.default_management.porting.customers import PropertyItem
from crossmargin.default_management.porting.proof import Stay
from crossmargin.default_management.porting.receivers import Limit
from crossmargin.default_management.porting.refusals import RULE, FiccRefusal
from crossmargin.participation.verdicts import Verdict
from crossmargin.services.porting.verdicts import offer_part

Document = dict[str, Any]


def stay_part(stay: Stay) -> Document:
    """Return why a receiver does not take an account."""
    return {
        "receiver": stay.receiver_id,
        "offers": [offer_part(offer) for offer in stay.offers],
        "short": [
            {
                "limit": each.limit.value,
                "needs": amount_text(each.limit, each.needs),
                "left": amount_text(each.limit, each.left),
                "lacking": amount_text(each.limit, each.lacking),
            }
            for each in stay.short
        ],
        "parts": [{"part": name, "reasons": list(reasons)} for name, reasons in stay.parts.items()],
    }


def limits_part(amounts: Mapping[Limit, int]) -> Document:
    """Return limits by name: accounts as a number, the others in dollars and cents."""
    return {limit.value: amount_text(limit, amount) for limit, amount in amounts.items()}


def verdict_part(verdict: Verdict) -> Document:
    """Return a verdict with its gates."""
    return {
        "question": verdict.question,
        "allowed": verdict.allowed,
        "gates": [
            {
                "name": gate.name,
                "rule": gate.rule,
                "passed": gate.passed,
                "evidence": list(gate.evidence),
                "detail": gate.detail,
            }
            for gate in verdict.gates
        ],
    }


def property_part(items: Iterable[PropertyItem]) -> list[Document]:
    """Return property, item by item; cash has no CUSIP."""
    return [
        {
            "place": item.place.value,
            "cusip": item.cusip or None,
            "par": item.par or None,
            "value": str(item.value),
        }
        for item in items
    ]


def refusals_part(
    refusals: Sequence[FiccRefusal], interference: Sequence[FiccRefusal]
) -> list[Document]:
    """Return FICC's refusals: which stand, which are interference, what they lack."""
    return [
        {
            "customer_id": each.customer_id,
            "receiver": each.receiver_id,
            "ground": each.ground.value,
            "evidence_sha256": each.evidence_sha256 or None,
            "said": each.said,
            "stands": each.stands,
            "interference": each in interference,
            "lacks": each.lacks,
            "rule": RULE,
        }
        for each in refusals
    ]
