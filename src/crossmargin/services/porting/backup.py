"""The use case behind ``xm port backup``: would each customer's named back-up take it today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crossmargin.basics.money import Money
from crossmargin.default_management.porting.admission import Admission, Admitting
from crossmargin.default_management.porting.customers import (
    Carriage,
    Ineligible,
    PortingCustomer,
    ineligibility,
)
from crossmargin.default_management.porting.receivers import Receiver
from crossmargin.services.porting.book import PortingBook
from crossmargin.services.porting.planning import PortRequest, plan_inputs
from crossmargin.services.porting.verdicts import Document, bar_words, offer_part


@dataclass(frozen=True, slots=True)
class BackupVerdict:
    """One customer and the receiver that it named.

    Parameters
    ----------
    customer : PortingCustomer
        With what would move if everybody moved.
    ineligible : tuple of Ineligible
    receiver : Receiver or None
        None where no back-up is named.
    admission : Admission or None
    margins : mapping of Carriage to Money
        What the back-up would ask, its add-on included: in the arrangement where it may carry the
        account there, and outside it.
    """

    customer: PortingCustomer
    ineligible: tuple[Ineligible, ...]
    receiver: Receiver | None
    admission: Admission | None
    margins: dict[Carriage, Money]

    @property
    def stands_ready(self) -> bool:
        """Whether a back-up is named and would take the account whole, nobody else moving there."""
        return (
            not self.ineligible
            and self.admission is not None
            and self.admission.admitted is not None
        )

    def as_document(self) -> Document:
        """Return the verdict as it is kept and shown: amounts as text, None for what is not."""
        customer, admission = self.customer, self.admission
        admitted = admission.admitted if admission else None
        offers = [offer_part(each) for each in admission.offers] if admission else []

        def at(carriage: Carriage) -> str | None:
            return str(self.margins[carriage]) if carriage in self.margins else None

        return {
            "customer_id": customer.customer_id,
            "participates": customer.participates,
            "net_equity": str(customer.net_equity),
            "margin_before": str(customer.margin_before),
            "backup": customer.backup or None,
            "stands_ready": self.stands_ready,
            "ineligible": [each.value for each in self.ineligible],
            "carriage": admitted.carriage.value if admitted else None,
            "margin": str(admitted.margin) if admitted else None,
            "top_up": str(admitted.top_up) if admitted else None,
            "with_xm": at(Carriage.XM),
            "without_xm": at(Carriage.STANDALONE),
            "offers": offers,
            "why": self._why(offers),
        }

    def _why(self, offers: Sequence[Document]) -> list[str]:
        """Return why the back-up does not stand ready, every reason; nothing if it does."""
        if self.stands_ready:
            return []
        reasons = [each.value for each in self.ineligible]
        if self.receiver is None:
            return [*reasons, "no back-up is named"]
        return [*reasons, *bar_words({"offers": offers, "short": []})]


def backup_verdicts(book: PortingBook, request: PortRequest) -> tuple[BackupVerdict, ...]:
    """Return the verdict of every customer's back-up, by customer.

    Each is asked by itself: what a back-up has room for is not shared out here, the plan does that.
    """
    inputs = plan_inputs(book, request)
    receivers = {each.receiver_id: each for each in inputs.receivers}
    return tuple(
        _verdict(each, receivers.get(each.backup), inputs.admitting) for each in inputs.customers
    )


def _verdict(
    customer: PortingCustomer, receiver: Receiver | None, admitting: Admitting
) -> BackupVerdict:
    reasons = ineligibility(customer)
    if receiver is None:
        return BackupVerdict(customer, reasons, None, None, {})
    whole = customer.whole
    admission = admitting.admission(customer, whole, receiver)
    in_arrangement = admission.admitted is not None and admission.admitted.carriage is Carriage.XM
    margins = {
        carriage: receiver.house_margin(found)
        for carriage in whole.margins
        if (found := whole.margin_at(receiver.receiver_id, carriage)) is not None
        and (in_arrangement or carriage is not Carriage.XM)
    }
    return BackupVerdict(customer, reasons, receiver, admission, margins)
