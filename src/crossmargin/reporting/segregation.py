"""The segregation statement of a BD-FCM: what it owes futures customers, and where that is.

Lines 1A to 16 of the statement in Form 1-FR-FCM (17 CFR 1.32); their numbers are inferred, as no
copy of the form was read. The required amount is gross, customer by customer: a deficit of one is
never set against the credit of another (1.20(i), CEA 4d(a)(2)); only the same customer's securities
after haircut may offset it (1.32(b)).

FICC has no line of its own in the statement. What is there for customers of the arrangement stands
as rows tagged ``FICC`` on the lines that a mapping names: inferred, by default those of a
derivatives clearing organization.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money

FICC_TAG = "FICC"


@dataclass(frozen=True, slots=True)
class CustomerBalance:
    """What one futures customer has with the BD-FCM, in whole cents.

    Parameters
    ----------
    customer_id : str
    cash : Money
        Net ledger balance: cash at the BD-FCM, CME and FICC; negative where the customer owes.
    securities : Money
        Securities the customer deposited, at market value, wherever they are.
    securities_after_haircut : Money
        The same after the haircuts of SEC Rule 15c3-1(c)(2)(vi).
    futures_unrealized : Money
        Profit (negative: loss) on open positions that is not paid yet: futures, and for customers
        of the arrangement FICC's forward marks. A mark that was paid through Funds-Only Settlement
        is cash already (ruling 21).
    long_options, short_options : Money
        Market value of options bought and of options sold, neither negative. There are none in the
        arrangement.

    Raises
    ------
    ValueError
        If securities or options are negative, or worth more after the haircut than before.
    """

    customer_id: str
    cash: Money
    securities: Money = ZERO
    securities_after_haircut: Money = ZERO
    futures_unrealized: Money = ZERO
    long_options: Money = ZERO
    short_options: Money = ZERO

    def __post_init__(self) -> None:
        if not ZERO <= self.securities_after_haircut <= self.securities:
            raise ValueError(
                f"{self.customer_id}: securities after haircut are from 0 to their market value "
                f"{self.securities}, were {self.securities_after_haircut}"
            )
        if min(self.long_options, self.short_options) < ZERO:
            raise ValueError(f"{self.customer_id}: the value of options is not negative")

    @property
    def equity_without_securities(self) -> Money:
        """Cash, unrealized profit and options."""
        return self.cash + self.futures_unrealized + self.long_options - self.short_options

    @property
    def deficit(self) -> Money:
        """By how much the equity without securities is below zero."""
        return max(ZERO, -self.equity_without_securities)

    @property
    def deficit_offset(self) -> Money:
        """How much of the deficit the customer's own securities after haircut cover."""
        return min(self.deficit, self.securities_after_haircut)

    @property
    def required(self) -> Money:
        """What must be in segregation for this customer; never negative."""
        credit = max(ZERO, self.equity_without_securities)
        return self.securities + credit - self.deficit_offset


@dataclass(frozen=True, slots=True)
class FundsInSegregation:
    """Where customers' funds are, in whole cents, without what FICC holds.

    Each field is a line of the statement; ``net_settlement`` is from (negative: to) derivatives
    clearing organizations, short options are deducted, the others are not negative.
    """

    bank_cash: Money = ZERO  # 7A
    bank_investments: Money = ZERO  # 7B, investments of 17 CFR 1.25
    bank_customer_securities: Money = ZERO  # 7C
    dco_cash: Money = ZERO  # 8A
    dco_investments: Money = ZERO  # 8B
    dco_customer_securities: Money = ZERO  # 8C
    net_settlement: Money = ZERO  # 9
    long_options: Money = ZERO  # 10A
    short_options: Money = ZERO  # 10B
    fcm_equity: Money = ZERO  # 11A, net liquidating equity with other FCMs
    fcm_investments: Money = ZERO  # 11B
    fcm_customer_securities: Money = ZERO  # 11C
    other: Money = ZERO  # 12


