"""Read a port plan as ``xm port plan`` writes it: JSON, whole and unchanged, or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import money_from_decimal
from crossmargin.basics.refusals import refused
from crossmargin.default_management.porting.customers import Carriage, Place, PropertyItem
from crossmargin.default_management.porting.trigger import TriggerKind
from crossmargin.services.default_books.planned import PlannedCustomer, PlannedMove, PlannedPort

_RULE = "reference: port"
#: What the digest of a plan does not cover: itself, and the files that it was made from.
_UNCOVERED = frozenset({"digest", "positions", "receivers_sha256", "held_sha256"})
_A_PLAN = "a port plan as xm port plan --format json writes it"


def read_port_plan(path: Path) -> PlannedPort:
    """Read a plan.

    Raises
    ------
    RefusedError
        If it cannot be read, is none, or its digest is not that of what it says.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("plan", path.name, f"a readable file ({reason})", _RULE) from None
    except ValueError:
        raise refused("plan", path.name, _A_PLAN, _RULE) from None
    try:
        body = {name: each for name, each in document.items() if name not in _UNCOVERED}
        if digest_of(body) != document["digest"]:
            expected = "the digest of what the plan says: it was changed"
            raise refused("digest", str(document["digest"]), expected, _RULE)
        return _plan(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise refused("plan", path.name, _A_PLAN, _RULE) from None


def _plan(document: Mapping[str, Any]) -> PlannedPort:
    trigger = document["trigger"]
    left_out: dict[str, set[str]] = {}
    for each in document["left_out"]:
        left_out.setdefault(each["customer_id"], set()).add(each["instrument"])
    return PlannedPort(
        document["digest"],
        document["bd_fcm"],
        date.fromisoformat(document["as_of"]),
        TriggerKind(trigger["kind"]),
        trigger["rule"],
        date.fromisoformat(trigger["transfer_on"]),
        trigger["approval_sha256"] or "",
        tuple(
            f"{gate['name']}: {gate['detail']}"
            for gate in document["verdict"]["gates"]
            if not gate["passed"]
        ),
        tuple(
            _customer(each, frozenset(left_out.get(each["customer_id"], ())))
            for each in sorted(document["customers"], key=lambda one: one["customer_id"])
        ),
    )


def _customer(said: Mapping[str, Any], left_out: frozenset[str]) -> PlannedCustomer:
    left: dict[str, int] = {}
    for part in said["left"]:
        for name, quantity in part["lines"].items():
            left[name] = left.get(name, 0) + quantity
    return PlannedCustomer(
        said["customer_id"],
        said["outcome"],
        tuple(_move(said["customer_id"], each) for each in said["placements"]),
        left,
        tuple(said["ineligible"]),
        said["stays"],
        left_out,
        said["left_requirement"],
    )


def _move(customer_id: str, said: Mapping[str, Any]) -> PlannedMove:
    return PlannedMove(
        customer_id,
        said["receiver"],
        said["part"],
        Carriage(said["carriage"]),
        dict(said["lines"]),
        tuple(
            PropertyItem(
                Place(item["place"]),
                item["cusip"] or "",
                item["par"] or 0,
                money_from_decimal(item["value"]),
            )
            for item in said["property"]
        ),
    )
