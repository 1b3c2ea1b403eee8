"""Whether values are in their domains, and whether they fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.parameters.version import Parameter

_VALUE = "value"
_ENDS = ("low", "high")


@dataclass(frozen=True, slots=True)
class ValueFault:
    """One value of a parameter file that may not stand there.

    Parameters
    ----------
    name : str
    place : int
        Which version of the parameter, from 0 in the order of the file.
    key : str
        ``value``, ``low`` or ``high``.
    value : str
    expected : str
    """

    name: str
    place: int
    key: str
    value: str
    expected: str


def misfits(parameters: Mapping[str, Parameter], among: Iterable[str] | None = None) -> list[str]:
    """Return names of parameters whose value, good by itself, does not fit others of the owner.

    Parameters
    ----------
    parameters : mapping of name to Parameter
    among : iterable of str, optional
        The names that are looked at; all if left out.
    """
    found = []
    for name in parameters if among is None else among:
        domain, value = parameters[name].domain, parameters[name].value
        if domain is None or not domain.relations or not domain.holds(value):
            continue
        others = {
            each: (other.domain, other.value)
            for each in domain.relations
            if (other := parameters.get(each)) is not None and other.domain is not None
        }
        if not domain.fits(value, others):
            found.append(name)
    return found


def expected_to_fit(parameters: Mapping[str, Parameter], name: str, at_fault: str) -> str:
    """Return what was expected of a parameter at fault, where ``name`` is a misfit.

    Parameters
    ----------
    parameters : mapping of name to Parameter
    name : str
    at_fault : str
        The same name, or one of those that it must fit.
    """
    misfit = parameters[name]
    words, relations = misfit.domain_text, () if misfit.domain is None else misfit.domain.relations
    if at_fault != name:
        return f"a value that {name}, {misfit.value!r}, fits, which must be {words}"
    others = [f"{each} is {parameters[each].value!r}" for each in relations if each in parameters]
    return f"{words}; {' and '.join(others)}"


def value_faults(versions: Sequence[Parameter]) -> Iterator[ValueFault]:
    """Yield every value, low and high outside its domain, then those that do not fit others.

    Parameters
    ----------
    versions : sequence of Parameter
        In the order of the file. What must fit is looked at on every day on which a version begins.
    """
    placed = _placed(versions)
    for version, place in placed:
        if (domain := version.domain) is not None:
            for key in (_VALUE, *_ENDS):
                text = getattr(version, key)
                if text is not None and not domain.holds(text):
                    yield ValueFault(
                        version.name, place, key, text, domain.words(version.unit, text)
                    )
    seen: set[tuple[str, int, str]] = set()
    for day in sorted({each.effective_from for each in versions if each.effective_from}):
        for fault in _misfits_on(day, placed):
            if (fault.name, fault.place, fault.key) not in seen:
                seen.add((fault.name, fault.place, fault.key))
                yield fault


def _placed(versions: Sequence[Parameter]) -> list[tuple[Parameter, int]]:
    count: dict[str, int] = {}
    placed = []
    for version in versions:
        place = count.get(version.name, 0)
        count[version.name] = place + 1
        placed.append((version, place))
    return placed


def _misfits_on(day: date, placed: Sequence[tuple[Parameter, int]]) -> Iterator[ValueFault]:
    chosen: dict[str, tuple[Parameter, int]] = {}
    dated = [each for each in placed if each[0].effective_from is not None]
    for version, place in sorted(dated, key=lambda each: each[0].effective_from or day):
        if version.name not in chosen or (version.effective_from or day) <= day:
            chosen[version.name] = (version, place)
    in_force = {name: version for name, (version, _) in chosen.items()}
    wrong = misfits(in_force)
    for name in wrong:
        yield _fault(in_force, name, chosen[name][1], _VALUE, name)
    for name, fitting in _fitting(in_force).items():
        version = in_force[name]
        for key in _ENDS if version.has_range else ():
            moved = in_force | {name: replace(version, value=getattr(version, key))}
            # An end that breaks what its value keeps: its own fit, or that of another with it.
            for misfit in sorted({*misfits(moved, fitting)} - {*wrong}):
                yield _fault(moved, name, chosen[name][1], key, misfit)


def _fitting(parameters: Mapping[str, Parameter]) -> dict[str, list[str]]:
    """Return, by name, whose fit its value decides: its own, and that of others which must fit it.

    Names whose value decides none are left out.
    """
    deciding: dict[str, list[str]] = {name: [] for name in parameters}
    for name, parameter in parameters.items():
        if parameter.domain is not None and parameter.domain.relations:
            for each in dict.fromkeys((name, *parameter.domain.relations)):
                if each in deciding:
                    deciding[each].append(name)
    return {name: fitting for name, fitting in deciding.items() if fitting}


def _fault(
    parameters: Mapping[str, Parameter], name: str, place: int, key: str, misfit: str
) -> ValueFault:
    expected = expected_to_fit(parameters, misfit, name)
    return ValueFault(name, place, key, parameters[name].value, expected)
