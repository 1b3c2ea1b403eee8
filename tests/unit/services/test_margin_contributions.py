"""What positions, factors and components add: it adds up, and follows from small changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.analysis.contributions import RequirementSplit
from crossmargin.arrangement.eligibility import EligibilityRules, recognise
from crossmargin.arrangement.fallback import requirement_at
from crossmargin.arrangement.reduction import Binding, Reduction, ReductionRules
from crossmargin.bootstrap import parameter_sets
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.market.history import MarketData
from crossmargin.presentation.explanation import explanation_document
from crossmargin.product.position import Account, PositionLine
from crossmargin.services.customer_books import customer_books, instrument_labels
from crossmargin.services.margin_change import RunInputs, change_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_explanation import CustomerExplanation, explain_run
from crossmargin.services.margin_positions import MarginRun, PositionsInput, margin_positions
from crossmargin.services.margin_run import CustomerResult, margin_customers
from crossmargin.testing.builders import AS_OF, position

_EXECUTOR = ThreadExecutor(1)


def positions_of(*lines: PositionLine) -> PositionsInput:
    return PositionsInput("lines.csv", "0" * 64, len(lines), lines, ())


def run_of(day: MarginDay, *lines: PositionLine) -> MarginRun:
    recognition = recognise(
        lines,
        as_of=day.as_of,
        securities=day.prices.prices,
        rules=EligibilityRules.from_parameters(day.parameters.arrangement),
    )
    books = customer_books(day, recognition)
    result = margin_customers(day, books, _EXECUTOR)
    return MarginRun(positions_of(*lines), result, tuple(books), ())


@pytest.fixture(scope="module")
def note(simulated_day: MarginDay) -> str:
    future = next(f for f in simulated_day.valuation.contracts if f.contract.code == "ZNM26")
    return simulated_day.valuation.book.prices[future.cheapest_row].security.cusip.text


CASES = ("HEDGED", "CAPPED", "SAME-WAY", "OUTSIDE-TOO", "TINY")


def held(customer: str, note: str) -> tuple[PositionLine, ...]:
    return {
        "HEDGED": (
            position(customer, note, 400_000_000),
            position(customer, "ZNM6", -1_200),
            position(customer, "TNM6", -900),
        ),
        "CAPPED": (position(customer, note, 400_000_000), position(customer, "ZNM6", -4_500)),
        "SAME-WAY": (position(customer, note, 400_000_000), position(customer, "ZNM6", 1_000)),
        "OUTSIDE-TOO": (
            position(customer, note, 400_000_000),
            position(customer, "ZNM6", -3_900),
            position(customer, "ZBM6", 300, account=Account.REGULAR),
        ),
        "TINY": (position(customer, note, 100_000), position(customer, "ZNM6", -1)),
    }[customer]


@pytest.fixture(scope="module")
def lines(note: str) -> dict[str, tuple[PositionLine, ...]]:
    return {name: held(name, note) for name in CASES}


@pytest.fixture(scope="module")
def results(
    simulated_day: MarginDay, lines: dict[str, tuple[PositionLine, ...]]
) -> dict[str, tuple[CustomerResult, CustomerExplanation]]:
    run = run_of(simulated_day, *(line for each in lines.values() for line in each))
    return {
        customer.key.customer_id: (customer, explained)
        for customer, explained in zip(run.result.customers, explain_run(run), strict=True)
    }


def rounding_of(split: RequirementSplit) -> Fraction:
    """What rounding up to the cent adds to the positions' split."""
    others = sum((line.dollars for line in split.others), Fraction(0))
    return split.total - others - sum(split.positions, Fraction(0))


@pytest.mark.parametrize("name", CASES)
def test_every_split_adds_up_to_the_requirement(
    results: dict[str, tuple[CustomerResult, CustomerExplanation]], name: str
) -> None:
    customer, explained = results[name]
    requirement = customer.requirement.requirement.dollars
    others = sum((line.dollars for line in explained.split.others), Fraction(0))
    for parts in (
        explained.split.positions,
        [line.dollars for line in explained.split.factors],
        [line.dollars for line in explained.split.components],
    ):
        rounding = requirement - others - sum(parts, Fraction(0))
        assert abs(rounding) < Fraction(5, 100)
        assert explained.split.total == requirement
    document = explanation_document(explained)["contributions"]
    for split in ("positions", "factors", "components"):
        shown = [Fraction(row["contribution"]) for row in (*document[split], *document["others"])]
        total = sum(shown, Fraction(document["rounding"][split]))
        assert total == Fraction(document["requirement"]) == requirement


