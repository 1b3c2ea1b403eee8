"""What a stress case does to one book, and what of the loss its margin covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.analysis.stress.cases import Pick, StressCase
from crossmargin.basics.money import ZERO, Money, charge_from_dollars
from crossmargin.margin.exact import GRID_PER_DOLLAR

_DAYS_PER_YEAR = 360
_CENTS_PER_DOLLAR = 100


@dataclass(frozen=True, slots=True)
class Margins:
    """The margin of one customer's XM account that a loss is held against.

    Parameters
    ----------
    securities, futures : Money
        With no arrangement: FICC's figure of the securities, CME's of the futures; add-ons and
        minimum included, as in what is collected.
    ficc_combined, cme_combined : Money
        Each model's figure of both legs together.
    ficc, cme : Money
        What each clearing organization collects for the account, add-ons and minimum included.
    """

    securities: Money
    futures: Money
    ficc_combined: Money
    cme_combined: Money
    ficc: Money
    cme: Money

    @property
    def standalone(self) -> Money:
        """Both stand-alone figures together."""
        return self.securities + self.futures

    @property
    def both(self) -> Money:
        """What both clearing organizations collect together."""
        return self.ficc + self.cme

    def named(self) -> dict[str, Money]:
        """Return every margin by the name it has in outputs."""
        return {
            "ficc": self.ficc,
            "cme": self.cme,
            "both": self.both,
            "ficc_combined": self.ficc_combined,
            "cme_combined": self.cme_combined,
            "standalone": self.standalone,
        }


@dataclass(frozen=True, slots=True)
class StressOutcome:
    """One case on one book.

    Parameters
    ----------
    case : StressCase
    scenario : int or None
        Which of the case's scenarios it is; None where several are added up.
    securities, futures, repo : Fraction
        P&L in exact dollars, gains positive; ``repo`` is that of the interest of repo legs.
    """

    case: StressCase
    scenario: int | None
    securities: Fraction
    futures: Fraction
    repo: Fraction = Fraction(0)

    @property
    def combined(self) -> Fraction:
        """P&L of the whole book."""
        return self.securities + self.futures + self.repo

    @property
    def loss(self) -> Money:
        """Loss of the whole book, up to the cent; zero for a gain."""
        return charge_from_dollars(max(Fraction(0), -self.combined))

    def uncovered(self, margin: Money) -> Money:
        """Return what of the loss a margin does not cover."""
        return max(ZERO, self.loss - margin)

    def used(self, margin: Money) -> Fraction | None:
        """Return the loss as a share of a margin, None where there is no margin."""
        return Fraction(self.loss.cents, margin.cents) if margin.cents else None


def outcome_of(
    case: StressCase, *, securities: Sequence[int], futures: Sequence[int], repo_cent_days: int
) -> StressOutcome:
    """Return what a case does to a book.

    Parameters
    ----------
    case : StressCase
    securities, futures : sequence of int, one a scenario
        P&L of the legs in whole grid steps of 2^-18 dollar.
    repo_cent_days : int
        Start amounts in cents times days left, repo plus and reverse repo minus.
    """
    repo = case.repo_rate * repo_cent_days / (_DAYS_PER_YEAR * _CENTS_PER_DOLLAR)
    both = [one + two for one, two in zip(securities, futures, strict=True)]
    worst = min(range(len(both)), key=both.__getitem__)
    scenario: int | None = worst
    chosen = [worst]
    if case.pick is Pick.EACH_AGAINST:
        # Basis moves nothing but its own contract: the worse signs of all can happen at once.
        chosen = [min(pair, pair + 1, key=both.__getitem__) for pair in range(0, len(both), 2)]
        scenario = None
    return StressOutcome(
        case,
        scenario,
        Fraction(sum(securities[place] for place in chosen), GRID_PER_DOLLAR),
        Fraction(sum(futures[place] for place in chosen), GRID_PER_DOLLAR),
        repo,
    )


def worst_first(outcomes: Sequence[StressOutcome]) -> tuple[StressOutcome, ...]:
    """Return outcomes by combined P&L, the largest loss first, ties in the order of the cases."""
    return tuple(sorted(outcomes, key=lambda outcome: outcome.combined))
