"""A port plan as the books read it: who goes where, with which lines and which property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from crossmargin.default_management.porting.customers import Carriage, PropertyItem
from crossmargin.default_management.porting.trigger import TriggerKind


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """One part of an account that goes to one receiver.

    Parameters
    ----------
    customer_id, receiver, part : str
    carriage : Carriage
    lines : mapping of line to int
        CUSIP or contract, a regular account's marked so, to what moves of it, signed.
    property_moved : tuple of PropertyItem
    """

    customer_id: str
    receiver: str
    part: str
    carriage: Carriage
    lines: Mapping[str, int]
    property_moved: tuple[PropertyItem, ...]

    @property
    def in_arrangement(self) -> bool:
        """Whether the receiver carries it in the arrangement."""
        return self.carriage is Carriage.XM


@dataclass(frozen=True, slots=True)
class PlannedCustomer:
    """What a plan says of one customer.

    Parameters
    ----------
    customer_id, outcome : str
    moves : tuple of PlannedMove
        In order of the parts.
    left : mapping of line to int
        Lines of the parts of a divided account that nobody takes.
    ineligible : tuple of str
    stays : sequence of mapping
        Why each receiver does not take what stays, as the plan has it.
    left_out : frozenset of str
        Lines that another proceeding moves.
    left_requirement : mapping or None
        Of what stays where a part moves, as a record of a requirement has its figures.
    """

    customer_id: str
    outcome: str
    moves: tuple[PlannedMove, ...]
    left: Mapping[str, int]
    ineligible: tuple[str, ...]
    stays: Sequence[Mapping[str, Any]]
    left_out: frozenset[str]
    left_requirement: Mapping[str, Any] | None

    @property
    def is_figures_alone(self) -> bool:
        """Whether the plan knows no position of it: a customer of no book."""
        return not self.left and not any(each.lines for each in self.moves)

    @property
    def lines(self) -> dict[str, int]:
        """Every line of the account as the plan found it."""
        held = dict(self.left)
        for each in self.moves:
            for name, quantity in each.lines.items():
                held[name] = held.get(name, 0) + quantity
        return held


@dataclass(frozen=True, slots=True)
class PlannedPort:
    """A plan that is to be run in the books.

    Parameters
    ----------
    digest : str
        Of the plan's document.
    bd_fcm : str
    as_of : date
    trigger : TriggerKind
    rule : str
        That the trigger rests on.
    transfer_on : date
    approval_sha256 : str
        Of the Commission's approval; empty if there is none.
    failed_gates : tuple of str
        Why the port may not be carried out on its day; none if it may.
    customers : tuple of PlannedCustomer
        By name.
    """

    digest: str
    bd_fcm: str
    as_of: date
    trigger: TriggerKind
    rule: str
    transfer_on: date
    approval_sha256: str
    failed_gates: tuple[str, ...]
    customers: tuple[PlannedCustomer, ...]

    @property
    def port_id(self) -> str:
        """A name of the port in the books of its BD-FCM."""
        return f"port/{self.digest[:16]}"

    @property
    def moves(self) -> tuple[PlannedMove, ...]:
        """Every part that goes somewhere."""
        return tuple(move for each in self.customers for move in each.moves)
