"""The cycle's part of a margin document, and its words: cut-offs, fallback, true-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cutoff, Cutoffs
from crossmargin.arrangement.fallback import FactorSource, FallbackDecision
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.arrangement.true_up import CcpTrueUp, CustomerTrueUp, Difference, TrueUp
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.margin_cycles import CycleOutcome

Document = dict[str, Any]

_ONE_MINUTE_SECONDS = 60

#: Columns of the CSV form that the cycle adds, after those of a customer.
CYCLE_COLUMNS = (
    "cycle_date",
    "at",
    "run",
    "ficc_positions_at",
    "cme_positions_at",
    "cutoff_gap_minutes",
    "cutoff_gap_exceeded",
    "late",
    "fallback_source",
    "fallback_reason",
    "last_factor",
    "last_factor_cycle",
    "last_factor_at",
    "last_factor_digest",
    "true_up_ficc",
    "true_up_cme",
    "true_up",
)

_REASON_WORDS = {
    "POLICY": "the policy is none, so nothing is applied",
    "NO_PREVIOUS_RUN": "no previous run was given, so there is no last factor",
    "NOT_AGREED": "the previous run has no agreed factor of this customer",
    "TOO_OLD": "the last factor is too old",
    "LEG_MISSING": "a leg has no margin now, so there is nothing to offset",
    "AS_AGREED": "the last factor is applied as it was agreed",
    "SIDE_ON_TIME": "the last factor is above the saving of the side on time, which bounds it",
    "CAP": "the last factor is above the cap, which bounds it",
    "BELOW_THRESHOLD": "what is left of the last factor is under the threshold",
}


def cycle_parts(outcome: CycleOutcome) -> Document:
    """Return the document's keys ``cutoffs``, ``previous``, ``fallback`` and ``true_up``."""
    plan = outcome.plan
    return {
        "cutoffs": _cutoffs(plan.cutoffs, plan.request.late),
        "previous": _previous(outcome),
        "fallback": {
            "policy": plan.fallback.policy.value,
            "age_business_days_max": plan.fallback.age_business_days_max,
            "late": [side.value for side in ClearingOrganization if side in plan.request.late],
            "customers": {source.value: outcome.count(source) for source in FactorSource},
        },
        "true_up": None if outcome.true_up is None else _true_up(outcome.true_up),
    }


