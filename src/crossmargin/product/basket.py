"""Which securities a Treasury futures contract accepts, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crossmargin.basics.dates import whole_months_between
from crossmargin.product.futures import FuturesContract, last_delivery_day
from crossmargin.product.specifications import DeliveryRule
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

_FIXED_PRINCIPAL = (SecurityKind.NOTE, SecurityKind.BOND)


@dataclass(frozen=True, slots=True)
class Deliverability:
    """Whether a security may be delivered into a contract, with the rule that decided."""

    deliverable: bool
    reason: str


def is_deliverable(security: TreasurySecurity, contract: FuturesContract) -> Deliverability:
    """Return whether the contract accepts the security.

    Only fixed-principal notes and bonds with a known original maturity (ruling 18), by original
    maturity and by remaining term in whole months from the first day of the delivery month.

    Parameters
    ----------
    security : TreasurySecurity
    contract : FuturesContract
        Of a Treasury product.

    Raises
    ------
    LookupError
        If no delivery rule is known for the contract month.
    """
    rule = contract.specification.delivery_rule(contract.year, contract.month)
    refusal = _terms_refusal(security, contract, rule) or _remaining_refusal(
        security, contract, rule
    )
    if refusal is not None:
        return Deliverability(False, f"{contract.code}: {refusal}")
    return Deliverability(True, f"{contract.code}: accepted by {rule.source}")


def _terms_refusal(
    security: TreasurySecurity, contract: FuturesContract, rule: DeliveryRule
) -> str | None:
    if security.kind not in _FIXED_PRINCIPAL:
        return f"a {security.kind} is no fixed-principal note or bond"
    original = security.original_maturity_years
    if original is None:
        return f"original maturity {security.original_maturity_source}"
    if original not in rule.original_years:
        return f"original maturity {original} years, expected {rule.original_maturity_text}"
    if security.issue_date is not None and security.issue_date > last_delivery_day(contract):
        return f"not issued before {security.issue_date}"
    return None


def _remaining_refusal(
    security: TreasurySecurity, contract: FuturesContract, rule: DeliveryRule
) -> str | None:
    first_day = date(contract.year, contract.month, 1)
    if security.maturity_date <= first_day:
        return f"matured by {first_day}"
    months = whole_months_between(first_day, security.maturity_date)
    if months < rule.remaining_months_min:
        return f"{months} months remain, expected {rule.remaining_months_min} or more"
    if rule.remaining_months_max is not None and months > rule.remaining_months_max:
        return f"{months} months remain, expected {rule.remaining_months_max} or fewer"
    return None
