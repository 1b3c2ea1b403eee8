"""Who leaves: property goes back, then the customer has left.

At the close of each day. A customer with nothing left in the arrangement and nothing outside it is
sent everything that it still has; once that is confirmed and no account holds anything, the step
with which it has left is taken, with what was returned since it began to leave. One that keeps
futures outside the arrangement keeps its property, and has left once its accounts of the
arrangement are empty. Those accounts close from the next day on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import MOVED, TransferKind
from crossmargin.participation.customer import CustomerFile, State, state_of
from crossmargin.participation.steps import Step as CustomerStep
from crossmargin.participation.steps import StepTaken
from crossmargin.product.position import Account
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import customers_of, take_step, what_remains
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import Action
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.instructions import INSTRUCTION
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.clearing_day.outgoing import quantity_text
from crossmargin.services.clearing_day.placing import (
    Places,
    places_of,
    securities_custody_of,
    securities_custody_paying,
)
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.clearing_day.segregated_wires import (
    securities_withdrawal_wire,
    segregated_margin_wire,
)
from crossmargin.services.clearing_day.wires import (
    Purpose,
    Wire,
    instruct,
    margin_wire,
    withdrawal_wire,
)
from crossmargin.settlement.lots import Lot

#: Where a customer's own property lies while the BD-FCM has it.
_PROPERTY = (
    AccountKind.CUSTOMER_FUTURES_ACCOUNT,
    AccountKind.CME_CUSTOMER_MARGIN,
    AccountKind.CUSTOMER_SECURITIES_ACCOUNT,
    AccountKind.FICC_SCM_MARGIN,
)
_RETURNS = (TransferKind.WITHDRAWAL, TransferKind.SCM_WITHDRAWAL)


def see_customers_off(context: DayContext, work: Work, step: Step) -> StepResult:
    """Do for every leaving customer what its leaving asks for on the day."""
    returned, left = [], []
    for customer in customers_of(work, context.bd_fcm):
        file = context.participant(work, customer, step.business_date)
        if state_of(file, step.at) is not State.LEAVING:
            continue
        lots = _live(context, work, customer)
        if any(lot.account is Account.XM for lot in lots):
            continue
        why = _why(work, customer, file, step)
        going = [_margin_back(work, customer, step, at_both=not lots)]
        if not lots:
            going += [
                _send_back(work, customer, step),
                _send_back_securities(work, customer, step),
            ]
        # One after the other: what is instructed is on its way for the next.
        for wires in going:
            returned += [
                each.wire_id for each in wires if _instructed(context, work, each, step, why)
            ]
        if not what_remains(work, customer) and (lots or not _has_property(work, customer)):
            left.append(_leave(context, work, customer, file, step))
    if not returned and not left:
        return StepResult({})
    return StepResult({"sent_back": returned, "has_left": left}, (*returned, *left))


def _live(context: DayContext, work: Work, customer: CustomerKey) -> list[Lot]:
    live = read_register(work.records, context.bd_fcm).live()
    return [lot for lot in live if lot.customer == customer]


def _has_property(work: Work, customer: CustomerKey) -> bool:
    return any(
        balance.posted_credit or balance.debits_pending or balance.credits_pending
        for kind in _PROPERTY
        for balance in work.ledger.balances(
            kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
        ).values()
    )


def _why(work: Work, customer: CustomerKey, file: CustomerFile, step: Step) -> tuple[str, ...]:
    """Return what leaving follows from: the instruction, if there was one, and the step."""
    leaving = file.done(CustomerStep.LEAVING, step.at)
    asked = [
        each.record_id
        for each in work.records.select(stream=INSTRUCTION, subject=subject_of(customer))
        if (each.content["action"], each.content["outcome"]) == (Action.LEAVE, "FOLLOWED")
    ]
    return (*asked[-1:], *(() if leaving is None else (leaving.record_id,)))


def _margin_back(work: Work, customer: CustomerKey, step: Step, *, at_both: bool) -> Iterator[Wire]:
    """Yield wires by which margin comes back: from CME too where nothing is held outside."""
    kinds = [(AccountKind.FICC_XM_MARGIN, Purpose.MARGIN_FROM_FICC)]
    if at_both:
        kinds.append((AccountKind.CME_CUSTOMER_MARGIN, Purpose.MARGIN_FROM_CME))
    found: Places | None = None
    for kind, purpose in kinds:
        for (_, asset), balance in work.ledger.balances(
            kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
        ).items():
            here = balance.posted_debit - balance.credits_pending
            if here > 0:
                found = found or places_of(work, customer.bd_fcm, step.business_date)
                places: Places | None = found
                if kind is AccountKind.FICC_XM_MARGIN:
                    places = found.returning(work, asset, here)
                if places is None:  # to be moved together first
                    continue
                name = f"{step.business_date.isoformat()}/{step.name}"
                yield margin_wire(customer, purpose, asset, here, places, name=name)


def _send_back(work: Work, customer: CustomerKey, step: Step) -> Iterator[Wire]:
    """Yield the wires of what lies free; what is at CME or on its way comes first."""
    own = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer).account_id
    elsewhere = _elsewhere(work, customer)
    begun = f"{step.business_date.isoformat()}/returned"
    for (account_id, asset), balance in work.ledger.balances(
        kind=AccountKind.CUSTOMER_FUTURES_ACCOUNT,
        bd_fcm=customer.bd_fcm,
        customer_id=customer.customer_id,
    ).items():
        free = balance.posted_credit - balance.debits_pending - elsewhere.get(asset, 0)
        if account_id != own or free <= 0:
            continue
        places = places_of(work, customer.bd_fcm, step.business_date).paying(work, asset, free)
        yield withdrawal_wire(customer, asset, free, places, f"{begun}/{asset}")


def _send_back_securities(work: Work, customer: CustomerKey, step: Step) -> Iterator[Wire]:
    """Yield the same of the securities account: margin at FICC comes first, then it goes."""
    where = (work, customer.bd_fcm, step.business_date)
    custody = securities_custody_of(*where)
    if not custody:
        return
    at_ficc, own = (
        {
            asset: balance
            for (_, asset), balance in work.ledger.balances(
                kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
            ).items()
        }
        for kind in (AccountKind.FICC_SCM_MARGIN, AccountKind.CUSTOMER_SECURITIES_ACCOUNT)
    )
    day = step.business_date.isoformat()
    for asset, balance in at_ficc.items():
        here = balance.posted_debit - balance.credits_pending
        if here > 0:
            yield segregated_margin_wire(
                customer, Purpose.SCM_FROM_FICC, asset, here, custody, name=f"{day}/{step.name}"
            )
    for asset, balance in own.items():
        there = at_ficc.get(asset)
        placed = 0 if there is None else there.posted_debit + there.debits_pending
        free = balance.posted_credit - balance.debits_pending - placed
        if free > 0:
            name = f"{day}/returned-securities-account/{asset}"
            paying = securities_custody_paying(*where, asset, free)
            yield securities_withdrawal_wire(customer, asset, free, paying, name)


def _instructed(
    context: DayContext, work: Work, wire: Wire, step: Step, why: tuple[str, ...]
) -> bool:
    """Return whether a wire was made: where the ledger refuses it, it is tried again tomorrow."""
    return not instruct(work, wire, context.written(step, *why), approver=context.approver)


def _elsewhere(work: Work, customer: CustomerKey) -> dict[Asset, int]:
    found: dict[Asset, int] = defaultdict(int)
    for kind in (AccountKind.FICC_XM_MARGIN, AccountKind.CME_CUSTOMER_MARGIN):
        for (_, asset), each in work.ledger.balances(
            kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
        ).items():
            found[asset] += each.posted_debit + each.debits_pending
    return found


def _leave(
    context: DayContext, work: Work, customer: CustomerKey, file: CustomerFile, step: Step
) -> str:
    leaving = file.done(CustomerStep.LEAVING, step.at)
    if leaving is None or leaving.at is None:
        raise ValueError(f"{file.subject} leaves without a step that says so")
    returned, behind = _returned(work, customer, since=leaving)
    share = context.parameters("participation", step.business_date).ratio("proprietary_share")
    return take_step(
        work,
        customer,
        StepTaken(CustomerStep.LEFT, returned=returned, causes=(leaving.record_id, *behind)),
        Entry(step.at, context.actor, context.approver),
        proprietary_share=share,
        record_id=f"step/{file.subject}/LEFT/{step.business_date.isoformat()}",
    )


def _returned(
    work: Work, customer: CustomerKey, *, since: StepTaken
) -> tuple[tuple[str, ...], Sequence[str]]:
    """Return what went to the customer since it began to leave, one line an asset, and why."""
    futures, securities = (
        work.ledger.transfers(account_id=of_customer(kind, customer).account_id)
        for kind in (AccountKind.CUSTOMER_FUTURES_ACCOUNT, AccountKind.CUSTOMER_SECURITIES_ACCOUNT)
    )
    # From one account of the customer's to the other: nothing went to the customer.
    within = {each.group_id for each in futures} & {each.group_id for each in securities}
    amounts: dict[Asset, int] = defaultdict(int)
    behind = []
    for each in (*futures, *securities):
        is_paid = each.kind in _RETURNS and each.state in MOVED
        if is_paid and each.group_id not in within and since.is_known(each.at):
            amounts[each.asset] += each.amount
            behind.append(each.cause_id)
    lines = [
        f"{asset} {quantity_text(asset, amount)}"
        for asset, amount in sorted(amounts.items(), key=lambda item: item[0] != CASH)
    ]
    return tuple(lines), behind
