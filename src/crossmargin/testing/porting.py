"""Customers and receivers of porting, invented, and the best assignment by trying every one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.admission import Admitting
from crossmargin.default_management.porting.customers import (
    WHOLE,
    Carriage,
    Division,
    Part,
    PortingCustomer,
    Standing,
)
from crossmargin.default_management.porting.entitlement import entitlements
from crossmargin.default_management.porting.plan import PlanInputs, public_claims
from crossmargin.default_management.porting.program import Program, Score
from crossmargin.default_management.porting.receivers import (
    Agreement,
    KnownCustomer,
    Receiver,
)
from crossmargin.default_management.porting.refusals import FiccRefusal
from crossmargin.default_management.porting.rules import (
    Objective,
    PortingRules,
    StandaloneTransfer,
)
from crossmargin.participation.entities import Lei, Registration, RegistrationKind

#: When everything in these tests is looked at.
AT = datetime(2026, 5, 20, 12, tzinfo=UTC)
LEI = Lei("549300BNMGNFKN6LAD22")
OTHER_LEI = Lei("CROSSMARGINBDFCM0074")
DIGEST = "ab" * 32
_LONG_AGO = date(2020, 1, 2)
_RECORDED = datetime(2020, 1, 2, 12, tzinfo=UTC)
EVERY_CARRIAGE = frozenset(Carriage)
#: Rules of their own, whatever the shipped parameters say.
RULES = PortingRules(
    objective=Objective.NET_EQUITY,
    standalone_transfer=StandaloneTransfer.ALLOWED,
    risk_margin_ratio=Fraction(8, 100),
    early_warning_multiple=Fraction(11, 10),
    optimality_gap=Fraction(1, 1_000),
    solver_nodes_max=500,
    solver_nodes_later_max=50,
    solver_seed=1,
    first_search_choices=600,
    full_search_choices_max=3_000,
    blocks_max=5,
    part_choices_max=60_000,
    par_lot_dollars=100,
)


def dollars(whole: int) -> Money:
    """Return whole dollars."""
    return Money(whole * 100)


def registrations(
    *kinds: RegistrationKind, lei_of: Mapping[RegistrationKind, Lei] | None = None
) -> tuple[Registration, ...]:
    """Return registrations in force; all four if none is named."""
    return tuple(
        Registration(kind, (lei_of or {}).get(kind, LEI), _LONG_AGO, None, f"r/{kind}", _RECORDED)
        for kind in (kinds or tuple(RegistrationKind))
    )


def receiver(
    name: str = "R1",
    *,
    accepts: Iterable[Carriage] = EVERY_CARRIAGE,
    registered: tuple[Registration, ...] | None = None,
    has_agreement: bool = True,
    capital: int = 1_000_000,
    carried: int = 0,
    add_on: Fraction = Fraction(0),
    later: bool = True,
    accounts_max: int | None = None,
    margin_max: int | None = None,
    customer_max: int | None = None,
    top_up_max: int | None = None,
    known: Mapping[str, KnownCustomer] | None = None,
) -> Receiver:
    """Return a receiver that can take everybody unless something is said; dollars."""

    def optional(amount: int | None) -> Money | None:
        return None if amount is None else dollars(amount)

    return Receiver(
        name,
        registrations() if registered is None else registered,
        Agreement(DIGEST, _LONG_AGO, None) if has_agreement else None,
        frozenset(accepts),
        dollars(capital),
        dollars(carried),
        add_on,
        later,
        accounts_max,
        optional(margin_max),
        optional(customer_max),
        optional(top_up_max),
        known or {},
    )


def part(
    value: int,
    margin: int,
    *,
    standalone: int | None = None,
    part_id: str = WHOLE,
    lines: Mapping[str, int] | None = None,
    futures_only: bool = False,
) -> Part:
    """Return a part of an account; dollars."""
    alone = dollars(margin if standalone is None else standalone)
    margins = {Carriage.XM: dollars(margin), Carriage.STANDALONE: alone}
    if futures_only:
        margins = {Carriage.FUTURES: dollars(margin)}
    return Part(
        part_id,
        {"note": 100, "ZNM26": -1} if lines is None else lines,
        not futures_only,
        dollars(value),
        margins,
    )


def customer(
    name: str,
    value: int,
    margin: int,
    *,
    standalone: int | None = None,
    standing: Standing = Standing.PUBLIC,
    futures_only: bool = False,
    backup: str = "",
    divisions: Sequence[tuple[Part, ...]] = (),
    lines: Mapping[str, int] | None = None,
) -> PortingCustomer:
    """Return a customer whose claim is its property, unless another is given; dollars."""
    whole = part(
        max(0, value), margin, standalone=standalone, futures_only=futures_only, lines=lines
    )
    return PortingCustomer(
        name,
        standing,
        not futures_only,
        dollars(value),
        ZERO,
        dollars(margin),
        (Division((whole,)), *(Division(parts) for parts in divisions)),
        (),
        backup,
    )


def inputs(
    customers: Sequence[PortingCustomer],
    receivers: Sequence[Receiver],
    *,
    rules: PortingRules | None = None,
    available: Money | None = None,
    refusals: tuple[FiccRefusal, ...] = (),
) -> PlanInputs:
    """Return a plan's inputs; the property of the class is what the claims are, if not given."""
    claims = public_claims(customers)
    held = Money.total(max(ZERO, claim) for claim in claims.values())
    there = held if available is None else available
    share = entitlements(claims, prior={}, available=there)
    return PlanInputs(
        tuple(_entitled(each, share.by_customer.get(each.customer_id, ZERO)) for each in customers),
        tuple(receivers),
        Admitting(AT, rules or RULES, refusals),
        share,
        claims,
        {},
        there,
    )


def _entitled(given: PortingCustomer, worth: Money) -> PortingCustomer:
    """Return a customer whose whole account moves with what it is entitled to."""
    whole = replace(given.whole, value=worth)
    return replace(given, divisions=(Division((whole,)), *given.divisions[1:]))


def best_score(
    program: Program, placing: Sequence[int] | None = None, *, halves: bool = True
) -> Score:
    """Return the score of the best assignment by trying every one: few choices only.

    Parameters
    ----------
    program : Program
    placing : sequence of int, optional
        Only assignments that place as much of each account as this one.
    halves : bool
        Whether as many halves of each account too, or as many cents alone.
    """

    def placed(chosen: Sequence[int]) -> dict[str, int | tuple[int, int]]:
        found = program.placed(chosen)
        if halves:
            return dict(found)
        return {name: cents for name, (cents, _) in found.items() if cents}

    wanted = None if placing is None else placed(placing)
    found: list[Score] = []

    def extend(chosen: list[int], first: int) -> None:
        if wanted is None or placed(chosen) == wanted:
            found.append(program.score(chosen))
        for place in range(first, len(program.choices)):
            # What is not allowed stays so, whatever is added.
            if program.allows([*chosen, place]):
                extend([*chosen, place], place + 1)

    extend([], 0)
    return max(found)
