"""Drawings show what the figures hold: lengths, places, words; what is not drawn is refused."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.charts.look import STYLES, Axis, bars, figure, line, points
from crossmargin.presentation.drawing.items import Shape, Stroke, Words, svg_of
from crossmargin.presentation.drawing.marks import hatched
from crossmargin.presentation.drawing.plot import drawing_of
from crossmargin.presentation.drawing.scales import scale_of
from crossmargin.testing.sample_figures import SAMPLES


def a_chart(*traces: Any, x: str = "linear", y: str = "linear", **more: Any) -> Any:
    chart = figure("What?", Axis("x, unit", x), Axis("y, unit", y), **more)
    chart.add_traces(list(traces))
    return chart


def boxes(chart: Any, color: str) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of every bar of a colour, the legend's sample first."""
    found = []
    for item in drawing_of(chart).items:
        if isinstance(item, Shape) and item.fill == color:
            xs, ys = zip(*item.points, strict=True)
            found.append((min(xs), min(ys), max(xs), max(ys)))
    return found


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_figure_is_drawn_with_its_words(name: str) -> None:
    chart = SAMPLES[name]()
    drawing = drawing_of(chart)
    words = {item.text for item in drawing.items if isinstance(item, Words)}
    layout = chart.layout.to_plotly_json()
    for key, axis in layout.items():
        if key[1:5] == "axis":
            assert axis["title"]["text"] in words
    assert layout["title"]["text"] in words
    traces = [trace for trace in chart.data if trace.type != "heatmap"]
    if len(traces) > 1:
        shown = {trace.name for trace in traces if trace.showlegend is not False}
        assert shown <= words


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_everything_lies_within_the_drawing(name: str) -> None:
    drawing = drawing_of(SAMPLES[name]())
    for item in drawing.items:
        for x, y in [item.at] if isinstance(item, Words) else item.points:
            assert -1 <= x <= drawing.width + 1
            assert -1 <= y <= drawing.height + 1


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_svg_is_well_formed_and_asks_for_nothing(name: str) -> None:
    text = svg_of(drawing_of(SAMPLES[name]()))
    root = ElementTree.fromstring(text)  # noqa: S314 - our own text
    assert root.attrib["role"] == "img"
    assert not re.search(r"href|url\(|@import|src=", text)


def test_bars_are_as_long_as_their_values() -> None:
    chart = a_chart(bars("one", ["a", "b", "c"], [1.0, 2.0, -4.0], STYLES[0]), x="category")
    heights = [bottom - top for _, top, _, bottom in boxes(chart, STYLES[0].color)]
    assert heights[1] == pytest.approx(2 * heights[0])
    assert heights[2] == pytest.approx(4 * heights[0])
    (_, _, _, base), (_, below, _, _) = (
        boxes(chart, STYLES[0].color)[0],
        boxes(chart, STYLES[0].color)[2],
    )
    assert base == pytest.approx(below), "a loss hangs from where a gain stands"


def test_stacked_bars_stand_on_each_other() -> None:
    chart = a_chart(
        bars("one", ["a"], [3.0], STYLES[0]),
        bars("two", ["a"], [1.0], STYLES[1]),
        x="category",
        barmode="stack",
    )
    lower, upper = boxes(chart, STYLES[0].color)[-1], boxes(chart, STYLES[1].color)[-1]
    assert upper[3] == pytest.approx(lower[1])
    assert lower[3] - lower[1] == pytest.approx(3 * (upper[3] - upper[1]))
    assert upper[1] > 0


def test_lying_bars_begin_at_their_base() -> None:
    chart = a_chart(
        bars("low", ["p"], [-1.0], STYLES[0], lying=True, base=[5.0]),
        bars("high", ["p"], [2.0], STYLES[1], lying=True, base=[5.0]),
        y="category",
        barmode="overlay",
    )
    low, high = boxes(chart, STYLES[0].color)[-1], boxes(chart, STYLES[1].color)[-1]
    assert low[2] == pytest.approx(high[0])
    assert high[2] - high[0] == pytest.approx(2 * (low[2] - low[0]))


def test_a_missing_figure_cuts_the_line() -> None:
    chart = a_chart(line("one", [1, 2, 3, 4, 5], [1, 2, float("nan"), 4, 5], STYLES[0]))
    runs = [
        item.points
        for item in drawing_of(chart).items
        if isinstance(item, Stroke) and item.color == STYLES[0].color
    ]
    assert [len(run) for run in runs] == [2, 2]


def test_a_step_holds_until_the_next() -> None:
    chart = a_chart(line("one", [0, 1], [0.0, 1.0], STYLES[0], step=True))
    (run,) = [
        item.points
        for item in drawing_of(chart).items
        if isinstance(item, Stroke) and item.color == STYLES[0].color
    ]
    assert run[0][1] == run[1][1]
    assert run[1][0] == run[2][0]


def test_the_first_of_reversed_labels_is_on_top() -> None:
    chart = figure("What?", Axis("x, unit"), Axis("book", "category", reversed=True))
    chart.add_trace(points("one", [1.0, 2.0], ["first", "second"], STYLES[0]))
    places = {item.text: item.at[1] for item in drawing_of(chart).items if isinstance(item, Words)}
    assert places["first"] < places["second"]


def test_dates_stand_where_they_belong() -> None:
    scale = scale_of(
        {"type": "date"}, ["2020-01-01", "2024-01-01"], start=0, stop=100, holds_zero=False
    )
    texts = [text for _, text in scale.ticks]
    assert texts[0] == "2020"
    assert "2022" in texts
    middle = scale.pixel(scale.value("2022-01-01"))
    assert middle == pytest.approx(50, abs=0.2)


def test_what_is_not_drawn_is_refused() -> None:
    chart = a_chart()
    chart.add_pie(values=[1, 2])
    with pytest.raises(ValueError, match=r"pie|xaxis"):
        drawing_of(chart)
    with pytest.raises(ValueError, match="log"):
        scale_of({"type": "log"}, [1.0], start=0, stop=1, holds_zero=False)
    odd = a_chart(points("one", [1.0], [1.0], STYLES[0]))
    odd.data[0].marker.symbol = "hourglass"
    with pytest.raises(ValueError, match="hourglass"):
        drawing_of(odd)


@given(
    shape=st.sampled_from(["", "/", "\\", "x", "-", "|", "."]),
    width=st.floats(0, 200),
    height=st.floats(0, 200),
)
def test_hatching_stays_in_its_bar(shape: str, width: float, height: float) -> None:
    look = {"color": "#0072B2", "pattern": {"shape": shape, "size": 7}}
    for item in hatched(10.0, 20.0, width, height, look):
        assert not isinstance(item, Words)
        for x, y in item.points:
            assert 10 - 1e-9 <= x <= 10 + width + 1e-9
            assert 20 - 1e-9 <= y <= 20 + height + 1e-9
