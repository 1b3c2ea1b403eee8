"""Every owner's parameter files as one registry: what is in force, what changes, what is wrong.

A user's own file takes the place of its owner's as a whole: a name that it lacks would leave the
model without a value, so it is refused, and so is a name that the owner does not have. What a value
may be, its unit and the review status are for the shipped file to say, whatever a user's file says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.parameters.fitting import value_faults
from crossmargin.parameters.reading import OwnerFile, nearest_of
from crossmargin.parameters.registry import SHIPPED, ModelVersion, Parameter, ParameterSet
from crossmargin.services.parameter_sets import ParameterSets

#: Every owner and the folder of the package where its parameter file lies.
OWNERS: Mapping[str, str] = {
    "analysis": "analysis",
    "arrangement": "arrangement",
    "clearing_day": "services/clearing_day",
    "cme": "margin/cme",
    "collateral": "collateral",
    "default_management": "default_management",
    "ficc": "margin/ficc",
    "liquidation": "default_management/liquidation",
    "market": "market",
    "participation": "participation",
    "porting": "default_management/porting",
    "reporting": "reporting",
    "settlement": "settlement",
    "stress": "analysis/stress",
    "validation": "validation",
}
#: The owners whose parameters a margin run reads.
OWNERS_OF_A_RUN = ("arrangement", "cme", "ficc", "market")
_RULE = "parameter files"
_FIELDS = (
    *("value", "unit", "source", "status", "effective_to"),
    *("low", "high", "range_source", "no_range"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two dates or two files.

    Parameters
    ----------
    owner, name : str
        The name is ``model`` for the model version.
    what : str
        The key that differs; ``version`` where one side has none.
    before, after : str
        Empty where there is none.
    effective_from : str
        Of the later side.
    """

    owner: str
    name: str
    what: str
    before: str
    after: str
    effective_from: str

    def as_document(self) -> dict[str, str]:
        """Return the JSON shape."""
        return {
            "owner": self.owner,
            "name": self.name,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "effective_from": self.effective_from,
        }


