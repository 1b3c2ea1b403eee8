"""The BD-FCM's own cash at FICC in the place of Segregated Customer Margin that is late.

Rule 15c3-3a, Note H, lets the firm's own assets stand in for a customer for a short time, with a
call outstanding: so far as what lacks at FICC is called and the call is young enough. It is never
the customer's: it has accounts of its own, in the house's book and in FICC's, and what it no longer
stands in for comes back the next morning, once the customer's own has arrived. No cash of another
customer is in it, and the futures class has no part in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import Outside
from crossmargin.collateral.calls import CallState
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.books.accounts import (
    FRBNY,
    PREFUNDING_KINDS,
    ficc_custody,
    of_bd_fcm,
    of_customer,
)
from crossmargin.services.books.ports import Ledger, Records, Work
from crossmargin.services.clearing_day.arrivals import HOUSE
from crossmargin.services.clearing_day.call_register import call_book
from crossmargin.services.clearing_day.segregated import SegregatedStanding
from crossmargin.services.clearing_day.wires import Leg, Purpose, Wire

_K = AccountKind


def prefunded(ledger: Ledger, customer: CustomerKey) -> tuple[Money, Money]:
    """Return the firm's own cash at FICC in a customer's place.

    Returns
    -------
    tuple of Money
        What has arrived; the same with what is on its way there, and without what is on its way
        back.
    """
    account = of_customer(_K.HOUSE_SCM_PREFUNDING, customer).account_id
    found = ledger.balance(account, CASH)
    arrived = Money(found.posted_debit)
    return arrived, arrived + Money(found.debits_pending - found.credits_pending)


def prefunding_wire(customer: CustomerKey, purpose: Purpose, amount: Money, *, name: str) -> Wire:
    """Return the wire of the firm's own cash to FICC, or back.

    Parameters
    ----------
    customer : CustomerKey
        In whose place it is.
    purpose : Purpose
        ``SCM_PREFUNDING`` or ``SCM_PREFUNDING_RETURN``.
    amount : Money
    name : str
        Of the step, unique in the customer's life.
    """
    goes_out = purpose is Purpose.SCM_PREFUNDING
    claim, debt = (of_customer(kind, customer) for kind in PREFUNDING_KINDS)
    bank = of_bd_fcm(_K.HOUSE_BANK, customer.bd_fcm)
    held = ficc_custody(FRBNY, SegregationClass.SECURITIES)
    kind = TransferKind(purpose.value)
    ours, theirs = ((claim, bank), (held, debt)) if goes_out else ((bank, claim), (debt, held))
    return Wire(
        wire_id=f"wire/{subject_of(customer)}/{name}/{purpose.value}",
        subject=subject_of(customer),
        purpose=purpose,
        source=HOUSE if goes_out else FRBNY,
        target=FRBNY if goes_out else HOUSE,
        asset=CASH,
        amount=amount.cents,
        legs=(Leg(kind, *ours), Leg(kind, *theirs)),
    )


def young_calls(
    records: Records, customer: CustomerKey, on: date, *, business_days: int
) -> tuple[CallState, ...]:
    """Return a customer's calls of Segregated Customer Margin, paid or not.

    Parameters
    ----------
    records : Records
    customer : CustomerKey
    on : date
    business_days : int
        Of a call, its own counted; older ones are left out.
    """
    calendar = sifma_calendar()
    return tuple(
        call
        for call in call_book(records, customer).of_customer(customer, Outside.FICC_SCM)
        if len(calendar.business_days(call.issued.business_date, on)) <= business_days
    )


@dataclass(frozen=True, slots=True)
class Prefunding:
    """The firm's own cash at one deadline of FICC's.

    Parameters
    ----------
    work : Work
    on : date
    name : str
        Of the step, in ids.
    business_days : int
        For how long it stands in for a call, the call's own day counted.
    make : callable
        Makes a wire with its causes; False where the ledger refused it.
    """

    work: Work
    on: date
    name: str
    business_days: int
    make: Callable[..., bool]

    def take_back(self, standing: SegregatedStanding) -> None:
        """Take back what stands in for nothing: for what has arrived, or is not called lately.

        For a call that is paid it stays until the customer's own is there. What is unpaid of an
        older call, for it is late or disputed, is never stood in for, whatever was called since.
        """
        customer = standing.customer
        arrived, there = prefunded(self.work.ledger, customer)
        if arrived <= ZERO:
            return
        needed = max(ZERO, standing.required - standing.arrived_at_ficc)
        young = self._young(customer)
        called = Money.total(call.amount for call in young)
        unpaid = call_book(self.work.records, customer).outstanding(customer, Outside.FICC_SCM)
        of_older = unpaid - Money.total(call.outstanding for call in young)
        stays = min(max(ZERO, needed - of_older), called)
        back = min(arrived, there - stays)
        if back > ZERO:
            self._move(standing, Purpose.SCM_PREFUNDING_RETURN, back)

    def stand_in(self, standing: SegregatedStanding, lacking: Money) -> Money:
        """Bring own cash for what a customer's own leaves lacking; return what lacks still."""
        customer = standing.customer
        _, there = prefunded(self.work.ledger, customer)
        lacking = max(ZERO, lacking - there)
        unpaid = Money.total(call.outstanding for call in self._young(customer))
        more = min(lacking, max(ZERO, unpaid - there))
        if more > ZERO and self._move(standing, Purpose.SCM_PREFUNDING, more):
            lacking -= more
        return lacking

    def _young(self, customer: CustomerKey) -> tuple[CallState, ...]:
        return young_calls(self.work.records, customer, self.on, business_days=self.business_days)

    def _move(self, standing: SegregatedStanding, purpose: Purpose, amount: Money) -> bool:
        customer, ledger = standing.customer, self.work.ledger
        for kind in PREFUNDING_KINDS:
            account = of_customer(kind, customer)
            known = ledger.accounts(
                kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
            )
            if not known:
                ledger.open_account(account, opened=self.on, cause_id=standing.required_id)
        wire = prefunding_wire(customer, purpose, amount, name=self.name)
        return self.make(wire, *((standing.required_id,) if standing.required_id else ()))
