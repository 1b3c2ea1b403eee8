"""The document of a previous run: what is taken from it, and every way in which it is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.fallback import AgreedFactor
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.previous_run.reading import read_previous_run

FUND = CustomerKey("BD1", "FUND")
AT = "2026-03-24T20:30:00-04:00"
EARLIER = {
    "factor": "1/2",
    "reduction": "0.500000",
    "binding": "CME",
    "cycle": "ITD",
    "as_of": "2026-03-24",
    "at": "2026-03-24T12:00:00-04:00",
    "digest": "c" * 64,
    "age_minutes": 510,
}


def _ccp(securities: str, futures: str, combined: str, saving: str, requirement: str) -> dict:
    return {
        "securities": securities,
        "futures": futures,
        "combined": combined,
        "saving": saving,
        "requirement": requirement,
        "outside": "7.00",
        "standalone": "107.00",
    }


def body() -> dict[str, Any]:
    """Return the part of a document that a later run reads, and a key that it does not."""
    return {
        "as_of": "2026-03-24",
        "cycle": "EOD",
        "market": {"simulated": False, "digest": "a" * 64},
        "parameters": {"digest": "b" * 64},
        "cutoffs": {
            "cycle_date": "2026-03-24",
            "at": AT,
            "ficc": {"positions_at": "2026-03-24T20:00:00-04:00"},
            "cme": {"positions_at": "2026-03-24T19:30:00-05:00"},
        },
        "customers": [
            {
                "bd_fcm": "BD1",
                "customer_id": "FUND",
                "ficc": _ccp("100.00", "90.00", "60.00", "0.684211", "31.58"),
                "cme": _ccp("95.00", "92.00", "46.75", "0.750000", "29.06"),
                "reduction": "0.684211",
                "binding": "FICC",
                "requirement": "74.64",
                "standalone": "206.00",
                "incomplete": False,
                "fallback": {
                    "source": "current",
                    "reason": None,
                    "factor": "13/19",
                    "last": None,
                },
            }
        ],
        "something_new": ["kept"],
    }


def written(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "eod.json"
    signed = {**document, "digest": digest_of(document)}
    path.write_text(json.dumps(signed), encoding="utf-8")
    return path


def refusals_of(path: Path) -> dict[str, str]:
    with pytest.raises(RefusedError) as refused:
        read_previous_run(path)
    assert {each.file for each in refused.value.refusals} == {path.name}
    assert all(each.rule and each.expected for each in refused.value.refusals)
    return {each.field: each.expected for each in refused.value.refusals}


def test_what_a_later_run_takes(tmp_path):
    document = body()
    run = read_previous_run(written(tmp_path, document))
    assert (run.as_of, run.cycle, run.simulated) == (date(2026, 3, 24), Cycle.EOD, False)
    assert run.at == datetime.fromisoformat(AT)
    assert run.ficc_positions_at == datetime.fromisoformat("2026-03-25T00:00+00:00")
    assert run.digest == digest_of(document)
    assert run.document["something_new"] == ["kept"]
    customer = run.customers[FUND]
    assert customer.reduction == Fraction(13, 19)
    assert customer.collected.ficc.total == Money(31_58 + 7_00)
    assert customer.collected.total == customer.requirement == Money(74_64)
    assert (customer.ficc.saving, customer.cme.saving) == (
        Fraction(684211, 10**6),
        Fraction(3, 4),
    )
    assert run.agreed_factor(FUND) == AgreedFactor(
        Fraction(13, 19), Binding.FICC, Cycle.EOD, run.as_of, run.at, run.digest
    )
    assert run.agreed_factor(CustomerKey("BD2", "FUND")) is None


def test_an_indicative_run_has_no_agreed_factor(tmp_path):
    run = read_previous_run(written(tmp_path, {**body(), "cycle": "CUR"}))
    assert run.agreed_factor(FUND) is None


@pytest.mark.parametrize(
    ("source", "factor", "reduction"),
    [("last_factor", "2/5", "0.400000"), ("none", "0", "0.000000")],
)
def test_a_factor_that_was_fallen_back_on_keeps_its_own_run(tmp_path, source, factor, reduction):
    document = body()
    customer = document["customers"][0]
    customer |= {"reduction": reduction, "binding": "CME"}
    customer["fallback"] = {
        "source": source,
        "reason": "AS_AGREED",
        "factor": factor,
        "last": EARLIER,
    }
    run = read_previous_run(written(tmp_path, document))
    assert run.customers[FUND].reduction == Fraction(factor)
    assert run.agreed_factor(FUND) == AgreedFactor(
        Fraction(1, 2),
        Binding.CME,
        Cycle.ITD,
        date(2026, 3, 24),
        datetime.fromisoformat("2026-03-24T12:00-04:00"),
        "c" * 64,
    )


def test_no_last_factor_is_none_and_not_a_factor_of_zero(tmp_path):
    document = body()
    customer = document["customers"][0]
    customer |= {"reduction": "0.000000", "binding": "NONE"}
    customer["fallback"] = {"source": "none", "reason": "POLICY", "factor": "0", "last": None}
    assert read_previous_run(written(tmp_path, document)).agreed_factor(FUND) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"", "Expecting value"),
        (b"customer_id,quantity\n", "Expecting value"),
        (b"[]", "list"),
        (b'"text"', "str"),
        (b"\xff\xfe\x00", "codec"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_what_is_no_json_object_is_refused(tmp_path, text, value):
    path = tmp_path / "eod.json"
    path.write_bytes(text)
    with pytest.raises(RefusedError) as refused:
        read_previous_run(path)
    (refusal,) = refused.value.refusals
    assert (refusal.field, refusal.file) == ("previous", "eod.json")
    assert value in refusal.value


def test_a_folder_is_refused(tmp_path):
    assert list(refusals_of(tmp_path)) == ["previous"]


@pytest.mark.parametrize(
    "document", [{}, {"refused": []}, {"digest": 5, "customers": []}, {"digest": "a" * 64}]
)
def test_another_document_is_refused_by_its_keys(tmp_path, document):
    path = tmp_path / "other.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert list(refusals_of(path)) == ["keys"]


def test_a_changed_document_is_refused(tmp_path):
    document = body()
    path = written(tmp_path, document)
    text = path.read_text(encoding="utf-8").replace('"incomplete": false', '"incomplete": true')
    path.write_text(text, encoding="utf-8")
    expected = refusals_of(path)
    assert list(expected) == ["digest"]
    assert "the document was changed" in expected["digest"]


def test_a_float_is_refused(tmp_path):
    path = written(tmp_path, body())
    text = path.read_text(encoding="utf-8").replace('"74.64"', "74.64")
    path.write_text(text, encoding="utf-8")
    assert list(refusals_of(path)) == ["digest", "customers[0].requirement"]


def _set(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        if value is KeyError:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_set("as_of", value="24 March"), "as_of"),
        (_set("cycle", value="SOD"), "cycle"),
        (_set("cycle", value=["EOD"]), "cycle"),
        (_set("cutoffs", value=KeyError), "cutoffs.at"),
        (_set("cutoffs", "at", value="2026-03-24T20:30:00"), "cutoffs.at"),
        (_set("cutoffs", "cycle_date", value=None), "cutoffs.cycle_date"),
        (_set("market", "simulated", value="no"), "market.simulated"),
        (_set("market", "digest", value="short"), "market.digest"),
        (_set("parameters", value=[]), "parameters.digest"),
        (_set("customers", value={}), "customers"),
        (_set("customers", 0, value="FUND"), "customers[0].ficc.securities"),
        (_set("customers", 0, "ficc", "outside", value="7.001"), "customers[0].ficc.outside"),
        (_set("customers", 0, "cme", "futures", value="-1.00"), "customers[0].cme.futures"),
        (_set("customers", 0, "cme", "saving", value="1/0"), "customers[0].cme.saving"),
        (_set("customers", 0, "cme", "saving", value="1e9"), "customers[0].cme.saving"),
        (_set("customers", 0, "requirement", value="74.65"), "customers[0].requirement"),
        (_set("customers", 0, "binding", value="LAST"), "customers[0].binding"),
        (_set("customers", 0, "customer_id", value=""), "customers[0].customer_id"),
        (_set("customers", 0, "fallback", value=KeyError), "customers[0].fallback.source"),
        (_set("customers", 0, "fallback", "factor", value="12/19"), "customers[0].fallback.factor"),
        (_set("customers", 0, "reduction", value="0.684212"), "customers[0].fallback.factor"),
        (_set("customers", 0, "fallback", "source", value="guess"), "customers[0].fallback.source"),
    ],
)
def test_a_value_that_is_missing_or_wrong_is_named(tmp_path, change, field):
    document = copy.deepcopy(body())
    change(document)
    assert field in refusals_of(written(tmp_path, document))


@pytest.mark.parametrize(
    ("name", "value"),
    [("factor", "3/2"), ("cycle", "CUR"), ("at", "yesterday"), ("digest", ""), ("binding", None)],
)
def test_a_last_factor_that_nobody_agreed_on_is_refused(tmp_path, name, value):
    document = body()
    document["customers"][0]["fallback"] |= {"source": "none", "last": {**EARLIER, name: value}}
    assert any("fallback.last" in field for field in refusals_of(written(tmp_path, document)))


def test_a_factor_above_one_is_refused(tmp_path):
    document = body()
    document["customers"][0] |= {"reduction": "2.000000"}
    document["customers"][0]["fallback"]["factor"] = "2"
    assert list(refusals_of(written(tmp_path, document))) == ["customers[0].fallback.factor"]


def test_a_customer_that_stands_twice_is_refused(tmp_path):
    document = body()
    document["customers"] *= 2
    assert list(refusals_of(written(tmp_path, document))) == ["customers[1].customer_id"]


def test_every_fault_is_named_not_the_first(tmp_path):
    document = body()
    document["as_of"], document["customers"][0]["standalone"] = "?", "?"
    assert set(refusals_of(written(tmp_path, document))) == {"as_of", "customers[0].standalone"}
