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
from crossmargin.services.books.ports import Books, Records, Work
from crossmargin.services.clearing_day.arrivals import ArrivedFile
from crossmargin.services.clearing_day.outgoing import Outbox, send_out
from crossmargin.services.clearing_day.schedule import DayClock, Step, StepKind

#: Stream of the records that say a step is done.
STEP = "STEP"
#: Stream of the records of files taken in.
FILE = "FILE"


class Inbox(Protocol):
    """Where files arrive."""

    def arrivals(self, business_date: date, until: datetime) -> Sequence[ArrivedFile]:
        """Return what has arrived on the day up to an instant, by instant and name."""
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
    actor : str
        Whose name the steps' records carry.
    clock : DayClock
    steps : mapping of StepKind to callable
        Each computes from what is written and writes, and commits nothing.
    take_in : callable
    """

    bd_fcm: str
    actor: str
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
        If a step cannot be done; what was done before it stays.
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

    for step in programme.clock.steps(business_date):
        if until is not None and step.at > until:
            break
        send()
        parties.act(books, business_date, step.at)
        for file in inbox.arrivals(business_date, step.at):
            if file.name not in taken:
                taken.add(file.name)
                note(_taken_in(programme, books, file, business_date))
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
    with books.work() as work:
        found = work.records.get(record_id)
        if found is not None:
            return Done(found, is_new=False)
        result = programme.steps[step.kind](work, step)
        record = Record(
            record_id=record_id,
            stream=STEP,
            subject=programme.bd_fcm,
            business_date=step.business_date,
            at=step.at,
            actor=programme.actor,
            content={"step": step.name, **result.content},
            causes=result.causes,
        )
        work.records.add(record)
        work.commit()
    return Done(record, is_new=True)


def _taken_in(
    programme: DayProgramme, books: Books, file: ArrivedFile, business_date: date
) -> Done:
    record_id = file_record_id(programme.bd_fcm, business_date, file)
    with books.work() as work:
        found = work.records.get(record_id)
        if found is not None:
            return Done(found, is_new=False)
        result = programme.take_in(work, file, business_date)
        record = Record(
            record_id=record_id,
            stream=FILE,
            subject=programme.bd_fcm,
            business_date=business_date,
            at=file.arrived_at,
            actor=programme.actor,
            content={
                "kind": file.kind.value,
                "label": file.label,
                "name": file.name,
                "sha256": file.sha256,
                "row_count": len(file.rows),
                **result.content,
            },
            causes=result.causes,
        )
        work.records.add(record)
        work.commit()
    return Done(record, is_new=True)
