"""FICC's refusals: which stand, and which are interference with an approved port.

FICC does not interfere with the acceptance of transfers of XM Securities Customer Property by a
BD-FCM, subject to its right to liquidate or transfer positions and to its ability to manage risk
(CFTC proposed order, 90 FR 58525, section VIII(e)(viii)).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crossmargin.participation.documents import sha256_faults

RULE = "90 FR 58525, VIII(e)(viii)"


class Ground(StrEnum):
    """What FICC's refusal of a port rests on; ``OTHER`` is what the order does not name."""

    LIQUIDATION = "LIQUIDATION"
    TRANSFER = "TRANSFER"
    RISK = "RISK"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class FiccRefusal:
    """FICC refuses that a customer's property at FICC is accepted by a receiver.

    Parameters
    ----------
    customer_id, receiver_id : str
    ground : Ground
    evidence_sha256 : str
        Of the document that shows the ground; empty if none was given.
    said : str
        What FICC said.
    """

    customer_id: str
    receiver_id: str
    ground: Ground
    evidence_sha256: str
    said: str

    @property
    def stands(self) -> bool:
        """Whether it rests on a ground of the order, with evidence."""
        return self.ground is not Ground.OTHER and not sha256_faults(self.evidence_sha256)

    @property
    def lacks(self) -> str:
        """What keeps it from standing; empty if it stands."""
        if self.ground is Ground.OTHER:
            return "a ground: liquidation, transfer, or inability to manage risk"
        return "" if self.stands else "evidence: the SHA-256 of a document"