@dataclass(frozen=True, slots=True)
class ParameterRegistry:
    """One file for each owner.

    Parameters
    ----------
    files : mapping of owner to OwnerFile
    own : frozenset of str
        Owners whose file is the user's.
    """

    files: Mapping[str, OwnerFile]
    own: frozenset[str] = frozenset()

    def replacing(self, own_files: Sequence[OwnerFile]) -> ParameterRegistry:
        """Return the registry with a user's files in the place of their owners'.

        Raises
        ------
        RefusedError
            With everything that is wrong in any of them, or if two have the same owner.
        """
        faults = [fault for each in own_files for fault in self.faults_of(each)]
        owners: set[str] = set()
        for each in own_files:
            if each.owner in owners:
                faults.append(_fault(each, "owner", each.owner, "one file for each owner"))
            owners.add(each.owner)
        if faults:
            raise RefusedError(*faults)
        replaced = {each.owner: self._with_domains(each) for each in own_files}
        return ParameterRegistry({**self.files, **replaced}, frozenset(owners))

    def set_of(self, owner: str, on: date) -> ParameterSet:
        """Return one owner's parameters in force on the day."""
        read = self.files[owner]
        return ParameterSet.from_file(
            read, on=on, origin=read.file if owner in self.own else SHIPPED
        )

    def in_force(self, on: date, *, beside: Sequence[str] = ()) -> ParameterSets:
        """Return the parameters of a margin run in force on the day.

        Parameters
        ----------
        on : date
        beside : sequence of str
            Owners that are read beside those of a margin run.

        Raises
        ------
        RefusedError
            If a user's file is of an owner that is not read.
        """
        read = (*OWNERS_OF_A_RUN, *beside)
        reader = "this" if beside else "a margin run"
        expected = f"a file of {', '.join(read)}: {reader} reads no other owner's"
        unread = [self.files[owner] for owner in sorted(self.own) if owner not in read]
        if unread:
            raise RefusedError(*(_fault(each, "owner", each.owner, expected) for each in unread))
        return ParameterSets(**{owner: self.set_of(owner, on) for owner in OWNERS_OF_A_RUN})

    def listed(
        self, *, on: date, owner: str | None = None, status: str | None = None
    ) -> dict[str, list[Parameter]]:
        """Return, by owner and name, what is in force on the day, then what is pending.

        Raises
        ------
        RefusedError
            If there is no such owner.
        """
        if owner is not None and owner not in self.files:
            raise refused("--owner", owner, nearest_of(owner, self.files), _RULE)
        found = {}
        for each in self.files if owner is None else [owner]:
            rules = self.set_of(each, on)
            rows = [
                version
                for name in rules.parameters
                for version in (rules.parameters[name], *rules.pending.get(name, ()))
                if status in (None, version.status.value)
            ]
            found[each] = rows
        return found

    def versions_of(self, name: str) -> tuple[str, list[Parameter]]:
        """Return the owner and every version of ``OWNER.NAME``, by date, pending ones last.

        Raises
        ------
        RefusedError
            If there is no such parameter.
        """
        owner, _, short = name.partition(".")
        known = [f"{each}.{v.name}" for each, read in self.files.items() for v in read.versions]
        if name not in known:
            raise refused("parameter", name, nearest_of(name, dict.fromkeys(known)), _RULE)
        versions = [v for v in self.files[owner].versions if v.name == short]
        return owner, sorted(versions, key=lambda v: v.effective_from or date.max)

    def faults_of(self, own: OwnerFile) -> list[Refusal]:
        """Return what is wrong with a user's file beside the owner's shipped one."""
        if own.owner not in self.files:
            expected = f"an owner on the first lines, as in owner = {min(self.files)!r}: "
            expected += nearest_of(own.owner, self.files)
            return [_fault(own, "owner", own.owner, expected)]
        faults = []
        if not own.models:
            expected = "a [[model]] table that states version, name, effective_from and review"
            faults.append(_fault(own, "model", "missing", expected))
        shipped = {version.name: version for version in self.files[own.owner].versions}
        faults += self._review_faults(own)
        for version, line in _with_lines(own):
            known = shipped.get(version.name)
            if known is None:
                expected = f"a parameter of {own.owner}: {nearest_of(version.name, shipped)}"
                faults.append(_fault(own, "parameter", version.name, expected, line))
            else:
                faults += _unlike_shipped(own, version, known, line)
        for fault in value_faults(self._with_domains(own).versions):
            line = own.lines.get((fault.name, fault.place))
            label = f"{fault.name}.{fault.key}"
            faults.append(_fault(own, label, fault.value, fault.expected, line))
        stated = {version.name for version in own.versions}
        faults += [
            _fault(own, name, "missing", f"every parameter of {own.owner} to be stated")
            for name in shipped
            if name not in stated
        ]
        return sorted(faults, key=lambda fault: fault.line or 0)

    def _review_faults(self, own: OwnerFile) -> list[Refusal]:
        """Refuse another review status than the shipped one: no agency has reviewed (ruling 32)."""
        known = {model.review for model in self.files[own.owner].models}
        expected = f"{' or '.join(map(repr, sorted(known)))}, as shipped"
        return [
            Refusal(
                *("model.review", model.review, expected, "ruling 32", own.file),
                own.lines.get(("model", place)),
            )
            for place, model in enumerate(own.models)
            if model.review not in known
        ]

    def _with_domains(self, own: OwnerFile) -> OwnerFile:
        """Return a user's file with the shipped domains, which none of its own can widen."""
        domains = self.files[own.owner].domains
        versions = (replace(each, domain=domains.get(each.name)) for each in own.versions)
        return replace(own, versions=tuple(versions))


def _with_lines(own: OwnerFile) -> Iterator[tuple[Parameter, int | None]]:
    places: dict[str, int] = {}
    for version in own.versions:
        place = places.get(version.name, 0)
        places[version.name] = place + 1
        yield version, own.lines.get((version.name, place))


