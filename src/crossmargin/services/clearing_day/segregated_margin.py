"""Collecting Segregated Customer Margin: what FICC requires outside the arrangement.

Called apart, paid into the securities account, and brought to FICC's account at FRBNY at its
deadlines. No residual interest stands in, there is none in the securities class: FICC has what the
customer has brought, and what lacks is named. What is more than required comes back each morning,
whatever it is: it is returned by the close of the next business day (Note H of 17 CFR 240.15c3-3a,
inferred).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.identifiers import subject_of
from crossmargin.basics.money import ZERO
from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.placing import (
    securities_custody_of,
    securities_custody_paying,
)
from crossmargin.services.clearing_day.segregated import SegregatedStanding
from crossmargin.services.clearing_day.segregated_wires import (
    is_margin_held_at_frbny,
    segregated_margin_wire,
)
from crossmargin.services.clearing_day.wires import Purpose, Wire

#: Makes a wire with its causes; False where the ledger refused it.
Make = Callable[..., bool]


@dataclass(frozen=True, slots=True)
class SegregatedPaying:
    """One deadline of FICC's for Segregated Customer Margin.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    on : date
    name : str
        Of the step, in ids.
    make : callable
    """

    work: Work
    bd_fcm: str
    on: date
    name: str
    make: Make

    @property
    def lacks_a_place(self) -> str:
        """Which account is missing, or nothing."""
        if not securities_custody_of(self.work, self.bd_fcm, self.on):
            return f"{self.bd_fcm} has no custody account for securities customers"
        if not is_margin_held_at_frbny(self.work.ledger):
            return "FICC has no account of Segregated Customer Margin at FRBNY"
        return ""

    def bring(self, standing: SegregatedStanding) -> list[str] | None:
        """Bring what a customer has to what is required of it: securities first, then cash.

        Returns
        -------
        list of str
            Customer, what lacks at FICC and why; None where nothing does.
        """
        lacking = standing.required - standing.value_at_ficc
        if lacking <= ZERO:
            return None
        if reason := self.lacks_a_place:
            return [subject_of(standing.customer), str(lacking), reason]
        refused: list[Asset] = []
        for cusip, free in sorted(standing.free_par_dollars.items()):
            par = standing.par_counting(cusip, lacking, free) if lacking > ZERO else 0
            if self._brought(standing, security(cusip.text), par, refused):
                lacking -= standing.counted(cusip, par)
        cash = max(ZERO, min(lacking, standing.own_cash))
        if self._brought(standing, CASH, cash.cents, refused):
            lacking -= cash
        if lacking <= ZERO:
            return None
        why = "refused by the ledger" if refused else "not brought by the customer"
        return [subject_of(standing.customer), str(lacking), why]

    def _brought(
        self, standing: SegregatedStanding, asset: Asset, amount: int, refused: list[Asset]
    ) -> bool:
        """Bring an amount, if it is any; note what the ledger refused."""
        if amount <= 0:
            return False
        is_made = self._move(standing, Purpose.SCM_TO_FICC, asset, amount)
        if not is_made:
            refused.append(asset)
        return is_made

    def take_back(self, standing: SegregatedStanding) -> None:
        """Take back what lies at FICC beyond what is required: cash first, then securities.

        What is on its way there cannot come back yet, and keeps back nothing that has arrived.
        """
        excess = standing.value_at_ficc - standing.required
        if excess <= ZERO:
            return
        cash = min(excess, standing.arrived.cash)
        if cash > ZERO and self._move(standing, Purpose.SCM_FROM_FICC, CASH, cash.cents):
            excess -= cash
        for cusip, par in sorted(standing.at_ficc.par_dollars.items()):
            back = min(standing.par_beyond(cusip, excess), standing.arrived.par(cusip))
            asset = security(cusip.text)
            if back > 0 and self._move(standing, Purpose.SCM_FROM_FICC, asset, back):
                excess -= standing.counted(cusip, par) - standing.counted(cusip, par - back)

    def _move(
        self, standing: SegregatedStanding, purpose: Purpose, asset: Asset, amount: int
    ) -> bool:
        where = (self.work, self.bd_fcm, self.on)
        custody = (
            securities_custody_paying(*where, asset, amount)
            if purpose is Purpose.SCM_TO_FICC
            else securities_custody_of(*where)
        )
        wire: Wire = segregated_margin_wire(
            standing.customer, purpose, asset, amount, custody, name=self.name
        )
        causes = (standing.required_id,) if standing.required_id else ()
        return self.make(wire, *causes)
