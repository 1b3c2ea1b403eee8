"""Maker and checker: whoever enters a thing does not approve it."""

from __future__ import annotations

from crossmargin.basics.refusals import Refusal, RefusedError

RULE = "maker and checker"


def check_two_people(actor: str, approver: str) -> None:
    """Refuse what has no maker, no checker, or the same person as both.

    Raises
    ------
    RefusedError
        Naming what is missing.
    """
    faults = []
    if not actor:
        faults.append(Refusal("actor", actor, "who entered it", RULE))
    if not approver or approver == actor:
        faults.append(Refusal("approver", approver, f"another than the maker, {actor}", RULE))
    if faults:
        raise RefusedError(*faults)
