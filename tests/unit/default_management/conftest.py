"""The rules of a default as they are shipped."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin import bootstrap
from crossmargin.default_management.rules import DefaultRules


@pytest.fixture(scope="session")
def rules() -> DefaultRules:
    registry = bootstrap.parameter_registry()
    return DefaultRules.from_parameters(registry.set_of("default_management", date(2026, 6, 1)))
