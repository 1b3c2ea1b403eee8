"""The search for the multiple at which the cap stops binding."""

from fractions import Fraction

import pytest

from crossmargin.analysis.sensitivity import VARIANTS, multiple_where_cap_stops


@pytest.mark.parametrize("edge", [Fraction(3, 2), Fraction(273, 100), Fraction(40), Fraction(999)])
def test_the_multiple_is_found_to_a_hundredth(edge):
    found = multiple_where_cap_stops(lambda multiple: multiple < edge)
    assert found is not None
    assert edge <= found <= edge + max(Fraction(1, 100), edge / 2**11)


def test_there_is_none_where_the_cap_does_not_bind_or_always_does():
    assert multiple_where_cap_stops(lambda multiple: False) is None
    assert multiple_where_cap_stops(lambda multiple: True) is None


def test_variants_have_names_of_their_own_and_change_something():
    names = [variant.name for variant in VARIANTS]
    assert len(set(names)) == len(names)
    assert all(variant.ficc or variant.cme for variant in VARIANTS)
