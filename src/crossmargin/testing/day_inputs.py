"""What ``xm day run`` needs for a day on a simulated market, written into a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from crossmargin.feeds.market.directory import write_market_directory
from crossmargin.product.calendars import sifma_calendar
from crossmargin.simulation.book import demo_positions_csv
from crossmargin.simulation.market import DEMO_SEED, simulate_market

#: The first day of the tutorial's plan.
DAY = date(2026, 5, 11)
_PLAN = Path(__file__).resolve().parents[3] / "docs" / "tutorial" / "clearing-month.toml"
_RESIDUAL_INTEREST = f"""
[[instruction]]
date = {DAY}
at = "06:30 America/New_York"
action = "RESIDUAL_INTEREST_DEPOSIT"
asset = "CASH-USD"
quantity = "20000000.00"
"""


def write_day_inputs(folder: Path, customers: Mapping[str, tuple[str, int]]) -> None:
    """Write ``market``, ``plan.toml`` and ``positions.csv`` for one day, :data:`DAY`.

    Parameters
    ----------
    folder : Path
    customers : mapping of customer to (customer of the demo's book whose lines it has, dollars)
        What each brings in cash at the opening, whole dollars.
    """
    market = simulate_market(seed=DEMO_SEED, as_of=DAY)
    # The noon cycle asks for prices of the business day before: the day's own will do.
    sheet = market.tables["security_prices"]
    before = pl.lit(sifma_calendar().previous_business_day(DAY))
    earlier = sheet.with_columns(before.alias("price_date").cast(sheet["price_date"].dtype))
    tables = {**market.tables, "security_prices": pl.concat([earlier, sheet])}
    write_market_directory(
        folder / "market", tables, simulated=True, seed=market.seed, notes=market.notes
    )
    heading, *lines = demo_positions_csv(market).replace("DEMO-BD-FCM", "BD-FCM").splitlines()
    rows = [
        line.replace(f",{like},", f",{customer},", 1)
        for customer, (like, _) in customers.items()
        for line in lines
        if f",{like}," in line
    ]
    (folder / "positions.csv").write_text("\n".join([heading, *rows, ""]), "utf-8")
    plan = _PLAN.read_text("utf-8")
    of_parties = plan[: plan.index("[[deposit]]")]
    deposits = _deposits((name, dollars) for name, (_, dollars) in customers.items())
    (folder / "plan.toml").write_text(of_parties + deposits + _RESIDUAL_INTEREST, "utf-8")


def _deposits(brought: Iterable[tuple[str, int]]) -> str:
    return "\n".join(
        f'[[deposit]]\ndate = {DAY}\nat = "07:10 America/New_York"\ncustomer_id = "{customer}"\n'
        f'asset = "CASH-USD"\nquantity = "{dollars}.00"\n'
        for customer, dollars in brought
    )
