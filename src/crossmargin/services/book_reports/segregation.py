"""Segregation, residual interest, capital and the reserve formula of a day."""

from __future__ import annotations

from datetime import date

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.ageing import AgeingRules, outstanding_calls
from crossmargin.collateral.net_capital_haircuts import NetCapitalHaircuts
from crossmargin.collateral.undermargined import AccountType, ChargeRules, undermargined_charge
from crossmargin.collateral.value import PricedSecurity, value_after_haircut
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.reporting.capital import CapitalReport, MinimumCapital, minimum_capital
from crossmargin.reporting.reserve_formula import (
    MarginOnDeposit,
    ReserveAccount,
    ReserveFormulaReport,
    reserve_formula,
)
from crossmargin.reporting.residual_interest import (
    CustomerMargin,
    ResidualInterest,
    residual_interest,
    without_savings,
)
from crossmargin.reporting.segregation import (
    CustomerBalance,
    FiccItems,
    FundsInSegregation,
    SegregationStatement,
    segregation_statement,
)
from crossmargin.services.book_reports.inputs import DayInputs
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.ports import Records
from crossmargin.services.clearing_day.call_register import call_book

_K = AccountKind


def target(inputs: DayInputs) -> Money:
    """Return the management target of residual interest, as the firm's parameter says."""
    parameters = inputs.context.parameters("clearing_day", inputs.business_date)
    return Money(parameters.whole("residual_interest_target_dollars") * 100)


def segregation_of(inputs: DayInputs) -> SegregationStatement:
    """Return the segregation statement: everything of futures customers, XM among them.

    Variation is paid every day, so that nothing is unrealized: what was marked and not yet settled
    with a clearing organization stands on line 9. A customer's securities offset its deficit less
    the haircuts of SEC Rule 15c3-1(c)(2)(vi) (status: recalled). Securities are rounded once, so
    that lines 7C, 8C and FICC's are line 1B, and line 14 is the books' residual interest less
    the debit balances of line 5.
    """
    parameters = inputs.context.parameters("collateral", inputs.business_date)
    haircuts = NetCapitalHaircuts.from_parameters(parameters)
    owed = inputs.owed_securities()
    held = inputs.securities(_K.SEGREGATED_BANK, _K.CME_CUSTOMER_MARGIN, _K.FICC_XM_MARGIN)
    customers = [
        CustomerBalance(
            customer_id=key.customer_id,
            cash=standing.holdings.cash,
            securities=owed[key],
            securities_after_haircut=Money.total(
                _after_haircut(standing.prices[cusip], par, haircuts, inputs.business_date)
                for cusip, par in standing.holdings.par_dollars.items()
                if cusip in standing.prices
            ),
        )
        for key, standing in inputs.standings.items()
    ]
    funds = FundsInSegregation(
        bank_cash=inputs.cash(_K.SEGREGATED_BANK),
        bank_customer_securities=held[_K.SEGREGATED_BANK],
        dco_cash=inputs.cash(_K.CME_CUSTOMER_MARGIN),
        dco_customer_securities=held[_K.CME_CUSTOMER_MARGIN],
        net_settlement=inputs.cash(_K.CME_SETTLEMENT),
    )
    ficc = FiccItems(
        cash=inputs.cash(_K.FICC_XM_MARGIN),
        customer_securities=held[_K.FICC_XM_MARGIN],
        funds_only_settlement=inputs.cash(_K.FICC_FUNDS_ONLY_SETTLEMENT),
    )
    return segregation_statement(
        customers,
        funds,
        ficc=ficc,
        management_target=target(inputs),
        mapping=inputs.rules.mapping,
    )


def _after_haircut(
    priced: PricedSecurity, par_dollars: int, haircuts: NetCapitalHaircuts, on: date
) -> Money:
    haircut = haircuts.haircut(priced.security, on)
    return value_after_haircut(par_dollars, priced.full_price_per_100, haircut)


def margins_of(inputs: DayInputs) -> list[CustomerMargin]:
    """Return every customer's margin with and without the arrangement, and the value of funds.

    Of futures customers' margin alone: what is outside the arrangement at FICC is in neither.
    """
    found = []
    for key, standing in inputs.standings.items():
        required = inputs.required.get(key)
        if required is None:
            found.append(CustomerMargin(key.customer_id, standing.value))
            continue
        found.append(
            CustomerMargin(
                key.customer_id,
                standing.value,
                cme=required.cme,
                ficc=required.ficc_xm,
                cme_without=required.standalone_cme,
                ficc_without=required.ficc_xm_without,
            )
        )
    return found


