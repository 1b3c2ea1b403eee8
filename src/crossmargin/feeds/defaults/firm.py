"""The file of a firm (TOML): its means, who defaults, other customers, what arrives later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.capacities import AccountClass, HeldAccount, Holding
from crossmargin.default_management.claims import Debts, TrusteeFacts
from crossmargin.default_management.holdings import Property
from crossmargin.default_management.payout import Event, Occasion
from crossmargin.feeds.defaults.tables import (
    AMOUNT,
    DAY,
    DOLLARS,
    PAR,
    POSITIVE,
    TEXT,
    TEXTS,
    TRUTH,
    Place,
    Tables,
    one_of,
    read_toml,
)
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.defaults.firm import Firm, OutsideCustomer

_RULE = "reference: default"
_CLASS = one_of(AccountClass, AccountClass.FUTURES)
_HOLDING = one_of(Holding, Holding.ENTITY)
_HELD = ("holder", "held_as", "on_behalf_of", "principal", "is_disregarded")
_AT_BD_FCM = ("cash_at_bd_fcm", "securities_at_bd_fcm", "securities_value_at_bd_fcm")
_AT_ORGANIZATIONS = {each: f"securities_at_{each.value.lower()}" for each in ClearingOrganization}
_TABLES = {
    "": (
        *("bd_fcm", "residual_interest", "adjusted_net_capital", "minimum_capital"),
        *("common_pool", "non_public", "default", "customer", "futures_customer", "account"),
        *("class", "debt", "recovery", "disallowed_claim"),
    ),
    "default": ("customers", "beyond_margin", "proprietary_loss"),
    "customer": ("customer_id", *_AT_ORGANIZATIONS.values(), *_AT_BD_FCM, *_HELD),
    "futures_customer": (
        *("customer_id", "requirement", "cash_at_cme", "result"),
        *(*_AT_BD_FCM, *_HELD),
    ),
    "account": ("account_id", "class", "equity", *_HELD),
    "class": ("class", "property"),
    "debt": ("claimant", "owed_by_customer", "owed_to_customer"),
    "recovery": ("on", "claimant", "amount", "reason"),
    "disallowed_claim": ("on", "claimant", "amount", "reason"),
}


@dataclass(frozen=True, slots=True)
class LoadedFirm:
    """What a file says, and its digest."""

    firm: Firm
    sha256: str


def read_firm(path: Path) -> LoadedFirm:
    """Read the file of a firm.

    Raises
    ------
    RefusedError
        With every fault, its key and what was expected.
    """
    said, sha256 = read_toml(path, _RULE)
    tables = Tables(path.name, _RULE, _TABLES)
    firm = replace(_firm(tables, tables.whole(said)), file=path.name)
    if tables.faults:
        raise RefusedError(*tables.faults)
    return LoadedFirm(firm, sha256)


def _firm(tables: Tables, said: Place) -> Firm:
    default = tables.one(said, "default")
    customers = tables.each(said, "customer")
    outside = tables.each(said, "futures_customer")
    tables.each_once("customer_id", [*customers, *outside])
    return Firm(
        bd_fcm=tables.needed(said, "bd_fcm", TEXT),
        residual_interest=tables.needed(said, "residual_interest", AMOUNT),
        adjusted_net_capital=tables.needed(said, "adjusted_net_capital", AMOUNT),
        minimum_capital=tables.given(said, "minimum_capital", AMOUNT),
        proprietary_loss=tables.given(default, "proprietary_loss", AMOUNT),
        defaulters=_texts(tables, default, "customers"),
        beyond_margin_defaults=tables.given(default, "beyond_margin", TRUTH),
        at_bd_fcm={
            tables.needed(each, "customer_id", TEXT): _at_bd_fcm(tables, each) for each in customers
        },
        par_at={
            (tables.needed(each, "customer_id", TEXT), organization): par
            for each in customers
            for organization, key in _AT_ORGANIZATIONS.items()
            if (par := tables.given(each, key, PAR))
        },
        outside=tuple(_outside(tables, each) for each in outside),
        trustee=_trustee(tables, said, [*customers, *outside]),
        events=(
            *_events(tables, said, Occasion.RECOVERY),
            *_events(tables, said, Occasion.DISALLOWED_CLAIM),
        ),
    )


def _trustee(tables: Tables, said: Place, customers: list[Place]) -> TrusteeFacts:
    capacities = {}
    for each in customers:
        name = tables.needed(each, "customer_id", TEXT)
        if each.names_any(_HELD):
            account = HeldAccount(name, AccountClass.FUTURES, name or "?", Holding.ENTITY, ZERO)
            capacities[name] = _held(tables, each, account)
    return TrusteeFacts(
        capacities=capacities,
        accounts=tuple(
            _account(tables, each) for each in tables.each(said, "account", once="account_id")
        ),
        class_property={
            tables.needed(each, "class", _CLASS): tables.needed(each, "property", AMOUNT)
            for each in tables.each(said, "class", once="class")
        },
        common_pool=tables.given(said, "common_pool", AMOUNT),
        debts={
            tables.needed(each, "claimant", TEXT): Debts(
                tables.given(each, "owed_by_customer", AMOUNT),
                tables.given(each, "owed_to_customer", AMOUNT),
            )
            for each in tables.each(said, "debt", once="claimant")
        },
        non_public=frozenset(_texts(tables, said, "non_public")),
    )


def _outside(tables: Tables, said: Place) -> OutsideCustomer:
    requirement = tables.needed(said, "requirement", AMOUNT)
    at_cme = requirement
    if "cash_at_cme" in said.table:
        at_cme = tables.given(said, "cash_at_cme", AMOUNT)
    return OutsideCustomer(
        customer_id=tables.needed(said, "customer_id", TEXT),
        requirement=requirement,
        at_cme=Property(at_cme),
        at_bd_fcm=_at_bd_fcm(tables, said),
        result=tables.given(said, "result", DOLLARS),
    )


def _at_bd_fcm(tables: Tables, said: Place) -> Property:
    cash = tables.given(said, "cash_at_bd_fcm", AMOUNT)
    value = tables.given(said, "securities_value_at_bd_fcm", AMOUNT)
    par = tables.given(said, "securities_at_bd_fcm", PAR)
    if bool(par) is not (value > ZERO):
        field = f"{said.where} securities_value_at_bd_fcm"
        tables.fault(field, value, "a value where there is par, none where there is none")
        return Property(cash)
    return Property(cash, par, value)


def _account(tables: Tables, said: Place) -> HeldAccount:
    name = tables.needed(said, "account_id", TEXT)
    account_class = tables.needed(said, "class", _CLASS)
    equity: Money = tables.needed(said, "equity", DOLLARS)
    holder = tables.needed(said, "holder", TEXT)
    return _held(
        tables, said, HeldAccount(name, account_class, holder or "?", Holding.ENTITY, equity)
    )


def _held(tables: Tables, said: Place, account: HeldAccount) -> HeldAccount:
    """Return an account as it is held; as an entity's own where that makes no sense."""
    held_as = tables.given(said, "held_as", _HOLDING)
    try:
        return HeldAccount(
            account.account_id,
            account.account_class,
            tables.given(said, "holder", TEXT) or account.holder,
            held_as,
            account.equity,
            tables.given(said, "on_behalf_of", TEXT),
            tables.given(said, "principal", TEXT),
            tables.given(said, "is_disregarded", TRUTH),
        )
    except ValueError:
        tables.fault(
            f"{said.where} held_as",
            held_as.value,
            "on_behalf_of for a guardian, executor or trustee alone; is_disregarded for a trust "
            "or an entity with a principal alone",
        )
        return account


def _events(tables: Tables, said: Place, occasion: Occasion) -> list[Event]:
    read = tables.needed if occasion is Occasion.DISALLOWED_CLAIM else tables.given
    return [
        Event(
            on=tables.needed(each, "on", DAY),
            occasion=occasion,
            claimant=read(each, "claimant", TEXT),
            amount=tables.needed(each, "amount", POSITIVE),
            reason=tables.needed(each, "reason", TEXT),
        )
        for each in tables.each(said, occasion.value)
    ]


def _texts(tables: Tables, said: Place, name: str) -> tuple[str, ...]:
    return tables.given(said, name, TEXTS)
