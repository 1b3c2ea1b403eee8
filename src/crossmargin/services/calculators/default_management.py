"""Calculators of the default rules: claims, distribution, transfers, entitlements, loss sharing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, Money
from crossmargin.default_management.distribution import (
    Compared,
    LeftOver,
    Subclass,
    SubclassFunds,
    compared,
)
from crossmargin.default_management.entitlements import recover
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    ProportionalLimit,
    RuleSet,
    SharingRules,
    Side,
    share,
)
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.transfer_test import no_prejudice
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.default_claims import CLAIM_CALCULATORS
from crossmargin.services.calculators.default_inputs import (
    EXACT,
    all_dollars,
    all_money,
    amount,
    amounts,
    choice,
    dollars,
    rate,
)
from crossmargin.services.calculators.inputs import Input, Kind, Values

_POOLING_SOURCE = (
    "CFTC proposed order, 90 FR 58525, III.D and footnote 55: framework 1 is not imposed"
)


def default_calculators(rules: DefaultRules) -> tuple[Calculator, ...]:
    """Return the calculators, with the rules that hold where an input names nothing else."""
    return (
        *CLAIM_CALCULATORS,
        _POOLED,
        _framework_one(rules.left_over),
        _TRANSFER_TEST,
        _entitlement_shortfall(rules.par_lot_dollars),
        _loss_sharing(rules.sharing),
    )


def _by_subclass(name: str, meaning: str, *, required: bool = True) -> Input:
    return Input(
        name,
        Kind.OBJECT,
        meaning,
        required=required,
        inputs=(
            amount(Subclass.NON_XM.value, "of other futures customers"),
            amount(Subclass.XM.value, "of cross-margining customers"),
        ),
    )


_FUNDS_INPUTS = (
    _by_subclass("funds_in_segregation", "customer property of each subclass"),
    _by_subclass(
        "segregation_requirement",
        "required futures customer funds, targeted residual interest left out",
    ),
    _by_subclass(
        "claims", "allowed net equity; default the segregation requirement", required=False
    ),
)


def _compared(values: Values, left_over: LeftOver) -> Compared:
    funds, required = values.group("funds_in_segregation"), values.group("segregation_requirement")
    claims = values.group("claims") if "claims" in values else required
    both = {
        each: SubclassFunds(
            funds.money(each.value), required.money(each.value), claims.money(each.value)
        )
        for each in Subclass
    }
    return compared(both, left_over=left_over)


def _pooled(values: Values) -> Answer:
    found = _compared(values, LeftOver.HELPS_OTHER)
    return {
        "distribution": all_dollars(found.pooled.exact_dollars),
        "rate": rate(found.rate),
        "in_cents": all_money(found.pooled.in_cents),
        "left": str(found.pooled.left),
    }


_POOLED = Calculator(
    name="pooled-distribution",
    summary="What XM and other futures customers are paid from one pool.",
    rule=(
        "rate = funds of both / claims of both, at most 1, and 1 without claims; each is paid "
        f"rate x claim. left is what no claim takes. {EXACT}"
    ),
    source=f"{_POOLING_SOURCE}; ruling 28 (pro rata to allowed net equity)",
    inputs=_FUNDS_INPUTS,
    compute=_pooled,
)


def _framework_one(default: LeftOver) -> Calculator:
    def compute(values: Values) -> Answer:
        chosen = LeftOver(values.text("left_over")) if "left_over" in values else default
        found = _compared(values, chosen)
        framework = found.framework_one
        return {
            "treatment": found.treatment.value,
            "distribution": all_dollars(framework.exact_dollars),
            "in_cents": all_money(framework.in_cents),
            "left": str(framework.left),
            "pooled_distribution": all_dollars(found.pooled.exact_dollars),
            "shifted_to_non_xm": dollars(found.shifted_dollars),
        }

    return Calculator(
        name="framework-one",
        summary="What framework 1 would pay, and what pooling shifts instead.",
        rule=(
            "shortfall = requirement - funds where positive, and its share of the requirement. "
            "Neither short: no_shortfall, both in full. Other customers alone short, or both and "
            "theirs no smaller a share: pooled, pro rata to claims. XM alone short, or both and "
            "its share the larger: separate, each first from its own pool; left_over says whether "
            "what a pool has beyond its claims then helps the other. shifted_to_non_xm = what "
            f"other customers get here less what they get of one pool. {EXACT}"
        ),
        source=(
            "17 CFR part 190, Appendix B, framework 1; left_over inferred from its word first; "
            f"{_POOLING_SOURCE}, so this is a comparison"
        ),
        inputs=(
            *_FUNDS_INPUTS,
            choice("left_over", "what a pool has beyond its claims", tuple(LeftOver), default),
        ),
        compute=compute,
    )


def _transfer_test(values: Values) -> Answer:
    found = no_prejudice(
        values.named_money("claims"),
        prior=values.named_money("prior_distributions"),
        available=values.money("property_available"),
        transfer=values.named_money("transfer"),
    )
    return {
        "highest_pct": rate(found.highest_rate),
        "needed_for_others": dollars(found.needed_dollars),
        "remaining": str(found.remaining),
        "allowed": found.is_allowed,
        "obstacles": [each.value for each in found.obstacles],
    }


_TRANSFER_TEST = Calculator(
    name="transfer-test",
    summary="Whether a transfer leaves all other customers of the class an equal share.",
    rule=(
        "with claims L, prior distributions D, transfer T and property A: highest_pct p = max of "
        "(D + T) / L over customers transferred; allowed if and only if A - sum T >= sum over all "
        "of max(0, p L - D - T), and no transfer exceeds what its customer is still owed. p is a "
        "ratio. A negative claim counts as 0; who has no claim can have nothing."
    ),
    source="17 CFR 190.07(d)(5), as a test derived from its words; 11 U.S.C. 766(c) for the cap",
    inputs=(
        amounts("claims", "customer", "of record plus estimates, the day before", is_signed=True),
        amounts("prior_distributions", "customer", "transferred or paid before", may_be_empty=True),
        amount("property_available", "property of the class not yet distributed"),
        amounts("transfer", "customer", "value that would move"),
    ),
    compute=_transfer_test,
)


def _entitlement_shortfall(par_lot_dollars: int) -> Calculator:
    def compute(values: Values) -> Answer:
        is_security = "asset" in values and values.text("asset") == "security"
        entitlements = values.named_money("entitlements")
        found = recover(
            held=values.money("held").cents,
            prior_secured=values.money("prior_secured_claim").cents,
            entitlements={name: each.cents for name, each in entitlements.items()},
            lot=par_lot_dollars * CENTS_PER_DOLLAR if is_security else 1,
        )
        return {
            "recovery_rate": rate(found.rate),
            "recoveries": {
                name: dollars(Fraction(each, CENTS_PER_DOLLAR))
                for name, each in found.exact.items()
            },
            "payouts": {name: str(Money(each)) for name, each in found.payouts.items()},
            "unsecured": {name: str(Money(each)) for name, each in found.unsecured.items()},
            "surplus": str(Money(found.surplus)),
        }

    return Calculator(
        name="entitlement-shortfall",
        summary="What entitlement holders recover in one asset if FICC fails.",
        rule=(
            "available = held - prior secured claims, at least 0; rate = available / sum of "
            "entitlements, at most 1, and 1 without entitlements; recovery = rate x entitlement, "
            "exact, shown to 12 decimals where it does not end. payouts are whole cents, of a "
            f"security whole lots of ${par_lot_dollars} of par, by the largest remainder, ties by "
            "name, never more than is available; unsecured is the entitlement less its payout. One "
            "asset at a time: a surplus in another does not help."
        ),
        source=(
            "NYUCC 8-503(a) and (b), 8-511(c); CFTC proposed order, 90 FR 58525, III.C, footnotes "
            "49 and 52; no cure across assets and the rounding inferred"
        ),
        inputs=(
            amount("held", "all interests in the asset held by FICC, wherever they are"),
            amounts("entitlements", "holder", "by BD-FCM and kind of account"),
            amount("prior_secured_claim", "secured claims on the asset that come before"),
            choice("asset", "what it is", ("cash", "security"), "cash"),
        ),
        compute=compute,
    )


def _side(name: str) -> Input:
    return Input(
        name,
        Kind.OBJECT,
        f"one customer at {name.upper()}",
        inputs=(
            amount("result", "gain or loss of the liquidation before margin", is_signed=True),
            amount("margin", "held for the customer"),
            amount("requirement", "margin requirement"),
            amount("customer_property", "the customer's property there"),
        ),
    )


def _loss_sharing(default: SharingRules) -> Calculator:
    def compute(values: Values) -> Answer:
        rules = default
        if "rule_set" in values:
            rules = replace(rules, rule_set=RuleSet(values.text("rule_set")))
        if "cme_to_ficc" in values:
            rules = replace(rules, cme_to_ficc=CmeToFicc(values.text("cme_to_ficc")))
        if "proportional_limit" in values:
            limit = ProportionalLimit(values.text("proportional_limit"))
            rules = replace(rules, proportional_limit=limit)
        sides = {
            each: Side(
                *(
                    values.group(each.value.lower()).money(name)
                    for name in ("result", "margin", "requirement", "customer_property")
                )
            )
            for each in ClearingOrganization
        }
        found = share(sides, rules)
        return {
            "payments": [
                {
                    "from": each.payer.value,
                    "to": each.payee.value,
                    "amount": str(each.amount),
                    "kind": each.kind.value,
                }
                for each in found.payments
            ],
            "rule_sets": [each.rule_set.value for each in found.payments],
            "ficc_after": str(found.after[ClearingOrganization.FICC]),
            "cme_after": str(found.after[ClearingOrganization.CME]),
        }

    return Calculator(
        name="loss-sharing",
        summary="What FICC and CME pay each other for one customer of a defaulter.",
        rule=(
            "each applies its margin to its own loss first: balance = margin + result, shortfall = "
            "-balance where positive. offsetting_gain_and_loss: min(gain, shortfall of the other). "
            "proportional_to_requirement: both have a loss; the side whose loss is the smaller "
            "share of its requirement pays until both are in proportion to the requirements. "
            "maximisation_payment: min(balance left, shortfall of the other). case_table: the "
            "three in this order; rule_sets names the one behind each payment. No payment exceeds "
            "the payer's balance or the customer's property there, and FICC alone pays unless "
            "cme_to_ficc is on. after = balance with "
            "payments, negative for a deficit; the sum of both does not change."
        ),
        source=(
            "section 7 of the agreement is not public: rule sets and case table are hypotheses. "
            "Known from the CFTC proposed order, 90 FR 58525, III.B.1 and III.D: FICC's margin may "
            "become payable to CME, up to the customer's FICC property; ruling 26"
        ),
        inputs=(
            choice("rule_set", "hypothesis", tuple(RuleSet), default.rule_set),
            _side("ficc"),
            _side("cme"),
            choice("cme_to_ficc", "whether CME pays FICC", tuple(CmeToFicc), default.cme_to_ficc),
            choice(
                "proportional_limit",
                "whether sharing in proportion stops at the shortfall of the payee",
                tuple(ProportionalLimit),
                default.proportional_limit,
            ),
        ),
        compute=compute,
    )
