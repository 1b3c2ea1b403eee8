"""A payment in securities and cash: every cent, no par that was not put in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.delivery import Margined, deliver

_LOT = 100
_margined = st.builds(
    Margined, st.integers(1, 10**6).map(lambda lots: lots * _LOT), st.integers(0, 10**9).map(Money)
)
_put_in = st.dictionaries(st.sampled_from(["912810FT0", "91282CMS7", "91282CNX5"]), _margined)


@given(st.integers(0, 10**10).map(Money), _put_in)
def test_a_payment_is_securities_at_their_value_and_cash(
    paid: Money, put_in: dict[str, Margined]
) -> None:
    found = deliver(paid, put_in, _LOT)
    assert found.securities_value + found.cash == paid
    assert found.cash >= ZERO
    for cusip, par in found.par_by_cusip.items():
        assert 0 < par <= put_in[cusip].par_dollars
        assert par % _LOT == 0
    if paid >= Money.total(each.value for each in put_in.values()):
        assert dict(found.par_by_cusip) == {name: each.par_dollars for name, each in put_in.items()}
    backwards = {name: put_in[name] for name in reversed(list(put_in))}
    assert deliver(paid, backwards, _LOT) == found


def test_whose_margin_was_lost_gets_the_same_share_of_each_security() -> None:
    put_in = {"A": Margined(1_000_000, Money(980_000_00)), "B": Margined(500, Money(520_00))}
    found = deliver(Money(490_260_00), put_in, _LOT)
    assert dict(found.par_by_cusip) == {"A": 500_000, "B": 200}
    assert found.securities_value == Money(490_208_00)
    assert found.cash == Money(52_00)
    assert deliver(ZERO, put_in, _LOT).par_by_cusip == {}
