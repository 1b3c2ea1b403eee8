"""A default run in the books: closed out or ported, paid, given back, distributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.default_accounts import CME, FICC
from crossmargin.default_management.funded_balance import ClassProperty, funded_balances
from crossmargin.default_management.postings import (
    CashPorted,
    CloseOutResult,
    DefaultItem,
    DeficitPaid,
    Distributed,
    GuarantyPayment,
    MarginPorted,
    MarginReturned,
    MarginSold,
)
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import (
    CUSTOMER_KINDS,
    of_customer,
)
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    Written,
    ended_record,
)
from crossmargin.services.default_books.bringing_in import BroughtIn
from crossmargin.services.default_books.carrying import (
    carried_position,
    carry_lots,
    ported_position,
)
from crossmargin.services.default_books.declaring import Treatment
from crossmargin.services.default_books.desk import (
    DefaultDesk,
    cash_of,
    securities_of,
)
from crossmargin.settlement.lots import Lot

_K = AccountKind
_RULE = "17 CFR 190.07(c)(2): an account in deficit does not move"


@dataclass(slots=True)
class CustomerRun:
    """What happened to one customer, cents.

    Parameters
    ----------
    customer_id, receiver : str
    owed_before : int
    result : int
        Of the close-out on both sides together.
    sold : int
        Proceeds of securities margin.
    guaranty : int
        Paid from FICC to CME.
    at_ficc_before_guaranty : int
        The customer's cash at FICC before it: its limit (CP-16).
    deficit_paid, from_capital : int
        By the BD-FCM, own cash of the customer among the first.
    paid_by_others : int
        Of the loss, by other customers' margin at a side.
    paid_for_others : int
        This customer's share of what others' losses took of the class.
    ported, distributed : int
        Cash.
    lacking, unpaid_at : dict of ClearingOrganization to int
        What margin did not pay at each side, and what of it nobody did.
    cash_back : dict of ClearingOrganization to int
        Margin that came back to the bank in cash.
    is_kept : bool
        Whether nothing is done with the customer's positions.
    brought : BroughtIn or None
        Of one who is ported: how it stands at the receiver.
    """

    customer_id: str
    receiver: str
    owed_before: int
    result: int = 0
    sold: int = 0
    guaranty: int = 0
    at_ficc_before_guaranty: int = 0
    deficit_paid: int = 0
    from_capital: int = 0
    paid_by_others: int = 0
    paid_for_others: int = 0
    ported: int = 0
    distributed: int = 0
    lacking: dict[ClearingOrganization, int] = field(default_factory=dict)
    unpaid_at: dict[ClearingOrganization, int] = field(default_factory=dict)
    cash_back: dict[ClearingOrganization, int] = field(default_factory=dict)
    is_kept: bool = False
    brought: BroughtIn | None = None

    @property
    def unpaid(self) -> int:
        """Of the loss, by nobody."""
        return sum(self.unpaid_at.values())

    @property
    def owed_after(self) -> int:
        """What is left owed to the customer if no cent was lost: negative is its debt.

        What others' margin paid for it is no debit here: a debit is covered by residual interest.
        """
        moved = self.result + self.unpaid + self.paid_by_others + self.sold
        return self.owed_before + moved - self.paid_for_others - self.ported - self.distributed


def close_out(desk: DefaultDesk, treatment: Treatment, written: Written) -> CustomerRun:
    """Close a customer's positions and let margin meet the results, each side's its own first.

    A loss takes cash there, then securities there sold at the day's value; what CME lacks then, the
    customer's property at FICC (CFTC proposed order, section VIII(e)(iii)). What is lacking then is
    said, and paid by :func:`pay_deficits`; what is left of margin in cash goes back to the bank.
    """
    name = treatment.customer_id
    run = CustomerRun(name, "", cash_of(desk.owed(name)))
    run.result = Money.total(treatment.results.values()).cents
    lots = desk.lots(name)
    desk.post(carried_position(lot) for lot in lots)
    for lot in lots:
        _end(desk, lot, LotEnd.CLOSED_OUT, written)
    at_ficc = treatment.results.get(FICC, ZERO).cents
    at_cme = treatment.results.get(CME, ZERO).cents
    for side, result in ((FICC, at_ficc), (CME, at_cme)):
        run.sold += sell_for(desk, name, side, -result)
    run.lacking[FICC] = _meet(desk, name, FICC, at_ficc)
    _guarantee(desk, run, -at_cme - cash_of(desk.margin(name, CME)))
    run.lacking[CME] = _meet(desk, name, CME, at_cme)
    for side in (FICC, CME):
        run.cash_back[side] = cash_of(desk.margin(name, side))
        return_margin_of(desk, name, side, only_cash=True)
    return run


def _end(desk: DefaultDesk, lot: Lot, how: LotEnd, written: Written) -> None:
    subject = subject_of(lot.customer)
    desk.work.records.add(ended_record(lot.lot_id, how, written, subject=subject))


def sell_for(desk: DefaultDesk, name: str, side: ClearingOrganization, needed: int) -> int:
    """Sell all securities at a side where cash there is less than needed; return the proceeds.

    Raises
    ------
    RefusedError
        If one of them has no price of the day.
    """
    held = desk.margin(name, side)
    if cash_of(held) >= needed:
        return 0
    items = []
    for asset, par in securities_of(held).items():
        for at, part in desk.places(name, side, asset, par):
            items.append(MarginSold(at, asset.code, part, desk.value_of(asset, part).cents))
    desk.post(items)
    return sum(each.cents for each in items)


def _meet(desk: DefaultDesk, name: str, side: ClearingOrganization, result: int) -> int:
    """Let a result meet cash at its side; return what a loss lacks."""
    if result > 0:
        desk.post([CloseOutResult(desk.place(name, side), result)])
        return 0
    applied = min(-result, cash_of(desk.margin(name, side)))
    places = desk.places(name, side, CASH, applied) if applied else []
    desk.post(CloseOutResult(at, -part) for at, part in places)
    return -result - applied


def _guarantee(desk: DefaultDesk, run: CustomerRun, lacking: int) -> None:
    """Pay what CME lacks from the customer's own property at FICC, at most that (CP-16)."""
    if lacking <= 0:
        return
    name = run.customer_id
    run.sold += sell_for(desk, name, FICC, lacking)
    run.at_ficc_before_guaranty = cash_of(desk.margin(name, FICC))
    run.guaranty = min(lacking, run.at_ficc_before_guaranty)
    places = desk.places(name, FICC, CASH, run.guaranty) if run.guaranty else []
    desk.post(GuarantyPayment(name, part, at.place) for at, part in places)


