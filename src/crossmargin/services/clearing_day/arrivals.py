"""Files of the clearing day, as values: what kinds there are, and what a row of each says.

A file is taken in whole or refused whole; its rows keep their lines, so that whatever follows from
one is traced to a file, a line and a digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal
from crossmargin.collateral.deadline import DOLLARS
from crossmargin.product.position import PositionLine
from crossmargin.services.books.approvals import Matter, check_two_people


class FileKind(StrEnum):
    """What a file of the day brings; the word in its name."""

    NOVATIONS = "novations"
    TRADES = "trades"
    TENDERS = "tenders"
    INSTRUCTIONS = "instructions"
    PAYMENTS = "payments"
    FICC_POSITIONS = "ficc-positions"
    CME_POSITIONS = "cme-positions"
    CUSTODIAN = "custodian"


class Action(StrEnum):
    """What an instruction asks for."""

    WITHDRAW = "WITHDRAW"
    DIRECT_INTO_XM = "DIRECT_INTO_XM"
    DIRECT_OUT_OF_XM = "DIRECT_OUT_OF_XM"
    TO_SECURITIES_ACCOUNT = "TO_SECURITIES_ACCOUNT"
    FROM_SECURITIES_ACCOUNT = "FROM_SECURITIES_ACCOUNT"
    WITHDRAW_FROM_SECURITIES_ACCOUNT = "WITHDRAW_FROM_SECURITIES_ACCOUNT"
    TENDER = "TENDER"
    FAIL = "FAIL"
    DISPUTE = "DISPUTE"
    RESOLVE_DISPUTE = "RESOLVE_DISPUTE"
    LEAVE = "LEAVE"
    RESIDUAL_INTEREST_DEPOSIT = "RESIDUAL_INTEREST_DEPOSIT"
    RESIDUAL_INTEREST_WITHDRAWAL = "RESIDUAL_INTEREST_WITHDRAWAL"


#: What each instruction is to maker and checker.
MATTERS: Mapping[Action, Matter] = {
    Action.WITHDRAW: Matter.WITHDRAWAL,
    Action.DIRECT_INTO_XM: Matter.POSITION,
    Action.DIRECT_OUT_OF_XM: Matter.POSITION,
    Action.TO_SECURITIES_ACCOUNT: Matter.WITHDRAWAL,
    Action.FROM_SECURITIES_ACCOUNT: Matter.WITHDRAWAL,
    Action.WITHDRAW_FROM_SECURITIES_ACCOUNT: Matter.WITHDRAWAL,
    Action.TENDER: Matter.POSITION,
    Action.FAIL: Matter.POSITION,
    Action.DISPUTE: Matter.POSITION,
    Action.RESOLVE_DISPUTE: Matter.MANUAL_ADJUSTMENT,
    Action.LEAVE: Matter.PARTICIPATION,
    Action.RESIDUAL_INTEREST_DEPOSIT: Matter.WIRE,
    Action.RESIDUAL_INTEREST_WITHDRAWAL: Matter.WIRE,
}


class Direction(StrEnum):
    """Which way a payment went, seen from the BD-FCM."""

    IN = "IN"
    OUT = "OUT"


class AccountScope(StrEnum):
    """For whose margin FICC's account at a custodian is."""

    XM_ONLY = "XM_ONLY"
    XM_AND_SCM = "XM_AND_SCM"
    SCM_ONLY = "SCM_ONLY"


class Segregation(StrEnum):
    """Under which regime a custodian keeps an amount."""

    FUTURES = "FUTURES"  # CEA 4d(a): futures customers, those of the arrangement among them
    SECURITIES = "SECURITIES"  # Rule 15c3-3: Segregated Customer Margin
    PROPRIETARY = "PROPRIETARY"


#: Places that a file names and that are no bank.
CUSTOMER, SEGREGATED_BANK, FRBNY, CME = "CUSTOMER", "SEGREGATED_BANK", "FRBNY", "CME"
#: The BD-FCM's own bank, an end of its wires of residual interest.
HOUSE = "HOUSE"


