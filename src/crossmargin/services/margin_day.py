"""One date made ready: market, parameters and both models, before any customer is known.

Preparing is the expensive part (every instrument repriced once under every scenario); margining
portfolios on a prepared day is a matrix product. A day is a pure function of the market data, the
parameters, the date and the contracts asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.basics.refusals import refused
from crossmargin.margin.cme.equivalents import (
    EquivalentRules,
    FuturesEquivalents,
)
from crossmargin.margin.cme.model import CmeModel, CmeScenarios, prepare_cme
from crossmargin.margin.cme.span.model import SpanModel, equivalent_lists, prepare_span
from crossmargin.margin.cme.span.parameters import SpanParameters
from crossmargin.margin.ficc.haircut import HaircutSchedule
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.ficc.preparation import ficc_haircuts, prepare_ficc
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.market.factors import curve_points
from crossmargin.market.history import (
    MarketData,
    PriceSheet,
)
from crossmargin.market.scenarios import FactorHistories, FactorHistory
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.valuation import Valuation, value_market
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import (
    FuturesContract,
)
from crossmargin.services.day_contracts import day_equivalents, front_contracts, strip_contracts
from crossmargin.services.market_readings import (
    fitted_curve,
    last_curve_date,
    rate_on,
    refuse_missing,
)
from crossmargin.services.parameter_sets import ParameterSets

_ONE_DAY = 1
_Histories = tuple[FactorHistory, FactorHistory, FactorHistory]


@dataclass(frozen=True, slots=True)
class MarginDay:
    """Both models on one date.

    Parameters
    ----------
    as_of : date
    market_digest : str
    simulated : bool
    parameters : ParameterSets
    prices : PriceSheet
    valuation : Valuation
    ficc_history, cme_history, one_day_history : FactorHistory
        Factor moves at each model's horizon, and at one day.
    haircuts : HaircutSchedule
    equivalents : FuturesEquivalents
    ficc : FiccModel
    cme : CmeModel
        The simulation; its factors explain, its equivalents convert.
    span : SpanModel or None
        CME's engine of the run where it is SPAN.
    scenarios_given : bool
        Whether a model has other scenarios than its own, see :meth:`with_scenarios`.
    """

    as_of: date
    market_digest: str
    simulated: bool
    parameters: ParameterSets
    prices: PriceSheet
    valuation: Valuation
    ficc_history: FactorHistory
    cme_history: FactorHistory
    one_day_history: FactorHistory
    haircuts: HaircutSchedule
    equivalents: FuturesEquivalents
    ficc: FiccModel
    cme: CmeModel
    span: SpanModel | None = None
    scenarios_given: bool = False

    @property
    def cme_engine(self) -> CmeModel | SpanModel:
        """What makes CME's figures: one engine for all of a run (ruling 10)."""
        return self.span or self.cme

    def with_scenarios(
        self, *, ficc: FiccScenarios | None = None, cme: CmeScenarios | None = None
    ) -> MarginDay:
        """Return the day with other scenarios in its models, everything else as it is."""
        return self._prepared(self.parameters, ficc=ficc, cme=cme)

    def with_valuation(self, valuation: Valuation, prices: PriceSheet) -> MarginDay:
        """Return the day at other prices on another curve, with the same scenarios.

        The haircut schedule stays that of the last month-end, as it would on the day of a move.
        """
        rules = EquivalentRules.from_parameters(self.parameters.cme)
        moved = replace(
            self,
            prices=prices,
            valuation=valuation,
            equivalents=day_equivalents(valuation, rules),
        )
        day = MarginDay._prepared(
            moved, self.parameters, ficc=self.ficc.scenarios, cme=self.cme.scenarios, revalued=True
        )
        return day.with_span(self.span.parameters) if self.span else day

    def under(
        self,
        parameters: ParameterSets,
        market: MarketData,
        *,
        span: SpanParameters | None = None,
    ) -> MarginDay:
        """Return the day under other parameters of any owner, as if prepared with them.

        Only what they touch is made again: histories where the market's parameters or a horizon
        change, a model and the haircut schedule where those or its own parameters do; all of it
        where the SOFR strip needs contracts that were not priced. Places of contracts are then
        others.

        Raises
        ------
        RefusedError
            If the models cannot use the parameters.
        """
        try:
            return self._remade(parameters, market).with_span(span)
        # Domains hold each value by itself; what the history cannot bear together, such as too few
        # scenarios, the models say with a ValueError. Anything else is a mistake of ours.
        except ValueError as error:
            raise refused("parameters", error, "values both models can use", "ruling 8") from error

    def with_span(self, parameters: SpanParameters | None) -> MarginDay:
        """Return the day with SPAN as CME's engine, or with the simulation if there are none.

        Raises
        ------
        RefusedError
            Naming every contract of the day that the parameter set does not have.
        """
        if parameters is None:
            return replace(self, span=None)
        span = prepare_span(
            parameters=parameters,
            contracts=[future.contract for future in self.valuation.contracts],
            equivalents=equivalent_lists(
                self.equivalents.places, self.equivalents.contracts_per_100
            ),
            execution=self.parameters.cme,
        )
        return replace(self, span=span)

    def _remade(self, parameters: ParameterSets, market: MarketData) -> MarginDay:
        old = self.parameters
        strip_years = EquivalentRules.from_parameters(parameters.cme).strip_years
        strip = strip_contracts(self.as_of, sifma_calendar(), years=strip_years)
        priced = {future.contract for future in self.valuation.contracts}
        if not priced.issuperset(strip):
            return _prepare(market, parameters, as_of=self.as_of, contracts=priced)
        other_market = parameters.market != old.market
        known = (self.ficc_history, self.cme_history, self.one_day_history)
        ficc_history, cme_history, one_day_history = _histories(
            market, parameters, self.as_of, known=() if other_market else known
        )
        haircuts = self.haircuts
        if other_market or parameters.ficc != old.ficc:
            haircuts = _haircuts(market, ficc_history, parameters.ficc, self.as_of)
        # What the models keep is decided against the parameters that the day was prepared with.
        is_kept = not (other_market or self.scenarios_given)
        return MarginDay._prepared(
            replace(
                self,
                ficc_history=ficc_history,
                cme_history=cme_history,
                one_day_history=one_day_history,
                haircuts=haircuts,
            ),
            parameters,
            ficc=None,
            cme=None,
            keep_ficc=is_kept and parameters.ficc == old.ficc,
            keep_cme=is_kept and parameters.cme == old.cme,
        )

    def _prepared(
        self,
        parameters: ParameterSets,
        *,
        ficc: FiccScenarios | None,
        cme: CmeScenarios | None,
        keep_ficc: bool = False,
        keep_cme: bool = False,
        revalued: bool = False,
    ) -> MarginDay:
        only_scenarios = parameters == self.parameters
        rules = EquivalentRules.from_parameters(parameters.cme)
        equivalents = (
            self.equivalents
            if rules == EquivalentRules.from_parameters(self.parameters.cme)
            else day_equivalents(self.valuation, rules)
        )
        ficc_model, cme_model = _models(
            self.valuation,
            (self.ficc_history, self.cme_history, self.one_day_history),
            self.haircuts,
            equivalents,
            parameters,
            ficc=ficc,
            cme=cme,
            # Charges on gross value and liquidity costs are those of the market as it is, whatever
            # factor is switched off.
            like=self.ficc if only_scenarios and not revalued else None,
            kept_ficc=self.ficc if keep_ficc else None,
            kept_cme=self.cme if keep_cme else None,
        )
        day = replace(
            self,
            parameters=parameters,
            equivalents=equivalents,
            scenarios_given=bool(ficc or cme),
            ficc=ficc_model,
            cme=cme_model,
        )
        if self.span and not (only_scenarios and equivalents is self.equivalents):
            return day.with_span(self.span.parameters)
        return day


