"""Whether values are in their domains, and whether they fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def misfits(parameters: Mapping[str, Parameter]) -> list[str]:
    """Return names of parameters whose value, good by itself, does not fit others of the owner."""
    values = {
        name: (each.domain, each.value)
        for name, each in parameters.items()
        if each.domain is not None
    }
    return [
        name
        for name, (domain, value) in values.items()
        if domain.relations and domain.holds(value) and not domain.fits(value, values)
    ]


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
    related = _related(in_force)
    for name, version in in_force.items():
        for key in _ENDS if version.has_range and name in related else ():
            moved = in_force | {name: replace(version, value=getattr(version, key))}
            # An end that breaks what its value keeps: its own fit, or that of another with it.
            for misfit in sorted({*misfits(moved)} - {*wrong}):
                yield _fault(moved, name, chosen[name][1], key, misfit)


def _related(parameters: Mapping[str, Parameter]) -> set[str]:
    """Return names of parameters that must fit another, or that another must fit."""
    related: set[str] = set()
    for name, parameter in parameters.items():
        if parameter.domain is not None and parameter.domain.relations:
            related |= {name, *parameter.domain.relations}
    return related


def _fault(
    parameters: Mapping[str, Parameter], name: str, place: int, key: str, misfit: str
) -> ValueFault:
    expected = expected_to_fit(parameters, misfit, name)
    return ValueFault(name, place, key, parameters[name].value, expected)
