"""Values chosen for a BD-FCM's days: of any owner, whatever a margin run reads."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_desk.desk import ClearingDesk
from crossmargin.testing.clearing_days import FIRM, EmptyOutbox, ScriptedInbox

DAY = date(2026, 5, 11)


def models(simulated_market, **changes: dict[str, str]) -> DayModels:
    registry = parameter_registry().replacing([parameter_registry().files["clearing_day"]])
    return DayModels(simulated_market, registry, block_executor(), changes)


def test_a_firms_term_is_chosen_beside_the_models(simulated_market) -> None:
    chosen = models(
        simulated_market,
        clearing_day={"house_add_on_pct": "5"},
        arrangement={"cap": "0.7"},
    )
    assert chosen.faults_of_changes(DAY) == ()
    assert chosen.set_of("clearing_day", DAY).ratio("house_add_on_pct") == 5
    assert chosen.set_of("collateral", DAY).changed == frozenset()
    assert chosen.parameters(DAY).as_document()["changed"] == {"arrangement.cap": "0.7"}


def test_a_day_is_refused_with_everything_that_is_no_parameter(simulated_market) -> None:
    chosen = models(
        simulated_market,
        nobody={"x": "1"},
        collateral={"house_add_on_pct": "5"},
        clearing_day={"house_add_on_pct": "-1"},
    )
    desk = ClearingDesk(None, ScriptedInbox({}), EmptyOutbox(), chosen, FIRM, "ops", "risk")
    with pytest.raises(RefusedError) as refused:
        desk.run(DAY)
    assert len(refused.value.refusals) == 3