def return_margin(desk: DefaultDesk, name: str) -> None:
    """Give back to the BD-FCM's bank what both sides still have of a customer's margin."""
    for side in (FICC, CME):
        return_margin_of(desk, name, side)


def return_margin_of(
    desk: DefaultDesk, name: str, side: ClearingOrganization, *, only_cash: bool = False
) -> None:
    """Give back to the BD-FCM's bank what one side still has of a customer's margin."""
    for asset, amount in desk.margin(name, side).items():
        if only_cash and asset != CASH:
            continue
        places = desk.places(name, side, asset, amount)
        desk.post(MarginReturned(at, asset, part) for at, part in places)


def pay_deficits(desk: DefaultDesk, runs: Sequence[CustomerRun]) -> None:
    """Pay what the sides lack: from each customer's own cash, then from the firm's means.

    Those are residual interest that covers nothing else, then capital; where they do not suffice,
    every deficit gets the same share of what it still lacks.
    """
    unpaid: list[tuple[CustomerRun, ClearingOrganization, int]] = []
    for run in sorted(runs, key=lambda each: each.customer_id):
        for side, lacking in run.lacking.items():
            own = min(lacking, max(0, cash_of(desk.owed(run.customer_id))))
            if own:
                desk.post([DeficitPaid(run.customer_id, side, own, is_own=True)])
                run.deficit_paid += own
            run.unpaid_at[side] = lacking - own
            unpaid += [(run, side, lacking - own)] if lacking > own else []
    if not unpaid:
        return
    free = max(0, desk.firm_cash(_K.RESIDUAL_INTEREST) - desk.debits())
    means = min(sum(each for *_, each in unpaid), free + desk.firm_cash(_K.HOUSE_BANK))
    shares = Money(means).split([each for *_, each in unpaid])
    if means == 0:
        return
    capital = Money(max(0, means - free)).split([each.cents for each in shares])
    for (run, side, _), share, brought_in in zip(unpaid, shares, capital, strict=True):
        if share > ZERO:
            desk.post([DeficitPaid(run.customer_id, side, share.cents, brought_in.cents)])
        run.deficit_paid += share.cents
        run.from_capital += brought_in.cents
        run.unpaid_at[side] -= share.cents


