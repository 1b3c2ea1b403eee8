"""A later distribution of a default: what became known, then what is paid, claimant by claimant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import refused
from crossmargin.default_management.default_accounts import owed_account
from crossmargin.default_management.porting.entitlement import entitlements
from crossmargin.default_management.postings import DefaultEntry, DefaultItem, Distributed
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.services.books.approvals import Matter, check_two_people
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.default_books.correcting import (
    DEFAULT_CORRECTION,
    Correction,
    CorrectionKind,
    paid_to,
    post_corrections,
)
from crossmargin.services.default_books.desk import DefaultDesk, cash_of, securities_of
from crossmargin.services.default_books.drill import banks_of, refuse_findings
from crossmargin.services.default_books.held_and_owed import held_and_owed
from crossmargin.services.default_books.holding import amounts_text
from crossmargin.services.default_books.reporting import DEFAULT_REPORT

_RULE = "the distributions of a default"


@dataclass(frozen=True, slots=True)
class DistributionOrder:
    """What is to be posted, when and by whom.

    Parameters
    ----------
    bd_fcm : str
    business_date : date
    at : datetime
        With a zone.
    actor, approver : str
        Who differ.
    share : Fraction or None
        Of every allowed claim that is paid once this distribution is made, earlier ones counted;
        1 is the final one, securities with it. None posts corrections alone.
    """

    bd_fcm: str
    business_date: date
    at: datetime
    actor: str
    approver: str
    share: Fraction | None


@dataclass(frozen=True, slots=True)
class _Claim:
    """One claimant before and after."""

    before: int
    allowed: Money
    paid_before: Money
    paid: Money


def run_distribution(
    work: Work, order: DistributionOrder, corrections: Sequence[Correction]
) -> dict[str, Any]:
    """Post corrections, then a distribution; return the report.

    Parameters
    ----------
    work : Work
        Of a copy in a drill. Nothing is committed here.
    order : DistributionOrder
    corrections : sequence of Correction

    Raises
    ------
    RefusedError
        If no default of the BD-FCM was run in these books, maker and checker are one, or naming
        every line of the file that cannot be.
    """
    check_two_people(order.actor, order.approver, Matter.MANUAL_ADJUSTMENT)
    declared, claimants = _declared(work, order)
    banks = banks_of(work)
    entry = DefaultEntry(
        order.bd_fcm, banks[order.bd_fcm], declared.record_id, order.business_date, order.at
    )
    desk = DefaultDesk(work, entry, {}, {})
    number = 2 + len(_earlier(work, declared.record_id))
    written = Written(
        order.business_date, order.at, order.actor, (declared.record_id,), order.approver
    )
    owed_before = {name: cash_of(desk.owed(name)) for name in claimants}
    paid_before = {name: paid_to(work, order.bd_fcm, name) for name in claimants}
    before = held_and_owed(work, [order.bd_fcm])
    post_corrections(desk, corrections, claimants, written)
    paid = _distribute(desk, claimants, order.share, number)
    claims = {
        name: _Claim(owed_before[name], _allowed(desk, name), paid_before[name], paid[name])
        for name in claimants
    }
    _check(desk, claims, corrections)
    refuse_findings(work)
    document = {
        "bd_fcm": order.bd_fcm,
        "as_of": order.business_date.isoformat(),
        "declaration": declared.record_id,
        "number": number,
        "share": "" if order.share is None else str(order.share),
        "corrections": [each.as_document() for each in corrections],
        "claimants": [_claimant(desk, name, claim) for name, claim in claims.items()],
        "paid": str(Money.total(each.paid for each in claims.values())),
        "held_and_owed": {"before": before, "after": held_and_owed(work, [order.bd_fcm])},
    }
    work.records.add(
        written.record(
            f"{declared.record_id}/report/distribution/{number}",
            DEFAULT_REPORT,
            order.bd_fcm,
            {"name": f"distribution/{number}", "document": document},
        )
    )
    return {**document, "digest": digest_of(document)}


def _declared(work: Work, order: DistributionOrder) -> tuple[Record, tuple[str, ...]]:
    """Return the last default that was run in the books, and whose claims it left."""
    found = work.records.select(stream=DEFAULT_DECLARATION, subject=order.bd_fcm)
    for declaration in reversed(found):
        report = work.records.get(f"{declaration.record_id}/report/trustee")
        said = report.content["document"] if report is not None else None
        if isinstance(said, Mapping) and "distributions" in said:
            if order.business_date < declaration.business_date:
                expected = f"{declaration.business_date} or later: the default was declared then"
                raise refused("date", order.business_date, expected, _RULE)
            return declaration, tuple(sorted(said["distributions"]))
    raise refused("bd_fcm", order.bd_fcm, "one whose default was run in these books", _RULE)


def _earlier(work: Work, declaration_id: str) -> list[Record]:
    return [
        each
        for each in work.records.select(stream=DEFAULT_REPORT)
        if each.record_id.startswith(f"{declaration_id}/report/distribution/")
    ]


def _allowed(desk: DefaultDesk, name: str) -> Money:
    """Return the claim that is allowed: the books', or less where the trustee allowed less."""
    owed, paid = cash_of(desk.owed(name)), paid_to(desk.work, desk.entry.bd_fcm, name)
    in_books = Money(max(0, owed)) + paid
    said = [
        each
        for each in desk.work.records.select(stream=DEFAULT_CORRECTION, subject=desk.entry.bd_fcm)
        if each.record_id.startswith(f"{desk.entry.declaration_id}/")
        and each.content["kind"] == CorrectionKind.CLAIM.value
        and each.content["customer"] == name
    ]
    if not said:
        return in_books
    return min(in_books, money_from_decimal(str(said[-1].content["amount"])))


