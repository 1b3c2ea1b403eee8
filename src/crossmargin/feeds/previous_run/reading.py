"""Read the document that ``xm margin --format json`` wrote, and verify it.

The digest in the document must be that of its content; every figure that a later run takes must be
there, well formed and consistent with the others. What else the document holds is kept as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cycle
from crossmargin.arrangement.fallback import AgreedFactor, FactorSource
from crossmargin.arrangement.reduction import Binding, format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.services.previous_run import PreviousCcp, PreviousCustomer, PreviousRun

_RULE = "reference: the JSON document"
_DOCUMENT = "a JSON document that xm margin --format json wrote"
_LONGEST_SHOWN = 100
_RATIO = re.compile(r"-?\d{1,30}(\.\d{1,30}|/[1-9]\d{0,60})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NEVER = datetime.fromisoformat("0001-01-02T00:00+00:00")
_MISSING = object()

Value = TypeVar("Value")


def read_previous_run(path: Path) -> PreviousRun:
    """Read and verify the document of a previous run.

    Parameters
    ----------
    path : Path

    Returns
    -------
    PreviousRun

    Raises
    ------
    RefusedError
        If the file cannot be read, is no such document, was changed after it was written, or lacks
        what a later run needs: every reason found.
    """
    faults: list[Refusal] = []
    document = _parsed(path)
    digest = document.get("digest")
    if not isinstance(digest, str) or "customers" not in document:
        shown = ", ".join(document)[:_LONGEST_SHOWN] or "nothing"
        raise RefusedError(Refusal("keys", shown, _DOCUMENT, _RULE, file=path.name))
    body = {name: value for name, value in document.items() if name != "digest"}
    try:
        found = digest_of(body)
    except (TypeError, RecursionError):
        found = "of a document with floats"
    if found != digest:
        expected = f"the digest of the content, {found}: the document was changed"
        faults.append(Refusal("digest", digest[:_LONGEST_SHOWN], expected, _RULE, file=path.name))
    reader = _Reader(document, path.name, faults)
    run = _run(reader, path.name, digest, document)
    if faults:
        raise RefusedError(*faults)
    return run


def _parsed(path: Path) -> dict[str, Any]:
    def fault(value: str, expected: str) -> RefusedError:
        shown = value[:_LONGEST_SHOWN]
        return RefusedError(Refusal("previous", shown, expected, _RULE, file=path.name))

    try:
        document = json.loads(path.read_bytes(), object_pairs_hook=_once)
    except OSError as error:
        raise fault(error.strerror or str(error), "a file that can be read") from error
    except (ValueError, RecursionError) as error:
        raise fault(str(error), _DOCUMENT) from error
    if not isinstance(document, dict):
        raise fault(type(document).__name__, _DOCUMENT)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, refusing a key that stands twice: a digest would cover only the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return found


class _Reader:
    """Takes values out of a document and notes every fault with its place."""

    def __init__(self, document: Any, file: str, faults: list[Refusal], where: str = "") -> None:
        self._document, self._file, self._faults, self._where = document, file, faults, where

    def take(
        self, path: str, parse: Callable[[Any], Value], default: Value, expected: str
    ) -> Value:
        """Return the parsed value at a dotted path; the default, and a fault, where it has none."""
        found = self.at(path)
        if found is _MISSING:
            self.fault(path, "missing", expected)
            return default
        try:
            return parse(found)
        except (ValueError, TypeError, ArithmeticError):
            self.fault(path, found, expected)
            return default

    def at(self, path: str) -> Any:
        """Return what stands at a dotted path, or a mark that nothing does."""
        found = self._document
        for name in path.split("."):
            if not isinstance(found, Mapping) or name not in found:
                return _MISSING
            found = found[name]
        return found

    def fault(self, path: str, value: object, expected: str) -> None:
        """Note a fault."""
        shown = value if isinstance(value, str) else repr(value)
        name = f"{self._where}{path}"
        self._faults.append(Refusal(name, shown[:_LONGEST_SHOWN], expected, _RULE, file=self._file))

    def below(self, item: Any, where: str) -> _Reader:
        """Return a reader of a part."""
        return _Reader(item, self._file, self._faults, where)

    # The kinds of values a document has.

    def text(self, path: str) -> str:
        return self.take(path, _text, "", "text")

    def flag(self, path: str) -> bool:
        return self.take(path, _flag, False, "true or false")

    def day(self, path: str) -> date:
        return self.take(path, lambda v: date.fromisoformat(_text(v)), date.min, "an ISO date")

    def instant(self, path: str) -> datetime:
        return self.take(path, _instant, _NEVER, "an instant with a zone")

    def digest(self, path: str) -> str:
        return self.take(path, _sha256, "", "a SHA-256 in hexadecimal")

    def money(self, path: str) -> Money:
        return self.take(path, lambda v: money_from_decimal(_text(v)), ZERO, "whole cents")

    def ratio(self, path: str) -> Fraction:
        return self.take(path, _ratio, Fraction(0), "a ratio")

    def cycle(self, path: str) -> Cycle:
        return self.take(path, Cycle, Cycle.EOD, f"one of {', '.join(Cycle)}")

    def binding(self, path: str) -> Binding:
        return self.take(path, Binding, Binding.NONE, f"one of {', '.join(Binding)}")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(_text(value))
    if instant.tzinfo is None:
        raise ValueError(value)
    return instant


def _ratio(value: Any) -> Fraction:
    if not _RATIO.fullmatch(_text(value)):
        raise ValueError(value)
    return Fraction(value)


def _sha256(value: Any) -> str:
    if not _DIGEST.fullmatch(_text(value)):
        raise ValueError(value)
    return str(value)


def _run(reader: _Reader, name: str, digest: str, document: Mapping[str, Any]) -> PreviousRun:
    as_of, cycle = reader.day("as_of"), reader.cycle("cycle")
    at = reader.instant("cutoffs.at")
    customers: dict[CustomerKey, PreviousCustomer] = {}
    items: list[Any] = reader.take("customers", _list, [], "a list of customers")
    for number, item in enumerate(items):
        part = reader.below(item, f"customers[{number}].")
        customer = _customer(part, as_of=as_of, cycle=cycle, at=at, digest=digest)
        if customer.key in customers:
            part.fault("customer_id", customer.key.customer_id, "a customer that stands once")
        customers[customer.key] = customer
    return PreviousRun(
        name=name,
        digest=digest,
        as_of=as_of,
        cycle=cycle,
        cycle_date=reader.day("cutoffs.cycle_date"),
        at=at,
        ficc_positions_at=reader.instant("cutoffs.ficc.positions_at"),
        cme_positions_at=reader.instant("cutoffs.cme.positions_at"),
        simulated=reader.flag("market.simulated"),
        market_digest=reader.digest("market.digest"),
        parameters_digest=reader.digest("parameters.digest"),
        customers=customers,
        document=document,
    )


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _customer(
    part: _Reader, *, as_of: date, cycle: Cycle, at: datetime, digest: str
) -> PreviousCustomer:
    ficc, cme = _ccp(part, "ficc"), _ccp(part, "cme")
    requirement = part.money("requirement")
    if requirement != ficc.collected.total + cme.collected.total:
        part.fault("requirement", str(requirement), "the sum of both CCPs' requirement and outside")
    binding, factor = part.binding("binding"), part.ratio("fallback.factor")
    shown = part.text("reduction")
    if format_ratio(factor) != shown or not 0 <= factor <= 1:
        part.fault("fallback.factor", str(factor), f"a ratio that reads {shown}")
    made = AgreedFactor if CYCLE_TERMS[cycle].calls and 0 <= factor <= 1 else None
    source = part.take(
        "fallback.source", FactorSource, FactorSource.NONE, f"one of {', '.join(FactorSource)}"
    )
    if source is FactorSource.CURRENT:
        agreed = made and made(factor, binding, cycle, as_of, at, digest)
    else:
        agreed = _last(part)
    return PreviousCustomer(
        key=CustomerKey(part.text("bd_fcm"), part.text("customer_id")),
        ficc=ficc,
        cme=cme,
        reduction=factor,
        binding=binding,
        requirement=requirement,
        standalone=part.money("standalone"),
        agreed=agreed,
        incomplete=part.flag("incomplete"),
    )


def _last(part: _Reader) -> AgreedFactor | None:
    """Return the factor that a run fell back on, or could have: it keeps its own instant."""
    if part.at("fallback.last") is None:
        return None
    values = (
        part.ratio("fallback.last.factor"),
        part.binding("fallback.last.binding"),
        part.cycle("fallback.last.cycle"),
        part.day("fallback.last.as_of"),
        part.instant("fallback.last.at"),
        part.digest("fallback.last.digest"),
    )
    try:
        return AgreedFactor(*values)
    except ValueError:
        part.fault("fallback.last", str(values[0]), "a factor from 0 to 1 of a cycle that calls")
        return None


def _ccp(part: _Reader, name: str) -> PreviousCcp:
    amounts = {
        field: part.money(f"{name}.{field}")
        for field in ("securities", "futures", "combined", "requirement", "outside", "standalone")
    }
    for field, amount in amounts.items():
        if amount < ZERO:
            part.fault(f"{name}.{field}", str(amount), "an amount that is not negative")
    return PreviousCcp(saving=part.ratio(f"{name}.saving"), **amounts)
