"""What an account can hold: cash in cents, securities in par, positions in par or contracts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class AssetKind(StrEnum):
    """What an asset is. A position is what is to be received, not yet anybody's property."""

    __hash__ = str.__hash__  # that of an Enum is written in Python, and looked up in thousands

    CASH = "CASH"
    SECURITY = "SEC"
    SECURITY_POSITION = "POS"
    FUTURES_POSITION = "FUT"


#: In which whole unit an amount of each kind counts.
UNITS: dict[AssetKind, str] = {
    AssetKind.CASH: "cents",
    AssetKind.SECURITY: "dollars of par",
    AssetKind.SECURITY_POSITION: "dollars of par",
    AssetKind.FUTURES_POSITION: "contracts",
}


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """One asset.

    Parameters
    ----------
    kind : AssetKind
    code : str
        ``USD``, a CUSIP, or a contract such as ``ZNM26``.

    Examples
    --------
    >>> str(Asset(AssetKind.SECURITY, "91282CMS7")), Asset.parsed("CASH-USD").unit
    ('SEC-91282CMS7', 'cents')
    """

    kind: AssetKind
    code: str
    #: ``KIND-CODE``: what a ledger of many transfers looks it up by.
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.code or "-" in self.code:
            raise ValueError(f"an asset has a code without a hyphen, was {self.code!r}")
        object.__setattr__(self, "text", f"{self.kind.value}-{self.code}")

    def __str__(self) -> str:
        return self.text

    @property
    def unit(self) -> str:
        """The whole unit in which it counts."""
        return UNITS[self.kind]

    @staticmethod
    def parsed(text: str) -> Asset:
        """Return the asset that ``KIND-CODE`` names.

        Raises
        ------
        ValueError
            If it names none.
        """
        kind, _, code = text.partition("-")
        return Asset(AssetKind(kind), code)


#: US dollars, in cents.
CASH = Asset(AssetKind.CASH, "USD")


def security(cusip: str) -> Asset:
    """Return a security held as property."""
    return Asset(AssetKind.SECURITY, cusip)


def security_position(cusip: str) -> Asset:
    """Return a security to be received or delivered."""
    return Asset(AssetKind.SECURITY_POSITION, cusip)


def futures_position(contract: str) -> Asset:
    """Return a futures contract."""
    return Asset(AssetKind.FUTURES_POSITION, contract)
