"""What an estate is made of: property by its origin, and what no customer property pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.net_equity import Correction
from crossmargin.product.position import ClearingOrganization


class ConservationError(ValueError):
    """A sum that must be the same before and after is not: a fault of the calculation."""


def conserved(what: str, before: Money, after: Money) -> None:
    """Check that a sum is the same before and after.

    Raises
    ------
    ConservationError
        If it is not, to the cent.
    """
    if before != after:
        raise ConservationError(f"{what}: {before} before, {after} after")


@dataclass(frozen=True, slots=True)
class FuturesProperty:
    """Customer property of the futures class, by where it comes from.

    Parameters
    ----------
    returned : mapping of ClearingOrganization to Money
        Segregated Customer Margin left out.
    at_bd_fcm : Money
        Of the customers, less what went to the clearing organizations.
    residual_interest : Money
        What is left of it.
    recovered : Money
        Collected since.
    elsewhere : Money
        Of the class beyond the holdings.
    from_segregated_margin, to_segregated_margin : Money
        Payments of what was set off between the two.
    """

    returned: Mapping[ClearingOrganization, Money]
    at_bd_fcm: Money
    residual_interest: Money
    recovered: Money
    elsewhere: Money
    from_segregated_margin: Money = ZERO
    to_segregated_margin: Money = ZERO

    @property
    def before_set_off(self) -> Money:
        """All of it before payments of what was set off."""
        parts = (self.at_bd_fcm, self.residual_interest, self.recovered, self.elsewhere)
        return Money.total([*self.returned.values(), *parts])

    @property
    def total(self) -> Money:
        """All of it."""
        return self.before_set_off + self.from_segregated_margin - self.to_segregated_margin


@dataclass(frozen=True, slots=True)
class SegregatedMargin:
    """Securities customers' property at FICC outside the arrangement, and what it pays.

    Parameters
    ----------
    returned : Money
    from_classes, to_classes : Money
        Payments of what was set off between it and the account classes.
    claims : mapping of claimant to Money
        Margin and result, after set-off.
    paid : mapping of claimant to Money
        Pro rata.
    """

    returned: Money
    from_classes: Money
    to_classes: Money
    claims: Mapping[str, Money]
    paid: Mapping[str, Money]

    @property
    def available(self) -> Money:
        """What there is for claims."""
        return self.returned + self.from_classes - self.to_classes

    @property
    def left(self) -> Money:
        """What no claim takes: to the general estate."""
        return self.available - Money.total(self.paid.values())


@dataclass(frozen=True, slots=True)
class GeneralEstate:
    """What is no customer property, and what no customer property pays.

    Parameters
    ----------
    capital : Money
    debts_of_customers : Money
        What customers owe the estate, not yet collected.
    left_of_customer_property, left_of_segregated_margin : Money
    unpaid_claims_of_customers : Money
    owed_to_organizations : mapping of ClearingOrganization to Money
        What each bears of customers' losses.
    claims_by_set_off : Money
        What the firm owes customers beyond what they owe it.
    proprietary_unpaid : Money
    """

    capital: Money
    debts_of_customers: Money
    left_of_customer_property: Money
    left_of_segregated_margin: Money
    unpaid_claims_of_customers: Money
    owed_to_organizations: Mapping[ClearingOrganization, Money]
    claims_by_set_off: Money
    proprietary_unpaid: Money


@dataclass(frozen=True, slots=True)
class Developments:
    """What arrived since the failure.

    Parameters
    ----------
    recovered : mapping of claimant to Money
        Collected of debts to the estate.
    recovered_elsewhere : Money
    corrections : mapping of claimant to sequence of Correction
    """

    recovered: Mapping[str, Money] = field(default_factory=dict)
    recovered_elsewhere: Money = ZERO
    corrections: Mapping[str, Sequence[Correction]] = field(default_factory=dict)
