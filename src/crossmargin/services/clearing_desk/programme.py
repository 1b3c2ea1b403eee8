"""What each step of a BD-FCM's day does, put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from crossmargin.arrangement.cycles import Cycle
from crossmargin.services.book_reports.cash_ladders import keep_ladder
from crossmargin.services.book_reports.closing import close_day
from crossmargin.services.book_reports.custody_versions import take_in_late
from crossmargin.services.book_reports.filing import file_segregation, meet_residual_interest
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.charges import charge_day
from crossmargin.services.clearing_day.collecting import call_customers, pay_side
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.delivering import deliver, invoice_tenders
from crossmargin.services.clearing_day.directing import effects_of_directions
from crossmargin.services.clearing_day.engine import DayProgramme, DoStep, StepResult
from crossmargin.services.clearing_day.falling_due import close_of_fedwire, end_of_business_day
from crossmargin.services.clearing_day.flow_steps import (
    mark_end_of_day,
    mark_intraday,
    open_day,
)
from crossmargin.services.clearing_day.intake import take_in
from crossmargin.services.clearing_day.leaving import see_customers_off
from crossmargin.services.clearing_day.requirements import is_to_be_restruck, run_cycle
from crossmargin.services.clearing_day.schedule import Step, StepKind

#: Asks every customer's back-up at the close, and keeps what it says.
AskBackups = Callable[[DayContext, Work, Step], StepResult]
#: Steps after which the day's cash ladder is made anew: cash was called, moved or due, or an hour
#: is over.
_MOVE_CASH = (
    StepKind.OPEN,
    StepKind.CME_MORNING,
    StepKind.FICC_MORNING,
    StepKind.HOURLY,
    StepKind.ITD,
    StepKind.CME_ITD_DUE,
    StepKind.FICC_ITD_DUE,
    StepKind.END_OF_BUSINESS_DAY,
    StepKind.FEDWIRE_CLOSE,
)


def day_programme(context: DayContext, ask_backups: AskBackups | None = None) -> DayProgramme:
    """Return the programme of a BD-FCM's day.

    Parameters
    ----------
    context : DayContext
    ask_backups : callable, optional
        None where no back-ups are configured: the close says so.
    """
    steps: dict[StepKind, DoStep] = {
        StepKind.OPEN: partial(_opening, context),
        StepKind.HOURLY: partial(_hourly, context),
        StepKind.CME_MORNING: partial(pay_side, context),
        StepKind.FICC_MORNING: partial(pay_side, context),
        StepKind.ITD: partial(_intraday, context),
        StepKind.SEGREGATION_DUE: partial(file_segregation, context),
        StepKind.CME_ITD_DUE: partial(pay_side, context),
        StepKind.FICC_ITD_DUE: partial(pay_side, context),
        StepKind.END_OF_BUSINESS_DAY: partial(end_of_business_day, context),
        StepKind.RESIDUAL_INTEREST_DUE: partial(meet_residual_interest, context),
        StepKind.FEDWIRE_CLOSE: partial(close_of_fedwire, context),
        StepKind.EOD: partial(_evening, context),
        StepKind.EODXM: partial(_final, context),
        StepKind.EODXM_RESTRUCK: partial(_restruck, context),
        StepKind.CLOSE: partial(_close, context, ask_backups),
    }
    if context.models.chosen:
        steps = {kind: partial(_naming_choices, context, do) for kind, do in steps.items()}
    steps |= {kind: partial(_with_ladder, context, steps[kind]) for kind in _MOVE_CASH}
    return DayProgramme(
        context.bd_fcm,
        context.actor,
        context.approver,
        context.clock,
        steps,
        partial(take_in, context),
        partial(take_in_late, context),
    )


def _naming_choices(context: DayContext, do: DoStep, work: Work, step: Step) -> StepResult:
    """Name in a step's record the parameters that were chosen for it."""
    done = do(work, step)
    return StepResult({**done.content, "chosen_parameters": context.models.chosen}, done.causes)


def _with_ladder(context: DayContext, do: DoStep, work: Work, step: Step) -> StepResult:
    done = do(work, step)
    ladder = keep_ladder(context, work, step, on=step.business_date)
    return StepResult({**done.content, **ladder.content}, done.causes)


def _opening(context: DayContext, work: Work, step: Step) -> StepResult:
    return _joined(
        open_day(context, work, step),
        invoice_tenders(context, work, step),
        deliver(context, work, step),
    )


def _hourly(context: DayContext, work: Work, step: Step) -> StepResult:
    return run_cycle(context, work, step, Cycle.CUR)


def _intraday(context: DayContext, work: Work, step: Step) -> StepResult:
    return _joined(
        mark_intraday(context, work, step),
        run_cycle(context, work, step, Cycle.ITD),
        effects_of_directions(context, work, step),
        call_customers(context, work, step, Cycle.ITD.value),
    )


def _evening(context: DayContext, work: Work, step: Step) -> StepResult:
    return _joined(
        mark_end_of_day(context, work, step),
        invoice_tenders(context, work, step),
        charge_day(context, work, step),
        run_cycle(context, work, step, Cycle.EOD),
        effects_of_directions(context, work, step),
        call_customers(context, work, step, Cycle.EOD.value),
    )


def _final(context: DayContext, work: Work, step: Step) -> StepResult:
    return _joined(
        run_cycle(context, work, step, Cycle.EODXM),
        call_customers(context, work, step, Cycle.EODXM.value),
    )


def _restruck(context: DayContext, work: Work, step: Step) -> StepResult:
    """Strike EODXM again where a late side's file has come; the difference is called or lowered."""
    if not is_to_be_restruck(work.records, context.bd_fcm, step.business_date):
        return StepResult({"restruck": "no"})
    return _joined(StepResult({"restruck": "yes"}), _final(context, work, step))


def _close(
    context: DayContext, ask_backups: AskBackups | None, work: Work, step: Step
) -> StepResult:
    """Make the day's reports of what stands once those who leave have been seen off."""
    return _joined(
        see_customers_off(context, work, step),
        close_day(context, work, step),
        keep_ladder(context, work, step, on=context.next_business_day(step.business_date)),
        StepResult({"backups": "no back-ups configured"})
        if ask_backups is None
        else ask_backups(context, work, step),
    )


def _joined(*results: StepResult) -> StepResult:
    content: dict[str, object] = {}
    causes: list[str] = []
    for result in results:
        content |= result.content
        causes += result.causes
    return StepResult(content, tuple(dict.fromkeys(causes)))
