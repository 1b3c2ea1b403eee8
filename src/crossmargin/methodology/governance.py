"""Governance of changes, known deviations, every parameter, versions and digests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from crossmargin.charts.conditions import knowledge
from crossmargin.methodology.inputs import PackInputs
from crossmargin.methodology.values import Figure, Paragraph, Part, Section, Table, table
from crossmargin.methodology.words import result
from crossmargin.parameters.version import Parameter, Status

_FILES = "parameter files"
_UNCERTAIN = (Status.RECALLED, Status.INFERRED, Status.ASSUMED)


def governance(inputs: PackInputs) -> Section:
    """Return the section."""
    return Section(
        "governance",
        "Governance of changes to models and offset parameters",
        (
            _owners(inputs),
            _knowledge(inputs),
            _pending(inputs),
            _history(inputs),
            _how(inputs),
        ),
        answers="the governance framework for changes to margin models or offset parameters",
    )


def _owners(inputs: PackInputs) -> Part:
    rows = []
    for owner, rules in inputs.parameters.items():
        model = rules.model
        if model is not None:
            rows.append(
                [
                    owner,
                    model.name,
                    model.version,
                    model.effective_from.isoformat(),
                    model.review,
                    rules.origin,
                ]
            )
    reviews = {row[4] for row in rows}
    return Part(
        "Models, versions and their review",
        (
            Paragraph(
                "Each model has one owner of parameters, a version and a review status. "
                "Across all owners the status is: {review}.",
                {"review": result("; ".join(sorted(reviews)), _FILES)},
            ),
            table(
                "Model versions in force",
                ("owner", "model", "version", "in force from", "review", "file"),
                rows,
                origin=_FILES,
                words=len(rows[0]) if rows else 1,
            ),
        ),
    )


def _knowledge(inputs: PackInputs) -> Part:
    owners = list(inputs.parameters)
    counts = {
        status.value: [
            sum(one.status is status for one in inputs.parameters[owner].parameters.values())
            for owner in owners
        ]
        for status in Status
    }
    every = [one for rules in inputs.parameters.values() for one in rules.parameters.values()]
    uncertain = [one for one in every if one.status in _UNCERTAIN]
    values = {
        "count": result(len(every), _FILES),
        "uncertain": result(len(uncertain), _FILES),
        "ranged": result(sum(one.has_range for one in every), _FILES),
        "bare": result(sum(not one.has_range for one in uncertain), _FILES),
    }
    rows = [
        [
            owner,
            *(f"{counts[status.value][place]}" for status in Status),
            f"{len(inputs.parameters[owner].parameters)}",
        ]
        for place, owner in enumerate(owners)
    ]
    return Part(
        "How well parameters are known",
        (
            Paragraph(
                "{count} parameters are in force, {uncertain} of them recalled, inferred or "
                "assumed; {ranged} have a stated range, {bare} of the uncertain ones have none. "
                "Sourced: read in the named document. Recalled: from the named document, not "
                "checked. Inferred: from what sources say. Derived: computed from data. Assumed: "
                "ours.",
                values,
            ),
            Figure(
                "knowledge",
                knowledge(owners, counts),
                Paragraph("Parameters in force on the day, by owner and status."),
                _FILES,
            ),
            table(
                "Parameters in force, by owner and status",
                ("owner", *(status.value for status in Status), "all"),
                rows,
                origin=_FILES,
            ),
        ),
    )


def _pending(inputs: PackInputs) -> Part:
    rows = [
        [
            f"{owner}.{name}",
            rules.parameters[name].value if name in rules.parameters else "-",
            version.value,
            version.status.value,
            version.source,
        ]
        for owner, rules in inputs.parameters.items()
        for name, versions in rules.pending.items()
        for version in versions
    ]
    upcoming = [
        [f"{owner}.{one.name}", one.since, one.value, one.status.value, one.source]
        for owner, read in inputs.files.items()
        for one in read.versions
        if one.effective_from is not None
        and one.effective_from > inputs.as_of
        and one.effective_from != _first(read.versions, one.name)
    ]
    values = {
        "pending": result(len(rows), _FILES),
        "upcoming": result(len(upcoming), _FILES),
    }
    blocks: list[Paragraph | Table] = [
        Paragraph(
            "{pending} versions wait for an effective date that is not known, and are never in "
            "force by themselves; {upcoming} take effect on a known later day.",
            values,
        )
    ]
    if rows:
        blocks.append(
            table(
                "Pending versions",
                ("parameter", "in force", "pending", "known how", "source"),
                rows,
                origin=_FILES,
                words=len(rows[0]),
            )
        )
    if upcoming:
        blocks.append(
            table(
                "Versions that take effect later",
                ("parameter", "from", "value", "known how", "source"),
                upcoming,
                origin=_FILES,
                words=len(upcoming[0]),
            )
        )
    return Part("Pending and coming changes", tuple(blocks))


def _first(versions: tuple[Parameter, ...], name: str) -> object:
    return min(
        one.effective_from
        for one in versions
        if one.name == name and one.effective_from is not None
    )


def _history(inputs: PackInputs) -> Part:
    rows = sorted(_changes(inputs))
    by_hand = [
        [f"{owner}.{name}", rules.text(name), rules.parameters[name].source]
        for owner, rules in inputs.parameters.items()
        for name in sorted(rules.changed)
    ]
    blocks: list[Paragraph | Table] = [
        Paragraph(
            "{count} changes of a value have taken effect up to the date, from the dated versions "
            "in the parameter files; {hand} values were set by hand for this pack.",
            {"count": result(len(rows), _FILES), "hand": result(len(by_hand), "the run")},
        )
    ]
    if rows:
        blocks.append(
            table(
                "Changes by effective date",
                ("in force from", "parameter", "before", "after", "source"),
                rows,
                origin=_FILES,
                words=len(rows[0]),
            )
        )
    if by_hand:
        blocks.append(
            table(
                "Set by hand",
                ("parameter", "value", "reason"),
                by_hand,
                origin="the run",
                words=len(by_hand[0]),
            )
        )
    return Part("History of changes", tuple(blocks))


def _changes(inputs: PackInputs) -> Iterator[list[str]]:
    """Yield every change of a dated value, with what it was before."""
    for owner, read in inputs.files.items():
        by_name: dict[str, list[Parameter]] = {}
        for one in read.versions:
            if one.effective_from is not None and one.effective_from <= inputs.as_of:
                by_name.setdefault(one.name, []).append(one)
        for name, versions in by_name.items():
            ordered = sorted(versions, key=lambda one: one.since)
            for before, after in pairwise(ordered):
                yield [after.since, f"{owner}.{name}", before.value, after.value, after.source]


def _how(inputs: PackInputs) -> Part:
    return Part(
        "How a change is made",
        (
            Paragraph(
                "A parameter is a dated version with value, unit, source, status and what it "
                "may be. A new version takes effect on its date and never before; the old one "
                "stays, so "
                "that any past day can be computed again. An unknown name, a gap in dates, a value "
                "outside its domain or a version without a source is refused before anything is "
                "priced. Every figure carries the digests of the parameters that made it; the same "
                "inputs give the same digest on any machine. "
                "There are {owners} owners of parameters.",
                {"owners": result(len(inputs.parameters), _FILES)},
            ),
        ),
    )


def known_deviations(inputs: PackInputs) -> Section:
    """Return what the models leave out, from the one list of it."""
    places = dict.fromkeys(each.place for each in inputs.deviations)
    parts = [
        Part(
            place,
            (
                table(
                    f"Left out: {place}",
                    ("left out", "effect"),
                    [
                        [each.left_out, each.effect]
                        for each in inputs.deviations
                        if each.place == place
                    ],
                    origin="list of known deviations",
                    words=2,
                ),
            ),
        )
        for place in places
    ]
    return Section("deviations", "Known deviations", tuple(parts))


def all_parameters(inputs: PackInputs) -> Section:
    """Return every parameter in force, owner by owner."""
    return Section(
        "parameters",
        "Every parameter in force",
        tuple(
            Part(
                owner,
                (
                    table(
                        f"Parameters of {owner}",
                        ("name", "value", "unit", "range", "known how", "in force from", "source"),
                        [
                            [
                                one.name,
                                one.value,
                                one.unit,
                                one.range_text,
                                one.status.value,
                                one.since,
                                one.source,
                            ]
                            for one in rules.parameters.values()
                        ],
                        origin=_FILES,
                        words=7,
                    ),
                ),
            )
            for owner, rules in inputs.parameters.items()
        ),
    )
