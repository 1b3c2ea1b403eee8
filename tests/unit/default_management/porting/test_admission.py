"""Who can take whom: every bar, in the order in which bars are said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.default_management.porting.admission import Admitting, BarCode, Offer
from crossmargin.default_management.porting.customers import Carriage, PortingCustomer
from crossmargin.default_management.porting.receivers import (
    Agreement,
    KnownCustomer,
    Limit,
    Receiver,
)
from crossmargin.default_management.porting.refusals import FiccRefusal, Ground
from crossmargin.default_management.porting.rules import PortingRules, StandaloneTransfer
from crossmargin.participation.entities import RegistrationKind
from crossmargin.testing.porting import (
    AT,
    DIGEST,
    LEI,
    OTHER_LEI,
    RULES,
    customer,
    dollars,
    receiver,
    registrations,
)

FUND = customer("FUND", 100, 90, standalone=400)
GRAIN = customer("GRAIN", 100, 90, futures_only=True)
RISK = FiccRefusal("FUND", "R1", Ground.RISK, DIGEST, "one issue")
FUTURES_FIRM = registrations(
    RegistrationKind.FUTURES_COMMISSION_MERCHANT, RegistrationKind.CME_CLEARING_MEMBER
)
TWO_ENTITIES = registrations(lei_of={RegistrationKind.CME_CLEARING_MEMBER: OTHER_LEI})
NO_LEGS = replace(FUND.whole, margins={})


def offers(
    who: PortingCustomer, to: Receiver, *refusals: FiccRefusal, rules: PortingRules | None = None
) -> tuple[Offer, ...]:
    admitting = Admitting(AT, rules or RULES, refusals)
    return admitting.admission(who, who.whole, to).offers


CASES = {
    BarCode.REGISTRATION: offers(FUND, receiver(registered=FUTURES_FIRM)),
    BarCode.SAME_LEGAL_ENTITY: offers(FUND, receiver(registered=TWO_ENTITIES)),
    BarCode.AGREEMENT: offers(FUND, receiver(has_agreement=False, accepts=[Carriage.XM])),
    BarCode.NOT_ACCEPTED: offers(GRAIN, receiver(accepts=[Carriage.XM])),
    BarCode.NOT_TRANSFERABLE: offers(
        FUND,
        receiver(accepts=[Carriage.STANDALONE]),
        rules=replace(RULES, standalone_transfer=StandaloneTransfer.REFUSED),
    ),
    BarCode.RELATED: offers(FUND, receiver(known={"FUND": KnownCustomer(is_related=True)})),
    BarCode.CUSTOMER_DOCUMENTS: offers(FUND, receiver(later=False)),
    BarCode.FICC_REFUSES: offers(FUND, receiver(), RISK),
    BarCode.MARGIN_NOT_COMPUTED: offers(
        replace(FUND, divisions=(replace(FUND.divisions[0], parts=(NO_LEGS,)),)), receiver()
    ),
    BarCode.CUSTOMER_LIMIT: offers(GRAIN, receiver(customer_max=89)),
    BarCode.TOO_LARGE: offers(GRAIN, receiver(margin_max=89)),
}


def test_every_bar_has_its_case_in_the_order_in_which_bars_are_said() -> None:
    assert list(CASES) == list(BarCode)


@pytest.mark.parametrize("code", BarCode)
def test_a_bar_is_named_and_nobody_is_admitted(code: BarCode) -> None:
    for offer in CASES[code]:
        assert offer.bars
        assert [bar.code for bar in offer.bars] == sorted(
            (bar.code for bar in offer.bars), key=list(BarCode).index
        )
    assert code in {bar.code for offer in CASES[code] for bar in offer.bars}


def test_every_bar_is_said_not_the_first() -> None:
    closed = receiver(
        registered=(), has_agreement=False, accepts=(), later=False, customer_max=1, margin_max=1
    )
    in_arrangement, alone = offers(FUND, closed, RISK)
    codes = [bar.code for bar in in_arrangement.bars]
    assert codes == [
        *[BarCode.REGISTRATION] * 4,
        BarCode.SAME_LEGAL_ENTITY,
        BarCode.AGREEMENT,
        BarCode.NOT_ACCEPTED,
        BarCode.CUSTOMER_DOCUMENTS,
        BarCode.FICC_REFUSES,
        BarCode.CUSTOMER_LIMIT,
        BarCode.TOO_LARGE,
    ]
    assert alone.carriage is Carriage.STANDALONE


def test_the_arrangement_comes_first_and_outside_it_the_standalone_margin_counts() -> None:
    (within,) = offers(FUND, receiver(add_on=Fraction(1, 10)))
    assert (within.carriage, within.margin, within.top_up) == (Carriage.XM, dollars(99), Money(0))
    refused, outside = offers(FUND, receiver(has_agreement=False))
    assert refused.bars
    assert (outside.carriage, outside.margin, outside.top_up) == (
        Carriage.STANDALONE,
        dollars(400),
        dollars(300),
    )


def test_a_futures_firm_takes_futures_customers_without_memberships_at_ficc() -> None:
    (offer,) = offers(GRAIN, receiver(registered=FUTURES_FIRM, has_agreement=False))
    assert (offer.carriage, offer.bars) == (Carriage.FUTURES, ())


def test_a_futures_firm_of_two_entities_takes_nobody() -> None:
    two = registrations(
        RegistrationKind.FUTURES_COMMISSION_MERCHANT,
        RegistrationKind.CME_CLEARING_MEMBER,
        lei_of={RegistrationKind.CME_CLEARING_MEMBER: OTHER_LEI},
    )
    (offer,) = offers(GRAIN, receiver(registered=two))
    assert [bar.code for bar in offer.bars] == [BarCode.SAME_LEGAL_ENTITY]
    assert LEI.text in offer.bars[0].detail


def test_an_agreement_that_ended_the_day_before_is_none() -> None:
    ended = Agreement(DIGEST, date(2024, 1, 2), date(2026, 5, 19))
    (offer, _) = offers(FUND, replace(receiver(), agreement=ended))
    assert [bar.code for bar in offer.bars] == [BarCode.AGREEMENT]


def test_finished_documents_suffice_where_nothing_is_finished_later() -> None:
    known = {"FUND": KnownCustomer(documents_sha256=DIGEST)}
    (offer,) = offers(FUND, receiver(later=False, known=known))
    assert not offer.bars


def test_a_limit_for_one_customer_takes_the_place_of_the_ordinary_one() -> None:
    known = {"FUND": KnownCustomer(margin_max=dollars(90))}
    (offer,) = offers(FUND, receiver(customer_max=10, known=known))
    assert not offer.bars


def test_a_refusal_does_not_touch_futures_alone_nor_other_receivers() -> None:
    of_grain = FiccRefusal("GRAIN", "R1", Ground.RISK, DIGEST, "one issue")
    assert not offers(GRAIN, receiver(), of_grain)[-1].bars
    assert not offers(FUND, receiver("R2"), RISK)[-1].bars


@pytest.mark.parametrize(
    ("ground", "evidence", "stands"),
    [
        (Ground.LIQUIDATION, DIGEST, True),
        (Ground.TRANSFER, DIGEST, True),
        (Ground.RISK, DIGEST, True),
        (Ground.RISK, "", False),
        (Ground.RISK, "a letter", False),
        (Ground.OTHER, DIGEST, False),
    ],
)
def test_a_refusal_stands_on_a_ground_of_the_order_with_evidence(
    ground: Ground, evidence: str, stands: bool
) -> None:
    refusal = FiccRefusal("FUND", "R1", ground, evidence, "no")
    assert refusal.stands is stands
    assert bool(refusal.lacks) is not stands
    assert bool(offers(FUND, receiver(), refusal)[-1].bars) is stands


def test_capital_bounds_the_risk_margin_at_the_early_warning_multiple() -> None:
    # 8.80 of capital carries 8.80 / (0.08 x 1.1) = 100 of risk margin, 40 of which is there.
    found = receiver(capital=0, carried=40, accounts_max=2)
    room = replace(found, adjusted_net_capital=Money(8_80)).room(RULES)
    assert room == {Limit.ACCOUNTS: 2, Limit.RISK_MARGIN: 60_00}
    assert list(room) == [Limit.ACCOUNTS, Limit.RISK_MARGIN]


def test_a_receiver_beyond_its_capital_has_no_room_left() -> None:
    assert receiver(capital=1, carried=100).room(RULES) == {Limit.RISK_MARGIN: 0}


def test_what_an_account_adds_counts_where_the_customer_is_there_already() -> None:
    there = replace(FUND.whole, margins_at={"R1": {Carriage.XM: dollars(7)}})
    moving = replace(FUND, divisions=(replace(FUND.divisions[0], parts=(there,)),))
    assert offers(moving, receiver())[0].margin == dollars(7)
    assert offers(moving, receiver("R2"))[0].margin == dollars(90)
