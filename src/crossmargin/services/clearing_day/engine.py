"""Running a day: files as they arrive, steps at their instants, each once.

What a step posts and records is written in one transaction with the record that says it is done. A
day that was cut off anywhere is run again from its beginning: what is done is found done, and what
is not is done with the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.services.books.days import STEP, check_turn
from crossmargin.services.books.ports import Books, Records, Work
from crossmargin.services.clearing_day.arrivals import ArrivedFile
from crossmargin.services.clearing_day.outgoing import Outbox, send_out
from crossmargin.services.clearing_day.schedule import DayClock, Step, StepKind

#: Stream of the records of files taken in.
FILE = "FILE"


class Inbox(Protocol):
    """Where files arrive."""

    def arrivals(self, business_date: date, until: datetime) -> Sequence[ArrivedFile]:
        """Return what has arrived on the day up to an instant, by instant and name."""
        ...

    def misnamed(self, business_date: date) -> Sequence[Refusal]:
        """Return a refusal of every file of the day whose name is not understood, by name."""
        ...


class Others(Protocol):
    """The other parties, where they are simulated: what they send is put into the inbox."""

    def act(self, books: Books, business_date: date, until: datetime) -> None:
        """Let them send everything that they would have sent up to an instant."""
        ...


class NobodyElse:
    """No other party is simulated: files come from outside."""

    def act(self, books: Books, business_date: date, until: datetime) -> None:
        """Send nothing."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step or a file did: figures for whoever watches, and what it follows from.

    Parameters
    ----------
    content : mapping
        Kept with the record that says it is done.
    causes : tuple of str
    """

    content: Mapping[str, object]
    causes: tuple[str, ...] = ()


DoStep = Callable[[Work, Step], StepResult]
TakeIn = Callable[[Work, ArrivedFile, date], StepResult]


@dataclass(frozen=True, slots=True)
class DayProgramme:
    """What each kind of step does, and how a file is taken in.

    Parameters
    ----------
    bd_fcm : str
    actor, approver : str
        Whose names the records of steps and files carry.
    clock : DayClock
    steps : mapping of StepKind to callable
        Each computes from what is written and writes, and commits nothing.
    take_in : callable
    """

    bd_fcm: str
    actor: str
    approver: str
    clock: DayClock
    steps: Mapping[StepKind, DoStep]
    take_in: TakeIn


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done, or had been done before."""

    record: Record
    is_new: bool


def run_day(
    programme: DayProgramme,
    books: Books,
    inbox: Inbox,
    business_date: date,
    *,
    until: datetime | None = None,
    others: Others | None = None,
    outbox: Outbox | None = None,
    watch: Callable[[Done], None] = lambda _: None,
) -> tuple[Done, ...]:
    """Do everything of a day that is not done, in order, up to an instant.

    Parameters
    ----------
    programme : DayProgramme
    books : Books
    inbox : Inbox
    business_date : date
    until : datetime, optional
        Counted; the whole day if left out.
    others : Others, optional
    outbox : Outbox, optional
        Where what goes out is put, before the other parties look and at the end.
    watch : callable
        Told of each thing as it is done.

    Raises
    ------
    RefusedError
        If it is not the day's turn, or a step cannot be done; what was done before it stays.
    """
    parties = others or NobodyElse()
    done: list[Done] = []
    taken: set[str] = set()

    def note(outcome: Done) -> None:
        done.append(outcome)
        watch(outcome)

    def send() -> None:
        if outbox is not None:
            send_out(books, outbox, programme.bd_fcm, business_date)

    with books.work() as work:
        check_turn(work.records, programme.bd_fcm, business_date)
    for step in programme.clock.steps(business_date):
        if until is not None and step.at > until:
            break
        send()
        parties.act(books, business_date, step.at)
        for file in inbox.arrivals(business_date, step.at):
            if file.name not in taken:
                taken.add(file.name)
                note(_taken_in(programme, books, file, business_date))
        for refusal in inbox.misnamed(business_date):
            if refusal.value not in taken:
                taken.add(refusal.value)
                note(_misnamed(programme, books, refusal, step))
        note(_stepped(programme, books, step))
    send()
    return tuple(done)


def is_closed(records: Records, bd_fcm: str, business_date: date) -> bool:
    """Return whether a BD-FCM's day was closed."""
    found = records.select(stream=STEP, subject=bd_fcm, first=business_date, last=business_date)
    return any(each.content["step"] == StepKind.CLOSE.value for each in found)


def file_record_id(bd_fcm: str, business_date: date, file: ArrivedFile) -> str:
    """Return the id of the record of a file: a changed file of the same name is another."""
    return f"file/{bd_fcm}/{business_date.isoformat()}/{file.name}/{file.sha256[:16]}"


def _stepped(programme: DayProgramme, books: Books, step: Step) -> Done:
    record_id = step.record_id(programme.bd_fcm)

    def take(work: Work) -> Record:
        result = programme.steps[step.kind](work, step)
        content = {"step": step.name, **result.content}
        return _record(
            programme,
            record_id,
            STEP,
            on=step.business_date,
            at=step.at,
            content=content,
            causes=result.causes,
        )

    return _once(books, record_id, take)


def _taken_in(
    programme: DayProgramme, books: Books, file: ArrivedFile, business_date: date
) -> Done:
    record_id = file_record_id(programme.bd_fcm, business_date, file)

    def take(work: Work) -> Record:
        result = programme.take_in(work, file, business_date)
        content = {
            "kind": file.kind.value,
            "label": file.label,
            "name": file.name,
            "sha256": file.sha256,
            "row_count": len(file.rows),
            **result.content,
        }
        return _record(
            programme,
            record_id,
            FILE,
            on=business_date,
            at=file.arrived_at,
            content=content,
            causes=result.causes,
        )

    return _once(books, record_id, take)


def _misnamed(programme: DayProgramme, books: Books, refusal: Refusal, step: Step) -> Done:
    """Record that a file is refused by its name, at the step that first found it there."""
    day, name = step.business_date, refusal.value
    record_id = f"file/{programme.bd_fcm}/{day.isoformat()}/{name}/misnamed"
    content = {
        "kind": "",
        "label": "",
        "name": name,
        "sha256": "",
        "row_count": 0,
        "refused": [refusal.as_document()],
        "taken": 0,
        "not_taken": [],
    }
    return _once(
        books,
        record_id,
        lambda _: _record(programme, record_id, FILE, on=day, at=step.at, content=content),
    )


def _once(books: Books, record_id: str, do: Callable[[Work], Record]) -> Done:
    """Do something and write the record that says so in one transaction, unless it is there."""
    with books.work() as work:
        found = work.records.get(record_id)
        if found is not None:
            return Done(found, is_new=False)
        record = do(work)
        work.records.add(record)
        work.commit()
    return Done(record, is_new=True)


def _record(
    programme: DayProgramme,
    record_id: str,
    stream: str,
    *,
    on: date,
    at: datetime,
    content: Mapping[str, object],
    causes: tuple[str, ...] = (),
) -> Record:
    return Record(
        record_id=record_id,
        stream=stream,
        subject=programme.bd_fcm,
        business_date=on,
        at=at,
        actor=programme.actor,
        approver=programme.approver,
        content=content,
        causes=causes,
    )
