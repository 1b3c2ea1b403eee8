"""What the trustee's summary says: the failure, both sides, property, claims, distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.default_tables import estate_lines, rate, story
from crossmargin.presentation.page_tables import money, table

Document = Mapping[str, Any]
_CASES = {"with_arrangement": "with the arrangement", "without_arrangement": "without it"}


def trustee_sections(document: Document) -> list[tuple[str, list[str | Table]]]:
    """Return the sections of the trustee's summary."""
    return [
        ("What happened to the firm", [*story(document), *_failures(document)]),
        *((f"The estate {words}", list(_estate(document[case]))) for case, words in _CASES.items()),
        ("Claimants with and without the arrangement", [_claimants(document)]),
    ]


def _failures(document: Document) -> Iterator[Table]:
    for case, words in _CASES.items():
        days = document[case]["failure"]["days"]
        if days:
            yield table(
                f"Who pays the defaulters' losses {words}, since the default, US dollars",
                ("date", "result", "margin", "BD-FCM", "residual interest", "capital", "unpaid"),
                [
                    (
                        each["date"],
                        *(
                            money(each[part])
                            for part in (
                                *("result", "from_margin", "from_bd_fcm"),
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
                name,
                money(each["public_claims"]),
                money(each["for_public_claims"]),
                rate(each["rate"]),
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
    yield _framework(estate["framework_one"])
    general = estate["general_estate"]
    yield table(
        "General estate, US dollars",
        ("", "assets", "claims"),
        [
            *(
                (name.replace("_", " "), money(each), "")
                for name, each in general["assets"].items()
            ),
            *(
                (name.replace("_", " "), "", money(each))
                for name, each in general["claims"].items()
            ),
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
        "Recovery of each claimant, US dollars",
        ("claimant", "with", "without", "difference", "lost with", "lost without"),
        [
            (
                name,
                *(money(each[case]["recovered"]) for case in _CASES),
                money(each["difference"]["total"]),
                *(money(each[case]["lost"]) for case in _CASES),
            )
            for name, each in document["claimants"].items()
        ],
    )
