"""The haircut method: buckets, correlations and the exact root."""

from fractions import Fraction

import pytest

from crossmargin.margin.ficc.haircut import (
    HaircutCorrelation,
    HaircutLine,
    HaircutSchedule,
    haircut_schedule,
)
from crossmargin.testing import reference
from crossmargin.testing.builders import curve_of, random_scenarios

ENDS = tuple(Fraction(n) for n in ("0", "1/2", "1", "2"))
RATES = tuple(Fraction(n, 1000) for n in (1, 2, 5, 9))
CORRELATIONS = (
    (Fraction(1), Fraction(0), Fraction(0), Fraction(0)),
    (Fraction(0), Fraction(1), Fraction(0), Fraction(0)),
    (Fraction(0), Fraction(0), Fraction(1), Fraction(9, 10)),
    (Fraction(0), Fraction(0), Fraction(9, 10), Fraction(1)),
)
SCHEDULE = HaircutSchedule(ENDS, RATES, CORRELATIONS, "2026-02-27")


@pytest.mark.parametrize(
    ("years", "bucket"), [(0.1, 0), (0.5, 0), (0.51, 1), (1.0, 1), (1.01, 2), (2.0, 2), (25.0, 3)]
)
def test_a_maturity_on_an_end_belongs_to_the_bucket_it_ends(years, bucket):
    assert SCHEDULE.bucket(years) == bucket


def test_short_tips_lie_in_the_first_bucket_where_none_ends_within_a_year():
    scenarios = random_scenarios(300, seed=5)
    schedule = haircut_schedule(
        curve_of([0.037, 0.04, 0.046]),
        scenarios,
        coverage=Fraction(99, 100),
        lower_years=[Fraction(0), Fraction(5)],
        midpoint_years=[Fraction(2), Fraction(10)],
        correlation=HaircutCorrelation.VENDOR,
        curve_date="2026-02-27",
    )
    assert schedule.rates[2] == schedule.rates[0] < schedule.rates[1]
    assert schedule.bucket_of(0.5, is_tips=True) == 2
    assert schedule.correlations[2][0] == 1


def lines(*amounts: int) -> list[HaircutLine]:
    return [HaircutLine(f"C{b}", b, Fraction(amount)) for b, amount in enumerate(amounts) if amount]


def test_zero_correlation_charges_less_than_full_for_the_same_sign():
    both = SCHEDULE.charge_dollars(lines(1_000_000, 1_000_000))
    assert both == pytest.approx(Fraction(2236068, 1000), rel=1e-6)  # root of 1000^2 + 2000^2


def test_charge_agrees_with_the_slow_kernel():
    amounts = (3_000_000, -2_000_000, 10_000_000, -4_000_000)
    weighted = [float(r) * a for r, a in zip(RATES, amounts, strict=True)]
    slow = reference.haircut_charge(weighted, [[float(c) for c in row] for row in CORRELATIONS])
    assert float(SCHEDULE.charge_dollars(lines(*amounts))) == pytest.approx(slow, rel=1e-9)


def test_lines_of_one_bucket_net_in_the_charge_and_not_in_the_gross():
    pair = [HaircutLine("A", 2, Fraction(500)), HaircutLine("B", 2, Fraction(-500))]
    assert SCHEDULE.charge_dollars(pair) == 0
    assert SCHEDULE.gross_dollars(pair) == Fraction(5)


def test_an_empty_book_is_free():
    assert SCHEDULE.charge_dollars([]) == 0
