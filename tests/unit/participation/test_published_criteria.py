"""The table of criteria: what it must hold, and when each test is met."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap.books import published_criteria
from crossmargin.participation.criteria import (
    CriterionFacts,
    CriterionTest,
    UnmetCall,
    parse_criteria,
)
from crossmargin.participation.customer import CustomerFile
from crossmargin.participation.ownership import Owner, Relation
from crossmargin.participation.standing import Invoker, LeadsTo
from crossmargin.participation.steps import Step, StepTaken

_AT = datetime.fromisoformat("2026-05-12T11:00-04:00")
_OF_ONE = """
version = "1"
effective_from = 2026-01-01
status = "assumed"
source = "a test"
[[criterion]]
id = "A"
name = "a call"
test = "UNMET_CALL"
threshold_business_days = 2
evidence = "calls"
severity = "SERIOUS"
leads_to = "SUSPENSION"
invoked_by = ["BD_FCM"]
notice_business_days = 1
"""


def _facts(**changes: object) -> CriterionFacts:
    file = CustomerFile("FCM-1/FUND-1", (), (), (), (), Fraction(1, 10))
    return replace(CriterionFacts(file, (), {}), **changes)


def test_the_published_table_is_ours_and_says_so() -> None:
    table = published_criteria()
    assert (table.status, table.version) == ("assumed", "1")
    assert {each.test for each in table.criteria} == set(CriterionTest)
    assert {who for each in table.criteria for who in each.invoked_by} == set(Invoker)
    assert len(table.digest) == 64


def test_either_side_may_end_the_arrangement_and_nobody_else_for_it() -> None:
    withdrawals = {
        each.invoked_by: each.leads_to
        for each in published_criteria().criteria
        if each.name.endswith("withdraws its agreement")
    }
    assert withdrawals == {
        frozenset({Invoker.CUSTOMER}): LeadsTo.TERMINATION,
        frozenset({Invoker.BD_FCM}): LeadsTo.TERMINATION,
    }


def test_only_what_is_immediate_has_no_period() -> None:
    for each in published_criteria().criteria:
        assert each.is_immediate is (each.business_days_to_effect == 0), each.criterion_id


def test_an_id_that_is_not_published_is_refused_with_those_that_are() -> None:
    with pytest.raises(RefusedError) as refused:
        published_criteria().of("XM-99")
    (reason,) = refused.value.refusals
    assert (reason.field, reason.value, reason.rule) == ("criterion", "XM-99", "CP-18")
    assert "XM-01, XM-02" in reason.expected


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (_OF_ONE.replace('version = "1"', ""), "'version'"),
        (_OF_ONE.replace('"UNMET_CALL"', '"MOOD"'), "'MOOD' is not a valid"),
        (_OF_ONE.replace('["BD_FCM"]', "[]"), "names at least one"),
        (_OF_ONE.replace("= 2\n", "= true\n"), "expected whole days, was True"),
        (_OF_ONE.replace("threshold_business_days = 2", ""), "an age belongs to UNMET_CALL"),
        (_OF_ONE.replace('"SERIOUS"', '"IMMEDIATE"'), "a period runs unless"),
        (_OF_ONE.replace("2026-01-01", '"soon"'), "expected a date"),
        (_OF_ONE + _OF_ONE[_OF_ONE.index("[[criterion]]") :], "every id once"),
        ("[[", "a table of criteria"),
    ],
)
def test_a_table_at_fault_is_refused(wrong: str, told: str) -> None:
    with pytest.raises(RefusedError, match=_escaped(told)):
        parse_criteria(wrong, file="criteria.toml")


def test_an_unpaid_call_counts_from_its_age_on() -> None:
    (criterion,) = parse_criteria(_OF_ONE, file="criteria.toml").criteria
    calls = (UnmetCall("call/1", 1), UnmetCall("call/2", 2))
    assert criterion.met_by(_facts(unmet_calls=calls), _AT) == ("call/2",)
    assert criterion.met_by(_facts(unmet_calls=calls[:1]), _AT) == ()


def test_what_a_paper_states_is_met_by_the_paper() -> None:
    criterion = published_criteria().of("XM-06")
    assert criterion.met_by(_facts(), _AT) == ()
    assert criterion.met_by(_facts(stated={"XM-06": ("paper/1",)}), _AT) == ("paper/1",)
    assert criterion.met_by(_facts(stated={"XM-05": ("paper/1",)}), _AT) == ()


def test_papers_ownership_and_the_firm_are_read_from_the_file() -> None:
    table, facts = published_criteria(), _facts()
    assert table.of("XM-02").met_by(facts, _AT) == (
        *("PARTICIPATION_AND_SUBORDINATION", "DISCLOSURE"),
        *("PLEDGE_TO_BD_FCM", "OWNERSHIP_AND_CONTROL"),
    )
    assert table.of("XM-04").met_by(facts, _AT) == ("BROKER_DEALER",)
    owners = (Owner("A DIRECTOR", Fraction(1), Relation.OFFICER_OR_DIRECTOR),)
    declared = StepTaken(Step.DECLARED, owners=owners, at=_AT, record_id="step/1")
    theirs = _facts(file=replace(facts.file, steps=(declared,)))
    assert table.of("XM-03").met_by(theirs, _AT) == ("step/1",)
    others = (Owner("OTHERS", Fraction(1), Relation.NONE),)
    ours = _facts(file=replace(facts.file, steps=(replace(declared, owners=others),)))
    assert table.of("XM-03").met_by(ours, _AT) == ()


def test_a_version_says_since_when_it_holds() -> None:
    assert published_criteria().effective_from == date(2026, 4, 15)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[").replace("'", ".")