def test_the_cases_bind_as_meant(
    results: dict[str, tuple[CustomerResult, CustomerExplanation]],
) -> None:
    bound = {
        name: customer.requirement.reduction.binding for name, (customer, _) in results.items()
    }
    assert bound["HEDGED"] in (Binding.FICC, Binding.CME)
    assert bound["CAPPED"] is Binding.CAP
    assert bound["SAME-WAY"] in (Binding.NONE, Binding.BELOW_THRESHOLD)


def test_the_rate_of_a_position_is_what_a_small_change_of_it_does(
    simulated_day: MarginDay,
    lines: dict[str, tuple[PositionLine, ...]],
    results: dict[str, tuple[CustomerResult, CustomerExplanation]],
) -> None:
    """Euler's rate, checked by the whole rule on one contract and a little par more."""
    customer, explained = results["HEDGED"]
    base = customer.requirement.requirement.dollars
    effects = {effect.label: effect for effect in explained.positions}
    for label, more in (
        ("ZNM26", position("HEDGED", "ZNM6", 1)),
        ("TNM26", position("HEDGED", "TNM6", 1)),
    ):
        other = run_of(simulated_day, *lines["HEDGED"], more).result.customers[0]
        change = other.requirement.requirement.dollars - base
        liquidity = other.requirement.cme.add_ons["liquidity"].dollars
        before = customer.requirement.cme.add_ons["liquidity"].dollars
        change -= liquidity - before
        assert float(change) == pytest.approx(float(effects[label].marginal), rel=0.02, abs=2.0)


def test_an_incremental_figure_is_the_account_margined_without_the_position(
    simulated_day: MarginDay,
    lines: dict[str, tuple[PositionLine, ...]],
    results: dict[str, tuple[CustomerResult, CustomerExplanation]],
) -> None:
    for name in ("HEDGED", "OUTSIDE-TOO", "TINY"):
        customer, explained = results[name]
        base = customer.requirement.requirement
        effects = {effect.label: effect for effect in explained.positions}
        without = [line for line in lines[name] if line.instrument != "ZNM6"]
        left = run_of(simulated_day, *without).result.customers[0].requirement.requirement
        assert effects["ZNM26"].incremental == base - left


def test_what_no_position_moves_is_not_a_position_s(
    simulated_market: MarketData, lines: dict[str, tuple[PositionLine, ...]]
) -> None:
    """At the customer minimum FICC's figure is constant: securities matter through the saving."""
    parameters = parameter_sets(AS_OF).changing(
        {"arrangement": {"customer_minimum_dollars": "9000000", "cap": "0.1"}}, reason="test"
    )
    run = margin_positions(
        positions_of(*lines["CAPPED"]), simulated_market, parameters, _EXECUTOR, as_of=AS_OF
    )
    (customer,), (explained,) = run.result.customers, explain_run(run)
    assert customer.requirement.ficc.minimum_top_up.cents > 0
    split, effects = explained.split, {effect.label: effect for effect in explained.positions}
    assert [line.label for line in split.others] == ["FICC at the customer minimum"]
    assert split.others[0].dollars == customer.requirement.ficc.requirement.dollars
    security = next(label for label in effects if label != "ZNM26")
    assert effects[security].contribution == 0 == effects[security].marginal
    assert effects["ZNM26"].contribution > 0
    assert abs(rounding_of(split)) < Fraction(5, 100)


def test_a_given_reduction_is_a_constant(
    simulated_day: MarginDay, lines: dict[str, tuple[PositionLine, ...]]
) -> None:
    """A late side's last factor does not move with the positions."""
    run = run_of(simulated_day, *lines["HEDGED"])
    (customer,) = run.result.customers
    rules = ReductionRules.from_parameters(simulated_day.parameters.arrangement)
    given = requirement_at(
        customer.requirement, factor=Fraction(1, 3), binding=Binding.CME, rules=rules
    )
    late = replace(
        run, result=replace(run.result, customers=(replace(customer, requirement=given),))
    )
    (explained,) = explain_run(late)
    assert explained.split.total == given.requirement.dollars
    assert abs(rounding_of(explained.split)) < Fraction(5, 100)
    own = customer.requirement.cme.figures.three.futures.dollars
    futures = [e.contribution for e in explained.positions if e.label in ("ZNM26", "TNM26")]
    liquidity = customer.requirement.cme.add_ons["liquidity"].dollars
    assert sum(futures) == pytest.approx(float(own * Fraction(2, 3) + liquidity), abs=0.05)


def test_places_have_labels(simulated_day: MarginDay) -> None:
    labels = instrument_labels(simulated_day)
    day = simulated_day
    assert len(labels) == (
        len(day.valuation.book.prices) + len(day.valuation.contracts) + day.ficc.repo.bucket_count
    )
    assert labels[-5:] == (
        "repo interest, 2 to 30 days",
        "repo interest, 31 to 90 days",
        "repo interest, 91 to 180 days",
        "repo interest, 181 to 365 days",
        "repo interest, over 365 days",
    )


