"""The form in Chromium: values in, what is wrong told at its field."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

import vfprog
from tests.serving.browser import LINK, PATIENT, Visit, hundred
from vfprog.scoring.bundle import Bundle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


# --- vertebrae


def test_vertebrae_come_and_go_with_their_values(seen: Visit, bundle: Bundle) -> None:
    seen.open(LINK)
    seen.page.get_by_role("button", name="Add a vertebra").click()
    expect(seen.field("level", 2).locator("select")).to_be_focused()
    seen.give("level", "L2", 2)
    seen.give("height_loss_pct", "60", 2)
    seen.give("intravertebral_cleft", "Yes", 2)
    two = [
        *PATIENT["vertebrae"],
        {"level": "L2", "height_loss_pct": 60, "intravertebral_cleft": True},
    ]
    both = vfprog.predict(bundle, {**PATIENT, "vertebrae": two})["response"].risk
    shown = seen.tile("response").locator(".of-100 strong")
    expect(shown).to_have_text(hundred(both))
    seen.page.get_by_role("button", name="Remove vertebra 1").click()
    only = vfprog.predict(bundle, {**PATIENT, "vertebrae": two[1:]})["response"].risk
    expect(shown).to_have_text(hundred(only))
    assert hundred(only) != hundred(vfprog.predict(bundle, PATIENT)["response"].risk)
    expect(seen.page.locator(".vertebra legend").first).to_have_text("Vertebra 1: L2")
    expect(seen.page.get_by_role("button", name="Add a vertebra")).to_be_focused()


def test_a_level_given_twice_is_told_at_its_field(seen: Visit) -> None:
    seen.open(LINK)
    seen.page.get_by_role("button", name="Add a vertebra").click()
    seen.give("level", "L1", 2)
    expect(seen.field("level", 2).locator(".problem")).to_have_text("L1 is given twice")
    expect(seen.page.locator(".tile")).to_have_count(0)


def test_an_empty_vertebra_is_none(seen: Visit, bundle: Bundle) -> None:
    seen.open("#age_years=79&vas_baseline=8")
    seen.page.get_by_role("button", name="Add a vertebra").click()
    seen.settled()
    risk = vfprog.predict(bundle, {"age_years": 79, "vas_baseline": 8})["response"].risk
    expect(seen.tile("response").locator(".of-100 strong")).to_have_text(hundred(risk))


# --- what is wrong


@pytest.mark.parametrize(
    ("name", "typed", "words", "right"),
    [
        ("age_years", "790", "Must lie between 18 and 110\u00a0years", "79"),
        ("age_years", "old", "Write a number, such as 74\u00a0years", "79"),
        ("fracture_age_days", "1,500", "Write 1500 or 1.5: “,” could mean either", "15"),
        ("fracture_age_days", "1.500", "Write 1500 or 1.5: “.” could mean either", "15"),
        ("fracture_age_days", "2,000.5", "Write a number, such as 183\u00a0days", "15.125"),
        ("age_years", "1.500", "Must lie between 18 and 110\u00a0years", "79.125"),
        ("age_years", "7 9", "Write a number, such as 74\u00a0years", "79"),
        ("fracture_age_days", "1 500 5", "Write a number, such as 183\u00a0days", "15"),
        ("n_prevalent_fractures", "1.5", "Write a whole number", "1"),
        ("pelvic_tilt_deg", "-30", "Must lie between \N{MINUS SIGN}25 and 75°", "30"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words_and_hides_the_risks(
    seen: Visit, name: str, typed: str, words: str, right: str
) -> None:
    seen.open("#vas_baseline=8")
    expect(seen.tile("response")).to_be_visible()
    field = seen.field(name)
    seen.give(name, typed)
    field.locator("input").press("Tab")
    expect(field.locator(".problem")).to_have_text(words)
    expect(field.locator("input")).to_have_attribute("aria-invalid", "true")
    expect(field.locator("input")).to_have_value(typed)
    expect(seen.page.locator(".tile")).to_have_count(0)
    expect(seen.page.locator("#notice")).to_contain_text("No risks are shown")
    field.locator("input").fill(right)
    expect(seen.tile("response")).to_be_visible()
    expect(field.locator(".problem")).not_to_be_visible()


def test_a_blank_may_part_thousands(seen: Visit) -> None:
    seen.open()
    seen.give("fracture_age_days", "1\u202f000")
    problem = seen.field("fracture_age_days").locator(".problem")
    expect(problem).to_contain_text("Unusual: mostly between 0 and 365")
    expect(seen.page.locator(".values")).to_contain_text("1000\u00a0days")


def test_an_unusual_value_is_a_warning_and_counts(seen: Visit, bundle: Bundle) -> None:
    seen.open()
    seen.give("age_years", "99")
    problem = seen.field("age_years").locator(".problem")
    expect(problem).to_have_text("Unusual: mostly between 50 and 97\u00a0years. Please check.")
    risk = vfprog.predict(bundle, {"age_years": 99})["response"].risk
    expect(seen.tile("response").locator(".of-100 strong")).to_have_text(hundred(risk))
    expect(seen.page.locator(".notes")).to_contain_text("Age: usually lies between 50 and 97")


def test_asking_with_errors_moves_the_focus_to_their_list_and_on_to_the_field(seen: Visit) -> None:
    seen.open()
    seen.give("age_years", "7")
    seen.give("height_loss_pct", "150", 1)
    seen.page.get_by_role("button", name="Show the risks").click()
    summary = seen.page.locator("#problems")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("There are problems with 2 values")
    link = summary.get_by_role(
        "link", name="Height loss, vertebra 1: Must lie between 0 and 100\u00a0%"
    )
    link.press("Enter")
    expect(seen.field("height_loss_pct", 1).locator("input")).to_be_focused()
    assert "#" not in seen.page.url


def test_what_the_server_alone_finds_is_told_at_its_field(seen: Visit) -> None:
    failure = {"field": "vertebrae[0].height_loss_pct", "rule": "new_rule", "message": "is odd"}
    problem = {"status": 422, "failures": [failure, {**failure, "field": "*", "message": "no."}]}
    seen.page.route(
        "**/v1/predict", lambda route: route.fulfill(status=422, body=json.dumps(problem))
    )
    seen.open()
    seen.page.get_by_role("button", name="Add a vertebra").click()
    seen.give("height_loss_pct", "35", 2)  # the first vertebra is empty and was not sent
    expect(seen.field("height_loss_pct", 2).locator(".problem")).to_have_text("is odd")
    expect(seen.page.locator("#notice")).to_contain_text("no.")
    assert [line for line in seen.complaints if "422" not in line] == []
    seen.complaints.clear()


def test_an_endpoint_without_meaning_is_left_out_and_said(seen: Visit) -> None:
    seen.open("#age_years=79&vas_baseline=2")
    expect(seen.page.locator(".tile")).to_have_count(1)
    expect(seen.page.locator(".notes")).to_contain_text("no risk of response")
