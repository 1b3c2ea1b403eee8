"""What is said of a BD-FCM outside its positions file, and the holdings that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.claims import TrusteeFacts
from crossmargin.default_management.holdings import CustomerHoldings, Holdings, Property
from crossmargin.default_management.liquidation.close_out import CustomerCloseOut
from crossmargin.default_management.payout import Event, Occasion
from crossmargin.default_management.results import CustomerResults, DayResult
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.defaults.collateral import Place, Pledged

_RULE = "reference: default"


@dataclass(frozen=True, slots=True)
class OutsideCustomer:
    """A futures customer outside the arrangement: figures, no positions.

    Parameters
    ----------
    customer_id : str
    requirement : Money
        At CME.
    at_cme, at_bd_fcm : Property
    result : Money
        Of its positions after the last cycle; a gain is positive.
    """

    customer_id: str
    requirement: Money
    at_cme: Property
    at_bd_fcm: Property
    result: Money


@dataclass(frozen=True, slots=True)
class Firm:
    """A BD-FCM at the last cycle, beyond what its positions file says.

    Parameters
    ----------
    bd_fcm : str
    residual_interest, adjusted_net_capital, minimum_capital : Money
    proprietary_loss : Money
    defaulters : tuple of str
        Customers of the positions file who default, by the firm's own file.
    beyond_margin_defaults : bool
        Every customer who loses more than its property defaults too.
    at_bd_fcm : mapping of customer to Property
        What it holds for a customer of the positions file beyond the requirement.
    par_at : mapping of (customer, ClearingOrganization) to mapping of CUSIP to int
        Securities as margin at a clearing organization, dollars of par.
    outside : tuple of OutsideCustomer
    trustee : TrusteeFacts
    events : tuple of Event
        What arrives after the failure.
    defaulters_asked : tuple of str
        Customers who default beside those of the file.
    file : str or None
        Where this stands, for refusals: mappings and tuples keep the order of its entries.
    """

    bd_fcm: str
    residual_interest: Money
    adjusted_net_capital: Money
    minimum_capital: Money = ZERO
    proprietary_loss: Money = ZERO
    defaulters: tuple[str, ...] = ()
    beyond_margin_defaults: bool = False
    at_bd_fcm: Mapping[str, Property] = field(default_factory=dict)
    par_at: Mapping[Place, Mapping[str, int]] = field(default_factory=dict)
    outside: tuple[OutsideCustomer, ...] = ()
    trustee: TrusteeFacts = field(default_factory=TrusteeFacts)
    events: tuple[Event, ...] = ()
    defaulters_asked: tuple[str, ...] = ()
    file: str | None = None

    def faults_of_others(self, bd_fcms: Iterable[str]) -> list[Refusal]:
        """Return a refusal of every other BD-FCM that carries positions."""
        expected = f"{self.bd_fcm}, the firm of the file: one firm fails at a time"
        return [
            Refusal("bd_fcm", name, expected, _RULE)
            for name in sorted(set(bd_fcms))
            if name != self.bd_fcm
        ]

    def events_of(self, occasion: Occasion) -> list[tuple[int, Event]]:
        """Return the events of one kind, each with its number in the file."""
        return list(enumerate((e for e in self.events if e.occasion is occasion), start=1))

    def faults_of_late_events(self, last: date) -> list[Refusal]:
        """Return a refusal of every event after the last day that the banks' calendar knows."""
        return [
            Refusal(f"{occasion.value} {n} on", str(each.on), f"{last} or before", _RULE, self.file)
            for occasion in (Occasion.RECOVERY, Occasion.DISALLOWED_CLAIM)
            for n, each in self.events_of(occasion)
            if each.on > last
        ]

    def refuse_early_events(self, failures: Iterable[date | None], last_cycle: date) -> None:
        """Refuse what arrives before the firm has failed.

        Parameters
        ----------
        failures : iterable of date or None
            Of every case; None where the firm stands.
        last_cycle : date
            No earlier day can be that of a failure: what counts where the firm stands.

        Raises
        ------
        RefusedError
            Naming every such event.
        """
        first = max((on for on in failures if on is not None), default=last_cycle)
        which = "the last cycle" if first == last_cycle else "the failure"
        faults = [
            Refusal(
                f"{occasion.value} {n} on",
                str(each.on),
                f"{first} or later: {which}",
                _RULE,
                self.file,
            )
            for occasion in (Occasion.RECOVERY, Occasion.DISALLOWED_CLAIM)
            for n, each in self.events_of(occasion)
            if each.on < first
        ]
        if faults:
            raise RefusedError(*faults)


