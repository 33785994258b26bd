"""The page and its service in Chromium: down, slow, locked, replaced; and any bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests import bundles
from tests.bundles import hand_bundle, hand_parts
from tests.serving.browser import LINK, Visit, site, visit
from vfprog.schema.dictionary import Predictor
from vfprog.schema.endpoints import Endpoint
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.serving.app import create_app
from vfprog.serving.holder import FolderSource, Holder
from vfprog.serving.keys import new_key
from vfprog.serving.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]


# --- the server


def test_a_server_that_is_down_says_so_keeps_what_was_typed_and_is_asked_again(seen: Visit) -> None:
    seen.open(LINK)
    seen.settled()
    seen.page.route("**/v1/predict", lambda route: route.abort())
    seen.give("age_years", "80")
    notice = seen.page.locator("#notice")
    expect(notice).to_contain_text("The server does not answer")
    expect(seen.page.locator(".tile")).to_have_count(0)
    expect(seen.field("age_years").locator("input")).to_have_value("80")
    seen.page.unroute("**/v1/predict")
    seen.page.get_by_role("button", name="Try again").click()
    expect(seen.tile("response")).to_be_visible()
    expect(notice).to_be_empty()
    assert [line for line in seen.complaints if "ERR_FAILED" not in line] == []
    seen.complaints.clear()


def test_risks_of_earlier_values_are_greyed_until_the_new_are_there(seen: Visit) -> None:
    seen.open(LINK)
    seen.settled()
    seen.page.evaluate(
        """() => new MutationObserver(() => {
            if (document.querySelector(".alarm")) window.alarmed = true;
        }).observe(document.getElementById("notice"), {childList: true})"""
    )
    first: list[Route] = []
    seen.page.route("**/v1/predict", lambda route: first.append(route), times=1)
    answer = seen.page.locator("#answer")
    seen.give("age_years", "5")  # perhaps half a number
    expect(answer).to_have_class("stale")
    expect(answer).to_have_attribute("inert", "")
    expect(seen.page.locator("#notice")).to_contain_text("the form has changed")
    with seen.page.expect_request("**/v1/predict"):
        seen.give("age_years", "50")  # its answer is held back
    with seen.page.expect_response("**/v1/predict"):
        seen.give("age_years", "51")
    seen.settled()
    first[0].abort()
    expect(seen.page.locator(".values")).to_contain_text("51\u00a0years")
    assert not seen.page.evaluate("window.alarmed")  # what is overtaken is no failure


def test_a_key_is_asked_for_where_the_server_wants_one(browser: Browser, bundle: Bundle) -> None:
    key, entry = new_key("ward")
    with (
        site(create_app(bundle, Settings(keys=(entry,)))) as running,
        visit(browser, running) as seen,
    ):
        seen.open(LINK)
        problem = seen.page.locator("#access-key-problem")
        expect(seen.page.get_by_label("Access key")).to_be_visible()
        expect(problem).not_to_be_visible()
        for typed, words in (("wrong", "did not accept this key"), ("5\u20ac", "cannot be a key")):
            seen.page.get_by_label("Access key").fill(typed)
            seen.page.get_by_role("button", name="Use this key").click()
            expect(problem).to_contain_text(words)
            expect(seen.page.locator("#announce")).to_contain_text(words)
        assert seen.barriers() == []
        seen.page.get_by_label("Access key").fill(key)
        seen.page.get_by_role("button", name="Use this key").click()
        expect(seen.tile("response")).to_be_visible()
        assert [line for line in seen.complaints if "401" not in line] == []
        seen.complaints.clear()


def test_another_model_is_told_and_its_form_fetched_with_the_values(
    browser: Browser, tmp_path: Path
) -> None:
    holder = Holder(FolderSource(hand_bundle(tmp_path / "bundle")))
    with site(create_app(holder)) as running, visit(browser, running) as seen:
        seen.open(LINK)
        seen.settled()
        write_bundle(replace(hand_parts(), version="2"), tmp_path / "bundle", force=True)
        assert holder.refresh() or holder.served.bundle.identity.version == "2"
        seen.give("age_years", "81")
        expect(seen.page.locator("#notice")).to_contain_text("The server now uses model 2")
        expect(seen.page.locator(".tile")).to_have_count(0)
        seen.page.get_by_role("button", name="Reload with my values").click()
        expect(seen.page.locator("footer")).to_contain_text("hand 2")
        expect(seen.field("age_years").locator("input")).to_have_value("81")
        expect(seen.page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize("ask", ["form", "what if"])
def test_risks_of_a_simulated_model_never_stand_on_the_page_of_a_registrys(
    ask: str, browser: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    holder = Holder(FolderSource(hand_bundle(folder, simulated=False)))
    with site(create_app(holder)) as running, visit(browser, running) as seen:
        seen.open(LINK)
        seen.settled()
        first = holder.served.bundle.identity.sha256[:16]
        expect(seen.page.locator(".values")).to_contain_text(f"a registry, fingerprint {first}")
        expect(seen.page.locator(".trust")).to_contain_text("The model was trained on a registry")
        parts = hand_parts()
        models = {name: replace(model, blend=replace(model.blend, a=0.5))
                  for name, model in parts.models.items()}  # fmt: skip
        write_bundle(replace(parts, version="2", models=models), folder, force=True)
        assert holder.refresh() or holder.served.bundle.simulated
        if ask == "form":
            seen.give("age_years", "81")
        else:
            seen.page.locator(".what-if").get_by_label("Fracture age", exact=True).fill("60")
        notice = seen.page.locator("#notice")
        expect(notice).to_contain_text("No risks are shown, for the model has changed")
        expect(notice).to_contain_text("model 2, trained on simulated data")
        expect(seen.page.locator("#answer")).to_be_hidden()
        expect(seen.page.locator("#answer")).to_be_empty()
        seen.page.get_by_role("button", name="Reload with my values").click()
        expect(seen.tile("response")).to_be_visible()
        second = holder.served.bundle.identity.sha256[:16]
        expect(seen.page.locator("#simulated")).to_be_visible()
        expect(seen.page.locator("footer")).to_contain_text(second)
        expect(seen.page.locator(".trust")).to_contain_text("trained on simulated patients")
        shown = seen.page.locator(".values")
        expect(shown).to_contain_text(f"simulated data, fingerprint {second}")


def test_the_mark_of_simulation_is_shown_even_where_the_page_has_no_banner(seen: Visit) -> None:
    seen.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => document.getElementById('simulated').remove())"
    )
    seen.open(LINK)
    seen.settled()
    expect(seen.page.locator(".notes")).to_contain_text("trained on simulated data")
    expect(seen.page.locator(".trust")).to_contain_text("trained on simulated patients")


# --- any bundle


def test_a_bundle_without_refits_shows_no_interval(browser: Browser, tmp_path: Path) -> None:
    plain = load_bundle(hand_bundle(tmp_path / "bundle", members=False, simulated=False))
    with site(create_app(plain)) as running, visit(browser, running) as seen:
        seen.open(LINK)
        expect(seen.tile("response")).to_contain_text("No interval: this model holds no refits.")
        expect(seen.page.locator("#simulated")).to_have_count(0)


def test_a_registry_without_vertebrae_has_a_form_without(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bundles, "LINEAR", {"vas_baseline": (0.3, 7.5)})
    monkeypatch.setattr(bundles, "PROCEDURE", {})
    plain = load_bundle(hand_bundle(tmp_path / "bundle"))
    with site(create_app(plain)) as running, visit(browser, running) as seen:
        seen.open("#vas_baseline=8")
        expect(seen.tile("response")).to_be_visible()
        expect(seen.page.locator(".vertebra")).to_have_count(0)
        seen.page.get_by_role("button", name="Add a vertebra").click()
        expect(seen.page.locator("#group-fracture .vertebra")).to_have_count(1)


def test_endpoints_and_predictors_of_a_registry_are_shown_like_ours(
    browser: Browser, tmp_path: Path
) -> None:
    parts = hand_parts()
    own = Predictor(name="grip_kg", label="<b>Grip</b>", kind="continuous", unit="kg",
                    hard_range=(0, 90), concept='in "strength"')  # fmt: skip
    walks = Endpoint(name="walks", label="Walks <again>", kind="coded", population=())
    model = replace(parts.models["response_preprocedure"], endpoint=walks)
    one = replace(
        parts, models={"walks_preprocedure": model}, members={},
        dictionary=parts.dictionary.extended([own]),
    )  # fmt: skip
    with (
        site(create_app(load_bundle(write_bundle(one, tmp_path / "bundle")))) as running,
        visit(browser, running) as seen,
    ):
        seen.open("#age_years=79")
        expect(seen.tile("walks").locator("h3")).to_have_text("Walks <again>")
        expect(seen.tile("walks")).to_contain_text("horizon not stated")
        expect(seen.page.get_by_role("tab")).to_have_count(0)
        strength = seen.page.locator("fieldset.group", has_text="strength")
        expect(strength.locator("legend")).to_have_text('In "strength"')
        strength.locator("summary").click()  # no model uses it
        seen.give("grip_kg", "95")
        problem = seen.field("grip_kg").locator(".problem")
        expect(problem).to_have_text("Must lie between 0 and 90\u00a0kg")
        assert seen.barriers() == []
