"""What every step of a day is done with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import RefusedError
from crossmargin.parameters.registry import ParameterSet
from crossmargin.participation.customer import CustomerFile
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.books.approvals import Matter, faults_of_checker, faults_of_people
from crossmargin.services.books.participation import customer_file
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.schedule import DayClock, Step


@dataclass(frozen=True, slots=True)
class DayContext:
    """One BD-FCM's day.

    Parameters
    ----------
    bd_fcm : str
    actor : str
        Who runs the day.
    approver : str
        Who approves the wires that it proposes; another than the actor.
    clock : DayClock
    models : DayModels

    Raises
    ------
    RefusedError
        Unless they are two people in roles that may make and approve wires; where parameters were
        chosen for the days the checker is one who may approve parameters too.
    """

    bd_fcm: str
    actor: str
    approver: str
    clock: DayClock
    models: DayModels

    def __post_init__(self) -> None:
        faults = faults_of_people(self.actor, self.approver, Matter.WIRE)
        if self.models.chosen:
            # Other parameters than those shipped are another matter than wires.
            faults += faults_of_checker(self.approver, Matter.PARAMETER)
        if faults:
            raise RefusedError(*dict.fromkeys(faults))

    def parameters(self, owner: str, on: date) -> ParameterSet:
        """Return one owner's parameters in force on a day."""
        return self.models.set_of(owner, on)

    def next_business_day(self, day: date) -> date:
        """Return the next day on which both clearing organizations are open."""
        return futures_delivery_calendar().next_business_day(day)

    def participant(self, work: Work, customer: CustomerKey, on: date) -> CustomerFile:
        """Return everything that is known of a customer's participation."""
        share = self.parameters("participation", on).ratio("proprietary_share")
        return customer_file(work, customer, share)

    def written(self, step: Step, *causes: str) -> Written:
        """Return how a step writes: its instant, its people, the causes given."""
        return self.written_at(step.business_date, step.at, *causes)

    def written_at(self, business_date: date, at: datetime, *causes: str) -> Written:
        """Return how something is written at an instant."""
        return Written(business_date, at, self.actor, causes, self.approver)
