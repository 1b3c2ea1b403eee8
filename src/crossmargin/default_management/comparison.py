"""With and without the arrangement: what each claimant recovers, and why it differs.

The difference is the sum of named parts, to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import aggregate
from crossmargin.default_management.claims import TrusteeFacts, claimant_of
from crossmargin.default_management.estate import Estate
from crossmargin.default_management.estate_parts import conserved
from crossmargin.default_management.holdings import Holdings
from crossmargin.default_management.results import CustomerResults
from crossmargin.default_management.shares import no_less_than_zero


@dataclass(frozen=True, slots=True)
class Recovery:
    """One claimant in one case.

    Parameters
    ----------
    margin : Money
        Property put in: at both clearing organizations and at the BD-FCM.
    other_accounts : Money
        Equity of accounts beyond the holdings; may be negative.
    result : Money
        Of the close-out; zero for positions that stayed open.
    claim : Money
        Allowed; over all classes.
    recovered : Money
        Distributions and transfers; where the firm stands, the claim.
    """

    margin: Money
    other_accounts: Money
    result: Money
    claim: Money
    recovered: Money

    @property
    def beyond_property(self) -> Money:
        """Losses beyond the property, which others bear, less what is set off or disallowed."""
        return self.claim - self.margin - self.other_accounts - self.result

    @property
    def unpaid(self) -> Money:
        """What the pool does not pay of the claim."""
        return self.claim - self.recovered

    @property
    def lost(self) -> Money:
        """Property put in and not recovered; negative for a gain."""
        return self.margin + self.other_accounts - self.recovered


@dataclass(frozen=True, slots=True)
class Difference:
    """Recovery with the arrangement less recovery without it, in parts.

    Parameters
    ----------
    close_out_result : Money
        Result of the close-out: the method, and whether there was one.
    margin_collected : Money
        The reduction collects less, so less is there to be returned.
    payments_between_organizations : Money
        What the sharing of losses adds to or takes from the claimant's share: recovery with the
        payments less recovery without them.
    share_of_the_pool : Money
        Another funded share of claims, payments left out.
    losses_beyond_property : Money
        Which others bear; less what is set off or disallowed.
    """

    close_out_result: Money
    margin_collected: Money
    payments_between_organizations: Money
    share_of_the_pool: Money
    losses_beyond_property: Money

    @property
    def total(self) -> Money:
        """All parts together."""
        return Money.total(
            (
                self.close_out_result,
                self.margin_collected,
                self.payments_between_organizations,
                self.share_of_the_pool,
                self.losses_beyond_property,
            )
        )


@dataclass(frozen=True, slots=True)
class CustomerComparison:
    """One claimant with the arrangement, without it, and the difference in parts."""

    with_arrangement: Recovery
    without: Recovery
    difference: Difference


def recoveries(
    holdings: Holdings,
    results: Mapping[str, CustomerResults],
    facts: TrusteeFacts,
    estate: Estate | None,
) -> dict[str, Recovery]:
    """Return what each claimant recovers in one case.

    Parameters
    ----------
    holdings : Holdings
    results : mapping of customer to CustomerResults
        Of those closed out, and of open positions that have one.
    facts : TrusteeFacts
    estate : Estate or None
        None where the firm stands: it pays every claimant the equity of its accounts together.
    """
    margins: dict[str, Money] = {}
    outcomes: dict[str, Money] = {}
    for name, customer in holdings.customers.items():
        claimant = claimant_of(facts.held_as(customer.owner).capacity)
        outcome = results[name].total() if name in results else ZERO
        margins[claimant] = margins.get(claimant, ZERO) + customer.property_value
        outcomes[claimant] = outcomes.get(claimant, ZERO) + outcome
    others = {
        claimant_of(capacity): Money.total(by_class.values())
        for capacity, by_class in aggregate(facts.accounts).items()
    }
    names = sorted({*margins, *others})
    if estate is None:
        parts = (margins, outcomes, others)
        claims = {
            name: no_less_than_zero(Money.total(part.get(name, ZERO) for part in parts))
            for name in names
        }
        paid: Mapping[str, Money] = claims
    else:
        claims = {name: each.total for name, each in estate.claims.items()}
        paid = estate.paid
    return {
        name: Recovery(
            margin=margins.get(name, ZERO),
            other_accounts=others.get(name, ZERO),
            result=outcomes.get(name, ZERO),
            claim=claims[name],
            recovered=paid[name],
        )
        for name in names
    }


def compare_cases(
    with_arrangement: Mapping[str, Recovery],
    without_payments: Mapping[str, Recovery],
    without: Mapping[str, Recovery],
) -> dict[str, CustomerComparison]:
    """Return every claimant's recovery in both cases, and the difference in parts.

    Parameters
    ----------
    with_arrangement : mapping of claimant to Recovery
    without_payments : mapping of claimant to Recovery
        The same, had neither clearing organization paid the other.
    without : mapping of claimant to Recovery
        With no arrangement.

    Raises
    ------
    ConservationError
        If the parts are not the difference, to the cent.
    """
    found = {}
    for name in sorted(with_arrangement):
        one, middle, other = with_arrangement[name], without_payments[name], without[name]
        difference = Difference(
            close_out_result=one.result - other.result,
            margin_collected=one.margin - other.margin,
            payments_between_organizations=one.recovered - middle.recovered,
            share_of_the_pool=other.unpaid - middle.unpaid,
            losses_beyond_property=one.beyond_property - other.beyond_property,
        )
        conserved(f"difference of {name}", one.recovered - other.recovered, difference.total)
        found[name] = CustomerComparison(one, other, difference)
    return found
