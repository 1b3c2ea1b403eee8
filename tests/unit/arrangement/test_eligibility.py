"""Recognition: eligible, outside with every reason, unsupported, refused."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest

from crossmargin.arrangement.eligibility import (
    EligibilityRules,
    IneligibleCode,
    Recognition,
    recognise,
)
from crossmargin.basics.identifiers import Cusip, CustomerKey, cusip_check_digit
from crossmargin.market.history import SecurityPrice
from crossmargin.parameters.registry import ParameterSet, parameters_from_document
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

AS_OF = date(2026, 3, 24)


def arrangement(**changes: str) -> EligibilityRules:
    text = files("crossmargin.arrangement").joinpath("parameters.toml").read_text("utf-8")
    versions = parameters_from_document(tomllib.loads(text))
    parameters = ParameterSet.in_force("arrangement", versions, on=AS_OF)
    return EligibilityRules.from_parameters(parameters.replacing(changes, reason="a test"))


def invented_cusip(number: int) -> str:
    stem = f"XM{number:06d}"
    return stem + str(cusip_check_digit(stem))


def priced(number: int, kind: SecurityKind, maturity: date) -> tuple[str, SecurityPrice]:
    cusip = invented_cusip(number)
    coupon = Decimal(0) if kind in (SecurityKind.BILL, SecurityKind.STRIPS) else Decimal(4)
    security = TreasurySecurity(Cusip(cusip), kind, coupon, maturity)
    return cusip, SecurityPrice(security, Decimal(100), Decimal(99))


LONG = date(2036, 2, 15)
NOTE, NOTE_PRICE = priced(1, SecurityKind.NOTE, LONG)
SECURITIES = dict(
    [
        (NOTE, NOTE_PRICE),
        priced(2, SecurityKind.TIPS, date(2026, 7, 15)),
        priced(3, SecurityKind.BILL, date(2026, 6, 25)),
        priced(4, SecurityKind.FRN, date(2028, 1, 31)),
        priced(5, SecurityKind.STRIPS, LONG),
        priced(6, SecurityKind.NOTE, date(2027, 3, 24)),
        priced(7, SecurityKind.NOTE, date(2027, 3, 25)),
        priced(8, SecurityKind.NOTE, AS_OF),
    ]
)
IN_XM = PositionLine(
    line=2,
    customer=CustomerKey("BD", "FUND"),
    clearing_organization=ClearingOrganization.FICC,
    account=Account.XM,
    instrument=NOTE,
    quantity=1000,
)
AT_CME = replace(IN_XM, clearing_organization=ClearingOrganization.CME, instrument="ZNM6")


def recognised(*lines: PositionLine, rules: EligibilityRules | None = None) -> Recognition:
    return recognise(
        lines, as_of=AS_OF, securities=SECURITIES, rules=rules or arrangement(), file="book.csv"
    )


def reasons(line: PositionLine, rules: EligibilityRules | None = None) -> list[IneligibleCode]:
    found = recognised(line, rules=rules)
    assert found.refusals == ()
    return [reason.code for outside in found.outside for reason in outside.reasons]


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        (1, []),
        (2, [IneligibleCode.TIPS, IneligibleCode.SHORT_MATURITY]),
        (3, [IneligibleCode.BILL, IneligibleCode.SHORT_MATURITY]),
        (4, [IneligibleCode.FRN]),
        (5, [IneligibleCode.STRIPS]),
        (6, [IneligibleCode.SHORT_MATURITY]),
        (7, []),
    ],
)
def test_securities_outside_are_named_with_every_reason(
    number: int, codes: list[IneligibleCode]
) -> None:
    line = replace(IN_XM, instrument=invented_cusip(number))
    assert reasons(line) == codes
    regular = [*codes, IneligibleCode.REGULAR_ACCOUNT]
    assert reasons(replace(line, account=Account.REGULAR)) == regular


def test_reasons_cover_the_whole_enum() -> None:
    every = set(
        reasons(replace(AT_CME, account=Account.REGULAR), arrangement(eligible_treasury_futures=""))
    )
    for number in range(2, 7):
        every.update(reasons(replace(IN_XM, instrument=invented_cusip(number))))
    assert every == set(IneligibleCode)


@pytest.mark.parametrize(
    ("as_of", "boundary"),
    [
        (date(2026, 3, 24), date(2027, 3, 24)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2027, 2, 28), date(2028, 2, 28)),
    ],
)
def test_boundary_is_the_same_calendar_day_a_year_later(as_of: date, boundary: date) -> None:
    assert arrangement().boundary_day(as_of) == boundary


@pytest.mark.parametrize(
    "code", ["ZTM6", "Z3NM6", "ZFM26", "ZNM6", "TNM6", "TWEM6", "ZBM6", "UBM6", "SR3H27", "ZQK6"]
)
def test_futures_of_exhibit_a_are_eligible(code: str) -> None:
    [line] = recognised(replace(AT_CME, instrument=code)).eligible
    assert line.reasons == ()


def test_narrow_reading_of_the_sec_order_leaves_rate_futures_outside() -> None:
    narrow = arrangement(sec_scope="treasury_futures_only")
    assert reasons(replace(AT_CME, instrument="SR3H27"), narrow) == [
        IneligibleCode.PRODUCT_NOT_ELIGIBLE
    ]
    assert reasons(AT_CME, narrow) == []


def test_options_and_equity_futures_are_unsupported() -> None:
    found = recognised(
        replace(AT_CME, line=10, instrument="ZNM6C11250"),
        replace(AT_CME, line=12, instrument="ESM6", account=Account.REGULAR),
    )
    assert [(each.line.line, each.rule) for each in found.unsupported] == [
        (10, "ruling 12"),
        (12, "ruling 12"),
    ]
    assert found.eligible == found.outside == ()


@pytest.mark.parametrize(
    ("line", "field", "rule"),
    [
        (replace(IN_XM, instrument=invented_cusip(99)), "instrument", "ruling 12"),
        (replace(IN_XM, instrument=invented_cusip(8)), "instrument", "ruling 12"),
        (replace(AT_CME, instrument="ZNH5"), "instrument", "ruling 15"),
        (replace(AT_CME, instrument="XYZM6"), "instrument", "ruling 12"),
        (replace(AT_CME, instrument=NOTE), "instrument", "ruling 15"),
        (replace(IN_XM, settlement_date=AS_OF), "settlement_date", "ruling 14"),
        (replace(IN_XM, settlement_date=date(2036, 2, 16)), "settlement_date", "ruling 12"),
        (replace(IN_XM, leg=Leg.REPO, end_date=AS_OF), "end_date", "ruling 14"),
        (replace(IN_XM, leg=Leg.REPO, end_date=date(2036, 2, 16)), "end_date", "ruling 12"),
    ],
)
def test_what_does_not_exist_on_the_day_is_refused(
    line: PositionLine, field: str, rule: str
) -> None:
    found = recognised(replace(line, line=7), IN_XM)
    [refusal] = found.refusals
    assert (refusal.field, refusal.rule) == (field, rule)
    assert (refusal.file, refusal.line) == ("book.csv", 7)
    assert len(found.eligible) == 1


def test_fail_stays_and_repo_start_in_the_past_is_no_fault() -> None:
    failed = replace(IN_XM, settlement_date=date(2026, 3, 20), failed=True)
    repo = replace(
        IN_XM, leg=Leg.REPO, settlement_date=date(2026, 3, 20), end_date=date(2026, 3, 25)
    )
    assert len(recognised(failed, repo).eligible) == 2


def test_unknown_and_settled_are_both_named() -> None:
    line = replace(IN_XM, instrument=invented_cusip(99), settlement_date=AS_OF)
    assert [refusal.field for refusal in recognised(line).refusals] == [
        "instrument",
        "settlement_date",
    ]


def test_every_line_is_in_exactly_one_group() -> None:
    lines = [
        replace(AT_CME, line=number, instrument=code)
        for number, code in enumerate(("ZNM6", "ESM6", "ZNH5", "ZNM6"), start=2)
    ]
    found = recognised(*lines)
    groups = (
        [each.line.line for each in found.eligible],
        [each.line.line for each in found.outside],
        [each.line.line for each in found.unsupported],
        [refusal.line for refusal in found.refusals],
    )
    assert groups == ([2, 5], [], [3], [4])
