"""Parameter files: every fault is named with file, line and parameter, and all at once."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.parameters.reading import parse_parameters
from crossmargin.parameters.registry import ParameterSet

MODEL = """owner = "arrangement"

[[model]]
version = "1"
name = "the rule"
effective_from = "2024-01-22"
review = "not reviewed by the CFTC or the SEC"
"""
CAP_LINE = 9
GOOD = {
    "value": "0.80",
    "unit": "ratio",
    "source": "a notice",
    "status": "sourced",
    "effective_from": "2024-01-22",
}
RANGE = {"low": "0.70", "high": "0.90", "range_source": "a guess"}


def table(name: str, keys: dict[str, str], *, array: bool = False) -> str:
    head = f"[[{name}]]" if array else f"[{name}]"
    return "\n".join([head, *(f'{key} = "{value}"' for key, value in keys.items())]) + "\n"


def faults(text: str) -> list[Refusal]:
    with pytest.raises(RefusedError) as caught:
        parse_parameters(text, file="own.toml")
    assert all(fault.file == "own.toml" for fault in caught.value.refusals)
    return list(caught.value.refusals)


def versions(*spans: tuple[str, str | None]) -> str:
    text = MODEL
    for first, last in spans:
        keys = {**GOOD, "effective_from": first}
        text += "\n" + table("cap", keys | ({"effective_to": last} if last else {}), array=True)
    return text


def test_a_good_file_is_read() -> None:
    read = parse_parameters(MODEL + "\n" + table("cap", GOOD | RANGE), file="own.toml")
    (cap,) = read.versions
    assert (read.owner, cap.low, cap.high, cap.range_source) == (
        "arrangement",
        "0.70",
        "0.90",
        "a guess",
    )
    assert read.lines["cap", 0] == CAP_LINE
    assert read.models[0].review == "not reviewed by the CFTC or the SEC"


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"sorce": "x"}, "cap.sorce", "source, the nearest known"),
        ({"status": "known"}, "cap.status", "one of sourced, recalled"),
        ({"source": " "}, "cap.source", "not empty"),
        ({"unit": ""}, "cap.unit", "not empty"),
        ({"effective_from": "soon"}, "cap.effective_from", "a date as in"),
        ({"effective_to": "2026-02-30"}, "cap.effective_to", "a date as in"),
        ({"effective_to": "2024-01-21"}, "cap.effective_to", "from 2024-01-22 on"),
        ({"effective_to": "2026-01-21"}, "cap.effective_to", "no gap"),
        ({"effective_from": "unknown"}, "cap.effective_from", "one version at least"),
        ({"low": "0.7"}, "cap.low", "together"),
        ({"low": "0.7", "high": "0.9"}, "cap.low", "together"),
        (RANGE | {"low": "0.95"}, "cap.low", "no more than high"),
        (RANGE | {"low": "0.85"}, "cap.value", "within its range, 0.85 to 0.90"),
        (RANGE | {"high": "0.79"}, "cap.value", "within its range, 0.70 to 0.79"),
        (RANGE | {"low": "0.80", "high": "0.80"}, "cap.low", "another value"),
        (RANGE | {"low": "little"}, "cap.low", "of the kind of '0.80'"),
        (RANGE | {"no_range": "a page says so"}, "cap.no_range", "not both"),
        ({"no_range": " "}, "cap.no_range", "not empty"),
        ({"status": "recalled"}, "cap.no_range", "or no_range: the value is recalled"),
        ({"status": "inferred"}, "cap.no_range", "or no_range: the value is inferred"),
        ({"status": "assumed"}, "cap.no_range", "or no_range: the value is assumed"),
    ],
)
def test_a_fault_is_refused_with_file_line_and_parameter(
    change: dict[str, str], field: str, says: str
) -> None:
    (fault,) = faults(MODEL + "\n" + table("cap", GOOD | change))
    assert (fault.field, fault.line) == (field, CAP_LINE)
    assert says in fault.expected


def test_an_uncertain_value_has_a_range_or_a_reason_and_in_a_users_file_may_lack_both() -> None:
    uncertain = GOOD | {"status": "assumed"}
    reason = {"no_range": "it is a limit that moves nothing"}
    (cap,) = parse_parameters(MODEL + table("cap", uncertain | reason), file="f").versions
    assert (cap.is_uncertain, cap.has_range, cap.no_range) == (True, False, reason["no_range"])
    assert cap.as_document()["no_range"] == reason["no_range"]
    assert parse_parameters(MODEL + table("cap", uncertain | RANGE), file="f").versions[0].has_range
    own = parse_parameters(MODEL + table("cap", uncertain), file="f", is_own=True)
    assert (own.versions[0].has_range, own.versions[0].no_range) == (False, None)
    assert "no_range" not in own.versions[0].as_document()


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_key_is_refused(key: str) -> None:
    keys = {name: value for name, value in GOOD.items() if name != key}
    (fault,) = faults(MODEL + "\n" + table("cap", keys))
    assert (fault.field, fault.value, fault.line) == (f"cap.{key}", "missing", CAP_LINE)


def test_a_value_without_quotes_is_refused() -> None:
    text = MODEL + "\n" + table("cap", GOOD).replace('"0.80"', "0.80")
    (fault,) = faults(text)
    assert (fault.field, fault.value, fault.line) == ("cap.value", "0.8", CAP_LINE)


def test_what_is_no_toml_is_refused_with_its_place() -> None:
    (fault,) = faults(MODEL + "cap = = 1\n")
    assert (fault.expected, fault.line) == ("TOML", CAP_LINE - 1)


def test_a_parameter_that_is_no_table_is_refused() -> None:
    (fault,) = faults('cap = "0.8"\n' + MODEL)
    assert fault.field == "cap"


@pytest.mark.parametrize(
    ("spans", "says"),
    [
        ([("2024-01-22", "2025-12-31"), ("2026-01-02", None)], "no gap"),
        ([("2024-01-22", "2026-01-01"), ("2026-01-01", None)], "no overlap"),
        ([("2024-01-22", None), ("2024-01-22", None)], "a date of its own"),
    ],
)
def test_dates_of_versions_leave_no_day_without_one_value(
    spans: list[tuple[str, str | None]], says: str
) -> None:
    (fault,) = faults(versions(*spans))
    assert says in fault.expected
    assert fault.line == versions(*spans).splitlines().index("[[cap]]", CAP_LINE) + 1


@pytest.mark.parametrize("end", ["2025-12-31", None])
def test_versions_that_follow_each_other_are_read(end: str | None) -> None:
    read = parse_parameters(versions(("2024-01-22", end), ("2026-01-01", None)), file="f")
    for day, since in ((date(2025, 12, 31), "2024-01-22"), (date(2026, 1, 1), "2026-01-01")):
        rules = ParameterSet.from_file(read, on=day)
        assert rules.parameters["cap"].since == since


def test_a_pending_version_is_kept_and_never_in_force() -> None:
    text = versions(("2024-01-22", None), ("unknown", None))
    rules = ParameterSet.from_file(parse_parameters(text, file="f"), on=date.max)
    assert rules.parameters["cap"].since == "2024-01-22"
    assert [version.since for version in rules.pending["cap"]] == ["unknown"]


def test_every_fault_is_named_at_once() -> None:
    text = MODEL.replace("review", "revue") + table("cap", GOOD | {"status": "x", "low": "1"})
    assert [fault.field for fault in faults(text)] == [
        "model.revue",
        "model.review",
        "cap.status",
        "cap.low",
    ]


@pytest.mark.parametrize("change", [("2024-01-22", "soon"), ('"1"', "1")])
def test_a_model_version_with_a_fault_is_refused(change: tuple[str, str]) -> None:
    (fault,) = faults(MODEL.replace(*change) + table("cap", GOOD))
    assert fault.field.startswith("model.")
    assert fault.line == MODEL.splitlines().index("[[model]]") + 1


def test_two_model_versions_with_one_date_are_refused() -> None:
    body = MODEL.partition("\n\n")[2]
    (fault,) = faults(MODEL + body + table("cap", GOOD))
    assert (fault.field, fault.value) == ("model.effective_from", "2024-01-22")


def test_the_model_version_in_force_is_that_of_the_day() -> None:
    later = MODEL.partition("\n\n")[2].replace('"1"', '"2"').replace("2024-01-22", "2026-01-01")
    read = parse_parameters(MODEL + later + table("cap", GOOD), file="f")
    found = [ParameterSet.from_file(read, on=date(year, 6, 1)).model for year in (2020, 2025, 2026)]
    assert [model.version for model in found if model] == ["1", "1", "2"]


def test_alternatives_of_a_choice_have_no_order() -> None:
    keys = GOOD | {"value": "b", "low": "z", "high": "a", "range_source": "both are read"}
    (choice,) = parse_parameters(MODEL + table("cap", keys), file="f").versions
    assert choice.range_text == "z to a"


def test_a_domain_stands_in_the_first_version_and_holds_for_all() -> None:
    first = table("cap", GOOD | {"minimum": "0", "maximum": "1"}, array=True)
    later = table("cap", GOOD | {"effective_from": "2026-01-01", "value": "1.5"}, array=True)
    (fault,) = faults(MODEL + first + later)
    assert (fault.field, fault.value, fault.expected) == ("cap.value", "1.5", "a ratio from 0 to 1")
    assert fault.line == (MODEL + first).count("\n") + 1
    (fault,) = faults(MODEL + first + later.replace("1.5", "1") + 'minimum = "-1"\n')
    assert "first version alone" in fault.expected


@pytest.mark.parametrize(
    ("line", "field", "says"),
    [
        ('form = "figure"', "cap.form", "one of number, numbers"),
        ("minimum = 0", "cap.minimum", "a text in quotes"),
        ('minimum = "little"', "cap.minimum", "a plain decimal number"),
        ('choices = "0.80"', "cap.choices", "a list of texts"),
        ("choices = []", "cap.choices", "a list of texts"),
        ("whole = false", "cap.whole", "true, or no such key"),
        ('form = "date"\nminimum = "2026"', "cap.minimum", "a date"),
        ('minium = "0"', "cap.minium", "minimum, the nearest known"),
    ],
)
def test_a_domain_with_a_fault_is_refused(line: str, field: str, says: str) -> None:
    found = faults(MODEL + table("cap", GOOD) + line + "\n")
    assert (found[0].field, says in found[0].expected) == (field, True)


@pytest.mark.parametrize("end", ["low", "high"])
def test_an_end_outside_the_domain_is_refused(end: str) -> None:
    keys = GOOD | RANGE | {"below": "0.85", "above": "0.75"}
    found = faults(MODEL + table("cap", keys))
    expected = "a ratio above 0.75 and below 0.85"
    assert [(each.field, each.expected) for each in found] == [
        ("cap.low", expected),
        ("cap.high", expected),
    ]


def test_what_must_fit_is_looked_at_on_every_day_a_version_begins() -> None:
    years = {**GOOD, "value": "0, 5", "unit": "years", "form": "numbers", "maximum": "9"}
    rates = {**years, "value": "1, 2", "unit": "bp"}
    text = MODEL + table("years", years) + table("rates", rates, array=True)
    text += 'length_of = ["years"]\n'
    assert len(parse_parameters(text, file="f").versions) == 2
    later = {**rates, "value": "1", "effective_from": "2026-01-01"}
    for key in ("form", "maximum"):
        later.pop(key)
    (fault,) = faults(text + table("rates", later, array=True))
    assert (fault.field, fault.value, fault.line) == ("rates.value", "1", text.count("\n") + 1)
    assert "as many as years (bp); years is '0, 5'" in fault.expected
    ranged = rates | {"low": "1", "high": "1, 3", "range_source": "a guess"}
    (fault,) = faults(MODEL + table("years", years) + table("rates", ranged) + text[-22:])
    assert (fault.field, fault.value) == ("rates.low", "1")
