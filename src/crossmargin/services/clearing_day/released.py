"""Customers who hold nothing any more: a requirement of nothing, so that their margin comes back.

A cycle margins the lots that are live; whoever has none is not among its customers, and what was
required of it last would stand for ever.
"""

from __future__ import annotations

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.fallback import FactorSource, FallbackReason
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO
from crossmargin.basics.records import Record
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.schedule import Step

_NO_RATIO = "0.000000"
_AMOUNTS = ("securities", "futures", "combined", "requirement", "minimum_top_up", "outside")


def nothing_required(
    stream: str, customer: CustomerKey, cycle: Cycle, step: Step, written: Written
) -> Record:
    """Return the record that nothing is required of a customer in a cycle.

    Parameters
    ----------
    stream : str
        Of requirements.
    customer : CustomerKey
    cycle : Cycle
    step : Step
    written : Written
        Its cause is what was required last.
    """
    side = {
        **dict.fromkeys((*_AMOUNTS, "standalone"), str(ZERO)),
        "saving": _NO_RATIO,
        "add_ons": {},
    }
    content = {
        "cycle": cycle.value,
        "ficc": side,
        "cme": side,
        **dict.fromkeys(("standalone", "requirement", "saved"), str(ZERO)),
        "reduction": _NO_RATIO,
        "binding": Binding.NONE.value,
        "factor_source": FactorSource.NONE.value,
        "factor_reason": FallbackReason.LEG_MISSING.value,
        "agreed_factor": None,
        "order_check": {"ficc_shortfall": str(ZERO), "cme_shortfall": str(ZERO)},
        "incomplete": "no",
        "lines": {},
    }
    subject = subject_of(customer)
    record_id = f"requirement/{subject}/{step.business_date.isoformat()}/{step.name}"
    return written.record(record_id, stream, subject, content)
