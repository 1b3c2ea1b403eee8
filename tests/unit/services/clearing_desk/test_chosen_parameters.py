"""Other parameters than those shipped: approved by who may, and named in every step's record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import STEP
from crossmargin.services.clearing_day.schedule import DayClock
from crossmargin.testing.clearing_days import FIRM, RICH, opened_books

CHOSEN = {"clearing_day": {"residual_interest_target_dollars": "1"}}


@pytest.mark.parametrize(
    ("approver", "is_allowed"),
    [
        ("risk", True),
        ("bd_fcm_risk:y", True),
        ("bd_fcm_compliance:y", True),
        ("bd_fcm_operations:y", False),
        ("trustee:y", False),
    ],
)
def test_who_approves_wires_alone_may_not_approve_a_day_of_chosen_parameters(
    models, day, approver, is_allowed
):
    clock = DayClock.from_parameters(lambda owner: models.registry.set_of(owner, day))
    DayContext(FIRM, "bd_fcm_operations:x", approver, clock, models)
    chosen = replace(models, changes=CHOSEN)
    if is_allowed:
        DayContext(FIRM, "bd_fcm_operations:x", approver, clock, chosen)
        return
    with pytest.raises(RefusedError) as refusal:
        DayContext(FIRM, "bd_fcm_operations:x", approver, clock, chosen)
    (fault,) = refusal.value.refusals
    assert (fault.field, "bd_fcm_risk" in fault.expected) == ("approver", True)


def test_every_step_names_what_was_chosen_for_it_and_none_otherwise(desk_of, models, day):
    books = opened_books(MemoryBooks())
    desk = replace(desk_of(books, deposits=RICH), models=replace(models, changes=CHOSEN))
    desk.run(day)
    with books.work() as work:
        steps = work.records.select(stream=STEP)
        said = [step.content["chosen_parameters"] for step in steps]
    assert len(steps) > 1
    assert all(each == {"clearing_day.residual_interest_target_dollars": "1"} for each in said)
    plain = opened_books(MemoryBooks())
    desk_of(plain, deposits=RICH).run(day)
    with plain.work() as work:
        assert not any("chosen_parameters" in s.content for s in work.records.select(stream=STEP))
