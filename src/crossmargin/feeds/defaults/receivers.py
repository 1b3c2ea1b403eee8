"""The file of receivers (TOML): who would take customers, and what is said of each customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.porting.customers import Carriage, Standing
from crossmargin.default_management.porting.receivers import (
    Agreement,
    KnownCustomer,
    Receiver,
)
from crossmargin.default_management.porting.refusals import FiccRefusal, Ground
from crossmargin.feeds.defaults.tables import (
    AMOUNT,
    DAY,
    DOLLARS,
    TEXT,
    TEXTS,
    TRUTH,
    Kind,
    Place,
    Tables,
    one_of,
    read_toml,
)
from crossmargin.participation.documents import sha256_faults
from crossmargin.participation.entities import Lei, Registration, RegistrationKind
from crossmargin.services.porting.inputs import CustomerFacts, PortingFile

_RULE = "reference: port"
_TABLES = {
    "": ("available", "receiver", "registration", "known_customer", "customer", "ficc_refusal"),
    "receiver": (
        *("receiver_id", "accepts", "adjusted_net_capital", "risk_margin", "house_add_on"),
        *("finishes_onboarding_later", "accounts_max", "margin_max", "customer_margin_max"),
        *("top_up_max", "agreement_sha256", "agreement_first", "agreement_last"),
    ),
    "registration": ("receiver_id", "kind", "lei", "first", "last"),
    "known_customer": (
        *("receiver_id", "customer_id", "documents_sha256", "is_related", "margin_max"),
    ),
    "customer": (
        *("customer_id", "standing", "backup", "net_equity", "prior_distribution"),
        *("futures_margin", "agreements", "contact"),
    ),
    "ficc_refusal": ("customer_id", "receiver_id", "ground", "evidence_sha256", "said"),
}
_E = TypeVar("_E", bound=StrEnum)
_NO_LEI = Lei("00000000000000000098")
_LARGEST_ADD_ON = 10


def read_receivers(path: Path) -> PortingFile:
    """Read a file of receivers.

    Raises
    ------
    RefusedError
        With every fault, its key and what was expected.
    """
    said, sha256 = read_toml(path, _RULE)
    tables = Tables(path.name, _RULE, _TABLES)
    file = _file(tables, tables.whole(said), sha256)
    if tables.faults:
        raise RefusedError(*tables.faults)
    return file


def _file(tables: Tables, said: Place, sha256: str) -> PortingFile:
    receivers = tables.each(said, "receiver", once="receiver_id")
    if not receivers:
        tables.fault("receiver", "nothing", "at least one [[receiver]]")
    names = {str(each.table.get("receiver_id")) for each in receivers}
    registrations: dict[str, list[Registration]] = {}
    for each in tables.each(said, "registration"):
        name = _receiver_id(tables, each, names)
        registrations.setdefault(name, []).append(_registration(tables, each, name))
    known: dict[str, dict[str, KnownCustomer]] = {}
    for each in tables.each(said, "known_customer"):
        customer = tables.needed(each, "customer_id", TEXT)
        there = known.setdefault(_receiver_id(tables, each, names), {})
        if customer in there:
            tables.fault(f"{each.where} customer_id", customer, "each once for a receiver")
        there[customer] = _known(tables, each)
    customers = [
        _customer(tables, each) for each in tables.each(said, "customer", once="customer_id")
    ]
    return PortingFile(
        sha256=sha256,
        receivers=tuple(
            sorted(
                (_receiver(tables, each, registrations, known) for each in receivers),
                key=lambda each: each.receiver_id,
            )
        ),
        customers={each.customer_id: each for each in customers},
        available=tables.given(said, "available", _LIMIT),
        ficc_refusals=tuple(
            _refusal(tables, each, names) for each in tables.each(said, "ficc_refusal")
        ),
    )


def _receiver_id(tables: Tables, said: Place, names: set[str]) -> str:
    name = tables.needed(said, "receiver_id", TEXT)
    if name and name not in names:
        tables.fault(f"{said.where} receiver_id", name, f"one of {', '.join(sorted(names))}")
    return name


def _receiver(
    tables: Tables,
    said: Place,
    registrations: dict[str, list[Registration]],
    known: dict[str, dict[str, KnownCustomer]],
) -> Receiver:
    name = tables.needed(said, "receiver_id", TEXT)
    return Receiver(
        receiver_id=name,
        registrations=tuple(registrations.get(name, ())),
        agreement=_agreement(tables, said),
        accepts=tables.needed(said, "accepts", _some_of(Carriage)),
        adjusted_net_capital=tables.needed(said, "adjusted_net_capital", AMOUNT),
        risk_margin=tables.needed(said, "risk_margin", AMOUNT),
        house_add_on=tables.given(said, "house_add_on", _ADD_ON),
        finishes_onboarding_later=tables.given(said, "finishes_onboarding_later", TRUTH),
        accounts_max=tables.given(said, "accounts_max", _COUNT),
        margin_max=tables.given(said, "margin_max", _LIMIT),
        customer_margin_max=tables.given(said, "customer_margin_max", _LIMIT),
        top_up_max=tables.given(said, "top_up_max", _LIMIT),
        known=dict(sorted(known.get(name, {}).items())),
    )


def _agreement(tables: Tables, said: Place) -> Agreement | None:
    if not said.names_any(("agreement_sha256", "agreement_first", "agreement_last")):
        return None
    return Agreement(
        tables.needed(said, "agreement_sha256", _SHA256),
        tables.needed(said, "agreement_first", DAY),
        tables.given(said, "agreement_last", _LAST),
    )


def _registration(tables: Tables, said: Place, name: str) -> Registration:
    kind = tables.needed(
        said, "kind", one_of(RegistrationKind, RegistrationKind.FUTURES_COMMISSION_MERCHANT)
    )
    first: date = tables.needed(said, "first", DAY)
    return Registration(
        kind,
        tables.needed(said, "lei", _LEI),
        first,
        tables.given(said, "last", _LAST),
        f"{name}/{kind}/{first}",
        datetime.combine(first, time(), UTC),
    )


def _known(tables: Tables, said: Place) -> KnownCustomer:
    return KnownCustomer(
        tables.given(said, "documents_sha256", _SHA256),
        tables.given(said, "is_related", TRUTH),
        tables.given(said, "margin_max", _LIMIT),
    )


def _customer(tables: Tables, said: Place) -> CustomerFacts:
    return CustomerFacts(
        customer_id=tables.needed(said, "customer_id", TEXT),
        standing=tables.given(said, "standing", one_of(Standing, Standing.PUBLIC)),
        backup=tables.given(said, "backup", TEXT),
        net_equity=tables.given(said, "net_equity", DOLLARS)
        if "net_equity" in said.table
        else None,
        prior=tables.given(said, "prior_distribution", AMOUNT),
        futures_margin=tables.given(said, "futures_margin", _LIMIT),
        agreements=tables.given(said, "agreements", _DIGESTS),
        contact=tables.given(said, "contact", TEXT),
    )


def _refusal(tables: Tables, said: Place, names: set[str]) -> FiccRefusal:
    return FiccRefusal(
        tables.needed(said, "customer_id", TEXT),
        _receiver_id(tables, said, names),
        tables.needed(said, "ground", one_of(Ground, Ground.OTHER)),
        tables.given(said, "evidence_sha256", _SHA256),
        tables.needed(said, "said", TEXT),
    )


def _some_of(choices: type[_E]) -> Kind[frozenset[_E]]:
    def read(value: Any) -> frozenset[_E]:
        return frozenset(choices(each) for each in TEXTS.read(value))

    return Kind(read, f"a list out of {', '.join(choices)}", frozenset())


def _sha256(value: Any) -> str:
    text = TEXT.read(value)
    if sha256_faults(text):
        raise ValueError(text)
    return text


def _digests(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return {TEXT.read(kind): _sha256(digest) for kind, digest in sorted(value.items())}


def _count(value: Any) -> int | None:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _add_on(value: Any) -> Fraction:
    share = Fraction(money_from_decimal(TEXT.read(value)).cents, 100)
    if not 0 <= share <= _LARGEST_ADD_ON:
        raise ValueError(value)
    return share


def _limit(value: Any) -> Money | None:
    return AMOUNT.read(value)


def _last(value: Any) -> date | None:
    return DAY.read(value)


_SHA256 = Kind(_sha256, "a SHA-256 of 64 hexadecimal characters", "")
_DIGESTS: Kind[Mapping[str, str]] = Kind(_digests, "a table of document to its SHA-256", {})
_COUNT: Kind[int | None] = Kind(_count, "a whole number, not negative", None)
_LIMIT: Kind[Money | None] = Kind(_limit, AMOUNT.expected, None)
_LAST: Kind[date | None] = Kind(_last, DAY.expected, None)
_ADD_ON = Kind(_add_on, "a share in quotes with two decimals at most, such as '0.10'", Fraction(0))
_LEI = Kind(Lei, "an LEI of 20 characters whose check digits are right", _NO_LEI)
