"""Every figure asks a question, names its units, and needs no colour to be read."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from crossmargin.charts import conditions, coverage, factors, look, requirement
from crossmargin.testing.sample_figures import SAMPLES

#: Axes that count, measure time or name things have their own words; all others name a unit.
UNITS = re.compile(
    r"per cent|bp\b|USD|dollars|years|ratio|count|multiple|date|tenor|contract|book|scenario"
    r"|parameter|owner|cause|binds|risk factor"
)
OKABE_ITO = {
    *(look.BLUE, look.VERMILION, look.GREEN, look.ORANGE),
    *(look.SKY, look.PURPLE, look.YELLOW, look.INK),
}
GREYS = {"#8c8c8c"}


@pytest.fixture(scope="module", params=sorted(SAMPLES))
def figure(request: pytest.FixtureRequest) -> Any:
    return SAMPLES[request.param]()


def test_every_function_of_the_room_has_a_sample() -> None:
    rooms = (conditions, coverage, factors, requirement)
    public = {
        name
        for room in rooms
        for name, each in inspect.getmembers(room, inspect.isfunction)
        if each.__module__ == room.__name__ and not name.startswith("_")
    }
    assert public == set(SAMPLES)


def test_the_title_is_a_question(figure: Any) -> None:
    assert "?" in figure.layout.title.text


def test_every_axis_names_its_unit(figure: Any) -> None:
    axes = {
        name: axis for name, axis in figure.layout.to_plotly_json().items() if name[1:5] == "axis"
    }
    used = {
        f"{trace[place][0]}axis{trace[place][1:]}"
        for trace in figure.to_plotly_json()["data"]
        if trace["type"] != "heatmap"
        for place in ("xaxis", "yaxis")
    }
    assert used <= set(axes)
    for axis in axes.values():
        assert UNITS.search(axis["title"]["text"]), axis["title"]["text"]


def test_colours_are_of_the_palette(figure: Any) -> None:
    for trace in figure.to_plotly_json()["data"]:
        if trace["type"] != "heatmap":
            assert trace["marker"]["color"] in OKABE_ITO | GREYS


def test_no_two_series_differ_by_colour_alone(figure: Any) -> None:
    told = []
    for trace in figure.to_plotly_json()["data"]:
        if trace["type"] == "heatmap" or trace.get("showlegend") is False:
            continue
        if trace["type"] == "bar":
            told.append(("bar", trace["marker"]["pattern"]["shape"]))
        else:
            mode, line = trace["mode"], trace.get("line", {})
            told.append(
                (
                    mode,
                    *((line["dash"], line["width"]) if "lines" in mode else ()),
                    *((trace["marker"]["symbol"],) if "markers" in mode else ()),
                )
            )
    assert len(told) == len(set(told))


def test_bars_keep_their_colour_under_the_hatching(figure: Any) -> None:
    for trace in figure.to_plotly_json()["data"]:
        if trace["type"] == "bar":
            assert trace["marker"]["pattern"]["fillmode"] == "overlay"


def test_nothing_is_fetched(figure: Any) -> None:
    assert "http" not in figure.to_json()


def test_a_heat_map_carries_its_numbers() -> None:
    (heat,) = SAMPLES["correlation"]().to_plotly_json()["data"]
    assert heat["text"][0] == ["1.00", "0.50", "0.00"]
    assert heat["z"][1] == [0.5, 1.0, -0.9]


def test_missing_figures_are_blank_and_not_zero() -> None:
    assert look.plain([1.23456789, float("nan")]) == [1.23457, None]


def test_exceptions_stand_at_the_loss() -> None:
    traces = SAMPLES["margin_against_loss"]().to_plotly_json()["data"]
    (marks,) = [trace for trace in traces if trace["name"].startswith("beyond")]
    assert marks["y"] == [16.0, 18.0, 22.0]
    assert marks["x"] == ["2020-06-15", "2020-08-15", "2020-11-15"]


def test_a_loss_at_the_requirement_is_within_it() -> None:
    figure = requirement.stress_losses("b", ["one"], [3e6], requirement_dollars=3e6)
    assert [trace.name for trace in figure.data] == ["within the requirement", "requirement"]


def test_a_saving_through_time_is_a_share_of_the_legs_alone() -> None:
    traces = SAMPLES["requirement_through_time"]().to_plotly_json()["data"]
    (saved,) = [trace for trace in traces if trace["name"] == "saved"]
    assert saved["y"] == [70.0] * 12


def test_the_script_is_whole_and_ends_no_element() -> None:
    text = look.script()
    assert "Plotly" in text
    assert "</script" not in text
