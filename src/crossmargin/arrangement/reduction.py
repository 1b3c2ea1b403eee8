"""The rule of the arrangement: two savings, the smaller, threshold, cap, two requirements.

Exact throughout: figures of a model are whole cents, a saving is a ratio of whole cents, and a
requirement is rounded up to the cent once, from the exact fraction (rulings 1 to 4; the CFTC's
proposed order, 90 FR 58525, section VIII(f) and (g)).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.parameters.registry import ParameterSet

_RATIO_PLACES = 6


class Binding(StrEnum):
    """What decided the reduction."""

    FICC = "FICC"
    CME = "CME"
    CAP = "CAP"
    BELOW_THRESHOLD = "BELOW_THRESHOLD"
    NONE = "NONE"


class Denominator(StrEnum):
    """What the combined margin is compared with; no source says (ruling 1 takes the first)."""

    OWN_MODEL = "own_model"
    OFFICIAL_REQUIREMENTS = "official_requirements"


class Fallback(StrEnum):
    """What stands in for the factor of a cycle when one side's figures are missing or late."""

    NONE = "none"
    LAST_FACTOR = "last_factor"


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model's margin of the XM account: each leg alone, and both together.

    Parameters
    ----------
    securities, futures, combined : Money
        Not negative. The same components in all three (ruling 2).

    Raises
    ------
    ValueError
        If a figure is negative.
    """

    securities: Money
    futures: Money
    combined: Money

    def __post_init__(self) -> None:
        if self.securities.cents < 0 or self.futures.cents < 0 or self.combined.cents < 0:
            _refuse_negative(self, "securities", "futures", "combined")

    @property
    def has_both_legs(self) -> bool:
        """Whether both legs have margin on their own."""
        return self.securities.cents > 0 and self.futures.cents > 0


@dataclass(frozen=True, slots=True)
class ReductionRules:
    """The parameters of the rule.

    Parameters
    ----------
    threshold : Fraction
        A smaller saving under it gives no reduction; reaching it exactly counts.
    cap : Fraction
        The largest reduction.
    denominator : Denominator
        ``own_model``: each model's own two stand-alone figures. ``official_requirements``: FICC's
        figure for the securities plus CME's for the futures, for both savings.
    fallback : Fallback
    customer_minimum : Money
        Smallest margin FICC collects from a customer with positions (ruling 6).

    Raises
    ------
    ValueError
        Unless 0 <= threshold <= cap <= 1 and the minimum is not negative.
    """

    threshold: Fraction
    cap: Fraction
    denominator: Denominator
    fallback: Fallback
    customer_minimum: Money

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= self.cap <= 1:
            raise ValueError(
                f"expected 0 <= threshold <= cap <= 1, was threshold {self.threshold}, "
                f"cap {self.cap}"
            )
        if self.customer_minimum < ZERO:
            raise ValueError(f"customer_minimum must not be negative, was {self.customer_minimum}")

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> ReductionRules:
        """Return the rules that ``arrangement/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a value is not one that the rule knows.
        LookupError
            If a parameter is missing.
        """
        return ReductionRules(
            threshold=parameters.ratio("threshold"),
            cap=parameters.ratio("cap"),
            denominator=Denominator(parameters.choice("denominator", list(Denominator))),
            fallback=Fallback(parameters.choice("fallback", list(Fallback))),
            customer_minimum=money_from_decimal(parameters.text("customer_minimum_dollars")),
        )


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """What both CCPs collect together, against each CCP's own margin of the combined portfolio.

    The CFTC's first protection (90 FR 58525, III.D) is no identity; a shortfall is flagged and
    counted, the requirement does not change (ruling 4).
    """

    ficc_shortfall: Money
    cme_shortfall: Money

    @property
    def passes(self) -> bool:
        """Whether neither CCP's own combined margin exceeds what is collected."""
        return self.ficc_shortfall == ZERO and self.cme_shortfall == ZERO


