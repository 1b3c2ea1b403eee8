"""Every control of the catalogue, asked of one day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.parameters.registry import ParameterSet
from crossmargin.participation.criteria import Criteria
from crossmargin.reporting.controls import Control, ControlResult
from crossmargin.services.book_reports.controls import of_access, of_amounts, of_movements
from crossmargin.services.book_reports.controls.evidence import DayEvidence
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.schedule import StepKind

_C = Control
_Ask = Callable[[DayEvidence], ControlResult]


def controls_of_day(
    work: Work,
    bd_fcm: str,
    day: date,
    *,
    set_of: Callable[[str], ParameterSet],
    criteria: Criteria,
) -> tuple[ControlResult, ...]:
    """Return how every control came out on a closed day, from what the books hold.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    day : date
    set_of : function of an owner's name to ParameterSet
        In force on the day.
    criteria : Criteria
        The published criteria of suspension.

    Raises
    ------
    RefusedError
        If the day is not closed.
    """
    evidence = DayEvidence(work, bd_fcm, day, set_of)
    if evidence.step(StepKind.CLOSE) is None:
        raise RefusedError(Refusal("date", day.isoformat(), "a day that is closed", "controls"))
    window = set_of("default_management").whole("transfer_clock_days")
    asks: Mapping[Control, _Ask] = {
        _C.HOLDS_POSITIONS: of_access.holds_positions,
        _C.PROPERTY_RECEIVED: of_access.property_received,
        _C.ONE_CLASS: of_movements.one_class,
        _C.MARGIN_LEAVES_FICC: of_movements.margin_leaves_ficc,
        _C.LIENS: of_access.liens,
        _C.COLLECTED: of_amounts.collected,
        _C.GROSS_BY_CUSTOMER: of_movements.gross_by_customer,
        _C.WITHDRAWALS: of_movements.withdrawals,
        _C.SEGREGATION: of_amounts.segregation,
        _C.RESIDUAL_INTEREST_REQUIRED: of_amounts.residual_interest_required,
        _C.RESIDUAL_INTEREST_TARGET: of_amounts.residual_interest_target,
        _C.CALLS: of_amounts.calls,
        _C.HELD_AND_OWED: of_amounts.held_and_owed,
        _C.SECURITIES_ACCOUNTS: of_access.securities_accounts,
        _C.SETTLED_LOTS: of_movements.settled_lots,
        _C.GUARANTY: of_movements.guaranty,
        _C.PORTS: lambda found: of_movements.ports(found, days=window),
        _C.SUSPENSION: lambda found: of_access.suspensions(found, criteria),
        _C.PROGRAMME: of_access.programme,
    }
    return tuple(asks[control](evidence) for control in Control)
