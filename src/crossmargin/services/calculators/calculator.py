"""What a calculator is, and running one over a JSON document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

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


def run(calculator: Calculator, text: bytes) -> Run:
    """Calculate for a JSON text in UTF-8: an object for an object, an array for an array, in order.

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
            (place, refusal) for place, (_, refusals) in enumerate(outcomes) for refusal in refusals
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


def _parsed(text: bytes) -> object:
    try:
        return json.loads(
            text.decode("utf-8-sig"),
            parse_float=_exact,
            parse_int=_exact,
            parse_constant=str,
            object_pairs_hook=_without_repeats,
        )
    except (ValueError, RecursionError) as error:
        expected = f"a JSON object, or an array of them ({error})"
        refusal = Refusal(
            "input", shown(text.decode(errors="replace").strip()), expected, SHAPE_RULE
        )
        raise RefusedError(refusal) from None


def _exact(text: str) -> Decimal | str:
    # A number no decimal can hold stays text and is refused where it stands, as NaN is.
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


@dataclass(frozen=True, slots=True)
class _Repeated:
    """An object with keys given more than once: which value was meant is not known."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "an object with keys given more than once: " + ", ".join(self.names)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object] | _Repeated:
    document = dict(pairs)
    if len(document) == len(pairs):
        return document
    counts = Counter(name for name, _ in pairs)
    return _Repeated(tuple(name for name, count in counts.items() if count > 1))
