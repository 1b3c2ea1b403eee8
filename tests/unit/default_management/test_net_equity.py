"""Net equity in its five steps: buckets, capacities, set-offs, distributions, corrections."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.account_equity import (
    EquityItem,
    ItemKind,
    PositionReading,
    account_equity,
)
from crossmargin.default_management.capacities import (
    AccountClass,
    Capacity,
    HeldAccount,
    Holding,
    aggregate,
)
from crossmargin.default_management.net_equity import (
    Correction,
    CustomerRecord,
    net_equity,
    set_off,
)

FUTURES, SWAPS, DELIVERY = AccountClass.FUTURES, AccountClass.CLEARED_SWAPS, AccountClass.DELIVERY
RELIEF = date(2026, 5, 18)


def dollars(amount: int) -> Money:
    return Money(amount * 100)


def held(account_id: str, holder: str, held_as: Holding, **rest: object) -> HeldAccount:
    return HeldAccount(account_id, FUTURES, holder, held_as, dollars(10), **rest)  # type: ignore[arg-type]


def test_each_kind_of_item_adds_to_its_bucket_alone_with_its_sign() -> None:
    signs = {
        ItemKind.CASH_DEPOSITED: (1, 0, 0),
        ItemKind.LIQUIDATION_PROCEEDS: (1, 0, 0),
        ItemKind.REALIZED_GAIN: (1, 0, 0),
        ItemKind.REALIZED_LOSS: (-1, 0, 0),
        ItemKind.DISBURSEMENT: (-1, 0, 0),
        ItemKind.NORMAL_COST: (-1, 0, 0),
        ItemKind.UNREALIZED_GAIN: (0, 1, 0),
        ItemKind.UNREALIZED_LOSS: (0, -1, 0),
        ItemKind.SECURITIES_VALUE: (0, 0, 1),
        ItemKind.ACCRUED_INTEREST: (0, 0, 1),
        ItemKind.FICC_POSITION_GAIN: (0, 0, 1),
        ItemKind.FICC_POSITION_LOSS: (0, 0, -1),
    }
    assert set(signs) == set(ItemKind)
    for kind, expected in signs.items():
        found = account_equity([EquityItem("item", kind, Money(1))], PositionReading.PROPERTY)
        balances = (found.ledger_balance, found.open_trade_balance, found.property_value)
        assert tuple(balance.cents for balance in balances) == expected


def test_an_item_that_counts_twice_is_refused_with_every_other_one() -> None:
    item = EquityItem("cash", ItemKind.CASH_DEPOSITED, Money(1))
    mark = EquityItem("mark", ItemKind.FICC_POSITION_GAIN, Money(1))
    with pytest.raises(RefusedError) as caught:
        account_equity([item, mark, item, mark])
    assert [refusal.value for refusal in caught.value.refusals] == ["cash", "mark"]


def test_an_item_has_no_sign_of_its_own() -> None:
    with pytest.raises(ValueError, match="says its sign"):
        EquityItem("loss", ItemKind.REALIZED_LOSS, Money(-1))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        # (i) and (vii): one person's accounts, a cross-margining one among them
        (held("1", "Ann", Holding.INDIVIDUAL), held("2", "Ann", Holding.INDIVIDUAL), True),
        (held("1", "Ann", Holding.INDIVIDUAL), held("2", "Bob", Holding.INDIVIDUAL), False),
        # (ii)
        (
            held("1", "Ann", Holding.INDIVIDUAL),
            held("2", "Ann", Holding.GUARDIAN, on_behalf_of="Kid"),
            False,
        ),
        (
            held("1", "Ann", Holding.GUARDIAN, on_behalf_of="Kid"),
            held("2", "Ann", Holding.GUARDIAN, on_behalf_of="Sue"),
            False,
        ),
        # (iii) and (iv)
        (
            held("1", "Ann", Holding.INDIVIDUAL),
            held("2", "Ann", Holding.EXECUTOR, on_behalf_of="Bob"),
            False,
        ),
        (
            held("1", "Bob", Holding.DECEDENT),
            held("2", "Ann", Holding.EXECUTOR, on_behalf_of="Bob"),
            True,
        ),
        (held("1", "Bob", Holding.DECEDENT), held("2", "Bob", Holding.ESTATE), True),
        # (v)
        (
            held("1", "Ann", Holding.TRUSTEE, on_behalf_of="Trust", principal="Bob"),
            held("2", "Bob", Holding.INDIVIDUAL),
            False,
        ),
        (
            held(
                "1",
                "Ann",
                Holding.TRUSTEE,
                on_behalf_of="Trust",
                principal="Bob",
                is_disregarded=True,
            ),
            held("2", "Bob", Holding.INDIVIDUAL),
            True,
        ),
        (
            held("1", "Ann", Holding.TRUSTEE, on_behalf_of="Trust"),
            held("2", "Zoe", Holding.TRUSTEE, on_behalf_of="Trust"),
            True,
        ),
        # (vi)
        (
            held("1", "Firm", Holding.ENTITY, principal="Ann"),
            held("2", "Ann", Holding.INDIVIDUAL),
            False,
        ),
        (
            held("1", "Firm", Holding.ENTITY, principal="Ann", is_disregarded=True),
            held("2", "Ann", Holding.INDIVIDUAL),
            True,
        ),
        # (viii) to (xii) were not read
        (held("1", "Pool", Holding.OTHER), held("2", "Pool", Holding.OTHER), False),
    ],
)
def test_accounts_of_one_capacity_count_together(
    one: HeldAccount, other: HeldAccount, is_same: bool
) -> None:
    assert (one.capacity == other.capacity) is is_same


def test_credit_and_debit_balances_of_a_class_and_capacity_are_summed() -> None:
    ann = ("Ann", Holding.INDIVIDUAL)
    accounts = [
        HeldAccount("xm", FUTURES, *ann, dollars(-40)),
        HeldAccount("other futures", FUTURES, *ann, dollars(100)),
        HeldAccount("swaps", SWAPS, *ann, dollars(-5)),
    ]
    expected = {Capacity(*ann): {FUTURES: dollars(60), SWAPS: dollars(-5)}}
    assert aggregate(accounts) == aggregate(accounts[::-1]) == expected


def test_an_account_counts_once() -> None:
    account = held("1", "Ann", Holding.INDIVIDUAL)
    with pytest.raises(ValueError, match="'1'"):
        aggregate([account, account])


@pytest.mark.parametrize(
    ("held_as", "rest"),
    [
        (Holding.GUARDIAN, {}),
        (Holding.INDIVIDUAL, {"on_behalf_of": "Kid"}),
        (Holding.INDIVIDUAL, {"principal": "Bob", "is_disregarded": True}),
        (Holding.ENTITY, {"is_disregarded": True}),
    ],
)
def test_a_capacity_without_its_names_is_none(held_as: Holding, rest: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="was HeldAccount"):
        held("1", "Ann", held_as, **rest)


def test_a_negative_class_and_a_debt_are_taken_from_positive_classes_in_proportion() -> None:
    found = set_off(
        {"a": dollars(300), "b": dollars(100), "c": dollars(-20)},
        owed_by_customer=dollars(30),
        owed_to_customer=dollars(10),
    )
    assert found.equity_dollars == {"a": 270, "b": 90, "c": 0}
    assert found.owed_by_customer == found.general_creditor_claim == Money(0)


def test_what_positive_classes_do_not_cover_is_owed() -> None:
    found = set_off(
        {"a": dollars(30), "b": dollars(-100)},
        owed_by_customer=dollars(5),
        owed_to_customer=dollars(0),
    )
    assert found.equity_dollars == {"a": 0, "b": 0}
    assert found.owed_by_customer == dollars(75)


def test_the_debtors_debt_does_not_repair_a_class() -> None:
    found = set_off({"a": dollars(-40)}, owed_by_customer=dollars(0), owed_to_customer=dollars(50))
    assert (found.general_creditor_claim, found.owed_by_customer) == (dollars(50), dollars(40))


def test_a_debt_is_not_negative() -> None:
    with pytest.raises(ValueError, match="debts"):
        set_off({}, owed_by_customer=dollars(-1), owed_to_customer=dollars(0))


def test_there_is_no_set_off_before_the_order_for_relief() -> None:
    record = CustomerRecord({FUTURES: dollars(100)})
    assert net_equity(record, on=RELIEF, order_for_relief=RELIEF).by_class == record.equity_by_class
    with pytest.raises(RefusedError, match="2026-05-18"):
        net_equity(record, on=date(2026, 5, 17), order_for_relief=RELIEF)


def test_each_step_works_on_what_the_one_before_left() -> None:
    record = CustomerRecord(
        {FUTURES: dollars(450), SWAPS: dollars(-50)},
        moved_after_filing={FUTURES: dollars(200), DELIVERY: dollars(7)},
        corrections=(
            Correction(FUTURES, dollars(-25), "liquidated under the estimate"),
            Correction(DELIVERY, dollars(-10), "an error of record"),
        ),
        claims_not_of_record={SWAPS: dollars(5)},
    )
    found = net_equity(record, on=RELIEF, order_for_relief=RELIEF)
    assert found.after_set_off == {FUTURES: dollars(400), SWAPS: dollars(0)}
    assert found.after_distributions == {
        FUTURES: dollars(600),
        SWAPS: dollars(5),
        DELIVERY: dollars(7),
    }
    assert found.by_class == {FUTURES: dollars(575), SWAPS: dollars(5), DELIVERY: dollars(0)}
    assert found.owed_by_customer == dollars(3)


def test_once_all_equity_was_transferred_only_claims_not_of_record_are_left() -> None:
    record = CustomerRecord(
        {FUTURES: dollars(400)},
        moved_after_filing={FUTURES: dollars(400)},
        claims_not_of_record={FUTURES: dollars(9)},
    )
    found = net_equity(record, on=RELIEF, order_for_relief=RELIEF, is_all_equity_transferred=True)
    assert found.by_class == {FUTURES: dollars(9)}


def test_nothing_is_set_off_between_two_customers() -> None:
    # NE-8
    one, other = (
        net_equity(CustomerRecord({FUTURES: equity}), on=RELIEF, order_for_relief=RELIEF)
        for equity in (dollars(100), dollars(-40))
    )
    assert (one.by_class[FUTURES], one.owed_by_customer) == (dollars(100), dollars(0))
    assert (other.by_class[FUTURES], other.owed_by_customer) == (dollars(0), dollars(40))
