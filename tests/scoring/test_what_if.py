from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.bundles import AFTER, PATIENT
from tests.scoring.models import random_patient
from vfprog.errors import InputError
from vfprog.scoring.predict import predict
from vfprog.scoring.what_if import what_if, what_if_many


def by_endpoint(answer):
    return {line.endpoint: line for line in answer.endpoints}


def test_a_change_is_predicting_the_changed_patient(hand) -> None:
    line = by_endpoint(what_if(hand, PATIENT, {"age_years": 60}))["response"]
    before = predict(hand, PATIENT)["response"].risk
    after = predict(hand, PATIENT | {"age_years": 60})["response"].risk
    assert (line.risk_before, line.risk_after) == (before, after)
    assert line.change == after - before > 0
    assert line.prediction_time_before == line.prediction_time_after == "preprocedure"


def test_the_patient_is_left_as_they_were(hand) -> None:
    kept = json.loads(json.dumps(PATIENT))
    what_if(hand, PATIENT, {"age_years": 60, "L1.height_loss_pct": 5, "opioids": None})
    assert kept == PATIENT


@pytest.mark.parametrize("field", ["vertebrae[1].height_loss_pct", "L2.height_loss_pct",
                                   "l2.height_loss_pct"])  # fmt: skip
def test_a_vertebra_by_its_place_or_level(hand, field) -> None:
    answer = what_if(hand, PATIENT, {field: 60})
    (change,) = answer.changes
    assert (change.field, change.predictor) == ("vertebrae[1].height_loss_pct", "height_loss_pct")
    assert (change.before, change.after) == (12.5, 60)
    first, second = PATIENT["vertebrae"]
    other = PATIENT | {"vertebrae": [first, second | {"height_loss_pct": 60}]}
    expected = predict(hand, other)["response"].risk
    assert by_endpoint(answer)["response"].risk_after == expected


def test_a_predictor_of_the_only_vertebra_may_stand_alone(hand) -> None:
    one = PATIENT | {"vertebrae": PATIENT["vertebrae"][:1]}
    assert what_if(hand, one, {"height_loss_pct": 60}).changes[0].before == 35


def test_none_is_not_known(hand) -> None:
    line = by_endpoint(what_if(hand, PATIENT, {"age_years": None}))["response"]
    gone = {k: v for k, v in PATIENT.items() if k != "age_years"}
    assert line.risk_after == predict(hand, gone)["response"].risk


def test_cement_only_where_it_is_asked_for(hand) -> None:
    after = PATIENT | {"vertebrae": [AFTER]}
    with pytest.raises(InputError) as caught:
        what_if(hand, after, {"cement_volume_ml": 3, "L1.treated": False, "age_years": 60})
    assert [(f.column, f.rule) for f in caught.value.failures] == [
        ("cement_volume_ml", "procedure_what_if"), ("L1.treated", "procedure_what_if"),
    ]  # fmt: skip
    line = by_endpoint(what_if(hand, after, {"cement_volume_ml": 3}, procedure=True))["response"]
    assert line.change < 0  # its coefficient is positive


def test_another_model_may_answer_and_it_is_told(hand) -> None:
    one = PATIENT | {"vertebrae": PATIENT["vertebrae"][:1]}
    line = by_endpoint(what_if(hand, one, {"cement_volume_ml": 3}, procedure=True))["response"]
    assert line.prediction_time_before == "preprocedure"
    assert line.prediction_time_after == "postprocedure"


def test_where_there_is_no_risk_there_is_no_change(hand) -> None:
    answer = what_if(hand, PATIENT, {"vas_baseline": 1})
    line = by_endpoint(answer)["response"]
    assert (line.risk_after, line.change, line.prediction_time_after) == (None, None, None)
    assert line.risk_before is not None
    assert "not_applicable" in {w.code for w in answer.warnings}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"age": 70}, "what_if.age: is no predictor of this model"),
        ({"L4.height_loss_pct": 5}, "what_if.L4.height_loss_pct: means a vertebra that is not"),
        ({"vertebrae[2].mri_oedema": True}, "means a vertebra that is not given"),
        ({"L1.age_years": 70}, "belongs to the patient, not to a vertebra"),
        ({"height_loss_pct": 5}, "is of one vertebra, and 2 are given: name it"),
        ({"age_years": 700}, "age_years: must lie between 18 and 110 in years, got 700"),
        ({"L1.level": "L2"}, "L2 is given twice"),
        ({"vertebrae": []}, "what_if.vertebrae: is no predictor"),
    ],
)
def test_what_is_wrong_is_named(hand, changes, message) -> None:
    with pytest.raises(InputError) as caught:
        what_if(hand, PATIENT, changes)
    assert message in str(caught.value)


