"""Checks on reading: the ledger again from its transfers, on another path than the judgement.

Each check is a fold over accounts, transfers and balances as they stand, and names every account
and asset that does not hold. Nothing found means that all of them hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crossmargin.ledger.assets import Asset, AssetKind
from crossmargin.ledger.chart import Account, AccountKind, Side
from crossmargin.ledger.cover_checks import counters_of, residual_interest_findings
from crossmargin.ledger.custody import CustodyFact
from crossmargin.ledger.declaration import Declared
from crossmargin.ledger.findings import Check, Finding
from crossmargin.ledger.liens import Lien
from crossmargin.ledger.paths import Opening
from crossmargin.ledger.place_checks import custody_findings, lien_findings
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import MOVED, MOVEMENTS, Transfer

__all__ = ["Check", "Finding", "LedgerImage", "counters_of", "verify"]
_K = AccountKind


@dataclass(frozen=True, slots=True)
class LedgerImage:
    """A ledger as it was read.

    Parameters
    ----------
    accounts : tuple of Account
    transfers : tuple of Transfer
    balances : mapping of (account id, Asset) to Balance
        As the store keeps them.
    facts : tuple of CustodyFact
    liens : tuple of Lien, optional
        The register; None where none was read, and then nothing is said of liens.
    openings : tuple of Opening
        The dates of accounts; of one that is not among them no date is checked.
    declared : mapping of record id to Declared, optional
        Every default that was declared.
    """

    accounts: tuple[Account, ...]
    transfers: tuple[Transfer, ...]
    balances: Mapping[tuple[str, Asset], Balance]
    facts: tuple[CustodyFact, ...] = ()
    liens: tuple[Lien, ...] | None = None
    openings: tuple[Opening, ...] = ()
    declared: Mapping[str, Declared] = field(default_factory=dict)


def verify(image: LedgerImage) -> tuple[Finding, ...]:
    """Return everything that does not hold; nothing if all does."""
    net = _net_of(image.transfers)
    return (
        *_debits_equal_credits(image, net),
        *_balances(image),
        *_paths(image),
        *_dates(image),
        *_declarations(image),
        *_normal_sides(net),
        *_claims(net),
        *_securities(net),
        *residual_interest_findings(image.transfers),
        *_places(net),
        *custody_findings(image.transfers, image.facts),
        *(() if image.liens is None else lien_findings(image.transfers, image.liens)),
    )


Net = Mapping[tuple[str, Asset], int]


def _net_of(transfers: Iterable[Transfer]) -> dict[tuple[str, Asset], int]:
    """Return posted debits less credits by account and asset."""
    net: dict[tuple[str, Asset], int] = defaultdict(int)
    for each in transfers:
        if each.state in MOVED:
            net[each.debit_account_id, each.asset] += each.amount
            net[each.credit_account_id, each.asset] -= each.amount
    return dict(net)


def _debits_equal_credits(image: LedgerImage, net: Net) -> Iterator[Finding]:
    sums: dict[tuple[str, str, Asset], int] = defaultdict(int)
    for (account_id, asset), balance in image.balances.items():
        account = Account.parsed(account_id)
        key = (account.terms.holder.value, account.segregation_class.value, asset)
        sums[key] += balance.posted_debit
    for (holder, segregation_class, asset), total in sorted(sums.items()):
        if total:
            where = f"{holder}/{segregation_class}"
            yield Finding(Check.DEBITS_EQUAL_CREDITS, where, str(asset), str(total), "0")


def _balances(image: LedgerImage) -> Iterator[Finding]:
    counted = counters_of(image.transfers)
    for key in sorted({*counted, *image.balances}):
        derived, kept = counted.get(key, Balance()), image.balances.get(key, Balance())
        if derived != kept:
            account_id, asset = key
            yield Finding(
                Check.BALANCE_IS_SUM_OF_TRANSFERS, account_id, str(asset), str(kept), str(derived)
            )


def _paths(image: LedgerImage) -> Iterator[Finding]:
    known = {account.account_id: account for account in image.accounts}
    for each in image.transfers:
        debit, credit = known.get(each.debit_account_id), known.get(each.credit_account_id)
        if debit is None or credit is None:
            yield Finding(Check.ACCOUNT_IS_OPEN, each.transfer_id, "", "no", "both accounts open")
            continue
        if (debit.kind, credit.kind) not in MOVEMENTS[each.kind]:
            path = f"{debit.kind.value} from {credit.kind.value}"
            yield Finding(Check.MOVEMENT_IS_PERMITTED, each.transfer_id, "", path, each.kind.value)
        same = (
            debit.segregation_class is credit.segregation_class
            and debit.terms.holder is credit.terms.holder
            and len({debit.bd_fcm, credit.bd_fcm} - {""}) <= 1
            and len({debit.customer_id, credit.customer_id} - {""}) <= 1
        )
        if not same:
            where = f"{debit.account_id} and {credit.account_id}"
            yield Finding(
                Check.SEGREGATION_IS_KEPT, each.transfer_id, "", where, "one class and customer"
            )


def _dates(image: LedgerImage) -> Iterator[Finding]:
    """Find what moved on a day on which one of its accounts was not open yet, or closed."""
    dates = {each.account.account_id: each for each in image.openings}
    for each in image.transfers:
        for account_id in (each.debit_account_id, each.credit_account_id):
            opening = dates.get(account_id)
            if opening is None:
                continue
            is_open = opening.opened <= each.business_date and (
                opening.closed is None or each.business_date < opening.closed
            )
            if not is_open:
                until = "" if opening.closed is None else f", closed from {opening.closed}"
                yield Finding(
                    Check.ACCOUNT_IS_OPEN,
                    each.transfer_id,
                    "",
                    f"{account_id} on {each.business_date}",
                    f"open from {opening.opened}{until}",
                )


#: Kinds that a declared default alone allows, written a second time.
_IN_A_DEFAULT = frozenset(
    {
        *("CME_CLOSE_OUT", "FICC_CLOSE_OUT", "DEFICIT_PAYMENT", "GUARANTY_PAYMENT"),
        *("PORT_OUT", "DISTRIBUTION", "DISTRIBUTION_RETURN"),
    }
)


def _declarations(image: LedgerImage) -> Iterator[Finding]:
    """Check that what a default alone allows follows from the declaration of the right one."""
    for each in image.transfers:
        is_own, is_other = each.kind.value in _IN_A_DEFAULT, each.kind.value == "PORT_IN"
        if not (is_own or is_other):
            continue
        found = image.declared.get(each.cause_id)
        named = {each.debit_account_id.split("/")[2], each.credit_account_id.split("/")[2]}
        if (
            found is None
            or found.first > each.business_date
            or (found.bd_fcm in named) is not is_own
        ):
            yield Finding(
                Check.DEFAULT_IS_DECLARED, each.transfer_id, "", each.cause_id, "its declaration"
            )


def _normal_sides(net: Net) -> Iterator[Finding]:
    for (account_id, asset), debit in sorted(net.items()):
        account = Account.parsed(account_id)
        side = account.terms.normal
        is_customers = account.kind in {
            _K.CUSTOMER_FUTURES_ACCOUNT,
            _K.CUSTOMER_SECURITIES_ACCOUNT,
        }
        if is_customers and asset.kind is AssetKind.SECURITY:
            side = Side.CREDIT
        if (side is Side.DEBIT and debit < 0) or (side is Side.CREDIT and debit > 0):
            yield Finding(Check.NORMAL_SIDE, account_id, str(asset), str(debit), side.value)


_PAIRS = (
    (_K.FICC_XM_MARGIN, _K.FICC_OWED_XM),
    (_K.FICC_SCM_MARGIN, _K.FICC_OWED_SCM),
    (_K.CME_CUSTOMER_MARGIN, _K.CME_OWED),
    (_K.HOUSE_RESIDUAL_INTEREST, _K.RESIDUAL_INTEREST),
)


def _claims(net: Net) -> Iterator[Finding]:
    for claim, debt in _PAIRS:
        claimed, owed = _by_owner(net, (claim,)), _by_owner(net, (debt,))
        for key in sorted({*claimed, *owed}):
            if claimed.get(key, 0) != -owed.get(key, 0):
                bd_fcm, customer_id, asset = key
                yield Finding(
                    Check.CLAIM_EQUALS_DEBT,
                    f"{claim.value} of {bd_fcm} {customer_id}".strip(),
                    str(asset),
                    str(claimed.get(key, 0)),
                    str(-owed.get(key, 0)),
                )


_CLAIMS = (
    (_K.CUSTOMER_FUTURES_ACCOUNT, (_K.FICC_XM_MARGIN, _K.CME_CUSTOMER_MARGIN)),
    (_K.CUSTOMER_SECURITIES_ACCOUNT, (_K.FICC_SCM_MARGIN,)),
)


def _securities(net: Net) -> Iterator[Finding]:
    """Check that claims in securities are the customers' own, in each class by itself."""
    for account, claims in _CLAIMS:
        yield from _covered(_by_owner(net, (account,)), _by_owner(net, claims))


