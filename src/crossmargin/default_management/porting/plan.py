"""The plan: who goes where, what moves, and for everyone who stays the proof that it must be so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal
from crossmargin.default_management.porting.admission import Admitting, Offer
from crossmargin.default_management.porting.customers import (
    Ineligible,
    Part,
    PortingCustomer,
    Standing,
    ineligibility,
)
from crossmargin.default_management.porting.entitlement import Entitlements
from crossmargin.default_management.porting.program import Choice, Program
from crossmargin.default_management.porting.proof import Proof, Stay
from crossmargin.default_management.porting.receivers import Limit, Receiver
from crossmargin.default_management.porting.rules import Objective, PortingRules
from crossmargin.default_management.porting.solver import Solution, solve
from crossmargin.default_management.transfer_test import (
    NoPrejudice,
    no_prejudice,
    partial_transfer_faults,
)


@dataclass(frozen=True, slots=True)
class Placement:
    """One part of an account and the receiver that takes it.

    Parameters
    ----------
    offer : Offer
    part : Part
    """

    offer: Offer
    part: Part


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one customer.

    Parameters
    ----------
    customer : PortingCustomer
    ineligible : tuple of Ineligible
    placements : tuple of Placement
        Of parts, by name; one for an account that moves whole.
    left : tuple of Part
        Of a divided account, the parts that nobody takes.
    stays : tuple of Stay
        One a receiver where the account, or a part of it, stays; empty where all of it moves.
    division_faults : tuple of Refusal
        What stands against divisions that were looked at and not offered.
    """

    customer: PortingCustomer
    ineligible: tuple[Ineligible, ...]
    placements: tuple[Placement, ...]
    left: tuple[Part, ...]
    stays: tuple[Stay, ...]
    division_faults: tuple[Refusal, ...] = ()

    @property
    def moved(self) -> Money:
        """Value of the property that moves."""
        return Money.total(each.part.value for each in self.placements)

    @property
    def is_whole(self) -> bool:
        """Whether all of the account moves, in one part or in several."""
        return bool(self.placements) and not self.left


