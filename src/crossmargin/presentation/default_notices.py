"""What has to be said beside the figures of a simulated default."""

from __future__ import annotations

from crossmargin.basics.money import ZERO
from crossmargin.presentation.forward import PROXY_NOTICE
from crossmargin.presentation.margin_notices import (
    REVIEW_NOTICE,
    SIMULATED_NOTICE,
    derived_price_notices,
)
from crossmargin.services.defaults.simulate import DefaultSimulation

AGREEMENT_NOTICE = (
    "The loss-sharing section of the Cross-Margining Agreement is not public: what FICC and CME "
    "pay each other follows a named hypothesis (loss_sharing_rule_set)."
)
_FIRM_NOTICE = (
    "Residual interest, capital, other customers and other classes are those of the firm's file; "
    "what is required of a customer has been collected: securities that the file names, after "
    "haircut, and cash for the rest."
)
_MODES = {
    "restrike": "Restrike: the books are those re-struck on the date before the failure.",
    "shock": (
        "Shock: the book is today's; what the market did from the date on is done again from the "
        "as-of date."
    ),
    "impulse": (
        "Impulse: the book is today's; par yields move on the first day and then stand still."
    ),
    "simulated": (
        "Simulated: the book is today's; days of the history, drawn in blocks by a seed, follow "
        "the as-of date."
    ),
}
_OUTSIDE_NOTICE = (
    "{customers}: what lies outside the XM account has its own margin and is sold by each clearing "
    "organization apart."
)
_LEFT_OUT_NOTICE = "{customer}, not closed out and without its margin: {lines}."
_APART_NOTICE = (
    "Outside the arrangement, and so wherever there is none, margin at FICC is Segregated Customer "
    "Margin (17 CFR 240.15c3-3a, Item 15): of no futures class, an estate of securities customers, "
    "and neither netted with futures nor paid for by residual interest."
)
_DEPTH_NOTICE = (
    "Single issues keep their spread to the curve and markets their usual depth "
    "(liquidation.volume_multiple): that margin suffices here is no evidence that it would in a "
    "market such as that of March 2020."
)
_FELLOW_NOTICE = (
    "{case} the arrangement {name} takes {amount} of losses from other customers' margin "
    "(default_management.{key}_margin_reach)."
)
_CUT_NOTICE = (
    "Of {amount}, {occasion} of {on}, {claimant}, {counted} counts: there is no larger debt or "
    "claim."
)


def default_notices(found: DefaultSimulation) -> list[str]:
    """Return what has to be said beside the figures."""
    day = found.run.result.day
    notices = [SIMULATED_NOTICE] if day.simulated else []
    notices += derived_price_notices(day)
    notices += [AGREEMENT_NOTICE, _FIRM_NOTICE, _MODES[found.at_last_cycle.path.mode], PROXY_NOTICE]
    notices += [_APART_NOTICE, _DEPTH_NOTICE]
    opening = found.at_last_cycle
    outside = ", ".join(each.owner for each in opening.customers if not each.in_xm)
    notices += [_OUTSIDE_NOTICE.format(customers=outside)] if outside else []
    notices += [
        _LEFT_OUT_NOTICE.format(customer=name, lines="; ".join(lines))
        for name, lines in sorted(opening.left_out.items())
    ]
    return [*notices, *_of_cases(found), REVIEW_NOTICE]


def _of_cases(found: DefaultSimulation) -> list[str]:
    cases = {"With": found.with_arrangement, "Without": found.without}
    notices = []
    for words, case in cases.items():
        fellows = {
            name.value: side.from_fellow_customers
            for name, side in (case.settled.sides if case.settled else {}).items()
            if side.from_fellow_customers > ZERO
        }
        notices += [
            _FELLOW_NOTICE.format(case=words, name=name, amount=amount, key=name.lower())
            for name, amount in fellows.items()
        ]
    for event, counted in (
        found.with_arrangement.payout.cut if found.with_arrangement.payout else ()
    ):
        notices.append(
            _CUT_NOTICE.format(
                amount=event.amount,
                occasion=event.occasion.value.replace("_", " "),
                on=event.on,
                claimant=event.claimant,
                counted=counted,
            )
        )
    return notices