def _ficc_is_smaller(reduction: Reduction) -> bool:
    return reduction.ficc_saving <= reduction.cme_saving


class TestChange:
    def inputs(self, market: MarketData, *lines: PositionLine, **changes: str) -> RunInputs:
        owners: dict[str, dict[str, str]] = {}
        for name, value in changes.items():
            owner, _, parameter = name.partition("__")
            owners.setdefault(owner, {})[parameter] = value
        parameters = parameter_sets(AS_OF).changing(owners, reason="test")
        return RunInputs(positions_of(*lines), market, parameters, AS_OF)

    def change(self, now: RunInputs, then: RunInputs):
        run = margin_positions(
            now.positions, now.market, now.parameters, _EXECUTOR, as_of=now.as_of
        )
        return run, change_of(run, now, then, _EXECUTOR)

    def test_equal_runs_change_nothing(
        self, simulated_market: MarketData, lines: dict[str, tuple[PositionLine, ...]]
    ) -> None:
        same = self.inputs(simulated_market, *lines["HEDGED"])
        _, change = self.change(same, same)
        (customer,) = change.customers.values()
        parts = (customer.positions, customer.market, customer.model, customer.rule)
        assert all(part.cents == 0 for part in (*parts, customer.binding_side))

    def test_each_cause_is_told_from_the_others(
        self, simulated_market: MarketData, lines: dict[str, tuple[PositionLine, ...]]
    ) -> None:
        then = self.inputs(simulated_market, *lines["HEDGED"])
        for cause, now in {
            "positions": self.inputs(
                simulated_market, *lines["HEDGED"], position("HEDGED", "ZNM6", 100)
            ),
            "model": self.inputs(simulated_market, *lines["HEDGED"], cme__historical_weight="0.9"),
            "rule": self.inputs(
                simulated_market, *lines["HEDGED"], arrangement__customer_minimum_dollars="9000000"
            ),
        }.items():
            run, change = self.change(now, then)
            (customer,) = change.customers.values()
            assert customer.now == run.result.customers[0].requirement.requirement
            parts = {
                part: getattr(customer, part).cents
                for part in ("positions", "market", "model", "rule")
            }
            assert parts.pop(cause) != 0, cause
            smaller_then, smaller_now = (
                each.result.customers[0].requirement.reduction for each in (change.previous, run)
            )
            assert _ficc_is_smaller(smaller_then) == _ficc_is_smaller(smaller_now)
            assert set(parts.values()) == {0}, cause
            assert customer.binding_side.cents == 0

    def test_a_lower_cap_is_the_rule_s_part(
        self, simulated_market: MarketData, lines: dict[str, tuple[PositionLine, ...]]
    ) -> None:
        """The cap falls below both savings: the smaller side is as it was, the rule is not."""
        then = self.inputs(simulated_market, *lines["HEDGED"])
        now = self.inputs(simulated_market, *lines["HEDGED"], arrangement__cap="0.1")
        _, change = self.change(now, then)
        (customer,) = change.customers.values()
        assert customer.previous_binding is not Binding.CAP
        assert customer.binding is Binding.CAP
        assert customer.binding_side.cents == 0
        assert customer.rule == customer.now - customer.previous
        assert customer.rule.cents > 0

    def test_a_flip_of_the_smaller_side_is_a_line_of_its_own(
        self, simulated_market: MarketData, lines: dict[str, tuple[PositionLine, ...]]
    ) -> None:
        """A higher floor takes FICC's saving below CME's: what is left is the flip."""
        then = self.inputs(simulated_market, *lines["HEDGED"])
        now = self.inputs(simulated_market, *lines["HEDGED"], ficc__floor_share="1")
        run, change = self.change(now, then)
        (customer,) = change.customers.values()
        before = change.previous.result.customers[0].requirement.reduction
        after = run.result.customers[0].requirement.reduction
        assert not _ficc_is_smaller(before)
        assert _ficc_is_smaller(after)
        assert customer.binding_side.cents > 0
        assert customer.model + customer.binding_side == customer.now - customer.previous

    def test_customers_come_and_go_with_the_positions(
        self, simulated_market: MarketData, note: str
    ) -> None:
        then = self.inputs(simulated_market, position("OLD", note, 100_000_000))
        now = self.inputs(simulated_market, position("NEW", note, 200_000_000))
        _, change = self.change(now, then)
        by_id = {key.customer_id: customer for key, customer in change.customers.items()}
        assert by_id["OLD"].now.cents == 0
        assert by_id["OLD"].positions == -by_id["OLD"].previous
        assert by_id["NEW"].previous.cents == 0
        assert by_id["NEW"].positions == by_id["NEW"].now
        assert date(2026, 3, 24) == AS_OF
