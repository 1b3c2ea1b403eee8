"""What a BD-FCM asks of each customer above the clearing organizations, and in which currency.

Terms are records with a maker and a checker. They hold from a day on, not earlier than the one on
which they are entered, until later terms take their place; a customer without any has the firm's
general add-on and pays its calls in US dollars. A call keeps the currency in which it was issued.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.identifiers import CustomerKey, customer_of, subject_of
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.deadline import CURRENCY_EXPECTED, DOLLARS, is_currency
from crossmargin.collateral.house_terms import HouseTerms, terms_on
from crossmargin.participation.steps import Step
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.books.approvals import Matter
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import steps_of
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.context import DayContext

HOUSE_TERMS = "HOUSE_TERMS"
_RULE = "house terms"
_PER_CENT = 100
_PLAIN_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
_CURRENCY = "call_currency"
_AMOUNTS = ("add_on", "credit_limit", "requirement_limit", "uncollected_limit")


def entered_terms(
    bd_fcm: str,
    customer_id: str,
    effective_from: date,
    *,
    add_on_pct: str,
    amounts: Mapping[str, str | None],
    call_currency: str = DOLLARS,
) -> HouseTerms:
    """Return the terms that somebody typed.

    Parameters
    ----------
    bd_fcm, customer_id : str
    effective_from : date
    add_on_pct : str
        Per cent of the minimum, a plain decimal.
    amounts : mapping of name to str or None
        Dollars and cents of each amount; None for a limit that there is not.
    call_currency : str
        In which the customer has agreed to pay its calls.

    Raises
    ------
    RefusedError
        With everything that is no figure, or negative, and a currency that is no code.
    """
    faults: list[Refusal] = []
    values: dict[str, Money | None] = {}
    for name in _AMOUNTS:
        text = amounts[name]
        try:
            values[name] = None if text is None else money_from_decimal(text)
        except ValueError:
            faults.append(Refusal(name, str(text), "dollars and whole cents", _RULE))
            continue
        if (values[name] or ZERO) < ZERO:
            faults.append(Refusal(name, str(text), "not less than 0", _RULE))
    ratio = Fraction(0)
    if _PLAIN_DECIMAL.fullmatch(add_on_pct):
        ratio = Fraction(add_on_pct) / _PER_CENT
    else:
        faults.append(Refusal("add_on_pct", add_on_pct, "a plain decimal, not negative", _RULE))
    if not is_currency(call_currency):
        faults.append(Refusal("call_currency", call_currency, CURRENCY_EXPECTED, _RULE))
    if faults:
        raise RefusedError(*faults)
    return HouseTerms(
        customer=CustomerKey(bd_fcm, customer_id),
        effective_from=effective_from,
        add_on_ratio=ratio,
        add_on=values["add_on"] or ZERO,
        credit_limit=values["credit_limit"] or ZERO,
        requirement_limit=values["requirement_limit"],
        uncollected_limit=values["uncollected_limit"],
        call_currency=call_currency,
    )


def set_terms(work: Work, terms: HouseTerms, entry: Entry) -> str:
    """Write a customer's terms; return the id of their record.

    Raises
    ------
    RefusedError
        With every reason: a customer who is unknown or has left, a day that is past or no
        business day, terms that begin on a day on which others do, an entry that may not be made.
    """
    subject = subject_of(terms.customer)
    record = entry.record(
        work,
        f"house-terms/{subject}/{terms.effective_from.isoformat()}",
        HOUSE_TERMS,
        subject,
        _content(terms),
        matter=Matter.PARAMETER,
    )
    faults = []
    steps = [each.step for each in steps_of(work, terms.customer) if each.is_known(entry.at)]
    if not steps or Step.LEFT in steps:
        expected = "a customer of the books who has not left"
        faults.append(Refusal("customer", subject, expected, _RULE))
    if not futures_delivery_calendar().is_business_day(terms.effective_from):
        expected = "a day on which both clearing organizations are open"
        faults.append(Refusal("effective_from", str(terms.effective_from), expected, _RULE))
    if terms.effective_from < record.business_date:
        expected = f"{record.business_date}, the day of entry, or later: no day is changed after it"
        faults.append(Refusal("effective_from", str(terms.effective_from), expected, _RULE))
    found = work.records.get(record.record_id)
    if found is not None and found.content != record.content:
        expected = "a day on which no other terms of the customer begin"
        faults.append(Refusal("effective_from", str(terms.effective_from), expected, _RULE))
    if faults:
        raise RefusedError(*faults)
    if found is None:
        work.records.add(record)
    return record.record_id


def terms_of_customer(records: Records, customer: CustomerKey) -> tuple[HouseTerms, ...]:
    """Return every terms of a customer, as written."""
    found = records.select(stream=HOUSE_TERMS, subject=subject_of(customer))
    return tuple(terms_of(each) for each in found)


def call_currency_of(records: Records, customer: CustomerKey, on: date) -> str:
    """Return in which currency a customer pays the calls that are issued on a business date."""
    return terms_on(terms_of_customer(records, customer), customer, on).call_currency


def terms_in_force(
    context: DayContext, records: Records, customer: CustomerKey, on: date
) -> HouseTerms:
    """Return a customer's terms on a day; the firm's general add-on where none are in force."""
    own = terms_of_customer(records, customer)
    if any(each.effective_from <= on for each in own):
        return terms_on(own, customer, on)
    general = context.parameters("clearing_day", on).ratio("house_add_on_pct")
    return HouseTerms(customer, on, add_on_ratio=general / _PER_CENT)


def terms_of(record: Record) -> HouseTerms:
    """Return the terms that a record says.

    Raises
    ------
    ValueError
        If the record is none of terms.
    """
    said = record.content
    try:
        amounts = {name: _amount(said[name]) for name in _AMOUNTS}
        return HouseTerms(
            customer=customer_of(record.subject),
            effective_from=date.fromisoformat(str(said["effective_from"])),
            add_on_ratio=Fraction(str(said["add_on_ratio"])),
            add_on=amounts["add_on"] or ZERO,
            credit_limit=amounts["credit_limit"] or ZERO,
            requirement_limit=amounts["requirement_limit"],
            uncollected_limit=amounts["uncollected_limit"],
            call_currency=str(said.get(_CURRENCY, DOLLARS)),
        )
    except KeyError as error:
        raise ValueError(f"expected house terms, was {record!r}") from error


def terms_document(terms: HouseTerms) -> dict[str, object]:
    """Return the JSON shape; an absent limit is None."""
    return {
        "customer": terms.customer.customer_id,
        "effective_from": terms.effective_from.isoformat(),
        "add_on_pct": format_ratio(terms.add_on_ratio * _PER_CENT),
        **{name: _text(getattr(terms, name)) for name in _AMOUNTS},
        _CURRENCY: terms.call_currency,
    }


def _content(terms: HouseTerms) -> dict[str, object]:
    return {
        "effective_from": terms.effective_from.isoformat(),
        "add_on_ratio": str(terms.add_on_ratio),
        **{name: _text(getattr(terms, name)) for name in _AMOUNTS},
        _CURRENCY: terms.call_currency,
    }


def _text(amount: Money | None) -> str | None:
    return None if amount is None else str(amount)


def _amount(said: object) -> Money | None:
    return None if said is None else money_from_decimal(str(said))
