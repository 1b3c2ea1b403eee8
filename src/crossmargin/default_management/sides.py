"""What each clearing organization pays back after the close-outs, and what it lacks itself.

Each applies a customer's margin to that customer's own loss there, then pays or receives what the
sharing of the loss says. What is left comes back to the trustee as customer property.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.holdings import Holdings
from crossmargin.default_management.loss_sharing import (
    LossSharing,
    SharingRules,
    Side,
    share_losses,
)
from crossmargin.default_management.results import CustomerResults
from crossmargin.default_management.shares import no_less_than_zero
from crossmargin.product.position import ClearingOrganization

_ORGANIZATIONS = tuple(ClearingOrganization)


class Reach(StrEnum):
    """Whose margin a clearing organization may use for a customer's loss that its own leaves."""

    OWN_CUSTOMER = "own_customer"
    CUSTOMERS_TOGETHER = "customers_together"


@dataclass(frozen=True, slots=True)
class AtSide:
    """One customer at one clearing organization.

    Parameters
    ----------
    margin : Money
        Held at the last cycle.
    result : Money
        Of the close-out; zero for positions that stay open.
    paid_in : Money
        By the BD-FCM before it failed.
    received : Money
        From the other clearing organization, less what was paid to it.
    """

    margin: Money
    result: Money
    paid_in: Money = ZERO
    received: Money = ZERO

    @property
    def balance(self) -> Money:
        """What is left for the customer; negative for what is lacking."""
        return self.margin + self.result + self.paid_in + self.received

    @property
    def within_reach(self) -> Money:
        """What may pay other customers' losses: nothing received from the other organization.

        It answers for this customer alone (CP-16).
        """
        return no_less_than_zero(self.balance - no_less_than_zero(self.received))


@dataclass(frozen=True, slots=True)
class SideReturn:
    """One clearing organization after the close-outs.

    Parameters
    ----------
    organization : ClearingOrganization
    reach : Reach
    customers : mapping of customer to AtSide
    segregated : frozenset of str
        Whose margin there is Segregated Customer Margin: held apart, it pays no loss of the rest,
        and the rest none of its.
    """

    organization: ClearingOrganization
    reach: Reach
    customers: Mapping[str, AtSide]
    segregated: frozenset[str] = frozenset()

    def _of(self, *, segregated: bool) -> list[AtSide]:
        return [
            each for name, each in self.customers.items() if (name in self.segregated) is segregated
        ]

    def borne_of(self, *, segregated: bool) -> Money:
        """Return what no margin covers, of the futures class or of Segregated Customer Margin."""
        of = self._of(segregated=segregated)
        lacking = Money.total(no_less_than_zero(-each.balance) for each in of)
        if self.reach is Reach.OWN_CUSTOMER:
            return lacking
        return no_less_than_zero(lacking - Money.total(each.within_reach for each in of))

    def returned_of(self, *, segregated: bool) -> Money:
        """Return what comes back to the futures class, or of Segregated Customer Margin."""
        balance = Money.total(each.balance for each in self._of(segregated=segregated))
        return balance + self.borne_of(segregated=segregated)

    @property
    def borne(self) -> Money:
        """What no margin covers: the clearing organization's own loss, a claim on the firm."""
        return self.borne_of(segregated=False) + self.borne_of(segregated=True)

    @property
    def returned(self) -> Money:
        """What comes back to the trustee."""
        return self.returned_of(segregated=False) + self.returned_of(segregated=True)

    def left_for(self, names: Iterable[str]) -> Money:
        """Return what is left of the futures class for some customers.

        Negative where others' margin pays.
        """
        balances = [self.customers[name].balance for name in names if name not in self.segregated]
        if self.reach is Reach.OWN_CUSTOMER:
            return Money.total(map(no_less_than_zero, balances))
        return min(self.returned_of(segregated=False), Money.total(balances))

    @property
    def from_fellow_customers(self) -> Money:
        """What other customers' margin there paid of deficits."""
        deficits = Money.total(no_less_than_zero(-each.balance) for each in self.customers.values())
        return deficits - self.borne


