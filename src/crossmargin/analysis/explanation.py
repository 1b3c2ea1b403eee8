"""Why a saving is what it is: tail scenarios, key rates of both legs, factors one by one.

A saving falls short of one because the legs do not move together:
``1 - saving = combined / (securities + futures)``. What a risk factor costs is measured by
switching its shocks off, the others on, and pricing everything again, and is given twice:

* *lost*: what the combined figure falls by, as a share of the two stand-alone figures as they are.
  At FICC the figure is that of the simulation, because the VaR Floor would hide it; what repo
  volatility, bid-ask and the VaR Floor add is a line of its own. Lines and interaction add up to
  one less the saving: tails are not additive.
* *saving without*: the saving that the model would find with the factor off, all three figures
  priced again, floor included. It can be lower: a factor may move a leg alone more than both.

The same is done for whole kinds of factor (all key rates, all basis, both spread knots) at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.analysis.factors import RiskFactor, risk_factors
from crossmargin.margin.book import Block, ThreeFigures
from crossmargin.margin.cme.model import CmeModel
from crossmargin.margin.cme.span.model import SpanModel
from crossmargin.margin.exact import from_grid
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.simulation import Simulation
from crossmargin.margin.tail import tail_scenarios
from crossmargin.market.scenarios import ScenarioSet

#: How many of the largest losses are shown; the last is the one that sets the figure.
SHOWN_SCENARIOS = 5

Repriced = Callable[[Sequence[RiskFactor]], tuple[FiccModel, CmeModel | SpanModel]]

KIND_LABELS = {
    "key_rate": "all key rates",
    "basis": "all cash-futures basis",
    "spread": "both ends of the SOFR-Treasury spread",
}


@dataclass(frozen=True, slots=True)
class TailScenario:
    """One scenario of the combined portfolio's tail.

    Parameters
    ----------
    rank : int
        1 is the largest loss.
    start_date, end_date : date
        Whose move it repeats.
    securities, futures, combined : Fraction
        P&L in dollars, gains positive.
    """

    rank: int
    start_date: date
    end_date: date
    securities: Fraction
    futures: Fraction
    combined: Fraction


@dataclass(frozen=True, slots=True)
class FactorLoss:
    """What one line costs the saving, as each model sees it.

    Parameters
    ----------
    label : str
    ficc, cme : Fraction or None
        Lost, a share of the two stand-alone figures; None where there is no stand-alone margin.
    ficc_saving_without, cme_saving_without : Fraction or None
        Saving with the factor off; None for interaction, and where it is undefined.
    """

    label: str
    ficc: Fraction | None
    cme: Fraction | None
    ficc_saving_without: Fraction | None = None
    cme_saving_without: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One customer's saving taken apart.

    Parameters
    ----------
    ficc_tail : tuple of TailScenario
    cme_tail, cme_stress_tail : tuple of TailScenario
        Of the scaled history and of the stressed periods: the figure weighs the last of each. None
        where CME's engine is SPAN.
    by_factor, by_kind : tuple of FactorLoss
        Floor, factors (largest first, those that cost nothing left out) and interaction: each adds
        up to one less the saving.
    """

    ficc_tail: tuple[TailScenario, ...]
    cme_tail: tuple[TailScenario, ...]
    cme_stress_tail: tuple[TailScenario, ...]
    by_factor: tuple[FactorLoss, ...]
    by_kind: tuple[FactorLoss, ...]


def explain(
    ficc: FiccModel,
    cme: CmeModel | SpanModel,
    block: Block,
    *,
    repriced: Repriced,
    with_factors: bool = True,
) -> list[Explanation]:
    """Return an explanation of every portfolio of the block.

    Parameters
    ----------
    ficc, cme : models of the day
    block : Block
        XM accounts, one a row.
    repriced : callable
        Gives both models with some factors' shocks off.
    with_factors : bool
        Whether each factor is switched off alone, and not its kind alone: most of the time.
    """
    base = _Base.of(ficc, cme, block)
    singles = [(factor.label, (factor,)) for factor in risk_factors(ficc.scenarios.historical)]
    kinds = [
        (label, tuple(f for f in risk_factors(ficc.scenarios.historical) if f.kind == kind))
        for kind, label in KIND_LABELS.items()
    ]
    by_factor = base.losses(block, singles if with_factors else (), repriced)
    by_kind = base.losses(block, kinds, repriced)
    return [
        Explanation(
            ficc_tail=_tail(ficc.simulation, ficc.scenarios.historical, block, row),
            cme_tail=_cme_tail(cme, block, row, stressed=False),
            cme_stress_tail=_cme_tail(cme, block, row, stressed=True),
            by_factor=by_factor[row],
            by_kind=by_kind[row],
        )
        for row in range(block.count)
    ]


