"""Flows from intake to exit against total profit and loss, to the cent.

The profit and loss of a lot is worked out by itself, without its flows: what it left at less what
it was taken in at, coupons while it was held, repo interest, interest on marks, fails charges. That
the sum of its flows is the same, whatever happened on the way, is what :func:`unexplained` shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.product.position import Leg
from crossmargin.product.treasury import TreasurySecurity, coupon_dates, coupon_per_100
from crossmargin.settlement.amounts import interest, to_the_cent
from crossmargin.settlement.fails import fails_charge
from crossmargin.settlement.flows import Flow, FlowKind, total_of
from crossmargin.settlement.funds_only import PaidMark, repo_interest
from crossmargin.settlement.lots import Lot

_PAR_UNIT_DOLLARS = 100
_OF_PRICE = (
    FlowKind.CME_SETTLEMENT_VARIATION,
    FlowKind.FUTURES_FINAL_SETTLEMENT,
    FlowKind.FICC_FORWARD_MARK,
    FlowKind.FICC_FORWARD_MARK_RETURN,
    FlowKind.FICC_TRANSACTION_ADJUSTMENT,
)


@dataclass(frozen=True, slots=True)
class ReturnedMark:
    """A mark that went back, and the overnight rate it bore, per cent a year; zero if none."""

    mark: PaidMark
    returned_on: date
    rate_pct: Fraction


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to one lot.

    Parameters
    ----------
    lot : Lot
    since, until : date
        The day it was taken in or split off, and the day on which it left, was split or is looked
        at.
    exit_value : Money or None
        Signed: what it left at, of futures also the last mark of what is still open. None where
        nothing was realised: it was split up, or is still open at FICC.
    security : TreasurySecurity or None
        None for futures.
    fails_rate_pct : Fraction
        Per cent a year; zero if it did not fail.
    returned : tuple of ReturnedMark
    """

    lot: Lot
    since: date
    until: date
    exit_value: Money | None
    security: TreasurySecurity | None = None
    fails_rate_pct: Fraction = Fraction(0)
    returned: tuple[ReturnedMark, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfitAndLoss:
    """Total profit and loss in its parts; positive is the customer's gain.

    Parameters
    ----------
    price : Money
        Exit value less intake value.
    coupons, repo_interest, mark_interest, fails_charges : Money
    """

    price: Money = ZERO
    coupons: Money = ZERO
    repo_interest: Money = ZERO
    mark_interest: Money = ZERO
    fails_charges: Money = ZERO

    @property
    def total(self) -> Money:
        """Everything."""
        return Money.total(
            (self.price, self.coupons, self.repo_interest, self.mark_interest, self.fails_charges)
        )

    def __add__(self, other: ProfitAndLoss) -> ProfitAndLoss:
        return ProfitAndLoss(
            self.price + other.price,
            self.coupons + other.coupons,
            self.repo_interest + other.repo_interest,
            self.mark_interest + other.mark_interest,
            self.fails_charges + other.fails_charges,
        )

    def __sub__(self, other: ProfitAndLoss) -> ProfitAndLoss:
        return ProfitAndLoss(
            self.price - other.price,
            self.coupons - other.coupons,
            self.repo_interest - other.repo_interest,
            self.mark_interest - other.mark_interest,
            self.fails_charges - other.fails_charges,
        )


def profit_and_loss(lives: Iterable[Life]) -> ProfitAndLoss:
    """Return the total profit and loss of lots, worked out without their flows."""
    total = ProfitAndLoss()
    for life in lives:
        total += _of_life(life)
    return total


def profit_and_loss_of_flows(
    flows: Iterable[Flow], outstanding: Iterable[PaidMark] = ()
) -> ProfitAndLoss:
    """Return flows as profit and loss.

    A mark that is out will go back and is none. A delivery invoice is none either: it buys
    securities.

    Parameters
    ----------
    flows : iterable of Flow
    outstanding : iterable of PaidMark
        Paid and not yet returned.
    """
    paid = tuple(flows)
    return ProfitAndLoss(
        price=total_of(paid, *_OF_PRICE) - Money.total(mark.amount for mark in outstanding),
        coupons=total_of(paid, FlowKind.FICC_COUPON),
        repo_interest=total_of(paid, FlowKind.FICC_REPO_INTEREST),
        mark_interest=total_of(paid, FlowKind.FICC_MARK_INTEREST),
        fails_charges=total_of(paid, FlowKind.FICC_FAIL_CHARGE),
    )


def unexplained(
    lives: Iterable[Life], flows: Iterable[Flow], outstanding: Iterable[PaidMark] = ()
) -> ProfitAndLoss:
    """Return flows less profit and loss, part by part: zero in every part, or the books are wrong.

    Parameters
    ----------
    lives : iterable of Life
    flows : iterable of Flow
        All of the same lots.
    outstanding : iterable of PaidMark
        Of those that are still open.
    """
    return profit_and_loss_of_flows(flows, outstanding) - profit_and_loss(lives)


def _of_life(life: Life) -> ProfitAndLoss:
    lot, left = life.lot, life.exit_value
    if life.security is None:
        return ProfitAndLoss(price=ZERO if left is None else left - lot.signed_contract)
    return ProfitAndLoss(
        price=ZERO if left is None else left - lot.signed_contract,
        coupons=_coupons(life, life.security),
        repo_interest=ZERO if left is None else -repo_interest(lot, through=life.until),
        mark_interest=-Money.total(
            interest(
                each.mark.amount,
                rate_pct=each.rate_pct,
                days=(each.returned_on - each.mark.paid_on).days,
            )
            for each in life.returned
        ),
        fails_charges=_fails_charges(life),
    )


def _coupons(life: Life, security: TreasurySecurity) -> Money:
    after = max(life.since, life.lot.start)
    return Money.total(
        to_the_cent(coupon_per_100(security, dated) * life.lot.quantity / _PAR_UNIT_DOLLARS)
        for dated in coupon_dates(security, after=after)
        if dated <= life.until
    )


def _fails_charges(life: Life) -> Money:
    lot = life.lot
    if lot.leg is not Leg.CASH:
        principal = lot.signed_contract + repo_interest(lot, through=lot.due)
    else:
        principal = lot.signed_contract
    since, until = (
        fails_charge(principal, rate_pct=life.fails_rate_pct, due=lot.due, through=day)
        for day in (life.since, life.until)
    )
    return until - since
