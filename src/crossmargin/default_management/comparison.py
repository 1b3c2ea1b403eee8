"""With and without the arrangement: what each claimant recovers, and why it differs.

The difference is the sum of named parts, to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import aggregate
from crossmargin.default_management.claims import TrusteeFacts, claimant_of
from crossmargin.default_management.estate import Estate, conserved
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
    result : Money
        Of the close-out; zero for positions that stayed open.
    claim : Money
        Allowed; over all classes.
    recovered : Money
        Distributions and transfers; where the firm stands, the claim.
    """

    margin: Money
    result: Money
    claim: Money
    recovered: Money

    @property
    def otherwise(self) -> Money:
        """What makes the claim another than margin and result: see :class:`Difference`."""
        return self.claim - self.margin - self.result

    @property
    def unpaid(self) -> Money:
        """What the pool does not pay of the claim."""
        return self.claim - self.recovered

    @property
    def lost(self) -> Money:
        """Property put in and not recovered; negative for a gain."""
        return self.margin - self.recovered


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
    debts_and_other_accounts : Money
        Losses beyond the property, which others bear; set-offs; other accounts.
    """

    close_out_result: Money
    margin_collected: Money
    payments_between_organizations: Money
    share_of_the_pool: Money
    debts_and_other_accounts: Money

    @property
    def total(self) -> Money:
        """All parts together."""
        return Money.total(
            (
                self.close_out_result,
                self.margin_collected,
                self.payments_between_organizations,
                self.share_of_the_pool,
                self.debts_and_other_accounts,
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
        claimant = claimant_of(facts.held_as(name).capacity)
        outcome = results[name].total() if name in results else ZERO
        margins[claimant] = margins.get(claimant, ZERO) + customer.property_value
        outcomes[claimant] = outcomes.get(claimant, ZERO) + outcome
    claims, paid = _claims(margins, outcomes, facts, estate)
    return {
        name: Recovery(margins.get(name, ZERO), outcomes.get(name, ZERO), claims[name], paid[name])
        for name in sorted(claims)
    }


def _claims(
    margins: Mapping[str, Money],
    outcomes: Mapping[str, Money],
    facts: TrusteeFacts,
    estate: Estate | None,
) -> tuple[Mapping[str, Money], Mapping[str, Money]]:
    if estate is not None:
        return {name: each.total for name, each in estate.claims.items()}, estate.paid
    others = {
        claimant_of(capacity): Money.total(by_class.values())
        for capacity, by_class in aggregate(facts.accounts).items()
    }
    equity = {
        name: no_less_than_zero(
            margins.get(name, ZERO) + outcomes.get(name, ZERO) + others.get(name, ZERO)
        )
        for name in {*margins, *others}
    }
    return equity, equity


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
            debts_and_other_accounts=one.otherwise - other.otherwise,
        )
        conserved(f"difference of {name}", one.recovered - other.recovered, difference.total)
        found[name] = CustomerComparison(one, other, difference)
    return found
