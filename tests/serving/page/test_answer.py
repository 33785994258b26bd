"""The answer in Chromium: the figures are those of `vfprog.predict`."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from playwright.sync_api import Route, expect

import vfprog
from tests.serving.browser import LINK, PATIENT, Visit, hundred, open_all
from vfprog.cli.waterfall import percent
from vfprog.scoring.bundle import Bundle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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


def test_a_what_if_without_a_risk_says_why(seen: Visit) -> None:
    seen.open(LINK)
    section = seen.page.locator(".what-if")
    section.locator('[data-field-if="vas_baseline"]').fill("2")
    row = section.locator('tr[data-endpoint="response"]')
    expect(row.locator(".then")).to_have_text("\N{EN DASH}")
    expect(row).to_contain_text("it is defined for a baseline pain of at least 3")


def test_a_what_if_of_a_patient_without_a_risk_says_why(seen: Visit) -> None:
    seen.open(LINK.replace("vas_baseline=8", "vas_baseline=2"))
    section = seen.page.locator(".what-if")
    section.locator('[data-field-if="vas_baseline"]').fill("8")
    row = section.locator('tr[data-endpoint="response"]')
    expect(row.locator("td").first).to_have_text("\N{EN DASH}")
    expect(row.locator(".then")).not_to_have_text("\N{EN DASH}")
    expect(row).to_contain_text("it is defined for a baseline pain of at least 3")


def test_a_risk_outside_its_band_is_explained_and_no_input_named_twice(seen: Visit) -> None:
    def outside(route: Route) -> None:
        answer = route.fetch()
        content = answer.json()
        content["prognoses"][0] |= {"risk": 0.81, "instability_interval": [0.74, 0.8]}
        content["prognoses"][1] |= {"risk": 0.204, "instability_interval": [0.14, 0.2]}
        words = "Pain lies far outside the data the model was developed on"
        warning = {"code": "outside_development", "predictor": "vas_baseline", "message": words}
        content["warnings"].append(warning)
        route.fulfill(response=answer, json=content)

    seen.page.route("**/v1/predict", outside)
    seen.open(LINK)
    told = "The risk itself lies outside: refits on repeated patients are not centred"
    expect(seen.tile("response").locator(".interval")).to_contain_text(told)
    expect(seen.tile("new_fracture").locator(".interval")).not_to_contain_text("lies outside")
    expect(seen.page.locator(".notes li")).to_have_text(
        "Pain lies far outside the data the model was developed on."
    )


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
            {**group, "metric": "brier", "estimate": None, "lower": None, "upper": None,
             "n_events": 120, "reason": "too few"},
            *({**group, "metric": name, "estimate": 1.01, "lower": 0.91, "upper": 1.11,
               "n_events": 120, "reason": None}
              for name in ("calibration_slope", "observed_expected", "calibration_in_the_large")),
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
        + 3 * ["1.01 (0.91 to 1.11)"]
    )
    expect(seen.page.locator(".peers thead")).to_contain_text("c-statistic")
    expect(seen.page.locator(".peers thead")).to_contain_text("Brier score")
    expect(seen.page.locator(".trust")).to_contain_text("3 % of the development patients")
    expect(seen.page.locator(".outside")).to_have_text("Outside the usual range: Age.")
    assert seen.barriers() == []
    for width in (375, 320):
        seen.page.set_viewport_size({"width": width, "height": 740})
        assert seen.wide_as_the_window()
    frame = seen.page.locator(".peers .scroll")
    assert frame.evaluate("f => f.scrollWidth > f.clientWidth")  # so there was something to hold in
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
    expect(seen.page.locator(".evidence .hint").first).to_contain_text(
        "By the entry criteria known here, against the values given; each trial had others."
    )
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
    expect(shown.first).to_contain_text("Made to recommend conservative or surgical treatment")
    expect(shown.last).to_contain_text("Made to foresee a need for surgery after 8 weeks")
