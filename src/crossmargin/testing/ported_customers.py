"""A customer with property in every place and what moves it, in the books of a default or port."""

from __future__ import annotations

from crossmargin.default_management.default_accounts import CME, FICC, MarginPlace
from crossmargin.default_management.postings import CashPorted, DefaultItem, MarginPorted
from crossmargin.ledger.assets import CASH, security
from crossmargin.ledger.transfers import Transfer
from crossmargin.testing.books import BANK, OTHER_BD_FCM, deposit, to_cme, to_ficc

NOTE = security("91282CMS7")
AT_CME, AT_FICC = MarginPlace("A", CME), MarginPlace("A", FICC)


def given_of_a() -> list[Transfer]:
    """Return what A gave: 1,000 dollars and a note; 300 and the note at FICC, 400 at CME."""
    return [
        *(deposit("a", "A", 1_000_00), deposit("n", "A", 1_000, NOTE)),
        *(*to_ficc("f", "A", 300_00), *to_ficc("fn", "A", 1_000, NOTE), *to_cme("m", "A", 400_00)),
    ]


def ported_of_a(tenths: int) -> tuple[DefaultItem, ...]:
    """Return how so many tenths of what A has in each place go to the other BD-FCM."""
    return (
        MarginPorted(AT_FICC, OTHER_BD_FCM, CASH, 30_00 * tenths),
        MarginPorted(AT_FICC, OTHER_BD_FCM, NOTE, 100 * tenths),
        MarginPorted(AT_CME, OTHER_BD_FCM, CASH, 40_00 * tenths),
        CashPorted("A", OTHER_BD_FCM, BANK, CASH, 30_00 * tenths),
    )
