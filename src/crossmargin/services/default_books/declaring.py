"""The declaration of a default, and what is to be done with each customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.approvals import Matter, check_two_people
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import Written


class DefaultTrigger(StrEnum):
    """What was declared."""

    CUSTOMER_DEFAULT = "CUSTOMER_DEFAULT"
    RULE_1_17_A_4 = "RULE_1_17_A_4"  # ordered to move all accounts, 17 CFR 1.17(a)(4)
    ORDER_FOR_RELIEF = "ORDER_FOR_RELIEF"  # a debtor: 17 CFR part 190


@dataclass(frozen=True, slots=True)
class Declaration:
    """A default that is declared.

    Parameters
    ----------
    bd_fcm : str
    trigger : DefaultTrigger
    business_date : date
    at : datetime
        With a zone.
    actor, approver : str
        Who differ.
    """

    bd_fcm: str
    trigger: DefaultTrigger
    business_date: date
    at: datetime
    actor: str
    approver: str

    @property
    def written(self) -> Written:
        """When and by whom it is declared."""
        return Written(self.business_date, self.at, self.actor, (), self.approver)

    @property
    def record_id(self) -> str:
        """Id of its record: one a BD-FCM and day."""
        return f"default/{self.bd_fcm}/{self.business_date.isoformat()}/declaration"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done with one customer.

    Parameters
    ----------
    customer_id : str
    results : mapping of ClearingOrganization to Money
        Of the close-out: a gain where positive. Nothing for a customer who is ported.
    receiver : str
        The BD-FCM that takes the customer whole; empty for one who is closed out.
    """

    customer_id: str
    results: Mapping[ClearingOrganization, Money]
    receiver: str = ""


def declare(
    work: Work,
    record_id: str,
    bd_fcm: str,
    content: Mapping[str, object],
    written: Written,
    *,
    if_declared: Refusal,
) -> str:
    """Write the record that every transfer of a default, port or failure follows from.

    Parameters
    ----------
    work : Work
    record_id : str
    bd_fcm : str
        Whose accounts move.
    content : mapping
        With the trigger.
    written : Written
        By two people.
    if_declared : Refusal
        What is said where the record is there already.

    Returns
    -------
    str
        The record's id.

    Raises
    ------
    RefusedError
        If maker and checker are one, or it was declared before.
    """
    check_two_people(written.actor, written.approver, Matter.MANUAL_ADJUSTMENT)
    if work.records.get(record_id) is not None:
        raise RefusedError(if_declared)
    work.records.add(written.record(record_id, DEFAULT_DECLARATION, bd_fcm, content))
    return record_id
