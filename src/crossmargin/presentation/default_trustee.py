"""What the trustee's summary says: the failure, both sides, property, claims, distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.default_readings import (
    guaranty_lines,
    rate,
    readings_lines,
    readings_table,
    under_one_reading,
)
from crossmargin.presentation.default_tables import (
    PART_WORDS,
    PARTS_ORDER,
    estate_lines,
    lost_less,
    payout_terms_line,
    put_in,
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
        ("Claimants with and without the arrangement", list(_comparison(document))),
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
            *_set_off_rows(held["from_segregated_margin"], held["to_segregated_margin"]),
            ("in all", money(held["total"])),
        ],
    )
    yield _classes(estate["classes"])
    yield _segregated(estate["segregated_customer_margin"])
    yield _claims(estate["claims"])
    if estate["framework_one"] is not None:
        yield _framework(estate["framework_one"])
    general = estate["general_estate"]
    assets = [(worded(name), money(each), "") for name, each in general["assets"].items()]
    yield table(
        "General estate, US dollars",
        ("", "assets", "claims"),
        [
            *assets,
            *((worded(name), "", money(each)) for name, each in general["claims"].items()),
        ],
    )


def _set_off_rows(received: str, paid: str) -> list[tuple[str, str]]:
    """Return what came and went between the two estates for debts that were set off."""
    return [
        ("from Segregated Customer Margin for debts set off", money(received)),
        ("to Segregated Customer Margin for debts set off", money(f"-{paid}")),
    ]


def _classes(classes: Document) -> Table:
    in_all = [
        money(*(each[part] for each in classes.values()))
        for part in ("public_claims", "for_public_claims")
    ]
    return table(
        "Account classes, Segregated Customer Margin left out, US dollars",
        ("class", "public claims", "for public claims", "rate"),
        [
            *(
                (
                    worded(name),
                    money(each["public_claims"]),
                    money(each["for_public_claims"]),
                    rate(each["rate"]) if Decimal(each["public_claims"]) else "-",
                )
                for name, each in classes.items()
            ),
            ("in all", *in_all, ""),
        ],
    )


def _segregated(found: Document) -> Table:
    parts = (found["returned"], found["from_classes"], f"-{found['to_classes']}")
    return table(
        "Segregated Customer Margin at FICC, US dollars",
        ("", "amount"),
        [
            ("returned by FICC", money(found["returned"])),
            ("from the account classes for debts set off", money(found["from_classes"])),
            ("to the account classes for debts set off", money(f"-{found['to_classes']}")),
            ("for claims", money(*parts)),
            ("claims", money(found["claims"])),
            ("paid", money(found["paid"])),
            ("left", money(found["left"])),
        ],
    )


def _claims(claims: Document) -> Table:
    """Return every claim, on the account classes and on Segregated Customer Margin apart."""
    rows = [
        (
            name,
            ("public" if each["public"] else "non-public")
            + (", XM" if each["participates"] else ""),
            *map(money, _claim_cells(each)),
        )
        for name, each in claims.items()
    ]
    for words, is_public in (("public, in all", True), ("non-public, in all", False)):
        of = [_claim_cells(each) for each in claims.values() if each["public"] is is_public]
        if of:
            rows.append((words, "", *(money(*column) for column in zip(*of, strict=True))))
    return table(
        "Claims, on the account classes and on Segregated Customer Margin (SCM), US dollars",
        (
            *("claimant", "class of customer", "net equity of account classes", "claim on SCM"),
            *("transferred", "paid by account classes", "paid by SCM", "owes the estate"),
        ),
        rows,
        figures_from=2,
    )


def _claim_cells(claim: Document) -> tuple[str, ...]:
    apart, paid_apart = claim["segregated_claim"], claim["paid_of_segregated_margin"]
    return (
        str(Decimal(claim["claim"]) - Decimal(apart)),
        apart,
        claim["transferred"],
        str(Decimal(claim["paid"]) - Decimal(paid_apart)),
        paid_apart,
        claim["debt_to_the_estate"],
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


def _comparison(document: Document) -> Iterator[str | Table]:
    yield under_one_reading(document)
    yield _claimants(document)
    yield _parts(document)
    yield from (f"{short}: {said}" for short, said in PART_WORDS.values())
    yield PARTS_ORDER
    yield readings_table(document)
    yield from readings_lines(document)
    yield from guaranty_lines(document)
    yield payout_terms_line(document)


def _claimants(document: Document) -> Table:
    """Return what each claimant loses and recovers in both cases, and what all do."""
    return table(
        "Loss and recovery of each claimant, other accounts among what is put in, US dollars",
        (
            *("claimant", "lost with", "lost without", "lost less with"),
            *("put in with", "put in without", "recovered with", "recovered without"),
        ),
        _in_all(
            {
                name: (
                    *(each[case]["lost"] for case in _CASES),
                    lost_less(each),
                    *(put_in(each[case]) for case in _CASES),
                    *(each[case]["recovered"] for case in _CASES),
                )
                for name, each in document["claimants"].items()
            }
        ),
    )


def _parts(document: Document) -> Table:
    """Return why recovery with the arrangement is not that without it, claimant by claimant."""
    return table(
        "Recovery with the arrangement less recovery without it, in parts, US dollars",
        ("claimant", *(short for short, _ in PART_WORDS.values()), "difference"),
        _in_all(
            {
                name: tuple(each["difference"][part] for part in (*PART_WORDS, "total"))
                for name, each in document["claimants"].items()
            }
        ),
    )


def _in_all(rows: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return rows of figures, and last what they come to."""
    sums = (money(*column) for column in zip(*rows.values(), strict=True))
    return [*((name, *map(money, cells)) for name, cells in rows.items()), ("in all", *sums)]
