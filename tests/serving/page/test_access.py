"""The page for everybody: axe, keyboard, sizes, narrow screens."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

import vfprog
from tests.serving.browser import LINK, Site, Visit, hundred, open_all, visit
from vfprog.scoring.bundle import Bundle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


AXES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
}


@pytest.mark.parametrize("how", AXES)
@pytest.mark.parametrize("state", ["empty", "results", "errors"])
def test_axe_finds_nothing_serious(browser: Browser, service: Site, how: str, state: str) -> None:
    with visit(browser, service, reduced_motion="reduce", **AXES[how]) as seen:
        seen.open(
            {
                "empty": "",
                "results": f"{LINK}&vertebrae.0.cement_volume_ml=6",
                "errors": "#age_years=7",
            }[state]
        )
        if state == "results":
            seen.settled()
            open_all(seen.page)
            seen.page.get_by_role("button", name="Make a link").click()
        if state == "errors":
            seen.page.get_by_role("button", name="Show the risks").click()
            expect(seen.page.locator("#problems")).to_be_focused()
        assert seen.barriers() == []
        assert seen.wide_as_the_window()
        seen.page.set_viewport_size({"width": 320, "height": 640})  # WCAG 1.4.10, as at 400 %
        assert seen.wide_as_the_window()


def test_the_keyboard_alone_leads_from_the_first_value_to_the_answer(
    seen: Visit, bundle: Bundle
) -> None:
    seen.open()
    press = seen.page.keyboard.press
    press("Tab")
    expect(seen.page.get_by_role("link", name="Skip to the results")).to_be_focused()
    press("Tab")
    expect(seen.field("age_years").locator("input")).to_be_focused()
    seen.page.keyboard.type("79")
    press("Tab")  # into the group of sexes, where an arrow chooses
    press("ArrowRight")
    expect(seen.field("sex").locator("input:checked")).to_have_value("female")
    press("Enter")  # a form is sent from any of its fields
    expect(seen.page.locator("#results")).to_be_focused()
    risk = vfprog.predict(bundle, {"age_years": 79, "sex": "female"})["response"].risk
    expect(seen.tile("response").locator(".of-100 strong")).to_have_text(hundred(risk))
    expect(seen.page.locator("#announce")).to_contain_text(f"Pain response: {hundred(risk)} of 100")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    press("Tab")
    assert seen.page.evaluate(outline) != "none"


def test_everything_that_is_clicked_is_large_enough(browser: Browser, service: Site) -> None:
    """WCAG 2.5.8: 24 by 24 pixels, but for links within a sentence."""
    with visit(browser, service, **AXES["phone"]) as seen:
        seen.open(LINK)
        seen.settled()
        open_all(seen.page)
        targets = seen.page.locator("button, select, summary, .choices label, input[type=text]")
        for target in targets.filter(visible=True).all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 24, target.inner_text()
