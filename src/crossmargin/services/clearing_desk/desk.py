"""A BD-FCM's desk: everything that its days are run with, put together once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import Done, Inbox, Others, run_day
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.outgoing import Outbox
from crossmargin.services.clearing_desk.programme import AskBackups, day_programme


@dataclass(frozen=True, slots=True)
class ClearingDesk:
    """What runs a BD-FCM's days.

    Parameters
    ----------
    books : Books
    inbox : Inbox
    outbox : Outbox
    models : DayModels
    bd_fcm : str
    actor, approver : str
        Maker and checker of the wires that the day proposes.
    others : Others, optional
        The other parties, where they are simulated.
    publish : callable, optional
        Puts out a day's reports and files once it is closed; they may be put out again.
    ask_backups : callable, optional
        What the close asks customers' back-ups with; none are configured without it.
    """

    books: Books
    inbox: Inbox
    outbox: Outbox
    models: DayModels
    bd_fcm: str
    actor: str
    approver: str
    others: Others | None = None
    publish: Callable[[Work, date], object] | None = None
    ask_backups: AskBackups | None = None

    def with_others(self, others: Others) -> ClearingDesk:
        """Return the desk with the other parties simulated."""
        return replace(self, others=others)

    def business_days(self, first: date, last: date) -> tuple[date, ...]:
        """Return the days on which both clearing organizations are open, both ends counted.

        Raises
        ------
        RefusedError
            If there are none.
        """
        days = futures_delivery_calendar().business_days(first, last)
        if not days:
            expected = "days among which both clearing organizations are open on one"
            raise refused("date", f"{first} to {last}", expected, "business clock")
        return days

    def step_instants(self, business_date: date) -> Sequence[datetime]:
        """Return when the steps of a day are."""
        return self.models.step_instants(business_date)

    def run(
        self,
        business_date: date,
        *,
        until: datetime | None = None,
        watch: Callable[[Done], None] = lambda _: None,
    ) -> tuple[Done, ...]:
        """Do everything of a day that is not done, up to an instant.

        Raises
        ------
        RefusedError
            If it is not the day's turn, a step cannot be done, or a parameter chosen for the days
            is none or does not fit.
        """
        if faults := self.models.faults_of_changes(business_date):
            raise RefusedError(*faults)
        context = DayContext(
            self.bd_fcm, self.actor, self.approver, self.models.clock(business_date), self.models
        )
        done = run_day(
            day_programme(context, self.ask_backups),
            self.books,
            self.inbox,
            business_date,
            until=until,
            others=self.others,
            outbox=self.outbox,
            watch=watch,
        )
        if self.publish is not None:
            with self.books.work() as work:
                self.publish(work, business_date)
        return done
