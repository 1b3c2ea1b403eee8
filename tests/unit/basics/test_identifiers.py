"""CUSIPs carry a verified check digit."""

import pytest

from crossmargin.basics.identifiers import Cusip, cusip_check_digit


@pytest.mark.parametrize("text", ["912810FT0", "91282CPJ4", "912828V49", "037833100"])
def test_published_cusips_are_accepted(text):
    assert Cusip(text).text == text


@pytest.mark.parametrize(
    "text", ["912810FT1", "912810FT", "912810FT00", "912810fT0", "91281 FT0", ""]
)
def test_others_are_refused(text):
    with pytest.raises(ValueError, match="CUSIP"):
        Cusip(text)


def test_every_single_digit_error_is_found():
    base = "91282CPJ"
    for position in range(8):
        for digit in "0123456789":
            other = base[:position] + digit + base[position + 1 :]
            if other != base and base[position].isdigit():
                assert cusip_check_digit(other) != cusip_check_digit(base)
