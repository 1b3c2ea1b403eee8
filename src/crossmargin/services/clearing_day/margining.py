"""Requirements of a cycle on the positions of the moment.

A day of the models is prepared once for each date of prices and kept: margining other positions on
it is a matrix product. ITD and CUR use the prices of the business day before, EOD and EODXM those
of the day (ruling 11).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.eligibility import EligibilityRules, Recognition, recognise
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.market.history import MarketData
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract, last_trading_day
from crossmargin.product.position import PositionLine
from crossmargin.services.clearing_day.schedule import DayClock
from crossmargin.services.customer_books import contracts_of, customer_books
from crossmargin.services.derived_prices import with_derived_prices
from crossmargin.services.ficc_charges import ChargeInputs
from crossmargin.services.margin_day import MarginDay, prepare_day
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.parameter_registry import OWNERS_OF_A_RUN, ParameterRegistry
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.ports import BlockExecutor

#: Cycles that run on the prices of the business day before.
_ON_EARLIER_PRICES = frozenset({Cycle.ITD, Cycle.CUR})
_REASON = "chosen for the clearing day"


@dataclass(slots=True)
class DayModels:
    """The models of the dates that a day needs, prepared when first asked for.

    Parameters
    ----------
    market : MarketData
    registry : ParameterRegistry
    executor : BlockExecutor
    changes : mapping of owner to mapping of parameter to value
        Other values than the registry's, marked as assumed.
    derived_prices : bool
        Whether a date without a price sheet is priced from its curve and each security's last
        spread (ruling 20).
    kept_dates : int
        How many dates stay prepared: yesterday's and today's serve a day, older ones take memory.
    """

    market: MarketData
    registry: ParameterRegistry
    executor: BlockExecutor
    changes: dict[str, dict[str, str]] = field(default_factory=dict)
    derived_prices: bool = False
    kept_dates: int = 2
    _days: dict[date, MarginDay] = field(default_factory=dict, repr=False)
    _markets: dict[date, MarketData] = field(default_factory=dict, repr=False)
    _clocks: dict[date, DayClock] = field(default_factory=dict, repr=False)
    _instants: dict[date, tuple[datetime, ...]] = field(default_factory=dict, repr=False)

    def parameters(self, on: date) -> ParameterSets:
        """Return the parameters of a margin run in force on a day."""
        # A day reads every owner's file, a margin run within it those of a run alone.
        own = self.registry.own & frozenset(OWNERS_OF_A_RUN)
        sets = replace(self.registry, own=own).in_force(on)
        of_a_run = {o: values for o, values in self.changes.items() if o in OWNERS_OF_A_RUN}
        return sets.changing(of_a_run, reason=_REASON) if of_a_run else sets

    def set_of(self, owner: str, on: date) -> ParameterSet:
        """Return one owner's parameters in force on a day, with what was chosen for the days."""
        parameters = self.registry.set_of(owner, on)
        values = self.changes.get(owner)
        return parameters.replacing(values, reason=_REASON) if values else parameters

    @property
    def chosen(self) -> dict[str, str]:
        """What was chosen for the days: values by name, and owners whose file was replaced."""
        values = {
            f"{owner}.{name}": value
            for owner, own in sorted(self.changes.items())
            for name, value in sorted(own.items())
        }
        return values | dict.fromkeys(sorted(self.registry.own), "own file")

    def faults_of_changes(self, on: date) -> tuple[Refusal, ...]:
        """Return everything that is unknown or does not fit in the values chosen for the days."""
        faults: list[Refusal] = []
        for owner, values in self.changes.items():
            if owner in self.registry.files:
                faults += self.registry.set_of(owner, on).faults_of(values)
            else:
                expected = f"one of {', '.join(sorted(self.registry.files))}"
                faults.append(Refusal("parameter", owner, expected, "parameters"))
        return tuple(faults)

    def clock(self, on: date) -> DayClock:
        """Return the times of a day, as the parameters in force on it make them."""
        if on not in self._clocks:
            made = DayClock.from_parameters(lambda owner: self.set_of(owner, on))
            self._clocks[on] = made
        return self._clocks[on]

    def step_instants(self, on: date) -> Sequence[datetime]:
        """Return when the steps of a day are."""
        if on not in self._instants:
            self._instants[on] = tuple(step.at for step in self.clock(on).steps(on))
        return self._instants[on]

    def price_date(self, cycle: Cycle, business_date: date) -> date:
        """Return the date of the prices that a cycle of a business day runs on."""
        if cycle in _ON_EARLIER_PRICES:
            return sifma_calendar().previous_business_day(business_date)
        return business_date

    def last_price_date(self, business_date: date, *, is_evening: bool) -> date:
        """Return the date of the last prices: the day's own in the evening, else the day before."""
        return self.price_date(Cycle.EOD if is_evening else Cycle.ITD, business_date)

    def prepared(self, as_of: date, contracts: Iterable[FuturesContract]) -> MarginDay:
        """Return the day of the models, with at least the contracts asked for.

        Raises
        ------
        RefusedError
            If the date has no prices or no curve.
        """
        wanted = set(contracts)
        kept = self._days.get(as_of)
        if kept is not None and wanted <= _contracts(kept):
            return kept
        known = _contracts(kept) if kept is not None else set()
        day = prepare_day(
            self.priced(as_of),
            self.parameters(as_of),
            as_of=as_of,
            contracts=sorted(wanted | known),
        )
        latest = sorted({*self._days, as_of})[-self.kept_dates :]
        self._days = {each: d for each, d in self._days.items() if each in latest}
        self._days[as_of] = day
        return day

    def margined(
        self,
        lines: Sequence[PositionLine],
        *,
        cycle: Cycle,
        business_date: date,
        name: str,
    ) -> MarginRun:
        """Return the requirement of every customer of the lines, in a cycle of a business day.

        Parameters
        ----------
        lines : sequence of PositionLine
        cycle : Cycle
        business_date : date
            Eligibility is tested on it, prices may be of the day before.
        name : str
            What the positions are called in documents.

        Raises
        ------
        RefusedError
            With every line that names nothing on the day.
        """
        as_of = self.price_date(cycle, business_date)
        recognition = self.recognised(lines, as_of=as_of, on=business_date, name=name)
        day = self.prepared(as_of, contracts_of(recognition))
        books = customer_books(day, recognition)
        charges = ChargeInputs(cycle=cycle)
        result = margin_customers(day, books, self.executor, charges=charges)
        positions = PositionsInput(name, "", len(lines), tuple(lines), ())
        return MarginRun(positions, result, tuple(books), (), None, charges)

    def recognised(
        self, lines: Sequence[PositionLine], *, as_of: date, on: date, name: str
    ) -> Recognition:
        """Return what each line is on a day, at the prices of another.

        Raises
        ------
        RefusedError
            With every line that names nothing on the day.
        """
        recognition = self.recognition(lines, as_of=as_of, on=on, name=name)
        if recognition.refusals:
            raise RefusedError(*recognition.refusals)
        return recognition

    def recognition(
        self, lines: Sequence[PositionLine], *, as_of: date, on: date, name: str | None = None
    ) -> Recognition:
        """Return what each line is on a day, those refused among them.

        Raises
        ------
        RefusedError
            If there are no prices of the other day.
        """
        market = self.priced(as_of)
        if as_of not in market.price_sheets:
            expected = "a date with security prices, or derived prices asked for"
            raise RefusedError(Refusal("date", as_of.isoformat(), expected, "ruling 35"))
        return recognise(
            lines,
            as_of=on,
            securities=market.price_sheets[as_of].prices,
            rules=EligibilityRules.from_parameters(self.parameters(on).arrangement),
            file=name,
        )

    def priced(self, as_of: date) -> MarketData:
        """Return the market with prices of a date, derived once where they are to be."""
        if not self.derived_prices:
            return self.market
        if as_of not in self._markets:
            latest = sorted({*self._markets, as_of})[-self.kept_dates :]
            self._markets = {each: m for each, m in self._markets.items() if each in latest}
            self._markets[as_of] = with_derived_prices(self.market, as_of)
        return self._markets[as_of]

    @staticmethod
    def is_over(contract: FuturesContract, as_of: date) -> bool:
        """Return whether trading in a contract has ended before a day."""
        return last_trading_day(contract) < as_of


def _contracts(day: MarginDay) -> set[FuturesContract]:
    return {future.contract for future in day.valuation.contracts}
