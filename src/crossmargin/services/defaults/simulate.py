"""The use case behind ``xm default simulate``: from the last cycle to the last claimant's cent.

The same default three times: with the arrangement; with it, had neither clearing organization paid
the other; with no arrangement, that is with each side's stand-alone requirement and separate
close-outs. The difference is explained in parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.default_management.case import Case, run_case
from crossmargin.default_management.comparison import CustomerComparison, compare_cases
from crossmargin.default_management.delivery import Delivery
from crossmargin.default_management.distribution import DistributionRule, LeftOver
from crossmargin.default_management.failure import Failure, fail
from crossmargin.default_management.holdings import Holdings
from crossmargin.default_management.liquidation.close_out import Method
from crossmargin.default_management.liquidation.terms import LiquidationTerms
from crossmargin.default_management.results import CustomerResults
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.unsold import beyond_property
from crossmargin.market.history import MarketData
from crossmargin.services.defaults.accounts import accounts_of, chosen_books
from crossmargin.services.defaults.close_outs import CloseOutRun, close_outs
from crossmargin.services.defaults.collateral import (
    Place,
    Pledged,
    deliveries,
    pledged_securities,
)
from crossmargin.services.defaults.firm import Firm, holdings_of, outside_results, results_of
from crossmargin.services.defaults.names import faults_of_names
from crossmargin.services.defaults.paths import DefaultPath
from crossmargin.services.defaults.readings import BothCases, Readings
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.ports import BlockExecutor

_RULE = "reference: default"
#: Says what is being computed.
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DefaultRequest:
    """What is simulated.

    Parameters
    ----------
    path : DefaultPath
        On whose first day customers or the firm default.
    days : int
        Scenario dates of a close-out at most.
    method : Method
        With the arrangement; without it each clearing organization sells apart.
    ports_participants : bool
        Customers of the arrangement who did not default are transferred, not closed out.
    """

    path: DefaultPath
    days: int
    method: Method
    ports_participants: bool = False


@dataclass(frozen=True, slots=True)
class CloseOuts:
    """The close-outs of one case.

    Parameters
    ----------
    of_defaulters : CloseOutRun or None
        From the first day of the path.
    of_others : CloseOutRun or None
        From the day after the failure; the first day where the firm failed at the last cycle.
    dates_of_others : mapping of date to date
        On which day each of their days falls.
    """

    of_defaulters: CloseOutRun | None
    of_others: CloseOutRun | None
    dates_of_others: Mapping[date, date]


@dataclass(frozen=True, slots=True)
class DefaultSimulation:
    """A default with and without the arrangement.

    Parameters
    ----------
    run : MarginRun
    firm : Firm
    request : DefaultRequest
    rules : DefaultRules
    terms : LiquidationTerms
    at_last_cycle : CloseOutRun
        Every customer's requirement at the opening, and a close-out of all of them at once.
    close_outs, close_outs_without : CloseOuts
    with_arrangement, without_payments, without : Case
    comparison : mapping of claimant to CustomerComparison
    readings : Readings
        The same cases under other readings of what the sources leave open.
    pledged : mapping of Place to Pledged
        Securities as margin at the clearing organizations.
    """

    run: MarginRun
    firm: Firm
    request: DefaultRequest
    rules: DefaultRules
    terms: LiquidationTerms
    at_last_cycle: CloseOutRun
    close_outs: CloseOuts
    close_outs_without: CloseOuts
    with_arrangement: Case
    without_payments: Case
    without: Case
    comparison: Mapping[str, CustomerComparison]
    readings: Readings
    pledged: Mapping[Place, Pledged]

    def deliveries(self, case: Case) -> dict[str, Delivery]:
        """Return by claimant what its recovery in a case is made of."""
        return deliveries(case, self.pledged, self.firm.trustee, self.rules.par_lot_dollars)


@dataclass(frozen=True, slots=True)
class _Market:
    """What every close-out of one simulation has in common."""

    run: MarginRun
    market: MarketData
    executor: BlockExecutor
    terms: LiquidationTerms
    request: DefaultRequest

    def close(
        self,
        method: Method,
        customers: Sequence[str],
        *,
        after: Sequence[date] = (),
        paths: int = 1,
        has_arrangement: bool = True,
    ) -> CloseOutRun:
        along = self.request.path.after(after) if after else self.request.path
        path = along.path(
            self.market,
            as_of=self.run.result.day.as_of,
            days=self.request.days * paths,
            block_days=self.terms.simulated_block_days,
        )
        return close_outs(
            self.run,
            self.market,
            self.executor,
            path=path,
            method=method,
            terms=self.terms,
            customers=customers,
            has_arrangement=has_arrangement,
        )


def simulate_default(
    run: MarginRun,
    market: MarketData,
    executor: BlockExecutor,
    *,
    firm: Firm,
    request: DefaultRequest,
    rules: DefaultRules,
    terms: LiquidationTerms,
    haircuts: HaircutTables,
    progress: Progress = lambda _: None,
) -> DefaultSimulation:
    """Return a default from the last cycle to the last claimant's cent, three times.

    Parameters
    ----------
    run : MarginRun
    market : MarketData
    executor : BlockExecutor
    firm : Firm
    request : DefaultRequest
    rules : DefaultRules
    terms : LiquidationTerms
    haircuts : HaircutTables
        Of both clearing organizations, on the firm's securities there.
    progress : callable, optional
        Is told what is being computed.

    Raises
    ------
    RefusedError
        If the path cannot be made, the positions are another BD-FCM's, the firm names customers who
        are not there, securities that are not taken or events before the failure, or framework 1 is
        of record and leaves something out.
    """
    pledged = _checked(run, market, request, firm=firm, rules=rules, haircuts=haircuts)
    on = _Market(run, market, executor, terms, request)
    progress("Closing out every customer from the first day")
    # Twice as long: a close-out that begins at the failure may end after a path of one length.
    opening = on.close(request.method, (), paths=2)
    put_in = partial(holdings_of, firm, opening.customers, opening.opening, pledged=pledged)
    held = put_in(has_arrangement=True)
    defaulters = {*firm.defaulters, *firm.defaulters_asked}
    if firm.beyond_margin_defaults:
        defaulters |= set(beyond_property(held, opening.unsold))
    default = _Default(on, firm, rules, opening, tuple(sorted(defaulters)))
    progress("With the arrangement")
    closed, results, failure = default.closed(held, request.method)
    with_arrangement = default.case(held, results, failure, has_payments=True)
    without_payments = default.case(held, results, failure, has_payments=False)
    progress("Without the arrangement")
    apart = put_in(has_arrangement=False)
    closed_apart, results_apart, failure_apart = default.closed(
        apart, Method.SEPARATE, has_arrangement=False
    )
    without = default.case(apart, results_apart, failure_apart, has_payments=False)
    cases = (with_arrangement, without_payments, without)
    firm.refuse_early_events((each.failure.failed_on for each in cases), opening.opening)
    return DefaultSimulation(
        run=run,
        firm=firm,
        request=request,
        rules=rules,
        terms=terms,
        at_last_cycle=opening,
        close_outs=closed,
        close_outs_without=closed_apart,
        with_arrangement=with_arrangement,
        without_payments=without_payments,
        without=without,
        comparison=compare_cases(
            with_arrangement.recoveries, without_payments.recoveries, without.recoveries
        ),
        readings=Readings.of(
            rules,
            BothCases(with_arrangement, without),
            with_arrangement=lambda one: default.under(one).case(
                held, results, failure, has_payments=True
            ),
            without=lambda one: default.under(one).case(
                apart, results_apart, failure_apart, has_payments=False
            ),
        ),
        pledged=pledged,
    )


def _checked(
    run: MarginRun,
    market: MarketData,
    request: DefaultRequest,
    *,
    firm: Firm,
    rules: DefaultRules,
    haircuts: HaircutTables,
) -> dict[Place, Pledged]:
    """Return the firm's securities as margin; refuse all that can be told before a close-out."""
    faults = request.path.faults(market)
    faults += firm.faults_of_others(book.key.bd_fcm for book in run.books)
    faults += firm.faults_of_late_events(rules.payout.banks.last)
    if rules.distribution is not DistributionRule.POOLED and rules.left_over is LeftOver.STAYS:
        expected = "helps_other where framework 1 is of record: what stays out would join the pool"
        name = "default_management.framework_one_left_over"
        faults.append(Refusal(name, "stays", expected, _RULE))
    day = run.result.day
    try:
        accounts = accounts_of(day, chosen_books(run, ()), has_arrangement=True)
        faults += faults_of_names(firm, {each.name: each.owner for each in accounts})
    except RefusedError as error:
        faults += error.refusals
    pledged = {}
    try:
        pledged = pledged_securities(day, firm.par_at, haircuts)
    except RefusedError as error:
        faults += error.refusals
    if faults:
        raise RefusedError(*faults)
    return pledged


