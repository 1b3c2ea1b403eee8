"""Drafted notices: what set one off, to whom it goes, by when, with which figures.

A draft is for a person to read, sign and send. Triggers and addressees are those of 17 CFR 1.12 and
1.23 and of the order's (j) as the notes to the sources give them (status: inferred; the text of the
rules was not read in full). "Immediately" stands where the rule knows no hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.words import counted
from crossmargin.reporting.custody_documents import amount_text, rate_text
from crossmargin.reporting.custody_report import CustodyReport
from crossmargin.reporting.residual_interest import ProForma, ResidualInterest, WithdrawalFinding
from crossmargin.reporting.segregation import SegregationStatement

IMMEDIATELY = "immediately"


class NoticeKind(StrEnum):
    """What sets a notice off."""

    UNDER_SEGREGATION = "under_segregation"
    RESIDUAL_INTEREST_UNDER_REQUIRED = "residual_interest_under_required"
    RESIDUAL_INTEREST_UNDER_TARGET = "residual_interest_under_target"
    WITHDRAWAL_OVER_A_QUARTER = "withdrawal_over_a_quarter"
    CALL_UNMET_ABOVE_EXCESS_CAPITAL = "call_unmet_above_excess_capital"
    CUSTODY_SHORTFALL = "custody_shortfall"
    CHARGES_ACCRUED = "charges_accrued"


_CFTC_AND_DSRO = ("CFTC", "designated self-regulatory organization")
_RULES: dict[NoticeKind, str] = {
    NoticeKind.UNDER_SEGREGATION: "17 CFR 1.12; 1.32",
    NoticeKind.RESIDUAL_INTEREST_UNDER_REQUIRED: "17 CFR 1.12; 1.22(c)",
    NoticeKind.RESIDUAL_INTEREST_UNDER_TARGET: "17 CFR 1.12; 1.11(e)(3)(i)(D)",
    NoticeKind.WITHDRAWAL_OVER_A_QUARTER: "17 CFR 1.23",
    NoticeKind.CALL_UNMET_ABOVE_EXCESS_CAPITAL: "17 CFR 1.12",
    NoticeKind.CUSTODY_SHORTFALL: "CFTC proposed order, 90 FR 58525, (j)",
    NoticeKind.CHARGES_ACCRUED: "17 CFR 1.20, 1.22: no customer's money pays another",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One drafted notice.

    Parameters
    ----------
    kind : NoticeKind
    sender : str
    business_date : date
        Of the figures.
    trigger : str
        What was found, in a sentence.
    addressees : tuple of str
    deadline : str
        An instant, or :data:`IMMEDIATELY`.
    figures : tuple of (label, amount)
    text : str
        The draft.
    """

    kind: NoticeKind
    sender: str
    business_date: date
    trigger: str
    addressees: tuple[str, ...]
    deadline: str
    figures: tuple[tuple[str, str], ...]
    text: str

    @property
    def rule(self) -> str:
        """The rule that asks for it."""
        return _RULES[self.kind]

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "kind": self.kind.value,
            "sender": self.sender,
            "business_date": self.business_date.isoformat(),
            "trigger": self.trigger,
            "rule": self.rule,
            "addressees": list(self.addressees),
            "deadline": self.deadline,
            "figures": dict(self.figures),
            "text": self.text,
        }


def under_segregation(
    statement: SegregationStatement, *, sender: str, business_date: date
) -> Notice | None:
    """Return the notice that less is in segregation than required; None if enough is."""
    if not statement.is_under_segregated:
        return None
    return _draft(
        NoticeKind.UNDER_SEGREGATION,
        sender,
        business_date,
        trigger="funds in segregation are less than the amount required",
        figures={
            "required, line 6": statement.required,
            "in segregation, line 13": statement.in_segregation,
            "deficiency, line 14": statement.excess,
        },
    )


def under_required(
    interest: ResidualInterest, *, sender: str, business_date: date
) -> Notice | None:
    """Return the notice that residual interest does not cover undermargined amounts.

    What counts is what is required after payments received by the deadline.
    """
    if interest.is_compliant:
        return None
    return _draft(
        NoticeKind.RESIDUAL_INTEREST_UNDER_REQUIRED,
        sender,
        business_date,
        trigger="residual interest is less than customers' undermargined amounts",
        figures={
            "undermargined amounts": interest.total_undermargined,
            "required after payments": interest.required_after_payments,
            "held": interest.held,
            "shortfall": interest.shortfall,
        },
    )


def under_target(interest: ResidualInterest, *, sender: str, business_date: date) -> Notice | None:
    """Return the notice that residual interest is under management's target."""
    if not interest.is_under_target:
        return None
    return _draft(
        NoticeKind.RESIDUAL_INTEREST_UNDER_TARGET,
        sender,
        business_date,
        trigger="residual interest is less than the target",
        figures={
            "target": interest.target,
            "held": interest.held,
            "under target": interest.target - interest.held,
        },
    )


