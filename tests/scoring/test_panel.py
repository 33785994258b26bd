"""The panel as a whole: what stands beside the risks changes none of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.bundles import PATIENT, hand_parts
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.panel import Coverage
from vfprog.scoring.predict import predict

_BESIDE = {"instability_coverage", "gaps", "peers"}
_OF_PATIENT = {"applicability", "evidence", "of_score", "alignment_flags"}


def test_without_the_panel_all_else_is_the_same(bundle) -> None:
    patients = [PATIENT, {"age_years": 60}, PATIENT | {"vas_baseline": 1}]
    for full, bare in zip(
        predict(bundle, patients), predict(bundle, patients, panel=False), strict=True
    ):
        one, other = full.as_dict(), bare.as_dict()
        assert {k for k in one if one[k] != other[k]} <= _OF_PATIENT
        for a, b in zip(one["prognoses"], other["prognoses"], strict=True):
            assert {k for k in a if a[k] != b[k]} <= _BESIDE


def test_without_the_panel_its_keys_are_there_and_empty(bundle) -> None:
    content = predict(bundle, PATIENT, panel=False).as_dict()
    assert content["evidence"] == []
    assert all(content[key] is None for key in _OF_PATIENT - {"evidence"})
    assert all(p["gaps"] == [] and p["peers"] == [] for p in content["prognoses"])


def test_it_is_json_at_full_precision(bundle) -> None:
    answer = predict(bundle, PATIENT)
    assert json.loads(answer.to_json()) == answer.as_dict()


def test_the_interval_is_called_what_it_is(bundle) -> None:
    for prognosis in predict(bundle, PATIENT).prognoses:
        assert prognosis.instability_label == "how far the model might have differed"
        assert prognosis.instability_coverage is None


@pytest.mark.parametrize("model", ["response_preprocedure", "new_fracture_preprocedure"])
def test_a_measured_coverage_is_told_with_its_source(tmp_path, model) -> None:
    parts = hand_parts()
    measured = {model: {"share": 0.52, "n": 2900, "source": "fresh simulated patients"}}
    provenance = parts.provenance | {"instability_coverage": measured}
    folder = write_bundle(replace(parts, provenance=provenance), tmp_path / "bundle")
    told = [p.instability_coverage for p in predict(load_bundle(folder), PATIENT).prognoses]
    assert Coverage(0.52, 2900, "fresh simulated patients") in told
    assert None in told


def test_a_registry_of_something_else_is_shown_no_trials_of_vertebroplasty(tmp_path) -> None:
    parts = hand_parts()
    others = {
        name: replace(model, endpoint=model.endpoint.model_copy(update={"population": ()}))
        for name, model in parts.models.items()
    }
    bundle = load_bundle(write_bundle(replace(parts, models=others), tmp_path / "b"))
    prediction = predict(bundle, PATIENT)
    assert not bundle.about_vertebroplasty
    assert prediction.evidence == ()
    assert prediction.of_score is None
    assert prediction.alignment_flags is None