def _distribute(
    desk: DefaultDesk, claimants: Sequence[str], share: Fraction | None, number: int
) -> dict[str, Money]:
    """Pay what lifts every claimant to one share of its claim, as far as the bank's cash goes."""
    nothing = dict.fromkeys(claimants, ZERO)
    if share is None:
        return nothing
    allowed = {name: _allowed(desk, name) for name in claimants}
    prior = {name: paid_to(desk.work, desk.entry.bd_fcm, name) for name in claimants}
    in_bank = Money(max(0, desk.firm_cash(AccountKind.SEGREGATED_BANK, desk.entry.bank)))
    rate = min(share, entitlements(allowed, prior=prior, available=in_bank).rate)
    paid = {
        name: Money(max(0, int(rate * allowed[name].cents) - prior[name].cents))
        for name in claimants
    }
    items: list[DefaultItem] = [
        Distributed(name, CASH, amount.cents, number)
        for name, amount in paid.items()
        if amount > ZERO
    ]
    if share == 1:
        items += [
            Distributed(name, asset, par, number)
            for name in claimants
            for asset, par in securities_of(desk.owed(name)).items()
            if par > 0
        ]
    desk.post(items)
    return paid


def _check(
    desk: DefaultDesk, claims: Mapping[str, _Claim], corrections: Sequence[Correction]
) -> None:
    """Check that each account is what moved it, and nobody is paid more than its claim.

    Raises
    ------
    ArithmeticError
        If it is not: a fault of the run, and nothing of it may be committed.
    """
    moves = frozenset({CorrectionKind.RESULT, CorrectionKind.RETURNED, CorrectionKind.DEBT})
    for name, claim in claims.items():
        corrected = sum(
            each.amount.cents
            for each in corrections
            if each.customer_id == name and each.kind in moves
        )
        left = cash_of(desk.owed(name))
        if left != claim.before + corrected - claim.paid.cents:
            raise ArithmeticError(f"{name} is owed {left}, which nothing explains")
        paid = paid_to(desk.work, desk.entry.bd_fcm, name)
        if paid > claim.allowed and claim.paid > ZERO:
            raise ArithmeticError(f"{name} was paid {paid} of {claim.allowed}")


def _claimant(desk: DefaultDesk, name: str, claim: _Claim) -> dict[str, Any]:
    """Return a claimant's figures, from the ledger as it stands."""
    paid = paid_to(desk.work, desk.entry.bd_fcm, name)
    owed = desk.owed(name)
    own = owed_account(desk.entry.bd_fcm, name).account_id
    return {
        "customer": name,
        "account": own,
        "owed_before": str(Money(claim.before)),
        "paid_before": str(claim.paid_before),
        "claim": str(claim.allowed),
        "paid_now": str(claim.paid),
        "paid_in_all": str(paid),
        "unpaid": str(max(ZERO, claim.allowed - paid)),
        "to_come_back": str(max(ZERO, paid - claim.allowed)),
        "owed_after": str(Money(cash_of(owed))),
        "securities_owed": amounts_text(securities_of(owed)),
    }