def fallback_part(decision: FallbackDecision) -> Document:
    """Return a customer's key ``fallback``: where its reduction came from."""
    last = decision.last
    return {
        "source": decision.source.value,
        "reason": None if decision.source is FactorSource.CURRENT else decision.reason.value,
        "factor": str(decision.factor),
        "last": None
        if last is None
        else {
            "factor": str(last.factor),
            "reduction": format_ratio(last.factor),
            "binding": last.binding.value,
            "cycle": last.cycle.value,
            "as_of": last.as_of.isoformat(),
            "at": last.at.isoformat(),
            "digest": last.digest,
            "age_minutes": None
            if decision.age is None
            else -(-int(decision.age.total_seconds()) // _ONE_MINUTE_SECONDS),
        },
    }


def cycle_notices(outcome: CycleOutcome) -> list[str]:
    """Return sentences on the cycle that belong to every figure of the run."""
    plan, cutoffs = outcome.plan, outcome.plan.cutoffs
    cycle = plan.request.cycle.value
    notices = []
    late = " and ".join(side.value for side in ClearingOrganization if side in plan.request.late)
    if late:
        notices.append(
            f"{late} late or missing: this cycle has no factor of both sides. Fallback "
            f"{plan.fallback.policy.value} (assumed): the last factor serves "
            f"{outcome.count(FactorSource.LAST_FACTOR)} customers, "
            f"{outcome.count(FactorSource.NONE)} have no factor. Savings, explanation and "
            "sensitivity show what our models say; no factor was agreed on them."
        )
    if cutoffs.gap_exceeded:
        notices.append(
            f"The sides' cut-offs lie {cutoffs.gap_minutes} minutes apart, above the limit of "
            f"{cutoffs.gap_minutes_max} (ruling 11)."
        )
    as_of = outcome.run.result.day.as_of
    if cutoffs.cycle_date != as_of:
        notices.append(f"Cycle {cycle} of {cutoffs.cycle_date} on prices and curves of {as_of}.")
    if outcome.nothing_to_true_up:
        notices.append(
            f"Cycle {cycle} without a previous run: there is nothing to true up against."
        )
    differing = [
        name
        for name, same in (
            ("market", outcome.same_market),
            ("parameters", outcome.same_parameters),
        )
        if same is False
    ]
    if outcome.true_up is not None and differing:
        notices.append(
            f"The previous run had other {' and '.join(differing)}: the true-up is not of "
            "positions alone."
        )
    return notices


def _cutoffs(cutoffs: Cutoffs, late: frozenset[ClearingOrganization]) -> Document:
    positions = {
        "ficc": CYCLE_TERMS[cutoffs.cycle].ficc_positions.value,
        "cme": "own",
    }

    def side(name: str, cutoff: Cutoff) -> Document:
        return {
            "positions": positions[name],
            "positions_at": cutoff.positions_at.isoformat(),
            "given": cutoff.given,
            "late": ClearingOrganization(name.upper()) in late,
        }

    return {
        "cycle_date": cutoffs.cycle_date.isoformat(),
        "at": cutoffs.at.isoformat(),
        "run": cutoffs.run,
        "ficc": side("ficc", cutoffs.ficc),
        "cme": side("cme", cutoffs.cme),
        "gap_minutes": cutoffs.gap_minutes,
        "gap_minutes_max": cutoffs.gap_minutes_max,
        "gap_exceeded": cutoffs.gap_exceeded,
    }


def _previous(outcome: CycleOutcome) -> Document | None:
    previous = outcome.plan.request.previous
    if previous is None:
        return None
    return {
        "digest": previous.digest,
        "as_of": previous.as_of.isoformat(),
        "cycle": previous.cycle.value,
        "at": previous.at.isoformat(),
        "same_market": outcome.same_market,
        "same_parameters": outcome.same_parameters,
    }


def _true_up(entries: TrueUp) -> Document:
    return {
        "customers": [_customer_true_up(customer) for customer in entries.customers],
        "totals": {
            "ficc": _difference(entries.ficc),
            "cme": _difference(entries.cme),
            "total": _difference(entries.total),
        },
    }


def _customer_true_up(customer: CustomerTrueUp) -> Document:
    return {
        "bd_fcm": customer.key.bd_fcm,
        "customer_id": customer.key.customer_id,
        "presence": customer.presence.value,
        "ficc": _ccp_true_up(customer.ficc),
        "cme": _ccp_true_up(customer.cme),
        "total": _difference(customer.total),
    }


def _ccp_true_up(ccp: CcpTrueUp) -> Document:
    return {
        "requirement": _difference(ccp.requirement),
        "outside": _difference(ccp.outside),
        "total": _difference(ccp.total),
    }


def _difference(difference: Difference) -> Document:
    return {
        "from": str(difference.before),
        "to": str(difference.after),
        "difference": str(difference.amount),
        "booking": difference.booking.value,
    }


def fallback_sentence(customer: Mapping[str, Any]) -> str | None:
    """Return why a customer's reduction is not that of this run's savings; None where it is."""
    fallback = customer["fallback"]
    if fallback["source"] == "current":
        return None
    sentence = f"Fallback {fallback['source']}: {_REASON_WORDS[fallback['reason']]}."
    last = fallback["last"]
    if last is not None:
        hours, minutes = divmod(last["age_minutes"], 60)
        sentence += (
            f" Last factor {last['reduction']} of {last['cycle']}, {last['at']}, "
            f"{hours} h {minutes} min old, run {last['digest'][:12]}."
        )
    return sentence


def late_words(document: Mapping[str, Any]) -> str:
    """Return which side is late and what stands in, for the head of a table; empty if none is."""
    fallback = document["fallback"]
    if not fallback["late"]:
        return ""
    return f", {' and '.join(fallback['late'])} LATE: fallback {fallback['policy']}"


def cutoff_line(document: Mapping[str, Any]) -> str:
    """Return the instants of a document's cycle in one line."""
    cutoffs = document["cutoffs"]
    sides = ", ".join(
        f"{name.upper()} {cutoffs[name]['positions_at']}"
        + (f" ({cutoffs[name]['positions']})" if name == "ficc" else "")
        + (" LATE" if cutoffs[name]["late"] else "")
        for name in ("ficc", "cme")
    )
    run = "" if cutoffs["run"] is None else f", run {cutoffs['run']}"
    return f"Positions{run}: {sides}; {cutoffs['gap_minutes']} minutes apart."


def true_up_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a label and the amounts by CCP of every customer of a true-up, the total last."""
    entries = document["true_up"]
    if entries is None:
        return
    words = {"BOTH": "", "CAME": " (came)", "LEFT": " (left)"}
    for customer in entries["customers"]:
        amounts = {
            "ficc": customer["ficc"]["total"],
            "cme": customer["cme"]["total"],
            "total": customer["total"],
        }
        yield customer["customer_id"] + words[customer["presence"]], amounts
    yield "total", entries["totals"]


def true_up_by_customer(document: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the entries of a true-up by BD-FCM and customer; empty without one."""
    entries = (document["true_up"] or {}).get("customers", ())
    return {(entry["bd_fcm"], entry["customer_id"]): entry for entry in entries}


def cycle_cells(
    document: Mapping[str, Any],
    customer: Mapping[str, Any],
    entries: Mapping[tuple[str, str], Mapping[str, Any]],
) -> list[object]:
    """Return a customer's cells by :data:`CYCLE_COLUMNS`; no ``fallback`` for one who left.

    Parameters
    ----------
    document : mapping
    customer : mapping
        Of the document, or the entry of one who left.
    entries : mapping
        From :func:`true_up_by_customer`.
    """
    cutoffs = document["cutoffs"]
    fallback = customer.get("fallback", {})
    last = fallback.get("last") or {}
    entry = entries.get((customer["bd_fcm"], customer["customer_id"]))
    amounts = (
        [{}] * 3
        if entry is None
        else [entry["ficc"]["total"], entry["cme"]["total"], entry["total"]]
    )
    return [
        cutoffs["cycle_date"],
        cutoffs["at"],
        _or_empty(cutoffs["run"]),
        cutoffs["ficc"]["positions_at"],
        cutoffs["cme"]["positions_at"],
        cutoffs["gap_minutes"],
        cutoffs["gap_exceeded"],
        " ".join(document["fallback"]["late"]),
        fallback.get("source", ""),
        _or_empty(fallback.get("reason")),
        *(_or_empty(last.get(name)) for name in ("reduction", "cycle", "at", "digest")),
        *(amount.get("difference", "") for amount in amounts),
    ]


def customers_who_left(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries of a true-up whose customers have no row of their own."""
    entries = (document["true_up"] or {}).get("customers", ())
    return [entry for entry in entries if entry["presence"] == "LEFT"]


def _or_empty(value: object) -> object:
    return "" if value is None else value
