"""A deficit that neither the customer nor the firm pays, taken of other customers' margin.

By the rule and the parameter of the simulation. No account of one customer meets another's: what
the clearing organization keeps is margin that comes back to the bank, and each customer's share of
the loss, as the pool has it, is paid from the bank out of that customer's own account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.default_accounts import CME, FICC
from crossmargin.default_management.fellow_customers import (
    FellowDraw,
    fellow_draw,
    funded_without,
)
from crossmargin.default_management.postings import DeficitPaid, MarginReturned
from crossmargin.default_management.sides import AtSide, Reach, SideReturn
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.default_books.desk import DefaultDesk, cash_of, securities_of
from crossmargin.services.default_books.running import CustomerRun, sell_for

_RULE = "default_management.cme_margin_reach, default_management.ficc_margin_reach"
ReachOfSides = Mapping[ClearingOrganization, Reach]


def draw_on_fellows(
    desk: DefaultDesk, runs: Sequence[CustomerRun], reach: ReachOfSides
) -> Fraction:
    """Pay what nobody paid from margin within reach; return what the pool then pays of a claim.

    Parameters
    ----------
    desk : DefaultDesk
    runs : sequence of CustomerRun
        Of all customers whose property is in the books: closed out, or kept. Changed: what each
        is paid for, and bears.
    reach : mapping of ClearingOrganization to Reach

    Raises
    ------
    RefusedError
        Naming every customer whose share is more than its cash and its securities as margin, or a
        security without a price.
    """
    if not any(run.unpaid for run in runs):
        return Fraction(1)
    draws = {side: fellow_draw(_side(desk, runs, side, reach[side])) for side in (FICC, CME)}
    taken = Money.total(each.total for each in draws.values())
    if taken == ZERO:
        return Fraction(1)
    claims = {run.customer_id: _owed(desk, run.customer_id) for run in runs}
    funded = funded_without(claims, taken)
    left = funded.in_cents
    borne = {name: claim - left[name] for name, claim in claims.items()}
    for run in runs:
        _release(desk, run, draws, borne[run.customer_id])
    _refuse_lacking(desk, borne)
    of_sides = [each.total.cents for each in draws.values()]
    for run in runs:
        name = run.customer_id
        for side, part in zip(draws, borne[name].split(of_sides), strict=True):
            if part > ZERO:
                desk.post([DeficitPaid(name, side, part.cents, is_for_others=True)])
            run.paid_for_others += part.cents
        for side, draw in draws.items():
            paid = draw.pays_for[name].cents
            run.paid_by_others += paid
            run.unpaid_at[side] = run.unpaid_at.get(side, 0) - paid
    return funded.rate


def _side(
    desk: DefaultDesk, runs: Sequence[CustomerRun], side: ClearingOrganization, reach: Reach
) -> SideReturn:
    """Return a side as it stands: what came back in cash already was margin there."""
    return SideReturn(
        side,
        reach,
        {
            run.customer_id: AtSide(
                margin=Money(run.cash_back.get(side, 0))
                + _value(desk, desk.margin(run.customer_id, side)),
                result=-Money(run.unpaid_at.get(side, 0)),
            )
            for run in runs
        },
    )


def _owed(desk: DefaultDesk, name: str) -> Money:
    """Return what a customer is owed, securities at the day's value; at least zero."""
    held = desk.owed(name)
    return max(ZERO, Money(cash_of(held))) + _value(desk, securities_of(held))


def _value(desk: DefaultDesk, held: Mapping[Asset, int]) -> Money:
    return Money.total(desk.value_of(asset, amount) for asset, amount in held.items())


def _release(
    desk: DefaultDesk,
    run: CustomerRun,
    draws: Mapping[ClearingOrganization, FellowDraw],
    bears: Money,
) -> None:
    """Bring to the bank what is taken of margin that is still there, and what its share needs.

    Securities are sold whole where cash does not suffice. Of a customer who is kept, no more
    margin stays than it is owed once it has paid its share.
    """
    name = run.customer_id
    back = {}
    for side, draw in draws.items():
        taken = draw.taken[name].cents if run.is_kept else 0
        short = bears.cents - cash_of(desk.owed(name))
        there = cash_of(desk.margin(name, side))
        run.sold += sell_for(desk, name, side, max(taken, there + short if short > 0 else 0))
        there = cash_of(desk.margin(name, side))
        back[side] = min(taken, there) if run.is_kept else there
    left = {side: cash_of(desk.margin(name, side)) - cents for side, cents in back.items()}
    beyond = sum(left.values()) - max(0, cash_of(desk.owed(name)) - bears.cents)
    for side, cents in left.items():
        more = max(0, min(beyond, cents))
        beyond -= more
        _give_back(desk, name, side, back[side] + more)


def _give_back(desk: DefaultDesk, name: str, side: ClearingOrganization, cents: int) -> None:
    places = desk.places(name, side, CASH, cents) if cents else []
    # The second time on this day: cash of who was closed out came back before.
    desk.post(MarginReturned(at, CASH, part, number=2) for at, part in places)


def _refuse_lacking(desk: DefaultDesk, borne: Mapping[str, Money]) -> None:
    faults = []
    for name, share in borne.items():
        cash = Money(max(0, cash_of(desk.owed(name))))
        if share > cash:
            expected = f"at most its cash and its securities as margin, {cash}"
            faults.append(
                Refusal("customer", f"{name}, {share} of others' losses", expected, _RULE)
            )
    if faults:
        raise RefusedError(*faults)
