"""What the reports take from ``parameters.toml`` for a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.local_time import LocalTime
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.parameters.registry import ParameterSet
from crossmargin.reporting.residual_interest import UndermarginedScope
from crossmargin.reporting.segregation import (
    FiccCashLine,
    FiccMapping,
    FiccSecuritiesLine,
    FiccSettlementLine,
)


@dataclass(frozen=True, slots=True)
class ReportingRules:
    """Dated values of the reports.

    Parameters
    ----------
    mapping : FiccMapping
        On which lines of the segregation statement FICC's items stand.
    undermargined_scope : UndermarginedScope
    minimum_capital : Money
        The fixed floor of minimum adjusted net capital.
    risk_margin_ratio : Fraction
    withdrawal_notice_share : Fraction
        Of prior-day residual interest.
    custody_report_due, segregation_due, residual_interest_due : LocalTime
        On the business day after the business date.
    """

    mapping: FiccMapping
    undermargined_scope: UndermarginedScope
    minimum_capital: Money
    risk_margin_ratio: Fraction
    withdrawal_notice_share: Fraction
    custody_report_due: LocalTime
    segregation_due: LocalTime
    residual_interest_due: LocalTime

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> ReportingRules:
        """Return the rules that the parameters hold.

        Raises
        ------
        ValueError
            If a value is not one that the reports know.
        LookupError
            If a parameter is missing.
        """
        p = parameters
        return ReportingRules(
            mapping=FiccMapping(
                cash=FiccCashLine(p.choice("ficc_cash_line", list(FiccCashLine))),
                customer_securities=FiccSecuritiesLine(
                    p.choice("ficc_securities_line", list(FiccSecuritiesLine))
                ),
                funds_only_settlement=FiccSettlementLine(
                    p.choice("ficc_settlement_line", list(FiccSettlementLine))
                ),
            ),
            undermargined_scope=UndermarginedScope(
                p.choice("undermargined_scope", list(UndermarginedScope))
            ),
            minimum_capital=money_from_decimal(p.text("minimum_capital_dollars")),
            risk_margin_ratio=p.ratio("risk_margin_ratio"),
            withdrawal_notice_share=p.ratio("withdrawal_notice_share"),
            custody_report_due=LocalTime.parsed(p.text("custody_report_due")),
            segregation_due=LocalTime.parsed(p.text("segregation_due")),
            residual_interest_due=LocalTime.parsed(p.text("residual_interest_due")),
        )


def due_on_next_business_day(
    business_date: date, at: LocalTime, calendar: BusinessCalendar
) -> datetime:
    """Return the instant of a deadline on the business day after a business date."""
    return at.on(calendar.next_business_day(business_date))
