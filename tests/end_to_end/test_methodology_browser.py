"""The pack in a real browser: drawn without a script and with it, and nothing is asked for.

Skipped where no Chromium is found.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crossmargin.basics.digest import digest_of
from crossmargin.methodology.values import Figure, Pack, Paragraph, Part, Section, Value, table
from crossmargin.presentation.pack_html import pack_html
from crossmargin.testing.sample_figures import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_BROWSER = "not an origin"


@pytest.fixture(scope="module")
def browser() -> str:
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium found: install it to test the pack in a browser")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page with every figure of the house, a sentence and a table."""
    from datetime import date

    figures = [
        Figure(name, make(), Paragraph("How it is read."), "sample")
        for name, make in SAMPLES.items()
    ]
    sentence = Paragraph("At most {cap} is saved.", {"cap": Value("80 % <b>", "arrangement.cap")})
    rows = table("Books", ("book", "USD"), [["</script><script>", "1,000"]], origin="sample")
    section = Section("drivers", "Drivers", (Part("Everything", (sentence, rows, *figures)),))
    pack = Pack("public", date(2026, 3, 24), True, (sentence,), (section,), (("program", "x"),))
    path = tmp_path_factory.mktemp("page") / "pack.html"
    path.write_text(pack_html(pack, digest=digest_of("sample")), encoding="utf-8")
    return path


def run(browser: str, home: Path, arguments: Sequence[str], page: Path) -> str:
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={home / 'profile'}",
        "--virtual-time-budget=20000",
        *arguments,
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    return done.stdout


def test_every_figure_comes_alive_and_nothing_is_asked_for(
    browser: str, page: Path, tmp_path: Path
) -> None:
    log = tmp_path / "net.json"
    dom = run(browser, tmp_path, [f"--log-net-log={log}", "--dump-dom"], page)
    assert dom.count('class="alive"') == len(SAMPLES)
    assert dom.count('class="main-svg"') >= len(SAMPLES)
    # A label that looks like a tag stays a label.
    assert "80 % &lt;b&gt;" in dom
    assert "&lt;/script&gt;&lt;script&gt;" in dom
    asked = [url for url in requests_of(log) if url.startswith(("http:", "https:", "ws:", "wss:"))]
    assert asked == []


def requests_of(log: Path) -> list[str]:
    """Return the address of every request that a page began, in Chromium's network log.

    What the browser asks for itself has no page as its initiator.
    """
    text = log.read_text("utf-8")
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        # The browser left before it closed the list.
        document = json.loads(text.rstrip().rstrip(",") + "]}")
    return [
        event["params"]["url"]
        for event in document["events"]
        if isinstance(event.get("params"), dict)
        and "url" in event["params"]
        and event["params"].get("initiator", _BROWSER) != _BROWSER
    ]


def test_the_policy_stops_a_request_that_someone_adds(
    browser: str, page: Path, tmp_path: Path
) -> None:
    """The proof that no request is made can fail: what is added is stopped, and seen as such."""
    tampered = tmp_path / "tampered.html"
    text = page.read_text("utf-8")
    added = "<img id='added' src='http://127.0.0.1:9/x.png'><script>var added = 1;</script>"
    tampered.write_text(text.replace("<main>", f"<main>{added}", 1), encoding="utf-8")
    log = tmp_path / "net.json"
    run(browser, tmp_path, [f"--log-net-log={log}", "--dump-dom"], tampered)
    assert [url for url in requests_of(log) if "127.0.0.1:9" in url] == []
    bare = tmp_path / "bare.html"
    bare.write_text(added, encoding="utf-8")
    again = tmp_path / "again.json"
    run(browser, tmp_path, [f"--log-net-log={again}", "--dump-dom"], bare)
    assert [url for url in requests_of(again) if "127.0.0.1:9" in url] != []


def test_it_reads_without_a_script(browser: str, page: Path, tmp_path: Path) -> None:
    still = tmp_path / "still.html"
    text = page.read_text("utf-8")
    still.write_text(text[: text.index("<script")] + "</body></html>", encoding="utf-8")
    picture = tmp_path / "still.png"
    run(browser, tmp_path, ["--window-size=1000,3000", f"--screenshot={picture}"], still)
    assert picture.stat().st_size > 50_000
    dom = run(browser, tmp_path, ["--dump-dom"], still)
    assert dom.count('<svg class="drawn"') == len(SAMPLES)
    assert "alive" not in dom.split("</style>")[1]


def test_it_prints(browser: str, page: Path, tmp_path: Path) -> None:
    paper = tmp_path / "page.pdf"
    run(browser, tmp_path, ["--no-pdf-header-footer", f"--print-to-pdf={paper}"], page)
    assert paper.read_bytes().startswith(b"%PDF")
    assert paper.stat().st_size > 50_000
