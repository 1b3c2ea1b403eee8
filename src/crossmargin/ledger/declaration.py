"""The declaration of a default: the record that some kinds of transfer must follow from.

A payment between the clearing organizations under the security interest of (e)(iii), a port, a
distribution are moved in a declared default alone (CFTC proposed order, 90 FR 58525, section
VIII(e)(iii) and (viii); ruling 26). The record of the declaration is the cause of each, so that who
declared it, when and why stands behind every one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.records import Record
from crossmargin.ledger.transfers import OF_A_DECLARED_DEFAULT, Transfer

#: Stream of the records that declare a default; the subject is the BD-FCM.
DEFAULT_DECLARATION = "DEFAULT_DECLARATION"


@dataclass(frozen=True, slots=True)
class Declared:
    """A default that was declared: of which BD-FCM, from which day on."""

    bd_fcm: str
    first: date


def declared_of(record: Record | None) -> Declared | None:
    """Return the default that a record declares, or None."""
    if record is None or record.stream != DEFAULT_DECLARATION:
        return None
    return Declared(record.subject, record.business_date)


def is_declared(
    transfer: Transfer, bd_fcm: str, declared_default: Callable[[str], Declared | None]
) -> bool:
    """Return whether the cause of such a transfer declares the default that allows it.

    Parameters
    ----------
    transfer : Transfer
    bd_fcm : str
        Whose accounts it moves.
    declared_default : callable
        Returns the default that a record declares.
    """
    found = declared_default(transfer.cause_id)
    if found is None or transfer.business_date < found.first:
        return False
    is_own = found.bd_fcm == bd_fcm
    return is_own is (transfer.kind in OF_A_DECLARED_DEFAULT)