def test_all_that_is_wrong_at_once_and_no_value_is_repeated(hand) -> None:
    with pytest.raises(InputError) as caught:
        what_if(hand, PATIENT, {"age": 70.125, "cement_volume_ml": 4.375})
    assert len(caught.value.failures) == 2
    assert "70.125" not in str(caught.value)
    assert "79" not in str(caught.value)


@pytest.mark.parametrize("nothing", [None, float("nan"), [], pd.NA])
def test_a_patient_without_vertebrae(hand, nothing) -> None:
    patient = {"age_years": 79, "vertebrae": nothing}
    assert by_endpoint(what_if(hand, patient, {"age_years": 60}))["response"].change > 0


def test_a_malformed_patient_is_the_patients_fault(hand) -> None:
    with pytest.raises(InputError, match="expected a list of objects"):
        what_if(hand, {"age_years": 79, "vertebrae": "L1"}, {"age_years": 60})


def test_many_are_each_alone(bundle) -> None:
    import numpy as np

    patient = random_patient(np.random.default_rng(3), after=False, vertebrae=1)
    changes = [{"age_years": 55.0}, {"sex": "male", "mri_oedema": True}, {"t_score": None}]
    together = what_if_many(bundle, patient, changes)
    for change, answer in zip(changes, together, strict=True):
        alone = what_if(bundle, patient, change)
        assert answer.changes == alone.changes
        for one, other in zip(answer.endpoints, alone.endpoints, strict=True):
            assert one.risk_after == pytest.approx(other.risk_after, abs=1e-12)
    assert what_if_many(bundle, patient, []) == []


def test_the_faults_of_all_changes_come_at_once_each_with_its_place(hand) -> None:
    wrong = [{"age_years": 60}, {"L1.treated": True}, {"shoe": 1, "L9.level": "L2"}]
    with pytest.raises(InputError) as caught:
        what_if_many(hand, PATIENT, wrong)
    assert [(f.table, f.row, f.column) for f in caught.value.failures] == [
        ("what_if", 1, "L1.treated"), ("what_if", 2, "shoe"), ("what_if", 2, "L9.level"),
    ]  # fmt: skip
    assert "--procedure" in caught.value.failures[0].message
    with pytest.raises(InputError) as caught:
        what_if_many(hand, PATIENT, [{}, {"age_years": 700}, {"L1.height_loss_pct": -1}])
    assert [(f.table, f.row, f.column) for f in caught.value.failures] == [
        ("what_if", 1, "age_years"), ("what_if", "2].vertebrae[0", "height_loss_pct"),
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"^what_if\.age_years: "):
        what_if(hand, PATIENT, {"age_years": 700})


def test_the_label_travels_with_it(hand) -> None:
    content = json.loads(what_if(hand, PATIENT, {"age_years": 60}).to_json())
    assert content["label"] == "what the model would say, not the effect of changing it"
    assert set(content) == {"label", "changes", "endpoints", "warnings"}
    assert set(content["endpoints"][0]) == {
        "endpoint", "prediction_time_before", "prediction_time_after", "risk_before", "risk_after",
        "change",
    }  # fmt: skip


def test_an_input_under_two_names_is_refused(hand) -> None:
    twice = {"vertebrae[0].height_loss_pct": 20, "L1.height_loss_pct": 30}
    with pytest.raises(InputError, match="a second time") as caught:
        what_if(hand, PATIENT, twice)
    (failure,) = caught.value.failures
    assert (failure.column, failure.rule) == ("L1.height_loss_pct", "repeated_key")
