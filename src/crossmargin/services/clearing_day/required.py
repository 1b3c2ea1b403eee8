"""Requirements as their records say them, and each customer's last."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cycle
from crossmargin.arrangement.fallback import AgreedFactor
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.identifiers import CustomerKey, customer_of
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.services.books.folds import Fold
from crossmargin.services.books.ports import Records

REQUIREMENT = "REQUIREMENT"


@dataclass(frozen=True, slots=True)
class Required:
    """One customer's requirement in a cycle, as its record says.

    Parameters
    ----------
    customer : CustomerKey
    cycle : Cycle
    record_id : str
    at : datetime
    ficc_xm, ficc_outside : Money
        Of the XM account at FICC, and of what is outside it there: the latter is Segregated
        Customer Margin, no property of futures customers.
    cme_xm, cme_outside : Money
        The same at CME; both are futures customers' margin.
    standalone_ficc, standalone_cme : Money
        With no arrangement.
    factor : AgreedFactor or None
        The last factor that both sides' figures made: this cycle's own where nobody was late.
    """

    customer: CustomerKey
    cycle: Cycle
    record_id: str
    at: datetime
    ficc_xm: Money
    ficc_outside: Money
    cme_xm: Money
    cme_outside: Money
    standalone_ficc: Money
    standalone_cme: Money
    factor: AgreedFactor | None

    @property
    def cme(self) -> Money:
        """Everything that CME collects."""
        return self.cme_xm + self.cme_outside

    @property
    def in_futures_account(self) -> Money:
        """What the customer's futures account must cover: both sides of XM, and CME outside it."""
        return self.ficc_xm + self.cme

    @property
    def ficc_xm_without(self) -> Money:
        """What FICC would require of the XM account's positions with no arrangement (ruling 5).

        Everything there as one portfolio, less what is Segregated Customer Margin either way.
        """
        return max(ZERO, self.standalone_ficc - self.ficc_outside)


def required_of(record: Record) -> Required:
    """Return the requirement that a record says.

    Raises
    ------
    ValueError
        If the record is none of a requirement.
    """
    said = record.content
    try:
        ficc, cme = _group(said["ficc"]), _group(said["cme"])
        factor = said["agreed_factor"]
        return Required(
            customer=customer_of(record.subject),
            cycle=Cycle(str(said["cycle"])),
            record_id=record.record_id,
            at=record.at,
            ficc_xm=_money(ficc["requirement"]),
            ficc_outside=_money(ficc["outside"]),
            cme_xm=_money(cme["requirement"]),
            cme_outside=_money(cme["outside"]),
            standalone_ficc=_money(ficc["standalone"]),
            standalone_cme=_money(cme["standalone"]),
            factor=None if factor is None else _factor_of(_group(factor)),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected a requirement, was {record!r}") from error


def last_requirements(
    records: Records, bd_fcm: str, *, until: date, cycles: Iterable[Cycle] | None = None
) -> Mapping[CustomerKey, Required]:
    """Return each customer's last requirement of the cycles that call, as written.

    Parameters
    ----------
    records : Records
    bd_fcm : str
    until : date
        Last business date that counts.
    cycles : iterable of Cycle, optional
        Those that call, if left out.
    """
    wanted = set(cycles) if cycles is not None else {c for c in Cycle if CYCLE_TERMS[c].calls}
    found = records.folded(_fold_of(bd_fcm))
    if found.newest > until:
        # Somebody looks back: what was last then is not kept.
        found = LastRequirements()
        for record in records.select(stream=REQUIREMENT, last=until):
            if record.subject.startswith(f"{bd_fcm}/"):
                found.take(record)
    return found.of(wanted)


class LastRequirements:
    """Each customer's last requirement of each cycle, as records are read one after the other.

    Attributes
    ----------
    newest : date
        The latest business date of a record.
    """

    def __init__(self) -> None:
        self.newest = date.min
        self._count = 0
        self._found: dict[tuple[CustomerKey, Cycle], tuple[int, int, Required]] = {}

    def take(self, record: Record) -> None:
        """Take the next record in."""
        required = required_of(record)
        key = (required.customer, required.cycle)
        first, _, _ = self._found.get(key, (self._count, 0, required))
        self._found[key] = (first, self._count, required)
        self._count += 1
        self.newest = max(self.newest, record.business_date)

    def of(self, cycles: Container[Cycle]) -> dict[CustomerKey, Required]:
        """Return the last one of some cycles by customer, customers in order of their first one."""
        firsts: dict[CustomerKey, int] = {}
        lasts: dict[CustomerKey, tuple[int, Required]] = {}
        for (customer, cycle), (first, last, required) in self._found.items():
            if cycle not in cycles:
                continue
            firsts[customer] = min(first, firsts.get(customer, first))
            if customer not in lasts or lasts[customer][0] < last:
                lasts[customer] = (last, required)
        return {customer: lasts[customer][1] for customer in sorted(firsts, key=firsts.__getitem__)}


def _fold_of(bd_fcm: str) -> Fold[LastRequirements]:
    prefix = f"{bd_fcm}/"

    def take(found: LastRequirements, record: Record) -> None:
        if record.subject.startswith(prefix):
            found.take(record)

    return Fold(f"requirements of {bd_fcm}", (REQUIREMENT,), LastRequirements, take)


def last_factors(
    records: Records, bd_fcm: str, *, before: date
) -> Mapping[CustomerKey, AgreedFactor]:
    """Return each customer's last factor that both sides' figures made."""
    found = last_requirements(records, bd_fcm, until=before)
    return {key: each.factor for key, each in found.items() if each.factor is not None}


def factor_content(factor: AgreedFactor) -> dict[str, object]:
    """Return a factor as the record of a requirement has it."""
    return {
        "factor": str(factor.factor),
        "binding": factor.binding.value,
        "cycle": factor.cycle.value,
        "as_of": factor.as_of.isoformat(),
        "at": factor.at.isoformat(),
        "run": factor.digest,
    }


def _factor_of(said: Mapping[str, object]) -> AgreedFactor:
    return AgreedFactor(
        Fraction(str(said["factor"])),
        Binding(str(said["binding"])),
        Cycle(str(said["cycle"])),
        date.fromisoformat(str(said["as_of"])),
        datetime.fromisoformat(str(said["at"])),
        str(said["run"]),
    )


def _group(said: object) -> Mapping[str, object]:
    if not isinstance(said, Mapping):
        raise TypeError(f"expected a group, was {said!r}")
    return said


def _money(said: object) -> Money:
    return money_from_decimal(str(said))
