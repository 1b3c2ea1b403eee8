"""One customer's charges outside the VaR Charge, put together; what could not be computed is named.

A charge whose input is missing, or that has no formula, is never taken as zero: it stands among
those not computed, with what was missing. A charge that does not apply to a segregated customer is
not computed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.dates import add_months
from crossmargin.basics.money import Money
from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.margin.ficc.add_ons import (
    Coverage,
    Outcome,
    backtesting_charge,
    holiday_charge,
    holiday_days,
    intraday_mark_to_market,
    portfolio_differential,
    volatility_event_charge,
)
from crossmargin.margin.ficc.applicability import Applicability, Component
from crossmargin.margin.ficc.charge_history import ChargeHistory, ChargeRow
from crossmargin.margin.ficc.higher_of import (
    FiccCycle,
    HigherOf,
    collection_date,
    higher_of_applies,
    higher_of_charges,
)

#: Name of what the higher-of rule adds to the VaR Charge.
HIGHER_OF = "higher_of"

_COVERAGE_MONTHS = 12
_NO_HISTORY = "no charge history was given"
_NO_FORMULA = "it has no formula here"


@dataclass(frozen=True, slots=True)
class NotComputed:
    """A charge that applies and could not be computed.

    Parameters
    ----------
    name : str
    reason : str
        What is missing.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class AddOns:
    """Charges outside the VaR Charge.

    Parameters
    ----------
    charges : mapping of name to Money
        Computed and applying, zero included.
    not_computed : tuple of NotComputed
    """

    charges: Mapping[str, Money]
    not_computed: tuple[NotComputed, ...]

    @property
    def total(self) -> Money:
        """All charges."""
        return Money.total(self.charges.values())


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything that the charges of one customer are computed from."""

    var_charge: Money
    margin_liquidity: Money | None
    as_of: date
    cycle: FiccCycle
    history: ChargeHistory | None
    special_charge: Money | None
    rules: AddOnRules
    ficc: BusinessCalendar
    markets: BusinessCalendar

    @property
    def collected_on(self) -> date:
        return collection_date(self.as_of, self.cycle, self.ficc)

    @property
    def row(self) -> ChargeRow | None:
        return self.history.at(self.as_of, self.cycle) if self.history else None

    def past(self) -> ChargeHistory:
        if self.history is None:
            return ChargeHistory()
        return self.history.before(self.as_of, self.cycle)


def ficc_add_ons(
    *,
    var_charge: Money,
    as_of: date,
    cycle: FiccCycle,
    rules: AddOnRules,
    ficc_calendar: BusinessCalendar,
    markets_calendar: BusinessCalendar,
    history: ChargeHistory | None = None,
    margin_liquidity: Money | None = None,
    special_charge: Money | None = None,
) -> AddOns:
    """Return the charges outside the VaR Charge that apply to a segregated customer.

    Parameters
    ----------
    var_charge : Money
        Of the portfolio, before the higher-of rule.
    as_of : date
        Date of positions and prices.
    cycle : FiccCycle
    rules : AddOnRules
        In force on the date.
    ficc_calendar, markets_calendar : BusinessCalendar
        FICC's, and that of the futures.
    history : ChargeHistory, optional
        The customer's; the row of the date and cycle itself gives the mark and a special charge.
    margin_liquidity : Money, optional
        See :class:`crossmargin.margin.ficc.liquidity.MarginLiquidity`.
    special_charge : Money, optional
        Declared; otherwise the history's, otherwise none was declared and it is zero.

    Notes
    -----
    Nothing later than the date and cycle is used: a loss counts once its horizon is over.
    """
    case = _Case(
        var_charge,
        margin_liquidity,
        as_of,
        cycle,
        history,
        special_charge,
        rules,
        ficc_calendar,
        markets_calendar,
    )
    charges: dict[str, Money] = {}
    not_computed: list[NotComputed] = []
    for component, applies in rules.applies.items():
        # The VaR Charge is what these are added to.
        if component is Component.VAR_CHARGE or applies is Applicability.DOES_NOT_APPLY:
            continue
        compute = _CHARGES.get(component)
        outcome = compute(case) if compute else _NO_FORMULA
        _put(component.value, outcome, charges, not_computed)
    if rules.higher_of is not HigherOf.OFF:
        _put(HIGHER_OF, _higher_of(case), charges, not_computed)
    return AddOns(charges, tuple(not_computed))


def twelve_month_coverage(
    history: ChargeHistory,
    cycle: FiccCycle,
    *,
    as_of: date,
    horizon_days: int,
    calendar: BusinessCalendar,
) -> Coverage:
    """Return how well one cycle's charges covered losses, over the twelve months to a date.

    Parameters
    ----------
    history : ChargeHistory
    cycle : FiccCycle
    as_of : date
        Losses whose horizon ends later are not known yet and do not count.
    horizon_days : int
    calendar : BusinessCalendar
        FICC's.
    """
    begin = add_months(as_of, -_COVERAGE_MONTHS)
    known_to = calendar.add_business_days(calendar.on_or_before(as_of), -horizon_days)
    outcomes = [
        Outcome(row.business_date, row.var_charge, row.realised_loss)
        for row in history.of_cycle(cycle)
        if begin < row.business_date <= known_to
        and row.var_charge is not None
        and row.realised_loss is not None
    ]
    return Coverage.of(outcomes)


def _put(
    name: str, outcome: Money | str, charges: dict[str, Money], missing: list[NotComputed]
) -> None:
    if isinstance(outcome, Money):
        charges[name] = outcome
    else:
        missing.append(NotComputed(name, outcome))


def _margin_liquidity(case: _Case) -> Money | str:
    if case.margin_liquidity is None:
        return "the group figures of the portfolio were not given"
    return case.margin_liquidity


def _differential(case: _Case) -> Money | str:
    if case.history is None:
        return _NO_HISTORY
    rows = case.past().of_cycle(case.cycle)
    charges = [row.var_charge for row in rows if row.var_charge is not None]
    charge = portfolio_differential(
        [*charges, case.var_charge],
        decay=case.rules.differential_decay,
        observations=case.rules.differential_observations,
        multiplier=case.rules.differential_multiplier,
    )
    if charge is None:
        needed = case.rules.differential_observations
        given = "1 was" if len(charges) == 1 else f"{len(charges)} were"
        return f"{needed} earlier {case.cycle} charges are needed, {given} given"
    return charge


def _known_coverages(case: _Case) -> list[Coverage]:
    coverages = [
        twelve_month_coverage(
            case.past(),
            cycle,
            as_of=case.as_of,
            horizon_days=case.rules.horizon_days,
            calendar=case.ficc,
        )
        for cycle in FiccCycle
    ]
    return [each for each in coverages if each.observations >= case.rules.backtesting_fewest]


def _backtesting(case: _Case) -> Money | str:
    if case.history is None:
        return _NO_HISTORY
    coverages = _known_coverages(case)
    if not coverages:
        return f"{case.rules.backtesting_fewest} realised losses of one cycle are needed"
    # The start-of-day and the intraday variant guard the same exposure: the larger, not both.
    return max(
        backtesting_charge(
            coverage, target=case.rules.backtesting_target, rank=case.rules.backtesting_rank
        )
        for coverage in coverages
    )


def _holiday(case: _Case) -> Money | str:
    days = holiday_days(case.collected_on, ficc=case.ficc, markets=case.markets)
    return holiday_charge(case.var_charge, horizon_days=case.rules.horizon_days, extra_days=days)


def _volatility_event(case: _Case) -> Money | str:
    share = case.rules.volatility_events.get(case.collected_on, Fraction(0))
    return volatility_event_charge(case.var_charge, share)


def _mark_to_market(case: _Case) -> Money | str:
    if case.cycle is FiccCycle.SOD:
        # The day's mark has passed through funds-only settlement by then.
        return Money(0)
    if case.history is None:
        return _NO_HISTORY
    row = case.row
    if row is None or row.mark_to_market is None:
        return f"the mark to market at {case.cycle} of {case.as_of} is needed"
    ratios = [each.ratio for each in _known_coverages(case) if each.ratio is not None]
    charge = intraday_mark_to_market(
        row.mark_to_market,
        var_charge=case.var_charge,
        coverage=min(ratios) if ratios else None,
        thresholds=case.rules.mark_to_market,
    )
    if charge is None:
        return f"{case.rules.backtesting_fewest} realised losses are needed for the coverage"
    return charge


def _special(case: _Case) -> Money | str:
    if case.special_charge is not None:
        return case.special_charge
    row = case.row
    return Money(0) if row is None or row.special_charge is None else row.special_charge


def _higher_of(case: _Case) -> Money | str:
    """Return what the rule adds to the VaR Charge."""
    rules = case.rules
    if rules.higher_of is HigherOf.ALL and case.cycle is FiccCycle.SOD:
        return Money(0)
    if case.history is None:
        return _NO_HISTORY
    # A need exceeded on the date itself counts for what is collected the next morning.
    known = case.history.up_to(case.as_of, case.cycle)
    applies = higher_of_applies(
        rules.higher_of,
        collected_on=case.collected_on,
        cycle=case.cycle,
        triggers=known.triggers(),
        calendar=case.ficc,
        business_days=rules.higher_of_days,
    )
    if not applies:
        if rules.higher_of is HigherOf.LARGE_INDIRECT_PARTICIPANTS and not any(
            row.liquidity_need is not None for row in known.rows
        ):
            return "liquidity needs are needed"
        return Money(0)
    other = _other_cycle(case)
    if other is None or other.var_charge is None:
        return "the VaR Charge of the cycle before is needed"
    at_noon = case.cycle is FiccCycle.NOON
    both = higher_of_charges(
        start_of_day_var=other.var_charge if at_noon else case.var_charge,
        noon_var=case.var_charge if at_noon else other.var_charge,
        mode=rules.higher_of,
        in_period=applies,
    )
    return (both.intraday if at_noon else both.start_of_day) - case.var_charge


def _other_cycle(case: _Case) -> ChargeRow | None:
    """Return the cycle before: noon of the date, or the end of the business day before."""
    if case.history is None:
        return None
    if case.cycle is FiccCycle.SOD:
        return case.history.at(case.as_of, FiccCycle.NOON)
    return case.history.at(case.ficc.previous_business_day(case.as_of), FiccCycle.SOD)


_CHARGES: Mapping[Component, Callable[[_Case], Money | str]] = {
    Component.MARGIN_LIQUIDITY_ADJUSTMENT: _margin_liquidity,
    Component.PORTFOLIO_DIFFERENTIAL: _differential,
    Component.BACKTESTING: _backtesting,
    Component.HOLIDAY: _holiday,
    Component.VOLATILITY_EVENT: _volatility_event,
    Component.INTRADAY_MARK_TO_MARKET: _mark_to_market,
    Component.SPECIAL_CHARGE: _special,
}
