"""Receivers: what a BD-FCM that would take customers is, accepts, and has room for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.default_management.porting.customers import Carriage
from crossmargin.default_management.porting.rules import PortingRules
from crossmargin.participation.entities import Registration


class Limit(StrEnum):
    """What a receiver may run out of, in the order in which it is named."""

    ACCOUNTS = "ACCOUNTS"
    MARGIN = "MARGIN"
    RISK_MARGIN = "RISK_MARGIN"
    TOP_UP = "TOP_UP"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The participant agreement of a BD-FCM with CME and FICC.

    Parameters
    ----------
    sha256 : str
        Of the document.
    first : date
    last : date or None
        In force, both counted; None while it has no end.
    """

    sha256: str
    first: date
    last: date | None

    def is_in_force(self, on: date) -> bool:
        """Return whether it holds on a day."""
        return self.first <= on and (self.last is None or on <= self.last)


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """What a receiver already knows of one customer.

    Parameters
    ----------
    documents_sha256 : str
        Of the customer's finished documents there; empty if onboarding is not finished.
    is_related : bool
        Whether customer and receiver are related, so that the account would be proprietary there.
    margin_max : Money or None
        The most margin it carries for this customer, in the place of its ordinary limit.
    """

    documents_sha256: str = ""
    is_related: bool = False
    margin_max: Money | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """One BD-FCM, or futures commission merchant, that may take customers.

    Parameters
    ----------
    receiver_id : str
    registrations : tuple of Registration
    agreement : Agreement or None
    accepts : frozenset of Carriage
    adjusted_net_capital : Money
    risk_margin : Money
        Total risk margin that it carries now (17 CFR 1.17).
    house_add_on : Fraction
        What it asks above the clearing organizations' requirement, as a share of it.
    finishes_onboarding_later : bool
        Whether it takes a customer on the failed firm's records.
    accounts_max : int or None
        Accounts that it takes; None for no limit of its own, here and below.
    margin_max, customer_margin_max, top_up_max : Money or None
        Margin in all, for one customer, and top-ups that it carries until they are paid.
    known : mapping of customer to KnownCustomer
    """

    receiver_id: str
    registrations: tuple[Registration, ...]
    agreement: Agreement | None
    accepts: frozenset[Carriage]
    adjusted_net_capital: Money
    risk_margin: Money
    house_add_on: Fraction = Fraction(0)
    finishes_onboarding_later: bool = False
    accounts_max: int | None = None
    margin_max: Money | None = None
    customer_margin_max: Money | None = None
    top_up_max: Money | None = None
    known: Mapping[str, KnownCustomer] = field(default_factory=dict)

    def knowledge_of(self, customer_id: str) -> KnownCustomer:
        """Return what it knows of a customer."""
        return self.known.get(customer_id, KnownCustomer())

    def limit_for(self, customer_id: str) -> Money | None:
        """Return the most margin that it carries for a customer; None for no limit."""
        own = self.knowledge_of(customer_id).margin_max
        return self.customer_margin_max if own is None else own

    def house_margin(self, requirement: Money) -> Money:
        """Return what it asks of a customer: the requirement and its add-on, up to the cent.

        Examples
        --------
        >>> receiver = Receiver(
        ...     "R", (), None, frozenset(), Money(0), Money(0), house_add_on=Fraction(1, 8))
        >>> str(receiver.house_margin(Money(1_01)))
        '1.14'
        """
        return charge_from_dollars(requirement.dollars * (1 + self.house_add_on))

    def room(self, rules: PortingRules) -> Mapping[Limit, int]:
        """Return how much it can still take, by limit: accounts, or cents.

        Its capital bounds the risk margin: adjusted net capital must stay at the early-warning
        multiple of the risk-based minimum (17 CFR 1.17 and 1.12).
        """
        per_dollar = rules.risk_margin_ratio * rules.early_warning_multiple
        carried = math.floor(self.adjusted_net_capital.cents / per_dollar)
        room = {Limit.RISK_MARGIN: max(0, carried - self.risk_margin.cents)}
        if self.accounts_max is not None:
            room[Limit.ACCOUNTS] = self.accounts_max
        if self.margin_max is not None:
            room[Limit.MARGIN] = self.margin_max.cents
        if self.top_up_max is not None:
            room[Limit.TOP_UP] = self.top_up_max.cents
        return {limit: room[limit] for limit in Limit if limit in room}