def withdrawal_over_a_quarter(
    withdrawal: ProForma, *, sender: str, business_date: date, approved_by: str, deadline: datetime
) -> Notice | None:
    """Return the notice of withdrawals above the share of prior-day residual interest.

    Parameters
    ----------
    withdrawal : ProForma
    sender : str
    business_date : date
    approved_by : str
        The senior officer who approved in writing.
    deadline : datetime
        End of the same day.
    """
    if WithdrawalFinding.OVER_A_QUARTER not in withdrawal.findings or not withdrawal.is_allowed:
        return None
    return _draft(
        NoticeKind.WITHDRAWAL_OVER_A_QUARTER,
        sender,
        business_date,
        trigger=(
            "withdrawals of residual interest exceed a quarter of the business day before; "
            f"approved in writing by {approved_by}"
        ),
        figures={
            "residual interest of the business day before": withdrawal.prior_day_held,
            "withdrawn": withdrawal.withdrawn_today,
            "held after": withdrawal.held_after,
            "target": withdrawal.target,
        },
        deadline=deadline.isoformat(),
    )


def call_unmet_above_excess_capital(
    *,
    account: str,
    unmet: Money,
    excess_adjusted_net_capital: Money,
    is_past_next_close: bool,
    sender: str,
    business_date: date,
) -> Notice | None:
    """Return the notice of an account's call above excess adjusted net capital, not met in time.

    Parameters
    ----------
    account : str
    unmet : Money
        What of the call has not been paid.
    excess_adjusted_net_capital : Money
        Negative where capital falls short; the notice is then due for any unmet call.
    is_past_next_close : bool
        Whether the close of the business day after the call has passed.
    sender : str
    business_date : date
    """
    if not is_past_next_close or unmet <= max(ZERO, excess_adjusted_net_capital):
        return None
    return _draft(
        NoticeKind.CALL_UNMET_ABOVE_EXCESS_CAPITAL,
        sender,
        business_date,
        trigger=(
            f"a margin call to {account} exceeds excess adjusted net capital and was not met by "
            "the close of the next business day"
        ),
        figures={
            "not met": unmet,
            "excess adjusted net capital": excess_adjusted_net_capital,
        },
    )


def charges_accrued(
    amounts: Mapping[str, Money], *, held: Money, sender: str, business_date: date
) -> Notice | None:
    """Return the notice that residual interest does not pay what customers are due; else None.

    It goes to the firm's own treasury: residual interest is to be brought in.

    Parameters
    ----------
    amounts : mapping of customer to Money
        Accrued and not paid.
    held : Money
        Residual interest.
    sender : str
    business_date : date
    """
    total = Money.total(amounts.values())
    if total == ZERO:
        return None
    return _draft(
        NoticeKind.CHARGES_ACCRUED,
        sender,
        business_date,
        trigger="residual interest does not pay what is due to customers; it stands accrued",
        figures={"residual interest held": held, "accrued": total, **dict(sorted(amounts.items()))},
        addressees=(f"treasury of {sender}",),
    )


def custody_shortfall(report: CustodyReport) -> Notice | None:
    """Return the notice that an asset held is less than what is owed of it; None if none is."""
    if not report.shortfalls:
        return None
    figures = {}
    for row in report.shortfalls:
        found = row.coverage
        held, owed, short = (
            amount_text(row.asset, each) for each in (found.held, found.owed, -found.difference)
        )
        figures[str(row.asset)] = (
            f"held {held}, owed {owed}, short {short}, rate {rate_text(found.rate)}"
        )
    heading = report.heading
    assets = counted(len(report.shortfalls), "asset")
    return _draft(
        NoticeKind.CUSTODY_SHORTFALL,
        heading.sender,
        heading.business_date,
        trigger=f"less is held than owed of {assets}",
        figures=figures,
        addressees=heading.recipients,
    )


def _draft(
    kind: NoticeKind,
    sender: str,
    business_date: date,
    *,
    trigger: str,
    figures: dict[str, Money] | dict[str, str],
    addressees: tuple[str, ...] = _CFTC_AND_DSRO,
    deadline: str = IMMEDIATELY,
) -> Notice:
    rows = tuple((label, str(amount)) for label, amount in figures.items())
    text = "\n".join(
        (
            f"To: {', '.join(addressees)}",
            f"From: {sender}",
            f"Notice under {_RULES[kind]}",
            f"Business date: {business_date.isoformat()}",
            "",
            f"{trigger[0].upper()}{trigger[1:]}.",
            *(f"{label}: {amount}" for label, amount in rows),
        )
    )
    return Notice(kind, sender, business_date, trigger, addressees, deadline, rows, text)