def _unlike_shipped(
    own: OwnerFile, version: Parameter, shipped: Parameter, line: int | None
) -> Iterator[Refusal]:
    if version.unit != shipped.unit:
        expected = f"{shipped.unit!r}, the unit that the model reads"
        yield _fault(own, f"{version.name}.unit", version.unit, expected, line)
    if version.domain not in (None, shipped.domain):
        one, two = (
            {} if each.domain is None else each.domain.as_document() for each in (version, shipped)
        )
        for key in sorted({*one, *two}):
            if one.get(key) != two.get(key):
                expected = f"{two[key]!r}, as shipped" if key in two else "no such key, as shipped"
                value = str(one.get(key, "missing"))
                yield _fault(own, f"{version.name}.{key}", value, expected, line)


def _fault(
    own: OwnerFile, label: str, value: str, expected: str, line: int | None = None
) -> Refusal:
    return Refusal(label, value, expected, _RULE, own.file, line)


def changes_between_dates(registry: ParameterRegistry, first: date, last: date) -> list[Change]:
    """Return what is otherwise in force on the later date, owner by owner.

    What had no version yet on the earlier date begins: its ``before`` is empty, although a run on
    that date would take the first version.
    """
    changes: list[Change] = []
    for owner in registry.files:
        one, two = registry.set_of(owner, first), registry.set_of(owner, last)
        changes += _model_changes(
            owner, _begun_model(one.model, first), _begun_model(two.model, last)
        )
        for name in two.parameters:
            before, after = (
                _begun(each.parameters[name], day) for each, day in ((one, first), (two, last))
            )
            changes += _parameter_changes(owner, name, before, after)
    return changes


def changes_between_files(one: OwnerFile, two: OwnerFile) -> list[Change]:
    """Return what differs between two files of one owner, version by version.

    Raises
    ------
    RefusedError
        If they are files of two owners.
    """
    if one.owner != two.owner:
        expected = f"a file of {one.owner or 'the same owner'}, as {one.file}"
        raise RefusedError(Refusal("owner", two.owner, expected, _RULE, two.file))
    changes: list[Change] = []
    models = [{model.effective_from: model for model in each.models} for each in (one, two)]
    for day in sorted({*models[0], *models[1]}):
        changes += _model_changes(one.owner, models[0].get(day), models[1].get(day))
    before, after = _by_version(one), _by_version(two)
    for key in sorted({*before, *after}):
        changes += _parameter_changes(one.owner, key[0], before.get(key), after.get(key))
    return changes


def _by_version(read: OwnerFile) -> dict[tuple[str, str, int], Parameter]:
    found: dict[tuple[str, str, int], Parameter] = {}
    for version in read.versions:
        # Dates of a name are its own; pending versions are told apart by their order.
        order = sum(key[:2] == (version.name, version.since) for key in found)
        found[version.name, version.since, order] = version
    return found


def _begun(version: Parameter, on: date) -> Parameter | None:
    since = version.effective_from
    return version if since is not None and since <= on else None


def _begun_model(model: ModelVersion | None, on: date) -> ModelVersion | None:
    return model if model is not None and model.effective_from <= on else None


def _model_changes(
    owner: str, before: ModelVersion | None, after: ModelVersion | None
) -> Iterable[Change]:
    one, two = ({} if each is None else each.as_document() for each in (before, after))
    since = (two or one).get("effective_from", "")
    for what in ("version", "name", "review"):
        if one.get(what, "") != two.get(what, ""):
            yield Change(owner, "model", what, one.get(what, ""), two.get(what, ""), since)


def _parameter_changes(
    owner: str, name: str, before: Parameter | None, after: Parameter | None
) -> Iterable[Change]:
    either = after or before
    if either is None:
        return
    if before is None or after is None:
        one_value, two_value = ("" if each is None else each.value for each in (before, after))
        yield Change(owner, name, "version", one_value, two_value, either.since)
        return
    one, two = before.as_document(), after.as_document()
    for what in _FIELDS:
        if one.get(what, "") != two.get(what, ""):
            yield Change(owner, name, what, one.get(what, ""), two.get(what, ""), after.since)
