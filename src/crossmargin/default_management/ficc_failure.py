"""The failure of FICC: security entitlements by asset, then each BD-FCM's customers.

Stage one is NYUCC Article 8 (CFTC proposed order, 90 FR 58525, III.C and footnotes 49 and 52): in
each asset all interests that FICC holds anywhere, less claims secured before (8-511(c)), are shared
pro rata by all entitlement holders, XM and Segregated Customer Margin together; nothing left over
in one asset repairs another. Stage two: what a BD-FCM recovers for XM customers joins its futures
customers' pool; what it recovers for securities customers stays outside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.ccp_failure import (
    CcpFailureRules,
    CustomersPool,
    HeldLoss,
    InterestsInTransit,
    PoolShares,
    Prices,
    shared_omnibus,
    values_of,
)
from crossmargin.default_management.entitlements import (
    AssetHeld,
    EntitlementHolder,
    MarginClass,
    Recovery,
    recover,
    recoveries,
)
from crossmargin.ledger.assets import Asset, AssetKind

_K = TypeVar("_K")
_RULE = "NYUCC Article 8: entitlements by asset"


@dataclass(frozen=True, slots=True)
class Interest:
    """One interest that FICC holds in an asset.

    Parameters
    ----------
    place : str
        ``FRBNY``, a bank, wherever it is.
    asset : Asset
    amount : int
        Whole units, not negative.
    is_in_transit : bool
        Whether it is under way to or from the place.
    """

    place: str
    asset: Asset
    amount: int
    is_in_transit: bool = False


@dataclass(frozen=True, slots=True)
class Secured:
    """One claim that comes before entitlement holders: of a creditor with a security interest.

    The liens of the arrangement are none: they are on a BD-FCM's entitlements, not on FICC's assets
    (inferred from the CFTC proposed order, (e)(iii) and (vi)).
    """

    creditor: str
    asset: Asset
    amount: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What FICC owes a BD-FCM in one asset for one customer.

    Parameters
    ----------
    holder : EntitlementHolder
        The BD-FCM, with the class of the account.
    customer_id : str
        Empty where it is owed for all together.
    asset : Asset
    amount : int
        Whole units, not negative; of a security whole lots.
    """

    holder: EntitlementHolder
    customer_id: str
    asset: Asset
    amount: int