def residual_interest_of(inputs: DayInputs, segregation: SegregationStatement) -> ResidualInterest:
    """Return residual interest required and held at the close, line 14.

    Line 5 has taken debit balances from it, so that they are not required of it again.
    """
    return residual_interest(
        margins_of(inputs),
        held=segregation.excess,
        target=target(inputs),
        payments={},
        scope=inputs.rules.undermargined_scope,
    )


def residual_interest_without_savings(
    inputs: DayInputs, segregation: SegregationStatement
) -> ResidualInterest:
    """Return the same with every customer's saving lost."""
    return without_savings(
        margins_of(inputs),
        held=segregation.excess,
        target=target(inputs),
        scope=inputs.rules.undermargined_scope,
    )


def capital_of(inputs: DayInputs, records: Records) -> CapitalReport:
    """Return minimum adjusted net capital with the arrangement and without, and the charges.

    Net capital is the firm's equity less undermargined charges: the books hold no other deduction,
    and the report says so.
    """
    margins = margins_of(inputs)
    rules = inputs.rules

    def minimum(total: Money) -> MinimumCapital:
        return minimum_capital(
            risk_margin=total,
            fixed=rules.minimum_capital,
            ratio=rules.risk_margin_ratio,
            rfa_floor=ZERO,
            sec_floor=ZERO,
        )

    charges = _charges(inputs, records)
    equity = -inputs.cash(_K.HOUSE_EQUITY)
    return CapitalReport(
        with_arrangement=minimum(Money.total(m.cme + m.ficc for m in margins)),
        without_arrangement=minimum(
            Money.total(m.without_arrangement().cme + m.without_arrangement().ficc for m in margins)
        ),
        net_capital=equity - Money.total(charges.values()),
        undermargined_charges=charges,
    )


def reserve_formula_of(inputs: DayInputs) -> ReserveFormulaReport:
    """Return Item 15 and its credits: of Segregated Customer Margin, nothing of XM.

    On deposit is what FICC counts for what is posted there: what is still on its way is not. The
    firm's own cash in a customer's place is on deposit, and no credit.
    """
    margins = []
    for key, standing in inputs.outside.items():
        cash, counted, worth = ZERO, ZERO, ZERO
        own = of_customer(_K.FICC_SCM_MARGIN, key).account_id
        for (account_id, asset), balance in inputs.balances.items():
            if account_id != own:
                continue
            if asset == CASH:
                cash = Money(balance.posted_debit)
            elif balance.posted_debit:
                counted += standing.counted(Cusip(asset.code), balance.posted_debit)
                worth += inputs.market_value(asset.code, balance.posted_debit)
        firms = of_customer(_K.HOUSE_SCM_PREFUNDING, key).account_id
        stood_in = inputs.balances.get((firms, CASH))
        own_cash = ZERO if stood_in is None else Money(stood_in.posted_debit)
        if max(standing.required, cash, worth, own_cash) > ZERO:
            margins.append(
                MarginOnDeposit(
                    key.customer_id,
                    ReserveAccount.SCM,
                    required=standing.required,
                    on_deposit=cash + counted + own_cash,
                    customer_cash=cash,
                    customer_securities=worth,
                )
            )
    return reserve_formula(margins)


def _charges(inputs: DayInputs, records: Records) -> dict[str, Money]:
    parameters = inputs.context.parameters("collateral", inputs.business_date)
    rules, ages = ChargeRules.from_parameters(parameters), AgeingRules.from_parameters(parameters)
    charges = {}
    for key, standing in inputs.standings.items():
        book = call_book(records, key)
        charge = undermargined_charge(
            maintenance_margin=standing.ccp_minimum,
            equity=standing.value,
            calls=outstanding_calls(book, key, on=inputs.business_date, rules=ages),
            account_type=AccountType.CUSTOMER,
            rules=rules,
        )
        if charge.charge > ZERO:
            charges[key.customer_id] = charge.charge
    return charges
