"""The plan of a port of the demo's customers, made once for every test of it."""

from __future__ import annotations

import pytest

from crossmargin import bootstrap
from crossmargin.bootstrap.porting import porting_parameters
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.porting.margins import Remargining
from crossmargin.services.porting.planning import PortPlan
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.testing.port_plans import file_of, planned


@pytest.fixture(scope="session")
def parameters(simulated_run: MarginRun) -> PortingParameters:
    return porting_parameters(simulated_run.result.day.as_of)


@pytest.fixture(scope="session")
def remargining(simulated_run: MarginRun) -> Remargining:
    return Remargining(simulated_run.result.day, bootstrap.block_executor())


@pytest.fixture(scope="session")
def open_plan(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> PortPlan:
    return planned(simulated_run, remargining, parameters, file_of())
