"""Strategies: firms, their markets and every rule of a default, for the laws of a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.federal_days import federal_calendar
from crossmargin.default_management.account_equity import PositionReading
from crossmargin.default_management.capacities import AccountClass, HeldAccount, Holding
from crossmargin.default_management.case import Case, run_case
from crossmargin.default_management.claims import Debts, TrusteeFacts
from crossmargin.default_management.distribution import DistributionRule, LeftOver
from crossmargin.default_management.failure import FailureTest, fail
from crossmargin.default_management.holdings import CustomerHoldings, Holdings, Property
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
    ProportionalLimit,
    RuleSet,
    SharingRules,
)
from crossmargin.default_management.payout import Event, Occasion, PayoutTerms
from crossmargin.default_management.results import CustomerResults, DayResult
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.default_management.sides import Reach
from crossmargin.default_management.transfer_test import ClockRoll, TransferClock
from crossmargin.product.calendars import sifma_calendar
from crossmargin.testing.failing_firms import CME, FICC, FIRST, OPENING

_NAMES = ("A", "B", "C", "D", "E")

#: A firm has many parts: fewer are drawn, and a busy machine takes its time over one.
QUICK = settings(max_examples=40, deadline=None)
_amounts = st.integers(0, 300_00).map(Money)
amounts_won_or_lost = st.integers(-400_00, 200_00).map(Money)
_BANKS = federal_calendar()
_CLOCK = TransferClock(7, ClockRoll.NONE)
default_rules = st.builds(
    DefaultRules,
    sharing=st.builds(
        SharingRules,
        st.sampled_from(RuleSet),
        st.sampled_from(GuarantyLimit),
        st.sampled_from(CmeToFicc),
        st.sampled_from(ProportionalLimit),
    ),
    distribution=st.sampled_from(DistributionRule),
    left_over=st.sampled_from(LeftOver),
    position_reading=st.sampled_from(PositionReading),
    set_off=st.sampled_from(SetOffBetweenClasses),
    clock=st.just(_CLOCK),
    par_lot_dollars=st.just(100),
    failure_test=st.sampled_from(FailureTest),
    reach=st.fixed_dictionaries({FICC: st.sampled_from(Reach), CME: st.sampled_from(Reach)}),
    payout=st.builds(
        PayoutTerms,
        st.fractions(0, 1),
        st.integers(8, 60),
        st.integers(60, 400),
        st.integers(0, 7),
        st.just(_BANKS),
        st.just(_BANKS.joined_with(sifma_calendar())),
        st.just(_CLOCK),
    ),
)


@dataclass(frozen=True)
class DrawnFirm:
    """One firm and its market."""

    holdings: Holdings
    results: Mapping[str, CustomerResults]
    defaulters: frozenset[str]
    facts: TrusteeFacts
    events: tuple[Event, ...]
    proprietary_loss: Money


@st.composite
def firms(draw: st.DrawFn) -> DrawnFirm:
    """Draw a firm with up to five customers, some of them of the arrangement.

    Margin at FICC of the others is Segregated Customer Margin.
    """
    names = _NAMES[: draw(st.integers(1, len(_NAMES)))]
    customers, results = {}, {}
    for name in names:
        participates = draw(st.booleans())
        sides = (FICC, CME) if participates or draw(st.booleans()) else (CME,)
        customers[name] = CustomerHoldings(
            name,
            {side: Property(draw(_amounts)) for side in sides},
            Property(draw(_amounts)),
            {side: draw(_amounts) for side in sides},
            participates,
        )
        if participates or draw(st.booleans()):
            results[name] = CustomerResults(name, {side: draw(_days()) for side in sides})
    closed = sorted(results)
    minimum = draw(_amounts)
    return DrawnFirm(
        Holdings("F", OPENING, customers, draw(_amounts), draw(_amounts), minimum),
        results,
        frozenset(draw(st.sets(st.sampled_from(closed))) if closed else ()),
        draw(_facts(names)),
        tuple(draw(st.lists(_events(names), max_size=3))),
        draw(st.sampled_from((ZERO, Money(1_000_00)))),
    )


def _days() -> st.SearchStrategy[tuple[DayResult, ...]]:
    return st.lists(st.tuples(amounts_won_or_lost, _amounts), max_size=3).map(
        lambda days: tuple(
            DayResult(FIRST + timedelta(place), marks, impact)
            for place, (marks, impact) in enumerate(days)
        )
    )


@st.composite
def _facts(draw: st.DrawFn, names: tuple[str, ...]) -> TrusteeFacts:
    accounts = draw(
        st.lists(
            st.tuples(
                st.sampled_from((*names, "Z")), st.sampled_from(AccountClass), amounts_won_or_lost
            ),
            max_size=3,
        )
    )
    return TrusteeFacts(
        accounts=tuple(
            HeldAccount(str(place), account_class, holder, Holding.ENTITY, equity)
            for place, (holder, account_class, equity) in enumerate(accounts)
        ),
        class_property=draw(st.dictionaries(st.sampled_from(AccountClass), _amounts)),
        common_pool=draw(_amounts),
        debts=draw(st.dictionaries(st.sampled_from(names), st.builds(Debts, _amounts, _amounts))),
        non_public=frozenset(draw(st.sets(st.sampled_from(names), max_size=1))),
    )


def _events(names: tuple[str, ...]) -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        st.integers(0, 500).map(lambda days: FIRST + timedelta(days)),
        st.sampled_from((Occasion.RECOVERY, Occasion.DISALLOWED_CLAIM)),
        st.sampled_from(names),
        st.integers(1, 200_00).map(Money),
        st.just("said"),
    )


def case_of(
    drawn: DrawnFirm, rules: DefaultRules, *, sharing: bool = True, loss: Money | None = None
) -> Case:
    """Carry a drawn default to its end.

    Parameters
    ----------
    drawn : DrawnFirm
    rules : DefaultRules
    sharing : bool
        Whether the clearing organizations pay each other as the rules say.
    loss : Money, optional
        Of the firm's own, in the place of the one drawn.
    """
    failure = fail(
        drawn.holdings,
        drawn.results,
        failure_test=rules.failure_test,
        defaulters=drawn.defaulters,
        proprietary_loss=drawn.proprietary_loss if loss is None else loss,
    )
    participants = {name for name, each in drawn.holdings.customers.items() if each.participates}
    closed_out = drawn.defaulters
    if failure.has_failed:
        closed_out |= participants & set(drawn.results)
    return run_case(
        drawn.holdings,
        failure,
        {
            name: each
            for name, each in drawn.results.items()
            if failure.has_failed or name in closed_out
        },
        closed_out=closed_out,
        facts=drawn.facts,
        events=drawn.events,
        rules=rules,
        sharing=rules.sharing if sharing else None,
    )
