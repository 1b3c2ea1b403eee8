"""The calculator of the custody report: held against owed, asset by asset."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.basics.money import CENTS_PER_DOLLAR, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.reporting.custody_documents import rate_text
from crossmargin.reporting.custody_values import (
    AccountScope,
    Coverage,
    LocationType,
    MarginClass,
    coverage_of,
)
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.inputs import Input, Kind, Values

_NONE = Decimal(0)
_AMOUNT = Input("amount", Kind.MONEY, "cash, or par, US dollars, not negative", minimum=_NONE)
#: Sizes in which a shortfall is shared out, in cents: par in $100, else in dollars, else in cents.
_PAR_UNITS = (100 * CENTS_PER_DOLLAR, CENTS_PER_DOLLAR, 1)


def _custody_report(values: Values) -> Answer:
    held: dict[str, int] = {}
    claims: dict[str, dict[str, int]] = {}
    refusals = []
    for place, row in enumerate(values.rows("held")):
        if fault := _scope_fault(place, row):
            refusals.append(fault)
        asset = row.text("asset")
        held[asset] = held.get(asset, 0) + row.money("amount").cents
    if refusals:
        raise RefusedError(*refusals)
    for row in values.rows("owed"):
        of_asset = claims.setdefault(row.text("asset"), {})
        holder = f"{row.text('member')}/{row.text('cls')}"
        of_asset[holder] = of_asset.get(holder, 0) + row.money("amount").cents
    return {
        asset: _coverage(
            coverage_of(
                held.get(asset, 0),
                claims.get(asset, {}),
                units=(1,) if asset.upper().startswith("CASH") else _PAR_UNITS,
            )
        )
        for asset in dict.fromkeys([*held, *claims])
    }


def _scope_fault(place: int, row: Values) -> Refusal | None:
    if row.text("location") == LocationType.FRBNY or "account_scope" not in row:
        return None
    if row.text("account_scope") != AccountScope.XM_AND_SCM:
        return None
    expected = f"{AccountScope.XM_ONLY} or {AccountScope.SCM_ONLY}: both together only at FRBNY"
    return Refusal(
        f"held[{place}].account_scope", AccountScope.XM_AND_SCM, expected, "order (e)(vii)"
    )


def _coverage(found: Coverage) -> Mapping[str, object]:
    answer: dict[str, object] = {
        "held": str(Money(found.held)),
        "owed": str(Money(found.owed)),
        "difference": str(Money(found.difference)),
        "status": found.status.value,
        "rate": rate_text(found.rate),
    }
    if found.split:
        answer["indicative_segregated_split"] = {
            holder: str(Money(amount)) for holder, amount in found.split
        }
    return answer


CUSTODY_CALCULATOR = Calculator(
    name="custody-report",
    summary="Cash and securities held in segregated accounts against what is owed, by asset.",
    rule=(
        "By asset over all locations, members and classes: difference = held - owed; SURPLUS, OK "
        "or SHORTFALL; rate = min(1, held / owed), 1 where nothing is owed. In a shortfall held is "
        "shared in proportion to what is owed, by largest remainder, ties by name: cash (an asset "
        "whose name begins with CASH) in cents; par in $100 if held and every claim are whole "
        "multiples of it, else in dollars, else in cents. A surplus of one asset cures no other. "
        "An account for XM and SCM together is only at FRBNY. Nothing held and nothing owed is a "
        "nil report."
    ),
    source=(
        "CFTC proposed order, 90 FR 58525, section VIII (e)(vii) and (j); NYUCC 8-503 for the "
        "rate; rounding inferred. The split is indicative, over segregated accounts alone: Article "
        "8 reaches every interest that FICC holds in the asset"
    ),
    inputs=(
        Input(
            "held",
            Kind.LIST,
            "what is in FICC's accounts for segregated customer margin",
            minimum=_NONE,
            inputs=(
                Input("asset", Kind.TEXT, "cash, or a CUSIP"),
                Input("location", Kind.TEXT, "FRBNY, or the bank"),
                _AMOUNT,
                Input(
                    "account_scope",
                    Kind.TEXT,
                    "for whose margin the account is",
                    required=False,
                    choices=tuple(AccountScope),
                ),
            ),
        ),
        Input(
            "owed",
            Kind.LIST,
            "what FICC owes BD-FCMs for customers",
            minimum=_NONE,
            inputs=(
                Input("asset", Kind.TEXT, "cash, or a CUSIP"),
                Input("member", Kind.TEXT, "the BD-FCM"),
                Input("cls", Kind.TEXT, "class of margin", choices=tuple(MarginClass)),
                _AMOUNT,
            ),
        ),
    ),
    compute=_custody_report,
)
