"""Why an account stays: for every receiver the bars, or the room that the optimum leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossmargin.default_management.porting.admission import Admitting, Offer
from crossmargin.default_management.porting.customers import Part, PortingCustomer
from crossmargin.default_management.porting.receivers import Limit, Receiver

#: Of a part: its receiver takes another part of the account already.
TAKES_ANOTHER_PART = "TAKES_ANOTHER_PART"


@dataclass(frozen=True, slots=True)
class Short:
    """A limit of a receiver that leaves no room for an account in the optimum.

    Parameters
    ----------
    limit : Limit
    needs, left : int
        Accounts or cents: what the account takes, what the others leave of the receiver's room.
    """

    limit: Limit
    needs: int
    left: int

    @property
    def lacking(self) -> int:
        """How much more room there would have to be."""
        return self.needs - self.left


@dataclass(frozen=True, slots=True)
class Stay:
    """Why one receiver does not take an account: every bar, or the limits that are full.

    Parameters
    ----------
    receiver_id : str
    offers : tuple of Offer
        Of the whole account, each with its bars; the last without any if it is room that lacks.
    short : tuple of Short
        Empty unless an offer has no bars.
    parts : mapping of part to tuple of str
        Of every part that could have moved and does not, named by division and part: codes of its
        bars, or the limits that are full.
    """

    receiver_id: str
    offers: tuple[Offer, ...]
    short: tuple[Short, ...]
    parts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is looked at for everyone who stays.

    Parameters
    ----------
    receivers : tuple of Receiver
    admitting : Admitting
    used : mapping of receiver to mapping of Limit to int
        In the plan.
    """

    receivers: tuple[Receiver, ...]
    admitting: Admitting
    used: Mapping[str, Mapping[Limit, int]]

    def stays(
        self,
        customer: PortingCustomer,
        way: int | None,
        left: Sequence[Part],
        takers: Sequence[str],
    ) -> tuple[Stay, ...]:
        """Return why an account, or what is left of it, stays: one a receiver.

        Parameters
        ----------
        customer : PortingCustomer
        way : int or None
            The division of which parts move; None if nothing does.
        left : sequence of Part
            Of that division, what stays.
        takers : sequence of str
            Receivers of the parts that move.

        Raises
        ------
        ArithmeticError
            If there is room for something that stays: our mistake.
        """
        parts = {f"{way}/{part.part_id}": part for part in left}
        if way is None:
            parts = {
                f"{number}/{part.part_id}": part
                for number, division in enumerate(customer.divisions)
                for part in division.parts
                if number
            }
        return tuple(
            self._stay(customer, receiver, parts, takers, must_stay=way is None)
            for receiver in self.receivers
        )

    def _stay(
        self,
        customer: PortingCustomer,
        receiver: Receiver,
        parts: Mapping[str, Part],
        takers: Sequence[str],
        *,
        must_stay: bool,
    ) -> Stay:
        offers, short = self._asked(customer, customer.whole, receiver)
        reasons: dict[str, tuple[str, ...]] = {}
        for name, part in parts.items():
            if receiver.receiver_id in takers:
                reasons[name] = (TAKES_ANOTHER_PART,)
                continue
            tried, lacking = self._asked(customer, part, receiver)
            codes = dict.fromkeys(bar.code.value for offer in tried for bar in offer.bars)
            reasons[name] = tuple(each.limit.value for each in lacking) or tuple(codes)
            if not tried[-1].bars and not lacking:
                self._mistaken(customer, receiver)
        if must_stay and not offers[-1].bars and not short:
            self._mistaken(customer, receiver)
        return Stay(receiver.receiver_id, offers, short, reasons)

    def _mistaken(self, customer: PortingCustomer, receiver: Receiver) -> None:
        raise ArithmeticError(
            f"{receiver.receiver_id} has room for {customer.customer_id}, and it stays"
        )

    def _asked(
        self, customer: PortingCustomer, part: Part, receiver: Receiver
    ) -> tuple[tuple[Offer, ...], tuple[Short, ...]]:
        """Return the offers for a part, and if one has no bars the limits that are full."""
        admission = self.admitting.admission(customer, part, receiver)
        offer = admission.admitted
        if offer is None:
            return admission.offers, ()
        usage, taken = offer.usage, self.used[receiver.receiver_id]
        return admission.offers, tuple(
            Short(limit, usage[limit], room - taken[limit])
            for limit, room in receiver.room(self.admitting.rules).items()
            if usage[limit] > room - taken[limit]
        )
