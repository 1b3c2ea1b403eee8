"""Which account is whose: the accounts of the chart by customer, BD-FCM and place."""

from __future__ import annotations

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.ledger.assets import Asset, futures_position, security_position
from crossmargin.ledger.chart import CHART, AccountKind, SegregationClass
from crossmargin.ledger.chart import Account as LedgerAccount
from crossmargin.product.position import Account, ClearingOrganization

_F, _S, _P = SegregationClass.FUTURES, SegregationClass.SECURITIES, SegregationClass.PROPRIETARY
FRBNY = "FRBNY"

#: A customer's accounts in the futures class, in the order in which they are opened.
CUSTOMER_KINDS = (
    AccountKind.CUSTOMER_FUTURES_ACCOUNT,
    AccountKind.CME_CUSTOMER_MARGIN,
    AccountKind.CME_OWED,
    AccountKind.FICC_XM_MARGIN,
    AccountKind.FICC_OWED_XM,
    AccountKind.FICC_XM_POSITION,
    AccountKind.CME_XM_POSITION,
    AccountKind.CME_REGULAR_POSITION,
)
#: Those for what a customer has at FICC outside the arrangement.
SECURITIES_KINDS = (
    AccountKind.CUSTOMER_SECURITIES_ACCOUNT,
    AccountKind.FICC_SCM_MARGIN,
    AccountKind.FICC_OWED_SCM,
    AccountKind.FICC_REGULAR_POSITION,
)
#: Those for the BD-FCM's own cash at FICC in a customer's place: opened with the first of it.
PREFUNDING_KINDS = (
    AccountKind.HOUSE_SCM_PREFUNDING,
    AccountKind.FICC_OWED_SCM_PREFUNDING,
)


def of_customer(kind: AccountKind, customer: CustomerKey) -> LedgerAccount:
    """Return a customer's account of a kind."""
    (segregation_class,) = CHART[kind].classes
    return LedgerAccount(kind, segregation_class, customer.bd_fcm, customer.customer_id)


def of_bd_fcm(kind: AccountKind, bd_fcm: str, custodian: str = "") -> LedgerAccount:
    """Return a BD-FCM's account of a kind that belongs to no customer."""
    classes = {
        AccountKind.SECURITIES_CUSTODY: _S,
        AccountKind.SCM_FUNDS_ONLY_SETTLEMENT: _S,
        AccountKind.HOUSE_BANK: _P,
        AccountKind.HOUSE_EQUITY: _P,
        AccountKind.HOUSE_RESIDUAL_INTEREST: _P,
    }
    return LedgerAccount(kind, classes.get(kind, _F), bd_fcm, custodian=custodian)


def ficc_custody(place: str, segregation_class: SegregationClass = _F) -> LedgerAccount:
    """Return FICC's account at the Federal Reserve Bank of New York, or at a bank."""
    kind = (
        AccountKind.FRBNY_SEGREGATED_ACCOUNT
        if place == FRBNY
        else AccountKind.SEGREGATED_BANK_ACCOUNT
    )
    return LedgerAccount(kind, segregation_class, "", custodian=place)


def cme_custody() -> LedgerAccount:
    """Return where CME holds customers' margin."""
    return LedgerAccount(AccountKind.CME_CUSTODY, _F, "")


def position_account(
    customer: CustomerKey, side: ClearingOrganization, account: Account
) -> LedgerAccount:
    """Return the account that carries a customer's positions at one clearing organization."""
    kinds = {
        (ClearingOrganization.FICC, Account.XM): AccountKind.FICC_XM_POSITION,
        (ClearingOrganization.FICC, Account.REGULAR): AccountKind.FICC_REGULAR_POSITION,
        (ClearingOrganization.CME, Account.XM): AccountKind.CME_XM_POSITION,
        (ClearingOrganization.CME, Account.REGULAR): AccountKind.CME_REGULAR_POSITION,
    }
    return of_customer(kinds[side, account], customer)


def other_side_of_positions(account: LedgerAccount) -> LedgerAccount:
    """Return the account against which a position is taken in and leaves."""
    kind = (
        AccountKind.FICC_NOVATION
        if account.kind in {AccountKind.FICC_XM_POSITION, AccountKind.FICC_REGULAR_POSITION}
        else AccountKind.CME_CLEARED_TRADES
    )
    return LedgerAccount(kind, account.segregation_class, "")


def position_asset(side: ClearingOrganization, instrument: str) -> Asset:
    """Return the asset that a position in an instrument is counted in."""
    if side is ClearingOrganization.FICC:
        return security_position(instrument)
    return futures_position(instrument)