@dataclass(frozen=True, slots=True)
class Settled:
    """Both clearing organizations, and the sharing of the loss between them.

    Parameters
    ----------
    sharing : LossSharing or None
        None where there is no arrangement or nothing was closed out.
    sides : mapping of ClearingOrganization to SideReturn
    """

    sharing: LossSharing | None
    sides: Mapping[ClearingOrganization, SideReturn]


def settle_sides(
    holdings: Holdings,
    results: Mapping[str, CustomerResults],
    paid_in: Mapping[str, Mapping[ClearingOrganization, Money]],
    *,
    sharing: SharingRules | None,
    reach: Mapping[ClearingOrganization, Reach],
) -> Settled:
    """Return what each clearing organization pays back.

    Parameters
    ----------
    holdings : Holdings
    results : mapping of customer to CustomerResults
        Of every customer whose positions were closed out; others' stay open.
    paid_in : mapping of customer to mapping of ClearingOrganization to Money
    sharing : SharingRules or None
        None: neither pays the other.
    reach : mapping of ClearingOrganization to Reach

    Notes
    -----
    Only participants who were closed out share losses. The customer's property at a clearing
    organization, which limits what it pays, is margin there and the gain, if any.
    """
    at = {
        organization: {
            name: _at_side(holdings, results, paid_in, name, organization)
            for name in sorted(holdings.customers)
        }
        for organization in _ORGANIZATIONS
    }
    shared = _shared(holdings, results, at, sharing)
    if shared is not None:
        _move(at, shared)
    return Settled(
        shared,
        {
            each: SideReturn(
                each,
                reach[each],
                at[each],
                frozenset(
                    name
                    for name, customer in holdings.customers.items()
                    if not customer.is_futures_property(each)
                ),
            )
            for each in _ORGANIZATIONS
        },
    )


def _at_side(
    holdings: Holdings,
    results: Mapping[str, CustomerResults],
    paid_in: Mapping[str, Mapping[ClearingOrganization, Money]],
    name: str,
    organization: ClearingOrganization,
) -> AtSide:
    return AtSide(
        margin=holdings.customers[name].property_at(organization).value,
        result=results[name].at(organization) if name in results else ZERO,
        paid_in=paid_in.get(name, {}).get(organization, ZERO),
    )


def _shared(
    holdings: Holdings,
    results: Mapping[str, CustomerResults],
    at: Mapping[ClearingOrganization, Mapping[str, AtSide]],
    sharing: SharingRules | None,
) -> LossSharing | None:
    relevant = [each for each in holdings.participants if each.customer_id in results]
    if sharing is None or not relevant:
        return None
    return share_losses(
        {
            each.customer_id: {
                organization: _side(
                    at[organization][each.customer_id], each.required_by(organization)
                )
                for organization in _ORGANIZATIONS
            }
            for each in relevant
        },
        sharing,
    )


def _side(at: AtSide, requirement: Money) -> Side:
    return Side(
        result=at.result,
        margin=at.margin + at.paid_in,
        requirement=requirement,
        customer_property=at.margin + no_less_than_zero(at.result),
    )


def _move(at: Mapping[ClearingOrganization, dict[str, AtSide]], shared: LossSharing) -> None:
    """Book the payments of record: out of the payer's customers, to those who lack at the payee."""
    for payer in _ORGANIZATIONS:
        (payee,) = (each for each in _ORGANIZATIONS if each is not payer)
        drawn = {name: paid for name, paid in shared.drawn(payer).items() if paid > ZERO}
        for name, paid in drawn.items():
            at[payer][name] = _moved(at[payer][name], -paid)
        for name, received in _received(at[payee], shared, drawn).items():
            at[payee][name] = _moved(at[payee][name], received)


def _moved(at: AtSide, amount: Money) -> AtSide:
    return replace(at, received=at.received + amount)


def _received(
    at_payee: Mapping[str, AtSide], shared: LossSharing, drawn: Mapping[str, Money]
) -> Mapping[str, Money]:
    """Return for whom the payee received: by customer, or as the customers lack it together."""
    total = Money.total(drawn.values())
    names = sorted(shared.per_customer)
    lacking = [no_less_than_zero(-at_payee[name].balance).cents for name in names]
    if shared.is_per_customer or not any(lacking):
        return drawn
    return dict(zip(names, total.split(lacking), strict=True))
