"""One case of a default as a document: failure, sides, estate, distributions.

Money and ratios are decimal strings, dates ISO.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from crossmargin.basics.money import Money
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.case import Case
from crossmargin.default_management.claims import Claim
from crossmargin.default_management.distribution import Subclass
from crossmargin.default_management.estate import Estate
from crossmargin.default_management.failure import Failure
from crossmargin.default_management.holdings import CustomerHoldings
from crossmargin.default_management.loss_sharing import GuarantyLimit, LossSharing
from crossmargin.default_management.payout import Round
from crossmargin.default_management.sides import SideReturn
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.defaults.simulate import CloseOuts

Document = dict[str, Any]
_RATIO_DIGITS = 6


def ratio(value: Fraction) -> str:
    """Return a ratio with six decimals, half even.

    Examples
    --------
    >>> ratio(Fraction(2, 3)), ratio(Fraction(1))
    ('0.666667', '1.000000')
    """
    scaled = round(value * 10**_RATIO_DIGITS)
    whole, part = divmod(abs(scaled), 10**_RATIO_DIGITS)
    return f"{'-' if scaled < 0 else ''}{whole}.{part:0{_RATIO_DIGITS}d}"


def amounts(of: Mapping[Any, Money]) -> dict[str, str]:
    """Return amounts by name, sorted by it.

    Examples
    --------
    >>> amounts({"B": Money(2_00), "A": Money(1_00)})
    {'A': '1.00', 'B': '2.00'}
    """
    return {str(name): str(of[name]) for name in sorted(of, key=str)}


def case_document(case: Case, closed: CloseOuts, *, if_cme_pays: Case) -> Document:
    """Return the JSON shape of one case.

    Parameters
    ----------
    case : Case
    closed : CloseOuts
    if_cme_pays : Case
        The same under ``cme_to_ficc`` *on*.
    """
    document: Document = {
        "customers": {
            name: _holdings(case.holdings.customers[name], name in case.closed_out)
            for name in sorted(case.holdings.customers)
        },
        "close_outs": _close_outs(closed, case),
        "failure": _failure(case.failure),
        "sides": None,
        "payments": None,
        "ficc_unpaid": None,
        "estate": None,
        "distributions": [],
    }
    if case.settled is not None and case.payout is not None:
        document["sides"] = {name.value: _side(side) for name, side in case.settled.sides.items()}
        document["payments"] = _sharing(case.settled.sharing)
        document["ficc_unpaid"] = _ficc_unpaid(case, if_cme_pays)
        document["estate"] = _estate(case.payout.estate)
        document["distributions"] = [_round(each) for each in case.payout.rounds]
    return document


def _holdings(customer: CustomerHoldings, is_closed_out: bool) -> Document:
    at = {each.value: customer.property_at(each) for each in ClearingOrganization}
    return {
        "belongs_to": customer.owner,
        "participates": customer.participates,
        "closed_out": is_closed_out,
        "requirement": {
            each.value: str(customer.required_by(each)) for each in ClearingOrganization
        },
        "property": {
            place: {
                "cash": str(held.cash),
                "par_by_cusip": dict(sorted(held.par_by_cusip.items())),
                "securities_value": str(held.securities_value),
            }
            for place, held in {**at, "BD-FCM": customer.at_bd_fcm}.items()
        },
        "property_value": str(customer.property_value),
    }


def _close_outs(closed: CloseOuts, case: Case) -> Document:
    found: Document = {}
    for run, dates in ((closed.of_defaulters, None), (closed.of_others, closed.dates_of_others)):
        for each in run.customers if run else ():
            if each.customer not in case.closed_out:
                continue
            document = each.as_document()
            sides = document["sides"]
            assert isinstance(sides, list)
            for side in sides:
                for day in side["days"]:
                    if dates:
                        day["date"] = _moved(day["date"], dates)
            found[each.customer] = {
                "method": sides[0]["method"],
                "result": document["result"],
                "impact": document["impact"],
                "sides": sides,
            }
    return {name: found[name] for name in sorted(found)}


def _moved(day: str, dates: Mapping[Any, Any]) -> str:
    return next(str(to) for one, to in dates.items() if one.isoformat() == day)


def _failure(failure: Failure) -> Document:
    return {
        "failed": failure.has_failed,
        "failed_on": failure.failed_on.isoformat() if failure.failed_on else None,
        "cause": failure.cause.value if failure.cause else None,
        "debt": str(failure.debt),
        "below_minimum_capital_on": (
            failure.below_minimum_on.isoformat() if failure.below_minimum_on else None
        ),
        "defaulters": list(failure.defaulters),
        "proprietary_loss": str(failure.proprietary_loss),
        "proprietary_unpaid": str(failure.proprietary_unpaid),
        "residual_interest_left": str(failure.residual_interest_left),
        "capital_left": str(failure.capital_left),
        "days": [
            {
                "date": each.on.isoformat(),
                "result": str(each.result),
                "lost": str(each.lost),
                "gained": str(each.gained),
                "from_margin": str(each.from_margin),
                "from_bd_fcm": str(each.from_bd_fcm),
                "from_residual_interest": str(each.from_residual_interest),
                "from_capital": str(each.from_capital),
                "unpaid": str(each.unpaid),
            }
            for each in failure.days
        ],
        "paid_in": {name: amounts(at) for name, at in sorted(failure.paid_in.items())},
    }


def _side(side: SideReturn) -> Document:
    return {
        "reach": side.reach.value,
        "returned": str(side.returned),
        "borne": str(side.borne),
        "borne_of_segregated_margin": str(side.borne_of(segregated=True)),
        "from_fellow_customers": str(side.from_fellow_customers),
        "customers": {
            name: {
                "margin": str(at.margin),
                "result": str(at.result),
                "paid_in": str(at.paid_in),
                "received": str(at.received),
                "balance": str(at.balance),
            }
            for name, at in side.customers.items()
        },
    }


def _sharing(sharing: LossSharing | None) -> Document | None:
    if sharing is None:
        return None
    return {
        "limit": sharing.limit.value,
        "paid": {
            limit.value: {
                payer.value: str(sharing.paid(payer, limit)) for payer in ClearingOrganization
            }
            for limit in GuarantyLimit
        },
        "customers": {
            name: [
                {
                    "payer": each.payer.value,
                    "payee": each.payee.value,
                    "amount": str(each.amount),
                    "kind": each.kind.value,
                    "rule_set": each.rule_set.value,
                }
                for each in shared.payments
            ]
            for name, shared in sorted(sharing.per_customer.items())
        },
    }


def reading_document(case: Case) -> Document:
    """Return what one reading comes to: the rate, both sides, every claimant's recovery.

    The rate is null where the firm stands.
    """
    estate, sides = case.estate, case.settled.sides if case.settled else {}
    return {
        "futures_rate": ratio(estate.futures_rate) if estate else None,
        "futures_property": str(estate.futures_property.total) if estate else None,
        "returned": amounts({name.value: side.returned for name, side in sides.items()}),
        "borne": amounts({name.value: side.borne for name, side in sides.items()}),
        "recovered": amounts({name: each.recovered for name, each in case.recoveries.items()}),
    }


def _ficc_unpaid(case: Case, if_cme_pays: Case) -> Document:
    """Return what FICC bears, and where it went that CME does not pay it."""
    one, other = case.estate, if_cme_pays.estate
    assert case.settled is not None
    assert one is not None
    assert other is not None
    left = one.general.left_of_customer_property - other.general.left_of_customer_property
    stays = one.futures_property.total - other.futures_property.total
    return {
        "borne": str(case.settled.sides[ClearingOrganization.FICC].borne),
        "stays_in_the_pool": str(stays),
        "paid_on_claims": str(stays - left),
        "left_to_the_general_estate": str(left),
        "futures_rate_if_cme_pays": ratio(other.futures_rate),
    }


def _estate(estate: Estate) -> Document:
    held, general = estate.futures_property, estate.general
    return {
        "property": {
            "returned": amounts(held.returned),
            "at_bd_fcm": str(held.at_bd_fcm),
            "residual_interest": str(held.residual_interest),
            "recovered": str(held.recovered),
            "elsewhere": str(held.elsewhere),
            "from_segregated_margin": str(held.from_segregated_margin),
            "to_segregated_margin": str(held.to_segregated_margin),
            "total": str(held.total),
        },
        "classes": {
            each.value: {
                "public_claims": str(
                    Money.total(
                        claim.of_class(each) for claim in estate.claims.values() if claim.is_public
                    )
                ),
                "for_public_claims": str(estate.allocation.public_in_cents[each]),
                "rate": ratio(estate.allocation.rates[each]),
            }
            for each in AccountClass
        },
        "futures_rate": ratio(estate.futures_rate),
        "segregated_customer_margin": {
            "returned": str(estate.segregated.returned),
            "from_classes": str(estate.segregated.from_classes),
            "to_classes": str(estate.segregated.to_classes),
            "claims": str(Money.total(estate.segregated.claims.values())),
            "paid": str(Money.total(estate.segregated.paid.values())),
            "left": str(estate.segregated.left),
        },
        "claims": {name: _claim(claim, estate) for name, claim in estate.claims.items()},
        "framework_one": _framework(estate),
        "full_transfer": {
            "estimated_on": str(estate.transferable.estimated_on),
            "allowed": not estate.transferable.obstacles,
            "obstacles": [each.value for each in estate.transferable.obstacles],
            "transferred": amounts(estate.transferred),
            "beyond_funded_balance": amounts(
                {
                    name: amount - estate.paid[name]
                    for name, amount in estate.transferred.items()
                    if amount > estate.paid[name]
                }
            ),
        },
        "general_estate": {
            "assets": {
                "capital": str(general.capital),
                "debts_of_customers": str(general.debts_of_customers),
                "left_of_customer_property": str(general.left_of_customer_property),
                "left_of_segregated_margin": str(general.left_of_segregated_margin),
            },
            "claims": {
                "unpaid_claims_of_customers": str(general.unpaid_claims_of_customers),
                **{
                    f"owed_to_{name.value.lower()}": str(amount)
                    for name, amount in general.owed_to_organizations.items()
                },
                "claims_by_set_off": str(general.claims_by_set_off),
                "proprietary_unpaid": str(general.proprietary_unpaid),
            },
        },
    }


def _claim(claim: Claim, estate: Estate) -> Document:
    steps = claim.net_equity
    return {
        "customers": list(claim.customers),
        "participates": claim.participates,
        "public": claim.is_public,
        "step_1_equity": {
            name: {
                "ledger_balance": str(each.ledger_balance),
                "open_trade_balance": str(each.open_trade_balance),
                "property_value": str(each.property_value),
                "equity_balance": str(each.equity_balance),
            }
            for name, each in sorted(claim.accounts.items())
        },
        "step_1_other_accounts": amounts(claim.other_accounts),
        "step_2_aggregated": amounts(claim.aggregated),
        "step_3_after_set_off": amounts(steps.after_set_off),
        "step_4_after_distributions": amounts(steps.after_distributions),
        "step_5_net_equity": amounts(steps.by_class),
        "owed_by_customer": str(claim.debts.owed_by_customer),
        "owed_to_customer": str(claim.debts.owed_to_customer),
        "segregated_equity": str(claim.segregated_equity),
        "deficit_set_off": str(Money.total(claim.set_off.against_equity.values())),
        "deficit_not_set_off": str(claim.set_off.deficit_left),
        "set_off_against_segregated_claim": str(claim.set_off.against_margin),
        "segregated_claim": str(claim.of_segregated_margin),
        "debt_to_the_estate": str(claim.debt),
        "general_claim": str(steps.general_creditor_claim),
        "transferred": str(claim.transferred),
        "claim": str(claim.total),
        "paid": str(estate.paid[claim.claimant]),
        "paid_of_segregated_margin": str(estate.segregated.paid[claim.claimant]),
    }


def _framework(estate: Estate) -> Document | None:
    """Return framework 1 beside the pool; None without a customer of the arrangement."""
    if not any(claim.participates for claim in estate.claims.values()):
        return None
    found = estate.framework
    pooled, apart = found.pooled.in_cents, found.framework_one.in_cents
    return {
        "of_record": estate.distribution.value,
        "treatment": found.treatment.value,
        "pooled": amounts(pooled),
        "framework_one": amounts(apart),
        "shifted_to_non_xm": str(apart[Subclass.NON_XM] - pooled[Subclass.NON_XM]),
    }


def _round(each: Round) -> Document:
    return {
        "date": each.on.isoformat(),
        "occasion": each.occasion.value,
        "claimant": each.claimant,
        "reason": each.reason,
        "futures_property": str(each.futures_property),
        "rate": ratio(each.rate),
        "paid": amounts(each.paid),
    }
