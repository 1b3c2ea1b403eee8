"""Fixtures shared by every test: the real data folder, where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real market data, or skip: the project commits none of it."""
    named = os.environ.get("CROSSMARGIN_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real market data: set CROSSMARGIN_DATA to the folder that holds it")
    return folder
