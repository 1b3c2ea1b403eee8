"""What has to be said beside the figures of a simulated default."""

from __future__ import annotations

from crossmargin.basics.money import ZERO
from crossmargin.default_management.case import Case
from crossmargin.default_management.claims import claimant_of
from crossmargin.presentation.forward import PROXY_NOTICE
from crossmargin.presentation.margin_notices import (
    REVIEW_NOTICE,
    SIMULATED_NOTICE,
    derived_price_notices,
)
from crossmargin.presentation.page_tables import usd_and_cents
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
    "{customer}: what lies outside the XM account has its own margin and is sold by each clearing "
    "organization apart."
)
_LEFT_OUT_NOTICE = "{customer}, not closed out and without its margin: {lines}."
_APART_NOTICE = (
    "Outside the arrangement, and so wherever there is none, margin at FICC is Segregated Customer "
    "Margin (17 CFR 240.15c3-3a, Item 15): of no futures class, an estate of securities customers. "
    "While the firm stands its gains pay no loss in futures, and residual interest pays none of "
    "its losses."
)
_DEPTH_NOTICE = (
    "Single issues keep their spread to the curve and markets their usual depth "
    "(liquidation.volume_multiple): that margin suffices here is no evidence that it would in a "
    "market such as that of March 2020."
)
_SET_OFF_NOTICE = (
    "A customer's debt in one estate is set off against its claim in another "
    "(default_management.set_off_between_classes={reading}, inferred): whether others lose less or "
    "more with the arrangement can depend on this reading; all three are computed."
)
_FELLOW_NOTICE = (
    "{case} the arrangement {name} takes {amount} of losses from other customers' margin "
    "(default_management.{key}_margin_reach)."
)
_CUT_NOTICE = (
    "{case} the arrangement, of {amount}, {occasion} of {on}, {claimant}, {counted} counts: there "
    "is no larger debt or claim."
)
_NO_EVENT_NOTICE = (
    "{case} the arrangement the firm stands: nothing is distributed, and what the firm's file says "
    "of recoveries and disallowed claims has no effect."
)


def default_notices(found: DefaultSimulation) -> list[str]:
    """Return what has to be said beside the figures, of no one customer."""
    day = found.run.result.day
    notices = [SIMULATED_NOTICE] if day.simulated else []
    notices += derived_price_notices(day)
    notices += [AGREEMENT_NOTICE, _FIRM_NOTICE, _MODES[found.at_last_cycle.path.mode], PROXY_NOTICE]
    notices += [_APART_NOTICE, _DEPTH_NOTICE]
    notices += [_SET_OFF_NOTICE.format(reading=found.rules.set_off.value)]
    return [*notices, *_of_cases(found), REVIEW_NOTICE]


def notices_of_customers(found: DefaultSimulation) -> dict[str, list[str]]:
    """Return by claimant what has to be said of it alone."""
    facts, opening = found.firm.trustee, found.at_last_cycle
    notices: dict[str, list[str]] = {}

    def say(claimant: str, text: str) -> None:
        notices.setdefault(claimant, []).append(text)

    for each in opening.customers:
        if not each.in_xm:
            of = claimant_of(facts.held_as(each.owner).capacity)
            say(of, _OUTSIDE_NOTICE.format(customer=each.owner))
    for name, lines in sorted(opening.left_out.items()):
        of = claimant_of(facts.held_as(name).capacity)
        say(of, _LEFT_OUT_NOTICE.format(customer=name, lines="; ".join(lines)))
    for case, of_case in _cases(found).items():
        for event, counted in of_case.payout.cut if of_case.payout else ():
            text = _CUT_NOTICE.format(
                case=case,
                amount=usd_and_cents(str(event.amount)),
                occasion=event.occasion.value.replace("_", " "),
                on=event.on,
                claimant=event.claimant,
                counted=usd_and_cents(str(counted)),
            )
            say(event.claimant, text)
    return notices


def _cases(found: DefaultSimulation) -> dict[str, Case]:
    return {"With": found.with_arrangement, "Without": found.without}


def _of_cases(found: DefaultSimulation) -> list[str]:
    notices = []
    for words, case in _cases(found).items():
        if found.firm.events and case.payout is None:
            notices.append(_NO_EVENT_NOTICE.format(case=words))
        fellows = {
            name.value: side.from_fellow_customers
            for name, side in (case.settled.sides if case.settled else {}).items()
            if side.from_fellow_customers > ZERO
        }
        notices += [
            _FELLOW_NOTICE.format(
                case=words, name=name, amount=usd_and_cents(str(amount)), key=name.lower()
            )
            for name, amount in fellows.items()
        ]
    return notices
