"""FICC's charges outside the VaR Charge for the customers of a run.

The Margin Liquidity Adjustment follows from the portfolio. Holiday and Volatility Event charges are
shares of its VaR Charge. Portfolio Differential, Backtesting, Intraday Mark-to-Market, special
charge and the higher-of rule need the customer's own history: without one they are named as not
computed. They belong to the customer, not to a portfolio: they are charged in the XM account, or
outside it where the customer has nothing at FICC in XM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.margin.ficc.applicability import Applicability, Component
from crossmargin.margin.ficc.assembly import HIGHER_OF, NotComputed, ficc_add_ons
from crossmargin.margin.ficc.charge_history import ChargeHistory
from crossmargin.margin.ficc.higher_of import FiccCycle
from crossmargin.margin.ficc.model import MARGIN_LIQUIDITY
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.calendars import cme_calendar, sifma_calendar

_FICC_CYCLES: Mapping[Cycle, FiccCycle] = {
    Cycle.ITD: FiccCycle.NOON,
    Cycle.CUR: FiccCycle.NOON,
    Cycle.EOD: FiccCycle.SOD,
    Cycle.EODXM: FiccCycle.SOD,
}


@dataclass(frozen=True, slots=True)
class ChargeInputs:
    """What decides a run's charges beside positions and market.

    Parameters
    ----------
    cycle : Cycle
        ITD and CUR are FICC's noon cycle, EOD and EODXM its start-of-day cycle.
    histories : mapping of CustomerKey to ChargeHistory
    history_sha256 : str or None
        Of the file they were read from.
    """

    cycle: Cycle = Cycle.EOD
    histories: Mapping[CustomerKey, ChargeHistory] = field(default_factory=dict)
    history_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class PortfolioCharges:
    """One portfolio's charges outside the VaR Charge.

    Parameters
    ----------
    add_ons : mapping of name to Money
        Of those that are not zero.
    other_cycle : Money
        VaR Charge of the other cycle where the higher-of rule applies and it is the higher.
    not_computed : tuple of NotComputed
    """

    add_ons: Mapping[str, Money]
    other_cycle: Money
    not_computed: tuple[NotComputed, ...]

    @property
    def total(self) -> Money:
        """All add-ons."""
        return Money.total(self.add_ons.values())


@dataclass(frozen=True, slots=True)
class FiccCharges:
    """The charges of a date and cycle, ready for any customer.

    Parameters
    ----------
    as_of : date
    cycle : FiccCycle
    rules : AddOnRules
    histories : mapping of CustomerKey to ChargeHistory
    ficc_calendar, markets_calendar : BusinessCalendar
    without_history : PortfolioCharges
        Of a portfolio without VaR Charge and history: what stays not computed.
    is_ordinary : bool
        Whether a portfolio without a history has no share of its VaR Charge to pay.
    """

    as_of: date
    cycle: FiccCycle
    rules: AddOnRules
    histories: Mapping[CustomerKey, ChargeHistory]
    ficc_calendar: BusinessCalendar
    markets_calendar: BusinessCalendar
    without_history: PortfolioCharges = PortfolioCharges({}, ZERO, ())
    is_ordinary: bool = False

    @staticmethod
    def on(as_of: date, inputs: ChargeInputs, parameters: ParameterSet) -> FiccCharges:
        """Return the charges of a date.

        Parameters
        ----------
        as_of : date
        inputs : ChargeInputs
        parameters : ParameterSet
            FICC's.
        """
        charges = FiccCharges(
            as_of=as_of,
            cycle=_FICC_CYCLES[inputs.cycle],
            rules=AddOnRules.from_parameters(parameters),
            histories=inputs.histories,
            ficc_calendar=sifma_calendar(),
            markets_calendar=cme_calendar(),
        )
        # Shares of the VaR Charge are the same for every portfolio: asked once of a dollar.
        probe = charges._computed(Money(100), ZERO, None)
        blank = PortfolioCharges({}, ZERO, probe.not_computed)
        return replace(charges, without_history=blank, is_ordinary=not probe.add_ons)

    def of(
        self, key: CustomerKey, var_charge: Money, liquidity: Money, *, with_history: bool
    ) -> PortfolioCharges:
        """Return one portfolio's charges.

        Parameters
        ----------
        key : CustomerKey
        var_charge : Money
            Of the portfolio, unreduced.
        liquidity : Money
            Its Margin Liquidity Adjustment.
        with_history : bool
            Whether the customer's own charges belong to this portfolio.
        """
        history = self.histories.get(key) if with_history else None
        if history is None and self.is_ordinary:
            applies = self.rules.applies[Component.MARGIN_LIQUIDITY_ADJUSTMENT]
            if not liquidity.cents or applies is Applicability.DOES_NOT_APPLY:
                return self.without_history
            missing = self.without_history.not_computed
            return PortfolioCharges({MARGIN_LIQUIDITY: liquidity}, ZERO, missing)
        return self._computed(var_charge, liquidity, history)

    def _computed(
        self, var_charge: Money, liquidity: Money, history: ChargeHistory | None
    ) -> PortfolioCharges:
        made = ficc_add_ons(
            var_charge=var_charge,
            as_of=self.as_of,
            cycle=self.cycle,
            rules=self.rules,
            ficc_calendar=self.ficc_calendar,
            markets_calendar=self.markets_calendar,
            history=history,
            margin_liquidity=liquidity,
        )
        higher_of = made.charges.get(HIGHER_OF, ZERO)
        return PortfolioCharges(
            {n: amount for n, amount in made.charges.items() if amount.cents and n != HIGHER_OF},
            var_charge + higher_of if higher_of.cents else ZERO,
            made.not_computed,
        )
