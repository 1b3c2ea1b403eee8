"""What a receiver answers as a document, and in words: one shape wherever it is kept or shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossmargin.default_management.porting.admission import Offer

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


def bar_words(document: Mapping[str, Any]) -> list[str]:
    """Return, of one receiver, why it does not take an account, a sentence a reason.

    Parameters
    ----------
    document : mapping
        With ``offers``, each as :func:`offer_part` has it, and ``short``: the limits that have no
        room for the account, with ``limit``, ``needs``, ``left`` and ``lacking``.
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
