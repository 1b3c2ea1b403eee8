"""What came in serves a customer's calls: cash at its amount, a security at what it counts for.

At the prices of the business day before, as whatever moves before the evening. What its price does
afterwards is the next cycle's to call.
"""

from __future__ import annotations

from datetime import date

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import CalledFor, Outside
from crossmargin.collateral.deadline import DOLLARS
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import call_book, pay_calls
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import note_orders
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.standing import SIDES, counted_at, priced


def serve_calls(
    context: DayContext,
    work: Work,
    customer: CustomerKey,
    written: Written,
    *,
    asset: Asset,
    amount: int,
    ccp: CalledFor | None,
    currency: str = DOLLARS,
) -> None:
    """Let what came in serve the calls that stand, and note what orders the customer may give.

    Parameters
    ----------
    context : DayContext
    work : Work
    customer : CustomerKey
    written : Written
        Its first cause is the payment or instruction.
    asset : Asset
    amount : int
        Cents of cash, dollars of par of a security.
    ccp : CalledFor or None
        Whose calls it serves; None: all of the futures account.
    currency : str
        In which the cash was paid: the amount is what was credited for it in US dollars.
    """
    if call_book(work.records, customer).served_by(customer, ccp) > ZERO:
        value = _counted(context, asset, amount, ccp, written.business_date)
        if value > ZERO:
            pay_calls(work, customer, value, written, ccp=ccp, currency=currency)
    note_orders(context, work, customer, written, name=written.causes[0])


def _counted(
    context: DayContext, asset: Asset, amount: int, ccp: CalledFor | None, on: date
) -> Money:
    """Return what it counts for: where no clearing organization is named, the lesser of both."""
    if asset == CASH:
        return Money(amount)
    as_of = context.models.last_price_date(on, is_evening=False)
    cusip = Cusip(asset.code)
    found = priced([cusip], context.models.priced(as_of).price_sheets[as_of]).get(cusip)
    tables = HaircutTables.from_parameters(context.parameters("collateral", on))
    return min(counted_at(side, found, amount, tables=tables, as_of=on) for side in _sides(ccp))


def _sides(ccp: CalledFor | None) -> tuple[ClearingOrganization, ...]:
    """Return who counts it."""
    if isinstance(ccp, Outside):
        return (ClearingOrganization.FICC,)
    return (ccp,) if isinstance(ccp, ClearingOrganization) else SIDES