@dataclass(frozen=True, slots=True)
class FiccItems:
    """What the BD-FCM has at FICC for customers of the arrangement.

    Parameters
    ----------
    cash, customer_securities : Money
        In its FICC XM Customer Margin Accounts; securities at market value.
    funds_only_settlement : Money
        Due from FICC and not paid yet; negative where due to it.
    """

    cash: Money = ZERO
    customer_securities: Money = ZERO
    funds_only_settlement: Money = ZERO


class FiccCashLine(StrEnum):
    """Where FICC XM cash stands: as margin at a clearing organization, at a bank, or as other."""

    CLEARING = "8A"
    BANK = "7A"
    OTHER = "12"


class FiccSecuritiesLine(StrEnum):
    """Where FICC XM securities stand."""

    CLEARING = "8C"
    BANK = "7C"
    OTHER = "12"


class FiccSettlementLine(StrEnum):
    """Where Funds-Only Settlement that is due stands."""

    SETTLEMENT = "9"
    OTHER = "12"


@dataclass(frozen=True, slots=True)
class FiccMapping:
    """On which lines FICC's items stand; no line names FICC (status: inferred)."""

    cash: FiccCashLine = FiccCashLine.CLEARING
    customer_securities: FiccSecuritiesLine = FiccSecuritiesLine.CLEARING
    funds_only_settlement: FiccSettlementLine = FiccSettlementLine.SETTLEMENT


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One row: line, ``FICC`` where it is FICC's part, words of the form, amount."""

    line: str
    tag: str
    meaning: str
    amount: Money


