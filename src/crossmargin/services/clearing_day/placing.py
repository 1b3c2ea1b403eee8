"""Where customers' property goes on a day, and which place it leaves.

Property comes in at a place whose facts are all in force on the day; where none has them the first
stands, and the ledger names what it lacks. It leaves a place that holds all of an amount, first one
that may keep nothing. What no single place holds is moved together first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import AccountKind
from crossmargin.services.books.keeping import Others, ficc_places, giving, permitted_first
from crossmargin.services.books.ports import Work


@dataclass(frozen=True, slots=True)
class Places:
    """Where one BD-FCM's customers' property is kept.

    Parameters
    ----------
    bd_fcm : str
    on : date
    bank : str
        Of the segregated accounts of its own.
    ficc : str
        ``FRBNY`` or the bank of FICC's Segregated Bank Account.
    others : Others
        What was read of others' property at FICC's: good for one work on one BD-FCM's.
    """

    bd_fcm: str
    on: date
    bank: str
    ficc: str
    others: Others = field(default_factory=dict, compare=False, repr=False)

    def paying(self, work: Work, asset: Asset, amount: int) -> Places:
        """Return the same with the bank that an amount leaves.

        Where no single one has it the bank stands, and the ledger says so.
        """
        banks = work.ledger.accounts(kind=AccountKind.SEGREGATED_BANK, bd_fcm=self.bd_fcm)
        if len(banks) == 1:
            return self
        found = giving(work, banks, self.bd_fcm, asset, amount, on=self.on)
        return self if found is None else replace(self, bank=found.custodian)

    def returning(self, work: Work, asset: Asset, amount: int) -> Places | None:
        """Return the same with the place of FICC's that an amount leaves.

        None where no single one has it for the BD-FCM's customers: what else is there is not
        theirs, which the ledger, that knows the sum alone, would not say.
        """
        places = ficc_places(work.ledger)
        if len(places) == 1:
            return self
        found = giving(work, places, self.bd_fcm, asset, amount, on=self.on, others=self.others)
        return None if found is None else replace(self, ficc=found.custodian)


def places_of(work: Work, bd_fcm: str, on: date) -> Places:
    """Return the places that property comes in at on a day: by name; FRBNY before a bank.

    Raises
    ------
    LookupError
        If there is none.
    """
    banks = work.ledger.accounts(kind=AccountKind.SEGREGATED_BANK, bd_fcm=bd_fcm)
    ficc = ficc_places(work.ledger)
    if not banks or not ficc:
        raise LookupError(f"{bd_fcm} has no segregated bank account, or FICC no custody account")
    bank, place = (permitted_first(work, each, on)[0] for each in (banks, ficc))
    return Places(bd_fcm, on, bank.custodian, place.custodian)


def securities_custody_of(work: Work, bd_fcm: str, on: date) -> str:
    """Return where a BD-FCM's securities customers' property comes in on a day.

    Empty where it keeps none anywhere.
    """
    kept = work.ledger.accounts(kind=AccountKind.SECURITIES_CUSTODY, bd_fcm=bd_fcm)
    return permitted_first(work, kept, on)[0].custodian if kept else ""


def securities_custody_paying(work: Work, bd_fcm: str, on: date, asset: Asset, amount: int) -> str:
    """Return the place that an amount of securities customers' property leaves."""
    kept = work.ledger.accounts(kind=AccountKind.SECURITIES_CUSTODY, bd_fcm=bd_fcm)
    found = giving(work, kept, bd_fcm, asset, amount, on=on) if len(kept) > 1 else None
    return securities_custody_of(work, bd_fcm, on) if found is None else found.custodian
