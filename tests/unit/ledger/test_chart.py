"""The chart of accounts and the table of movements fit each other."""

from __future__ import annotations

import pytest

from crossmargin.ledger.chart import CHART, Account, AccountKind, Holder, SegregationClass
from crossmargin.ledger.transfers import MOVEMENTS, OF_A_DECLARED_DEFAULT, TransferKind


def test_every_kind_of_account_and_transfer_has_its_row() -> None:
    assert set(CHART) == set(AccountKind)
    assert set(MOVEMENTS) == set(TransferKind)


@pytest.mark.parametrize("kind", TransferKind)
def test_a_movement_stays_in_one_holder_and_can_stay_in_one_class(kind: TransferKind) -> None:
    for debited, credited in MOVEMENTS[kind]:
        debit, credit = CHART[debited], CHART[credited]
        assert debit.holder is credit.holder
        assert debit.classes & credit.classes
        assert debit.assets & credit.assets


def test_no_movement_leads_from_a_customer_to_the_house() -> None:
    customers = {k for k, t in CHART.items() if SegregationClass.PROPRIETARY not in t.classes}
    house = set(AccountKind) - customers
    pairs = {pair for movement in MOVEMENTS.values() for pair in movement}
    assert not {p for p in pairs if p[0] in customers and p[1] in house}
    assert not {p for p in pairs if p[0] in house and p[1] in customers}


def test_without_a_default_what_leaves_the_ficc_margin_account_goes_back_to_the_bd_fcm() -> None:
    kinds = {
        kind
        for kind, pairs in MOVEMENTS.items()
        for debited, _ in pairs
        if debited is AccountKind.FICC_OWED_XM
    }
    assert kinds - OF_A_DECLARED_DEFAULT == {TransferKind.MARGIN_FROM_FICC}


@pytest.mark.parametrize(
    ("kind", "segregation_class", "names"),
    [
        (AccountKind.FICC_OWED_XM, SegregationClass.SECURITIES, ("F", "C", "")),
        (AccountKind.FICC_OWED_XM, SegregationClass.FUTURES, ("F", "", "")),
        (AccountKind.SEGREGATED_BANK, SegregationClass.FUTURES, ("F", "", "")),
        (AccountKind.HOUSE_BANK, SegregationClass.PROPRIETARY, ("", "", "")),
        (AccountKind.HOUSE_BANK, SegregationClass.PROPRIETARY, ("F/G", "", "")),
    ],
)
def test_an_account_that_does_not_fit_the_chart_is_refused(
    kind: AccountKind, segregation_class: SegregationClass, names: tuple[str, str, str]
) -> None:
    with pytest.raises(ValueError, match=kind.value if "/" not in names[0] else "slash"):
        Account(kind, segregation_class, *names)


def test_an_account_is_its_id() -> None:
    account = Account(
        AccountKind.FRBNY_SEGREGATED_ACCOUNT, SegregationClass.SECURITIES, "", "", "FRBNY"
    )
    assert Account.parsed(account.account_id) == account
    assert account.terms.holder is Holder.FICC