def prepare_day(
    market: MarketData,
    parameters: ParameterSets,
    *,
    as_of: date,
    contracts: Iterable[FuturesContract],
    span: SpanParameters | None = None,
) -> MarginDay:
    """Return the day, ready to margin any portfolio of its securities and contracts.

    Parameters
    ----------
    market : MarketData
    parameters : ParameterSets
    as_of : date
    contracts : iterable of FuturesContract
        Those held. The front contract of every Treasury product is added: securities are converted
        into it.
    span : SpanParameters, optional
        Of CME's engine, where it is SPAN.

    Raises
    ------
    RefusedError
        If the date has no security prices or no par yield curve.
    """
    if as_of not in market.price_sheets:
        known = ", ".join(day.isoformat() for day in sorted(market.price_sheets))
        raise refused("date", as_of, f"a date with security prices: {known}", "ruling 35")
    refuse_missing(market, as_of)
    try:
        day = _prepare(market, parameters, as_of=as_of, contracts=contracts)
        return day.with_span(span)
    # A history that is too short or does not move, or a changed parameter that it cannot bear: the
    # models say so with a ValueError. Anything else is a mistake of ours.
    except ValueError as error:
        raise refused(
            "market", error, "history and parameters that both models can use", "ruling 8"
        ) from error


def _prepare(
    market: MarketData,
    parameters: ParameterSets,
    *,
    as_of: date,
    contracts: Iterable[FuturesContract],
) -> MarginDay:
    calendar = sifma_calendar()
    points = curve_points(market.par_yields)
    curve = fitted_curve(points, market.sofr, as_of)
    rules = EquivalentRules.from_parameters(parameters.cme)
    converted = {
        *front_contracts(as_of, calendar),
        *strip_contracts(as_of, calendar, years=rules.strip_years),
    }
    held = sorted({*contracts, *converted}, key=lambda c: (c.product, c.year, c.month))
    valuation = value_market(
        as_of=as_of,
        calendar=calendar,
        curve=curve,
        repo_rate=rate_on(market.sofr, as_of) / 100.0,
        prices=market.price_sheets[as_of].prices,
        contracts=held,
    )
    histories = _histories(market, parameters, as_of)
    ficc_history, cme_history, one_day_history = histories
    haircuts = _haircuts(market, ficc_history, parameters.ficc, as_of)
    equivalents = day_equivalents(valuation, rules)
    ficc, cme = _models(valuation, histories, haircuts, equivalents, parameters)
    return MarginDay(
        as_of=as_of,
        market_digest=market.digest,
        simulated=market.simulated,
        parameters=parameters,
        prices=market.price_sheets[as_of],
        valuation=valuation,
        ficc_history=ficc_history,
        cme_history=cme_history,
        one_day_history=one_day_history,
        haircuts=haircuts,
        equivalents=equivalents,
        ficc=ficc,
        cme=cme,
    )


