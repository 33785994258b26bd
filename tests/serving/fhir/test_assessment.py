from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from fhir.resources.R4B.riskassessment import RiskAssessment

from tests.bundles import PATIENT, hand_bundle, hand_parts
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.panel import Coverage
from vfprog.scoring.predict import predict
from vfprog.serving.cds_hooks import card
from vfprog.serving.fhir.assessment import INTERVAL, RISK, risk_assessment

DAY = date(2026, 1, 15)


@pytest.fixture(scope="module")
def registry_bundle(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("assessment") / "real"
    return load_bundle(hand_bundle(folder, simulated=False, members=False))


def assessed(bundle, patient=PATIENT, **more):
    resource = risk_assessment(predict(bundle, patient), bundle, day=DAY, **more)
    written = json.loads(json.dumps(resource))
    RiskAssessment.model_validate(written)
    return written


def test_one_prediction_per_endpoint_at_full_precision(bundle) -> None:
    prediction, found = predict(bundle, PATIENT), assessed(bundle)
    assert [p["probabilityDecimal"] for p in found["prediction"]] == [
        100 * p.risk for p in prediction.prognoses
    ]
    first, prognosis = found["prediction"][0], prediction["response"]
    assert first["outcome"]["coding"][0]["code"] == "response"
    assert first["whenPeriod"] == {"start": "2026-01-15", "end": "2026-02-14"}
    assert prognosis.definition in first["rationale"]
    assert first["rationale"].startswith(f"{100 * prognosis.risk:.0f} of 100 patients")
    risk, interval = first["extension"]
    assert (risk["url"], interval["url"]) == (RISK, INTERVAL)
    limits = interval["valueRange"]
    assert risk["valueQuantity"]["value"] == 100 * prognosis.risk
    assert [limits[name]["value"] for name in ("low", "high")] == [
        100 * limit for limit in prognosis.instability_interval
    ]
    for quantity in (risk["valueQuantity"], limits["low"], limits["high"]):
        assert (quantity["system"], quantity["code"]) == ("http://unitsofmeasure.org", "%")


def test_the_method_says_what_each_model_is(bundle) -> None:
    text = assessed(bundle)["method"]["text"]
    both = "logistic regression and boosted trees, blended and calibrated"
    for name in ("response", "new_fracture"):
        model = bundle.model(f"{name}_preprocedure")
        kind = "logistic regression, calibrated" if model.trees is None else both
        part = next(part for part in text.split("; ") if name in part)
        assert part.removeprefix("vfprog: ").startswith(kind)
    assert assessed(bundle, {"bmi_kg_m2": 25, "vas_baseline": 2})["method"]["text"]


def test_trees_that_have_no_weight_are_not_named(bundle, monkeypatch) -> None:
    name = "response_preprocedure"
    model = bundle.model(name)
    for weights, kind in (((1, 0), "logistic regression, calibrated"),
                          ((0, 1), "boosted trees, calibrated")):  # fmt: skip
        blend = replace(model.blend, w_linear=weights[0], w_trees=weights[1])
        trees = model.trees or bundle.model("new_fracture_preprocedure").trees
        assert trees is not None
        monkeypatch.setitem(bundle._models, name, replace(model, blend=blend, trees=trees))
        prediction = predict(bundle, PATIENT)
        text = risk_assessment(prediction, bundle)["method"]["text"]
        assert f"{kind} (response" in text


def test_who_answered_about_whom_and_from_what(bundle) -> None:
    found = assessed(bundle, subject="Patient/p1", basis=["Observation/1", "Observation/2"])
    assert found["subject"] == {"reference": "Patient/p1"}
    assert [b["reference"] for b in found["basis"]] == ["Observation/1", "Observation/2"]
    assert found["method"]["coding"][0] == {
        "system": "urn:vfprog:model", "version": "1", "code": "hand",
    }  # fmt: skip
    (device,) = found["contained"]
    assert found["performer"] == {"reference": f"#{device['id']}"}
    assert device["identifier"][0]["value"] == f"sha256:{bundle.identity.sha256}"
    assert device["version"] == [{"value": "1"}]
    assert found["occurrenceDateTime"] == "2026-01-15"


def test_simulated_models_are_marked_and_others_are_not(bundle, registry_bundle) -> None:
    simulated, real = assessed(bundle), assessed(registry_bundle)
    assert simulated["note"][0]["text"].startswith("SIMULATED")
    assert simulated["meta"]["security"][0]["code"] == "HTEST"
    assert (simulated["status"], real["status"]) == ("preliminary", "final")
    assert "meta" not in real
    assert "SIMULATED" not in json.dumps(real)
    extensions = real["prediction"][0]["extension"]
    assert [extension["url"] for extension in extensions] == [RISK]  # no members, no interval


def test_warnings_and_notes_come_along_and_a_prognosis_is_no_advice(bundle) -> None:
    found = assessed(bundle, PATIENT | {"bmi_kg_m2": 60, "vas_baseline": 2}, notes=["left out"])
    texts = [note["text"] for note in found["note"]]
    assert any(text.startswith("bmi_kg_m2: usually lies between") for text in texts)
    assert any("never a recommendation" in text for text in texts)
    assert texts[-1] == "left out"
    assert [p["outcome"]["coding"][0]["code"] for p in found["prediction"]] == ["new_fracture"]


def test_without_a_subject_or_day_it_is_still_valid(bundle) -> None:
    found = risk_assessment(predict(bundle, PATIENT), bundle)
    RiskAssessment.model_validate(found)
    assert "reference" not in found["subject"]
    assert "basis" not in found


def test_whom_the_models_learned_from_is_the_first_note(tmp_path) -> None:
    parts = hand_parts(simulated=False)
    parts.provenance["population_note"] = "Women of a cohort."
    found = assessed(load_bundle(write_bundle(parts, tmp_path / "noted")))
    assert found["note"][0] == {"text": "Learned from: Women of a cohort."}


def test_the_interval_comes_with_its_limits(bundle) -> None:
    prediction = predict(bundle, PATIENT)
    measured = Coverage(0.61, 500, "simulated")
    beyond = replace(prediction["response"], risk=0.16, instability_interval=(0.10, 0.14),
                     instability_coverage=measured)  # fmt: skip
    changed = replace(prediction, prognoses=(beyond,))
    (found,) = risk_assessment(changed, bundle, day=DAY)["prediction"]
    words = (
        "Of 100, 10 to 14: how far the model might have differed (90 % of refits); it held the "
        "true risk of 61 % of 500, simulated. The risk itself lies outside: refits on repeated "
        "patients are not centred on the fit to all. It is no confidence interval."
    )
    assert words in found["rationale"]
    assert words in card(changed, bundle, None)["detail"]
    within = replace(beyond, risk=0.12, instability_coverage=None)
    (found,) = risk_assessment(replace(prediction, prognoses=(within,)), bundle)["prediction"]
    assert "(90 % of refits). It is no confidence interval. Prediction" in found["rationale"]
