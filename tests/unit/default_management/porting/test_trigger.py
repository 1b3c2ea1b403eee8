"""What opens a port: trigger, approval, clock."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.porting.trigger import (
    Trigger,
    TriggerKind,
    clock_of,
    trigger_verdict,
)
from crossmargin.default_management.transfer_test import ClockRoll, TransferClock
from crossmargin.product.calendars import sifma_calendar
from crossmargin.testing.porting import DIGEST

CLOCK = TransferClock(7, ClockRoll.NONE)
ROLLED = TransferClock(7, ClockRoll.NEXT_BUSINESS_DAY)
#: A Monday; the seventh day after it is Memorial Day.
RELIEF = date(2026, 5, 18)
MEMORIAL_DAY, DAY_AFTER = date(2026, 5, 25), date(2026, 5, 26)
CALENDAR = sifma_calendar()


def debtor(on: date, *, approval: str = DIGEST, disapproved: bool = False) -> Trigger:
    return Trigger(TriggerKind.DEBTOR, RELIEF, on, approval, disapproved)


def failed(trigger: Trigger, clock: TransferClock = CLOCK) -> list[str]:
    return [
        gate.name for gate in trigger_verdict(trigger, clock, CALENDAR).gates if not gate.passed
    ]


def test_the_clock_ends_on_the_holiday_unless_it_is_rolled() -> None:
    found = clock_of(debtor(RELIEF), CLOCK, CALENDAR)
    rolled = clock_of(debtor(RELIEF), ROLLED, CALENDAR)
    assert found is not None
    assert rolled is not None
    assert (found.last_day, found.business_days) == (MEMORIAL_DAY, 4)
    assert found.last_business_day == date(2026, 5, 22), "a Friday: nothing transfers after it"
    assert (rolled.last_day, rolled.without_roll, rolled.business_days) == (
        DAY_AFTER,
        MEMORIAL_DAY,
        5,
    )


@pytest.mark.parametrize(
    ("on", "clock", "late"),
    [
        (RELIEF, CLOCK, False),
        (MEMORIAL_DAY, CLOCK, False),
        (DAY_AFTER, CLOCK, True),
        (DAY_AFTER, ROLLED, False),
        (date(2026, 5, 27), ROLLED, True),
    ],
)
def test_a_transfer_after_the_last_day_is_late(on: date, clock: TransferClock, late: bool) -> None:
    assert failed(debtor(on), clock) == (["CLOCK"] if late else [])


def test_a_debtor_needs_the_commissions_approval_and_no_disapproval() -> None:
    assert failed(debtor(RELIEF, approval="")) == ["COMMISSION_APPROVAL"]
    assert failed(debtor(RELIEF, disapproved=True)) == ["NOT_DISAPPROVED"]
    late = debtor(DAY_AFTER, approval="", disapproved=True)
    assert failed(late) == ["COMMISSION_APPROVAL", "NOT_DISAPPROVED", "CLOCK"]


def test_a_required_transfer_has_neither_clock_nor_approval() -> None:
    required = Trigger(TriggerKind.TRANSFER_REQUIRED, RELIEF, date(2026, 7, 1))
    assert clock_of(required, CLOCK, CALENDAR) is None
    assert failed(required) == []
    (gate,) = trigger_verdict(required, CLOCK, CALENDAR).gates
    assert gate.rule == "17 CFR 1.17(a)(4)"


def test_a_transfer_before_its_trigger_and_an_approval_without_digest_are_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        Trigger(TriggerKind.DEBTOR, RELIEF, date(2026, 5, 17), "a letter")
    assert {each.field for each in caught.value.refusals} == {"sha256", "transfer_on"}
