"""The true-up of EODXM against EOD: what each customer's requirement moved by at each CCP.

EOD's requirement stands; EODXM books the difference. Both amounts stay in the entry, so that a
re-struck requirement can be followed to the cent (CME's cross-margin report pages: final FICC
positions *adjust* the requirement already produced in the EOD cycle).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money


class Booking(StrEnum):
    """Which way a difference goes."""

    CALL = "CALL"
    RELEASE = "RELEASE"
    NONE = "NONE"


class Presence(StrEnum):
    """In which of the two cycles a customer has figures."""

    BOTH = "BOTH"
    CAME = "CAME"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class Collected:
    """What one CCP collects of one customer: for the XM account, and for what is outside it."""

    requirement: Money
    outside: Money

    @property
    def total(self) -> Money:
        """Both accounts together."""
        return self.requirement + self.outside


NOTHING_COLLECTED = Collected(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class CollectedAtBoth:
    """What both CCPs collect of one customer."""

    ficc: Collected
    cme: Collected

    @property
    def total(self) -> Money:
        """Both CCPs together."""
        return self.ficc.total + self.cme.total


_NOTHING = CollectedAtBoth(NOTHING_COLLECTED, NOTHING_COLLECTED)


@dataclass(frozen=True, slots=True)
class Difference:
    """One amount that moved."""

    before: Money
    after: Money

    @property
    def amount(self) -> Money:
        """After less before: positive is called, negative is released."""
        return self.after - self.before

    @property
    def booking(self) -> Booking:
        """Which way the difference goes."""
        cents = self.amount.cents
        return Booking.CALL if cents > 0 else Booking.RELEASE if cents < 0 else Booking.NONE


@dataclass(frozen=True, slots=True)
class CcpTrueUp:
    """One customer at one CCP."""

    requirement: Difference
    outside: Difference

    @property
    def total(self) -> Difference:
        """The XM account and what is outside it together."""
        return Difference(
            self.requirement.before + self.outside.before,
            self.requirement.after + self.outside.after,
        )


@dataclass(frozen=True, slots=True)
class CustomerTrueUp:
    """One customer: an entry a CCP."""

    key: CustomerKey
    presence: Presence
    ficc: CcpTrueUp
    cme: CcpTrueUp

    @property
    def total(self) -> Difference:
        """Both CCPs together."""
        ficc, cme = self.ficc.total, self.cme.total
        return Difference(ficc.before + cme.before, ficc.after + cme.after)


@dataclass(frozen=True, slots=True)
class TrueUp:
    """Every customer of either cycle, by key."""

    customers: tuple[CustomerTrueUp, ...]

    @property
    def ficc(self) -> Difference:
        """All customers at FICC."""
        return _total(customer.ficc.total for customer in self.customers)

    @property
    def cme(self) -> Difference:
        """All customers at CME."""
        return _total(customer.cme.total for customer in self.customers)

    @property
    def total(self) -> Difference:
        """All customers at both CCPs."""
        return _total(customer.total for customer in self.customers)


def true_up(
    before: Mapping[CustomerKey, CollectedAtBoth], after: Mapping[CustomerKey, CollectedAtBoth]
) -> TrueUp:
    """Return the entries that take each customer from one requirement to the other.

    Parameters
    ----------
    before, after : mapping of CustomerKey to CollectedAtBoth
        Of EOD and of EODXM. A customer without final positions is released in full; one who comes
        with the final positions is called in full.

    Examples
    --------
    >>> fund = CustomerKey("BD1", "FUND")
    >>> eod = CollectedAtBoth(Collected(Money(20_00), ZERO), Collected(Money(18_40), ZERO))
    >>> final = CollectedAtBoth(Collected(Money(31_58), ZERO), Collected(Money(18_40), ZERO))
    >>> entries = true_up({fund: eod}, {fund: final})
    >>> str(entries.total.amount), entries.total.booking.value
    ('11.58', 'CALL')
    """
    return TrueUp(
        tuple(
            CustomerTrueUp(
                key,
                _presence(key in before, key in after),
                _at_one(before.get(key, _NOTHING).ficc, after.get(key, _NOTHING).ficc),
                _at_one(before.get(key, _NOTHING).cme, after.get(key, _NOTHING).cme),
            )
            for key in sorted({*before, *after})
        )
    )


def _presence(was: bool, is_now: bool) -> Presence:
    if was and is_now:
        return Presence.BOTH
    return Presence.CAME if is_now else Presence.LEFT


def _at_one(before: Collected, after: Collected) -> CcpTrueUp:
    return CcpTrueUp(
        Difference(before.requirement, after.requirement),
        Difference(before.outside, after.outside),
    )


def _total(differences: Iterable[Difference]) -> Difference:
    before, after = 0, 0
    for difference in differences:
        before += difference.before.cents
        after += difference.after.cents
    return Difference(Money(before), Money(after))
