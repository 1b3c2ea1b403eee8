"""The chart of accounts: every kind of account, whose book it is in, and what it may carry.

Follows the accounts of the CFTC proposed order, 90 FR 58525, sections III.A and VIII(d), and the
lines of the segregation statement. ``FICC_XM_MARGIN`` is what the BD-FCM claims, ``FICC_OWED_XM``
what FICC owes: the FICC XM Customer Margin Account seen from both ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.ledger.assets import AssetKind


class SegregationClass(StrEnum):
    """The regime that protects what an account holds."""

    __hash__ = str.__hash__  # that of an Enum is written in Python, and looked up in thousands

    FUTURES = "FUTURES"  # CEA 4d(a): futures customers, those of the arrangement among them
    SECURITIES = "SECURITIES"  # Rule 15c3-3: Segregated Customer Margin
    PROPRIETARY = "PROPRIETARY"  # the firm's own


class Holder(StrEnum):
    """Whose book an account is in."""

    BD_FCM = "BD_FCM"
    FICC = "FICC"
    CME = "CME"


class Side(StrEnum):
    """On which side a balance is normal; EITHER where both are."""

    DEBIT = "DEBIT"
    CREDIT = "CREDIT"
    EITHER = "EITHER"


class AccountKind(StrEnum):
    """Every kind of account."""

    __hash__ = str.__hash__  # that of an Enum is written in Python, and looked up in thousands

    # The BD-FCM's book, futures customers
    CUSTOMER_FUTURES_ACCOUNT = "CUSTOMER_FUTURES_ACCOUNT"
    SEGREGATED_BANK = "SEGREGATED_BANK"
    CME_CUSTOMER_MARGIN = "CME_CUSTOMER_MARGIN"
    FICC_XM_MARGIN = "FICC_XM_MARGIN"
    CME_SETTLEMENT = "CME_SETTLEMENT"
    FICC_FUNDS_ONLY_SETTLEMENT = "FICC_FUNDS_ONLY_SETTLEMENT"
    RESIDUAL_INTEREST = "RESIDUAL_INTEREST"
    # The BD-FCM's book, securities customers
    CUSTOMER_SECURITIES_ACCOUNT = "CUSTOMER_SECURITIES_ACCOUNT"
    SECURITIES_CUSTODY = "SECURITIES_CUSTODY"
    FICC_SCM_MARGIN = "FICC_SCM_MARGIN"
    SCM_FUNDS_ONLY_SETTLEMENT = "SCM_FUNDS_ONLY_SETTLEMENT"
    # The BD-FCM's book, its own
    HOUSE_BANK = "HOUSE_BANK"
    HOUSE_RESIDUAL_INTEREST = "HOUSE_RESIDUAL_INTEREST"
    HOUSE_EQUITY = "HOUSE_EQUITY"
    HOUSE_SCM_PREFUNDING = "HOUSE_SCM_PREFUNDING"
    # FICC's book
    FICC_OWED_XM = "FICC_OWED_XM"
    FICC_OWED_SCM = "FICC_OWED_SCM"
    FICC_OWED_SCM_PREFUNDING = "FICC_OWED_SCM_PREFUNDING"
    FRBNY_SEGREGATED_ACCOUNT = "FRBNY_SEGREGATED_ACCOUNT"
    SEGREGATED_BANK_ACCOUNT = "SEGREGATED_BANK_ACCOUNT"
    FICC_XM_POSITION = "FICC_XM_POSITION"
    FICC_REGULAR_POSITION = "FICC_REGULAR_POSITION"
    FICC_NOVATION = "FICC_NOVATION"
    # CME's book
    CME_OWED = "CME_OWED"
    CME_CUSTODY = "CME_CUSTODY"
    CME_XM_POSITION = "CME_XM_POSITION"
    CME_REGULAR_POSITION = "CME_REGULAR_POSITION"
    CME_CLEARED_TRADES = "CME_CLEARED_TRADES"


_PROPERTY = frozenset({AssetKind.CASH, AssetKind.SECURITY})
_CASH_ONLY = frozenset({AssetKind.CASH})
_SECURITY_POSITIONS = frozenset({AssetKind.SECURITY_POSITION})
_FUTURES_POSITIONS = frozenset({AssetKind.FUTURES_POSITION})


@dataclass(frozen=True, slots=True)
class KindTerms:
    """What a kind of account is.

    Parameters
    ----------
    holder : Holder
    classes : frozenset of SegregationClass
        One, or two where one account is kept in both, each part by itself.
    normal : Side
        The side its balance must stay on: an account of property never holds less than nothing.
    is_customers : bool
        Whether each belongs to one customer.
    is_kept_elsewhere : bool
        Whether it names the custodian that keeps it, with facts and documents.
    assets : frozenset of AssetKind
    """

    holder: Holder
    classes: frozenset[SegregationClass]
    normal: Side
    is_customers: bool = False
    is_kept_elsewhere: bool = False
    assets: frozenset[AssetKind] = _PROPERTY


def _terms(  # one line a row of the chart
    holder: Holder,
    classes: tuple[SegregationClass, ...],
    normal: Side,
    *,
    customers: bool = False,
    custody: bool = False,
    assets: frozenset[AssetKind] = _PROPERTY,
) -> KindTerms:
    return KindTerms(holder, frozenset(classes), normal, customers, custody, assets)


_F, _S, _P = SegregationClass.FUTURES, SegregationClass.SECURITIES, SegregationClass.PROPRIETARY
_K = AccountKind
#: The chart, by kind. A customer's cash may be owed by the customer (EITHER), a security never is:
#: the judgement says so.
CHART: Mapping[AccountKind, KindTerms] = {
    _K.CUSTOMER_FUTURES_ACCOUNT: _terms(Holder.BD_FCM, (_F,), Side.EITHER, customers=True),
    _K.SEGREGATED_BANK: _terms(Holder.BD_FCM, (_F,), Side.DEBIT, custody=True),
    _K.CME_CUSTOMER_MARGIN: _terms(Holder.BD_FCM, (_F,), Side.DEBIT, customers=True),
    _K.FICC_XM_MARGIN: _terms(Holder.BD_FCM, (_F,), Side.DEBIT, customers=True),
    _K.CME_SETTLEMENT: _terms(Holder.BD_FCM, (_F,), Side.EITHER, assets=_CASH_ONLY),
    _K.FICC_FUNDS_ONLY_SETTLEMENT: _terms(Holder.BD_FCM, (_F,), Side.EITHER, assets=_CASH_ONLY),
    _K.RESIDUAL_INTEREST: _terms(Holder.BD_FCM, (_F,), Side.CREDIT),
    _K.CUSTOMER_SECURITIES_ACCOUNT: _terms(Holder.BD_FCM, (_S,), Side.EITHER, customers=True),
    _K.SECURITIES_CUSTODY: _terms(Holder.BD_FCM, (_S,), Side.DEBIT, custody=True),
    _K.FICC_SCM_MARGIN: _terms(Holder.BD_FCM, (_S,), Side.DEBIT, customers=True),
    _K.SCM_FUNDS_ONLY_SETTLEMENT: _terms(Holder.BD_FCM, (_S,), Side.EITHER, assets=_CASH_ONLY),
    _K.HOUSE_BANK: _terms(Holder.BD_FCM, (_P,), Side.DEBIT),
    _K.HOUSE_RESIDUAL_INTEREST: _terms(Holder.BD_FCM, (_P,), Side.DEBIT),
    _K.HOUSE_EQUITY: _terms(Holder.BD_FCM, (_P,), Side.EITHER),
    # The firm's own cash at FICC in one customer's place, kept apart from what is the customer's.
    _K.HOUSE_SCM_PREFUNDING: _terms(
        Holder.BD_FCM, (_P,), Side.DEBIT, customers=True, assets=_CASH_ONLY
    ),
    _K.FICC_OWED_SCM_PREFUNDING: _terms(
        Holder.FICC, (_S,), Side.CREDIT, customers=True, assets=_CASH_ONLY
    ),
    _K.FICC_OWED_XM: _terms(Holder.FICC, (_F,), Side.CREDIT, customers=True),
    _K.FICC_OWED_SCM: _terms(Holder.FICC, (_S,), Side.CREDIT, customers=True),
    _K.FRBNY_SEGREGATED_ACCOUNT: _terms(Holder.FICC, (_F, _S), Side.DEBIT, custody=True),
    _K.SEGREGATED_BANK_ACCOUNT: _terms(Holder.FICC, (_F,), Side.DEBIT, custody=True),
    _K.FICC_XM_POSITION: _terms(
        Holder.FICC, (_F,), Side.EITHER, customers=True, assets=_SECURITY_POSITIONS
    ),
    _K.FICC_REGULAR_POSITION: _terms(
        Holder.FICC, (_S,), Side.EITHER, customers=True, assets=_SECURITY_POSITIONS
    ),
    _K.FICC_NOVATION: _terms(Holder.FICC, (_F, _S), Side.EITHER, assets=_SECURITY_POSITIONS),
    _K.CME_OWED: _terms(Holder.CME, (_F,), Side.CREDIT, customers=True),
    _K.CME_CUSTODY: _terms(Holder.CME, (_F,), Side.DEBIT),
    _K.CME_XM_POSITION: _terms(
        Holder.CME, (_F,), Side.EITHER, customers=True, assets=_FUTURES_POSITIONS
    ),
    _K.CME_REGULAR_POSITION: _terms(
        Holder.CME, (_F,), Side.EITHER, customers=True, assets=_FUTURES_POSITIONS
    ),
    _K.CME_CLEARED_TRADES: _terms(Holder.CME, (_F,), Side.EITHER, assets=_FUTURES_POSITIONS),
}


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """One account. Two accounts of equal fields are the same account.

    Parameters
    ----------
    kind : AccountKind
    segregation_class : SegregationClass
    bd_fcm : str
        The BD-FCM whose book it is in, or in whose name the clearing organization keeps it; empty
        for an account of a clearing organization that serves all of them.
    customer_id : str
        Empty unless the kind belongs to one customer.
    custodian : str
        The place that keeps it, such as ``FRBNY``; empty unless the kind is kept elsewhere.

    Raises
    ------
    ValueError
        If a field does not fit the chart, or holds a slash.

    Examples
    --------
    >>> Account(
    ...     AccountKind.FICC_OWED_XM, SegregationClass.FUTURES, "FCM-1", "FUND-1"
    ... ).account_id
    'FICC_OWED_XM/FUTURES/FCM-1/FUND-1/'
    """

    kind: AccountKind
    segregation_class: SegregationClass
    bd_fcm: str
    customer_id: str = ""
    custodian: str = ""

    def __post_init__(self) -> None:
        terms = CHART[self.kind]
        if self.segregation_class not in terms.classes:
            raise ValueError(f"{self.kind} is kept in {terms.classes}, was {self}")
        if bool(self.customer_id) is not terms.is_customers:
            raise ValueError(f"{self.kind} belongs to a customer: {terms.is_customers}, was {self}")
        if bool(self.custodian) is not terms.is_kept_elsewhere:
            raise ValueError(f"{self.kind} has a custodian: {terms.is_kept_elsewhere}, was {self}")
        if (terms.holder is Holder.BD_FCM or terms.is_customers) and not self.bd_fcm:
            raise ValueError(f"{self.kind} is in the book of a BD-FCM, was {self}")
        if any("/" in part for part in (self.bd_fcm, self.customer_id, self.custodian)):
            raise ValueError(f"names hold no slash, was {self}")

    @property
    def terms(self) -> KindTerms:
        """What its kind is."""
        return CHART[self.kind]

    @property
    def account_id(self) -> str:
        """The id, made of the fields."""
        return "/".join(
            (
                self.kind.value,
                self.segregation_class.value,
                self.bd_fcm,
                self.customer_id,
                self.custodian,
            )
        )

    @staticmethod
    def parsed(account_id: str) -> Account:
        """Return the account that an id names.

        Raises
        ------
        ValueError
            If it names none.
        """
        kind, segregation_class, *names = account_id.split("/")
        return Account(AccountKind(kind), SegregationClass(segregation_class), *names)