@dataclass(frozen=True, slots=True)
class FiccPosition:
    """What FICC holds and owes when it fails, and the pools that wait for it.

    Parameters
    ----------
    interests : tuple of Interest
    secured : tuple of Secured
    owed : tuple of Owed
    prices : mapping of CUSIP to Fraction
    pools : mapping of BD-FCM to CustomersPool
    """

    interests: tuple[Interest, ...] = ()
    secured: tuple[Secured, ...] = ()
    owed: tuple[Owed, ...] = ()
    prices: Prices = field(default_factory=dict)
    pools: Mapping[str, CustomersPool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssetOutcome:
    """One asset: what was there, what was lost or claimed before, what its holders recover."""

    held: AssetHeld
    recovery: Recovery


@dataclass(frozen=True, slots=True)
class CustomerOutcome:
    """One asset of one customer, if the BD-FCM survives.

    Parameters
    ----------
    owed : Owed
    recovered : int
        Its part of what the BD-FCM recovers in the asset; at most what is owed.
    owed_value, recovered_value : Money or None
        For information, at the day's prices; None without a price.
    """

    owed: Owed
    recovered: int
    owed_value: Money | None
    recovered_value: Money | None

    @property
    def unsecured(self) -> int:
        """What is lacking: a claim on FICC, in units of the asset (inferred)."""
        return self.owed.amount - self.recovered


@dataclass(frozen=True, slots=True)
class FiccFailure:
    """What the failure of FICC leaves.

    Parameters
    ----------
    assets : tuple of AssetOutcome
        By asset.
    customers : tuple of CustomerOutcome
        By BD-FCM, class, customer and asset.
    pools : tuple of PoolShares
        Of BD-FCMs whose pool is known, if they fail too; by name.
    unpriced : tuple of Asset
        Of which nothing can be said in dollars; with one there are no pools.
    """

    assets: tuple[AssetOutcome, ...]
    customers: tuple[CustomerOutcome, ...]
    pools: tuple[PoolShares, ...]
    unpriced: tuple[Asset, ...]


def fail(
    position: FiccPosition, rules: CcpFailureRules, *, losses: Sequence[HeldLoss] = ()
) -> FiccFailure:
    """Return what the failure of FICC leaves to each holder, customer and pool.

    Parameters
    ----------
    position : FiccPosition
    rules : CcpFailureRules
    losses : sequence of HeldLoss
        Taken from the interests before anything is shared.

    Raises
    ------
    RefusedError
        Naming every loss that is of nothing held or of more than is, and every entitlement to
        par that is no whole lot.
    """
    position = _counted(position, rules)
    refusals = [*_faults_of_lots(position, rules), *_faults_of_losses(position, losses)]
    if refusals:
        raise RefusedError(*refusals)
    held = _assets_held(position, losses)
    found = recoveries(held, par_lot_dollars=rules.par_lot_dollars)
    customers = _customers(position, found, rules)
    unpriced = tuple(
        sorted({each.owed.asset for each in customers if each.recovered_value is None})
    )
    return FiccFailure(
        tuple(AssetOutcome(each, found[each.asset]) for each in held),
        customers,
        () if unpriced else _pools(position, customers),
        unpriced,
    )


def _counted(position: FiccPosition, rules: CcpFailureRules) -> FiccPosition:
    if rules.in_transit is InterestsInTransit.COUNTED:
        return position
    kept = tuple(each for each in position.interests if not each.is_in_transit)
    return replace(position, interests=kept)


def _faults_of_lots(position: FiccPosition, rules: CcpFailureRules) -> list[Refusal]:
    lot = rules.par_lot_dollars
    return [
        Refusal(
            f"owed.{each.holder}.{each.customer_id}.{each.asset.code}",
            str(each.amount),
            f"a multiple of {lot} dollars of par",
            "ruling 15",
        )
        for each in position.owed
        if each.asset.kind is AssetKind.SECURITY and each.amount % lot
    ]


def _faults_of_losses(position: FiccPosition, losses: Sequence[HeldLoss]) -> list[Refusal]:
    refusals = []
    for each in losses:
        if _held_at(position, each.what, each.place) == 0:
            known = sorted({f"{one.asset}@{one.place}" for one in position.interests})
            expected = f"something that FICC holds: {', '.join(known) or 'it holds nothing'}"
            refusals.append(Refusal("held_loss", _named(each), expected, _RULE))
    for (what, place), lost in _by_place(position, losses).items():
        held = _held_at(position, what, place)
        if held and lost > held:
            asset = Asset.parsed(what)
            expected = f"at most {_worded(asset, held)}, which is held there"
            name = f"held_loss.{_named(HeldLoss(what, place, 0))}"
            refusals.append(Refusal(name, _worded(asset, lost), expected, _RULE))
    return refusals


def _worded(asset: Asset, amount: int) -> str:
    """Return an amount in the unit in which losses are given: dollars, or dollars of par."""
    return f"{Money(amount)} dollars" if asset.kind is AssetKind.CASH else f"{amount} {asset.unit}"


def _named(loss: HeldLoss) -> str:
    return f"{loss.what}@{loss.place}" if loss.place else loss.what


def _by_place(position: FiccPosition, losses: Sequence[HeldLoss]) -> Mapping[tuple[str, str], int]:
    """Return what is lost of each asset at each place that a loss names, and in all."""
    lost: dict[tuple[str, str], int] = {}
    for each in losses:
        held = _held_at(position, each.what, each.place)
        units = each.of(held) if held else 0
        for key in {(each.what, each.place), (each.what, "")}:
            lost[key] = lost.get(key, 0) + units
    return lost


def _held_at(position: FiccPosition, what: str, place: str) -> int:
    return sum(
        each.amount
        for each in position.interests
        if each.asset.text == what and place in {"", each.place}
    )


def _assets_held(position: FiccPosition, losses: Sequence[HeldLoss]) -> list[AssetHeld]:
    lost = _by_place(position, losses)
    rows: Sequence[Iterable[Interest | Secured | Owed]] = (
        position.interests,
        position.secured,
        position.owed,
    )
    assets = sorted({each.asset for part in rows for each in part})
    return [
        AssetHeld(
            asset,
            _summed((e.place, e.amount) for e in position.interests if e.asset == asset),
            sum(each.amount for each in position.secured if each.asset == asset),
            _summed((e.holder, e.amount) for e in position.owed if e.asset == asset),
            lost.get((asset.text, ""), 0),
        )
        for asset in assets
    ]


def _summed(rows: Iterable[tuple[_K, int]]) -> dict[_K, int]:
    totals: dict[_K, int] = {}
    for key, amount in rows:
        totals[key] = totals.get(key, 0) + amount
    return dict(sorted(totals.items(), key=lambda row: str(row[0])))


def _customers(
    position: FiccPosition, found: Mapping[Asset, Recovery], rules: CcpFailureRules
) -> tuple[CustomerOutcome, ...]:
    """Share what each holder recovers in each asset among those for whom it was owed."""
    groups: dict[tuple[EntitlementHolder, Asset], dict[str, int]] = {}
    for each in position.owed:
        group = groups.setdefault((each.holder, each.asset), {})
        group[each.customer_id] = group.get(each.customer_id, 0) + each.amount
    outcomes = []
    for (holder, asset), owed in groups.items():
        lot = rules.par_lot_dollars if asset.kind is AssetKind.SECURITY else 1
        paid = recover(
            held=found[asset].payouts[str(holder)], prior_secured=0, entitlements=owed, lot=lot
        ).payouts
        owed_values = values_of(asset, owed, position.prices)
        paid_values = values_of(asset, paid, position.prices)
        outcomes += [
            CustomerOutcome(
                Owed(holder, customer_id, asset, amount),
                paid[customer_id],
                None if owed_values is None else owed_values[customer_id],
                None if paid_values is None else paid_values[customer_id],
            )
            for customer_id, amount in owed.items()
        ]
    return tuple(sorted(outcomes, key=lambda e: (e.owed.holder, e.owed.customer_id, e.owed.asset)))


def _pools(position: FiccPosition, customers: Sequence[CustomerOutcome]) -> tuple[PoolShares, ...]:
    pools = []
    for bd_fcm in sorted(position.pools):
        own = [
            each
            for each in customers
            if each.owed.holder == EntitlementHolder(bd_fcm, MarginClass.XM)
        ]
        pools.append(
            shared_omnibus(
                bd_fcm,
                position.pools[bd_fcm],
                recovered=Money.total(each.recovered_value or ZERO for each in own),
                in_full=Money.total(each.owed_value or ZERO for each in own),
            )
        )
    return tuple(pools)
