"""Customers who hold nothing any more: a requirement of nothing, so that their margin comes back.

A cycle margins the lots that are live; whoever has none is not among its customers, and what was
required of it last would stand for ever. Whose account was ported or closed out is required nothing
from that moment: the next morning's wires come before the next cycle.
"""

from __future__ import annotations

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.fallback import FactorSource, FallbackReason
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.services.clearing_day.lot_register import Written

_NO_RATIO = "0.000000"
_AMOUNTS = ("securities", "futures", "combined", "requirement", "minimum_top_up", "outside")


def nothing_required(
    stream: str,
    customer: CustomerKey,
    cycle: Cycle,
    name: str,
    written: Written,
    *,
    outside_at_ficc: Money = ZERO,
) -> Record:
    """Return the record that nothing is required of a customer's futures account in a cycle.

    Parameters
    ----------
    stream : str
        Of requirements.
    customer : CustomerKey
    cycle : Cycle
    name : str
        Of what released it, in the id.
    written : Written
        Among its causes is what was required last.
    outside_at_ficc : Money
        Segregated Customer Margin that is required still: no property of futures customers.
    """
    side = {
        **dict.fromkeys((*_AMOUNTS, "standalone"), str(ZERO)),
        "saving": _NO_RATIO,
        "add_ons": {},
    }
    outside = str(outside_at_ficc)
    content = {
        "cycle": cycle.value,
        "ficc": {**side, "outside": outside, "standalone": outside},
        "cme": side,
        **dict.fromkeys(("standalone", "requirement"), outside),
        "saved": str(ZERO),
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
    record_id = f"requirement/{subject}/{written.business_date.isoformat()}/{name}"
    return written.record(record_id, stream, subject, content)
