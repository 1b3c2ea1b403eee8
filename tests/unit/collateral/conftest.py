"""The shipped parameters of collateral, as of a day in 2026."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin import bootstrap
from crossmargin.parameters.registry import ParameterSet

AS_OF = date(2026, 5, 11)


@pytest.fixture(scope="session")
def parameters() -> ParameterSet:
    return bootstrap.parameter_registry().set_of("collateral", AS_OF)
