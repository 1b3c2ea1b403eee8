"""Transfers: what moves from one account to another, why, and along which paths it may.

A kind of transfer is a purpose. Which kinds of account it may debit and credit is a closed table
(:data:`MOVEMENTS`): property in the FICC XM Customer Margin Account settles and margins that
BD-FCM's eligible customer positions and goes back, nothing else (CFTC proposed order, (e)(v)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import AccountKind


class TransferKind(StrEnum):
    """Why something moves."""

    __hash__ = str.__hash__  # that of an Enum is written in Python, and looked up in thousands

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    MARGIN_TO_CME = "MARGIN_TO_CME"
    MARGIN_FROM_CME = "MARGIN_FROM_CME"
    MARGIN_TO_FICC = "MARGIN_TO_FICC"
    MARGIN_FROM_FICC = "MARGIN_FROM_FICC"
    CUSTODY_MOVE = "CUSTODY_MOVE"
    CME_SETTLEMENT_VARIATION = "CME_SETTLEMENT_VARIATION"
    FUTURES_FINAL_SETTLEMENT = "FUTURES_FINAL_SETTLEMENT"
    FUTURES_DELIVERY_INVOICE = "FUTURES_DELIVERY_INVOICE"
    FUTURES_DELIVERY_SECURITIES = "FUTURES_DELIVERY_SECURITIES"
    CME_SETTLEMENT_PAYMENT = "CME_SETTLEMENT_PAYMENT"
    FICC_FORWARD_MARK = "FICC_FORWARD_MARK"
    FICC_FORWARD_MARK_RETURN = "FICC_FORWARD_MARK_RETURN"
    FICC_MARK_INTEREST = "FICC_MARK_INTEREST"
    FICC_TRANSACTION_ADJUSTMENT = "FICC_TRANSACTION_ADJUSTMENT"
    FICC_COUPON = "FICC_COUPON"
    FICC_REPO_INTEREST = "FICC_REPO_INTEREST"
    FICC_FAIL_CHARGE = "FICC_FAIL_CHARGE"
    FICC_FUNDS_ONLY_PAYMENT = "FICC_FUNDS_ONLY_PAYMENT"
    INTEREST_TO_CUSTOMER = "INTEREST_TO_CUSTOMER"
    FEE = "FEE"
    RESIDUAL_INTEREST_DEPOSIT = "RESIDUAL_INTEREST_DEPOSIT"
    RESIDUAL_INTEREST_WITHDRAWAL = "RESIDUAL_INTEREST_WITHDRAWAL"
    RESIDUAL_INTEREST_INCOME = "RESIDUAL_INTEREST_INCOME"
    CAPITAL = "CAPITAL"
    # Of what was posted wrongly, by hand
    FEE_ADJUSTMENT = "FEE_ADJUSTMENT"
    INTEREST_ADJUSTMENT = "INTEREST_ADJUSTMENT"
    SETTLEMENT_ADJUSTMENT = "SETTLEMENT_ADJUSTMENT"
    SCM_DEPOSIT = "SCM_DEPOSIT"
    SCM_WITHDRAWAL = "SCM_WITHDRAWAL"
    SCM_TO_FICC = "SCM_TO_FICC"
    SCM_FROM_FICC = "SCM_FROM_FICC"
    NOVATION = "NOVATION"
    SETTLEMENT = "SETTLEMENT"
    FUTURES_TRADE = "FUTURES_TRADE"
    FUTURES_EXPIRY = "FUTURES_EXPIRY"
    FUTURES_INTO_DELIVERY = "FUTURES_INTO_DELIVERY"
    DIRECTED_INTO_XM = "DIRECTED_INTO_XM"
    DIRECTED_OUT_OF_XM = "DIRECTED_OUT_OF_XM"
    # In a declared default alone
    CME_CLOSE_OUT = "CME_CLOSE_OUT"
    FICC_CLOSE_OUT = "FICC_CLOSE_OUT"
    DEFICIT_PAYMENT = "DEFICIT_PAYMENT"
    GUARANTY_PAYMENT = "GUARANTY_PAYMENT"
    PORT_OUT = "PORT_OUT"
    PORT_IN = "PORT_IN"
    DISTRIBUTION = "DISTRIBUTION"
    DISTRIBUTION_RETURN = "DISTRIBUTION_RETURN"


#: Kinds whose cause is the record that declares a default of the BD-FCM whose accounts move.
OF_A_DECLARED_DEFAULT: frozenset[TransferKind] = frozenset(
    {
        TransferKind.CME_CLOSE_OUT,
        TransferKind.FICC_CLOSE_OUT,
        TransferKind.DEFICIT_PAYMENT,
        TransferKind.GUARANTY_PAYMENT,
        TransferKind.PORT_OUT,
        TransferKind.DISTRIBUTION,
        TransferKind.DISTRIBUTION_RETURN,
    }
)
#: Kinds whose cause is a declared default of another BD-FCM: of the one that was ported from.
OF_ANOTHERS_DEFAULT: frozenset[TransferKind] = frozenset({TransferKind.PORT_IN})


_K = AccountKind


def _both_ways(one: AccountKind, other: AccountKind) -> frozenset[tuple[AccountKind, AccountKind]]:
    return frozenset({(one, other), (other, one)})


_CME_CASH = _both_ways(_K.CUSTOMER_FUTURES_ACCOUNT, _K.CME_SETTLEMENT)
# Of XM positions, and of those that are Segregated Customer Margin's: each in its own class.
_FICC_CASH = _both_ways(_K.CUSTOMER_FUTURES_ACCOUNT, _K.FICC_FUNDS_ONLY_SETTLEMENT) | _both_ways(
    _K.CUSTOMER_SECURITIES_ACCOUNT, _K.SCM_FUNDS_ONLY_SETTLEMENT
)
_FICC_PLACES = (_K.FRBNY_SEGREGATED_ACCOUNT, _K.SEGREGATED_BANK_ACCOUNT)
_FICC_POSITIONS = frozenset(
    pair
    for kind in (_K.FICC_XM_POSITION, _K.FICC_REGULAR_POSITION)
    for pair in _both_ways(kind, _K.FICC_NOVATION)
)
_CME_POSITIONS = frozenset(
    pair
    for kind in (_K.CME_XM_POSITION, _K.CME_REGULAR_POSITION)
    for pair in _both_ways(kind, _K.CME_CLEARED_TRADES)
)
_OUT_OF_THE_BD_FCM = frozenset(
    {
        (_K.CUSTOMER_FUTURES_ACCOUNT, _K.CME_CUSTOMER_MARGIN),
        (_K.CUSTOMER_FUTURES_ACCOUNT, _K.FICC_XM_MARGIN),
        (_K.CUSTOMER_FUTURES_ACCOUNT, _K.SEGREGATED_BANK),
        (_K.CME_OWED, _K.CME_CUSTODY),
        *((_K.FICC_OWED_XM, place) for place in _FICC_PLACES),
    }
)
_INTO_THE_BD_FCM = frozenset((credit, debit) for debit, credit in _OUT_OF_THE_BD_FCM)
_AT_CME = _both_ways(_K.CUSTOMER_FUTURES_ACCOUNT, _K.CME_CUSTOMER_MARGIN) | _both_ways(
    _K.CME_OWED, _K.CME_CUSTODY
)
_AT_FICC = _both_ways(_K.CUSTOMER_FUTURES_ACCOUNT, _K.FICC_XM_MARGIN).union(
    *(_both_ways(_K.FICC_OWED_XM, place) for place in _FICC_PLACES)
)
_T = TransferKind
#: Every movement there is: kind of transfer to pairs of (debited, credited) kinds of account.
MOVEMENTS: dict[TransferKind, frozenset[tuple[AccountKind, AccountKind]]] = {
    _T.DEPOSIT: frozenset({(_K.SEGREGATED_BANK, _K.CUSTOMER_FUTURES_ACCOUNT)}),
    _T.WITHDRAWAL: frozenset({(_K.CUSTOMER_FUTURES_ACCOUNT, _K.SEGREGATED_BANK)}),
    _T.MARGIN_TO_CME: frozenset(
        {(_K.CME_CUSTOMER_MARGIN, _K.SEGREGATED_BANK), (_K.CME_CUSTODY, _K.CME_OWED)}
    ),
    _T.MARGIN_FROM_CME: frozenset(
        {(_K.SEGREGATED_BANK, _K.CME_CUSTOMER_MARGIN), (_K.CME_OWED, _K.CME_CUSTODY)}
    ),
    _T.MARGIN_TO_FICC: frozenset(
        {
            (_K.FICC_XM_MARGIN, _K.SEGREGATED_BANK),
            *((place, _K.FICC_OWED_XM) for place in _FICC_PLACES),
        }
    ),
    _T.MARGIN_FROM_FICC: frozenset(
        {
            (_K.SEGREGATED_BANK, _K.FICC_XM_MARGIN),
            *((_K.FICC_OWED_XM, place) for place in _FICC_PLACES),
        }
    ),
    _T.CUSTODY_MOVE: frozenset(
        {
            *((one, other) for one in _FICC_PLACES for other in _FICC_PLACES),
            (_K.SEGREGATED_BANK, _K.SEGREGATED_BANK),
            (_K.SECURITIES_CUSTODY, _K.SECURITIES_CUSTODY),
        }
    ),
    _T.CME_SETTLEMENT_VARIATION: _CME_CASH,
    _T.FUTURES_FINAL_SETTLEMENT: _CME_CASH,
    # A delivery is paid bank to bank against the securities: no settlement with CME, no margin.
    _T.FUTURES_DELIVERY_INVOICE: _both_ways(_K.CUSTOMER_FUTURES_ACCOUNT, _K.SEGREGATED_BANK),
    _T.FUTURES_DELIVERY_SECURITIES: _both_ways(
        _K.CUSTOMER_SECURITIES_ACCOUNT, _K.SECURITIES_CUSTODY
    ),
    _T.CME_SETTLEMENT_PAYMENT: _both_ways(_K.CME_SETTLEMENT, _K.SEGREGATED_BANK),
    _T.FICC_FORWARD_MARK: _FICC_CASH,
    _T.FICC_FORWARD_MARK_RETURN: _FICC_CASH,
    _T.FICC_MARK_INTEREST: _FICC_CASH,
    _T.FICC_TRANSACTION_ADJUSTMENT: _FICC_CASH,
    _T.FICC_COUPON: _FICC_CASH,
    _T.FICC_REPO_INTEREST: _FICC_CASH,
    _T.FICC_FAIL_CHARGE: _FICC_CASH,
    _T.FICC_FUNDS_ONLY_PAYMENT: (
        _both_ways(_K.FICC_FUNDS_ONLY_SETTLEMENT, _K.SEGREGATED_BANK)
        | _both_ways(_K.SCM_FUNDS_ONLY_SETTLEMENT, _K.SECURITIES_CUSTODY)
    ),
    _T.INTEREST_TO_CUSTOMER: frozenset({(_K.RESIDUAL_INTEREST, _K.CUSTOMER_FUTURES_ACCOUNT)}),
    _T.FEE: frozenset({(_K.CUSTOMER_FUTURES_ACCOUNT, _K.RESIDUAL_INTEREST)}),
    _T.RESIDUAL_INTEREST_DEPOSIT: frozenset(
        {(_K.SEGREGATED_BANK, _K.RESIDUAL_INTEREST), (_K.HOUSE_RESIDUAL_INTEREST, _K.HOUSE_BANK)}
    ),
    _T.RESIDUAL_INTEREST_WITHDRAWAL: frozenset(
        {(_K.RESIDUAL_INTEREST, _K.SEGREGATED_BANK), (_K.HOUSE_BANK, _K.HOUSE_RESIDUAL_INTEREST)}
    ),
    _T.FEE_ADJUSTMENT: _both_ways(_K.CUSTOMER_FUTURES_ACCOUNT, _K.RESIDUAL_INTEREST),
    _T.INTEREST_ADJUSTMENT: _both_ways(_K.CUSTOMER_FUTURES_ACCOUNT, _K.RESIDUAL_INTEREST),
    _T.SETTLEMENT_ADJUSTMENT: _CME_CASH | _FICC_CASH,
    # The house's side of fees and interest: its interest in segregation against its equity.
    _T.RESIDUAL_INTEREST_INCOME: _both_ways(_K.HOUSE_RESIDUAL_INTEREST, _K.HOUSE_EQUITY),
    _T.CAPITAL: _both_ways(_K.HOUSE_BANK, _K.HOUSE_EQUITY),
    _T.SCM_DEPOSIT: frozenset({(_K.SECURITIES_CUSTODY, _K.CUSTOMER_SECURITIES_ACCOUNT)}),
    _T.SCM_WITHDRAWAL: frozenset({(_K.CUSTOMER_SECURITIES_ACCOUNT, _K.SECURITIES_CUSTODY)}),
    _T.SCM_TO_FICC: frozenset(
        {
            (_K.FICC_SCM_MARGIN, _K.SECURITIES_CUSTODY),
            (_K.FRBNY_SEGREGATED_ACCOUNT, _K.FICC_OWED_SCM),
        }
    ),
    _T.SCM_FROM_FICC: frozenset(
        {
            (_K.SECURITIES_CUSTODY, _K.FICC_SCM_MARGIN),
            (_K.FICC_OWED_SCM, _K.FRBNY_SEGREGATED_ACCOUNT),
        }
    ),
    _T.NOVATION: _FICC_POSITIONS,
    _T.SETTLEMENT: _FICC_POSITIONS,
    _T.FUTURES_TRADE: _CME_POSITIONS,
    _T.FUTURES_EXPIRY: _CME_POSITIONS,
    _T.FUTURES_INTO_DELIVERY: _CME_POSITIONS,
    _T.DIRECTED_INTO_XM: _both_ways(_K.CME_REGULAR_POSITION, _K.CME_XM_POSITION),
    _T.DIRECTED_OUT_OF_XM: _both_ways(_K.CME_REGULAR_POSITION, _K.CME_XM_POSITION),
    # Margin where it lies meets the result there, securities sold into cash on the way.
    _T.CME_CLOSE_OUT: _AT_CME | _CME_POSITIONS,
    _T.FICC_CLOSE_OUT: _AT_FICC | _FICC_POSITIONS,
    _T.DEFICIT_PAYMENT: frozenset({(_K.CUSTOMER_FUTURES_ACCOUNT, _K.SEGREGATED_BANK)}),
    # One customer's property at FICC, for that customer's debt at CME, never another's (CP-16).
    _T.GUARANTY_PAYMENT: frozenset(
        {
            (_K.CME_CUSTOMER_MARGIN, _K.FICC_XM_MARGIN),
            (_K.CME_CUSTODY, _K.CME_OWED),
            *((_K.FICC_OWED_XM, place) for place in _FICC_PLACES),
        }
    ),
    _T.PORT_OUT: _OUT_OF_THE_BD_FCM | _CME_POSITIONS | _FICC_POSITIONS,
    _T.PORT_IN: _INTO_THE_BD_FCM | _CME_POSITIONS | _FICC_POSITIONS,
    _T.DISTRIBUTION: frozenset({(_K.CUSTOMER_FUTURES_ACCOUNT, _K.SEGREGATED_BANK)}),
    _T.DISTRIBUTION_RETURN: frozenset({(_K.SEGREGATED_BANK, _K.CUSTOMER_FUTURES_ACCOUNT)}),
}


class TransferState(StrEnum):
    """What a transfer does: move at once, wait, or settle a transfer that waits."""

    __hash__ = str.__hash__  # as of the kind

    POSTED = "POSTED"
    PENDING = "PENDING"
    POSTS_PENDING = "POSTS_PENDING"
    VOIDS_PENDING = "VOIDS_PENDING"


#: States of transfers that have moved what they say: posted balances hold it.
MOVED: frozenset[TransferState] = frozenset({TransferState.POSTED, TransferState.POSTS_PENDING})


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement; never changed once posted.

    Parameters
    ----------
    transfer_id : str
        Chosen by the caller: posting it again answers that it exists.
    group_id : str
        Transfers of one group are posted together or not at all.
    kind : TransferKind
    debit_account_id, credit_account_id : str
        As :attr:`crossmargin.ledger.chart.Account.account_id`.
    asset : Asset
    amount : int
        Whole units of the asset, above 0.
    business_date : date
        The day it belongs to.
    at : datetime
        The instant of the business clock, with a zone.
    cause_id : str
        The record or transfer it follows from.
    state : TransferState
    pending_id : str
        The pending transfer that it posts or voids; empty otherwise.

    Raises
    ------
    TypeError
        If the amount is not a whole number.
    ValueError
        If the instant has no zone, an id holds a NUL, or ``pending_id`` does not fit the state.
    """

    transfer_id: str
    group_id: str
    kind: TransferKind
    debit_account_id: str
    credit_account_id: str
    asset: Asset
    amount: int
    business_date: date
    at: datetime
    cause_id: str
    state: TransferState = TransferState.POSTED
    pending_id: str = ""

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"an amount is a whole number, was {self.amount!r}")
        if self.at.tzinfo is None:
            raise ValueError(f"the instant of a transfer has a zone, was {self.at!r}")
        if "\0" in self.transfer_id + self.group_id + self.cause_id:
            raise ValueError(f"ids hold no NUL, was {self.transfer_id!r}")
        settles = self.state in {TransferState.POSTS_PENDING, TransferState.VOIDS_PENDING}
        if bool(self.pending_id) is not settles:
            raise ValueError(f"a pending transfer is named where one is settled, was {self!r}")
