"""Places after the books are open: another one, another fact, the end of a fact.

A fact is stated once from a day on; stated again from that day with a last day, it ends. Both are
papers: two people enter them, at an instant that no step which is done would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.chart import Account, Holder
from crossmargin.ledger.custody import (
    CUSTODY_FACT,
    CustodyFact,
    missing_fact,
    refusals_of_opening,
)
from crossmargin.participation.verdicts import eastern_date
from crossmargin.services.books.opening import (
    Place,
    StatedFact,
    conflicts_of,
    facts_of,
    stated_of,
)
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.ports import Work

#: Stream of the records of files that state places; the subject is the BD-FCM.
PLACES = "PLACES"
_RULE = "reference: books"


def state_places(
    work: Work, bd_fcm: str, places: Sequence[Place], entry: Entry, *, sha256: str
) -> tuple[str, ...]:
    """Open places that are not open yet, and state facts and ends; return the new facts' ids.

    What is there already is left as it is.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    places : sequence of Place
    entry : Entry
    sha256 : str
        Of the file that says so: everything follows from its record.

    Raises
    ------
    RefusedError
        If the books of the BD-FCM are not open, a fact from that day says something else there or
        before it, an account at FICC would be of a third kind without both consents, or maker and
        checker are not two: with every reason.
    """
    opening = f"opening/{bd_fcm}"
    if work.records.get(opening) is None:
        raise RefusedError(Refusal("bd_fcm", bd_fcm, "a BD-FCM whose books are open", _RULE))
    on = eastern_date(entry.at)
    stated = [
        (account, fact)
        for place in places
        for account in place.accounts(bd_fcm)
        for fact in place.facts
    ]
    faults = conflicts_of(work, stated)
    accounts = dict.fromkeys(account for place in places for account in place.accounts(bd_fcm))
    faults += [fault for account in accounts for fault in _third_kind(work, account, stated, on)]
    if faults:
        raise RefusedError(*faults)
    cause = f"places/{bd_fcm}/{sha256}"
    if work.records.get(cause) is None:
        content = {"sha256": sha256}
        work.records.add(entry.record(work, cause, PLACES, bd_fcm, content, causes=(opening,)))
    known = {account.account_id for account in work.ledger.accounts()}
    for account in accounts:
        if account.account_id not in known:
            work.ledger.open_account(account, opened=on, cause_id=cause)
    return tuple(
        each
        for account, fact in stated
        for each in _state(work, bd_fcm, account, fact, entry, cause=cause)
    )


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """An account that others keep, its facts, and the first that it lacks on a day."""

    account: Account
    facts: tuple[CustodyFact, ...]
    missing: str


def places_on(work: Work, day: date) -> tuple[PlaceFacts, ...]:
    """Return every account that others keep, as it stands on a day."""
    return tuple(
        PlaceFacts(each, facts, missing_fact(each, facts, day))
        for each in work.ledger.accounts()
        if each.terms.is_kept_elsewhere
        for facts in (facts_of(work, each.account_id),)
    )


def _id(account: Account, fact: StatedFact) -> str:
    begun = f"fact/{account.account_id}/{fact.fact.value}/{fact.first.isoformat()}"
    return begun if fact.last is None else f"{begun}/until/{fact.last.isoformat()}"


def _third_kind(
    work: Work, account: Account, stated: Sequence[tuple[Account, StatedFact]], on: date
) -> tuple[Refusal, ...]:
    if account.terms.holder is not Holder.FICC:
        return ()
    more = [stated_of(account, fact) for other, fact in stated if other == account]
    return refusals_of_opening([*facts_of(work, account.account_id), *more], on)


def _state(
    work: Work, bd_fcm: str, account: Account, fact: StatedFact, entry: Entry, *, cause: str
) -> Iterator[str]:
    record_id = _id(account, fact)
    if work.records.get(record_id) is None:
        content = stated_of(account, fact).as_content()
        record = entry.record(work, record_id, CUSTODY_FACT, bd_fcm, content, causes=(cause,))
        work.records.add(replace(record, subject=account.account_id))
        yield record_id
