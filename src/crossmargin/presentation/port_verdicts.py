"""Verdicts of porting as documents: offers, bars, limits, gates, FICC's refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossmargin.default_management.porting.admission import Offer, amount_text
from crossmargin.default_management.porting.customers import PropertyItem
from crossmargin.default_management.porting.proof import Stay
from crossmargin.default_management.porting.receivers import Limit
from crossmargin.default_management.porting.refusals import RULE, FiccRefusal
from crossmargin.participation.verdicts import Verdict

Document = dict[str, Any]


def offer_part(offer: Offer) -> Document:
    """Return an offer, with every bar."""
    return {
        "carriage": offer.carriage.value,
        "requirement": str(offer.requirement),
        "margin": str(offer.margin),
        "top_up": str(offer.top_up),
        "bars": [
            {"code": bar.code.value, "detail": bar.detail, "rule": bar.rule} for bar in offer.bars
        ],
    }


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


def bar_words(document: Mapping[str, Any]) -> list[str]:
    """Return, of one receiver, why it does not take an account, a sentence a reason.

    Parameters
    ----------
    document : mapping
        Of :func:`stay_part`.
    """
    last = document["offers"][-1]
    if not last["bars"]:
        return [
            f"room for {each['limit']}: needs {each['needs']}, left {each['left']}, "
            f"lacks {each['lacking']}"
            for each in document["short"]
        ]
    said: dict[tuple[str, str], list[str]] = {}
    for offer in document["offers"]:
        for bar in offer["bars"]:
            said.setdefault((bar["code"], bar["detail"]), []).append(offer["carriage"])
    every = len(document["offers"])
    return [
        f"{code}: {detail}" + ("" if len(carriages) == every else f" ({', '.join(carriages)})")
        for (code, detail), carriages in said.items()
    ]