@dataclass(frozen=True, slots=True)
class _Base:
    """The block's figures with every factor on."""

    ficc: ThreeFigures
    cme: ThreeFigures
    cme_has_factors: bool

    @staticmethod
    def of(ficc: FiccModel, cme: CmeModel | SpanModel, block: Block) -> _Base:
        return _Base(ficc.three_figures(block), cme.three_figures(block), isinstance(cme, CmeModel))

    def losses(
        self,
        block: Block,
        groups: Sequence[tuple[str, tuple[RiskFactor, ...]]],
        repriced: Repriced,
    ) -> list[tuple[FactorLoss, ...]]:
        """Return, a row a portfolio, floor, groups and interaction."""
        lines: list[list[FactorLoss]] = [[] for _ in range(block.count)]
        for label, factors in groups:
            ficc_off, cme_off = (model.three_figures(block) for model in repriced(factors))
            for row, own in enumerate(lines):
                at_ficc = _share(
                    _simulation(self.ficc, row) - _simulation(ficc_off, row), self.ficc, row
                )
                own.append(
                    FactorLoss(
                        label,
                        at_ficc,
                        self._at_cme(_combined(self.cme, row) - _combined(cme_off, row), row),
                        _saving(ficc_off, row),
                        _saving(cme_off, row) if self.cme_has_factors else None,
                    )
                )
        return [self._whole(own, row) for row, own in enumerate(lines)]

    def _whole(self, lines: Sequence[FactorLoss], row: int) -> tuple[FactorLoss, ...]:
        above = _combined(self.ficc, row) - _simulation(self.ficc, row)
        floor = FactorLoss(
            "repo, bid-ask and VaR Floor above the simulation",
            _share(above, self.ficc, row),
            self._at_cme(Fraction(0), row),
            None,
            _saving(self.cme, row) if self.cme_has_factors else None,
        )
        interaction = FactorLoss(
            "interaction",
            _rest(_share(_combined(self.ficc, row), self.ficc, row), floor.ficc, lines, "ficc"),
            _rest(self._at_cme(_combined(self.cme, row), row), floor.cme, lines, "cme"),
        )
        return (*_ordered([floor, *lines]), interaction)

    def _at_cme(self, amount: Fraction, row: int) -> Fraction | None:
        """Return a share of CME's stand-alone figures; None where its engine has no factors."""
        return _share(amount, self.cme, row) if self.cme_has_factors else None


def _combined(figures: ThreeFigures, row: int) -> Fraction:
    return Fraction(figures.combined.charge_cents[row], 100)


def _simulation(figures: ThreeFigures, row: int) -> Fraction:
    """Return the FICC-style simulation's figure of the combined account, before the floor."""
    return figures.combined.components(row)["historical_simulation"]


def _saving(figures: ThreeFigures, row: int) -> Fraction | None:
    share = _share(_combined(figures, row), figures, row)
    return None if share is None else 1 - share


def _share(amount: Fraction, figures: ThreeFigures, row: int) -> Fraction | None:
    alone = figures.securities.charge_cents[row] + figures.futures.charge_cents[row]
    return None if alone == 0 else amount * 100 / alone


def _ordered(lines: Sequence[FactorLoss]) -> list[FactorLoss]:
    def size(line: FactorLoss) -> Fraction:
        return max(abs(line.ficc or Fraction(0)), abs(line.cme or Fraction(0)))

    return sorted(
        (line for line in lines if size(line) > 0), key=lambda line: (-size(line), line.label)
    )


def _rest(
    whole: Fraction | None, floor: Fraction | None, lines: Sequence[FactorLoss], model: str
) -> Fraction | None:
    if whole is None:
        return None
    parts = (getattr(line, model) for line in lines)
    return whole - sum((part or Fraction(0) for part in parts), start=floor or Fraction(0))


def _cme_tail(
    cme: CmeModel | SpanModel, block: Block, row: int, *, stressed: bool
) -> tuple[TailScenario, ...]:
    """Return a tail of CME's simulation; none where its engine is SPAN."""
    if isinstance(cme, SpanModel):
        return ()
    if stressed:
        return _tail(cme.stress, cme.scenarios.stress, block, row)
    return _tail(cme.historical, cme.scenarios.historical, block, row)


def _tail(
    simulation: Simulation, scenarios: ScenarioSet, block: Block, row: int
) -> tuple[TailScenario, ...]:
    """Return the largest losses of the combined portfolio, and the one that sets the figure."""
    one = block.rows(slice(row, row + 1))
    securities = simulation.pnl_dollars(one.securities_only())[0]
    futures = simulation.pnl_dollars(one.contracts_only())[0]
    worst = tail_scenarios(securities + futures, simulation.rank)
    shown = [*range(min(SHOWN_SCENARIOS - 1, len(worst) - 1)), len(worst) - 1]
    return tuple(
        TailScenario(
            rank=place + 1,
            start_date=scenarios.start_dates[worst[place]].astype(date),
            end_date=scenarios.end_dates[worst[place]].astype(date),
            securities=from_grid(float(securities[worst[place]])),
            futures=from_grid(float(futures[worst[place]])),
            combined=from_grid(float(securities[worst[place]] + futures[worst[place]])),
        )
        for place in shown
    )
