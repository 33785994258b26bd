"""The page as a person meets it: in Chromium, over a service that runs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

import vfprog
from tests import bundles
from tests.bundles import hand_bundle, hand_parts
from tests.serving.browser import Site, Visit, launch, site, visit
from vfprog.cli.waterfall import percent
from vfprog.schema.dictionary import Predictor
from vfprog.schema.endpoints import Endpoint
from vfprog.scoring.bundle import Bundle, load_bundle, write_bundle
from vfprog.serving.app import create_app
from vfprog.serving.holder import FolderSource, Holder
from vfprog.serving.keys import new_key
from vfprog.serving.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Visiting = Callable[..., AbstractContextManager[Visit]]
PATIENT: dict[str, Any] = {
    "age_years": 79, "sex": "female", "vas_baseline": 8, "bed_rest": True,
    "fracture_age_days": 10, "t_score": -3.1, "vertebrae": [{"level": "L1", "height_loss_pct": 35}],
}  # fmt: skip
# The same behind the # of a link.
LINK = (
    "#age_years=79&sex=female&vas_baseline=8&bed_rest=true&fracture_age_days=10&t_score=-3.1"
    "&vertebrae.0.level=L1&vertebrae.0.height_loss_pct=35"
)
AXES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
}


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


def hundred(risk: float) -> str:
    return str(round(100 * risk))


# --- a patient


def test_a_patient_is_filled_in_and_the_risks_are_those_of_predict(
    seen: Visit, bundle: Bundle
) -> None:
    seen.open()
    expect(seen.page.locator("#notice")).to_contain_text("No risks yet")
    seen.give("age_years", "79")
    seen.give("sex", "Female")
    seen.give("t_score", "\N{MINUS SIGN}3,1")  # as a word processor and a German write it
    seen.give("fracture_age_days", "10")
    seen.give("level", "L1", 1)
    seen.give("height_loss_pct", "35", 1)
    seen.give("vas_baseline", "8")
    seen.give("bed_rest", "Yes")
    seen.page.get_by_role("button", name="Show the risks").click()
    seen.settled()
    wanted = vfprog.predict(bundle, PATIENT)
    for prognosis in wanted.prognoses:
        tile = seen.tile(prognosis.endpoint)
        assert prognosis.instability_interval is not None
        low, high = prognosis.instability_interval
        expect(tile.locator(".of-100")).to_have_text(
            f"{hundred(prognosis.risk)} of 100 patients like this"
        )
        expect(tile.locator(".icons .with path")).to_have_count(round(100 * prognosis.risk))
        expect(tile.locator(".icons path")).to_have_count(100)
        expect(tile).to_contain_text(f"{hundred(low)} to {hundred(high)} of 100")
        expect(tile).to_contain_text("How far the model might have differed")
        expect(tile).to_contain_text(f"{prognosis.horizon_days} days")
        expect(tile).to_contain_text(prognosis.definition.split("; ")[0][1:])
    expect(seen.page.locator("#results")).to_be_focused()


def test_the_waterfall_ends_in_the_risk_and_names_values_with_units(
    seen: Visit, bundle: Bundle
) -> None:
    seen.open(LINK)
    wanted = vfprog.predict(bundle, PATIENT)["response"]
    table = seen.page.locator("#why-response table")
    expect(table.locator("tr.end .risk").last).to_have_text(f"{hundred(wanted.risk)}\u00a0%")
    row = table.locator("tr", has=seen.page.get_by_role("rowheader", name="Fracture age"))
    expect(row.locator(".value")).to_have_text("10\u00a0days")
    change = next(c.log_odds for c in wanted.contributions if c.predictor == "fracture_age_days")
    expect(row.locator(".log_odds")).to_have_text(f"{change:+.2f}")
    seen.page.get_by_role("button", name="Show all inputs").click()
    totals = accumulate((c.log_odds for c in wanted.contributions), initial=wanted.base_log_odds)
    risks = [percent(1 / (1 + math.exp(-total))) for total in totals]
    shown = [risk.replace(" %", "\u00a0%") for risk in (*risks, percent(wanted.risk))]
    expect(table.locator("tbody .risk")).to_have_text(shown)


def test_each_endpoint_has_its_tab(seen: Visit) -> None:
    seen.open(LINK)
    tabs = seen.page.get_by_role("tab")
    expect(tabs).to_have_text(["Pain response", "New vertebral fracture"])
    expect(seen.page.locator("#why-new_fracture")).not_to_be_visible()
    tabs.first.press("ArrowRight")
    expect(tabs.last).to_be_focused()
    expect(seen.page.locator("#why-new_fracture")).to_be_visible()
    expect(seen.page.locator("#why-response")).not_to_be_visible()


def test_a_value_of_the_procedure_switches_the_model(seen: Visit, bundle: Bundle) -> None:
    seen.open(LINK)
    expect(seen.tile("response")).to_contain_text("known before the procedure")
    expect(seen.field("cement_volume_ml", 1)).not_to_be_visible()
    seen.page.locator("#group-procedure > summary").click()
    expect(seen.page.locator("#group-procedure")).to_contain_text(
        "the models that know the procedure"
    )
    seen.give("cement_volume_ml", "6.5", 1)
    expect(seen.tile("response")).to_contain_text("procedure included")
    after = {**PATIENT, "vertebrae": [{**PATIENT["vertebrae"][0], "cement_volume_ml": 6.5}]}
    risk = vfprog.predict(bundle, after)["response"].risk
    expect(seen.tile("response").locator(".of-100 strong")).to_have_text(hundred(risk))


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
        ("fracture_age_days", "1,500", "Write 1500 or 1.5: a comma could mean either", "15"),
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
        seen.page.get_by_role("button", name="Reload with my values").click()
        expect(seen.page.locator("footer")).to_contain_text("hand 2")
        expect(seen.field("age_years").locator("input")).to_have_value("81")
        expect(seen.page.locator("#notice")).to_be_empty()


# --- what if


def test_a_slider_shows_what_the_model_would_say(seen: Visit, bundle: Bundle) -> None:
    seen.open(LINK)
    section = seen.page.locator(".what-if")
    expect(section).to_contain_text("What the model would say, not the effect of changing it.")
    slider = section.get_by_label("Fracture age", exact=True)
    slider.fill("60")
    wanted = vfprog.predict(bundle, {**PATIENT, "fracture_age_days": 60})["response"].risk
    before = vfprog.predict(bundle, PATIENT)["response"].risk
    row = section.locator('tr[data-endpoint="response"] .number')
    change = f"{100 * (wanted - before):+.1f}".replace("-", "\N{MINUS SIGN}").removesuffix(".0")
    expect(row).to_have_text([hundred(before), hundred(wanted), change])
    expect(slider).to_have_attribute("aria-valuetext", "60\u00a0days")
    section.get_by_role("button", name="Back to the patient").click()
    expect(row).to_have_text([hundred(before), hundred(before), "none"])
    expect(slider).to_have_value("10")


def test_cement_has_no_slider_unless_it_is_asked_for(seen: Visit, bundle: Bundle) -> None:
    seen.open(f"{LINK}&vertebrae.0.cement_volume_ml=6")
    section = seen.page.locator(".what-if")
    cement = section.locator('[data-field-if="vertebrae[0].cement_volume_ml"]')
    expect(cement).to_have_count(0)
    section.get_by_label("Offer the procedure's values too").check()
    expect(section).to_contain_text("cannot tell whether more cement helps")
    cement.evaluate("slider => slider.closest('details')?.setAttribute('open', '')")
    cement.fill("9")
    vertebra = {**PATIENT["vertebrae"][0], "cement_volume_ml": 9}
    wanted = vfprog.predict(bundle, {**PATIENT, "vertebrae": [vertebra]})["response"].risk
    expect(section.locator('tr[data-endpoint="response"] .then')).to_have_text(hundred(wanted))


# --- trust and evidence


def test_what_is_worth_measuring_stands_with_the_lowest_and_highest_risk(
    seen: Visit, bundle: Bundle
) -> None:
    seen.open(LINK)
    gaps = vfprog.predict(bundle, PATIENT)["response"].gaps
    table = seen.page.locator(".gaps")
    for gap in gaps[:3]:
        row = table.locator(
            "tr", has=seen.page.get_by_role("rowheader", name=bundle.label(gap.predictor))
        )
        spread = f"{hundred(gap.lowest_risk)} to {hundred(gap.highest_risk)}"
        expect(row.locator("td").first).to_contain_text(spread)
    trust = seen.page.locator(".trust")
    expect(trust).to_contain_text("trained on simulated patients")
    expect(trust).to_contain_text("The model holds nothing that could tell.")
    expect(trust).to_contain_text("The model holds no figures by group.")


def test_peers_and_likeness_are_shown_where_the_model_knows_them(seen: Visit) -> None:
    """Figures by group come from a training; here the answer of the service is given them."""

    def with_panel(route: Route) -> None:
        answer = route.fetch()
        content = answer.json()
        group = {"grouping": "age_band", "label": "Age", "group": "75 to <85 years", "n": 310}
        content["prognoses"][0]["peers"] = [
            {**group, "metric": "c_statistic", "estimate": 0.71, "lower": 0.66, "upper": 0.76,
             "n_events": 120, "reason": None},
            {**group, "metric": "brier_score", "estimate": None, "lower": None, "upper": None,
             "n_events": 120, "reason": "too few"},
        ]  # fmt: skip
        content["applicability"] = {
            "share_less_typical": 0.03, "n_inputs_used": 7, "outside_usual": ["age_years"],
            "note": "3 % of the development patients were less typical.",
        }  # fmt: skip
        route.fulfill(response=answer, json=content)

    seen.page.route("**/v1/predict", with_panel)
    seen.open(LINK)
    seen.settled()
    open_all(seen.page)
    cells = seen.page.locator(".peers tbody tr").locator("th, td")
    expect(cells).to_have_text(
        ["Age: 75 to <85 years", "310 (120)", "0.71 (0.66 to 0.76)", "too few"]
    )
    expect(seen.page.locator(".peers thead")).to_contain_text("c-statistic")
    expect(seen.page.locator(".trust")).to_contain_text("3 % of the development patients")
    expect(seen.page.locator(".outside")).to_have_text("Outside the usual range: Age.")
    assert seen.barriers() == []


def test_an_answer_without_a_panel_is_shown_all_the_same(seen: Visit) -> None:
    """As of another version of the service, or of a bundle that cannot tell."""

    def bare(route: Route) -> None:
        answer = route.fetch()
        content = answer.json()
        content |= {"evidence": [], "of_score": None, "alignment_flags": None}
        for prognosis in content["prognoses"]:
            prognosis["gaps"] = []
        route.fulfill(response=answer, json=content)

    seen.page.route("**/v1/predict", bare)
    seen.open(LINK)
    seen.settled()
    expect(seen.page.locator(".trust")).to_contain_text("Nothing that the models use is missing.")
    expect(seen.page.locator(".evidence, .score")).to_have_count(0)


def test_trials_are_matched_and_scores_added_up(seen: Visit, bundle: Bundle) -> None:
    seen.open(f"{LINK}&vertebrae.0.of_type=OF3&vertebrae.0.mri_oedema=true&sva_mm=60")
    vertebra = {**PATIENT["vertebrae"][0], "of_type": "OF3", "mri_oedema": True}
    wanted = vfprog.predict(bundle, {**PATIENT, "vertebrae": [vertebra], "sva_mm": 60})
    verdicts = {None: "Cannot be told", True: "Would have been", False: "Would not have been"}
    assert len(wanted.evidence) > 3
    for match in wanted.evidence:
        trial = seen.page.locator(f'[data-trial="{match.trial}"]')
        expect(trial.locator(".verdict")).to_contain_text(verdicts[match.eligible])
        for words in (*match.unmet, *match.unknown, match.finding, match.citation):
            expect(trial).to_contain_text(words)
    score, flags = wanted.of_score, wanted.alignment_flags
    assert score is not None
    assert flags is not None
    shown = seen.page.locator(".score")
    expect(shown.first).to_contain_text(f"{score.score} points")
    expect(shown.first).to_contain_text(f"{score.lowest} to {score.highest} once")
    expect(shown.last).to_contain_text(f"{flags.count} raised")


# --- away from the screen


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


# --- everybody


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


def open_all(page: Page) -> None:
    """Unfold everything, so that axe sees it."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")


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
