"""The report in Chromium: on a screen, on a phone, on paper."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.pdf import page_texts
from vfprog.workflows.report import write_report

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE, SCREEN = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
PATIENCE_MS = 120_000  # a page of many figures, on a machine that has other things to do


def chromium():
    """Return the path of Chromium; without it the test is skipped, or fails where CI is set."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is not None:
        return path
    if os.environ.get("CI"):
        pytest.fail("no chromium: the tests of the report need the system's package")
    pytest.skip("no chromium: install the system's package to test the report")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(simulated, tmp_path_factory):
    return write_report(simulated.bundle, tmp_path_factory.mktemp("pages") / "report.html").page


@pytest.fixture
def seen(browser, file):
    """The page, open; at the end nothing was fetched and nothing complained."""
    context = browser.new_context(viewport=SCREEN)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints, asked = [], []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(("data:image/svg", file.as_uri()))] == []


def test_every_figure_is_drawn_and_every_entry_of_the_contents_leads_somewhere(seen):
    broken = "[...document.images].filter(i => !i.complete || i.naturalWidth === 0).length"
    assert seen.evaluate("document.images.length") > 10
    assert seen.evaluate(broken) == 0
    lost = """[...document.querySelectorAll('a[href^="#"]')]
        .filter(a => !document.querySelector(a.getAttribute('href'))).length"""
    assert seen.evaluate(lost) == 0
    links = seen.locator("nav.toc a")
    assert links.count() == seen.locator("main > section").count()
    links.filter(has_text="Limitations").click()
    assert seen.url.endswith("#limitations")
    assert seen.locator("#limitations-head").is_visible()


def test_the_mark_stays_in_sight_however_far_one_scrolls(seen):
    banner = seen.locator("aside.simulated").first
    for anchor in ("performance", "checklist"):
        seen.evaluate("name => document.getElementById(name).scrollIntoView()", anchor)
        box = banner.bounding_box()
        assert 0 <= box["y"] < 5
        assert box["width"] == seen.evaluate("document.documentElement.clientWidth")


@pytest.mark.parametrize("size", [SCREEN, PHONE], ids=["screen", "phone"])
def test_nothing_sticks_out_to_the_side(seen, size):
    seen.set_viewport_size(size)
    assert seen.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(seen, scheme):
    from axe_playwright_python.sync_playwright import Axe

    seen.emulate_media(color_scheme=scheme)
    found = Axe().run(seen).response["violations"]
    serious = [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
    assert serious == []


def test_on_paper_every_page_is_marked_and_numbered(seen):
    texts = page_texts(seen.pdf(prefer_css_page_size=True, print_background=True))
    assert len(texts) > 10
    unmarked = [i for i, text in enumerate(texts, 1) if "SIMULATEDDATA:nopatient" not in mark(text)]
    assert unmarked == []
    for number, text in enumerate(texts, 1):
        assert f"{number}/{len(texts)}" in mark(text)


def mark(text):
    """Return the words of a page without the blanks between them."""
    return "".join(text.split())