def _histories(
    market: MarketData,
    parameters: ParameterSets,
    as_of: date,
    *,
    known: Sequence[FactorHistory] = (),
) -> _Histories:
    """Return the factor moves at FICC's and CME's horizon and at one day; known ones are kept."""
    found = {history.horizon_days: history for history in known}
    ficc_days, cme_days = (
        owner.whole("horizon_days") for owner in (parameters.ficc, parameters.cme)
    )
    if missing := {ficc_days, cme_days, _ONE_DAY} - set(found):
        histories = FactorHistories(market, parameters.market, as_of=as_of)
        found.update((days, histories.at(days)) for days in missing)
    return found[ficc_days], found[cme_days], found[_ONE_DAY]


def _models(
    valuation: Valuation,
    histories: _Histories,
    haircuts: HaircutSchedule,
    equivalents: FuturesEquivalents,
    parameters: ParameterSets,
    *,
    ficc: FiccScenarios | None = None,
    cme: CmeScenarios | None = None,
    like: FiccModel | None = None,
    kept_ficc: FiccModel | None = None,
    kept_cme: CmeModel | None = None,
) -> tuple[FiccModel, CmeModel]:
    """Return both models; one that is kept is not prepared again."""
    ficc_history, cme_history, one_day_history = histories
    follows = float(parameters.market.ratio("repo_rate_follows_front"))
    return (
        kept_ficc
        or prepare_ficc(
            valuation=valuation,
            history=ficc_history,
            one_day_history=one_day_history,
            haircuts=haircuts,
            parameters=parameters.ficc,
            repo_follows_front=follows,
            scenarios=ficc,
            like=like,
        ),
        kept_cme
        or prepare_cme(
            valuation=valuation,
            history=cme_history,
            equivalents=equivalents,
            parameters=parameters.cme,
            repo_follows_front=follows,
            scenarios=cme,
        ),
    )


def _haircuts(
    market: MarketData, history: FactorHistory, parameters: ParameterSet, as_of: date
) -> HaircutSchedule:
    points = curve_points(market.par_yields)
    month_end = last_curve_date(points, before=as_of.replace(day=1))
    return ficc_haircuts(
        history,
        parameters,
        curve=fitted_curve(points, market.sofr, month_end),
        curve_date=month_end,
    )
