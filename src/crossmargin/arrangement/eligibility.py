"""What each position line is: eligible, outside, unsupported or refused, with every reason.

*Eligible* lines make the XM portfolio. *Outside* are recognised Treasuries and listed rate futures
that are margined in full. *Unsupported* lines are recognised and have no model. *Refused* lines
name nothing that exists on the day (rulings 12 to 15 and 31; the CFTC's proposed order, 90 FR
58525, section VIII(a) and (e)(ii)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, partial

from crossmargin.basics.dates import add_months
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.market.history import SecurityPrice
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.futures import FuturesContract, UnsupportedContract, recognise_contract
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

_MONTHS_PER_YEAR = 12


class IneligibleCode(StrEnum):
    """Why a recognised line is outside the arrangement, in the order in which reasons are given."""

    TIPS = "TIPS"
    BILL = "BILL"
    FRN = "FRN"
    STRIPS = "STRIPS"
    SHORT_MATURITY = "SHORT_MATURITY"
    REGULAR_ACCOUNT = "REGULAR_ACCOUNT"
    PRODUCT_NOT_ELIGIBLE = "PRODUCT_NOT_ELIGIBLE"


@dataclass(frozen=True, slots=True)
class IneligibleReason:
    """One reason: a code for programs, a sentence for readers, and the rule that says so."""

    code: IneligibleCode
    text: str
    rule: str


class SecScope(StrEnum):
    """How far the SEC's order reaches (ruling 31)."""

    ALL_EXHIBIT_A = "all_exhibit_a"
    TREASURY_FUTURES_ONLY = "treasury_futures_only"


@dataclass(frozen=True, slots=True)
class EligibilityRules:
    """The eligible products in force on a day.

    Parameters
    ----------
    security_kinds : frozenset of SecurityKind
    maturity_years : int
        A security must mature later than the same calendar day this many years after.
    futures_products : frozenset of str
        Product codes, after ``sec_scope`` has been applied.
    """

    security_kinds: frozenset[SecurityKind]
    maturity_years: int
    futures_products: frozenset[str]

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> EligibilityRules:
        """Return the rules that ``arrangement/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a value is not one that the rule knows.
        LookupError
            If a parameter is missing.
        """
        products = _names(parameters.text("eligible_treasury_futures"))
        if SecScope(parameters.choice("sec_scope", list(SecScope))) is SecScope.ALL_EXHIBIT_A:
            products |= _names(parameters.text("eligible_rate_futures"))
        kinds = _names(parameters.text("eligible_security_kinds"))
        return EligibilityRules(
            security_kinds=frozenset(SecurityKind(kind) for kind in kinds),
            maturity_years=parameters.whole("eligible_maturity_years"),
            futures_products=products,
        )

    def boundary_day(self, as_of: date) -> date:
        """Return the day after which a security must mature (29 February: 28 February)."""
        return add_months(as_of, _MONTHS_PER_YEAR * self.maturity_years)


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line and what its instrument is; no reasons if it is eligible."""

    line: PositionLine
    instrument: TreasurySecurity | FuturesContract
    reasons: tuple[IneligibleReason, ...] = ()


@dataclass(frozen=True, slots=True)
class UnsupportedLine:
    """A line whose instrument is recognised and has no model; the result is then incomplete."""

    line: PositionLine
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """Every line of a file, once, in the file's order within each group."""

    eligible: tuple[RecognisedLine, ...]
    outside: tuple[RecognisedLine, ...]
    unsupported: tuple[UnsupportedLine, ...]
    refusals: tuple[Refusal, ...]


def recognise(
    lines: Iterable[PositionLine],
    *,
    as_of: date,
    securities: Mapping[str, SecurityPrice],
    rules: EligibilityRules,
    file: str | None = None,
) -> Recognition:
    """Sort position lines into eligible, outside, unsupported and refused.

    Parameters
    ----------
    lines : iterable of PositionLine
        Well formed; several lines of one customer and instrument stay apart here.
    as_of : date
        The business date: contracts, maturities and settlement are judged on it.
    securities : mapping of CUSIP to SecurityPrice
        The price sheet of the day: what is not on it is unknown.
    rules : EligibilityRules
    file : str, optional
        The positions file, for refusals.

    Returns
    -------
    Recognition
        A line is in one group, except that a refused line may have several refusals.
    """
    eligible: list[RecognisedLine] = []
    outside: list[RecognisedLine] = []
    unsupported: list[UnsupportedLine] = []
    refusals: list[Refusal] = []
    # A file names few contracts many times, and each needs the calendar.
    contract_of = cache(partial(recognise_contract, as_of=as_of))
    for line in lines:
        try:
            instrument = (
                contract_of(line.instrument)
                if line.clearing_organization is ClearingOrganization.CME
                else _security_of(line, as_of=as_of, securities=securities)
            )
        except RefusedError as error:
            refusals.extend(_placed(refusal, line, file) for refusal in error.refusals)
            continue
        if isinstance(instrument, UnsupportedContract):
            text = f"an {instrument.kind} is recognised and has no model"
            unsupported.append(UnsupportedLine(line, text, "ruling 12"))
            continue
        reasons = _reasons_of(line, instrument, as_of=as_of, rules=rules)
        group = outside if reasons else eligible
        group.append(RecognisedLine(line, instrument, reasons))
    return Recognition(tuple(eligible), tuple(outside), tuple(unsupported), tuple(refusals))


