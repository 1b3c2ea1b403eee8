"""The surge table of a notice: today's requirement against stand-alone margin at each CCP.

With a reduction ``s`` the requirement rises by ``R s / (1 - s)``: at the cap of 80 per cent by four
times itself (vector SUR-1). Stand-alone is that of ruling 5: all of a customer's positions at a CCP
as one portfolio; where it carries some outside the arrangement, what is collected until they are in
one account differs by the split cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cycle
from crossmargin.arrangement.reduction import (
    StandaloneAndRequirement,
    SuspensionSurge,
    suspension_surge,
)
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO
from crossmargin.collateral.deadline import DeadlineRules, deadline
from crossmargin.participation.verdicts import eastern_date
from crossmargin.product.position import PositionLine
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.house_terms import call_currency_of
from crossmargin.services.clearing_day.lot_register import position_lines, read_register
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.required import REQUIREMENT, required_of
from crossmargin.services.suspension.desk import AccessDesk

_NOTHING = StandaloneAndRequirement(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class SurgeTable:
    """What suspension would cost one customer.

    Parameters
    ----------
    ficc, cme : StandaloneAndRequirement
        What each asks in all: with no arrangement, and today.
    basis : str
        The requirement's record, or what the positions are.
    """

    ficc: StandaloneAndRequirement
    cme: StandaloneAndRequirement
    basis: str

    @property
    def surge(self) -> SuspensionSurge:
        """The rise at each CCP."""
        return suspension_surge(ficc=self.ficc, cme=self.cme)

    def as_document(self) -> dict[str, object]:
        """Return it as a JSON object, dollars."""
        surge = self.surge
        rows = (("FICC", self.ficc, surge.ficc), ("CME", self.cme, surge.cme))
        return {
            "basis": self.basis,
            "rows": [
                {
                    "clearing_organization": name,
                    "requirement": str(each.requirement),
                    "standalone": str(each.standalone),
                    "surge": str(rise),
                }
                for name, each, rise in rows
            ],
            "requirement": str(self.ficc.requirement + self.cme.requirement),
            "standalone": str(self.ficc.standalone + self.cme.standalone),
            "extra_cash": str(surge.total),
        }


def surge_today(work: Work, customer: CustomerKey, at: datetime) -> SurgeTable:
    """Return the table on a customer's last requirement; of nothing where it has none."""
    written = [
        required
        for record in work.records.select(stream=REQUIREMENT, subject=subject_of(customer))
        if record.at <= at and CYCLE_TERMS[(required := required_of(record)).cycle].calls
    ]
    if not written:
        return SurgeTable(_NOTHING, _NOTHING, "")
    last = written[-1]
    return SurgeTable(
        StandaloneAndRequirement(last.standalone_ficc, last.ficc_xm + last.ficc_outside),
        StandaloneAndRequirement(last.standalone_cme, last.cme),
        last.record_id,
    )


def surge_with(
    models: DayModels,
    work: Work,
    customer: CustomerKey,
    intended: Sequence[PositionLine],
    at: datetime,
) -> SurgeTable:
    """Return the table on the positions of the moment and trades that are intended.

    At the prices of the evening before, as an indicative file would be.

    Raises
    ------
    RefusedError
        If a trade names nothing on the day, or there are no prices.
    """
    live = read_register(work.records, customer.bd_fcm).live()
    held = position_lines(lot for lot in live if lot.customer == customer)
    own = [line for line in intended if line.customer == customer]
    run = models.margined(
        (*held, *own), cycle=Cycle.CUR, business_date=eastern_date(at), name="intended trades"
    )
    if not run.result.customers:
        return SurgeTable(_NOTHING, _NOTHING, "intended trades")
    (found,) = run.result.customers
    sides = (found.requirement.ficc, found.requirement.cme)
    ficc, cme = (
        StandaloneAndRequirement(each.standalone, each.requirement + each.outside) for each in sides
    )
    return SurgeTable(ficc, cme, f"with {len(own)} intended trades")


def due_of_surge(
    desk: AccessDesk, work: Work, customer: CustomerKey, effective_at: datetime
) -> datetime:
    """Return when the call after the effect of a notice is due, in the customer's currency."""
    on = eastern_date(effective_at)
    rules = DeadlineRules.from_parameters(desk.parameters("collateral", on))
    return deadline(call_currency_of(work.records, customer, on), effective_at, rules).due_at
