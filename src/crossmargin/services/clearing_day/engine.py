"""Running a day: files as they arrive, steps at their instants, each once.

What a step posts and records is written in one transaction with the record that says it is done. A
day that was cut off anywhere is run again from its beginning: what is done is found done, and what
is not is done with the same ids. A file that is found only after a step that would have seen it
counts from the latest step that is done, whatever time its name says: what was computed stands. A
closed day is over: no step is done in it any more, and a file that is found only then is refused by
name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.services.books.days import STEP, check_turn, close_of, done_at
from crossmargin.services.books.ports import Books, Records, Work
from crossmargin.services.clearing_day.arrivals import ArrivedFile
from crossmargin.services.clearing_day.outgoing import Outbox, send_out
from crossmargin.services.clearing_day.schedule import DayClock, Step, StepKind

#: Stream of the records of files taken in.
FILE = "FILE"
_RULE = "business clock"


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
TakeInLate = Callable[[Work, ArrivedFile, date], StepResult | None]


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
    take_in_late : callable
        Of a file that is found after the close: None where it is refused.
    """

    bd_fcm: str
    actor: str
    approver: str
    clock: DayClock
    steps: Mapping[StepKind, DoStep]
    take_in: TakeIn
    take_in_late: TakeInLate


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

    def note(outcome: Done | None) -> None:
        if outcome is not None:
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
        for outcome in _found(programme, books, inbox, step, taken):
            note(outcome)
        note(_stepped(programme, books, step))
    send()
    return tuple(done)


def _found(
    programme: DayProgramme, books: Books, inbox: Inbox, step: Step, taken: set[str]
) -> Iterator[Done | None]:
    """Take in every file that is there before a step and was not looked at in this run."""
    day = step.business_date
    for file in inbox.arrivals(day, step.at):
        if file.name not in taken:
            taken.add(file.name)
            yield _taken_in(programme, books, file, day)
    for refusal in inbox.misnamed(day):
        if refusal.value not in taken:
            taken.add(refusal.value)
            yield _misnamed(programme, books, refusal, step)


def file_record_id(bd_fcm: str, business_date: date, file: ArrivedFile) -> str:
    """Return the id of the record of a file: a changed file of the same name is another."""
    return f"file/{bd_fcm}/{business_date.isoformat()}/{file.name}/{file.sha256[:16]}"


def _stepped(programme: DayProgramme, books: Books, step: Step) -> Done | None:
    """Do a step; None where the day was closed without it."""
    record_id = step.record_id(programme.bd_fcm)

    def take(work: Work, closed_at: datetime | None) -> Record | None:
        if closed_at is not None:
            return None
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

    return _once(programme, books, step.business_date, record_id, take)


def _taken_in(
    programme: DayProgramme, books: Books, file: ArrivedFile, business_date: date
) -> Done | None:
    """Take a file in at its own instant or when it is found, or refuse it after the close."""
    record_id = file_record_id(programme.bd_fcm, business_date, file)

    def take(work: Work, closed_at: datetime | None) -> Record:
        at = _not_before_what_is_done(work.records, programme.bd_fcm, file.arrived_at)
        now = replace(file, arrived_at=at)
        if closed_at is None:
            result = programme.take_in(work, now, business_date)
        elif (corrected := programme.take_in_late(work, now, business_date)) is not None:
            result = corrected
        else:
            expected = f"a file found before the day was closed, {closed_at.isoformat()}"
            late = Refusal("file", file.name, expected, _RULE)
            result = StepResult(refused_whole([late]))
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
            at=at,
            content=content,
            causes=result.causes,
        )

    return _once(programme, books, business_date, record_id, take)


def _misnamed(programme: DayProgramme, books: Books, refusal: Refusal, step: Step) -> Done | None:
    """Record that a file is refused by its name: at the next step, or once it is found."""
    day, name = step.business_date, refusal.value
    record_id = f"file/{programme.bd_fcm}/{day.isoformat()}/{name}/misnamed"
    content = {
        "kind": "",
        "label": "",
        "name": name,
        "sha256": "",
        "row_count": 0,
        **refused_whole([refusal]),
    }

    def take(work: Work, _: datetime | None) -> Record:
        at = _not_before_what_is_done(work.records, programme.bd_fcm, step.at)
        return _record(programme, record_id, FILE, on=day, at=at, content=content)

    return _once(programme, books, day, record_id, take)


def _not_before_what_is_done(records: Records, bd_fcm: str, at: datetime) -> datetime:
    """Return an instant, or that of the latest step that is done if that is later."""
    return max(at, done_at(records, bd_fcm) or at)


def refused_whole(refusals: Sequence[Refusal]) -> dict[str, object]:
    """Return what the record of a file says that is refused whole."""
    return {"refused": [each.as_document() for each in refusals], "taken": 0, "not_taken": []}


def _once(
    programme: DayProgramme,
    books: Books,
    business_date: date,
    record_id: str,
    do: Callable[[Work, datetime | None], Record | None],
) -> Done | None:
    """Do something and write the record that says so in one transaction, unless it is there.

    ``do`` is told when the day was closed, None while it is not; it returns None if it did nothing.
    """
    with books.work() as work:
        found = work.records.get(record_id)
        if found is not None:
            return Done(found, is_new=False)
        record = do(work, close_of(work.records, programme.bd_fcm, business_date))
        if record is None:
            return None
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
