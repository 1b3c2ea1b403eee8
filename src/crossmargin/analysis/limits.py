"""How far a customer is from every limit of the rule, nearest first.

Every distance is stated twice. In saving, as the share of stand-alone margin by which the smaller
saving (or the figure concerned) would have to move: that makes limits comparable. In dollars, as
the change of the one figure that gets there first, everything else held: of a clearing
organization's combined margin for limits of the saving; of the floor itself for the floors, which
rises to the largest other member of the VaR Charge, or falls to it; of FICC's requirement for the
customer minimum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.arrangement.reduction import Denominator, ModelFigures, ReductionRules
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.money import CENTS_PER_DOLLAR
from crossmargin.margin.ficc.model import Decides, members


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit and the way to it.

    Parameters
    ----------
    name : str
        ``threshold``, ``cap``, ``binding_side``, ``floor_percentage``, ``minimum_margin_amount``
        or ``customer_minimum``.
    is_past : bool
        Whether the limit decides today: the way is then back from it.
    figure : str
        What has to move.
    rises : bool
        Whether it has to rise.
    dollars : Fraction
        By so much; not negative.
    saving : Fraction
        The same as a share of stand-alone margin; not negative.
    """

    name: str
    is_past: bool
    figure: str
    rises: bool
    dollars: Fraction
    saving: Fraction


def limits_of(
    requirement: CustomerRequirement,
    ficc_combined: Mapping[str, Fraction],
    rules: ReductionRules,
) -> tuple[Limit, ...]:
    """Return every limit that applies, nearest in saving first.

    Parameters
    ----------
    requirement : CustomerRequirement
    ficc_combined : mapping of component to Fraction
        Of FICC's combined figure, exact dollars.
    rules : ReductionRules

    Notes
    -----
    A customer without both legs has no saving: limits of the saving do not apply.
    """
    found = [*_of_saving(requirement, rules), *_of_floors(requirement, ficc_combined, rules)]
    found += _of_minimum(requirement, rules)
    return tuple(sorted(found, key=lambda limit: (limit.saving, limit.name)))


def apart_dollars(requirement: CustomerRequirement, rules: ReductionRules, side: str) -> Fraction:
    """Return the stand-alone margin that a side's saving is a share of (ruling 1)."""
    ficc, cme = requirement.ficc.figures.three, requirement.cme.figures.three
    if rules.denominator is Denominator.OFFICIAL_REQUIREMENTS:
        return Fraction(ficc.securities.cents + cme.futures.cents, CENTS_PER_DOLLAR)
    three: ModelFigures = ficc if side == "FICC" else cme
    return Fraction(three.securities.cents + three.futures.cents, CENTS_PER_DOLLAR)


def _of_saving(requirement: CustomerRequirement, rules: ReductionRules) -> Iterator[Limit]:
    ficc, cme = requirement.ficc.figures.three, requirement.cme.figures.three
    if not (ficc.has_both_legs and cme.has_both_legs):
        return
    reduction = requirement.reduction
    savings = {"FICC": reduction.ficc_saving, "CME": reduction.cme_saving}
    apart = {side: apart_dollars(requirement, rules, side) for side in savings}
    smaller = reduction.saving_before_cap
    for name, limit, is_past in (
        ("threshold", rules.threshold, smaller < rules.threshold),
        ("cap", rules.cap, smaller > rules.cap),
    ):
        falls_to = smaller >= limit
        if falls_to:
            # One side is enough: the one that gets there with the fewest dollars.
            ways = {side: (saving - limit) * apart[side] for side, saving in savings.items()}
            side = min(ways, key=lambda each: (ways[each], each))
            dollars = ways[side]
            figure = f"{side} combined"
        else:
            # Every side that is short of it has to get there.
            short = [side for side, saving in savings.items() if saving < limit]
            dollars = sum(((limit - savings[side]) * apart[side] for side in short), Fraction(0))
            figure = f"{' and '.join(short)} combined"
        yield Limit(name, is_past, figure, falls_to, dollars, abs(smaller - limit))
    gap = abs(savings["FICC"] - savings["CME"])
    larger = "FICC" if savings["FICC"] > savings["CME"] else "CME"
    other = "CME" if larger == "FICC" else "FICC"
    rises = apart[larger] <= apart[other]
    side = larger if rises else other
    yield Limit("binding_side", False, f"{side} combined", rises, gap * apart[side], gap)


def _of_floors(
    requirement: CustomerRequirement, components: Mapping[str, Fraction], rules: ReductionRules
) -> Iterator[Limit]:
    apart = apart_dollars(requirement, rules, "FICC")
    if not apart:
        return
    figures = members(components)
    for name in (Decides.FLOOR_PERCENTAGE, Decides.MINIMUM_MARGIN_AMOUNT):
        if name not in figures:
            continue
        others = {each: figure for each, figure in figures.items() if each is not name}
        largest = max(others, key=others.__getitem__)
        gap = figures[name] - others[largest]
        label = name.value.replace("_", " ")
        yield Limit(
            name.value, gap > 0, f"FICC combined, {label}", gap < 0, abs(gap), abs(gap) / apart
        )


def _of_minimum(requirement: CustomerRequirement, rules: ReductionRules) -> Iterator[Limit]:
    ficc = requirement.ficc
    securities = ficc.figures.three.securities.cents
    if not (ficc.figures.has_positions and securities):
        return
    before = ficc.requirement.cents + ficc.figures.outside.cents - ficc.minimum_top_up.cents
    gap = Fraction(before - rules.customer_minimum.cents, CENTS_PER_DOLLAR)
    share = abs(gap) * CENTS_PER_DOLLAR / securities
    yield Limit("customer_minimum", gap < 0, "FICC requirement", gap < 0, abs(gap), share)
