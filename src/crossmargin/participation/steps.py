"""The steps of a customer: each a record, from the application to the day on which it has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.records import Record
from crossmargin.participation.ownership import Owner, owners_content, owners_of

#: Stream of the records of steps; the subject is the customer.
CUSTOMER_STEP = "CUSTOMER_STEP"


class Step(StrEnum):
    """What is done with a customer, in the order in which it is first done."""

    APPLIED = "APPLIED"
    DECLARED = "DECLARED"
    CUSTOMER_OPTED_IN = "CUSTOMER_OPTED_IN"
    BD_FCM_OPTED_IN = "BD_FCM_OPTED_IN"
    ACCOUNTS_OPENED = "ACCOUNTS_OPENED"
    REHEARSED = "REHEARSED"
    WENT_LIVE = "WENT_LIVE"
    LEAVING = "LEAVING"
    LEFT = "LEFT"
    PORTED = "PORTED"  # came with a port from another BD-FCM: the books' own step


#: Steps that only the books take: nobody enters them.
OF_THE_BOOKS = frozenset({Step.PORTED})


@dataclass(frozen=True, slots=True)
class CameOver:
    """With what a port brings a customer in, beside the documents that it carries over.

    Parameters
    ----------
    bd_fcm : str
        Where the customer came from.
    stands_for : tuple of Step
        Steps that the port stands in for until the receiver has taken its own; none outside the
        arrangement.
    until : date
        The last day on which it does.
    """

    bd_fcm: str
    stands_for: tuple[Step, ...]
    until: date

    def as_content(self) -> dict[str, object]:
        """Return what the record of the step says of it."""
        return {
            "from": self.bd_fcm,
            "stands_for": [each.value for each in self.stands_for],
            "until": self.until.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step as it was taken.

    Parameters
    ----------
    step : Step
    sha256 : str
        Of the paper that says so; empty where the records that it follows from say it.
    owners : tuple of Owner
        What was declared; empty for every other step.
    remains : tuple of str
        What a leaving customer still has in the account, one line a balance.
    returned : tuple of str
        What one that has left got back since it began to leave, one line an asset.
    came_over : CameOver or None
        Of a port; None of every other step.
    at : datetime or None
        None before it is recorded, as with all that follows.
    record_id, actor, approver : str
    causes : tuple of str
    """

    step: Step
    sha256: str = ""
    owners: tuple[Owner, ...] = ()
    remains: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    came_over: CameOver | None = None
    at: datetime | None = None
    record_id: str = ""
    actor: str = ""
    approver: str = ""
    causes: tuple[str, ...] = ()

    def is_known(self, at: datetime) -> bool:
        """Return whether it was taken by an instant."""
        return self.at is not None and self.at <= at

    def as_content(self) -> dict[str, object]:
        """Return what its record says."""
        return {
            "step": self.step.value,
            "sha256": self.sha256,
            "owners": owners_content(self.owners),
            "remains": list(self.remains),
            "returned": list(self.returned),
            **({} if self.came_over is None else {"came_over": self.came_over.as_content()}),
        }


def step_of(record: Record) -> StepTaken:
    """Return the step that a record says.

    Raises
    ------
    ValueError
        If it says none.
    """
    said = record.content
    try:
        return StepTaken(
            step=Step(str(said["step"])),
            sha256=str(said["sha256"]),
            owners=owners_of(said["owners"]),
            remains=_texts(said["remains"]),
            returned=_texts(said.get("returned", ())),
            came_over=_came_over_of(said.get("came_over")),
            at=record.at,
            record_id=record.record_id,
            actor=record.actor,
            approver=record.approver,
            causes=tuple(record.causes),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected a step of a customer, was {record!r}") from error


def _came_over_of(said: object) -> CameOver | None:
    if said is None:
        return None
    if not isinstance(said, Mapping):
        raise TypeError(f"expected what a port brings, was {said!r}")
    steps = tuple(Step(each) for each in _texts(said["stands_for"]))
    return CameOver(str(said["from"]), steps, date.fromisoformat(str(said["until"])))


def _texts(said: object) -> tuple[str, ...]:
    if not isinstance(said, list | tuple):
        raise TypeError(f"expected a list, was {said!r}")
    return tuple(map(str, said))
