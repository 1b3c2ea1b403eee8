r"""What each position, risk factor and component adds to a customer's requirement.

The reduced requirement of the cross-margining account is homogeneous in the positions, so by
Euler's theorem what the positions add, each at its own rate, adds up to it. With :math:`A` the sum
of what both CCPs ask of their own leg, :math:`U` and :math:`D` the combined and the stand-alone
figures of the model whose saving binds,

.. math:: R = A \, \frac{U}{D}, \qquad
   R_i = \frac{U}{D} A_i + \frac{A}{D} U_i - \frac{A U}{D^2} D_i

At the cap the factor is a constant, and where nothing is reduced it is one. :math:`A_i`,
:math:`U_i` and :math:`D_i` are the contributions of a position to the models' own figures: what it
loses in the scenario that sets the figure, and its part of the charges on gross value and repo.
Where the scenarios or the binding side would change with the position, the rate changes too:
incremental figures, which margin the account without a position, say by how much.

By risk factor the loss of a scenario is taken apart by repricing each factor's move alone; what the
factors' moves do not add up to is curvature and their interplay, a line of its own. By component
the two reduced figures are split in proportion.

What CME adds for liquidity and concentration is a position's too: its own half-spreads, and its
share of its product's concentration. Where the customer minimum binds nothing of FICC's figure
moves with a position; where the higher-of rule does, the other cycle's figure takes the place of
FICC's own. A reduction that is given (the last factor of a late side) is a constant like the cap.

Every split ends with what is not a position's: FICC's add-ons, the customer minimum, the higher of
two cycles, what is outside the account, and what rounding up to the cent adds. It then adds up to
the requirement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.analysis.factors import RiskFactor, one_factor_each
from crossmargin.arrangement.reduction import Binding, Denominator
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.margin.book import Block, Contributions
from crossmargin.margin.cme.model import CmeModel
from crossmargin.margin.cme.span.model import SpanModel
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.market.scenarios import ScenarioSet

CURVATURE = "curvature and interplay of factors"
UNATTRIBUTED = "not attributable to a position"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a split: what it is, and the dollars it adds, exactly."""

    label: str
    dollars: Fraction


@dataclass(frozen=True, slots=True)
class RequirementSplit:
    """One customer's requirement, split three ways; each adds up to it with ``others``.

    Parameters
    ----------
    positions : tuple of Fraction
        Dollars by instrument of the account: securities, contracts, repo term buckets.
    factors : tuple of Line
        Risk factors, largest first, then curvature, then charges that are not simulated.
    components : tuple of Line
        Reduced components of both CCPs' own legs.
    others : tuple of Line
        What is not a position's.
    total : Fraction
        The requirement.
    unattributed : Fraction
        What no position adds: only where a model is at a kink.
    """

    positions: tuple[Fraction, ...]
    factors: tuple[Line, ...]
    components: tuple[Line, ...]
    others: tuple[Line, ...]
    total: Fraction
    unattributed: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Term:
    """A model's figure of one leg or both, and its rate in the requirement."""

    rate: Fraction
    model: FiccModel | CmeModel | SpanModel
    block: Block
    contributions: Contributions