@dataclass(frozen=True, slots=True)
class Reduction:
    """The outcome of the rule for one customer and cycle.

    ``ficc_saving`` and ``cme_saving`` are shown as they are, negative too; ``saving_before_cap``
    is the smaller of them. ``reduction`` is what both CCPs apply.
    """

    ficc_saving: Fraction
    cme_saving: Fraction
    saving_before_cap: Fraction
    reduction: Fraction
    binding: Binding
    ficc_requirement: Money
    cme_requirement: Money
    order_check: OrderCheck


@dataclass(frozen=True, slots=True)
class StandaloneAndRequirement:
    """What one CCP asks without the arrangement and with it; neither is negative."""

    standalone: Money
    requirement: Money

    def __post_init__(self) -> None:
        _refuse_negative(self, "standalone", "requirement")


@dataclass(frozen=True, slots=True)
class SuspensionSurge:
    """What would be called in addition if the arrangement were suspended.

    Negative where splitting the positions into XM and outside costs more than the reduction saves
    (ruling 5).
    """

    ficc: Money
    cme: Money

    @property
    def total(self) -> Money:
        """Both CCPs together."""
        return self.ficc + self.cme


def margin_reduction(*, ficc: ModelFigures, cme: ModelFigures, rules: ReductionRules) -> Reduction:
    """Return the reduction that both CCPs apply to one customer, and their requirements.

    Each CCP margins the combined portfolio with its own model and states what share of stand-alone
    margin the offset saves. The smaller share is used by both, so that neither relies on the
    other's optimism.

    Parameters
    ----------
    ficc, cme : ModelFigures
        Three figures of each model, for the same positions.
    rules : ReductionRules
        In force on the day.

    Returns
    -------
    Reduction
        ``reduction`` lies between 0 and the cap and is never above either saving unless that is
        negative. Each requirement is the CCP's own margin of the leg it clears, less the
        reduction, rounded up to the cent.

    Notes
    -----
    Rulings 1, 3 and 4. Equal savings name FICC; ``CAP`` only if the cap lowered the reduction.
    A leg without margin of its own leaves nothing to offset: no reduction.

    Examples
    --------
    >>> rules = ReductionRules(
    ...     threshold=Fraction(1, 100), cap=Fraction(4, 5), denominator=Denominator.OWN_MODEL,
    ...     fallback=Fallback.NONE, customer_minimum=Money(0))
    >>> outcome = margin_reduction(
    ...     ficc=ModelFigures(Money(60_00), Money(90_00), Money(30_00)),
    ...     cme=ModelFigures(Money(95_00), Money(92_00), Money(37_40)), rules=rules)
    >>> str(outcome.ficc_requirement), str(outcome.cme_requirement), outcome.binding.value
    ('12.00', '18.40', 'FICC')
    >>> str(outcome.order_check.cme_shortfall)
    '7.00'
    """
    ficc_saving, cme_saving = savings(ficc=ficc, cme=cme, denominator=rules.denominator)
    both_legs = ficc.has_both_legs and cme.has_both_legs
    reduction, binding = decide(ficc_saving, cme_saving, both_legs=both_legs, rules=rules)
    return given_reduction(
        reduction, binding, ficc=ficc, cme=cme, savings=(ficc_saving, cme_saving)
    )


def savings(
    *, ficc: ModelFigures, cme: ModelFigures, denominator: Denominator
) -> tuple[Fraction, Fraction]:
    """Return the share that each model saves, FICC's and CME's, as they are (ruling 1)."""
    official_cents = ficc.securities.cents + cme.futures.cents
    return (
        _saving(ficc, official_cents, denominator),
        _saving(cme, official_cents, denominator),
    )


