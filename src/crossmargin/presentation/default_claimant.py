"""What the page of one claimant says: from the last cycle to the difference to no arrangement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.default_readings import (
    own_readings_table,
    rate,
    reading_of_record,
    readings_lines,
)
from crossmargin.presentation.default_tables import (
    PART_WORDS,
    PARTS_ORDER,
    lost_less,
    payout_terms_line,
    story,
    worded,
)
from crossmargin.presentation.page_tables import money, table, usd_and_cents
from crossmargin.presentation.tables import per_cent

Document = Mapping[str, Any]
_SIDES = ("FICC", "CME")
_PLACES = (*_SIDES, "BD-FCM")
_CASES = {"with_arrangement": "with the arrangement", "without_arrangement": "without it"}
_WITH = "with_arrangement"


def claimant_sections(document: Document, claimant: str) -> list[tuple[str, list[str | Table]]]:
    """Return the sections of a claimant's page."""
    customers = document["claimants"][claimant]["customers"]
    sections: list[tuple[str, list[str | Table]]] = [
        ("What happened to the firm", [*story(document, customers)]),
        ("The last cycle", [_last_cycle(document, customers), *_securities(document, customers)]),
        ("Close-out, day by day", list(_close_outs(document, customers))),
        ("Payments between FICC and CME", list(_payments(document, customers))),
        *(
            (f"Net equity {words}", list(_net_equity(document[case], claimant)))
            for case, words in _CASES.items()
        ),
        ("Funded balance and distributions", list(_distributions(document, claimant))),
        ("Securities and cash", list(_delivered(document, claimant))),
        ("With and without the arrangement", list(_difference(document, claimant))),
    ]
    return sections


def _last_cycle(document: Document, customers: list[str]) -> Table:
    rows = []
    for case, words in _CASES.items():
        for name in customers:
            held = document[case]["customers"].get(name)
            if held is None:  # with no arrangement a customer has one account
                continue
            rows.append(
                (
                    f"{name}, {words}",
                    *(money(held["requirement"][side]) for side in _SIDES),
                    *(
                        money(held["property"][place]["cash"], held["property"][place][_VALUE])
                        for place in _PLACES
                    ),
                    money(held["property_value"]),
                )
            )
    header = (
        *("customer", "required by FICC", "required by CME"),
        *("held at FICC", "held at CME", "held at the BD-FCM", "held in all"),
    )
    return table("Requirement and property held at the last cycle, US dollars", header, rows)


_VALUE = "securities_value"


def _securities(document: Document, customers: list[str]) -> Iterator[Table]:
    rows = [
        (
            f"{each['cusip']} at {each['at']}",
            f"{each['par']:,}",
            *(money(each[part]) for part in ("market_value", "haircut", "counted")),
        )
        for each in document["collateral"]
        if each["customer"] in customers
    ]
    if rows:
        header = ("security", "par", "market value", "haircut", "counted")
        yield table("Securities as margin, US dollars", header, rows)


def _delivered(document: Document, claimant: str) -> Iterator[str | Table]:
    of = document["claimants"][claimant]["delivered"]
    cusips = sorted({cusip for case in _CASES for cusip in of[case]["par_by_cusip"]})
    yield table(
        "What the recovery is made of, US dollars",
        ("", *_CASES.values()),
        [
            *(
                (
                    f"par of {cusip}",
                    *(f"{of[case]['par_by_cusip'].get(cusip, 0):,}" for case in _CASES),
                )
                for cusip in cusips
            ),
            ("securities at their value", *(money(of[case][_VALUE]) for case in _CASES)),
            ("cash", *(money(of[case]["cash"]) for case in _CASES)),
        ],
    )


