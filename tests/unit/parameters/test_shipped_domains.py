"""Every shipped parameter says what it may hold, and what makes no sense is refused at loading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import pytest

from crossmargin import bootstrap
from crossmargin.analysis.correlation import CorrelationVolatility
from crossmargin.arrangement.eligibility import SecScope
from crossmargin.arrangement.reduction import Denominator, Fallback
from crossmargin.collateral.ageing import CountedFrom
from crossmargin.collateral.allocation import Keeps
from crossmargin.collateral.federal_days import SaturdayHoliday
from crossmargin.collateral.haircuts import MaturityAtEnd
from crossmargin.default_management.account_equity import PositionReading
from crossmargin.default_management.ccp_failure import InterestsInTransit
from crossmargin.default_management.distribution import DistributionRule, LeftOver
from crossmargin.default_management.failure import FailureTest
from crossmargin.default_management.liquidation.terms import Hedge, ImpactSharing
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
    ProportionalLimit,
    RuleSet,
)
from crossmargin.default_management.porting.rules import Objective, StandaloneTransfer
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.default_management.sides import Reach
from crossmargin.default_management.transfer_test import ClockRoll
from crossmargin.margin.cme.correlation import CorrelationScaling
from crossmargin.margin.cme.equivalents import EquivalentContract, ShortEndEquivalent
from crossmargin.margin.cme.hypothetical import HypotheticalStress
from crossmargin.margin.cme.initial import HeightenedRiskBase
from crossmargin.margin.cme.model import CmeEngine
from crossmargin.margin.ficc.applicability import Applicability, Component
from crossmargin.margin.ficc.haircut import HaircutCorrelation
from crossmargin.margin.ficc.higher_of import HigherOf
from crossmargin.margin.ficc.model import FiccValuation, SensitivitySource
from crossmargin.margin.tail import QuantileConvention
from crossmargin.parameters.notation import NUMERIC, Form
from crossmargin.parameters.registry import Parameter
from crossmargin.product.specifications import PRODUCTS
from crossmargin.product.treasury import SecurityKind
from crossmargin.reporting.residual_interest import UndermarginedScope
from crossmargin.reporting.segregation import (
    FiccCashLine,
    FiccSecuritiesLine,
    FiccSettlementLine,
)
from crossmargin.services.backtest_series import UnobservedBasis
from crossmargin.settlement.rules import FailMarkInterest, OvernightRate
from crossmargin.validation.coverage import ExceptionReading
from crossmargin.validation.windows import StressedYearReading, WindowReading

REGISTRY = bootstrap.parameter_registry()
SETS = {owner: REGISTRY.set_of(owner, date.max) for owner in REGISTRY.files}
SHIPPED: dict[str, Parameter] = {
    f"{owner}.{version.name}": version
    for owner, read in REGISTRY.files.items()
    for version in read.versions
}
#: Not enumerations of the code: words that its readers compare with.
WORDS = {
    "arrangement.fallback_bounded_by_side_on_time": {"yes", "no"},
    "ficc.minimum_margin_amount": {"on", "off"},
    # No cut-off, or the inferred one (ruling 24).
    "collateral.same_day_cutoff": {"none", "11:00 America/New_York"},
    # The one basis that the models have (ruling 2).
    "arrangement.saving_basis": {"var_charge"},
    # Without it there is no requirement: it is not one that may be left out.
    "ficc.segregated_var_charge": {"applies"},
    "market.timing_noise": {"removed", "kept"},
}
#: No number in plain notation, too long, or nothing that a parameter is made of.
NEVER = ("1e400", "1e9", "0_7", "\uff17", "9" * 16, "zzz", "1//2", "nan", " ", "1,,2", "+1", ".5")
ENUMERATIONS: Mapping[str, type[StrEnum]] = {
    "analysis.correlation_volatility": CorrelationVolatility,
    "arrangement.denominator": Denominator,
    "arrangement.fallback": Fallback,
    "arrangement.sec_scope": SecScope,
    "arrangement.eligible_security_kinds": SecurityKind,
    "default_management.cme_to_ficc": CmeToFicc,
    "default_management.distribution": DistributionRule,
    "default_management.ficc_position_reading": PositionReading,
    "default_management.framework_one_left_over": LeftOver,
    "default_management.guaranty_limit": GuarantyLimit,
    "default_management.interests_in_transit": InterestsInTransit,
    "default_management.failure_test": FailureTest,
    "default_management.set_off_between_classes": SetOffBetweenClasses,
    "default_management.ficc_margin_reach": Reach,
    "default_management.cme_margin_reach": Reach,
    "default_management.loss_sharing_rule_set": RuleSet,
    "default_management.proportional_limit": ProportionalLimit,
    "default_management.transfer_clock_roll": ClockRoll,
    "porting.objective": Objective,
    "porting.standalone_transfer": StandaloneTransfer,
    "liquidation.hedge": Hedge,
    "liquidation.impact_sharing": ImpactSharing,
    "cme.correlation_scaling": CorrelationScaling,
    "cme.engine": CmeEngine,
    "cme.equivalent_contract": EquivalentContract,
    "cme.heightened_risk_base": HeightenedRiskBase,
    "cme.hypothetical_stress": HypotheticalStress,
    "cme.quantile_convention": QuantileConvention,
    "cme.short_end_equivalent": ShortEndEquivalent,
    "collateral.allocation_keeps": Keeps,
    "collateral.call_age_counted_from": CountedFrom,
    "collateral.cme_eligible_kinds": SecurityKind,
    "collateral.cme_maturity_at_end": MaturityAtEnd,
    "collateral.ficc_eligible_kinds": SecurityKind,
    "collateral.ficc_maturity_at_end": MaturityAtEnd,
    "collateral.saturday_holiday": SaturdayHoliday,
    "ficc.haircut_correlation": HaircutCorrelation,
    "ficc.higher_of": HigherOf,
    "ficc.quantile_convention": QuantileConvention,
    "ficc.sensitivity_source": SensitivitySource,
    "ficc.valuation": FiccValuation,
    "settlement.fail_mark_interest": FailMarkInterest,
    "settlement.mark_interest_rate": OvernightRate,
    "reporting.ficc_cash_line": FiccCashLine,
    "reporting.ficc_securities_line": FiccSecuritiesLine,
    "reporting.ficc_settlement_line": FiccSettlementLine,
    "reporting.undermargined_scope": UndermarginedScope,
    "validation.exception_reading": ExceptionReading,
    "validation.filtered_stressed_year_reading": StressedYearReading,
    "validation.stressed_year_reading": StressedYearReading,
    "validation.unobserved_basis": UnobservedBasis,
    "validation.window_reading": WindowReading,
    **{
        f"ficc.segregated_{component}": Applicability
        for component in Component
        if component is not Component.VAR_CHARGE
    },
}


def refusals(owner: str, **changes: str) -> list[str]:
    """What is refused of changes, as ``--set`` gives them."""
    return [str(each) for each in SETS[owner].faults_of(changes)]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_parameter_says_what_it_may_hold(name: str) -> None:
    domain = SHIPPED[name].domain
    assert domain is not None
    if domain.form in NUMERIC or domain.form in {Form.DATE, Form.DATE_RANGE, Form.DATE_RANGES}:
        assert (domain.minimum or domain.above) is not None, "an end below"
        assert (domain.maximum or domain.below) is not None, "an end above"
    else:
        assert domain.choices, "what may be chosen"
    assert (domain.form is Form.CHOICE) == (SHIPPED[name].unit == "choice")


def test_choices_are_those_of_the_code() -> None:
    stated = {
        name: set(each.domain.choices)
        for name, each in SHIPPED.items()
        if each.domain is not None and (each.unit == "choice" or name in ENUMERATIONS)
    }
    assert stated == WORDS | {
        name: {each.value for each in enumeration} for name, enumeration in ENUMERATIONS.items()
    }


def test_products_are_those_of_the_code() -> None:
    for name in ("half_spread_ticks", "average_daily_volume"):
        domain = SHIPPED[f"cme.{name}"].domain
        assert domain is not None
        assert set(domain.choices) == set(PRODUCTS)


def test_a_maturity_that_stands_for_a_basket_lies_in_it() -> None:
    names = [name for name in SHIPPED if "ctd_maturity_years_" in name]
    assert len(names) == 8
    for name in names:
        domain, rule = SHIPPED[name].domain, PRODUCTS[name.rpartition("_")[2]].delivery_rules[0]
        assert domain is not None
        assert domain.minimum is not None
        assert abs(float(domain.minimum) - rule.remaining_months_min / 12) < 0.01


@pytest.mark.parametrize("name", SHIPPED)
def test_what_no_parameter_may_hold_is_refused(name: str) -> None:
    owner, _, short = name.partition(".")
    for value in NEVER:
        (told,) = refusals(owner, **{short: value})
        assert told.startswith(f"{name} was {value!r}, expected ")
    # A correlation alone may be negative.
    assert bool(refusals(owner, **{short: "-1"})) != ("correlation_min" in short)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_list_reversed_repeated_or_of_another_length_is_refused(name: str) -> None:
    owner, _, short = name.partition(".")
    parameter = SHIPPED[name]
    parts = parameter.value.split(", ")
    assert parameter.domain is not None
    if parameter.domain.ascending and len(parts) > 1:
        assert refusals(owner, **{short: ", ".join(reversed(parts))})
        assert refusals(owner, **{short: ", ".join([*parts, parts[-1]])})
    if parameter.domain.length_of or parameter.domain.within_buckets_of:
        assert refusals(owner, **{short: ", ".join(parts[:-1])})
        assert refusals(owner, **{short: ", ".join([*parts, parts[-1]])})
    if parameter.domain.form not in {Form.NUMBERS, Form.PAIRS, Form.BY_DATE}:
        assert refusals(owner, **{short: f"{parameter.value}, {parameter.value}"})


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        ("arrangement", "cap", "1.01"),
        ("arrangement", "customer_minimum_dollars", "0.5"),
        ("arrangement", "cur_interval_minutes", "0"),
        ("arrangement", "cur_first", "18:00 America/Chicago"),
        ("arrangement", "cur_first", "07:00 America/New_York"),
        ("arrangement", "cutoff_eod_cme", "24:00 America/Chicago"),
        ("arrangement", "eligible_treasury_futures", "ZT, ZT"),
        ("arrangement", "threshold", "0.81"),
        ("cme", "correlation_shrinkage", "0"),
        ("cme", "half_spread_ticks", "ZT:0.5"),
        ("cme", "historical_weight", "2"),
        ("cme", "hypothetical_butterfly_years", "2, 7"),
        ("cme", "short_end_years", "1000"),
        ("cme", "short_end_years", "0"),
        ("cme", "span_ctd_issues_ZT", "2.1/2"),
        ("cme", "span_levels_from", "2018-01-02"),
        ("cme", "span_measure_weights", "0.5, 0.2, 0.3, 0"),
        ("cme", "span_rolling_dates", "1"),
        ("cme", "stressed_periods", "2008-07-01..2009-06-30, 2009-06-30..2010-01-01"),
        ("cme", "stressed_periods", "2009-06-30..2008-07-01"),
        ("ficc", "bid_ask_longer_than_years", "1, 5, 10"),
        ("ficc", "bucket_midpoint_years", "0.25, 0.75, 1.5, 2.5, 4, 6, 8.5, 12.5, 17.5, 19"),
        ("ficc", "bucket_years", "0, 0.5, 1, 2, 3, 5, 7, 10, 15, 26"),
        ("ficc", "coverage", "0"),
        ("ficc", "coverage", "1"),
        ("ficc", "coverage", "0,99"),
        ("ficc", "horizon_days", "0.5"),
        ("ficc", "liquidity_tips_lower_years", "0, 2, 6"),
        ("ficc", "lookback_years", "0"),
        ("ficc", "minimum_margin_decay", "0"),
        ("ficc", "minimum_margin_decay", "1.5"),
        ("ficc", "repo_term_longer_than_days", "1, 30, 90"),
        ("ficc", "stressed_period", "2008-07-01..2009-06-31"),
        ("ficc", "volatility_events", "2026-11-04: 0.1, 2026-11-04: 0.2"),
        ("market", "basis_ctd_maturity_years_ZN", "0.5"),
        ("market", "key_rate_years", "10"),
        ("market", "noise_variance_lags", "1"),
        ("market", "repo_rate_follows_front", "1.5"),
        ("validation", "bootstrap_samples", "99"),
        ("validation", "interval_level", "0.5"),
        ("validation", "regime_pandemic", "2020-04-30..2020-02-24"),
        ("validation", "rejection_level", "0.5"),
        ("validation", "rise_days", "0, 5"),
        ("validation", "yellow_zone_from", "0.99995"),
        ("validation", "whole_year_below", "0"),
    ],
)
def test_what_one_parameter_may_not_hold_is_refused(owner: str, name: str, value: str) -> None:
    told = refusals(owner, **{name: value})
    assert told
    assert all(each.startswith(f"{owner}.{name} was {value!r}, expected ") for each in told)


@pytest.mark.parametrize(
    ("owner", "changes"),
    [
        ("arrangement", {"threshold": "0.1", "cap": "0.1"}),
        ("arrangement", {"eligible_rate_futures": "ZQ"}),
        ("cme", {"historical_weight": "0"}),
        ("cme", {"stressed_periods": "2023-03-01..2023-04-14, 2008-07-01..2009-06-30"}),
        ("ficc", {"bid_ask_bp": "0.5, 1", "bid_ask_longer_than_years": "0, 5"}),
        ("ficc", {"bucket_years": "0, 5", "bucket_midpoint_years": "2.5, 5"}),
        ("ficc", {"volatility_events": "2026-11-04: 0.1, 2026-11-05: 0.2"}),
        ("ficc", {"segregated_holiday": "does not apply"}),
        ("market", {"key_rate_years": "2, 10, 30"}),
    ],
)
def test_what_makes_sense_together_is_taken(owner: str, changes: dict[str, str]) -> None:
    assert not refusals(owner, **changes)


def test_a_change_that_another_parameter_does_not_fit_names_both() -> None:
    (told,) = refusals("ficc", bid_ask_longer_than_years="0, 5")
    assert "a value that bid_ask_bp, '0.6, 0.7, 0.7', fits" in told
    assert "as many as bid_ask_longer_than_years" in told


def test_a_refusal_says_the_domain_in_words() -> None:
    (told,) = refusals("ficc", coverage="7")
    assert told == "ficc.coverage was '7', expected a ratio above 0 and below 1 (parameters)"


def test_no_domain_enters_a_digest() -> None:
    for name, parameter in SHIPPED.items():
        assert "domain" not in parameter.as_document(), name
