"""Whether a customer may add risk: unpaid calls restrict orders until they are paid (CP-12).

What a clearing organization cleared is a fact and is carried; what the BD-FCM is asked to do, such
as directing futures or letting property leave, is refused. Each beginning and end of a restriction
is a record with the calls that it follows from.
"""

from __future__ import annotations

from datetime import date

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.collateral.ageing import Orders, Restriction, restriction
from crossmargin.collateral.ladder import LadderRules
from crossmargin.collateral.undermargined import AccountType
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.call_register import call_book
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.required import last_requirements

ORDERS = "ORDERS"
_RULE = "JAC 14-06 and 14-07, recalled; CP-12"


def ladder_rules(context: DayContext, on: date) -> LadderRules:
    """Return what follows unmet calls on a day."""
    return LadderRules.from_parameters(context.parameters("collateral", on))


def restriction_of(
    context: DayContext, records: Records, customer: CustomerKey, on: date
) -> Restriction:
    """Return which orders a customer may give, from its calls as they stand."""
    return restriction(
        call_book(records, customer),
        customer,
        on=on,
        account_type=AccountType.CUSTOMER,
        rules=ladder_rules(context, on).ageing,
    )


def reasons_against_risk(
    context: DayContext, records: Records, customer: CustomerKey, on: date
) -> tuple[Refusal, ...]:
    """Return why a customer may not add risk on a day; none if it may."""
    found = restriction_of(context, records, customer, on)
    if found.orders is Orders.ANY:
        return ()
    expected = f"one that reduces risk, until {', '.join(found.call_ids)} is paid"
    return (Refusal("order", found.orders.value, expected, _RULE),)


def note_orders(
    context: DayContext,
    work: Work,
    customer: CustomerKey,
    written: Written,
    *,
    name: str,
) -> Orders:
    """Record where a customer's restriction begins or ends; return which orders it may give.

    Where it begins, the record keeps the last requirement: what the customer may not exceed.

    Parameters
    ----------
    context : DayContext
    work : Work
    customer : CustomerKey
    written : Written
        What it follows from besides the calls: a payment, or nothing.
    name : str
        Of the step or payment, for the record's id.
    """
    found = restriction_of(context, work.records, customer, written.business_date)
    before = _last(work.records, customer)
    was = Orders.ANY if before is None else Orders(str(before.content["orders"]))
    if found.orders is was:
        return was
    subject = subject_of(customer)
    last = last_requirements(work.records, customer.bd_fcm, until=written.business_date)
    required = last.get(customer)
    content = {
        "orders": found.orders.value,
        "calls": list(found.call_ids),
        "oldest_business_days": found.oldest_business_days,
        "requirement": None if required is None else str(required.in_futures_account),
    }
    behind = found.call_ids or (() if before is None else (before.record_id,))
    if found.call_ids and required is not None:
        behind = (*behind, required.record_id)
    own = written.following(*behind)
    work.records.add(own.record(f"orders/{subject}/{name}", ORDERS, subject, content))
    return found.orders


def allowed_requirement(records: Records, customer: CustomerKey) -> Money | None:
    """Return the requirement that a restricted customer may not exceed; None if it is free."""
    last = _last(records, customer)
    if last is None or last.content["orders"] == Orders.ANY or last.content["requirement"] is None:
        return None
    return money_from_decimal(str(last.content["requirement"]))


def _last(records: Records, customer: CustomerKey) -> Record | None:
    found = records.select(stream=ORDERS, subject=subject_of(customer))
    return found[-1] if found else None
