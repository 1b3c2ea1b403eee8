"""Published margin levels and credits: facts to compare a parameter set with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.parameters.registry import Status


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """The level of one contract, or of every contract of a product.

    Parameters
    ----------
    on : date
    contract : str
        Contract code, or product code for all its contracts.
    dollars : int
    before_dollars : int or None
        The level that it replaced.
    quantity : int
        Contracts of the published hedge; 0 where it is not part of one.
    what, source : str
    status : Status
    """

    on: date
    contract: str
    dollars: int
    before_dollars: int | None
    quantity: int
    what: str
    source: str
    status: Status


@dataclass(frozen=True, slots=True)
class PublishedCredit:
    """The intercommodity credit of two products, the second in a tier."""

    on: date
    products: tuple[str, str]
    tier: int
    contracts: tuple[int, int]
    credit: Fraction
    source: str
    status: Status


@dataclass(frozen=True, slots=True)
class PublishedFigures:
    """What is published, by date."""

    levels: tuple[PublishedLevel, ...]
    credits: tuple[PublishedCredit, ...]


def published_from_document(document: Mapping[str, list[Mapping[str, object]]]) -> PublishedFigures:
    """Return the figures of the parsed TOML file.

    Raises
    ------
    ValueError
        If a strip's lists differ in length, or a status is unknown.
    """
    levels = [_level(entry) for entry in document.get("level", ())]
    for entry in document.get("strip", ()):
        columns = [_texts(entry[name]) for name in ("contracts", "dollars", "quantities")]
        levels += [
            PublishedLevel(
                on=_day(entry),
                contract=contract,
                dollars=int(dollars),
                before_dollars=None,
                quantity=int(quantity),
                what=str(entry["what"]),
                source=str(entry["source"]),
                status=Status(str(entry["status"])),
            )
            for contract, dollars, quantity in zip(*columns, strict=True)
        ]
    return PublishedFigures(
        tuple(levels), tuple(_credit(entry) for entry in document.get("credit", ()))
    )


def _level(entry: Mapping[str, object]) -> PublishedLevel:
    return PublishedLevel(
        on=_day(entry),
        contract=str(entry["contract"]),
        dollars=int(str(entry["dollars"])),
        before_dollars=int(str(entry["before_dollars"])),
        quantity=0,
        what=str(entry["what"]),
        source=str(entry["source"]),
        status=Status(str(entry["status"])),
    )


def _credit(entry: Mapping[str, object]) -> PublishedCredit:
    one, two = _texts(entry["products"])
    first, second = _texts(entry["contracts"])
    return PublishedCredit(
        on=_day(entry),
        products=(one, two),
        tier=int(str(entry["tier"])),
        contracts=(int(first), int(second)),
        credit=Fraction(str(entry["credit"])),
        source=str(entry["source"]),
        status=Status(str(entry["status"])),
    )


def _day(entry: Mapping[str, object]) -> date:
    return date.fromisoformat(str(entry["date"]))


def _texts(value: object) -> list[str]:
    return [part.strip() for part in str(value).split(",")]
