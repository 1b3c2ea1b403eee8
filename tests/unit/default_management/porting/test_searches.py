"""How often a program is searched: never twice over the same choices."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.default_management.porting import solver
from crossmargin.default_management.porting.plan import make_plan
from crossmargin.testing.porting import RULES, customer, inputs, receiver


def test_a_stage_of_a_small_program_searches_everything_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[tuple[bytes, bytes]] = []
    search = solver._Model._search

    def noted(model, upper, begun):
        costs = np.array(model._highs.getLp().col_cost_)
        searched.append((costs.tobytes(), upper.tobytes()))
        return search(model, upper, begun)

    monkeypatch.setattr(solver._Model, "_search", noted)
    people = [customer(f"C{n}", 100 + 7 * n, 90 + 5 * n) for n in range(9)]
    firms = [
        receiver(f"R{n}", add_on=Fraction(n, 20), margin_max=330, top_up_max=40) for n in range(3)
    ]
    rules = replace(RULES, optimality_gap=Fraction(0), solver_nodes_max=1)
    plan = make_plan(inputs(people, firms, rules=rules))
    assert any(stage.gap > 0 for stage in plan.solution.stages), "a search again would be asked for"
    assert searched
    assert len(searched) == len(set(searched))
