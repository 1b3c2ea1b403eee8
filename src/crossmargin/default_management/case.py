"""One case from end to end: the failed firm's sides, its estate, every distribution.

A case is the same default under other terms: with the arrangement, without payments between the
clearing organizations, with no arrangement at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from crossmargin.default_management.claims import ClaimInputs, TrusteeFacts
from crossmargin.default_management.comparison import Recovery, recoveries
from crossmargin.default_management.estate import Estate, estate_of
from crossmargin.default_management.estate_parts import Developments
from crossmargin.default_management.failure import Failure, fail
from crossmargin.default_management.futures_pool import Transferable
from crossmargin.default_management.holdings import Holdings
from crossmargin.default_management.loss_sharing import SharingRules
from crossmargin.default_management.payout import Event, Payout, distributions
from crossmargin.default_management.results import CustomerResults
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.sides import Settled, settle_sides


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Parameters
    ----------
    holdings : Holdings
    failure : Failure
    results : mapping of customer to CustomerResults
    closed_out : frozenset of str
        Customers whose positions were closed out.
    settled : Settled or None
        None where the firm stands: nothing is settled among the clearing organizations.
    payout : Payout or None
    recoveries : mapping of claimant to Recovery
    """

    holdings: Holdings
    failure: Failure
    results: Mapping[str, CustomerResults]
    closed_out: frozenset[str]
    settled: Settled | None
    payout: Payout | None
    recoveries: Mapping[str, Recovery]

    @property
    def estate(self) -> Estate | None:
        """The estate as it is in the end; None where the firm stands."""
        return self.payout.estate if self.payout else None


def run_case(
    holdings: Holdings,
    failure: Failure,
    results: Mapping[str, CustomerResults],
    *,
    closed_out: frozenset[str],
    facts: TrusteeFacts,
    events: Sequence[Event],
    rules: DefaultRules,
    sharing: SharingRules | None,
) -> Case:
    """Return what came of a failure, or of a firm that stands.

    Parameters
    ----------
    holdings : Holdings
    failure : Failure
    results : mapping of customer to CustomerResults
        Of every customer closed out, and of open positions that have one.
    closed_out : frozenset of str
    facts : TrusteeFacts
    events : sequence of Event
        Without effect where the firm stands: nothing is distributed.
    rules : DefaultRules
    sharing : SharingRules or None
        None: neither clearing organization pays the other.
    """
    if failure.failed_on is None:
        paid = recoveries(holdings, results, facts, None)
        return Case(holdings, failure, results, closed_out, None, None, paid)
    settled = settle_sides(holdings, results, failure.paid_in, sharing=sharing, reach=rules.reach)
    inputs = ClaimInputs(
        *(holdings, results, closed_out, facts, failure.failed_on),
        rules.position_reading,
        rules.set_off,
    )

    estimate = _estimate(inputs, failure, rules)

    def estate_with(since: Developments) -> Estate:
        return estate_of(
            inputs,
            failure,
            settled,
            distribution=rules.distribution,
            left_over=rules.left_over,
            since=since,
            estimate=estimate,
        )

    payout = distributions(estate_with, failure.failed_on, events, rules.payout)
    found = recoveries(holdings, results, facts, payout.estate)
    return Case(holdings, failure, results, closed_out, settled, payout, found)


def _estimate(inputs: ClaimInputs, failure: Failure, rules: DefaultRules) -> Transferable:
    """Return with what share of their claims accounts can move, as known the day before.

    17 CFR 190.07(d)(5): claims and property as of the calendar day before the transfer, with
    business or without. What the clearing organizations may still pay each other is not known then.
    """
    last = rules.payout.transfer_on(inputs.order_for_relief) - timedelta(days=1)
    known = {name: each.through(last) for name, each in inputs.results.items()}
    if last < inputs.order_for_relief:
        failure = fail(
            inputs.holdings,
            known,
            failure_test=rules.failure_test,
            defaulters=failure.defaulters,
            proprietary_loss=failure.proprietary_loss,
        )
    settled = settle_sides(inputs.holdings, known, failure.paid_in, sharing=None, reach=rules.reach)
    estate = estate_of(
        replace(inputs, results=known),
        failure,
        settled,
        distribution=rules.distribution,
        left_over=rules.left_over,
    )
    return replace(estate.transferable, estimated_on=last)
