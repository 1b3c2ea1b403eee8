"""Whether a customer may withdraw: what stays must cover the margin of all products.

39.13(g)(8)(iii) and 1.44(b): net liquidating value at the close of the previous business day plus
the deposits that remain must be at least the initial margin of all the customer's accounts.
"""

from __future__ import annotations

from dataclasses import dataclass

from crossmargin.basics.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class WithdrawalTest:
    """The answer to a request.

    Parameters
    ----------
    request : Money
    largest : Money
        What may go; zero if nothing may.
    """

    request: Money
    largest: Money

    @property
    def allowed(self) -> bool:
        """Whether all of the request may go; nothing asked for is nothing to allow."""
        return ZERO < self.request <= self.largest


def withdrawal_test(*, value: Money, required: Money, request: Money) -> WithdrawalTest:
    """Return whether a customer may withdraw.

    Parameters
    ----------
    value : Money
        Net liquidating value at the previous close and margin deposits, after haircuts; may be
        negative.
    required : Money
        Initial margin of all products, today's, with what the BD-FCM asks above it.
    request : Money

    Raises
    ------
    ValueError
        If the requirement or the request is negative.

    Examples
    --------
    >>> test = withdrawal_test(value=Money(290), required=Money(270), request=Money(25))
    >>> test.allowed, test.largest
    (False, Money(cents=20))
    """
    if required < ZERO or request < ZERO:
        raise ValueError(f"not negative, were {required} and {request}")
    return WithdrawalTest(request, max(ZERO, value - required))
