"""What ``xm default simulate`` needs on the simulated market, and how tests run it."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from crossmargin.cli.main import app
from crossmargin.simulation.book import demo_positions_csv
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing.markets import write_simulated_market

#: A firm that fails of a loss of its own.
FIRM = """bd_fcm = "DEMO-BD-FCM"
residual_interest = "2000000.00"
adjusted_net_capital = "5000000.00"

[default]
proprietary_loss = "8000000.00"

[[customer]]
customer_id = "CURVE-FUND"
cash_at_bd_fcm = "10.00"

[[futures_customer]]
customer_id = "MERCHANT"
requirement = "4000000.00"

[[futures_customer]]
customer_id = "MILL"
requirement = "1000000.00"
result = "-1500000.00"
"""
#: A path on which what the market did from that day on is done again.
SHOCK = ("--shock", "2025-04-07")


def write_default_inputs(folder: Path, simulation: SimulatedMarket) -> None:
    """Write a market, the firm and positions of two customers into a folder.

    ``turned.csv`` has the same positions in another order, ``whole.csv`` those of all customers.
    """
    write_simulated_market(folder / "market", simulation)
    header, *lines = demo_positions_csv(simulation).splitlines()
    kept = [line for line in lines if "CURVE-FUND" in line or "REPO-CUSTOMER" in line]
    for name, rows in (("positions", kept), ("turned", kept[::-1]), ("whole", lines)):
        (folder / f"{name}.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    (folder / "firm.toml").write_text(FIRM, encoding="utf-8")


def xm_default(
    folder: Path,
    *more: str | Path,
    positions: str | Path = "positions.csv",
    firm: Path | None = None,
) -> Result:
    """Run ``xm default simulate`` on what :func:`write_default_inputs` wrote into a folder.

    Parameters
    ----------
    folder : Path
    *more : str or Path
        Options beside ``--market`` and ``--firm``.
    positions : str or Path
        One of its files, or another.
    firm : Path, optional
        Another firm than its own.
    """
    market = ("--market", folder / "market", "--firm", firm or folder / "firm.toml")
    arguments = ["default", "simulate", folder / positions, *market, *more]
    environment = {"COLUMNS": "120", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(each) for each in arguments], env=environment)
