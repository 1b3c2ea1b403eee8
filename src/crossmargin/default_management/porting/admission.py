"""Who can take whom: one verdict a part of an account and receiver, with every bar.

A receiver is asked in one carriage after the other: in the arrangement, then outside it. Margin
there is that of both clearing organizations computed afresh, and the receiver's add-on; the top-up
is what it exceeds the property that moves by (11 U.S.C. 766(d)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.customers import Carriage, Part, PortingCustomer
from crossmargin.default_management.porting.receivers import Limit, Receiver
from crossmargin.default_management.porting.refusals import RULE as FICC_RULE
from crossmargin.default_management.porting.refusals import FiccRefusal
from crossmargin.default_management.porting.rules import PortingRules, StandaloneTransfer
from crossmargin.participation.entities import RegistrationKind, bd_fcm_verdict
from crossmargin.participation.verdicts import eastern_date

_ORDER = "90 FR 58525, VIII(a)(ii)"
_TRANSFER = "17 CFR 190.07"


class BarCode(StrEnum):
    """What stands between a part of an account and a receiver, in the order in which it is said."""

    REGISTRATION = "REGISTRATION"
    SAME_LEGAL_ENTITY = "SAME_LEGAL_ENTITY"
    AGREEMENT = "AGREEMENT"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    NOT_TRANSFERABLE = "NOT_TRANSFERABLE"
    RELATED = "RELATED"
    CUSTOMER_DOCUMENTS = "CUSTOMER_DOCUMENTS"
    FICC_REFUSES = "FICC_REFUSES"
    MARGIN_NOT_COMPUTED = "MARGIN_NOT_COMPUTED"
    CUSTOMER_LIMIT = "CUSTOMER_LIMIT"
    TOO_LARGE = "TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, what exactly is missing, and the rule."""

    code: BarCode
    detail: str
    rule: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A part of an account, carried in one way by one receiver.

    Parameters
    ----------
    customer_id, part_id, receiver_id : str
    carriage : Carriage
    requirement : Money
        Of both clearing organizations, as far as the part raises it there.
    margin : Money
        With the receiver's add-on.
    top_up : Money
        Margin less the property that moves, not below zero.
    bars : tuple of Bar
        None if the receiver can take it.
    """

    customer_id: str
    part_id: str
    receiver_id: str
    carriage: Carriage
    requirement: Money
    margin: Money
    top_up: Money
    bars: tuple[Bar, ...] = ()

    @property
    def usage(self) -> Mapping[Limit, int]:
        """How much of each limit of the receiver it takes: one account, or cents."""
        return {
            Limit.ACCOUNTS: 1,
            Limit.MARGIN: self.margin.cents,
            Limit.RISK_MARGIN: self.requirement.cents,
            Limit.TOP_UP: self.top_up.cents,
        }


@dataclass(frozen=True, slots=True)
class Admission:
    """The verdict on one part of an account and one receiver.

    Parameters
    ----------
    offers : tuple of Offer
        One for every carriage that was asked for, in order; the last alone can be without bars.
    """

    offers: tuple[Offer, ...]

    @property
    def admitted(self) -> Offer | None:
        """The first offer without bars, or None."""
        return next((offer for offer in self.offers if not offer.bars), None)


@dataclass(frozen=True, slots=True)
class Admitting:
    """What verdicts are given by.

    Parameters
    ----------
    at : datetime
        When registrations, agreements and documents are looked at.
    rules : PortingRules
    ficc_refusals : tuple of FiccRefusal
    """

    at: datetime
    rules: PortingRules
    ficc_refusals: tuple[FiccRefusal, ...] = ()
    _firms: dict[tuple[str, bool], tuple[Bar, ...]] = field(default_factory=dict, repr=False)

    def admission(self, customer: PortingCustomer, part: Part, receiver: Receiver) -> Admission:
        """Return whether a receiver can take a part, in the first carriage that has no bar."""
        offers = []
        for carriage in carriages_of(part):
            offers.append(self._offer(customer, part, receiver, carriage))
            if not offers[-1].bars:
                break
        return Admission(tuple(offers))

    def _offer(
        self, customer: PortingCustomer, part: Part, receiver: Receiver, carriage: Carriage
    ) -> Offer:
        requirement = part.margin_at(receiver.receiver_id, carriage)
        margin = ZERO if requirement is None else receiver.house_margin(requirement)
        offer = Offer(
            customer.customer_id,
            part.part_id,
            receiver.receiver_id,
            carriage,
            requirement or ZERO,
            margin,
            max(ZERO, margin - part.value),
        )
        bars = [
            *self._firm_bars(receiver, carriage),
            *self._acceptance_bars(receiver, carriage),
            *_customer_bars(customer.customer_id, receiver),
            *self._ficc_bars(customer.customer_id, part, receiver),
        ]
        if requirement is None:
            detail = f"no requirement {carriage} could be computed"
            bars.append(Bar(BarCode.MARGIN_NOT_COMPUTED, detail, "ruling 12"))
        else:
            bars += _size_bars(offer, receiver, self.rules)
        return replace(offer, bars=tuple(bars))

    def _firm_bars(self, receiver: Receiver, carriage: Carriage) -> tuple[Bar, ...]:
        """Return what the firm itself lacks; asked once a firm, whoever the customer is."""
        key = (receiver.receiver_id, carriage is Carriage.FUTURES)
        if key not in self._firms:
            self._firms[key] = tuple(_registration_bars(receiver, carriage, self.at))
        return self._firms[key]

    def _acceptance_bars(self, receiver: Receiver, carriage: Carriage) -> list[Bar]:
        bars = []
        on = eastern_date(self.at)
        agreement = receiver.agreement
        if carriage is Carriage.XM and (agreement is None or not agreement.is_in_force(on)):
            detail = f"no agreement with CME and FICC in force on {on}"
            bars.append(Bar(BarCode.AGREEMENT, detail, "agreement of BD-FCM, CME and FICC"))
        if carriage not in receiver.accepts:
            takes = ", ".join(sorted(receiver.accepts)) or "nothing"
            bars.append(Bar(BarCode.NOT_ACCEPTED, f"it accepts {takes}", "the receiver's terms"))
        refused = self.rules.standalone_transfer is StandaloneTransfer.REFUSED
        if carriage is Carriage.STANDALONE and refused:
            detail = "positions of the arrangement stay in it (standalone_transfer)"
            bars.append(Bar(BarCode.NOT_TRANSFERABLE, detail, FICC_RULE))
        return bars

    def _ficc_bars(self, customer_id: str, part: Part, receiver: Receiver) -> list[Bar]:
        return [
            Bar(
                BarCode.FICC_REFUSES,
                f"{each.ground}, evidence {each.evidence_sha256}",
                FICC_RULE,
            )
            for each in self.ficc_refusals
            if part.has_securities
            and each.stands
            and (each.customer_id, each.receiver_id) == (customer_id, receiver.receiver_id)
        ]


def carriages_of(part: Part) -> tuple[Carriage, ...]:
    """Return in which ways a part can be carried, the preferred one first."""
    if part.has_securities:
        return (Carriage.XM, Carriage.STANDALONE)
    return (Carriage.FUTURES,)


def _registration_bars(receiver: Receiver, carriage: Carriage, at: datetime) -> Iterable[Bar]:
    needed = set(RegistrationKind)
    if carriage is Carriage.FUTURES:
        needed = {
            RegistrationKind.FUTURES_COMMISSION_MERCHANT,
            RegistrationKind.CME_CLEARING_MEMBER,
        }
    for gate in bd_fcm_verdict(receiver.receiver_id, receiver.registrations, at).gates:
        if gate.passed:
            continue
        if gate.name == BarCode.SAME_LEGAL_ENTITY:
            yield Bar(BarCode.SAME_LEGAL_ENTITY, gate.detail, gate.rule)
        elif RegistrationKind(gate.name) in needed:
            yield Bar(BarCode.REGISTRATION, f"{gate.name}: {gate.detail}", _ORDER)


def _customer_bars(customer_id: str, receiver: Receiver) -> Iterable[Bar]:
    known = receiver.knowledge_of(customer_id)
    if known.is_related:
        detail = "customer and receiver are related: the account would be proprietary there"
        yield Bar(BarCode.RELATED, detail, "17 CFR 1.3, 90 FR 58525, VIII(a)(i)")
    if not known.documents_sha256 and not receiver.finishes_onboarding_later:
        detail = "onboarding is not finished and the receiver does not finish it later"
        yield Bar(BarCode.CUSTOMER_DOCUMENTS, detail, _TRANSFER)


def _size_bars(offer: Offer, receiver: Receiver, rules: PortingRules) -> Iterable[Bar]:
    limit = receiver.limit_for(offer.customer_id)
    if limit is not None and offer.margin > limit:
        detail = f"margin {offer.margin} is over its limit of {limit} for the customer"
        yield Bar(BarCode.CUSTOMER_LIMIT, detail, "the receiver's credit limit")
    room, usage = receiver.room(rules), offer.usage
    for name, left in room.items():
        if usage[name] > left:
            detail = f"alone it needs {amount_text(name, usage[name])} of {name}, room is "
            yield Bar(BarCode.TOO_LARGE, detail + amount_text(name, left), "the receiver's room")


def amount_text(limit: Limit, amount: int) -> str:
    """Return accounts as a count, everything else in dollars and cents."""
    return str(amount) if limit is Limit.ACCOUNTS else str(Money(amount))
