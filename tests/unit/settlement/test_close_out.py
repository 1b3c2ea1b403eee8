"""Close-outs: what offsets leaves, oldest first, at nothing in total, and never across accounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.settlement.close_out import close_outs
from crossmargin.settlement.flows import FlowCycle
from crossmargin.settlement.lots import Lot, futures_value

ZN = FuturesContract("ZN", 2026, 6)
DAY = date(2026, 5, 11)


def lot(
    lot_id: str,
    quantity: int,
    price: str = "110.515625",
    account: Account = Account.XM,
    customer: str = "FUND",
) -> Lot:
    return Lot(
        lot_id=lot_id,
        customer=CustomerKey("BD-FCM", customer),
        clearing_organization=ClearingOrganization.CME,
        account=account,
        instrument=ZN.code,
        quantity=quantity,
        contract_amount=futures_value(ZN, abs(quantity), Decimal(price)),
        taken_in=DAY,
        trade_price=Decimal(price),
    )


def marked(lots: list[Lot], price: str) -> dict[str, Money]:
    return {each.lot_id: futures_value(ZN, each.quantity, Decimal(price)) for each in lots}


def test_the_oldest_contracts_are_closed_out_first_and_what_is_left_stays() -> None:
    lots = [lot("L1", 3), lot("L2", 5), lot("S1", -4, "111")]
    closed = close_outs(lots, marked=marked(lots, "110.75"), name="N")
    assert [(each.closed.lot_id, each.closed.quantity) for each in closed] == [
        ("S1", -4),
        ("L1", 3),
        ("L2/N/closed-out", 1),
    ]
    (staying,) = [each.staying for each in closed if each.staying is not None]
    assert (staying.lot_id, staying.quantity) == ("L2/N/left", 4)


def test_three_bought_at_110_16_5_and_sold_at_111_realise_the_difference() -> None:
    lots = [lot("L", 3), lot("S", -3, "111")]
    closed = close_outs(lots, marked=marked(lots, "110.75"), name="N")
    gain = Money.total(each.exit_value - each.closed.signed_contract for each in closed)
    # 3 x $1,000 x (111 - 110.515625), each side of it rounded to the even cent.
    assert gain == Money(333_000_00 - 331_546_88)
    assert [each.flow(cycle=FlowCycle.END_OF_DAY, pays_on=DAY).amount for each in closed] == [
        ZERO,
        ZERO,
    ]


def test_contracts_of_different_accounts_or_customers_never_offset() -> None:
    lots = [lot("L", 3), lot("S", -3, account=Account.REGULAR), lot("T", -3, customer="OTHER")]
    assert close_outs(lots, marked=marked(lots, "110.75"), name="N") == ()


QUANTITIES = st.lists(st.integers(-900, 900).filter(bool), min_size=1, max_size=8)
TICKS = st.integers(5_000, 7_500).map(lambda ticks: str(ticks * ZN.specification.tick_points))


@given(quantities=QUANTITIES, price=TICKS)
def test_what_is_closed_out_leaves_at_nothing_and_one_side_is_left(
    quantities: list[int], price: str
) -> None:
    lots = [lot(f"L{number}", quantity) for number, quantity in enumerate(quantities)]
    values = marked(lots, price)
    closed = close_outs(lots, marked=values, name="N")
    assert Money.total(each.exit_value for each in closed) == ZERO
    assert sum(each.closed.quantity for each in closed) == 0
    gone = {each.whole.lot_id for each in closed}
    left = [each for each in lots if each.lot_id not in gone]
    left += [each.staying for each in closed if each.staying is not None]
    assert sum(each.quantity for each in left) == sum(quantities)
    assert len({each.sign for each in left}) <= 1
    paid = Money.total(each.flow(cycle=FlowCycle.END_OF_DAY, pays_on=DAY).amount for each in closed)
    # Cents of rounding alone: less than one for each lot.
    assert abs(paid.cents) <= len(lots)


@given(quantities=QUANTITIES, price=TICKS)
def test_marks_of_parts_are_the_mark_of_the_whole(quantities: list[int], price: str) -> None:
    lots = [lot(f"L{number}", quantity) for number, quantity in enumerate(quantities)]
    values = marked(lots, price)
    for each in close_outs(lots, marked=values, name="N"):
        assert each.marked + each.staying_marked == values[each.whole.lot_id]