def _close_outs(document: Document, customers: list[str]) -> Iterator[str | Table]:
    any_closed = False
    for case, words in _CASES.items():
        for name in customers:
            closed = document[case]["close_outs"].get(name)
            if closed is None:
                continue
            any_closed = True
            rows = [
                (
                    day["date"],
                    side["clearing_organization"],
                    per_cent(str(_share(day["held_share"]))),
                    money(day["marks"]),
                    money(day["impact"]),
                    money(day["marks"], f"-{day['impact']}"),
                )
                for side in closed["sides"]
                for day in side["days"]
            ]
            rows.sort()
            yield table(
                f"Close-out of {name} {words}, {closed['method']}, US dollars",
                ("date", "at", "still held", "marks", "impact", "result"),
                rows,
                figures_from=2,
            )
            yield (
                f"Result: {usd_and_cents(closed['result'])}, of which impact cost "
                f"{usd_and_cents(closed['impact'])}."
            )
    if any_closed:
        yield (
            "Marks are what the market did to what was still held when the day began; impact is "
            "what selling cost beyond the mark. A gain is positive."
        )
    else:
        yield "Nothing was closed out: the positions stay open."


def _share(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    return int(numerator) / int(denominator or "1")


def _payments(document: Document, customers: list[str]) -> Iterator[str | Table]:
    case = document[_WITH]
    if case["sides"] is None:
        yield "None: the firm stands."
        return
    rows = [
        (
            name,
            side,
            *(
                money(case["sides"][side]["customers"][name][part])
                for part in ("margin", "result", "paid_in", "received", "balance")
            ),
        )
        for name in customers
        for side in _SIDES
    ]
    yield table(
        "At each clearing organization with the arrangement, US dollars",
        ("customer", "at", "margin", "result", "paid in by the firm", "received", "left"),
        rows,
        figures_from=2,
    )
    for name in customers:
        for each in (case["payments"] or {"customers": {}})["customers"].get(name, []):
            yield (
                f"{each['payer']} pays {each['payee']} {usd_and_cents(each['amount'])} for {name}: "
                f"{each['kind']}, {worded(each['rule_set'])}."
            )
    yield (
        "Margin goes first to the customer's own loss where it lies. What is received is negative "
        "where it was paid to the other clearing organization."
    )


_STEPS = {
    "step_2_aggregated": "two: accounts of one class and capacity together",
    "step_3_after_set_off": "three: after set-offs",
    "step_4_after_distributions": "four: with what moved after the filing",
    "step_5_net_equity": "five: corrected, and the claim",
}


def _net_equity(case: Document, claimant: str) -> Iterator[str | Table]:
    estate = case["estate"]
    if estate is None:
        yield "No claim: the firm stands and owes the equity of the accounts."
        return
    claim = estate["claims"][claimant]
    rows = [
        (
            f"futures account of {name}",
            *(
                money(each[part])
                for part in ("ledger_balance", "open_trade_balance", "property_value")
            ),
            money(each["equity_balance"]),
        )
        for name, each in claim["step_1_equity"].items()
    ]
    rows += [
        (name, "", "", "", money(equity)) for name, equity in claim["step_1_other_accounts"].items()
    ]
    yield table(
        "Step one: equity of each account, US dollars",
        ("account", "ledger balance", "open trade balance", "property", "equity"),
        rows,
    )
    steps = [
        (said, worded(account_class), money(amount))
        for step, said in _STEPS.items()
        for account_class, amount in claim[step].items()
    ]
    yield table("Steps two to five, US dollars", ("step", "class", "equity"), steps, figures_from=2)
    yield (
        f"Debts outside the accounts: {usd_and_cents(claim['owed_by_customer'])} owed by the "
        f"customer, {usd_and_cents(claim['owed_to_customer'])} owed to it. General claim by "
        f"set-off: {usd_and_cents(claim['general_claim'])}."
    )
    yield "The net equity is the same in whichever bucket a FICC position stands."
    yield table(
        "The claim in all, and what is owed to the estate, US dollars",
        ("", "amount"),
        list(_whole_claim(claim)),
    )


def _whole_claim(claim: Document) -> Iterator[tuple[str, str]]:
    """Yield the claim on both estates, each with what was set off."""
    of_classes = money(claim["claim"], f"-{claim['segregated_claim']}")
    against = claim["set_off_against_segregated_claim"]
    yield ("net equity of account classes (step five)", of_classes)
    if Decimal(claim["deficit_set_off"]):
        yield (
            "in it: a deficit at FICC set off in step three",
            money(f"-{claim['deficit_set_off']}"),
        )
    if Decimal(claim["segregated_equity"]):
        yield (
            "Segregated Customer Margin at FICC with its result, in no step",
            money(claim["segregated_equity"]),
        )
        yield ("set off against it: debts to the estate", money(f"-{against}"))
        yield ("claim on Segregated Customer Margin", money(claim["segregated_claim"]))
    yield ("claim in all", money(claim["claim"]))
    yield (
        "owed to the estate before set-off against that margin",
        money(claim["debt_to_the_estate"], against),
    )
    yield ("owed to the estate after it", money(claim["debt_to_the_estate"]))


def _distributions(document: Document, claimant: str) -> Iterator[str | Table]:
    estate = document[_WITH]["estate"]
    if estate is None:
        recovered = document["claimants"][claimant][_WITH]["recovered"]
        yield f"The firm pays {usd_and_cents(recovered)}, the equity of the accounts."
        return
    claim = estate["claims"][claimant]
    yield (
        f"Claim {usd_and_cents(claim['claim'])}; funded balance {usd_and_cents(claim['paid'])}. "
        f"The futures class pays {rate(estate['futures_rate'])} of public claims "
        f"({reading_of_record(document)})."
    )
    rows = [
        (
            each["date"],
            _occasion(each, claimant),
            rate(each["rate"]),
            money(each["paid"][claimant]),
        )
        for each in document[_WITH]["distributions"]
        if claimant in each["paid"]
    ]
    if not rows:
        yield "Nothing is paid."
        return
    yield table(
        "Distributions and corrections, US dollars",
        ("date", "occasion", "rate of the futures class then", "paid"),
        rows,
        figures_from=2,
    )
    yield payout_terms_line(document)


def _occasion(each: Document, claimant: str) -> str:
    """Return why something is paid; the trustee's reason where it is of this claimant alone."""
    is_own = each["reason"] and each["claimant"] == claimant
    return worded(each["occasion"]) + (f": {each['reason']}" if is_own else "")


_RECOVERY = {
    "margin": "property put in",
    "other_accounts": "equity of other accounts",
    "result": "result of the close-out",
    "beyond_property": "losses beyond the property, less what is set off or disallowed",
    "claim": "claim",
    "unpaid": "not paid by the pool",
    "recovered": "recovered",
    "lost": "put in and not recovered",
}


def _difference(document: Document, claimant: str) -> Iterator[str | Table]:
    found = document["claimants"][claimant]
    yield table(
        "Recovery in both cases, US dollars",
        ("", *_CASES.values()),
        [
            (words, *(money(found[case][name]) for case in _CASES))
            for name, words in _RECOVERY.items()
        ],
    )
    parts = found["difference"]
    yield (
        "Put in and not recovered, the arrangement makes it "
        f"{usd_and_cents(lost_less(found))} less (negative: more; {reading_of_record(document)})."
    )
    rows = [(said[1], money(parts[name])) for name, said in PART_WORDS.items()]
    yield table(
        "Recovery with the arrangement less recovery without it, US dollars",
        ("part", "amount"),
        [*rows, ("Difference: the sum of the parts", money(parts["total"]))],
    )
    yield (
        f"Of the difference {usd_and_cents(parts['margin_collected'])} is margin put in that "
        "differs: the customer's own. All other parts together are "
        f"{usd_and_cents(lost_less(found))}."
    )
    yield PARTS_ORDER
    yield own_readings_table(document, claimant)
    yield from readings_lines(document)
