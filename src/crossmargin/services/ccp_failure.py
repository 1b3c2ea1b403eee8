"""The failure of FICC or CME, from books, a file, and losses that are supposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management import cme_failure, ficc_failure
from crossmargin.default_management.ccp_failure import CcpFailureRules, CustomersPool, HeldLoss
from crossmargin.default_management.cme_failure import CmeFailure, CmePosition
from crossmargin.default_management.ficc_failure import FiccFailure, FiccPosition, Secured
from crossmargin.ledger.assets import CASH, Asset, security

_PER_CENT = 100


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from: a file, or a report of the books.

    Parameters
    ----------
    name : str
    digest : str
        SHA-256 of the file, or digest of the report's record.
    """

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class FiccRun:
    """The failure of FICC on a day, with what it was worked out from."""

    as_of: date
    sources: tuple[Source, ...]
    losses: tuple[HeldLoss, ...]
    rules: CcpFailureRules
    result: FiccFailure


@dataclass(frozen=True, slots=True)
class CmeRun:
    """The failure of CME on a day, with what it was worked out from."""

    as_of: date
    sources: tuple[Source, ...]
    losses: tuple[HeldLoss, ...]
    result: CmeFailure


def run_ficc_failure(
    positions: Sequence[FiccPosition],
    *,
    as_of: date,
    sources: Sequence[Source],
    rules: CcpFailureRules,
    losses: Sequence[str] = (),
    secured: Sequence[str] = (),
) -> FiccRun:
    """Return the failure of FICC.

    Parameters
    ----------
    positions : sequence of FiccPosition
        Taken together; of a price or a claim that two of them have, the later one's holds.
    as_of : date
    sources : sequence of Source
    rules : CcpFailureRules
    losses, secured : sequence of str
        ``ASSET[@PLACE]=AMOUNT``, in dollars or dollars of par; a loss also as ``SHARE%``.

    Raises
    ------
    RefusedError
        Naming every text that says something else, and every loss that cannot be.
    """
    refusals: list[Refusal] = []
    lost = [_asset_loss(text, refusals) for text in losses]
    claims = [_secured(text, refusals) for text in secured]
    if refusals:
        raise RefusedError(*refusals)
    position = FiccPosition()
    for each in positions:
        position = FiccPosition(
            position.interests + each.interests,
            position.secured + each.secured,
            position.owed + each.owed,
            {**position.prices, **each.prices},
            merged_pools(position.pools, each.pools),
        )
    found = [each for each in lost if each is not None]
    position = replace(
        position, secured=position.secured + tuple(each for each in claims if each is not None)
    )
    result = ficc_failure.fail(position, rules, losses=found)
    return FiccRun(as_of, tuple(sources), tuple(found), rules, result)


def run_cme_failure(
    positions: Sequence[CmePosition],
    *,
    as_of: date,
    sources: Sequence[Source],
    losses: Sequence[str] = (),
) -> CmeRun:
    """Return the failure of CME.

    Parameters
    ----------
    positions : sequence of CmePosition
    as_of : date
    sources : sequence of Source
    losses : sequence of str
        ``USD[@PLACE]=AMOUNT`` in dollars, or ``SHARE%``: property is shared by value.

    Raises
    ------
    RefusedError
        Naming every text that says something else, and every loss that cannot be.
    """
    refusals: list[Refusal] = []
    lost = [_value_loss(text, refusals) for text in losses]
    if refusals:
        raise RefusedError(*refusals)
    position = CmePosition()
    for each in positions:
        position = CmePosition(
            position.claims + each.claims,
            position.allocated + each.allocated,
            position.held + each.held,
            merged_pools(position.pools, each.pools),
        )
    found = tuple(each for each in lost if each is not None)
    result = cme_failure.fail(position, losses=found)
    return CmeRun(as_of, tuple(sources), found, result)


def merged_pools(
    first: Mapping[str, CustomersPool], second: Mapping[str, CustomersPool]
) -> dict[str, CustomersPool]:
    """Return the pools of both: claims of the second hold, property adds up."""
    merged = dict(first)
    for bd_fcm, pool in second.items():
        own = merged.get(bd_fcm)
        merged[bd_fcm] = (
            pool
            if own is None
            else CustomersPool(
                {**own.claims, **pool.claims},
                own.other_property + pool.other_property,
                own.unsettled + pool.unsettled,
            )
        )
    return merged


def _asset_loss(text: str, refusals: list[Refusal]) -> HeldLoss | None:
    code, place, amount = _parts(text)
    try:
        asset = _asset(code)
        return HeldLoss(str(asset), place, _amount_or_share(amount, asset))
    except ValueError:
        expected = "ASSET[@PLACE]=AMOUNT or SHARE%, as in 91282CQC8@FRBNY=1000000 or USD=10%"
        refusals.append(Refusal("--held-loss", text, expected, "failure of FICC"))
        return None


def _value_loss(text: str, refusals: list[Refusal]) -> HeldLoss | None:
    code, place, amount = _parts(text)
    try:
        return HeldLoss("", place, _amount_or_share(amount, _cash(code)))
    except ValueError:
        expected = "USD[@PLACE]=AMOUNT or SHARE%, as in USD@CUSTODY=1000000 or USD=10%"
        refusals.append(Refusal("--held-loss", text, expected, "failure of CME"))
        return None


def _secured(text: str, refusals: list[Refusal]) -> Secured | None:
    code, creditor, amount = _parts(text)
    try:
        asset = _asset(code)
        return Secured(creditor, asset, _amount(amount, asset))
    except ValueError:
        expected = "ASSET[@CREDITOR]=AMOUNT, as in USD@LENDER=1000000"
        refusals.append(Refusal("--secured", text, expected, "NYUCC 8-511(c)"))
        return None


def _parts(text: str) -> tuple[str, str, str]:
    left, _, amount = text.partition("=")
    code, _, place = left.partition("@")
    return code, place, amount


def _cash(code: str) -> Asset:
    if code != CASH.code:
        raise ValueError(code)
    return CASH


def _asset(code: str) -> Asset:
    return CASH if code == CASH.code else security(Cusip(code).text)


def _amount_or_share(text: str, asset: Asset) -> int | Fraction:
    if not text.endswith("%"):
        return _amount(text, asset)
    share = money_from_decimal(text.removesuffix("%"))  # a per cent with at most two decimals
    return Fraction(share.cents, _PER_CENT * _PER_CENT)


def _amount(text: str, asset: Asset) -> int:
    units = money_from_decimal(text).cents if asset == CASH else int(text)
    if units < 0:
        raise ValueError(text)
    return units
