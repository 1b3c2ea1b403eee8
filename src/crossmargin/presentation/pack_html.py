"""A methodology pack as one HTML file: for screen and print, with or without a script, no network.

Every figure is drawn twice from the same data: as an SVG that stands in the text, for print and for
readers without a script, and by Plotly's script, inlined once, for screens. The page's own policy
forbids every request, and names the two scripts by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape

from crossmargin.charts.look import script
from crossmargin.methodology.values import Block, Figure, Pack, Paragraph, Section, Table
from crossmargin.presentation.drawing.items import svg_of
from crossmargin.presentation.drawing.plot import drawing_of
from crossmargin.presentation.pack_style import CSS
from crossmargin.presentation.pack_words import EDITIONS, TITLE

_SHOW = """
(function () {
  var data = JSON.parse(document.getElementById("figures").textContent);
  var options = {displaylogo: false, responsive: true,
                 modeBarButtonsToRemove: ["sendDataToCloud", "lasso2d", "select2d"]};
  document.querySelectorAll("figure[data-figure]").forEach(function (place) {
    var one = data[place.getAttribute("data-figure")];
    var live = place.querySelector(".live");
    delete one.layout.width;
    one.layout.autosize = true;
    live.style.height = one.layout.height + "px";
    place.classList.add("alive");
    Plotly.newPlot(live, one.data, one.layout, options);
  });
})();
"""


def pack_html(pack: Pack, *, digest: str) -> str:
    """Return the page.

    Parameters
    ----------
    pack : Pack
    digest : str
        Of the machine-readable copy.
    """
    plotly, figures = script(), _figures(pack)
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
        f"script-src '{_hash(plotly)}' '{_hash(_SHOW)}'; base-uri 'none'; form-action 'none'"
    )
    title = f"{TITLE}, {EDITIONS[pack.edition]}, {pack.as_of}"
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<link rel="icon" href="data:,">\n',
            f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n",
            *_cover(pack, digest),
            *_contents(pack),
            "<main>\n",
            *(part for section in pack.sections for part in _section(section)),
            "</main>\n",
            f'<script type="application/json" id="figures">{figures}</script>\n',
            f"<script>{plotly}</script>\n<script>{_SHOW}</script>\n</body>\n</html>\n",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _figures(pack: Pack) -> str:
    parts = [f"{json.dumps(each.name)}:{each.chart.to_json()}" for each in pack.figures()]
    # An element of script ends at the next tag: no figure's label may begin one.
    return ("{" + ",".join(parts) + "}").replace("<", "\\u003c")


def _cover(pack: Pack, digest: str) -> Iterator[str]:
    yield f"<header>\n<p class='kicker'>Crossmargin</p>\n<h1>{escape(TITLE)}</h1>\n"
    yield f"<p class='lead'>{escape(EDITIONS[pack.edition])}, as of {pack.as_of}</p>\n"
    for notice in pack.notices:
        yield f"<p class='notice'>{_sentence(notice)}</p>\n"
    yield f"<p class='digest'>Digest of the machine-readable copy: <code>{digest}</code></p>\n"
    yield "</header>\n"


def _contents(pack: Pack) -> Iterator[str]:
    yield "<nav aria-label='Contents'>\n<h2>Contents</h2>\n<ol>\n"
    for section in pack.sections:
        yield f"<li><a href='#{section.name}'>{escape(section.heading)}</a>\n<ul>\n"
        for place, part in enumerate(section.parts):
            yield f"<li><a href='#{section.name}-{place}'>{escape(part.heading)}</a></li>\n"
        yield "</ul></li>\n"
    yield "</ol>\n</nav>\n"


def _section(section: Section) -> Iterator[str]:
    yield f"<section id='{section.name}'>\n<h2>{escape(section.heading)}</h2>\n"
    if section.answers:
        yield f"<p class='answers'>Asked for: {escape(section.answers)}.</p>\n"
    for place, part in enumerate(section.parts):
        yield f"<h3 id='{section.name}-{place}'>{escape(part.heading)}</h3>\n"
        for block in part.blocks:
            yield _block(block)
    yield "</section>\n"


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{_sentence(block)}</p>\n"
    if isinstance(block, Table):
        return table_html(block)
    return _figure(block)


def _sentence(paragraph: Paragraph) -> str:
    """Return a sentence whose values say where they come from."""
    marked = {
        name: f'<span class="value" title="{escape(value.origin, quote=True)}">'
        f"{escape(value.text)}</span>"
        for name, value in paragraph.values.items()
    }
    return escape(paragraph.template, quote=False).format(**marked)


def table_html(block: Table) -> str:
    """Return a table with its caption."""
    head = "".join(
        f"<th scope='col'{_right(block, place)}>{escape(text)}</th>"
        for place, text in enumerate(block.header)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{_right(block, place)}>{escape(cell)}</td>" for place, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in block.rows
    )
    return (
        f"<div class='wide'><table>\n<caption>{escape(block.title)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )


def _right(block: Table, place: int) -> str:
    return " class='figure'" if place in block.figures else ""


def _figure(block: Figure) -> str:
    return (
        f"<figure data-figure='{escape(block.name, quote=True)}'>\n"
        f"<div class='still'>{svg_of(drawing_of(block.chart))}</div>\n<div class='live'></div>\n"
        f"<figcaption>{_sentence(block.reading)}</figcaption>\n</figure>\n"
    )
