r"""FICC Funds-Only Settlement of one lot: marks, their interest, adjustment, coupon, repo interest.

Until an obligation settles, each start of day pays its *forward mark*,

.. math:: m_t = V_t - K_t

the system value of the securities less the contract value, at the prices of the evening before, and
takes the mark of the day before back, with overnight interest to whoever had paid it. A mark is
therefore never a gain that is kept: a holder of one has cash, not unrealised profit as well (ruling
21). On the day it settles, the *transaction adjustment* pays system value less contract value once;
the securities themselves move against payment at the system value, outside these flows.

* The system value is clean price plus interest accrued to the day of delivery: of a cash obligation
  the day it is due, of everything else the day the mark is paid.
* The contract value of a repo's end leg is its start amount and the repo interest to that day
  (inferred: *repo interest to date* belongs to the contract value). The adjustment of the end leg
  is shown in two: system value less start amount, and repo interest.
* A coupon dated after the start leg and up to the end leg, or after the day a fail was due and up
  to the day it settles, is passed on to the long. Where the security matures first it is redeemed:
  its system value is then 100.

Signs: positive is received. A long, who is to receive securities, gains when the system value
rises.

References
----------
DTCC, *DVP Funds-Only Settlement*; *DVP fail management*; *GSD netting and settlement*: system value
marks, pass-through of coupons, transaction adjustment (sourced). The GSD Rules' own text (Rules 11,
12 and 13) was not obtained; what is said above of amounts and days is recalled or inferred.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import ZERO, Money
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.position import Leg
from crossmargin.product.treasury import TreasurySecurity, coupon_dates, coupon_per_100
from crossmargin.settlement.amounts import interest, to_the_cent
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind
from crossmargin.settlement.lots import Lot
from crossmargin.settlement.prices import SystemPrice

_PAR_UNIT_DOLLARS = 100
_PAR_PER_100 = Fraction(100)


@dataclass(frozen=True, slots=True)
class PaidMark:
    """A forward mark that was paid and not yet returned.

    Parameters
    ----------
    lot_id : str
    amount : Money
        As the customer received it; negative was paid.
    paid_on : date
    of_fail : bool
        Whether the obligation had failed when it was marked.
    """

    lot_id: str
    amount: Money
    paid_on: date
    of_fail: bool

    def split(self, whole: Lot, leaving: Lot, staying: Lot) -> tuple[PaidMark, PaidMark]:
        """Return the mark of a lot as the marks of its two parts; together they are this one."""
        amount = leaving.share_of(self.amount, whole)
        return (
            replace(self, lot_id=leaving.lot_id, amount=amount),
            replace(self, lot_id=staying.lot_id, amount=self.amount - amount),
        )


def delivered_on(lot: Lot, day: date) -> date:
    """Return the day of delivery that a mark paid on a day values: not before the lot's start.

    A cash obligation is valued for the day it is due, a repo's end leg and a fail for the day
    itself.
    """
    return max(day, lot.start)


def system_value(lot: Lot, price: SystemPrice, *, delivered: date) -> Money:
    """Return the market value of a lot's securities with accrued interest, signed, to the cent.

    Parameters
    ----------
    lot : Lot
    price : SystemPrice
        Of its security.
    delivered : date
        To which interest accrues.

    Raises
    ------
    ValueError
        If the price is another security's.
    """
    security = price.security
    if lot.instrument != security.cusip.text:
        raise ValueError(f"{lot.lot_id} is {lot.instrument}, the price is {security.cusip}'s")
    # Matured: the holder was paid the principal, and the last coupon is passed on by itself.
    matured = delivered >= security.maturity_date
    clean = _PAR_PER_100 if matured else Fraction(price.clean_price_per_100)
    per_100 = clean + accrued_interest_per_100(security, delivered)
    return to_the_cent(per_100 * lot.quantity / _PAR_UNIT_DOLLARS)


def repo_interest(lot: Lot, *, through: date) -> Money:
    """Return the repo interest from start leg to a day, signed: positive is owed by the long.

    It ends with the end leg, however late that settles: a fail's contract value stands still. Zero
    for a cash obligation.
    """
    if lot.leg is Leg.CASH or lot.repo_rate_pct is None:
        return ZERO
    days = max(0, (min(through, lot.due) - lot.start).days)
    return interest(lot.signed_contract, rate_pct=Fraction(lot.repo_rate_pct), days=days)


def contract_value(lot: Lot, *, through: date) -> Money:
    """Return what the long is to pay on a day, signed: contract amount, or start and interest."""
    return lot.signed_contract + repo_interest(lot, through=through)


def forward_mark(
    lot: Lot,
    price: SystemPrice,
    *,
    cycle: FlowCycle,
    day: date,
    outstanding: Money = ZERO,
) -> Flow:
    """Return a lot's forward mark: system value less contract value, and less what is out already.

    Interest accrues to the day, or to a later start of the lot (ruling 35).

    Parameters
    ----------
    lot : Lot
    price : SystemPrice
    cycle : FlowCycle
    day : date
        On which it is paid.
    outstanding : Money
        Marks that are out and not returned in the same cycle; at the start of the day none are.
    """
    delivered = delivered_on(lot, day)
    return Flow(
        lot_id=lot.lot_id,
        kind=FlowKind.FICC_FORWARD_MARK,
        cycle=cycle,
        pays_on=day,
        of=system_value(lot, price, delivered=delivered),
        less=contract_value(lot, through=delivered) + outstanding,
        source=price.source,
    )


def mark_return(mark: PaidMark, *, day: date) -> Flow:
    """Return the return of a mark at the start of a later day."""
    return Flow(
        lot_id=mark.lot_id,
        kind=FlowKind.FICC_FORWARD_MARK_RETURN,
        cycle=FlowCycle.START_OF_DAY,
        pays_on=day,
        of=ZERO,
        less=mark.amount,
    )


def mark_interest(mark: PaidMark, *, day: date, rate_pct: Fraction) -> Flow:
    """Return the interest on a mark that is returned: whoever had it pays for the use of it.

    Parameters
    ----------
    mark : PaidMark
    day : date
        Of its return.
    rate_pct : Fraction
        Overnight, per cent a year, actual/360.
    """
    days = (day - mark.paid_on).days
    return Flow(
        lot_id=mark.lot_id,
        kind=FlowKind.FICC_MARK_INTEREST,
        cycle=FlowCycle.START_OF_DAY,
        pays_on=day,
        of=ZERO,
        less=interest(mark.amount, rate_pct=rate_pct, days=days),
    )


def settlement_flows(lot: Lot, price: SystemPrice, *, day: date) -> tuple[Flow, ...]:
    """Return what a lot pays on the day it settles: transaction adjustment, and repo interest.

    Parameters
    ----------
    lot : Lot
    price : SystemPrice
        Of the evening before.
    day : date
    """
    adjustment = Flow(
        lot_id=lot.lot_id,
        kind=FlowKind.FICC_TRANSACTION_ADJUSTMENT,
        cycle=FlowCycle.START_OF_DAY,
        pays_on=day,
        of=system_value(lot, price, delivered=day),
        less=lot.signed_contract,
        source=price.source,
    )
    if lot.leg is Leg.CASH:
        return (adjustment,)
    owed = Flow(
        lot_id=lot.lot_id,
        kind=FlowKind.FICC_REPO_INTEREST,
        cycle=FlowCycle.START_OF_DAY,
        pays_on=day,
        of=ZERO,
        less=repo_interest(lot, through=day),
    )
    return (adjustment, owed)


def coupon_flows(
    lot: Lot, security: TreasurySecurity, *, day: date, calendar: BusinessCalendar
) -> tuple[Flow, ...]:
    """Return the coupons passed on at the start of a day: dated since the business day before.

    Parameters
    ----------
    lot : Lot
        Unsettled when the day begins.
    security : TreasurySecurity
    day : date
        A business day.
    calendar : BusinessCalendar
        Of FICC.
    """
    since = max(lot.start, lot.taken_in, calendar.previous_business_day(day))
    return tuple(
        Flow(
            lot_id=lot.lot_id,
            kind=FlowKind.FICC_COUPON,
            cycle=FlowCycle.START_OF_DAY,
            pays_on=day,
            of=to_the_cent(coupon_per_100(security, dated) * lot.quantity / _PAR_UNIT_DOLLARS),
        )
        for dated in coupon_dates(security, after=since)
        if dated <= day
    )
