"""A whole drill of a port: margins at receivers, assignment, divided accounts, packages.

Customers are cut from the demo's six, each with a share of one's lines; receivers have nearly equal
room, together for less than everybody. This is ``xm port drill`` in a process of its own on a
simulated market: reading files is in it.

Run: python benchmarks/port_drill.py [--customers N] [--receivers N] [--set OWNER.NAME=VALUE], the
last as in ``xm port drill``. Bar on two processors: a minute for 1,000 customers over 12 receivers,
with the gap that is printed.
"""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crossmargin.market.seeds import generator
from crossmargin.participation.entities import RegistrationKind
from crossmargin.simulation.book import demo_positions_csv
from crossmargin.simulation.market import DEMO_SEED, SimulatedMarket, simulate_market
from crossmargin.testing.markets import write_simulated_market
from machine import describe, stolen_jiffies
from porting import sizes_parser

_STREAM = 78
_EIGHTHS = (1, 2, 3, 5, 8)
_BOND_LOT = 100
_ACCEPTS = ('"XM", "STANDALONE", "FUTURES"', '"XM", "FUTURES"', '"XM", "FUTURES"', '"FUTURES"')
_MARGIN_MAX_A_CUSTOMER, _SPREAD = 4_000_000, 0.04


def cut(market: SimulatedMarket, count: int) -> str:
    """Return a positions file: each customer some eighths of the lines of one of the demo's."""
    random = generator(DEMO_SEED, _STREAM)
    rows = list(csv.DictReader(io.StringIO(demo_positions_csv(market))))
    names = sorted({row["customer_id"] for row in rows})
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    for number in range(count):
        eighths = int(random.choice(_EIGHTHS))
        for row in rows:
            if row["customer_id"] == names[number % len(names)]:
                writer.writerow({**row, "customer_id": f"C{number:04}", **_share(row, eighths)})
    return text.getvalue()


def _share(row: dict[str, str], eighths: int) -> dict[str, str]:
    """Return some eighths of a line, in whole lots; all of it where that is none."""
    whole, lot = (
        int(row["quantity"]),
        _BOND_LOT if len(row["instrument"]) == len("912828XX1") else 1,
    )
    quantity = int(whole * eighths / 8 / lot) * lot or whole
    if not row["start_amount"]:
        return {"quantity": str(quantity)}
    start = round(float(row["start_amount"]) * quantity / whole, 2)
    return {"quantity": str(quantity), "start_amount": f"{start:.2f}"}


def receivers_text(count: int, customers: int) -> str:
    """Return the file of receivers: near equal room, for less than everybody's margin."""
    return "".join(_receiver(number, count, customers) for number in range(count))


def _lei(number: int) -> str:
    """Return an identifier with its check digits (ISO 17442: ISO 7064 MOD 97-10)."""
    stem = f"INVENTEDRECEIVER{number:02}"
    digits = "".join(str(int(letter, 36)) for letter in stem)
    return f"{stem}{98 - int(digits + '00') % 97:02}"


def _receiver(number: int, count: int, customers: int) -> str:
    room = _MARGIN_MAX_A_CUSTOMER * customers / count * (1 + _SPREAD * number)
    name = f"R{number:02}"
    registrations = "".join(
        f'[[registration]]\nreceiver_id = "{name}"\nkind = "{kind}"\n'
        f'lei = "{_lei(number)}"\nfirst = 2015-01-02\n'
        for kind in RegistrationKind
    )
    return (
        f'[[receiver]]\nreceiver_id = "{name}"\naccepts = [{_ACCEPTS[number % len(_ACCEPTS)]}]\n'
        f'adjusted_net_capital = "{room:.0f}.00"\nrisk_margin = "0.00"\n'
        f'house_add_on = "0.{number % len(_ACCEPTS) * 5:02}"\nfinishes_onboarding_later = true\n'
        f"accounts_max = {customers * 13 // 10 // count}\n"
        f'margin_max = "{room:.0f}.00"\ntop_up_max = "{room / 20:.0f}.00"\n'
        f'agreement_sha256 = "{"ab" * 32}"\nagreement_first = 2026-01-05\n{registrations}'
    )


def main() -> None:
    """Run and print."""
    parser = sizes_parser(__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="OWNER.NAME=VALUE")
    given = parser.parse_args()
    market = simulate_market(seed=DEMO_SEED)
    print(describe())
    with tempfile.TemporaryDirectory(prefix="xm-drill-") as name:
        folder = Path(name)
        write_simulated_market(folder / "market", market)
        (folder / "positions.csv").write_text(cut(market, given.customers), "utf-8")
        (folder / "receivers.toml").write_text(
            receivers_text(given.receivers, given.customers), "utf-8"
        )
        command = (sys.executable, "-m", "crossmargin", "port", "drill", "positions.csv")
        files = ("--market", "market", "--receivers", "receivers.toml")
        trigger = ("--trigger", "TRANSFER_REQUIRED", "--since", market.as_of.isoformat())
        changes = [word for each in given.set for word in ("--set", each)]
        before, began = stolen_jiffies(), time.perf_counter()
        subprocess.run((*command, *files, *trigger, *changes), cwd=folder, check=True)
        wall = time.perf_counter() - began
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"wall {wall:.1f} s, processor {spent.ru_utime + spent.ru_stime:.1f} s, "
        f"peak {spent.ru_maxrss // 1024} MB, stolen {stolen_jiffies() - before} jiffies"
    )


if __name__ == "__main__":
    main()