@dataclass(frozen=True, slots=True)
class NovationRow:
    """An obligation that FICC novated.

    Parameters
    ----------
    line : int
        Of the file, the header being 1.
    trade_id : str
    position : PositionLine
        At FICC, not flat; for repo its start amount is what was agreed.
    contract_amount : Money or None
        What is paid against the securities of a ``CASH`` leg, more than zero; None if not stated.
    """

    line: int
    trade_id: str
    position: PositionLine
    contract_amount: Money | None = None


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A futures trade that CME cleared.

    Parameters
    ----------
    line : int
    trade_id : str
    position : PositionLine
        At CME, not flat: contracts bought, negative if sold.
    price : Decimal or None
        Points, more than zero; None if not stated.
    """

    line: int
    trade_id: str
    position: PositionLine
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TenderRow:
    """Contracts that CME has put into delivery: a short's intention, or a long's assignment.

    Parameters
    ----------
    line : int
    tender_id : str
    position : PositionLine
        At CME, not flat: signed as the position that goes into delivery.
    cusip : Cusip
        What is delivered.
    intention_day : date
    """

    line: int
    tender_id: str
    position: PositionLine
    cusip: Cusip
    intention_day: date


@dataclass(frozen=True, slots=True)
class InstructionRow:
    """An instruction, with its maker and its checker: two people, in roles that may.

    Parameters
    ----------
    line : int
    instruction_id : str
    bd_fcm : str
    customer : CustomerKey or None
        None for the two of residual interest: it is the BD-FCM's.
    action : Action
    asset : str
        ``CASH-USD``, ``SEC-`` and a CUSIP, ``POS-`` and the CUSIP of an obligation, ``FUT-`` and a
        contract, as the action has it; empty for ``LEAVE``.
    quantity : int
        Whole cents, dollars of par or contracts; signed, as the position is, for ``FAIL``,
        ``TENDER`` and the directions; 0 for ``LEAVE``.
    place : str
        Where the property is or is to go; empty if it is left to the BD-FCM. Of ``TENDER`` the
        account, XM if empty.
    reference : str
        Of ``FAIL`` the trade, of ``TENDER`` the CUSIP, of the two of a dispute the call; else free
        or empty.
    entered_by, approved_by : str

    Raises
    ------
    RefusedError
        Unless they are two people in roles that may.
    """

    line: int
    instruction_id: str
    bd_fcm: str
    customer: CustomerKey | None
    action: Action
    asset: str
    quantity: int
    place: str
    reference: str
    entered_by: str
    approved_by: str

    def __post_init__(self) -> None:
        check_two_people(
            self.entered_by,
            self.approved_by,
            MATTERS[self.action],
            fields=("entered_by", "approved_by"),
        )


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Cash or a security that came in, or the confirmation of what went out.

    Parameters
    ----------
    line : int
    payment_id : str
    reference : str
        ``IN``: the call that it pays, the wire of ours that it confirms, or empty for a deposit.
        ``OUT``: the withdrawal or wire that it confirms.
    bd_fcm : str
    customer : CustomerKey or None
        None only where a reference says whose it is.
    place : str
        Where it arrived, or who confirms.
    asset : str
        ``CASH-USD``, or ``SEC-`` and a CUSIP.
    quantity : int
        Whole cents or dollars of par, more than zero.
    direction : Direction
    currency : str
        In which a customer's cash was paid; the quantity is the dollars that the bank credited.
    """

    line: int
    payment_id: str
    reference: str
    bd_fcm: str
    customer: CustomerKey | None
    place: str
    asset: str
    quantity: int
    direction: Direction
    currency: str = DOLLARS


@dataclass(frozen=True, slots=True)
class CustodianRow:
    """What a custodian holds of one asset.

    Parameters
    ----------
    line : int
    place : str
    account_scope : AccountScope or None
        Of FICC's account there; None where the account is not FICC's.
    segregation : Segregation
    asset : str
        ``CASH-USD``, or ``SEC-`` and a CUSIP.
    quantity : int
        Held: whole cents or dollars of par, not negative, without what is in transit.
    in_transit : int
        On its way in; negative if on its way out.
    """

    line: int
    place: str
    account_scope: AccountScope | None
    segregation: Segregation
    asset: str
    quantity: int
    in_transit: int = 0


ArrivedRow: TypeAlias = (
    NovationRow | TradeRow | TenderRow | InstructionRow | PaymentRow | CustodianRow | PositionLine
)


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """A file that has arrived: whole, or refused whole.

    Parameters
    ----------
    kind : FileKind
    name : str
        Without its folder.
    arrived_at : datetime
        In Eastern time.
    sha256 : str
        Of its bytes; empty if they could not all be read.
    rows : tuple of ArrivedRow
        Of the kind; none if anything in the file was refused.
    refusals : tuple of Refusal
        Every fault, with file, line and column.
    label : str
        What the name says after the kind: of a positions file the cycle.
    """

    kind: FileKind
    name: str
    arrived_at: datetime
    sha256: str
    rows: tuple[ArrivedRow, ...]
    refusals: tuple[Refusal, ...] = field(default=())
    label: str = ""

    def __post_init__(self) -> None:
        if self.arrived_at.tzinfo is None:
            raise ValueError(f"the arrival of a file has a zone, was {self.arrived_at!r}")
        if self.rows and self.refusals:
            raise ValueError(f"{self.name}: a file is whole or refused whole")

    @property
    def is_refused(self) -> bool:
        """Whether the file is refused."""
        return bool(self.refusals)