def requirement_split(
    ficc: FiccModel,
    cme: CmeModel | SpanModel,
    block: Block,
    requirement: CustomerRequirement,
    *,
    denominator: Denominator,
    factors: Sequence[RiskFactor],
) -> RequirementSplit:
    """Return what positions, risk factors and components add to one customer's requirement.

    Parameters
    ----------
    ficc, cme : models of the day
    block : Block
        The customer's XM account, one row.
    requirement : CustomerRequirement
    denominator : Denominator
        What the savings were taken of.
    factors : sequence of RiskFactor
    """
    at = _Rates.of(requirement, denominator)
    securities, futures = block.securities_only(), block.contracts_only()
    own = [
        _Term(at.own_ficc, ficc, securities, ficc.contributions(securities)),
        _Term(at.own_cme, cme, futures, cme.contributions(futures)),
    ]
    terms = own + _of_the_saving(ficc, cme, block, at)
    first, count = block.securities.shape[1], block.contracts.shape[1]
    positions = [Fraction(0)] * (first + count + block.repo.shape[1])
    for term in terms:
        for place, dollars in enumerate(term.contributions.by_instrument()):
            positions[place] += term.rate * dollars
    add_ons = execution_contributions(cme, block)
    for place, dollars in add_ons.items():
        positions[first + place] += dollars
    others = tuple(_others(requirement))
    beside = Line("CME liquidity and concentration", sum(add_ons.values(), Fraction(0)))
    lines = (beside,) if beside.dollars else ()
    return RequirementSplit(
        positions=tuple(positions),
        factors=(*_by_factor(terms, factors), *lines),
        components=(*_by_component(own), *lines),
        others=others,
        unattributed=sum((t.rate * t.contributions.unattributed for t in terms), Fraction(0)),
        total=requirement.requirement.dollars,
    )


def execution_contributions(cme: CmeModel | SpanModel, block: Block) -> dict[int, Fraction]:
    """Return what each contract of the block's one portfolio adds to CME's add-ons, by place."""
    return cme.execution.contributions(held_contracts(block))


def held_contracts(block: Block) -> dict[int, int]:
    """Return the contracts of the block's one portfolio, by place."""
    return {place: int(count) for place, count in enumerate(block.contracts[0]) if count}


@dataclass(frozen=True, slots=True)
class _Rates:
    """At what rates the models' figures enter the requirement.

    Parameters
    ----------
    own_ficc, own_cme : Fraction
        Of each CCP's figure of the leg it clears.
    side : Binding or None
        Whose saving moves the reduction; None where it is a constant.
    own_model : bool
        Whether D is of the model whose saving binds.
    asked, together, apart : Fraction
        A, U and D, dollars.
    """

    own_ficc: Fraction
    own_cme: Fraction
    side: Binding | None
    own_model: bool
    asked: Fraction
    together: Fraction
    apart: Fraction

    @staticmethod
    def of(requirement: CustomerRequirement, denominator: Denominator) -> _Rates:
        reduction = requirement.reduction
        kept = 1 - reduction.reduction
        ficc, cme = requirement.ficc.figures, requirement.cme.figures
        at_minimum = requirement.ficc.minimum_top_up.cents > 0
        other_cycle = requirement.ficc.higher_of.cents > 0
        asked = cme.three.futures.dollars
        if other_cycle and not at_minimum:
            asked += ficc.other_cycle.dollars
        elif not at_minimum:
            asked += ficc.three.securities.dollars
        saving = {Binding.FICC: reduction.ficc_saving, Binding.CME: reduction.cme_saving}
        # A factor that was given, or a constant of the rule, does not move with the positions.
        moves = saving.get(reduction.binding) == reduction.reduction
        three = ficc.three if reduction.binding is Binding.FICC else cme.three
        own_model = denominator is Denominator.OWN_MODEL
        apart = (
            three.securities + three.futures
            if own_model
            else ficc.three.securities + cme.three.futures
        )
        return _Rates(
            own_ficc=Fraction(0) if at_minimum or other_cycle else kept,
            own_cme=kept,
            side=reduction.binding if moves and apart.cents else None,
            own_model=own_model,
            asked=asked,
            together=three.combined.dollars,
            apart=apart.dollars,
        )


def _of_the_saving(
    ficc: FiccModel,
    cme: CmeModel | SpanModel,
    block: Block,
    at: _Rates,
) -> list[_Term]:
    """Return the terms by which the reduction itself moves with the positions."""
    if at.side is None:
        return []
    model = ficc if at.side is Binding.FICC else cme
    securities, futures = block.securities_only(), block.contracts_only()
    rate = -at.asked * at.together / (at.apart * at.apart)
    stand_alone = (
        [(model, securities), (model, futures)]
        if at.own_model
        else [(ficc, securities), (cme, futures)]
    )
    return [
        _Term(at.asked / at.apart, model, block, model.contributions(block)),
        *(_Term(rate, each, leg, each.contributions(leg)) for each, leg in stand_alone),
    ]


