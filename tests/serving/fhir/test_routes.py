from __future__ import annotations

import json

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.riskassessment import RiskAssessment

from tests.bundles import PATIENT as GIVEN
from tests.serving.client import Client
from tests.serving.fhir.samples import LOINC, PATIENT, bundle_of, fracture, observation
from vfprog.scoring.predict import predict
from vfprog.serving.fhir.example import as_bundle
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.serving.fhir.times import today

PATH = "/fhir/RiskAssessment/$evaluate"
FHIR = {"content-type": "application/fhir+json"}


def outcome(response, status: int):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    OperationOutcome.model_validate(response.json())
    return response.json()["issue"]


def test_a_bundle_gets_a_valid_assessment(client: Client, bundle) -> None:
    sent = as_bundle(GIVEN, bundle.dictionary, load_mapping())
    response = client.post(PATH, content=json.dumps(sent), headers=FHIR)
    assert response.headers["content-type"] == "application/fhir+json"
    RiskAssessment.model_validate(response.json())
    assert [p["probabilityDecimal"] for p in response.json()["prediction"]] == [
        100 * p.risk for p in predict(bundle, GIVEN).prognoses
    ]


def test_the_day_may_be_given(client: Client) -> None:
    sent = bundle_of(PATIENT, fracture())
    found = client.post(f"{PATH}?date=2026-01-15", json=sent).json()
    assert found["occurrenceDateTime"] == "2026-01-15"
    assert client.post(PATH, json=sent).json()["occurrenceDateTime"] == today().isoformat()


@pytest.mark.parametrize(
    "day",
    [
        "15.1.2026",
        "2026-13-01",
        "2026-01-15T00:00",
        "",
        "9999-12-31",
        "0001-01-01",
        "\u0662\u0660\u0662\u0666-01-15",
    ],
)
def test_a_day_that_is_none_is_refused(client: Client, day: str) -> None:
    response = client.post(f"{PATH}?date={day}", json=bundle_of(PATIENT))
    assert "is no day such as" in outcome(response, 422)[0]["diagnostics"]


def test_every_refusal_under_fhir_is_an_outcome(client: Client) -> None:
    assert outcome(client.post(PATH, content=b"{", headers=FHIR), 400)[0]["code"] == "structure"
    assert outcome(client.post(PATH, content=b"{}"), 415)[0]["code"] == "not-supported"
    assert outcome(client.post(PATH, json=[]), 422)[0]["expression"] == ["Bundle"]
    assert outcome(client.get("/fhir/Patient/1"), 404)[0]["code"] == "not-found"
    assert outcome(client.get(PATH), 405)[0]["code"] == "not-supported"


def test_the_capability_statement_is_valid(client: Client) -> None:
    statement = client.get("/fhir/metadata").json()
    CapabilityStatement.model_validate(statement)
    assert statement["fhirVersion"] == "4.0.1"


@pytest.mark.parametrize(
    "wrong",
    [
        fracture(onset=1736900000),
        PATIENT | {"birthDate": 19460505},
        observation(LOINC, "39156-5", valueQuantity={"value": "20", "code": "kg/m2",
                                                     "system": "http://unitsofmeasure.org"}),
        observation(LOINC, "39156-5", at=1e300, valueInteger=20),
    ],
)  # fmt: skip
def test_wrong_types_are_refused_with_an_issue_and_no_fault(client: Client, wrong) -> None:
    (issue,) = outcome(client.post(PATH, json=bundle_of(wrong)), 422)
    assert issue["code"] == "structure"
    assert issue["expression"][0].startswith("Bundle.entry[0].resource")


def test_a_parameter_given_twice_is_refused(client: Client) -> None:
    response = client.post(f"{PATH}?date=2026-01-15&date=2026-01-16", json=bundle_of(PATIENT))
    assert "date is given twice" in outcome(response, 400)[0]["diagnostics"]


def test_lists_in_lists_are_refused_as_any_json_too_deep(client: Client) -> None:
    deep = b"[" * 800 + b"]" * 800
    raw = b'{"resourceType": "Bundle", "entry": [{"resource": {"component": ' + deep + b"}}]}"
    response = client.post(PATH, content=raw, headers={"Content-Type": "application/fhir+json"})
    assert response.status_code == 400
    assert "more than 50 deep" in response.json()["issue"][0]["diagnostics"]