@dataclass(frozen=True, slots=True)
class Plan:
    """Every customer's outcome, the receivers' room, and how good the plan is.

    Parameters
    ----------
    outcomes : tuple of Outcome
        By customer.
    used : mapping of receiver to mapping of Limit to int
    room : mapping of receiver to mapping of Limit to int
    entitlements : Entitlements
    prejudice : NoPrejudice
        The test over every transfer of the plan and all prior distributions.
    solution : Solution
    """

    outcomes: tuple[Outcome, ...]
    used: Mapping[str, Mapping[Limit, int]]
    room: Mapping[str, Mapping[Limit, int]]
    entitlements: Entitlements
    prejudice: NoPrejudice
    solution: Solution

    @property
    def placements(self) -> tuple[Placement, ...]:
        """All of them, by customer and part."""
        return tuple(each for outcome in self.outcomes for each in outcome.placements)


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan is made of.

    Parameters
    ----------
    customers : tuple of PortingCustomer
        Each moves with its entitlement.
    receivers : tuple of Receiver
    admitting : Admitting
    entitlements : Entitlements
        Of the class's public customers, those in the plan among them.
    claims : mapping of customer to Money
        Of every public customer of the class.
    prior : mapping of customer to Money
    available : Money
        Property of the class.
    """

    customers: tuple[PortingCustomer, ...]
    receivers: tuple[Receiver, ...]
    admitting: Admitting
    entitlements: Entitlements
    claims: Mapping[str, Money]
    prior: Mapping[str, Money]
    available: Money

    def __post_init__(self) -> None:
        for each in self.customers:
            entitled = self.entitlements.by_customer.get(each.customer_id, ZERO)
            if each.whole.value != entitled:
                raise ValueError(
                    f"{each.customer_id} moves with its entitlement of {entitled}, "
                    f"was {each.whole.value}"
                )

    def by_name(self) -> PlanInputs:
        """Return the same with customers and receivers by name."""
        return replace(
            self,
            customers=tuple(sorted(self.customers, key=lambda each: each.customer_id)),
            receivers=tuple(sorted(self.receivers, key=lambda each: each.receiver_id)),
        )

    @property
    def rules(self) -> PortingRules:
        """The rules that verdicts are given by."""
        return self.admitting.rules


def make_plan(inputs: PlanInputs, *, progress: Callable[[str], None] | None = None) -> Plan:
    """Return the best plan, with the proof for everyone who stays.

    Parameters
    ----------
    inputs : PlanInputs
    progress : callable, optional
        Told what is being done.

    Raises
    ------
    ArithmeticError
        If a plan passes a limit, prejudices others or leaves somebody out for whom there is room:
        our mistake.

    Notes
    -----
    A customer who is not public, or has a deficit, is not offered to anybody. The order in which
    customers and receivers are given decides nothing.
    """
    inputs, faults = _without_faulty_divisions(inputs.by_name())
    choices: list[Choice] = []
    for customer in inputs.customers:
        if not ineligibility(customer):
            choices += _choices(customer, inputs)
    room = {each.receiver_id: each.room(inputs.rules) for each in inputs.receivers}
    program = Program(tuple(choices), room)
    solution = solve(program, inputs.rules, progress=progress)
    if not program.allows(solution.chosen):
        raise ArithmeticError("the assignment passes a limit")
    used = program.used(solution.chosen)
    taken: dict[str, list[Choice]] = {}
    for place in solution.chosen:
        taken.setdefault(choices[place].offer.customer_id, []).append(choices[place])
    proof = Proof(inputs.receivers, inputs.admitting, used)
    outcomes = tuple(
        _outcome(
            customer,
            proof,
            taken.get(customer.customer_id, []),
            faults.get(customer.customer_id, ()),
        )
        for customer in inputs.customers
    )
    moved = {each.customer.customer_id: each.moved for each in outcomes if each.moved > ZERO}
    prejudice = no_prejudice(
        inputs.claims, prior=inputs.prior, available=inputs.available, transfer=moved
    )
    if not prejudice.is_allowed:
        raise ArithmeticError(f"the plan is not allowed: {prejudice!r}")
    return Plan(outcomes, used, room, inputs.entitlements, prejudice, solution)


def _without_faulty_divisions(
    inputs: PlanInputs,
) -> tuple[PlanInputs, dict[str, tuple[Refusal, ...]]]:
    """Return inputs without divisions that may not be, and what stands against these."""
    customers = []
    faults: dict[str, list[Refusal]] = {}
    for customer in inputs.customers:
        ways = [customer.divisions[0]]
        for way in customer.divisions[1:]:
            found = _division_faults(customer, way.parts)
            if found:
                faults.setdefault(customer.customer_id, []).extend(found)
            else:
                ways.append(way)
        customers.append(replace(customer, divisions=tuple(ways)))
    named = {name: tuple(found) for name, found in faults.items()}
    return replace(inputs, customers=tuple(customers)), named


def _choices(customer: PortingCustomer, inputs: PlanInputs) -> Iterator[Choice]:
    order = sorted(
        (each.receiver_id for each in inputs.receivers),
        key=lambda name: (name != customer.backup, name),
    )
    for division, way in enumerate(customer.divisions):
        for part in way.parts:
            placed = _placed_cents(customer, part, inputs.rules.objective)
            for receiver in inputs.receivers:
                offer = inputs.admitting.admission(customer, part, receiver).admitted
                if offer is not None:
                    yield Choice(division, offer, placed, order.index(receiver.receiver_id))


def _division_faults(customer: PortingCustomer, parts: Sequence[Part]) -> list[Refusal]:
    """Return what stands against moving any part of a division alone."""
    name = customer.customer_id
    before = {name: max(customer.net_equity, ZERO)}
    return [
        fault
        for part in parts
        for fault in partial_transfer_faults(
            customer.whole.lines,
            part.lines,
            customer.units,
            claims_before=before,
            claims_after={name: before[name] - part.value},
        )
    ]


def _placed_cents(customer: PortingCustomer, part: Part, objective: Objective) -> int:
    """Return what a part counts: what moves with it, or its share of the margin before."""
    if objective is Objective.NET_EQUITY:
        return part.value.cents
    whole = customer.whole.value
    share = Fraction(part.value.cents, whole.cents) if whole > ZERO else Fraction(1)
    return int(share * customer.margin_before.cents)


def _outcome(
    customer: PortingCustomer,
    proof: Proof,
    taken: Sequence[Choice],
    faults: tuple[Refusal, ...],
) -> Outcome:
    reasons = ineligibility(customer)
    way = taken[0].division if taken else 0
    parts = {part.part_id: part for part in customer.divisions[way].parts}
    placements = tuple(
        Placement(choice.offer, parts[choice.offer.part_id])
        for choice in sorted(taken, key=lambda each: each.offer.part_id)
    )
    there = {each.offer.part_id for each in placements}
    left = tuple(part for name, part in parts.items() if taken and name not in there)
    stays: tuple[Stay, ...] = ()
    if not reasons and (left or not placements):
        takers = [each.offer.receiver_id for each in placements]
        stays = proof.stays(customer, way if taken else None, left, takers)
    return Outcome(customer, reasons, placements, left, stays, faults)


def public_claims(customers: Sequence[PortingCustomer]) -> dict[str, Money]:
    """Return the claims of public customers: those that rank before all others (190.09)."""
    return {
        each.customer_id: each.net_equity for each in customers if each.standing is Standing.PUBLIC
    }
