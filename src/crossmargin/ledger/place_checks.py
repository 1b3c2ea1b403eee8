"""Checks on reading of where property is kept and what it secures, in words of their own.

What a place must show is written down here a second time: a fault in
:mod:`crossmargin.ledger.custody`, which the judgement asks, is found by a rule that is not it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.custody import CustodyFact
from crossmargin.ledger.findings import Check, Finding
from crossmargin.ledger.liens import Lien
from crossmargin.ledger.transfers import Transfer

#: Beginnings of the ids of the accounts that others keep, and of what must be stated of each; a
#: text after a colon must be in what is said, one after an equals sign is what must be said.
_AT_FICC = ("HOLDER=FICC", "EXACT_TITLE", "NO_LIEN_CONTRACT")
_OWN = ("HOLDER", "EXACT_TITLE", "ACKNOWLEDGMENT_LETTER")
_BOTH = ("NOTICE:15c3-3", "NOTICE:4(c) order")
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "FRBNY_SEGREGATED_ACCOUNT/FUTURES/": (*_AT_FICC, *_BOTH, "FEDERAL_RESERVE_PERMISSION"),
    "FRBNY_SEGREGATED_ACCOUNT/SECURITIES/": (*_AT_FICC, "NOTICE:15c3-3"),
    "SEGREGATED_BANK_ACCOUNT/": (*_AT_FICC, "NOTICE:4(c) order", "FDIC_INSURED"),
    "SEGREGATED_BANK/": _OWN,
    "SECURITIES_CUSTODY/": _OWN,
}
#: Which scopes each may have.
_SCOPES: Mapping[str, frozenset[str]] = {
    "FRBNY_SEGREGATED_ACCOUNT/FUTURES/": frozenset({"XM_ONLY", "XM_AND_SCM"}),
    "FRBNY_SEGREGATED_ACCOUNT/SECURITIES/": frozenset({"SCM_ONLY", "XM_AND_SCM"}),
    "SEGREGATED_BANK_ACCOUNT/": frozenset({"XM_ONLY"}),
}
_AT_FICC_FOR_XM = "FICC_XM_MARGIN/"
_LIENS = {
    ("CUSTOMER", "BD_FCM"): "the customer's pledge to the BD-FCM",
    ("BD_FCM", "CME"): "the BD-FCM's security interest to CME",
}
_MAY_BE = frozenset({*_LIENS, ("BD_FCM", "FICC")})


def custody_findings(
    transfers: Iterable[Transfer], facts: Iterable[CustodyFact]
) -> Iterator[Finding]:
    """Yield every deposit at a place that lacked something on its day, the first of each day.

    What waited is asked on the day on which it was sent, not on that of its confirmation.
    """
    stated = _as_stated(facts)
    asked: set[tuple[str, date]] = set()
    for each in transfers:
        place, on = each.debit_account_id, each.business_date
        if (place, on) in asked or each.pending_id:
            continue
        asked.add((place, on))
        for lacking in _lacking_on(place, stated, on):
            yield Finding(Check.CUSTODY_FACTS, each.transfer_id, "", lacking, f"in force on {on}")


def place_findings(
    net: Mapping[tuple[str, Asset], int], facts: Iterable[CustodyFact], on: date
) -> Iterator[Finding]:
    """Yield what lies on a day at a place that lacks something then: it must be moved.

    Parameters
    ----------
    net : mapping of (account id, Asset) to int
        Posted debits less credits.
    facts : iterable of CustodyFact
    on : date
    """
    stated = _as_stated(facts)
    for (place, asset), held in sorted(net.items()):
        for lacking in _lacking_on(place, stated, on) if held > 0 else ():
            expected = f"{lacking} in force on {on}, or moved to a place that has it"
            yield Finding(Check.PLACE_IS_PERMITTED, place, str(asset), str(held), expected)


_Stated = Mapping[str, Mapping[tuple[str, date], CustodyFact]]


def _as_stated(facts: Iterable[CustodyFact]) -> _Stated:
    """Return facts by place; what is stated again from the same day ends what was stated."""
    stated: dict[str, dict[tuple[str, date], CustodyFact]] = defaultdict(dict)
    for fact in facts:
        stated[fact.account_id][fact.fact.value, fact.first] = fact
    return stated


def _lacking_on(place: str, stated: _Stated, on: date) -> Iterator[str]:
    """Yield what a place lacks on a day; nothing of an account that is no place."""
    prefix = next((start for start in _NEEDED if place.startswith(start)), None)
    if prefix is None:
        return
    said = {
        fact.fact.value: fact.value
        for fact in stated.get(place, {}).values()
        if fact.first <= on and (fact.last is None or on <= fact.last)
    }
    yield from _lacking(prefix, said)


def _lacking(prefix: str, said: Mapping[str, str]) -> Iterator[str]:
    needs = _NEEDED[prefix]
    if prefix.startswith("FRBNY") and said.get("SCOPE") != "SCM_ONLY":
        needs = _NEEDED["FRBNY_SEGREGATED_ACCOUNT/FUTURES/"]  # shared with XM: what XM asks for
    for needed in needs:
        name, _, value = needed.partition("=")
        name, _, part = name.partition(":")
        if name not in said or part not in said[name] or (value and said[name] != value):
            yield needed
    scopes = _SCOPES.get(prefix)
    if scopes is not None and said.get("SCOPE") not in scopes:
        yield f"SCOPE={' or '.join(sorted(scopes))}"


def lien_findings(transfers: Iterable[Transfer], liens: Sequence[Lien]) -> Iterator[Finding]:
    """Yield every lien that may not be, and every one that a customer's margin at FICC lacked.

    Asked on each day on which property of a customer went to FICC; what is lacking is named once.
    """
    for lien in liens:
        parties = (lien.granted_by.value, lien.granted_to.value)
        if parties not in _MAY_BE or lien.on.value != "XM_SECURITIES_CUSTOMER_PROPERTY":
            was = f"{parties[0]} to {parties[1]} on {lien.on.value}"
            yield Finding(
                Check.LIEN_IS_PERMITTED, lien.lien_id, "", was, "a lien of the arrangement"
            )
    found: set[tuple[str, str]] = set()
    for each in transfers:
        account_id = each.debit_account_id
        if not account_id.startswith(_AT_FICC_FOR_XM):
            continue
        _, _, bd_fcm, customer_id, _ = account_id.split("/")
        for lacking in _lacking_liens(bd_fcm, customer_id, liens, each.business_date):
            if (account_id, lacking) not in found:
                found.add((account_id, lacking))
                yield Finding(
                    Check.LIENS_ARE_IN_FORCE,
                    account_id,
                    "",
                    f"none on {each.business_date}",
                    lacking,
                )


def _lacking_liens(bd_fcm: str, customer_id: str, liens: Sequence[Lien], on: date) -> Iterator[str]:
    there = {
        (lien.granted_by.value, lien.granted_to.value)
        for lien in liens
        if lien.bd_fcm == bd_fcm
        and lien.customer_id in {"", customer_id}
        and lien.first <= on
        and (lien.last is None or on <= lien.last)
    }
    yield from (name for parties, name in _LIENS.items() if parties not in there)
