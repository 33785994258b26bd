"""Away from the screen: links, paper, the banner."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.serving.browser import LINK, Site, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_link_brings_the_values_back_and_no_server_hears_of_them(
    seen: Visit, service: Site
) -> None:
    seen.open(LINK)
    seen.settled()
    assert "#" not in seen.page.url  # nor does the address bar keep them
    seen.give("t_score", "-2,5")
    seen.settled()
    seen.page.get_by_role("button", name="Make a link").click()
    expect(seen.page.locator(".link")).to_contain_text("never sent to a server")
    link = seen.page.get_by_label("Link to these values").input_value()
    assert not re.search("name|date|id=", link.partition("#")[2])
    seen.page.goto("about:blank")
    seen.page.goto(link)
    expect(seen.field("t_score").locator("input")).to_have_value("-2,5")
    expect(seen.field("sex").locator("input:checked")).to_have_value("female")
    expect(seen.field("level", 1).locator("select")).to_have_value("L1")
    expect(seen.tile("response")).to_be_visible()
    paths = {re.sub(r"^/assets/.*", "/assets", path) for path in service.asked}
    assert paths <= {"/?", "/assets", "/v1/predict?", "/v1/what-if?"}
    seen.hosts.discard("")  # about:blank


def test_a_link_of_another_form_fills_in_what_it_can_and_names_the_rest(seen: Visit) -> None:
    seen.open("#age_years=79&nonsense=1&level=L9&sex=unheard")
    expect(seen.field("age_years").locator("input")).to_have_value("79")
    expect(seen.page.locator("#said")).to_have_text(
        "The link held values this form has no place for: nonsense, level, sex."
    )


def test_vertebrae_a_link_skips_leave_no_empty_places(seen: Visit) -> None:
    seen.open("#vas_baseline=8&vertebrae.99.level=L1&vertebrae.100.level=L3&vertebrae.9.level=T12")
    expect(seen.page.locator("#group-fracture .vertebra")).to_have_count(3)
    for vertebra, level in enumerate(("T12", "L1", "L3"), 1):
        expect(seen.field("level", vertebra).locator("select")).to_have_value(level)
    expect(seen.page.locator("#said")).to_be_empty()
    expect(seen.tile("response")).to_be_visible()


def test_paper_holds_values_and_answer_and_the_banner_on_every_page(
    seen: Visit, tmp_path: Path
) -> None:
    seen.open(LINK)
    seen.settled()
    seen.page.evaluate("window.print = () => { window.printed = true; }")
    seen.page.get_by_role("button", name="Print or save as PDF").click()
    assert seen.page.evaluate("window.printed")
    seen.page.emulate_media(media="print")
    for hidden in ("#patient", ".what-if", ".take", ".tabs"):
        expect(seen.page.locator(hidden)).not_to_be_visible()
    for shown in ("#simulated", ".values", "#why-response", "#why-new_fracture", ".trust"):
        expect(seen.page.locator(shown)).to_be_visible()
    expect(seen.page.locator(".values")).to_contain_text("Height loss, vertebra 1")
    expect(seen.page.locator(".values")).to_contain_text("79\u00a0years")
    # What is repeated on every page is the head of a table.
    display = "node => getComputedStyle(node).display"
    assert seen.page.locator("#simulated").evaluate(display) == "table-header-group"
    made = seen.page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    assert made.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", made)) <= 2


def test_the_banner_stays_in_sight(seen: Visit) -> None:
    seen.open(LINK)
    seen.settled()
    seen.page.mouse.wheel(0, 2000)
    seen.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(seen.page.locator("#simulated")).to_be_in_viewport()
    expect(seen.page.locator("#simulated")).to_contain_text("Not for the care of any patient")
