"""The use case behind ``xm port plan``: who goes where, with the margins there computed afresh."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from fractions import Fraction
from itertools import chain
from zoneinfo import ZoneInfo

from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.admission import Admitting
from crossmargin.default_management.porting.customers import (
    Division,
    Part,
    PortingCustomer,
    PropertyItem,
)
from crossmargin.default_management.porting.entitlement import Entitlements, property_in_kind
from crossmargin.default_management.porting.plan import Plan, PlanInputs, make_plan, public_claims
from crossmargin.default_management.porting.refusals import FiccRefusal
from crossmargin.default_management.porting.rules import PortingRules
from crossmargin.default_management.porting.trigger import (
    Clock,
    Trigger,
    TriggerKind,
    clock_of,
    trigger_verdict,
)
from crossmargin.default_management.transfer_test import TransferClock
from crossmargin.participation.verdicts import Verdict
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.porting.accounts import ways_to_divide
from crossmargin.services.porting.book import PortingBook
from crossmargin.services.porting.margins import (
    Margins,
    MovingBook,
    Remargining,
    margins_of,
    raised_margins,
)
from crossmargin.services.porting.property import left_of

_EASTERN = ZoneInfo("America/New_York")
_NOON = time(12)
_BLOCKS_MIN = 2
Progress = Callable[[str], None]
#: By customer, ways to divide the account: of each the lines of its parts.
_Ways = Mapping[str, Sequence[Sequence[Mapping[str, int]]]]


@dataclass(frozen=True, slots=True)
class PortRequest:
    """What is asked.

    Parameters
    ----------
    trigger : Trigger
    rules : PortingRules
    clock : TransferClock
    """

    trigger: Trigger
    rules: PortingRules
    clock: TransferClock

    @property
    def at(self) -> datetime:
        """When registrations, agreements and documents are looked at: noon of the transfer."""
        return datetime.combine(self.trigger.transfer_on, _NOON, _EASTERN)


@dataclass(frozen=True, slots=True)
class PortPlan:
    """The plan and everything that it rests on.

    Parameters
    ----------
    book : PortingBook
    request : PortRequest
    plan : Plan
    verdict : Verdict
        Whether the port may be carried out on its day.
    clock : Clock or None
    divided : tuple of str
        Customers whose accounts were offered in parts, because they were not placed whole.
    blocks : int
        Into so many blocks of lines an account was divided at most.
    left : mapping of customer to CustomerRequirement
        What stays of divided accounts, margined alone: of which some parts move and some do not.
    """

    book: PortingBook
    request: PortRequest
    plan: Plan
    verdict: Verdict
    clock: Clock | None
    divided: tuple[str, ...]
    blocks: int
    left: Mapping[str, CustomerRequirement]

    @property
    def interference(self) -> tuple[FiccRefusal, ...]:
        """FICC's refusals of a port that is open to it, without ground or evidence."""
        trigger = self.request.trigger
        approved = bool(trigger.approval_sha256) and not trigger.disapproved
        if trigger.kind is TriggerKind.DEBTOR and not approved:
            return ()
        return tuple(each for each in self.book.file.ficc_refusals if not each.stands)


def port_plan(
    book: PortingBook,
    remargining: Remargining,
    request: PortRequest,
    *,
    progress: Progress | None = None,
) -> PortPlan:
    """Return the best plan: accounts whole first, in parts where they do not fit whole.

    Parameters
    ----------
    book : PortingBook
    remargining : Remargining
    request : PortRequest
    progress : callable, optional

    Notes
    -----
    Only an account that the best plan of whole accounts leaves behind is offered in parts; all
    others may still go elsewhere to make room. What is optimal is so among what is offered.
    """
    tell = progress or _say_nothing
    inputs = plan_inputs(book, request)
    plan = make_plan(inputs, progress=tell)
    behind = [
        each.customer.customer_id
        for each in plan.outcomes
        if not each.placements and not each.ineligible
    ]
    tell("Margining parts of accounts")
    ways, blocks = _ways(behind, book, request.rules)
    if ways:
        customers = _with_parts(inputs.customers, ways, book, remargining, request.rules)
        plan = make_plan(replace(inputs, customers=customers), progress=tell)
    calendar = sifma_calendar()
    return PortPlan(
        book,
        request,
        plan,
        trigger_verdict(request.trigger, request.clock, calendar),
        clock_of(request.trigger, request.clock, calendar),
        tuple(ways),
        blocks,
        _left(plan, book, remargining),
    )


def _left(
    plan: Plan, book: PortingBook, remargining: Remargining
) -> dict[str, CustomerRequirement]:
    """Return the requirement of what stays of every account of which a part moves."""
    staying = {}
    for outcome in plan.outcomes:
        account = book.accounts.get(outcome.customer.customer_id)
        if account is not None and outcome.placements and outcome.left:
            lines: dict[str, int] = {}
            for part in outcome.left:
                for name, quantity in part.lines.items():
                    lines[name] = lines.get(name, 0) + quantity
            staying[account.customer_id] = account.positions(lines)
    return remargining.requirements(staying)