def given_reduction(
    reduction: Fraction,
    binding: Binding,
    *,
    ficc: ModelFigures,
    cme: ModelFigures,
    savings: tuple[Fraction, Fraction],
) -> Reduction:
    """Return both requirements under a reduction that is given, with what would have been saved.

    Parameters
    ----------
    reduction : Fraction
    binding : Binding
        What gave it.
    ficc, cme : ModelFigures
    savings : tuple of Fraction
        FICC's and CME's.
    """
    ficc_requirement = reduced_by(ficc.securities, reduction)
    cme_requirement = reduced_by(cme.futures, reduction)
    return Reduction(
        ficc_saving=savings[0],
        cme_saving=savings[1],
        saving_before_cap=min(savings),
        reduction=reduction,
        binding=binding,
        ficc_requirement=ficc_requirement,
        cme_requirement=cme_requirement,
        order_check=order_check(ficc_requirement.cents + cme_requirement.cents, ficc=ficc, cme=cme),
    )


def order_check(collected_cents: int, *, ficc: ModelFigures, cme: ModelFigures) -> OrderCheck:
    """Return by how much each CCP's own combined margin exceeds what both collect (ruling 4)."""
    return OrderCheck(
        ficc_shortfall=Money(max(0, ficc.combined.cents - collected_cents)),
        cme_shortfall=Money(max(0, cme.combined.cents - collected_cents)),
    )


def suspension_surge(
    *, ficc: StandaloneAndRequirement, cme: StandaloneAndRequirement
) -> SuspensionSurge:
    """Return what each CCP would call in addition if the arrangement were suspended.

    Examples
    --------
    >>> surge = suspension_surge(
    ...     ficc=StandaloneAndRequirement(Money(100_00), Money(20_00)),
    ...     cme=StandaloneAndRequirement(Money(92_00), Money(18_40)))
    >>> str(surge.total)
    '153.60'
    """
    return SuspensionSurge(
        ficc=ficc.standalone - ficc.requirement, cme=cme.standalone - cme.requirement
    )


def format_ratio(ratio: Fraction, *, places: int = _RATIO_PLACES) -> str:
    """Return a ratio as a decimal string, rounded half to even, for display (ruling 3).

    Examples
    --------
    >>> format_ratio(Fraction(13, 19)), format_ratio(Fraction(-1, 19))
    ('0.684211', '-0.052632')
    >>> format_ratio(Fraction(-1, 10**9))
    '0.000000'
    """
    scaled = round(ratio * 10**places)
    whole, part = divmod(abs(scaled), 10**places)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{part:0{places}d}"


def _saving(model: ModelFigures, official_cents: int, denominator: Denominator) -> Fraction:
    apart = (
        model.securities.cents + model.futures.cents
        if denominator is Denominator.OWN_MODEL
        else official_cents
    )
    if apart == 0:
        # Nothing to save on: the leg is missing and the reduction is none whatever stands here.
        return Fraction(0)
    return Fraction(apart - model.combined.cents, apart)


def reduced_by(margin: Money, reduction: Fraction) -> Money:
    """Return margin times (1 - reduction), rounded up to the cent from the exact fraction."""
    whole = reduction.denominator
    return Money(-(-margin.cents * (whole - reduction.numerator) // whole))


def decide(
    ficc_saving: Fraction, cme_saving: Fraction, *, both_legs: bool, rules: ReductionRules
) -> tuple[Fraction, Binding]:
    """Return the reduction of two savings, and what made it (ruling 3)."""
    smaller = min(ficc_saving, cme_saving)
    if not both_legs or smaller.numerator <= 0:
        return Fraction(0), Binding.NONE
    if smaller < rules.threshold:
        return Fraction(0), Binding.BELOW_THRESHOLD
    if smaller > rules.cap:
        return rules.cap, Binding.CAP
    # Of equals min returns the first.
    return smaller, Binding.FICC if smaller is ficc_saving else Binding.CME


def _refuse_negative(figures: ModelFigures | StandaloneAndRequirement, *names: str) -> None:
    for name in names:
        amount: Money = getattr(figures, name)
        if amount.cents < 0:
            raise ValueError(f"{name} must not be negative, was {amount}")
