from __future__ import annotations

from dataclasses import replace

from tests.bundles import hand_parts
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.serving.description import describe


def test_endpoints_predictors_and_labels(bundle) -> None:
    found = describe(bundle)
    assert found["simulated"] is True
    assert found["model"] == {
        "name": "hand", "version": "1", "trained_on": "simulated", "sha256": bundle.identity.sha256,
    }  # fmt: skip
    response = found["endpoints"][0]
    assert (response["name"], response["horizon_days"]) == ("response", 30)
    assert response["prediction_times"] == ["preprocedure", "postprocedure"]
    named = {p["name"]: p for p in found["predictors"]}
    age, level = named["age_years"], named["level"]
    assert (age["unit"], age["hard_range"], age["kind"]) == ("years", [18.0, 110.0], "continuous")
    assert set(age["used_by"]) == set(bundle.model_names)
    assert (level["table"], level["levels"][0], level["used_by"]) == ("vertebrae", "T4", [])
    assert named["anticoagulation"]["role"] == "evidence_only"
    assert found["labels"]["pi_ll_mismatch_deg"] == bundle.label("pi_ll_mismatch_deg")
    assert set(found["concepts"]) == {p["concept"] for p in found["predictors"]}


def test_where_the_data_lay_is_not_told(tmp_path) -> None:
    provenance = {"source": "/data/secret", "digest": "abc", "n_episodes": 7, "notes": ["few"]}
    parts = replace(hand_parts(), provenance=provenance, performance=[{"metric": "brier"}])
    found = describe(load_bundle(write_bundle(parts, tmp_path / "b")))
    assert found["provenance"] == {"n_episodes": 7, "notes": ["few"]}
    assert found["performance"] == [{"metric": "brier"}]
    assert "secret" not in str(found)
