"""A customer to be ported: the claim, the property, and the parts its account may move in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.transfer_test import Unit

#: The name of the one part of an account that moves as a whole.
WHOLE = "whole"


class Standing(StrEnum):
    """In whose interest an account is carried: only public customers' accounts are ported."""

    PUBLIC = "PUBLIC"
    INSIDER = "INSIDER"
    DEBTOR = "DEBTOR"


class Place(StrEnum):
    """Where property lies; ``POOL`` is what the class pays in cash in place of other property."""

    FICC = "FICC"
    CME = "CME"
    BD_FCM = "BD_FCM"
    POOL = "POOL"


class Carriage(StrEnum):
    """How a receiver carries a part of an account.

    ``XM`` in the arrangement; ``STANDALONE`` both legs in regular accounts, without the reduction;
    ``FUTURES`` positions at CME alone, in a futures account outside the arrangement.
    """

    XM = "XM"
    STANDALONE = "STANDALONE"
    FUTURES = "FUTURES"


@dataclass(frozen=True, slots=True, order=True)
class PropertyItem:
    """One asset in one place.

    Parameters
    ----------
    place : Place
    cusip : str
        Empty for cash.
    par : int
        US dollars of par; zero for cash.
    value : Money
        Cash, or market value with accrued interest, before haircut.

    Raises
    ------
    ValueError
        If cash has par, a security has none, or the value is negative.
    """

    place: Place
    cusip: str
    par: int
    value: Money

    def __post_init__(self) -> None:
        if bool(self.cusip) is not (self.par > 0) or self.value < ZERO:
            raise ValueError(f"cash without par or par of a security, not negative, was {self!r}")


@dataclass(frozen=True, slots=True)
class Part:
    """What moves to one receiver, or does not.

    Parameters
    ----------
    part_id : str
        :data:`WHOLE`, or its number within the division.
    lines : mapping of line to int
        Signed whole quantities: dollars of par, contracts.
    has_securities : bool
        Whether a line at FICC is among them.
    value : Money
        Value of the property that moves with it.
    margins : mapping of Carriage to Money
        What both clearing organizations would require of it, computed afresh. A carriage that is
        not there cannot be computed.
    margins_at : mapping of receiver to mapping of Carriage to Money
        By how much it raises the requirement where the customer already has positions at a
        receiver; not below zero.
    property_moved : tuple of PropertyItem
    """

    part_id: str
    lines: Mapping[str, int]
    has_securities: bool
    value: Money
    margins: Mapping[Carriage, Money]
    margins_at: Mapping[str, Mapping[Carriage, Money]] = field(default_factory=dict)
    property_moved: tuple[PropertyItem, ...] = ()

    def margin_at(self, receiver_id: str, carriage: Carriage) -> Money | None:
        """Return what the part adds to the requirement at a receiver; None if not computed."""
        return self.margins_at.get(receiver_id, self.margins).get(carriage)


@dataclass(frozen=True, slots=True)
class Division:
    """One way in which an account may move: whole, or in parts that together are the account.

    Parameters
    ----------
    parts : tuple of Part
        One, or two or more.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts or len({part.part_id for part in self.parts}) != len(self.parts):
            raise ValueError(f"parts with names of their own, was {self!r}")

    @property
    def is_whole(self) -> bool:
        """Whether the account moves as one."""
        return len(self.parts) == 1


@dataclass(frozen=True, slots=True)
class PortingCustomer:
    """One futures customer of the BD-FCM whose accounts are to move.

    Parameters
    ----------
    customer_id : str
    standing : Standing
    participates : bool
        Whether positions are carried in the arrangement.
    net_equity : Money
        The claim: of record, plus the trustee's estimate; negative for a deficit.
    prior : Money
        Transfers and distributions before this plan.
    margin_before : Money
        Required of the customer at the BD-FCM that fails.
    divisions : tuple of Division
        The whole account first; then how it may be divided.
    units : tuple of Unit
        Lines that stay together.
    backup : str
        The receiver that the customer named in advance; empty if none.
    """

    customer_id: str
    standing: Standing
    participates: bool
    net_equity: Money
    prior: Money
    margin_before: Money
    divisions: tuple[Division, ...]
    units: tuple[Unit, ...] = ()
    backup: str = ""

    def __post_init__(self) -> None:
        if not self.customer_id or not self.divisions or not self.divisions[0].is_whole:
            raise ValueError(f"a name, and the whole account first, was {self!r}")

    @property
    def whole(self) -> Part:
        """The account as one part."""
        return self.divisions[0].parts[0]


class Ineligible(StrEnum):
    """Why an account is not transferred whatever a receiver says (190.07, inferred), in order."""

    DEBTORS_OWN = "DEBTORS_OWN"
    INSIDER = "INSIDER"
    DEFICIT = "DEFICIT"


def ineligibility(customer: PortingCustomer) -> tuple[Ineligible, ...]:
    """Return every reason why a customer's account is not transferred, or none.

    Accounts of the debtor itself and accounts with a deficit are not eligible; insiders are
    non-public customers, and nothing is transferred for these before public claims are paid in
    full (17 CFR 190.07 and 190.09; read as inferred).
    """
    reasons = {
        Ineligible.DEBTORS_OWN: customer.standing is Standing.DEBTOR,
        Ineligible.INSIDER: customer.standing is Standing.INSIDER,
        Ineligible.DEFICIT: customer.net_equity < ZERO,
    }
    return tuple(reason for reason, stands in reasons.items() if stands)
