"""Chromium, a bundle made by hand behind a service, and an open page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.bundles import hand_bundle
from tests.serving.browser import Site, Visit, launch, site, visit
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.serving.app import create_app


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(hand_bundle(tmp_path_factory.mktemp("browser") / "bundle"))


@pytest.fixture(scope="module")
def service(bundle: Bundle) -> Iterator[Site]:
    with site(create_app(bundle)) as running:
        yield running


@pytest.fixture
def seen(browser: Browser, service: Site) -> Iterator[Visit]:
    with visit(browser, service) as there:
        yield there
