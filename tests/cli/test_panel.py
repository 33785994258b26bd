from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bundles import AFTER, PATIENT, hand_parts
from tests.scoring.test_gaps import REFERENCE
from tests.scoring.test_peers import ROWS, RULES
from vfprog.cli.panel import beside_the_risk, of_the_patient, what_if_lines
from vfprog.cli.text import render
from vfprog.cli.waterfall import PLAIN, Style, percent
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.panel import Applicability, Coverage, Gap
from vfprog.scoring.predict import predict
from vfprog.scoring.prognosis import Warn
from vfprog.scoring.what_if import what_if


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bundle made by hand, with quantiles of its registry and performance by group."""
    subgroups = {"rules": RULES, "performance": ROWS}
    parts = replace(hand_parts(), reference=REFERENCE, subgroups=subgroups)
    return load_bundle(write_bundle(parts, tmp_path_factory.mktemp("panel") / "bundle"))


def beside(prognosis, bundle, **changes) -> list[str]:
    return list(beside_the_risk(replace(prognosis, **changes), bundle, PLAIN))


def words(lines) -> str:
    return " ".join(" ".join(lines).split())


def test_what_is_worth_measuring_comes_with_its_risks(whole) -> None:
    prognosis = predict(whole, PATIENT)["response"]
    gaps = (
        Gap("bmi_kg_m2", 0.2, 0.4, 20, 33), Gap("glucocorticoids", 0.3, 0.4, True, False),
        Gap("n_prevalent_fractures", 0.31, 0.36, 4, 0), Gap("opioids", 0.31, 0.35, True, False),
    )  # fmt: skip
    assert words(beside(prognosis, whole, gaps=gaps, peers=())) == (
        "Worth measuring: Body mass index (20 % to 40 %), Takes glucocorticoids (30 % to 40 %), "
        "Earlier vertebral fractures (31 % to 36 %)"
    )
    little = beside(prognosis, whole, gaps=(Gap("opioids", 0.3, 0.309, True, False),), peers=())
    assert words(little).endswith("nothing that is missing moves this risk by a percentage point")
    assert beside(prognosis, whole, gaps=(), peers=()) == []


def test_performance_in_the_groups_of_the_patient_from_the_lowest_to_the_highest(whole) -> None:
    prognosis = predict(whole, PATIENT)["response"]
    rests = "95 % interval 0.60 to 0.80, 90 patients, 30 with the event"
    assert words(beside(prognosis, whole, gaps=())) == (
        f"In groups of this patient, c-statistic: 0.65 (Age: 75 to <85 years; {rests}) "
        f"to 0.70 (Sex: female; {rests})"
    )
    one = prognosis.peers[:1]
    only = words(beside(prognosis, whole, gaps=(), peers=one))
    assert only.endswith(f": 0.70 (Sex: female; {rests})")
    bare = (replace(one[0], lower=None, upper=None, n_events=None),)
    told = words(beside(prognosis, whole, gaps=(), peers=bare))
    assert told.endswith(": 0.70 (Sex: female; no interval, 90 patients)")


def test_trials_that_would_have_taken_the_patient_say_what_they_found(whole) -> None:
    text = words(of_the_patient(predict(whole, PATIENT), PLAIN))
    assert "✓ INVEST (Kallmes 2009) (sham) would have taken this patient. Pain at 1 month" in text
    assert "Kallmes et al 2009, NEJM 361:569." in text
    assert "? VAPOUR (sham): not known: oedema on MRI." in text
    assert "At 14 days pain was below 4" not in text
    assert "✗ VERTOS (open-label): not met: fracture 6 to 26 weeks old." in text
    plain = words(of_the_patient(predict(whole, PATIENT), Style(fancy=False)))
    assert plain.isascii()
    assert "+ INVEST" in plain
    assert "- VERTOS" in plain


def test_the_score_is_its_authors_reading_and_no_probability(whole) -> None:
    typed = [v | {"of_type": "OF2"} for v in PATIENT["vertebrae"]]
    text = words(of_the_patient(predict(whole, PATIENT | {"vertebrae": typed}), PLAIN))
    assert (
        "OF score 6 (2 to 10, whatever the unknown), read by its authors as either; made to "
        "recommend conservative or surgical treatment; it is no probability"
    ) in text
    without = words(of_the_patient(predict(whole, PATIENT), PLAIN))
    assert "OF score: no reading without the OF type of the fracture" in without


def test_alignment_flags(whole) -> None:
    tilted = predict(whole, PATIENT | {"pelvic_tilt_deg": 30})
    assert "Alignment flags: PT of 27 degrees or more, 1 unknown; made to foresee" in words(
        of_the_patient(tilted, PLAIN)
    )
    straight = predict(whole, PATIENT | {"pelvic_tilt_deg": 20, "sva_mm": 10})
    assert "Alignment flags: none raised; made to foresee" in words(of_the_patient(straight, PLAIN))


def test_how_typical_the_patient_is(whole) -> None:
    known = replace(predict(whole, PATIENT), applicability=Applicability(0.2, 3, (), "so typical"))
    assert next(of_the_patient(known, PLAIN)) == "  How typical: so typical"


def test_a_measured_coverage_stands_beside_the_interval(whole) -> None:
    answer = predict(whole, PATIENT)
    told = replace(answer.prognoses[0], instability_coverage=Coverage(0.52, 2900, "on simulation"))
    text = words(render(replace(answer, prognoses=(told,)), whole).splitlines())
    assert "(90 % of refits); it held the true risk of 52 % of 2,900, on simulation" in text
    assert "confidence" not in text


def test_a_risk_outside_its_band_is_explained_where_it_happens(whole) -> None:
    answer = predict(whole, PATIENT)
    told = replace(answer.prognoses[0], risk=0.81, instability_interval=(0.74, 0.8))
    text = words(render(replace(answer, prognoses=(told,)), whole).splitlines())
    assert "74 % to 80 %: how far the model might have differed (90 % of refits). The risk" in text
    assert "lies outside: refits on repeated patients are not centred on the fit to all" in text
    for risk in (0.8, 0.803, 0.739):  # inside, and where both are shown as 80 % or 74 %
        within = replace(told, risk=risk)
        assert "outside: refits" not in render(replace(answer, prognoses=(within,)), whole)
    known = replace(told, instability_coverage=Coverage(0.5, 9, "of simulated patients"))
    last = words(render(replace(answer, prognoses=(known,)), whole).splitlines())
    assert "of 9, of simulated patients. The risk itself lies outside" in last


def test_a_value_far_outside_is_named_once(whole) -> None:
    warn = Warn("outside_development", "vas_baseline", "Pain lies far outside the data")
    lines = render(replace(predict(whole, PATIENT), warnings=(warn,)), whole)
    assert "! Pain lies far outside the data" in lines


def test_a_what_if_is_labelled_and_counts_in_percentage_points(whole) -> None:
    answer = what_if(
        whole, PATIENT, {"age_years": 60, "opioids": None, "L2.height_loss_pct": 20.55}
    )
    lines = list(what_if_lines(answer, whole, PLAIN))
    assert words(lines[:2]).startswith(
        "What if: Age 79 → 60, Takes opioids no → not given, Height loss 12.5 → 20.55"
    )
    change = next(line.change for line in answer.endpoints if line.endpoint == "response")
    assert f"{100 * change:+.1f} percentage points" in words(lines).replace("\N{MINUS SIGN}", "-")
    assert words(lines).endswith("This is what the model would say, not the effect of changing it.")
    ascii_lines = list(what_if_lines(answer, whole, Style(fancy=False)))
    assert words(ascii_lines).isascii()


def test_a_what_if_without_a_risk_or_by_another_model(whole) -> None:
    none = words(what_if_lines(what_if(whole, PATIENT, {"vas_baseline": 1}), whole, PLAIN))
    risk = percent(predict(whole, PATIENT)["response"].risk)
    why = "(it is defined for a baseline pain of at least 3)"
    assert f"Pain response {risk} before, no risk after {why}" in none
    low = PATIENT | {"vas_baseline": 2}
    answer, before = what_if(whole, low, {"vas_baseline": 8}), predict(whole, low)
    other = words(what_if_lines(answer, whole, PLAIN, before=before.warnings))
    assert f"Pain response no risk before {why}, {risk} after" in other
    assert f"no risk before {why}" in words(render(before, whole, what_if=answer).splitlines())
    one = PATIENT | {"vertebrae": [{"level": "L1"}]}
    after = what_if(whole, one, {"cement_volume_ml": 3}, procedure=True)
    assert "percentage points, by another model" in words(what_if_lines(after, whole, PLAIN))


@pytest.mark.parametrize("patient", [PATIENT, {"age_years": 79}, PATIENT | {"vertebrae": [AFTER]}])
def test_it_fits_80_columns(whole, patient) -> None:
    answer = what_if(whole, patient, {"age_years": 60, "vas_baseline": None, "sva_mm": 100})
    text = render(predict(whole, patient), whole, what_if=answer)
    assert max(map(len, text.splitlines())) <= 80
