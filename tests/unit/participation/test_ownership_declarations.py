"""A Customer, or the firm's own account: judged by share, by relation and by control."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.participation.ownership import (
    Owner,
    Relation,
    declaration_faults,
    owners_content,
    owners_of,
    proprietary_gate,
)
from crossmargin.testing.participants import TEN_PER_CENT

_RELATED = [each for each in Relation if each is not Relation.NONE]
_UNDER_TEN = Fraction(999_999, 10_000_000)


def _declared(*owners: Owner) -> tuple[Owner, ...]:
    rest = 1 - sum((each.share for each in owners), start=Fraction(0))
    return (*owners, Owner("OTHERS", rest, Relation.NONE))


def _is_a_customer(*owners: Owner) -> bool:
    return proprietary_gate(_declared(*owners), threshold=TEN_PER_CENT, evidence=()).passed


@pytest.mark.parametrize("relation", _RELATED)
def test_ten_per_cent_of_anybody_related_makes_the_account_the_firms(relation: Relation) -> None:
    assert not _is_a_customer(Owner("X", TEN_PER_CENT, relation))
    assert _is_a_customer(Owner("X", _UNDER_TEN, relation))


def test_shares_of_those_related_count_together() -> None:
    half = Fraction(1, 20)
    one = Owner("A DIRECTOR", half, Relation.OFFICER_OR_DIRECTOR)
    other = Owner("A SPOUSE", half, Relation.HOUSEHOLD_OF_ANY_OF_THESE)
    assert _is_a_customer(one)
    gate = proprietary_gate(_declared(one, other), threshold=TEN_PER_CENT, evidence=("r",))
    assert not gate.passed
    assert gate.detail == "related to the firm: A DIRECTOR, A SPOUSE, together 10 % of the account"
    assert gate.evidence == ("r",)


def test_who_has_ten_per_cent_of_the_firm_is_its_owner_whatever_is_declared() -> None:
    assert not _is_a_customer(Owner("X", TEN_PER_CENT, Relation.NONE, firm_share=TEN_PER_CENT))
    assert _is_a_customer(Owner("X", TEN_PER_CENT, Relation.NONE, firm_share=_UNDER_TEN))


@pytest.mark.parametrize("relation", Relation)
def test_control_by_the_firm_or_its_owners_makes_an_affiliate(relation: Relation) -> None:
    controlling = Owner("X", Fraction(0), relation, controls=True)
    affiliates = {
        *(Relation.THE_FIRM, Relation.AFFILIATE),
        *(Relation.GENERAL_PARTNER, Relation.OWNER_OF_THE_FIRM),
    }
    assert _is_a_customer(controlling) is (relation not in affiliates)


@pytest.mark.parametrize("total", [Fraction(0), Fraction(99, 100), Fraction(2)])
def test_a_declaration_that_leaves_somebody_out_is_none(total: Fraction) -> None:
    owners = [Owner("A", total / 2, Relation.NONE), Owner("B", total / 2, Relation.NONE)]
    assert [fault.field for fault in declaration_faults(owners)] == ["owners"]
    assert not proprietary_gate(owners, threshold=TEN_PER_CENT, evidence=()).passed


def test_no_declaration_is_no_customer() -> None:
    assert not proprietary_gate((), threshold=TEN_PER_CENT, evidence=()).passed


_owners = st.lists(
    st.builds(
        Owner,
        st.sampled_from(["A", "B", "C"]),
        st.fractions(min_value=0, max_value=Fraction(1, 5), max_denominator=100),
        st.sampled_from(Relation),
        st.booleans(),
        st.fractions(min_value=0, max_value=1, max_denominator=20),
    ),
    max_size=5,
)


@settings(max_examples=40)
@given(_owners, st.randoms(use_true_random=False))
def test_the_order_of_owners_decides_nothing(owners: list[Owner], random) -> None:
    declared = list(_declared(*owners))
    before = proprietary_gate(declared, threshold=TEN_PER_CENT, evidence=()).passed
    random.shuffle(declared)
    assert proprietary_gate(declared, threshold=TEN_PER_CENT, evidence=()).passed is before


@settings(max_examples=40)
@given(_owners)
def test_a_relation_never_helps(owners: list[Owner]) -> None:
    unrelated = [Owner(each.name, each.share, Relation.NONE, each.controls) for each in owners]
    assert _is_a_customer(*unrelated)


@settings(max_examples=40)
@given(_owners)
def test_owners_are_read_as_they_were_written(owners: list[Owner]) -> None:
    assert owners_of(owners_content(owners)) == tuple(owners)


@pytest.mark.parametrize("said", [None, "A", [1], [{"name": "A"}], [{"name": "A", "share": "x"}]])
def test_what_is_no_list_of_owners_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        owners_of(said)


def test_an_owner_is_read_from_one_line() -> None:
    read = Owner.parsed("A. FUND LP:3/5:NONE:controls:firm=0.02")
    assert read == Owner("A. FUND LP", Fraction(3, 5), Relation.NONE, True, Fraction(1, 50))


@pytest.mark.parametrize(
    "text", ["A", "A:1", "A:2:NONE", "A:1/0:NONE", "A:1:FRIEND", "A:1:NONE:rules", ":1:NONE"]
)
def test_a_line_that_is_no_owner_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Owner.parsed(text)
