"""What every test of a page shares: what was made for one is not made again."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def _share_what_is_made(shared_commands: None) -> None:
    """Share days, simulated markets and the tree of commands."""
