from __future__ import annotations

import json
from dataclasses import replace

import pytest

from vfprog.scoring.prognosis import Contribution, ModelIdentity, Prediction, Prognosis, Warn

LINES = (
    Contribution("vas_baseline", "pain", 8, 0.5),
    Contribution("age_years", "frailty", None, -0.4),
    Contribution("level", "fracture", ["L1", None], 0.3),
    Contribution("bed_rest", "pain", True, -0.35),
)
PROGNOSIS = Prognosis("response", "words", 30, "preprocedure", 0.625, (0.5, 0.75), 0.9, 0.1, LINES)
PREDICTION = Prediction(
    ModelIdentity("m", "1", "simulated", "ab"), (PROGNOSIS,), ("sex",), (Warn("code", None, "té"),)
)


def test_concepts_are_sums_largest_first():
    concepts = PROGNOSIS.concepts()
    assert concepts == pytest.approx({"pain": 0.15, "frailty": -0.4, "fracture": 0.3})
    assert list(concepts) == ["frailty", "fracture", "pain"]


def test_json_is_the_whole_prediction_at_full_precision():
    risk = 0.1 + 0.2
    prediction = replace(PREDICTION, prognoses=(replace(PROGNOSIS, risk=risk),))
    content = json.loads(prediction.to_json())
    assert content["prognoses"][0]["risk"] == risk
    assert content["model"] == {
        "name": "m", "version": "1", "trained_on": "simulated", "sha256": "ab"
    }  # fmt: skip
    assert content["prognoses"][0]["contributions"][2] == {
        "predictor": "level", "concept": "fracture", "value": ["L1", None], "log_odds": 0.3,
    }  # fmt: skip
    assert content["prognoses"][0]["instability_interval"] == [0.5, 0.75]
    assert content["missing"] == ["sex"]
    assert content["warnings"] == [{"code": "code", "predictor": None, "message": "té"}]
    assert "té" in prediction.to_json(indent=None)


def test_a_risk_that_is_no_number_is_no_json():
    broken = replace(PREDICTION, prognoses=(replace(PROGNOSIS, risk=float("nan")),))
    with pytest.raises(ValueError, match="JSON compliant"):
        broken.to_json()


def test_a_prognosis_is_found_by_its_endpoint():
    assert PREDICTION["response"] is PROGNOSIS
    with pytest.raises(KeyError, match=r"no prognosis of 'death'.*there is: response"):
        PREDICTION["death"]
    with pytest.raises(KeyError, match="there is: none"):
        replace(PREDICTION, prognoses=())["response"]