@dataclass(frozen=True, slots=True)
class SegregationStatement:
    """The statement of one business date.

    Parameters
    ----------
    required_by_customer : tuple of (customer, Money)
        Sorted by customer; their sum is line 6.
    lines : tuple of StatementLine
        In the order of the form.
    """

    required_by_customer: tuple[tuple[str, Money], ...]
    lines: tuple[StatementLine, ...]

    def amount(self, line: str) -> Money:
        """Return a line's amount, FICC's part included.

        Raises
        ------
        LookupError
            If there is no such line.
        """
        amounts = [row.amount for row in self.lines if row.line == line]
        if not amounts:
            raise LookupError(f"the segregation statement has no line {line!r}")
        return Money.total(amounts)

    @property
    def required(self) -> Money:
        """Line 6."""
        return self.amount("6")

    @property
    def in_segregation(self) -> Money:
        """Line 13."""
        return self.amount("13")

    @property
    def excess(self) -> Money:
        """Line 14: residual interest; negative where under-segregated."""
        return self.amount("14")

    @property
    def target(self) -> Money:
        """Line 15: management's target for residual interest."""
        return self.amount("15")

    @property
    def is_under_segregated(self) -> bool:
        """Whether less is in segregation than required."""
        return self.excess < ZERO

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape, amounts as decimal strings."""
        return {
            "required_by_customer": {n: str(amount) for n, amount in self.required_by_customer},
            "lines": [
                {
                    "line": row.line,
                    "tag": row.tag,
                    "meaning": row.meaning,
                    "amount": str(row.amount),
                }
                for row in self.lines
            ],
        }


def segregation_statement(
    customers: Sequence[CustomerBalance],
    funds: FundsInSegregation,
    *,
    ficc: FiccItems,
    management_target: Money,
    mapping: FiccMapping,
) -> SegregationStatement:
    """Return the statement.

    Parameters
    ----------
    customers : sequence of CustomerBalance
        Every futures customer, those of the arrangement among them; one row a customer.
    funds : FundsInSegregation
    ficc : FiccItems
    management_target : Money
        Target for residual interest (17 CFR 1.11(e)(3)(i)(D)).
    mapping : FiccMapping

    Raises
    ------
    ValueError
        If a customer stands there twice: the two rows would net where they must not, or fail to
        where they must.
    """
    names = [customer.customer_id for customer in customers]
    if len(set(names)) != len(names):
        raise ValueError(f"one row a customer, were {sorted(names)}")
    required, owed_rows = _required_rows(customers)
    held_rows = _held_rows(funds, ficc, mapping)
    total = _deducting(held_rows, "10B")
    excess = total - required
    closing = (
        StatementLine("13", "", "total amount in segregation", total),
        StatementLine("14", "", "excess (deficiency) funds in segregation", excess),
        StatementLine("15", "", "management target for excess funds", management_target),
        StatementLine("16", "", "excess over (under) target", excess - management_target),
    )
    by_customer = tuple(sorted((each.customer_id, each.required) for each in customers))
    return SegregationStatement(by_customer, (*owed_rows, *held_rows, *closing))


def _required_rows(
    customers: Sequence[CustomerBalance],
) -> tuple[Money, tuple[StatementLine, ...]]:
    cash = Money.total(each.cash for each in customers)
    securities = Money.total(each.securities for each in customers)
    unrealized = Money.total(each.futures_unrealized for each in customers)
    long = Money.total(each.long_options for each in customers)
    short = Money.total(each.short_options for each in customers)
    gross = Money.total(each.deficit for each in customers)
    offset = Money.total(each.deficit_offset for each in customers)
    net_equity = cash + securities + unrealized + long - short
    required = net_equity + gross - offset
    return required, (
        StatementLine("1A", "", "net ledger balance, cash", cash),
        StatementLine("1B", "", "securities at market value", securities),
        StatementLine("2", "", "net unrealized profit (loss) in open positions", unrealized),
        StatementLine("3A", "", "options bought, market value", long),
        StatementLine("3B", "", "options sold, market value, deducted", short),
        StatementLine("4", "", "net equity", net_equity),
        StatementLine("5 gross", "", "accounts liquidating to a deficit and debit balances", gross),
        StatementLine("5 offset", "", "of which offset by the customer's securities", offset),
        StatementLine("5", "", "deficits and debits, net of offsets", gross - offset),
        StatementLine("6", "", "amount required to be segregated", required),
    )


def _held_rows(
    funds: FundsInSegregation, ficc: FiccItems, mapping: FiccMapping
) -> tuple[StatementLine, ...]:
    rows = (
        ("7A", "at banks: cash", funds.bank_cash),
        ("7B", "at banks: investments of customers' funds", funds.bank_investments),
        ("7C", "at banks: securities held for customers", funds.bank_customer_securities),
        ("8A", "margin at clearing organizations: cash", funds.dco_cash),
        ("8B", "margin at clearing organizations: investments", funds.dco_investments),
        (
            "8C",
            "margin at clearing organizations: securities held for customers",
            funds.dco_customer_securities,
        ),
        ("9", "net settlement from (to) clearing organizations", funds.net_settlement),
        ("10A", "options bought at clearing organizations", funds.long_options),
        ("10B", "options sold at clearing organizations, deducted", funds.short_options),
        ("11A", "with other FCMs: net liquidating equity", funds.fcm_equity),
        ("11B", "with other FCMs: investments", funds.fcm_investments),
        ("11C", "with other FCMs: securities held for customers", funds.fcm_customer_securities),
        ("12", "other segregated funds on hand", funds.other),
    )
    ficc_rows = (
        StatementLine(mapping.cash, FICC_TAG, "XM margin at FICC: cash", ficc.cash),
        StatementLine(
            mapping.customer_securities,
            FICC_TAG,
            "XM margin at FICC: securities held for customers",
            ficc.customer_securities,
        ),
        StatementLine(
            mapping.funds_only_settlement,
            FICC_TAG,
            "Funds-Only Settlement from (to) FICC",
            ficc.funds_only_settlement,
        ),
    )
    order = [line for line, _, _ in rows]
    own = [StatementLine(line, "", meaning, amount) for line, meaning, amount in rows]
    # Stable: on its line FICC's part stands after the rest.
    return tuple(sorted([*own, *ficc_rows], key=lambda row: order.index(row.line)))


def _deducting(rows: Iterable[StatementLine], deducted: str) -> Money:
    return Money.total(-row.amount if row.line == deducted else row.amount for row in rows)
