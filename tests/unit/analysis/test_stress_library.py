"""The library of episodes as shipped, what is taken from it, and what it refuses."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.analysis.stress.library import (
    Episode,
    Move,
    StressLibrary,
    library_from_document,
)
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import stress_library

#: Windows that a reader of the library looks for.
WANTED = {
    "1987 crash": (1987, 10),
    "1994 tightening": (1994, 2),
    "2008 crisis": (2008, 9),
    "2013 taper": (2013, 5),
    "October 2014": (2014, 10),
    "September 2019": (2019, 9),
    "March 2020": (2020, 2),
    "June 2022": (2022, 6),
    "March 2023": (2023, 3),
    "April 2025": (2025, 4),
}


def test_the_shipped_library_has_every_episode_oldest_first() -> None:
    library = stress_library()
    assert {e.name: (e.start.year, e.start.month) for e in library.episodes} == WANTED
    starts = [episode.start for episode in library.episodes]
    assert starts == sorted(starts)
    for episode in library.episodes:
        assert episode.what.endswith(".")
        assert episode.source
        whole = episode.moves[0]
        assert all(
            move.end - move.start <= whole.end - whole.start or move.start >= whole.end
            for move in episode.moves
        )


def test_published_moves_have_every_tenor_but_those_of_1987() -> None:
    for episode in stress_library().episodes:
        for move in episode.moves:
            assert len(move.tenors) == (3 if move.end.year == 1987 else 10)
    march = stress_library().chosen(["March 2023"]).episodes[0]
    assert march.moves[0].changes_bp["2Y"] == -102


def test_episodes_are_chosen_by_name_and_unknown_ones_refused_together() -> None:
    library = stress_library()
    assert library.chosen(["march 2020", " June 2022 "]).names == ("March 2020", "June 2022")
    with pytest.raises(RefusedError) as caught:
        library.chosen(["March 2021", "March 2020", "nothing like it"])
    assert [refusal.value for refusal in caught.value.refusals] == ["March 2021", "nothing like it"]
    assert caught.value.refusals[0].expected == "'March 2023'"
    assert "April 2025" in caught.value.refusals[1].expected


def test_moves_and_episodes_that_cannot_be_are_refused() -> None:
    day, later = date(2020, 3, 9), date(2020, 3, 18)
    with pytest.raises(ValueError, match="after it starts"):
        Move(later, day, {"2Y": 1})
    with pytest.raises(ValueError, match="tenors"):
        Move(day, later, {"4Y": 1})
    with pytest.raises(ValueError, match="tenors"):
        Move(day, later, {})
    move = Move(day, later, {"10Y": 64, "2Y": 16})
    assert move.tenors == ("2Y", "10Y")
    with pytest.raises(ValueError, match="moves lie between"):
        Episode("x", day, day.replace(day=10), "What.", "source", (move,))
    with pytest.raises(ValueError, match="a move at least"):
        Episode("x", day, later, "What.", "source", ())
    episode = Episode("x", day, later, "What.", "source", (move,))
    with pytest.raises(ValueError, match="name of its own"):
        StressLibrary((episode, episode))


def test_a_document_names_the_publisher_with_how_dates_were_found() -> None:
    document = {
        "dates_source": "by eye",
        "publishers": {"p": "Somebody"},
        "episode": [
            {
                "name": "x",
                "start": "2020-03-09",
                "end": "2020-03-18",
                "what": "It fell.",
                "publisher": "p",
                "move": [{"start": "2020-03-09", "end": "2020-03-18", "changes_bp": {"2Y": 16}}],
            }
        ],
    }
    (episode,) = library_from_document(document).episodes
    assert episode.source == "Somebody; dates: by eye"
    assert episode.moves[0].changes_bp == {"2Y": 16}