_Results = dict[str, CustomerResults]


@dataclass(frozen=True, slots=True)
class _Default:
    """The same default under whatever terms."""

    on: _Market
    firm: Firm
    rules: DefaultRules
    opening: CloseOutRun
    defaulters: tuple[str, ...]

    def under(self, rules: DefaultRules) -> _Default:
        """Return the same default under other rules."""
        return replace(self, rules=rules)

    def closed(
        self, held: Holdings, method: Method, *, has_arrangement: bool = True
    ) -> tuple[CloseOuts, _Results, Failure]:
        """Return the close-outs, their results by account, and what became of the firm."""
        close = partial(self.on.close, method, has_arrangement=has_arrangement)
        of_defaulters = close(self.defaulters) if self.defaulters else None
        results = _results(of_defaulters)
        failure = self._failure(held, results)
        participants = sorted({each.owner for each in self.opening.customers if each.in_xm})
        others = [each for each in participants if each not in self.defaulters]
        if failure.failed_on is None or not others or self.on.request.ports_participants:
            return CloseOuts(of_defaulters, None, {}), results, failure
        if failure.failed_on == held.as_of:
            # All are closed out together from the first day, and share impact.
            of_all = close(sorted({*participants, *self.defaulters}))
            return CloseOuts(of_defaulters and of_all, of_all, {}), _results(of_all), failure
        of_others = close(others, after=self._over(failure.failed_on))
        dates = self._dates_after(failure.failed_on, of_others)
        results |= _results(of_others, dates)
        return CloseOuts(of_defaulters, of_others, dates), results, failure

    def _failure(self, held: Holdings, results: _Results) -> Failure:
        return fail(
            held,
            results,
            defaulters=self.defaulters,
            proprietary_loss=self.firm.proprietary_loss,
            failure_test=self.rules.failure_test,
        )

    def _over(self, failed_on: date) -> tuple[date, ...]:
        """Return the path's days up to the failure, as the history dates them if it does."""
        sources = self.opening.source_dates or self.opening.dates[1:]
        return sources[: self.opening.dates.index(failed_on)]

    def _dates_after(self, failed_on: date, of_others: CloseOutRun) -> dict[date, date]:
        """Return on which day each day of the others' close-out falls.

        A shock begins at the as-of date whenever it is done again; here it goes on. So does all
        that is not of the history's dates.
        """
        place = self.opening.dates.index(failed_on)
        later = self.opening.dates[place + 1 :]
        return dict(zip(of_others.dates[1:], later, strict=False))

    def case(
        self, held: Holdings, results: _Results, failure: Failure, *, has_payments: bool
    ) -> Case:
        """Return the case from its close-outs on."""
        return run_case(
            held,
            failure,
            results | outside_results(self.firm, self.opening.dates[1]),
            closed_out=frozenset(results),
            facts=self.firm.trustee,
            events=self.firm.events,
            rules=self.rules,
            sharing=self.rules.sharing if has_payments else None,
        )


def _results(
    of: CloseOutRun | None, dates: Mapping[date, date] | None = None
) -> dict[str, CustomerResults]:
    if of is None:
        return {}
    return {each.customer: results_of(each, dates) for each in of.customers}
