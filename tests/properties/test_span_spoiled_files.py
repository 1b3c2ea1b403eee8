"""A spoiled SPAN file is a set or a refusal, never anything else."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.span.positional_writing import positional_text
from crossmargin.feeds.span.reading import loaded_span
from crossmargin.feeds.span.xml_writing import xml_text
from crossmargin.testing.span_sets import commodity, future, inter, intra, parameter_set, tier

SET = parameter_set(
    [
        commodity(
            "21",
            intra_tiers=(tier(1, "202606", "202606"), tier(2, "202609", "202612")),
            inter_tiers=(tier(1, "202606", "202612"),),
            intra_spreads=(
                intra(1, 40, (1, 1, "A"), (2, 1, "B")),
                intra(2, 50, ("202606", 1, "A"), ("202612", 1, "B")),
            ),
        ),
        commodity("17"),
    ],
    [future("21", "202606", 3000), future("21", "202609", 3000), future("17", "202606", 3600)],
    [inter(1, "3/4", ("21/1", 2, "A"), ("17", 1, "B"))],
)
POSITIONAL, XML = positional_text(SET), xml_text(SET)
places = st.lists(st.tuples(st.integers(0), st.sampled_from("0123456789 +-ABFSXZ<>/.")), max_size=3)
cuts = st.lists(st.tuples(st.integers(0), st.booleans()), max_size=3)


def spoiled(text: str, characters: list[tuple[int, str]], lines: list[tuple[int, bool]]) -> bytes:
    found = list(text)
    for place, character in characters:
        found[place % len(found)] = character
    rows = "".join(found).split("\n")
    for place, twice in lines:
        row = place % len(rows)
        rows[row : row + 1] = [rows[row]] * 2 if twice else []
        rows = rows or [""]
    return "\n".join(rows).encode()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from((POSITIONAL, XML)), places, cuts)
def test_it_is_read_or_refused(
    text: str, characters: list[tuple[int, str]], lines: list[tuple[int, bool]]
) -> None:
    with suppress(RefusedError):
        loaded = loaded_span(spoiled(text, characters, lines), file="spoiled")
        assert loaded.parameters.digest


def test_what_is_not_spoiled_is_read() -> None:
    for text in (POSITIONAL, XML):
        assert loaded_span(spoiled(text, [], []), file="whole").parameters == SET
