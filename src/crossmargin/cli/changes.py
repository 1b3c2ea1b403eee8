"""Parameter values given on the command line."""

from __future__ import annotations

from collections.abc import Sequence

#: In the place of a source, where a value is given in a command.
ON_THE_COMMAND_LINE = "given on the command line"


def changes_by_owner(
    texts: Sequence[str], *, example: str, option: str = "--set"
) -> dict[str, dict[str, str]]:
    """Return changes by owner and parameter.

    Parameters
    ----------
    texts : sequence of str
    example : str
        One that would be accepted, for the refusal.
    option : str
        The option that they were given with, for the refusal.

    Raises
    ------
    RefusedError
        Naming everything that is not OWNER.NAME=VALUE, and each parameter that is given twice.
    """
    from crossmargin.basics.refusals import Refusal, RefusedError

    changes: dict[str, dict[str, str]] = {}
    faults = []
    for text in texts:
        left, equals, value = text.partition("=")
        owner, dot, name = left.partition(".")
        if not (equals and dot and value):
            expected = f"OWNER.NAME=VALUE, as in {example}"
            faults.append(Refusal(option, text, expected, "parameters"))
            continue
        values = changes.setdefault(owner.strip(), {})
        if name.strip() in values:
            given = f"{owner.strip()}.{name.strip()}={values[name.strip()]}"
            expected = f"each parameter once; {given} is given before it"
            faults.append(Refusal(option, text, expected, "parameters"))
            continue
        values[name.strip()] = value.strip()
    if faults:
        raise RefusedError(*faults)
    return changes
