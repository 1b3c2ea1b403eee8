"""The estate of a failed BD-FCM: customer property, what it pays on each claim, and what is left.

17 CFR 190.08(c) and 190.09: each class keeps its own property, the rest joins the common pool;
public claims before non-public ones; the futures class is one pool with framework 1 beside it, or
framework 1 with the pool beside it. Segregated Customer Margin at FICC is of no account class: an
estate of its own, of securities customers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.claims import Claim, ClaimInputs, claims_of
from crossmargin.default_management.class_allocation import ClassAllocation
from crossmargin.default_management.distribution import (
    Compared,
    DistributionRule,
    LeftOver,
    Subclass,
    SubclassFunds,
    compared,
)
from crossmargin.default_management.estate_parts import (
    ConservationError,
    Developments,
    FuturesProperty,
    GeneralEstate,
    SegregatedMargin,
    conserved,
)
from crossmargin.default_management.failure import Failure
from crossmargin.default_management.funded_balance import FundedBalances
from crossmargin.default_management.futures_pool import (
    Transferable,
    as_allocated,
    futures_pools,
    paid_by_pools,
    transferable,
)
from crossmargin.default_management.pool import allocated, funded_by_class, paid_by_class
from crossmargin.default_management.segregated_set_off import SetOffPayments, set_off_payments
from crossmargin.default_management.shares import in_cents, no_less_than_zero, share_of
from crossmargin.default_management.sides import Settled

_FUTURES = AccountClass.FUTURES


@dataclass(frozen=True, slots=True)
class Estate:
    """What there is, who claims it, and what each is paid.

    Parameters
    ----------
    claims : mapping of claimant to Claim
    futures_property : FuturesProperty
    allocation : ClassAllocation
        Among account classes.
    funded : mapping of AccountClass to FundedBalances
        Of public customers.
    paid : mapping of claimant to Money
        Funded balances over all classes, those of non-public customers among them, and what
        Segregated Customer Margin pays.
    framework : Compared
        One pool, and framework 1 beside it, for public customers of the futures class.
    distribution : DistributionRule
        Which of them is of record.
    transferable : Transferable
        With what share of its claim each customer whose positions stay open could move, as
        estimated; the outcome where nothing was.
    transferred : mapping of claimant to Money
        What moved with them.
    general : GeneralEstate
    segregated : SegregatedMargin
    """

    claims: Mapping[str, Claim]
    futures_property: FuturesProperty
    allocation: ClassAllocation
    funded: Mapping[AccountClass, FundedBalances]
    paid: Mapping[str, Money]
    framework: Compared
    distribution: DistributionRule
    transferable: Transferable
    transferred: Mapping[str, Money]
    general: GeneralEstate
    segregated: SegregatedMargin

    @property
    def futures_rate(self) -> Fraction:
        """What the futures class pays on public claims together."""
        return self.funded[_FUTURES].rate


def estate_of(
    inputs: ClaimInputs,
    failure: Failure,
    settled: Settled,
    *,
    distribution: DistributionRule,
    left_over: LeftOver,
    since: Developments | None = None,
    estimate: Transferable | None = None,
) -> Estate:
    """Return the estate.

    Parameters
    ----------
    inputs : ClaimInputs
    failure : Failure
    settled : Settled
        What each clearing organization paid back.
    distribution : DistributionRule
    left_over : LeftOver
        Of framework 1.
    since : Developments, optional
    estimate : Transferable, optional
        By which accounts moved; by the outcome if left out.

    Raises
    ------
    ConservationError
        If a cent was lost or made.
    """
    since = since or Developments()
    held = _futures_property(inputs, failure, settled, since)
    claims = claims_of(inputs, corrections=since.corrections)
    own = {**inputs.facts.class_property, _FUTURES: held.total}
    payments = set_off_payments(claims, own, _segregated_returned(settled))
    property_of = {
        each: own.get(each, ZERO) + payments.to_class(each) - payments.from_class(each)
        for each in AccountClass
    }
    held = replace(
        held,
        from_segregated_margin=payments.to_class(_FUTURES),
        to_segregated_margin=payments.from_class(_FUTURES),
    )
    allocation = allocated(claims, property_of, inputs.facts.common_pool)
    by_class = paid_by_class(claims, allocation)
    funds = allocation.public_in_cents[_FUTURES]
    framework = as_allocated(
        claims,
        funds,
        _framework(
            claims, held.total, _xm_funds(inputs, failure, settled, claims, payments), left_over
        ),
    )
    pools = futures_pools(claims, funds, framework, distribution)
    by_class[_FUTURES] |= paid_by_pools(pools)
    # What moved does not change with what arrives later.
    then = claims_of(inputs)
    movers = [name for name, each in then.items() if _moves(each, inputs.closed_out)]
    moves_with = estimate or transferable(pools, movers)
    transferred = moves_with.moved(then, movers)
    claims = claims_of(inputs, transferred=transferred, corrections=since.corrections)
    funded = funded_by_class(claims, allocation, moved=Money.total(transferred.values()))
    for each, of_class in funded.items():
        public = Money.total(by_class[each][name] for name in of_class.exact_dollars)
        amount = Money.total(of_class.in_cents.values())
        conserved(f"{each} with and without transfers", public, amount)
    segregated = _segregated(claims, settled, payments)
    paid = {
        name: Money.total(
            [segregated.paid[name], *(each.get(name, ZERO) for each in by_class.values())]
        )
        for name in claims
    }
    estate = Estate(
        claims=claims,
        futures_property=held,
        allocation=allocation,
        funded=funded,
        paid=paid,
        framework=framework,
        distribution=distribution,
        transferable=moves_with,
        transferred=transferred,
        general=_general(
            claims,
            failure,
            settled,
            since,
            paid=paid,
            left=(allocation.left, segregated.left),
        ),
        segregated=segregated,
    )
    _check_property(inputs, failure, settled, since, estate)
    _check_payments(estate, Money.total([*own.values(), inputs.facts.common_pool]))
    return estate


def _moves(claim: Claim, closed_out: frozenset[str]) -> bool:
    """Return whether a claimant's positions were not closed out, and can move.

    Accounts in deficit do not move, nor those of non-public customers, nor those of a customer
    whose debts or other classes are to be set off first (all inferred).
    """
    is_open = bool(claim.customers) and closed_out.isdisjoint(claim.customers)
    balances = (*claim.aggregated.values(), claim.segregated_equity)
    owes = claim.debts.owed_by_customer > ZERO or min(balances) < ZERO
    return is_open and claim.is_public and not owes and claim.of_class(_FUTURES) > ZERO


def _futures_property(
    inputs: ClaimInputs, failure: Failure, settled: Settled, since: Developments
) -> FuturesProperty:
    held = Money.total(each.at_bd_fcm.value for each in inputs.holdings.customers.values())
    recovered = Money.total([*since.recovered.values(), since.recovered_elsewhere])
    return FuturesProperty(
        returned={name: side.returned_of(segregated=False) for name, side in settled.sides.items()},
        at_bd_fcm=held - Money.total(failure.drawn_at_bd_fcm.values()),
        residual_interest=failure.residual_interest_left,
        recovered=recovered,
        elsewhere=inputs.facts.class_property.get(_FUTURES, ZERO),
    )


def _segregated_returned(settled: Settled) -> Money:
    return Money.total(side.returned_of(segregated=True) for side in settled.sides.values())


def _segregated(
    claims: Mapping[str, Claim], settled: Settled, payments: SetOffPayments
) -> SegregatedMargin:
    found = SegregatedMargin(
        returned=_segregated_returned(settled),
        from_classes=Money.total(map(payments.from_class, AccountClass)),
        to_classes=Money.total(map(payments.to_class, AccountClass)),
        claims={name: each.of_segregated_margin for name, each in claims.items()},
        paid={},
    )
    share = share_of(found.available, Money.total(found.claims.values()))
    paid = in_cents({name: each.dollars * share for name, each in found.claims.items()})
    return replace(found, paid=paid)


def _xm_funds(
    inputs: ClaimInputs,
    failure: Failure,
    settled: Settled,
    claims: Mapping[str, Claim],
    payments: SetOffPayments,
) -> Money:
    """Return what the clearing organizations and the BD-FCM have for XM customers.

    What such a customer holds outside its XM account counts too, as its one claim does (inferred),
    and what is paid of its set-offs.
    """
    owners = {each.owner for each in inputs.holdings.participants}
    names = [name for name, each in inputs.holdings.customers.items() if each.owner in owners]
    at_bd_fcm = Money.total(
        inputs.holdings.customers[name].at_bd_fcm.value - failure.drawn_at_bd_fcm.get(name, ZERO)
        for name in names
    )
    at_sides = Money.total(side.left_for(names) for side in settled.sides.values())
    set_off = payments.net_of(
        _FUTURES, (name for name, each in claims.items() if each.participates)
    )
    return no_less_than_zero(at_sides + at_bd_fcm + set_off)


def _framework(
    claims: Mapping[str, Claim], total: Money, funds_xm: Money, left_over: LeftOver
) -> Compared:
    """Return one pool and framework 1 for public customers.

    Notes
    -----
    All property of the class that is not XM customers' is the other subclass's, residual interest
    among it (inferred). Requirement and claim are taken as equal (ruling 28).
    """
    public = [each for each in claims.values() if each.is_public]
    funds = {Subclass.XM: min(total, funds_xm), Subclass.NON_XM: total - min(total, funds_xm)}
    claimed = {
        each: Money.total(
            one.of_class(_FUTURES) for one in public if one.participates is (each is Subclass.XM)
        )
        for each in Subclass
    }
    return compared(
        {each: SubclassFunds(funds[each], claimed[each], claimed[each]) for each in Subclass},
        left_over=left_over,
    )


def _general(
    claims: Mapping[str, Claim],
    failure: Failure,
    settled: Settled,
    since: Developments,
    *,
    paid: Mapping[str, Money],
    left: tuple[Money, Money],
) -> GeneralEstate:
    owed = Money.total(each.debt for each in claims.values())
    return GeneralEstate(
        capital=failure.capital_left,
        debts_of_customers=owed - Money.total(since.recovered.values()),
        left_of_customer_property=left[0],
        left_of_segregated_margin=left[1],
        unpaid_claims_of_customers=Money.total(
            each.total - paid[name] for name, each in claims.items()
        ),
        owed_to_organizations={name: side.borne for name, side in settled.sides.items()},
        claims_by_set_off=Money.total(
            each.net_equity.general_creditor_claim for each in claims.values()
        ),
        proprietary_unpaid=failure.proprietary_unpaid,
    )


def _check_property(
    inputs: ClaimInputs,
    failure: Failure,
    settled: Settled,
    since: Developments,
    estate: Estate,
) -> None:
    """Check that what was put in, won and lost is what there is."""
    sides = settled.sides.values()
    results = Money.total(at.result for side in sides for at in side.customers.values())
    borne = Money.total(side.borne for side in sides)
    put_in = Money.total(
        [
            inputs.holdings.property_value,
            failure.days[-1].from_capital if failure.days else ZERO,
            *since.recovered.values(),
            since.recovered_elsewhere,
            inputs.facts.class_property.get(_FUTURES, ZERO),
        ]
    )
    conserved(
        "property of the futures class and Segregated Customer Margin",
        put_in + results + borne,
        estate.futures_property.before_set_off + estate.segregated.returned,
    )


def _check_payments(estate: Estate, property_of_all_classes: Money) -> None:
    """Check that all property is paid or left, and that none is paid beyond its claim."""
    paid = Money.total(estate.paid.values())
    general = estate.general
    conserved(
        "customer property and what it pays",
        property_of_all_classes + estate.segregated.returned,
        paid + general.left_of_customer_property + general.left_of_segregated_margin,
    )
    for name, claim in estate.claims.items():
        if estate.paid[name] > claim.total:
            raise ConservationError(f"{name} is paid {estate.paid[name]} on {claim.total}")
