"""A previous run, as its document says: what later cycles take from it.

From it come the last factor of each customer and the requirement that EODXM trues up. Whatever is
taken is named with the run's digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cutoffs, Cycle
from crossmargin.arrangement.fallback import AgreedFactor
from crossmargin.arrangement.reduction import Binding
from crossmargin.arrangement.true_up import Collected, CollectedAtBoth
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal

_RULE = "methodology: cycles"


@dataclass(frozen=True, slots=True)
class PreviousCcp:
    """What one CCP's model said and collected of one customer.

    ``saving`` has the six decimals of the document.
    """

    securities: Money
    futures: Money
    combined: Money
    saving: Fraction
    requirement: Money
    outside: Money
    standalone: Money

    @property
    def collected(self) -> Collected:
        """The XM account's requirement and what is outside it."""
        return Collected(self.requirement, self.outside)


@dataclass(frozen=True, slots=True)
class PreviousCustomer:
    """One customer of a previous run.

    Parameters
    ----------
    key : CustomerKey
    ficc, cme : PreviousCcp
    reduction : Fraction
        As applied, unrounded.
    binding : Binding
    requirement, standalone : Money
        Both CCPs.
    agreed : AgreedFactor or None
        The last factor made from both sides' figures: that run's own, or the one it fell back on;
        None where the run is indicative or had none.
    incomplete : bool
    """

    key: CustomerKey
    ficc: PreviousCcp
    cme: PreviousCcp
    reduction: Fraction
    binding: Binding
    requirement: Money
    standalone: Money
    agreed: AgreedFactor | None
    incomplete: bool

    @property
    def collected(self) -> CollectedAtBoth:
        """What both CCPs collected."""
        return CollectedAtBoth(self.ficc.collected, self.cme.collected)


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """The document of a previous run of ``xm margin``, verified.

    Parameters
    ----------
    name : str
        Of the file, without its folder.
    digest : str
        Of the document; equal to that of its content.
    as_of : date
    cycle : Cycle
    cycle_date : date
    at, ficc_positions_at, cme_positions_at : datetime
    simulated : bool
    market_digest, parameters_digest : str
    customers : mapping of CustomerKey to PreviousCustomer
    document : mapping
        All of it, for whoever compares more.
    """

    name: str
    digest: str
    as_of: date
    cycle: Cycle
    cycle_date: date
    at: datetime
    ficc_positions_at: datetime
    cme_positions_at: datetime
    simulated: bool
    market_digest: str
    parameters_digest: str
    customers: Mapping[CustomerKey, PreviousCustomer] = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)

    def agreed_factor(self, key: CustomerKey) -> AgreedFactor | None:
        """Return the last factor of a customer that both sides' figures made, if there is one."""
        customer = self.customers.get(key)
        return None if customer is None else customer.agreed


def faults_of_previous(
    previous: PreviousRun, *, cutoffs: Cutoffs, as_of: date, simulated: bool
) -> list[Refusal]:
    """Return why a run may not follow a previous one: every reason.

    Parameters
    ----------
    previous : PreviousRun
    cutoffs : Cutoffs
        Of the run that follows.
    as_of : date
    simulated : bool
        Whether the run's market is simulated.
    """
    faults = []

    def fault(field_name: str, value: object, expected: str) -> None:
        faults.append(Refusal(field_name, str(value), expected, _RULE, file=previous.name))

    if previous.simulated is not simulated:
        kinds = {True: "a simulated market", False: "real market data"}
        fault("market.simulated", kinds[previous.simulated], f"{kinds[simulated]}, as in this run")
    if previous.as_of > as_of:
        fault("as_of", previous.as_of, f"a date not after that of this run, {as_of}")
    if previous.at > cutoffs.at:
        expected = f"an instant not after that of this run, {cutoffs.at.isoformat()}"
        fault("cutoffs.at", previous.at.isoformat(), expected)
    trues_up = CYCLE_TERMS[cutoffs.cycle].trues_up
    if trues_up is not None:
        if previous.cycle is not trues_up:
            fault("cycle", previous.cycle, f"{trues_up}, which {cutoffs.cycle} adjusts")
        if previous.cycle_date != cutoffs.cycle_date:
            expected = f"{cutoffs.cycle_date}, the day that is trued up"
            fault("cutoffs.cycle_date", previous.cycle_date, expected)
        if previous.as_of < as_of:
            fault("as_of", previous.as_of, f"{as_of}: prices of the same day on both sides")
    return faults
