"""What a calculator is, and running one over a JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.services.calculators.inputs import (
    SHAPE_RULE,
    Input,
    Values,
    object_schema,
    read_values,
    shown,
)

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Calculator:
    """One rule or formula.

    Parameters
    ----------
    name : str
        As on the command line.
    summary : str
        One line.
    rule : str
        What is computed, in words and formulas, with what happens at the boundaries.
    source : str
        Where that is written, with the status of what is recalled or inferred.
    inputs : tuple of Input
    compute : callable
        From values to the answer, decimals as strings; raises :class:`RefusedError` for what is
        impossible.
    """

    name: str
    summary: str
    rule: str
    source: str
    inputs: tuple[Input, ...]
    compute: Callable[[Values], Answer]

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of the input object."""
        return object_schema(self.inputs)

    def calculate(self, document: object) -> Answer:
        """Return the answer for one parsed JSON object.

        Raises
        ------
        RefusedError
            With every reason.
        """
        refusals: list[Refusal] = []
        values = read_values(document, self.inputs, refusals)
        if refusals:
            raise RefusedError(*refusals)
        return self.compute(values)

    def as_document(self) -> dict[str, object]:
        """Return the calculator's description, for lists and explanations."""
        return {
            "name": self.name,
            "summary": self.summary,
            "rule": self.rule,
            "source": self.source,
            "inputs": self.schema(),
        }


@dataclass(frozen=True, slots=True)
class Run:
    """The answer to a document, and the refusals of each item: (item number or None, refusal)."""

    document: object
    refused: tuple[tuple[int | None, Refusal], ...]


def run(calculator: Calculator, text: str) -> Run:
    """Calculate for a JSON text: an object gives an object, an array gives an array in order.

    A refused item stands in its place as ``{"refused": {...}, "reasons": [...]}``: the first
    refusal, and all of them (ruling 29).
    """
    try:
        document = _parsed(text)
    except RefusedError as error:
        return Run(refused_document(error.refusals), tuple((None, r) for r in error.refusals))
    if not isinstance(document, list):
        answer, refusals = _calculated(calculator, document)
        return Run(answer, tuple((None, refusal) for refusal in refusals))
    outcomes = [_calculated(calculator, item) for item in document]
    return Run(
        [answer for answer, _ in outcomes],
        tuple(
            (place, refusal)
            for place, (_, refusals) in enumerate(outcomes)
            for refusal in refusals
        ),
    )


def refused_document(refusals: tuple[Refusal, ...]) -> dict[str, object]:
    """Return what stands in the place of an answer."""
    reasons = [refusal.as_document() for refusal in refusals]
    return {"refused": reasons[0], "reasons": reasons}


def _calculated(calculator: Calculator, document: object) -> tuple[object, tuple[Refusal, ...]]:
    try:
        return calculator.calculate(document), ()
    except RefusedError as error:
        return refused_document(error.refusals), error.refusals


def _parsed(text: str) -> object:
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_not_a_number,
            object_pairs_hook=_without_repeats,
        )
    except (ValueError, RecursionError) as error:
        expected = f"a JSON object, or an array of them ({error})"
        refusal = Refusal("input", shown(text.strip()), expected, SHAPE_RULE)
        raise RefusedError(refusal) from None


def _not_a_number(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"given more than once: {', '.join(repeated)}")
    return document
