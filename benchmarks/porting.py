"""Porting 1,000 customers over 12 receivers: admission, assignment, proof of everyone who stays.

Customers and receivers are invented from a seed: claims log-normal, margins a share of them, one in
three outside the arrangement; receivers differ in memberships, terms, add-ons and room. ``scarce``
receivers have room for less than everybody's margin, ``ample`` ones for more. Margins are given:
computing them is another benchmark.

Run: python benchmarks/porting.py [--customers N] [--receivers N]. Bar on two processors: a minute,
with the gap that is printed.
"""

from __future__ import annotations

import argparse
import time
from fractions import Fraction

import numpy as np

from crossmargin.basics.money import Money
from crossmargin.default_management.porting.customers import Carriage, PortingCustomer
from crossmargin.default_management.porting.plan import Plan, make_plan
from crossmargin.default_management.porting.receivers import Receiver
from crossmargin.default_management.porting.solver import solver_version
from crossmargin.market.seeds import generator
from crossmargin.testing.porting import customer, inputs, receiver
from machine import describe, stolen_jiffies

_SEEDS = (1, 2, 3)
_STREAM = 77
_ACCEPTS = (
    tuple(Carriage),
    (Carriage.XM, Carriage.FUTURES),
    (Carriage.XM, Carriage.FUTURES),
    (Carriage.FUTURES,),
)
_ROOMS = {"scarce": 0.7, "ample": 1.3}


def invented(
    seed: int, room: float, *, customers: int, receivers: int
) -> tuple[list[PortingCustomer], list[Receiver]]:
    """Return customers and receivers of a seed; receivers have room for a share of all margin."""
    random = generator(seed, _STREAM)
    claims = np.exp(random.normal(16.0, 1.4, customers)).astype(np.int64)
    shares = random.uniform(0.5, 1.0, customers)
    outside = random.uniform(size=customers) < 1 / 3
    people = [
        customer(
            f"C{number:04}",
            int(claim),
            int(claim * share),
            standalone=int(claim * share * 3),
            futures_only=bool(alone),
        )
        for number, (claim, share, alone) in enumerate(zip(claims, shares, outside, strict=True))
    ]
    all_margin = Money.total(each.margin_before for each in people).cents // 100
    firms = []
    for number in range(receivers):
        size = random.uniform(0.5, 1.5) * room / receivers
        firms.append(
            receiver(
                f"R{number:02}",
                accepts=_ACCEPTS[number % len(_ACCEPTS)],
                capital=int(all_margin * size * 0.1),
                add_on=Fraction(number % len(_ACCEPTS), 20),
                accounts_max=int(customers / receivers * 1.4),
                margin_max=int(all_margin * size),
                customer_max=int(np.exp(19.0)),
                top_up_max=int(all_margin * 0.01 / receivers),
            )
        )
    return people, firms


def report(name: str, seed: int, plan: Plan, seconds: float) -> None:
    """Print one run: how long, how many, how near the bound."""
    placed, _, top_up, _, _ = plan.solution.stages
    whole = sum(each.is_whole for each in plan.outcomes)
    proofs = sum(len(each.stays) for each in plan.outcomes)
    print(
        f"{name}, seed {seed}: {seconds:.1f} s; {whole} of {len(plan.outcomes)} placed, "
        f"{Money(placed.reached)} of at most {Money(placed.bound)}, gap {float(placed.gap):.4%}; "
        f"top-ups {Money(top_up.reached)}, bound {Money(top_up.bound)}; "
        f"{proofs} verdicts on those who stay"
    )


def sizes_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of how many customers go to how many receivers."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--receivers", type=int, default=12)
    return parser


def main() -> None:
    """Run and print."""
    given = sizes_parser(__doc__).parse_args()
    print(f"{describe()}, {solver_version()}")
    before = stolen_jiffies()
    for name, room in _ROOMS.items():
        for seed in _SEEDS:
            people, firms = invented(
                seed, room, customers=given.customers, receivers=given.receivers
            )
            began = time.perf_counter()
            plan = make_plan(inputs(people, firms))
            report(name, seed, plan, time.perf_counter() - began)
    print(f"stolen {stolen_jiffies() - before} jiffies")


if __name__ == "__main__":
    main()
