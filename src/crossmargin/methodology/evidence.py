"""Parts that other analyses fill: walks, backtests of positions, stress, conditions, crowding.

What was not run is named: a reader must not take silence for a pass.
"""

from __future__ import annotations

from crossmargin.arrangement.reduction import Binding
from crossmargin.charts.conditions import crowding
from crossmargin.charts.coverage import margin_against_loss
from crossmargin.charts.requirement import (
    requirement_through_time,
    saving_against,
    saving_and_binding,
    stress_losses,
)
from crossmargin.methodology.inputs import (
    BacktestEvidence,
    CrowdingEvidence,
    Evidence,
    StressEvidence,
    WalkEvidence,
)
from crossmargin.methodology.values import Block, Figure, Paragraph, Part, table
from crossmargin.methodology.words import result

_NOT_RUN = "Not part of this build."
#: A figure with more bars cannot be read on paper.
_SCENARIOS_DRAWN = 24


def condition_parts(evidence: Evidence, *, cap: float, prefix: str = "") -> list[Part]:
    """Return how savings answer along conditions, and limits; nothing where none was asked."""
    answers = [
        Part(
            condition.question.rstrip("?"),
            (
                Figure(
                    f"{prefix}condition-{place}",
                    saving_against(
                        condition.question,
                        condition.values,
                        condition.savings,
                        cap=cap,
                        unit=condition.unit,
                    ),
                    Paragraph("The smaller of both models' savings, before the cap."),
                    "conditions of the benefit",
                ),
            ),
        )
        for place, condition in enumerate(evidence.conditions)
    ]
    return [*answers, *_limit_parts(evidence)]


def _limit_parts(evidence: Evidence) -> list[Part]:
    if not evidence.limits:
        return []
    rows = [[limits.name, *row] for limits in evidence.limits for row in limits.rows]
    return [
        Part(
            "Which limit is nearest",
            (
                Paragraph(
                    "Nearest first, book by book: by how much one figure would have to move until "
                    "the limit decides, or no longer decides, everything else held."
                ),
                table(
                    "Distance to every limit",
                    ("book", "limit", "state", "if", "by USD", "of stand-alone margin, %"),
                    rows,
                    origin="conditions of the benefit",
                    words=4,
                ),
            ),
        )
    ]


def stress_part(evidence: Evidence, *, prefix: str = "") -> Part:
    """Return losses under stress against the requirement."""
    blocks: list[Block] = []
    for place, stress in enumerate(evidence.stresses):
        blocks += _stress(stress, f"{prefix}stress-{place}")
    return Part("Losses under stress", tuple(blocks) or (Paragraph(_NOT_RUN),))


def _stress(stress: StressEvidence, name: str) -> list[Block]:
    rows = [
        [scenario, source, f"{loss:,.0f}", "yes" if loss > stress.requirement_dollars else "no"]
        for scenario, source, loss in zip(
            stress.scenarios, stress.sources, stress.loss_dollars, strict=True
        )
    ]
    return [
        Figure(
            name,
            stress_losses(
                stress.name,
                stress.scenarios[:_SCENARIOS_DRAWN],
                stress.loss_dollars[:_SCENARIOS_DRAWN],
                requirement_dollars=stress.requirement_dollars,
            ),
            Paragraph(
                "The largest losses; all scenarios are in the table. A bar beyond the upright line "
                "would not have been covered by the requirement of both clearing organizations."
            ),
            "stress",
        ),
        table(
            f"Stress: {stress.name}",
            ("scenario", "source", "loss, USD", "beyond"),
            rows,
            origin="stress",
            words=2,
        ),
    ]


def walk_part(evidence: Evidence, *, cap: float, prefix: str = "") -> Part:
    """Return the requirement and the saving day by day."""
    blocks: list[Block] = []
    for place, walk in enumerate(evidence.walks):
        blocks += _walk(walk, f"{prefix}walk-{place}", cap)
    return Part("Margin day by day", tuple(blocks) or (Paragraph(_NOT_RUN),))


def _walk(walk: WalkEvidence, name: str, cap: float) -> list[Block]:
    return [
        Figure(
            f"{name}-requirement",
            requirement_through_time(
                walk.name,
                walk.dates,
                standalone_dollars=walk.standalone_dollars,
                requirement_dollars=walk.requirement_dollars,
            ),
            Paragraph(
                "From {first} to {last}: both legs alone, and with the reduction of the day.",
                {
                    "first": result(walk.dates[0], "walk"),
                    "last": result(walk.dates[-1], "walk"),
                },
            ),
            "walk",
        ),
        Figure(
            f"{name}-saving",
            saving_and_binding(
                walk.name,
                walk.dates,
                savings=walk.savings,
                binding=[_side_words(side) for side in walk.binding],
                sides=[_side_words(side.value) for side in Binding],
                cap=cap,
            ),
            Paragraph("The smaller saving decides, unless cap or threshold does."),
            "walk",
        ),
    ]


def _side_words(side: str) -> str:
    clearing_organizations = (Binding.FICC.value, Binding.CME.value)
    return side if side in clearing_organizations else side.replace("_", " ").lower()


def backtest_part(evidence: Evidence, *, prefix: str = "") -> Part:
    """Return backtests of positions and of the offset itself."""
    blocks: list[Block] = []
    for place, backtest in enumerate(evidence.backtests):
        blocks += _backtest(backtest, f"{prefix}backtest-{place}")
    return Part(
        "Backtests of positions, and of the offset itself", tuple(blocks) or (Paragraph(_NOT_RUN),)
    )


def _backtest(backtest: BacktestEvidence, name: str) -> list[Block]:
    figures: list[Block] = [
        Figure(
            f"{name}-{place}",
            margin_against_loss(
                f"{backtest.name}, {tested}",
                backtest.dates,
                margins={tested: margins},
                losses=backtest.losses[tested],
                exceptions={tested: backtest.exceptions[tested]},
                unit=backtest.unit,
            ),
            Paragraph("Marks are losses that went beyond the margin held against them."),
            "backtest of positions",
        )
        for place, (tested, margins) in enumerate(backtest.margins.items())
    ]
    return [
        *figures,
        table(
            f"Verdicts: {backtest.name}",
            backtest.verdict_header,
            backtest.verdicts,
            origin="backtest of positions",
        ),
    ]


def crowding_part(evidence: CrowdingEvidence | None) -> Part:
    """Return where customers stand on the same side."""
    if evidence is None:
        return Part("Crowding", (Paragraph(_NOT_RUN),))
    return Part(
        "Crowding",
        (
            Figure(
                "crowding",
                crowding(evidence.tenors, evidence.dv01_dollars, evidence.share_of_volume),
                Paragraph(
                    "What all customers hold together would have to be traded together if the firm "
                    "failed."
                ),
                "crowding",
            ),
        ),
    )