def _by_component(own: Sequence[_Term]) -> list[Line]:
    lines = []
    for name, term in zip(("FICC", "CME"), own, strict=True):
        if term.contributions.unattributed:
            lines.append(
                Line(f"{name} {UNATTRIBUTED}", term.rate * term.contributions.unattributed)
            )
        for component, parts in term.contributions.components.items():
            dollars = term.rate * sum(parts, Fraction(0))
            if dollars:
                lines.append(Line(f"{name} {component.replace('_', ' ')}, reduced", dollars))
    return lines


def _by_factor(terms: Sequence[_Term], factors: Sequence[RiskFactor]) -> tuple[Line, ...]:
    """Return what each factor adds, then curvature, then the charges that are not simulated."""
    by_factor: dict[str, Fraction] = {factor.label: Fraction(0) for factor in factors}
    curvature = Fraction(0)
    charges: dict[str, Fraction] = {}
    for term in terms:
        left = term.rate * term.contributions.unattributed
        charges[UNATTRIBUTED] = charges.get(UNATTRIBUTED, Fraction(0)) + left
        for component, parts in term.contributions.components.items():
            dollars = term.rate * sum(parts, Fraction(0))
            if component not in term.contributions.scenarios:
                label = _words(component)
                charges[label] = charges.get(label, Fraction(0)) + dollars
                continue
            losses = _factor_losses(term, component, factors) if dollars else {}
            for label, loss in losses.items():
                by_factor[label] += loss
            curvature += dollars - sum(losses.values(), Fraction(0))
    ranked = sorted(by_factor.items(), key=lambda item: (-abs(item[1]), item[0]))
    lines = [Line(label, dollars) for label, dollars in ranked if dollars]
    lines.append(Line(CURVATURE, curvature))
    return (*lines, *(Line(label, dollars) for label, dollars in charges.items() if dollars))


def _factor_losses(
    term: _Term, component: str, factors: Sequence[RiskFactor]
) -> Mapping[str, Fraction]:
    """Return what each factor's move of the deciding scenario loses alone, at the term's rate."""

    def parts(scenario: ScenarioSet) -> ScenarioSet:
        return one_factor_each(factors, scenario)

    if isinstance(term.model, SpanModel):
        return {}
    decisive = term.contributions.scenarios[component]
    pnl = term.model.repriced(component, decisive.scenario, parts)
    held = [
        (place, int(quantity))
        for place, quantity in enumerate((*term.block.securities[0], *term.block.contracts[0]))
        if quantity
    ]
    losses = {}
    for row, factor in enumerate(factors):
        steps = sum(-quantity * int(pnl[row, place] * GRID_PER_DOLLAR) for place, quantity in held)
        losses[factor.label] = term.rate * decisive.weight * Fraction(steps, GRID_PER_DOLLAR)
    return losses


def _words(component: str) -> str:
    return {"bid_ask": "bid-ask spread"}.get(component, component.replace("_", " "))


def _others(requirement: CustomerRequirement) -> list[Line]:
    ficc = requirement.ficc
    lines = []
    if ficc.minimum_top_up.cents:
        lines.append(Line("FICC at the customer minimum", ficc.requirement.dollars))
    else:
        if ficc.higher_of.cents:
            reached = ficc.reduced + ficc.higher_of
            lines.append(Line("FICC higher of two cycles, reduced", reached.dollars))
        lines += [
            Line(f"FICC {_words(add_on)}", amount.dollars)
            for add_on, amount in ficc.add_ons.items()
        ]
    for name, ccp in (("FICC", requirement.ficc), ("CME", requirement.cme)):
        if ccp.outside.cents:
            lines.append(Line(f"{name} outside the XM account", ccp.outside.dollars))
    return lines
