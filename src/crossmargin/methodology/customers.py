"""The firm's customers: only the firm's own edition has this section."""

from __future__ import annotations

from crossmargin.basics.money import Money
from crossmargin.charts.factors import key_rate_dv01
from crossmargin.methodology.drivers import causes_figure, saving_cells
from crossmargin.methodology.evidence import (
    backtest_part,
    condition_parts,
    crowding_part,
    stress_part,
    walk_part,
)
from crossmargin.methodology.inputs import Book, FirmInputs, PackInputs
from crossmargin.methodology.scenarios import tail_part
from crossmargin.methodology.values import Block, Figure, Paragraph, Part, Section, Table, table
from crossmargin.methodology.words import dollars, per_cent, result, whole_dollars

_RUN = "margin run of the positions file"


def customers(inputs: PackInputs, firm: FirmInputs) -> Section:
    """Return the section: requirement, saving and explanation, customer by customer."""
    cap = float(inputs.rules.cap)
    return Section(
        "customers",
        "The firm's customers",
        (
            _all(firm),
            *(_one(customer, place) for place, customer in enumerate(firm.customers)),
            tail_part(inputs, firm.customers),
            backtest_part(firm.evidence, prefix="customers-"),
            walk_part(firm.evidence, cap=cap, prefix="customers-"),
            stress_part(firm.evidence, prefix="customers-"),
            *condition_parts(firm.evidence, cap=cap, prefix="customers-"),
            crowding_part(firm.crowding),
        ),
    )


def _all(firm: FirmInputs) -> Part:
    alone = Money.total(each.requirement.standalone for each in firm.customers)
    together = Money.total(each.requirement.requirement for each in firm.customers)
    rows = [
        [
            each.name,
            dollars(each.requirement.standalone),
            dollars(each.requirement.requirement),
            dollars(each.requirement.saved),
            *saving_cells(each),
            "yes" if each.requirement.order_check.passes else "no",
            "yes" if each.incomplete else "no",
        ]
        for each in firm.customers
    ]
    return Part(
        "Every customer",
        (
            Paragraph(
                "{count} customers of the positions file {digest}: {alone} dollars with no "
                "arrangement, {together} cross-margined. Nothing is netted between them.",
                {
                    "count": result(len(firm.customers), _RUN),
                    "digest": result(firm.positions_sha256, "SHA of the positions file"),
                    "alone": result(dollars(alone), _RUN),
                    "together": result(dollars(together), _RUN),
                },
            ),
            table(
                "Requirement and saving",
                (
                    *("customer", "alone, USD", "cross-margined, USD", "saved, USD"),
                    *("FICC saves", "CME saves", "reduction", "decided by"),
                    *("order check passes", "incomplete"),
                ),
                rows,
                origin=_RUN,
            ),
        ),
    )


def _one(customer: Book, place: int) -> Part:
    requirement = customer.requirement
    rows = []
    for name, side, own in (
        ("FICC", requirement.ficc, "securities"),
        ("CME", requirement.cme, "futures"),
    ):
        three = side.figures.three
        rows.append(
            [
                name,
                own,
                *(dollars(each) for each in (three.securities, three.futures, three.combined)),
                per_cent(side.saving),
                dollars(side.reduced),
                dollars(Money(side.figures.add_on_cents)),
                dollars(side.outside),
                dollars(side.requirement + side.outside),
            ]
        )
    blocks: list[Block] = [
        Paragraph(
            "Requirement {requirement} dollars, {saved} saved; decided by {binding}.",
            {
                "requirement": result(dollars(requirement.requirement), _RUN),
                "saved": result(dollars(requirement.saved), _RUN),
                "binding": result(requirement.reduction.binding.value, _RUN),
            },
        ),
        table(
            f"What each clearing organization finds: {customer.name}",
            (
                *("clearing organization", "own leg", "securities, USD", "futures, USD"),
                *("both, USD", "saves", "reduced, USD", "add-ons, USD", "outside, USD"),
                "collects, USD",
            ),
            rows,
            origin=_RUN,
            words=2,
        ),
    ]
    if customer.not_computed:
        names = ", ".join(name.replace("_", " ") for name in customer.not_computed)
        blocks.append(
            Paragraph(
                "Charges that could not be computed: {names}.", {"names": result(names, _RUN)}
            )
        )
    if any(customer.securities_dv01) and any(customer.futures_dv01):
        blocks += [
            Figure(
                f"customer-{place}-legs",
                key_rate_dv01(
                    customer.key_tenors,
                    {"securities": customer.securities_dv01, "futures": customer.futures_dv01},
                ),
                Paragraph("Bars of opposite sign offset at that rate, and only there in full."),
                _RUN,
            ),
            causes_figure(customer, name=f"customer-{place}-lost"),
        ]
    blocks.append(_positions(customer))
    return Part(customer.name, tuple(blocks))


def _positions(customer: Book) -> Table:
    rows = [
        [
            each.label,
            f"{float(each.quantity):,.0f}",
            whole_dollars(each.contribution),
            dollars(each.incremental),
        ]
        for each in customer.positions
    ]
    return table(
        f"Positions of the XM account: {customer.name}",
        ("position", "par, contracts or dollar-days", "contribution, USD", "without it less, USD"),
        rows,
        origin=_RUN,
    )
