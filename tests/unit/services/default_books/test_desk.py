"""What a default reads of the books at its desk."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.postings import DefaultEntry
from crossmargin.ledger.assets import CASH, security
from crossmargin.services.default_books.desk import DefaultDesk

NOTE = security("91282CMS7")


def test_a_security_without_a_price_is_worth_nothing_that_could_be_said() -> None:
    entry = DefaultEntry(
        "F", "BANK", "declared", date(2026, 5, 11), datetime(2026, 5, 11, 18, tzinfo=UTC)
    )
    desk = DefaultDesk(None, entry, {NOTE.code: Fraction(99_999, 100_000)}, {})
    assert desk.value_of(CASH, 7) == Money(7)
    assert desk.value_of(NOTE, 100) == Money(99_99)
    with pytest.raises(RefusedError, match="a price of the day"):
        desk.value_of(security("912810FT0"), 100)
