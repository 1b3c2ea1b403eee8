"""Access to the arrangement in the day: who is kept out of it at an instant, and what follows.

From the boundary of the cycle at which a notice takes effect there is no reduction on what a
customer still carries in its cross-margining account: each clearing organization collects its own
stand-alone margin, and the calls follow (CP-18). The record of such a requirement names the notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from crossmargin.arrangement.fallback import (
    AgreedFactor,
    FactorSource,
    FallbackDecision,
    FallbackReason,
    requirement_at,
)
from crossmargin.arrangement.reduction import Binding, ReductionRules
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.participation.standing import STANDING, effective_notice, standing_fact_of
from crossmargin.services.books.papers import read_record
from crossmargin.services.books.ports import Records
from crossmargin.services.margin_positions import MarginRun


def kept_out(
    records: Records, customers: Iterable[CustomerKey], at: datetime
) -> Mapping[CustomerKey, str]:
    """Return the customers with a notice in effect at an instant, and the notice's record."""
    found = {}
    for customer in customers:
        written = records.select(stream=STANDING, subject=subject_of(customer))
        notice = effective_notice([read_record(each, standing_fact_of) for each in written], at)
        if notice is not None:
            found[customer] = notice.record_id
    return found


def no_reduction(last: AgreedFactor | None) -> FallbackDecision:
    """Return the decision of a customer that is kept out; its last factor is kept, not used."""
    return FallbackDecision(
        FactorSource.NONE,
        FallbackReason.SUSPENDED,
        Fraction(0),
        Binding.NONE,
        last=last,
        age=None,
    )


def without_reduction(
    run: MarginRun, customers: Iterable[CustomerKey], rules: ReductionRules
) -> MarginRun:
    """Return a run in which some customers' requirements have no reduction."""
    out = set(customers)
    changed = tuple(
        replace(
            each,
            requirement=requirement_at(
                each.requirement, factor=Fraction(0), binding=Binding.NONE, rules=rules
            ),
        )
        if each.key in out
        else each
        for each in run.result.customers
    )
    return replace(run, result=replace(run.result, customers=changed))
