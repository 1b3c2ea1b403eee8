"""What the trustee's summary says: the failure, both sides, property, claims, distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.default_tables import (
    estate_lines,
    lost_less,
    of_ficcs_loss,
    put_in,
    rate,
    story,
    worded,
)
from crossmargin.presentation.page_tables import money, table

Document = Mapping[str, Any]
_CASES = {"with_arrangement": "with the arrangement", "without_arrangement": "without it"}


def trustee_sections(document: Document) -> list[tuple[str, list[str | Table]]]:
    """Return the sections of the trustee's summary."""
    return [
        ("What happened to the firm", [*story(document), *_failures(document)]),
        *((f"The estate {said}", list(_estate(document[case]))) for case, said in _CASES.items()),
        ("Claimants with and without the arrangement", [_claimants(document)]),
    ]


def _failures(document: Document) -> Iterator[Table]:
    for case, said in _CASES.items():
        days = document[case]["failure"]["days"]
        if days:
            yield table(
                f"Who pays the defaulters' losses {said}, since the default, US dollars",
                (
                    *("date", "lost", "gained", "paid by margin", "BD-FCM"),
                    *("residual interest", "capital", "unpaid"),
                ),
                [
                    (
                        each["date"],
                        *(
                            money(each[part])
                            for part in (
                                *("lost", "gained", "from_margin", "from_bd_fcm"),
                                *("from_residual_interest", "from_capital", "unpaid"),
                            )
                        ),
                    )
                    for each in days
                ],
            )


def _estate(case: Document) -> Iterator[str | Table]:
    estate = case["estate"]
    if estate is None:
        yield "None: the firm stands."
        return
    yield from estate_lines(case)
    held = estate["property"]
    yield table(
        "Property of the futures class, US dollars",
        ("from", "amount"),
        [
            *((f"returned by {name}", money(each)) for name, each in held["returned"].items()),
            ("at the BD-FCM", money(held["at_bd_fcm"])),
            ("residual interest left", money(held["residual_interest"])),
            ("recovered since", money(held["recovered"])),
            ("elsewhere", money(held["elsewhere"])),
            ("in all", money(held["total"])),
        ],
    )
    yield table(
        "Account classes, US dollars",
        ("class", "public claims", "for public claims", "rate"),
        [
            (
                worded(name),
                money(each["public_claims"]),
                money(each["for_public_claims"]),
                rate(each["rate"]) if Decimal(each["public_claims"]) else "-",
            )
            for name, each in estate["classes"].items()
        ],
    )
    yield table(
        "Claims, US dollars",
        ("claimant", "class of customer", "net equity", "transferred", "paid", "owes the estate"),
        [
            (
                name,
                ("public" if each["public"] else "non-public")
                + (", XM" if each["participates"] else ""),
                *(
                    money(each[part])
                    for part in ("claim", "transferred", "paid", "debt_to_the_estate")
                ),
            )
            for name, each in estate["claims"].items()
        ],
        figures_from=2,
    )
    if estate["framework_one"] is not None:
        yield _framework(estate["framework_one"])
    general = estate["general_estate"]
    assets = [(worded(name), money(each), "") for name, each in general["assets"].items()]
    if case["if_cme_pays"] is not None:
        unpaid = ("of it FICC's unpaid loss", money(of_ficcs_loss(case)), "")
        assets.insert(list(general["assets"]).index("left_of_customer_property") + 1, unpaid)
    yield table(
        "General estate, US dollars",
        ("", "assets", "claims"),
        [
            *assets,
            *((worded(name), "", money(each)) for name, each in general["claims"].items()),
        ],
    )


def _framework(found: Document) -> Table:
    return table(
        "One pool, and framework one beside it, US dollars",
        ("customers", "one pool", "framework one"),
        [
            (name, money(found["pooled"][key]), money(found["framework_one"][key]))
            for key, name in (("non_xm", "outside the arrangement"), ("xm", "of the arrangement"))
        ],
    )


def _claimants(document: Document) -> Table:
    return table(
        "Loss and recovery of each claimant, other accounts among what is put in, US dollars",
        (
            *("claimant", "lost with", "lost without", "lost less with"),
            *("put in with", "put in without", "recovered with", "recovered without"),
        ),
        [
            (
                name,
                *(money(each[case]["lost"]) for case in _CASES),
                money(lost_less(each)),
                *(money(put_in(each[case])) for case in _CASES),
                *(money(each[case]["recovered"]) for case in _CASES),
            )
            for name, each in document["claimants"].items()
        ],
    )
