"""Hold a rehearsal: set the stage, run the days, act at the instants, look at every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.ageing import AgeingRules
from crossmargin.participation.criteria import Criteria
from crossmargin.participation.rehearsal import Rehearsal, RehearsedStep
from crossmargin.participation.standing import Invoker
from crossmargin.product.position import PositionLine
from crossmargin.services.books.approvals import Matter, Person, check_two_people
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.placing import places_of
from crossmargin.services.clearing_day.requirements import MARGIN_RUN
from crossmargin.services.clearing_day.schedule import DayClock
from crossmargin.services.clearing_desk.desk import ClearingDesk
from crossmargin.services.rehearsal.checks import outcomes
from crossmargin.services.rehearsal.port import port_out
from crossmargin.services.rehearsal.reading import RehearsedBooks
from crossmargin.services.rehearsal.script import Script, first_requirement, lines_to_rehearse
from crossmargin.services.rehearsal.staging import Stage, set_stage
from crossmargin.services.rehearsal.timetable import Timetable, timetable
from crossmargin.services.suspension.desk import AccessDesk
from crossmargin.services.suspension.notices import acknowledge, cure, give_notice

#: Puts the other parties and the day's files around a rehearsal's books.
MakeDesk = Callable[[Books, Script], ClearingDesk]
_STAGED, _NOTICE, _REINSTATED, _PORTED = "06:00", "11:00", "10:30", "11:00"


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """What is to be rehearsed.

    Parameters
    ----------
    customer : CustomerKey
    held_at : datetime
        Of the business clock: when the rehearsal is asked for.
    first : date
        The simulated days begin on it, or on the next business day.
    lines : sequence of PositionLine
        A positions file; other customers' lines are left out.
    actor, approver : str
    receiver : str
        To whom the port goes, by name.
    """

    customer: CustomerKey
    held_at: datetime
    first: date
    lines: Sequence[PositionLine]
    actor: str
    approver: str
    receiver: str


def hold_rehearsal(
    real: Books,
    own: Books,
    request: RehearsalRequest,
    *,
    models: DayModels,
    criteria: Criteria,
    make_desk: MakeDesk,
    watch: Callable[[date], None] = lambda _: None,
) -> Rehearsal:
    """Rehearse a customer's whole workflow; the same request gives the same document.

    Parameters
    ----------
    real : Books
        The BD-FCM's: read, never written.
    own : Books
        Empty; the rehearsal's.
    request : RehearsalRequest
    models : DayModels
    criteria : Criteria
    make_desk : callable
    watch : callable
        Told of each day before it is run.

    Raises
    ------
    RefusedError
        If it cannot be held: papers or positions are missing, there are no prices, or maker and
        checker are one.
    """
    check_two_people(request.actor, request.approver, Matter.PARTICIPATION)
    # Two people play every part in it: their own roles count for holding it alone.
    maker, checker = Person.parsed(request.actor).name, Person.parsed(request.approver).name
    request = replace(request, actor=maker, approver=checker)
    registry = models.registry
    clock = DayClock.from_parameters(lambda owner: registry.set_of(owner, request.first))
    ageing = AgeingRules.from_parameters(registry.set_of("collateral", request.first))
    times = timetable(request.first, criteria, ageing, clock)
    lines = lines_to_rehearse(request.lines, request.customer, times.first)
    required, contract = first_requirement(models, lines, times.first)
    positions = digest_of([_line_document(line) for line in lines])
    with real.work() as work:
        places = places_of(work, request.customer.bd_fcm, times.first)
    script = Script(
        request.customer,
        lines,
        times,
        places,
        required,
        contract,
        entered_by=request.actor,
        approved_by=request.approver,
    )
    share = registry.set_of("participation", times.first).ratio("proprietary_share")
    stage = Stage(
        request.customer,
        times.first,
        times.at(times.first, _STAGED),
        request.actor,
        request.approver,
        share,
        script.capital,
        positions,
    )
    set_stage(real, own, stage)
    access = AccessDesk(request.customer.bd_fcm, criteria, registry)
    acting = _Acting(own, make_desk(own, script), access, request, times)
    acting.run(watch)
    with own.work() as work:
        books = RehearsedBooks(work, request.customer, times, share, acting.troubles)
        steps = outcomes(books)
        margined = work.records.select(stream=MARGIN_RUN, first=times.first, last=times.last)
        records = [each.digest for each in work.records.select()]
        transfers = [[t.transfer_id, t.amount, t.state.value] for t in work.ledger.transfers()]
    return Rehearsal(
        request.customer.bd_fcm,
        request.customer.customer_id,
        request.held_at,
        {
            "positions": positions,
            "market": digest_of(sorted({str(e.content["market_digest"]) for e in margined})),
            "parameters": digest_of([e.content["parameters"] for e in margined]),
            "criteria": criteria.digest,
            "first_day": times.first.isoformat(),
            "last_day": times.last.isoformat(),
        },
        steps,
        digest_of([records, transfers]),
    )


class _Acting:
    """The days, and what the BD-FCM does between their steps."""

    def __init__(
        self,
        own: Books,
        desk: ClearingDesk,
        access: AccessDesk,
        request: RehearsalRequest,
        times: Timetable,
    ) -> None:
        self.own, self.desk, self.access = own, desk, access
        self.request, self.times = request, times
        self.troubles: dict[RehearsedStep, str] = {}
        self._notice_id = ""

    def run(self, watch: Callable[[date], None]) -> None:
        """Run every day; on three of them act at an instant between the steps."""
        times = self.times
        acts: dict[date, tuple[str, Callable[[datetime], None], RehearsedStep]] = {
            times.notice_day: (_NOTICE, self._give_notice, RehearsedStep.SUSPENSION_NOTICE),
            times.paid_day: (_REINSTATED, self._reinstate, RehearsedStep.REINSTATED),
            times.last: (_PORTED, self._port, RehearsedStep.PORT),
        }
        for day in times.days:
            watch(day)
            if day in acts:
                clock, act, step = acts[day]
                at = times.at(day, clock)
                self.desk.run(day, until=at)
                try:
                    act(at)
                except RefusedError as error:
                    self.troubles[step] = str(error)
            if day != times.last:
                self.desk.run(day)

    @property
    def _customer(self) -> CustomerKey:
        return self.request.customer

    def _entry(self, at: datetime) -> Entry:
        return Entry(at, self.request.actor, self.request.approver)

    def _give_notice(self, at: datetime) -> None:
        with self.own.work() as work:
            self._notice_id = give_notice(
                self.access,
                work,
                self._customer,
                self.times.criterion.criterion_id,
                self._entry(at),
                invoked_by=Invoker.BD_FCM,
            )
            acknowledge(
                self.access,
                work,
                self._customer,
                self._notice_id,
                self._entry(at),
                sha256=digest_of(self._notice_id),
            )
            work.commit()

    def _reinstate(self, at: datetime) -> None:
        with self.own.work() as work:
            cure(self.access, work, self._customer, self._notice_id, self._entry(at))
            work.commit()

    def _port(self, at: datetime) -> None:
        written = Written(self.times.last, at, self.request.actor, (), self.request.approver)
        with self.own.work() as work:
            port_out(work, self._customer, written, receiver=self.request.receiver)
            work.commit()


def _line_document(line: PositionLine) -> list[object]:
    return [
        line.clearing_organization.value,
        line.account.value,
        line.instrument,
        line.quantity,
        line.leg.value,
        *(None if d is None else d.isoformat() for d in (line.settlement_date, line.end_date)),
        None if line.repo_rate_pct is None else str(line.repo_rate_pct),
        None if line.start_amount is None else str(line.start_amount),
    ]