def refuse_deficits(desk: DefaultDesk, treatments: Sequence[Treatment]) -> None:
    """Refuse to port accounts with a deficit, all at once (17 CFR 190.07(c)(2))."""
    owed = {each.customer_id: cash_of(desk.owed(each.customer_id)) for each in treatments}
    faults = [
        Refusal(
            "receiver",
            each.receiver,
            f"none: {each.customer_id} has a deficit of {Money(-owed[each.customer_id])}",
            _RULE,
        )
        for each in treatments
        if each.receiver and owed[each.customer_id] < 0
    ]
    if faults:
        raise RefusedError(*faults)


def port(
    desk: DefaultDesk, treatment: Treatment, written: Written, *, receiver_bank: str
) -> CustomerRun:
    """Carry a customer over whole: positions, margin where it lies, and what the bank has.

    The account has no deficit: :func:`refuse_deficits`.
    """
    name, receiver = treatment.customer_id, treatment.receiver
    run = CustomerRun(name, receiver, cash_of(desk.owed(name)))
    open_accounts(desk, CustomerKey(receiver, name))
    lots = desk.lots(name)
    desk.post(ported_position(lot, receiver) for lot in lots)
    carry_lots(desk.work, lots, receiver, written, name=f"ported/{desk.entry.bd_fcm}/{name}")
    for side in (FICC, CME):
        for asset, amount in desk.margin(name, side).items():
            places = desk.places(name, side, asset, amount)
            desk.post(MarginPorted(at, receiver, asset, part) for at, part in places)
    for asset, amount in desk.owed(name).items():
        if amount > 0:
            desk.post([CashPorted(name, receiver, receiver_bank, asset, amount)])
    run.ported = run.owed_before - cash_of(desk.owed(name))
    return run


def open_accounts(
    desk: DefaultDesk, customer: CustomerKey, kinds: Sequence[AccountKind] = CUSTOMER_KINDS
) -> None:
    """Open a customer's accounts of some kinds at a receiver, those not open there."""
    entry = desk.entry
    there = desk.work.ledger.accounts(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id)
    for kind in kinds:
        account = of_customer(kind, customer)
        if account not in there:
            desk.work.ledger.open_account(
                account, opened=entry.business_date, cause_id=entry.declaration_id
            )


def distribute(
    desk: DefaultDesk, closed_out: Sequence[CustomerRun], share: Fraction = Fraction(1)
) -> Fraction:
    """Pay what customers who were closed out are owed, pro rata where cash does not suffice.

    Parameters
    ----------
    desk : DefaultDesk
    closed_out : sequence of CustomerRun
    share : Fraction
        Of it that is paid now; under 1 the rest, and securities, wait for a later distribution.

    Returns
    -------
    Fraction
        What is paid of every claim in cash; securities go back to whom they are owed.
    """
    owed = {each.customer_id: desk.owed(each.customer_id) for each in closed_out}
    claims = {name: Money(cash_of(held)) for name, held in owed.items()}
    in_bank = Money(desk.firm_cash(_K.SEGREGATED_BANK, desk.entry.bank))
    funded = funded_balances(claims, ClassProperty(ZERO, in_bank, ZERO, ZERO))
    shares = funded.in_cents
    items: list[DefaultItem] = []
    for run in closed_out:
        own = Money(int(share * shares[run.customer_id].cents))
        if own > ZERO:
            items.append(Distributed(run.customer_id, CASH, own.cents))
            run.distributed = own.cents
        items += [
            Distributed(run.customer_id, asset, par)
            for asset, par in securities_of(owed[run.customer_id]).items()
            if par > 0 and share == 1
        ]
    desk.post(items)
    return funded.rate * share


def check_conserved(desk: DefaultDesk, runs: Sequence[CustomerRun]) -> None:
    """Check to the cent that each customer's account is what moved it.

    Raises
    ------
    ArithmeticError
        If it is not: a fault of the run, and nothing of it may be committed.
    """
    for run in runs:
        left = cash_of(desk.owed(run.customer_id))
        if left != run.owed_after:
            raise ArithmeticError(f"{run.customer_id} is owed {left}, not {run.owed_after}")
