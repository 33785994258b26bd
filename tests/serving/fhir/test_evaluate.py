from __future__ import annotations

import pytest

from tests.serving.fhir.samples import (
    DAY,
    LOINC,
    PATIENT,
    bundle_of,
    fracture,
    observation,
    quantity,
    read,
)  # fmt: skip
from vfprog.scoring.predict import predict
from vfprog.serving.fhir.evaluate import evaluated, predict_read
from vfprog.serving.fhir.outcome import ResourceError


def test_resources_get_the_risks_of_their_patient(bundle) -> None:
    pain = observation(LOINC, "72514-3", valueInteger=8)
    status, found = evaluated(bundle, bundle_of(PATIENT, pain, fracture()), DAY)
    patient = {"age_years": 79, "sex": "female", "vas_baseline": 8, "fracture_age_days": 14,
               "vertebrae": [{"level": "L1"}]}  # fmt: skip
    assert status == 200
    assert [p["probabilityDecimal"] for p in found["prediction"]] == [
        100 * p.risk for p in predict(bundle, patient).prognoses
    ]
    assert found["subject"] == {"reference": "Patient/p1"}


def test_all_issues_come_at_once_each_at_its_element(bundle) -> None:
    pain = observation(LOINC, "72514-3", valueInteger=80)
    vitamin = observation(LOINC, "62292-8", **quantity(20, "mg"))
    status, found = evaluated(bundle, bundle_of(PATIENT, pain, vitamin, fracture()), DAY)
    assert status == 422
    assert [(i["code"], i["expression"]) for i in found["issue"]] == [
        ("value", ["Bundle.entry[2].resource.valueQuantity"]),
        ("value", ["Bundle.entry[1].resource"]),
    ]
    assert "got 80" in found["issue"][1]["diagnostics"]


def test_what_is_no_fhir_is_an_outcome_too(bundle) -> None:
    status, found = evaluated(bundle, [1], DAY)
    assert (status, found["resourceType"]) == (422, "OperationOutcome")


def test_nothing_given_is_told_once(bundle) -> None:
    nobody = {"resourceType": "Patient"}
    with pytest.raises(ResourceError) as caught:
        predict_read(bundle, read(nobody))
    assert [issue.text for issue in caught.value.issues] == ["*: no predictor is given"]
    wrong = observation(LOINC, "62292-8", **quantity(20, "mg"))
    with pytest.raises(ResourceError) as caught:
        predict_read(bundle, read(nobody, wrong))
    assert len(caught.value.issues) == 1
