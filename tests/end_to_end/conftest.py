"""What every test of a command shares: days that were prepared for one are not prepared again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from crossmargin.testing.commands import PreparedDays


@pytest.fixture(scope="session")
def prepared_days() -> PreparedDays:
    """Return the days that tests of commands have prepared."""
    from crossmargin.testing.commands import PreparedDays

    return PreparedDays()


@pytest.fixture(scope="module", autouse=True)
def _share_prepared_days(prepared_days: PreparedDays) -> Iterator[None]:
    """Share them, in tests of commands alone: a test of preparing prepares."""
    with prepared_days.shared():
        yield