def holdings_of(
    firm: Firm,
    closed: Sequence[CustomerCloseOut],
    as_of: date,
    *,
    pledged: Mapping[Place, Pledged],
    has_arrangement: bool,
) -> Holdings:
    """Return what the firm held at the last cycle.

    Parameters
    ----------
    firm : Firm
    closed : sequence of CustomerCloseOut
        With what both clearing organizations required, with the arrangement.
    as_of : date
        Of the last cycle.
    pledged : mapping of Place to Pledged
        What the firm's securities at the clearing organizations are worth and count.
    has_arrangement : bool
        Otherwise each required what it does with no arrangement, of one account a customer.

    Notes
    -----
    What is required has been collected, and lies where it is required: securities as far as the
    firm's file names them, after haircut, and cash for the rest.
    """
    customers = {
        each.customer: _of_account(
            each,
            each.requirement if has_arrangement else each.standalone,
            firm.at_bd_fcm.get(each.customer, Property()),
            pledged,
            has_arrangement=has_arrangement,
        )
        for each in closed
        if has_arrangement or each.customer == each.owner
    }
    cme = ClearingOrganization.CME
    for one in firm.outside:
        customers[one.customer_id] = CustomerHoldings(
            customer_id=one.customer_id,
            at={cme: one.at_cme},
            at_bd_fcm=one.at_bd_fcm,
            requirement={cme: one.requirement},
            participates=False,
        )
    return Holdings(
        bd_fcm=firm.bd_fcm,
        as_of=as_of,
        customers={name: customers[name] for name in sorted(customers)},
        residual_interest=firm.residual_interest,
        adjusted_net_capital=firm.adjusted_net_capital,
        minimum_capital=firm.minimum_capital,
    )


def _of_account(
    closed: CustomerCloseOut,
    requirement: Mapping[ClearingOrganization, Money],
    at_bd_fcm: Property,
    pledged: Mapping[Place, Pledged],
    *,
    has_arrangement: bool,
) -> CustomerHoldings:
    nothing = Pledged({}, {})
    return CustomerHoldings(
        customer_id=closed.customer,
        at={
            side: pledged.get((closed.customer, side), nothing).property_for(required)
            for side, required in requirement.items()
        },
        at_bd_fcm=at_bd_fcm,
        requirement=requirement,
        participates=has_arrangement and closed.in_xm,
        belongs_to=closed.belongs_to,
    )


def results_of(
    closed: CustomerCloseOut, dates: Mapping[date, date] | None = None
) -> CustomerResults:
    """Return a close-out's results by day.

    Parameters
    ----------
    closed : CustomerCloseOut
    dates : mapping of date to date, optional
        On which day each day of the close-out falls, where it began later.
    """
    return CustomerResults(
        closed.customer,
        {
            side: tuple(
                DayResult(dates[each.day] if dates else each.day, each.marks, each.impact)
                for each in out.days
            )
            for side, out in closed.by_side.items()
        },
    )


def outside_results(firm: Firm, on: date) -> dict[str, CustomerResults]:
    """Return the results of customers outside the arrangement whose positions stay open."""
    return {
        each.customer_id: CustomerResults(
            each.customer_id,
            {ClearingOrganization.CME: (DayResult(on, each.result),)},
        )
        for each in firm.outside
        if each.result != ZERO
    }
