"""The plan of a rehearsal: one call paid, one missed, an excess brought, and what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.local_time import LocalTime
from crossmargin.basics.money import Money
from crossmargin.product.position import ClearingOrganization, PositionLine
from crossmargin.services.clearing_day.arrivals import FRBNY, AccountScope, Action
from crossmargin.simulation.clearing.plan import (
    CallConduct,
    ClearingPlan,
    Clock,
    Conduct,
    CustodyAccount,
    Deposit,
    Hours,
    Instruction,
    PositionFile,
)

_CASH = "CASH-USD"
_FICC, _CME = ClearingOrganization.FICC, ClearingOrganization.CME


@dataclass(frozen=True, slots=True)
class RehearsalTerms:
    """What the other parties of a rehearsal are told.

    Parameters
    ----------
    customer : CustomerKey
    lines : tuple of PositionLine
        On the first day.
    first, refused_day, restricted_day, paid_day, last : date
        Business days, in that order.
    rest_after_business_days : int
        From the first day to the day on which the call that was missed is paid.
    bank, ficc : str
        Places, as the files of the day name them.
    residual_interest, too_much, deposit, withdrawal : Money
    contract : str
        One that the customer holds.
    entered_by, approved_by : str
    """

    customer: CustomerKey
    lines: tuple[PositionLine, ...]
    first: date
    refused_day: date
    restricted_day: date
    paid_day: date
    last: date
    rest_after_business_days: int
    bank: str
    ficc: str
    residual_interest: Money
    too_much: Money
    deposit: Money
    withdrawal: Money
    contract: str
    entered_by: str
    approved_by: str


def rehearsal_plan(terms: RehearsalTerms) -> ClearingPlan:
    """Return what the other parties do in a rehearsal."""
    customer_id = terms.customer.customer_id
    scope = AccountScope.XM_AND_SCM if terms.ficc == FRBNY else AccountScope.XM_ONLY
    return ClearingPlan(
        bd_fcm=terms.customer.bd_fcm,
        first=terms.first,
        last=terms.last,
        entered_by=terms.entered_by,
        approved_by=terms.approved_by,
        clock=everyday_clock(),
        lines=terms.lines,
        position_files=everyday_files(),
        custody_accounts=(
            CustodyAccount(terms.bank, None),
            CustodyAccount(_CME.value, None),
            CustodyAccount(terms.ficc, scope),
        ),
        deposits=(
            Deposit(terms.paid_day, at_et("09:30"), customer_id, _CASH, terms.deposit.cents),
        ),
        instructions=(
            Instruction(
                *(terms.first, at_et("06:30"), "", Action.RESIDUAL_INTEREST_DEPOSIT, _CASH),
                terms.residual_interest.cents,
            ),
            Instruction(
                *(terms.refused_day, at_et("10:00"), customer_id, Action.DIRECT_INTO_XM),
                *(f"FUT-{terms.contract}", 1),
            ),
            Instruction(
                *(terms.refused_day, at_et("10:30"), customer_id, Action.WITHDRAW, _CASH),
                terms.too_much.cents,
            ),
            Instruction(
                *(terms.paid_day, at_et("13:00"), customer_id, Action.WITHDRAW, _CASH),
                terms.withdrawal.cents,
            ),
        ),
        calls=_conducts(terms),
    )


def _conducts(terms: RehearsalTerms) -> tuple[CallConduct, ...]:
    """Return how the customer takes its calls until they are old: the second one is paid.

    All others are missed: what is paid for one clearing organization serves the oldest call there
    (ruling 22), and the first is to grow old. It is paid by its reference, the others by a deposit.
    """
    customer_id = terms.customer.customer_id
    first = CallConduct(
        *(customer_id, terms.first, terms.first, Conduct.MISSED),
        calls=1,
        rest_after_business_days=terms.rest_after_business_days,
        rest_at=at_et("09:00"),
    )
    second = CallConduct(
        *(customer_id, terms.first, terms.first, Conduct.PARTIAL), calls=1, paid_share=Decimal(1)
    )
    others = CallConduct(customer_id, terms.first, terms.restricted_day, Conduct.MISSED)
    return (first, second, others)


def everyday_clock() -> Clock:
    """Return when the other parties act on a day on which nothing is late."""
    return Clock(
        fails=at_et("06:45"),
        novations=at_et("07:20"),
        trades=at_et("07:25"),
        custodian=at_et("23:10"),
        customers=Hours(at_et("07:45"), at_et("18:15")),
        banks=Hours(at_et("07:05"), at_et("18:45")),
        call_payment_minutes=45,
        confirmation_minutes=10,
    )


def everyday_files() -> tuple[PositionFile, ...]:
    """Return the position files of both sides, all in time for their cycles."""
    times = (
        (_FICC, Cycle.ITD, "12:00", "12:05"),
        (_CME, Cycle.ITD, "12:00", "12:06"),
        (_FICC, Cycle.EOD, "20:00", "20:15"),
        (_CME, Cycle.EOD, "20:30", "20:35"),
        (_FICC, Cycle.EODXM, "21:00", "21:10"),
        (_CME, Cycle.EODXM, "20:30", "21:05"),
    )
    return tuple(
        PositionFile(side, cycle, at_et(positions_at), at_et(arrives))
        for side, cycle, positions_at, arrives in times
    )


def at_et(clock: str) -> LocalTime:
    """Return a time of day in New York."""
    return LocalTime.parsed(f"{clock} America/New_York")
