"""Every figure of the room, on small samples: what tests of charts and drawings go through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossmargin.charts import conditions, coverage, factors, requirement

__all__ = ["SAMPLES"]

NAN = float("nan")
DATES = [f"2020-{month:02d}-15" for month in range(1, 13)]
MARGINS = [float(each) for each in range(10, 22)]
LOSSES = [-5.0, 3.0, 11.5, 2.0, -30.0, 16.0, 1.0, 18.0, 0.0, 4.0, 22.0, -1.0]
BOOKS = ["ZN basis", "curve", "same direction"]

SAMPLES: dict[str, Callable[[], Any]] = {
    "par_yields_and_volatility": lambda: factors.par_yields_and_volatility(
        {"3M": 4.1, "2Y": 3.9, "10Y": 4.4},
        {"FICC-style": {"3M": 8.0, "2Y": 9.0, "10Y": 10.0}, "CME-style": {"3M": 2.0, "2Y": 4.0}},
    ),
    "correlation": lambda: factors.correlation(
        ["3M", "2Y", "ZN basis"],
        [[1.0, 0.5, -0.001], [0.5, 1.0, -0.9], [-0.001, -0.9, 1.0]],
        where="sample",
    ),
    "basis_volatility": lambda: factors.basis_volatility(
        ["ZT", "ZN", "UB"],
        {"ordinary dates": [1.8, 0.9, NAN], "stressed dates": [2.9, 6.2, NAN]},
        {"own": [90, 95, 0], "a neighbour's": [5, 0, 90], "redrawn": [5, 5, 10]},
    ),
    "key_rate_dv01": lambda: factors.key_rate_dv01(
        ["2Y", "5Y", "10Y"],
        {"securities": [10.0, 0.0, 90_000.0], "futures": [0.0, -5.0, -88_000.0]},
    ),
    "margin_against_loss": lambda: coverage.margin_against_loss(
        "10y long",
        DATES,
        margins={"HS": MARGINS, "MAX": [m + 2 for m in MARGINS]},
        losses=LOSSES,
        exceptions={
            "HS": [loss > margin for loss, margin in zip(LOSSES, MARGINS, strict=True)],
            "MAX": [False] * 12,
        },
        unit="per cent of market value",
    ),
    "coverage_by_maturity": lambda: coverage.coverage_by_maturity(
        {"long": [1, 2, 3], "short": [1, 2, 3]},
        {
            side: {"HS": [98.1, 99.0, 99.4], "FHS": [98.8, 98.9, 99.1], "MAX": [99.2, 99.5, 99.6]}
            for side in ("long", "short")
        },
        target_pct=99.0,
    ),
    "coverage_by_book": lambda: coverage.coverage_by_book(
        BOOKS, {"HS": [98.0, 99.1, 99.9], "MAX": [99.2, 99.3, 100.0]}, target_pct=99.0
    ),
    "procyclicality": lambda: coverage.procyclicality(
        BOOKS,
        {
            "coverage, per cent": {"HS": [98.0, 99.1, 99.9], "MAX": [99.2, 99.3, 100.0]},
            "average margin, per cent": {"HS": [1.0, 2.0, 3.0], "MAX": [1.2, 2.5, 3.1]},
            "peak over trough, ratio": {"HS": [1.5, 2.0, NAN], "MAX": [4.0, 5.0, 6.0]},
        },
    ),
    "saving_by_book": lambda: requirement.saving_by_book(
        BOOKS,
        {"FICC": [0.89, 0.68, -0.01], "CME": [0.99, 0.72, NAN]},
        threshold=0.01,
        cap=0.8,
    ),
    "saving_lost": lambda: requirement.saving_lost(
        ["all key rates", "all basis", "interaction"],
        {"FICC": [0.2, 0.04, -0.01], "CME": [0.12, -0.02, 0.1]},
        book="curve",
    ),
    "saving_against": lambda: requirement.saving_against(
        "How much basis volatility can the saving bear?",
        [0.0, 1.0, 5.0],
        {"ZN basis": [0.98, 0.9, 0.5], "curve": [0.7, 0.68, 0.4]},
        cap=0.8,
        unit="basis volatility, multiple",
    ),
    "requirement_through_time": lambda: requirement.requirement_through_time(
        "basis fund",
        DATES,
        standalone_dollars=[m * 1e6 for m in MARGINS],
        requirement_dollars=[m * 3e5 for m in MARGINS],
    ),
    "saving_and_binding": lambda: requirement.saving_and_binding(
        "basis fund",
        DATES,
        savings={"FICC": [0.7 + m / 100 for m in MARGINS], "CME": [0.9] * 12},
        binding=["FICC"] * 5 + ["CAP"] * 7,
        sides=["FICC", "CME", "CAP", "NONE"],
        cap=0.8,
    ),
    "stress_losses": lambda: requirement.stress_losses(
        "basis fund",
        ["March 2020", "parallel up", "basis blow-out"],
        [2.5e6, -1e6, 9e6],
        requirement_dollars=3e6,
    ),
    "tornado": lambda: requirement.tornado(
        "curve",
        ["arrangement.denominator", "ficc.lookback_years"],
        low_dollars=[1.0e6, 1.4e6],
        base_dollars=1.5e6,
        high_dollars=[1.9e6, 1.55e6],
    ),
    "roll_off_calendar": lambda: conditions.roll_off_calendar(
        "curve",
        {"FICC": (["2028-03-01", "2030-06-02"], [1.8e6, 2.4e6]), "CME": (["2031-01-05"], [1e6])},
        as_of="2026-03-24",
        level_dollars=1.8e6,
    ),
    "crowding": lambda: conditions.crowding(
        ["2Y", "5Y", "10Y"],
        {"securities": [2e6, 1e6, 3e6], "futures": [-2e6, -0.9e6, -2e6]},
        {"of a day's volume": [0.01, 0.02, 0.3], "of open interest": [0.02, 0.03, 0.1]},
    ),
    "knowledge": lambda: conditions.knowledge(
        ["ficc", "cme"], {"sourced": [10, 5], "recalled": [7, 2], "assumed": [3, 9]}
    ),
}
