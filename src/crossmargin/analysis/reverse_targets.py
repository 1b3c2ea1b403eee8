"""What a reverse stress looks for."""

from __future__ import annotations

from enum import StrEnum


class Target(StrEnum):
    """What a move is to do."""

    #: The loss of the combined book reaches what is collected.
    EXHAUST = "exhaust"
    #: The other clearing organization's saving becomes the smaller.
    FLIP = "flip"
    #: The reduction falls under a level.
    SAVING = "saving"
