"""Chromium, and a service in a thread for it to look at."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# A slow machine gets the time it needs.
PATIENCE_MS = 15_000

PATIENT: dict[str, Any] = {
    "age_years": 79, "sex": "female", "vas_baseline": 8, "bed_rest": True,
    "fracture_age_days": 10, "t_score": -3.1, "vertebrae": [{"level": "L1", "height_loss_pct": 35}],
}  # fmt: skip
# The same behind the # of a link.
LINK = (
    "#age_years=79&sex=female&vas_baseline=8&bed_rest=true&fracture_age_days=10&t_score=-3.1"
    "&vertebrae.0.level=L1&vertebrae.0.height_loss_pct=35"
)


def chromium() -> str:
    """Return the path of Chromium; without it the test is skipped, or fails where CI is set."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is not None:
        return path
    if os.environ.get("CI"):
        pytest.fail("no chromium: the tests of the page need the system's package")
    pytest.skip("no chromium: install the system's package to test the page")


def launch(playwright: Playwright) -> Browser:
    """Start Chromium."""
    expect.set_options(timeout=PATIENCE_MS)
    return playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)


@dataclass
class Site:
    """A service that runs, and every path that was asked of it.

    Parameters
    ----------
    address : str
        Where it is.
    asked : list of str
        Paths with their queries, in order.
    """

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def site(app: Any) -> Iterator[Site]:
    """Run an application on a free port until the block ends."""
    running = Site("")

    async def recorded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            running.asked.append(f"{scope['path']}?{scope['query_string'].decode()}")
        await app(scope, receive, send)

    config = uvicorn.Config(recorded, port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        running.address = f"http://{host}:{port}"
        yield running
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Visit:
    """One open page, and what must not happen on it.

    Parameters
    ----------
    page : playwright.sync_api.Page
        The page.
    site : Site
        The service it came from.
    complaints : list of str
        What the browser's console complained of.
    hosts : set of str
        Hosts that were asked for anything.
    """

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, fragment: str = "") -> Visit:
        """Load the page."""
        self.page.goto(f"{self.site.address}/{fragment}")
        expect(self.page.locator("#notice, #answer").filter(visible=True).first).not_to_be_empty()
        return self

    def field(self, name: str, vertebra: int | None = None) -> Locator:
        """Return a field of the form; vertebrae are counted from one."""
        if vertebra is None:
            return self.page.locator(f'[data-field="{name}"]')
        return self.page.locator(f'[data-field="{name}"]').nth(vertebra - 1)

    def give(self, name: str, value: str, vertebra: int | None = None) -> None:
        """Type or choose a value as a person does."""
        there = self.field(name, vertebra)
        if there.get_attribute("role") == "radiogroup":
            there.get_by_label(value, exact=True).check()
        elif there.locator("select").count():
            there.locator("select").select_option(label=value)
        else:
            there.locator("input").fill(value)

    def tile(self, endpoint: str) -> Locator:
        """Return the tile of an endpoint."""
        return self.page.locator(f'.tile[data-endpoint="{endpoint}"]')

    def settled(self) -> None:
        """Wait until the risks are those of the form."""
        expect(self.page.locator("#answer")).to_have_attribute("aria-busy", "false")

    def wide_as_the_window(self) -> bool:
        """Return whether nothing sticks out to the side."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def barriers(self) -> list[str]:
        """Return what axe finds serious or critical, with the elements it is about."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]


@contextmanager
def visit(browser: Browser, where: Site, **options: Any) -> Iterator[Visit]:
    """Open a page in a context of its own; at the end nothing may have gone wrong unnoticed."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        there = Visit(page, where)
        page.on("console", lambda said: _complain(there, said))
        page.on("pageerror", lambda error: there.complaints.append(str(error)))
        page.on("request", lambda asked: there.hosts.add(urlsplit(asked.url).netloc))
        yield there
        assert there.complaints == []
        assert there.hosts <= {urlsplit(where.address).netloc}
        assert context.cookies() == []
    finally:
        context.close()


def _complain(there: Visit, said: Any) -> None:
    if said.type in {"error", "warning"}:
        there.complaints.append(said.text)


def hundred(risk: float) -> str:
    """Return how many of a hundred patients a risk is, as the page prints it."""
    return str(round(100 * risk))


def open_all(page: Page) -> None:
    """Unfold everything, so that axe sees it."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