def _say_nothing(_: str) -> None:
    return None


def plan_inputs(book: PortingBook, request: PortRequest) -> PlanInputs:
    """Return what a plan of whole accounts is made of."""
    claims = public_claims(book.customers)
    prior = {each.customer_id: each.prior for each in book.customers if each.prior > ZERO}
    share = book.entitlements
    return PlanInputs(
        tuple(_entitled(each, book, share, request.rules) for each in book.customers),
        book.file.receivers,
        Admitting(request.at, request.rules, book.file.ficc_refusals),
        share,
        claims,
        {name: each for name, each in prior.items() if claims.get(name, ZERO) > ZERO},
        book.available,
    )


def _entitled(
    customer: PortingCustomer, book: PortingBook, share: Entitlements, rules: PortingRules
) -> PortingCustomer:
    """Return a customer whose whole account moves with its entitlement, in kind."""
    worth = share.by_customer.get(customer.customer_id, ZERO)
    moved = property_in_kind(
        book.property_held.get(customer.customer_id, ()),
        worth=worth,
        par_lot_dollars=rules.par_lot_dollars,
    )
    whole = replace(customer.whole, value=worth, property_moved=moved)
    return replace(customer, divisions=(Division((whole,)),))


def _ways(behind: Sequence[str], book: PortingBook, rules: PortingRules) -> tuple[_Ways, int]:
    """Return the ways to divide accounts left behind, and in how many blocks at most.

    In fewer than the rules allow where all parts, each at every receiver, would be too many.
    """
    whole = {
        name: book.accounts[name]
        for name in behind
        if name in book.accounts and book.accounts[name].is_complete
    }
    blocks = rules.blocks_max
    while True:
        fewer = replace(rules, blocks_max=blocks)
        found = {
            name: ways_to_divide(each, book.units[name], fewer) for name, each in whole.items()
        }
        choices = sum(map(len, chain(*found.values()))) * len(book.file.receivers)
        if choices <= rules.part_choices_max or blocks <= _BLOCKS_MIN:
            return {name: each for name, each in found.items() if each}, blocks
        blocks -= 1


def _with_parts(
    customers: Sequence[PortingCustomer],
    ways: _Ways,
    book: PortingBook,
    remargining: Remargining,
    rules: PortingRules,
) -> tuple[PortingCustomer, ...]:
    """Return customers with the ways to divide those left behind."""
    pieces = _pieces(ways, book, remargining)
    divided = []
    for customer in customers:
        held = book.property_held.get(customer.customer_id, ())
        divisions = [
            _division(customer.whole.value, parts, held, rules.par_lot_dollars)
            for parts in pieces.get(customer.customer_id, ())
        ]
        divided.append(replace(customer, divisions=(*customer.divisions, *divisions)))
    return tuple(divided)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Lines of a part, what is required of them alone, and what they add where others are."""

    lines: Mapping[str, int]
    has_securities: bool
    requirement: CustomerRequirement
    raised: Mapping[str, Margins]


def _pieces(
    ways: _Ways,
    book: PortingBook,
    remargining: Remargining,
) -> dict[str, list[list[_Piece]]]:
    """Return the parts of every way to divide an account, margined together in one go."""
    listed = [
        (name, way, lines)
        for name, found in ways.items()
        for way, parts in enumerate(found)
        for lines in parts
    ]
    books = [
        MovingBook(
            name,
            book.accounts[name].positions(lines),
            book.accounts[name].has_securities(lines),
        )
        for name, _, lines in listed
    ]
    requirements = remargining.requirements(
        {str(number): each.lines for number, each in enumerate(books)}
    )
    raised = raised_margins(remargining, books, book.there)
    pieces: dict[str, list[list[_Piece]]] = {name: [[] for _ in ways[name]] for name in ways}
    for number, (name, way, lines) in enumerate(listed):
        pieces[name][way].append(
            _Piece(
                dict(sorted(lines.items())),
                books[number].has_securities,
                requirements[str(number)],
                raised[number],
            )
        )
    return pieces


def _division(
    worth: Money, pieces: Sequence[_Piece], held: Sequence[PropertyItem], par_lot_dollars: int
) -> Division:
    """Return a division: property goes with each part in proportion to its own margin."""
    weights = [Fraction(each.requirement.requirement.cents) for each in pieces]
    if not any(weights):
        weights = [Fraction(1)] * len(weights)
    parts = []
    left = held
    for number, (piece, value) in enumerate(zip(pieces, worth.split(weights), strict=True), 1):
        moved = property_in_kind(left, worth=value, par_lot_dollars=par_lot_dollars)
        left = left_of(left, moved)
        parts.append(
            Part(
                str(number),
                piece.lines,
                piece.has_securities,
                value,
                margins_of(piece.requirement, has_securities=piece.has_securities),
                piece.raised,
                moved,
            )
        )
    return Division(tuple(parts))