def is_eligible_security(
    security: TreasurySecurity, *, as_of: date, rules: EligibilityRules
) -> bool:
    """Return whether obligations in a security are eligible on a day (ruling 13)."""
    return not _security_reasons(security, as_of=as_of, rules=rules)


def _security_of(
    line: PositionLine, *, as_of: date, securities: Mapping[str, SecurityPrice]
) -> TreasurySecurity:
    price = securities.get(line.instrument)
    security = None if price is None else price.security
    faults = [*_security_faults(line, security, as_of), *_settlement_faults(line, security, as_of)]
    if security is None or faults:
        raise RefusedError(*faults)
    return security


def _security_faults(
    line: PositionLine, security: TreasurySecurity | None, as_of: date
) -> list[Refusal]:
    if security is None:
        expected = f"the CUSIP of a Treasury with a price on {as_of}"
    elif security.maturity_date <= as_of:
        expected = f"a Treasury that matures after {as_of}, not on {security.maturity_date}"
    else:
        return []
    return [Refusal("instrument", line.instrument, expected, "ruling 12")]


def _settlement_faults(
    line: PositionLine, security: TreasurySecurity | None, as_of: date
) -> list[Refusal]:
    faults = []
    field = "settlement_date" if line.leg is Leg.CASH else "end_date"
    settles = line.settlement_date if line.leg is Leg.CASH else line.end_date
    if settles is not None and settles <= as_of and not line.failed:
        expected = f"a date after {as_of}, or a line flagged as failed: this one is settled"
        faults.append(Refusal(field, settles.isoformat(), expected, "ruling 14"))
    if settles is not None and security is not None and settles > security.maturity_date:
        expected = f"a date not after the maturity of the security, {security.maturity_date}"
        faults.append(Refusal(field, settles.isoformat(), expected, "ruling 12"))
    return faults


def _reasons_of(
    line: PositionLine,
    instrument: TreasurySecurity | FuturesContract,
    *,
    as_of: date,
    rules: EligibilityRules,
) -> tuple[IneligibleReason, ...]:
    if isinstance(instrument, TreasurySecurity):
        reasons = _security_reasons(instrument, as_of=as_of, rules=rules)
    else:
        reasons = _contract_reasons(instrument, rules=rules)
    if line.account is Account.REGULAR:
        reasons.append(
            IneligibleReason(
                IneligibleCode.REGULAR_ACCOUNT,
                "carried in a regular account, not in the cross-margining account",
                "ruling 5",
            )
        )
    order = list(IneligibleCode)
    return tuple(sorted(reasons, key=lambda reason: order.index(reason.code)))


_KIND_REASONS: Mapping[SecurityKind, tuple[IneligibleCode, str]] = {
    SecurityKind.TIPS: (IneligibleCode.TIPS, "inflation-protected securities are not eligible"),
    SecurityKind.BILL: (IneligibleCode.BILL, "bills are not eligible: notes and bonds are"),
    SecurityKind.FRN: (IneligibleCode.FRN, "floating rate notes are not eligible"),
    SecurityKind.STRIPS: (IneligibleCode.STRIPS, "stripped securities are not eligible"),
}
_NOT_IN_TABLE = (IneligibleCode.PRODUCT_NOT_ELIGIBLE, "not in the table of eligible products")


def _security_reasons(
    security: TreasurySecurity, *, as_of: date, rules: EligibilityRules
) -> list[IneligibleReason]:
    reasons = []
    if security.kind not in rules.security_kinds:
        code, text = _KIND_REASONS.get(security.kind, _NOT_IN_TABLE)
        reasons.append(IneligibleReason(code, text, "90 FR 58525, section VIII(a)(v); ruling 13"))
    if security.maturity_date <= (boundary := rules.boundary_day(as_of)):
        text = f"matures on {security.maturity_date}, not later than {boundary}"
        reasons.append(IneligibleReason(IneligibleCode.SHORT_MATURITY, text, "ruling 13"))
    return reasons


def _contract_reasons(
    contract: FuturesContract, *, rules: EligibilityRules
) -> list[IneligibleReason]:
    if contract.product in rules.futures_products:
        return []
    text = f"{contract.product} futures are not in the table of eligible products"
    return [
        IneligibleReason(
            IneligibleCode.PRODUCT_NOT_ELIGIBLE, text, "90 FR 58525, Exhibit A; ruling 31"
        )
    ]


def _placed(refusal: Refusal, line: PositionLine, file: str | None) -> Refusal:
    return Refusal(
        field=refusal.field,
        value=refusal.value,
        expected=refusal.expected,
        rule=refusal.rule,
        file=file,
        line=line.line,
        column=refusal.column,
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(","))
