"""What BD-FCMs and clearing organizations hold beside what they owe, by asset, from the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.services.books.ports import Work
from crossmargin.services.default_books.holding import amount_text

_K = AccountKind
#: Where customers' property of the futures class lies in a BD-FCM's book, and what it is owed to.
_HELD = {
    _K.SEGREGATED_BANK: "bank",
    _K.FICC_XM_MARGIN: "ficc",
    _K.CME_CUSTOMER_MARGIN: "cme",
    _K.CME_SETTLEMENT: "settlements",
    _K.FICC_FUNDS_ONLY_SETTLEMENT: "settlements",
}
_OWED = {_K.CUSTOMER_FUTURES_ACCOUNT: "customers", _K.RESIDUAL_INTEREST: "residual_interest"}
#: Custody and debt of each clearing organization.
_CUSTODY = {
    "FICC": ((_K.FRBNY_SEGREGATED_ACCOUNT, _K.SEGREGATED_BANK_ACCOUNT), (_K.FICC_OWED_XM,)),
    "CME": ((_K.CME_CUSTODY,), (_K.CME_OWED,)),
}
Row = Mapping[str, str]


def held_and_owed(work: Work, bd_fcms: Sequence[str]) -> list[Row]:
    """Return a row for each book and asset: what is held where, what is owed, and the difference.

    Parameters
    ----------
    work : Work
    bd_fcms : sequence of str
        Each has rows of its own; both clearing organizations have rows for all BD-FCMs.

    Returns
    -------
    list of mapping
        ``book``, ``asset``, ``held``, ``owed``, ``difference`` and, of a BD-FCM, the parts: dollars
        and cents, or dollars of par. Of the futures class.
    """
    return [row for name in bd_fcms for row in _of_bd_fcm(work, name)] + [
        row for name in _CUSTODY for row in _of_clearing_organization(work, name)
    ]


def _of_bd_fcm(work: Work, bd_fcm: str) -> list[Row]:
    parts: dict[Asset, dict[str, int]] = {}
    for kind, part in (*_HELD.items(), *_OWED.items()):
        sign = -1 if kind in _OWED else 1
        for (_, asset), balance in work.ledger.balances(kind=kind, bd_fcm=bd_fcm).items():
            found = parts.setdefault(asset, dict.fromkeys((*_HELD.values(), *_OWED.values()), 0))
            found[part] += sign * balance.posted_debit
    return [_row(bd_fcm, asset, found) for asset, found in sorted(parts.items(), key=_by_name)]


def _row(book: str, asset: Asset, parts: Mapping[str, int]) -> Row:
    held = sum(parts[name] for name in dict.fromkeys(_HELD.values()))
    owed = sum(parts[name] for name in _OWED.values())
    return {
        "book": book,
        "asset": str(asset),
        **{name: amount_text(asset, amount) for name, amount in parts.items()},
        "held": amount_text(asset, held),
        "owed": amount_text(asset, owed),
        "difference": amount_text(asset, held - owed),
    }


def _of_clearing_organization(work: Work, name: str) -> list[Row]:
    custody, debts = _CUSTODY[name]
    held = _total(work, custody)
    owed = _total(work, debts)
    return [
        {
            "book": name,
            "asset": str(asset),
            "held": amount_text(asset, held.get(asset, 0)),
            "owed": amount_text(asset, -owed.get(asset, 0)),
            "difference": amount_text(asset, held.get(asset, 0) + owed.get(asset, 0)),
        }
        for asset, _ in sorted({**held, **owed}.items(), key=_by_name)
    ]


def _total(work: Work, kinds: Sequence[AccountKind]) -> dict[Asset, int]:
    """Return the debit of all accounts of some kinds in the futures class, by asset."""
    total: dict[Asset, int] = {}
    for kind in kinds:
        for (account_id, asset), balance in work.ledger.balances(kind=kind).items():
            if account_id.split("/")[1] == SegregationClass.FUTURES.value:
                total[asset] = total.get(asset, 0) + balance.posted_debit
    return total


def _by_name(item: tuple[Asset, object]) -> str:
    return str(item[0])
