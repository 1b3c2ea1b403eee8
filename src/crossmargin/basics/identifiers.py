"""Identifiers as types, checked at birth.

A CUSIP is nine characters with a check digit (CUSIP Global Services; the modulus-10 double-add-
double scheme). A customer is one legal entity at one BD-FCM.
"""

from __future__ import annotations

from dataclasses import dataclass

_CUSIP_LENGTH = 9
_SPECIAL = {"*": 36, "@": 37, "#": 38}


def cusip_check_digit(first_eight: str) -> int:
    """Return the check digit of the first eight characters of a CUSIP.

    Raises
    ------
    ValueError
        If a character is not a digit, a capital letter or one of ``*@#``.

    Examples
    --------
    >>> cusip_check_digit("912810FT")
    0
    """
    total = 0
    for position, character in enumerate(first_eight):
        if character.isascii() and character.isdigit():
            value = int(character)
        elif character.isascii() and character.isalpha() and character.isupper():
            value = ord(character) - ord("A") + 10
        elif character in _SPECIAL:
            value = _SPECIAL[character]
        else:
            raise ValueError(f"a CUSIP has digits and capital letters, was {first_eight!r}")
        if position % 2 == 1:
            value *= 2
        total += value // 10 + value % 10
    return (10 - total % 10) % 10


@dataclass(frozen=True, slots=True, order=True)
class Cusip:
    """A CUSIP whose check digit has been verified.

    Examples
    --------
    >>> Cusip("912810FT0").text
    '912810FT0'
    """

    text: str

    def __post_init__(self) -> None:
        if len(self.text) != _CUSIP_LENGTH:
            raise ValueError(f"a CUSIP has 9 characters, was {self.text!r}")
        if self.text[-1] != str(cusip_check_digit(self.text[:-1])):
            raise ValueError(f"CUSIP check digit does not match: {self.text!r}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class CustomerKey:
    """One legal entity at one BD-FCM: the same entity at two BD-FCMs is two customers."""

    bd_fcm: str
    customer_id: str


def subject_of(customer: CustomerKey) -> str:
    """Return the subject under which records of a customer stand.

    Examples
    --------
    >>> subject_of(CustomerKey("FCM-1", "FUND-1"))
    'FCM-1/FUND-1'
    """
    return f"{customer.bd_fcm}/{customer.customer_id}"


def customer_of(subject: str) -> CustomerKey:
    """Return the customer of a subject; of a BD-FCM's own, one without a name."""
    bd_fcm, _, customer_id = subject.partition("/")
    return CustomerKey(bd_fcm, customer_id)