def _covered(
    owed: dict[tuple[str, str, Asset], int], claims: dict[tuple[str, str, Asset], int]
) -> Iterator[Finding]:
    for key in sorted(claims):
        bd_fcm, customer_id, asset = key
        own = max(0, -owed.get(key, 0))
        if asset.kind is AssetKind.SECURITY and claims[key] > own:
            yield Finding(
                Check.SECURITIES_ARE_THE_CUSTOMERS,
                f"{bd_fcm}/{customer_id}",
                str(asset),
                str(claims[key]),
                f"at most {own}",
            )


def _places(net: Net) -> Iterator[Finding]:
    """Check that clearing organizations hold what they owe, asset by asset."""
    for places, debts in (
        (
            (_K.FRBNY_SEGREGATED_ACCOUNT, _K.SEGREGATED_BANK_ACCOUNT),
            (_K.FICC_OWED_XM, _K.FICC_OWED_SCM),
        ),
        ((_K.CME_CUSTODY,), (_K.CME_OWED,)),
    ):
        held, owed = _by_asset(net, places), _by_asset(net, debts)
        for asset in sorted({*held, *owed}):
            if held.get(asset, 0) < -owed.get(asset, 0):
                yield Finding(
                    Check.HELD_COVERS_OWED,
                    " and ".join(kind.value for kind in places),
                    str(asset),
                    str(held.get(asset, 0)),
                    f"at least {-owed.get(asset, 0)}",
                )


def _by_owner(net: Net, kinds: Sequence[AccountKind]) -> dict[tuple[str, str, Asset], int]:
    found: dict[tuple[str, str, Asset], int] = defaultdict(int)
    for (account_id, asset), debit in net.items():
        account = Account.parsed(account_id)
        if account.kind in kinds:
            found[account.bd_fcm, account.customer_id, asset] += debit
    return dict(found)


def _by_asset(net: Net, kinds: Sequence[AccountKind]) -> dict[Asset, int]:
    found: dict[Asset, int] = defaultdict(int)
    for (account_id, asset), debit in net.items():
        if Account.parsed(account_id).kind in kinds:
            found[asset] += debit
    return dict(found)
