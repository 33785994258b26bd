"""The OpenAPI document is true of the service: its examples were run, and chance finds no fault."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks, openapi

from tests.serving.client import Client
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.patient import read_patients
from vfprog.serving.app import create_app
from vfprog.serving.openapi import example_patient, openapi_document

if TYPE_CHECKING:
    from collections.abc import Iterator

# --- the document


@pytest.fixture(scope="module")
def document(bundle) -> dict[str, Any]:
    return openapi_document(create_app(bundle), bundle)


def test_every_route_with_a_body_says_how_it_refuses(document) -> None:
    paths = document["paths"]
    assert set(paths) == {
        "/v1/predict", "/v1/predict/batch", "/v1/what-if", "/v1/model", "/healthz", "/readyz",
        "/fhir/RiskAssessment/$evaluate", "/fhir/metadata", "/cds-services",
        "/cds-services/vertebroplasty-prognosis",
    }  # fmt: skip
    for operation in (paths[p]["post"] for p in paths if "post" in paths[p]):
        assert {"400", "401", "408", "413", "415", "422", "503"} <= set(operation["responses"])


def test_every_reference_leads_somewhere(document) -> None:
    found = {ref.rpartition("/")[2] for ref in _references(document)}
    assert found <= set(document["components"]["schemas"])
    assert {"Patient", "Prediction", "Problem", "WhatIf", "RiskAssessment"} <= found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_the_fields_of_a_patient_are_those_of_the_dictionary(document, bundle) -> None:
    patient = document["components"]["schemas"]["Patient"]
    names = {p.name for p in bundle.dictionary.of_table("episodes")} | {"vertebrae"}
    assert set(patient["properties"]) == names
    assert patient["properties"]["age_years"] == {
        "title": "Age (years)", "type": ["number", "null"], "minimum": 18, "maximum": 110,
    }  # fmt: skip
    assert patient["properties"]["smoker"]["type"] == ["boolean", "null"]
    assert None in patient["properties"]["sex"]["enum"]
    level = patient["properties"]["vertebrae"]["items"]["properties"]["level"]
    assert level["enum"][0] == "T4"


def test_the_examples_are_what_the_service_answers(document, client: Client) -> None:
    schemas = document["components"]["schemas"]
    (patient,) = schemas["Patient"]["examples"]
    (prediction,) = schemas["Prediction"]["examples"]
    assert client.post("/v1/predict", json=patient).json() == json.loads(json.dumps(prediction))
    (asked,) = schemas["WhatIfRequest"]["examples"]
    (changed,) = schemas["WhatIf"]["examples"]
    assert client.post("/v1/what-if", json=asked).json() == json.loads(json.dumps(changed))
    (resources,) = schemas["Bundle"]["examples"]
    assert client.post("/fhir/RiskAssessment/$evaluate", json=resources).status_code == 200
    (problem,) = schemas["Problem"]["examples"]
    assert {line["rule"] for line in problem["failures"]} == {"hard_range", "unknown_key"}


def test_the_example_breaks_no_rule_and_raises_no_warning(bundle) -> None:
    patient = example_patient(bundle)
    assert read_patients([patient], bundle.dictionary).warnings == ()
    assert "cement_volume_ml" not in patient["vertebrae"][0]


def test_the_document_is_that_of_the_bundle_in_use(client: Client, document) -> None:
    served = client.get("/openapi.json").json()
    assert served["paths"] == document["paths"]
    assert served["openapi"].startswith("3.1")


# --- chance


CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
OPERATIONS = (
    "POST /v1/predict", "POST /v1/predict/batch", "POST /v1/what-if", "GET /v1/model",
    "POST /fhir/RiskAssessment/$evaluate", "GET /fhir/metadata", "GET /cds-services",
    "POST /cds-services/vertebroplasty-prognosis", "GET /healthz", "GET /readyz",
)  # fmt: skip


@pytest.fixture(scope="module")
def api(bundle) -> Any:
    return openapi.from_asgi("/openapi.json", create_app(bundle))


def test_no_operation_is_left_out(api) -> None:
    assert {found.ok().label for found in api.get_all_operations()} == set(OPERATIONS)


def _cases() -> Iterator[tuple[str, GenerationMode]]:
    for label in OPERATIONS:
        yield label, GenerationMode.POSITIVE
        if label.startswith("POST"):  # nothing can be wrong where nothing is sent
            yield label, GenerationMode.NEGATIVE


@pytest.mark.slow
@pytest.mark.parametrize(("label", "mode"), list(_cases()))
def test_nothing_that_is_sent_is_a_fault_of_ours(api, label: str, mode: GenerationMode) -> None:
    method, _, path = label.partition(" ")
    operation = api[path][method]

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),  # to shrink a body can take minutes
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            _check_refusal(case, response)

    check()


def _check_refusal(case: Any, response: Any) -> None:
    """A refusal is a document that names each field and repeats no value of another."""
    assert 400 <= response.status_code < 500
    content = response.json()
    if case.path.startswith("/fhir"):
        OperationOutcome.model_validate(content)
        return
    assert response.headers["content-type"] == ["application/problem+json"]
    assert content["status"] == response.status_code
    for line in content.get("failures", []):
        assert isinstance(line["field"], str)  # a key may be empty
        for other in _others(case.body, line["field"]):
            assert other not in line["message"]


# What a rule may name itself: the fields and the words they may hold.
_WORDS = {word for known in load_dictionary().predictors for word in (known.name, *known.levels)}

# Where a what-if question holds the patient and the changes.
_ASKED = re.compile(r"^(patient|changes(\[\d+\])?)\.")


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield place and text of all that a body holds."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _leaves(value, f"{path}[{place}]")
    else:
        yield _ASKED.sub("", path), str(node)


def _others(body: Any, field: str) -> set[str]:
    """Return the texts of a body that only another field can have brought into a message.

    They are long enough to be known again, stand neither in the field's own value (a key is part
    of it) nor in what a rule may name itself.
    """
    leaves = list(_leaves(body))
    own = {part for leaf in leaves if leaf[0].startswith(field) for part in leaf}
    texts = {text for _, text in leaves if len(text) > 6}
    return {text for text in texts if not any(text in known for known in own | _WORDS)}


def test_a_value_of_another_field_is_known_again() -> None:
    body = {"age_years": 81.2345, "sex": ["long enough"], "vertebrae": [{"level": "sacrum 7"}]}
    assert _others(body, "sex") == {"81.2345", "sacrum 7"}
    assert _others(body, "vertebrae[0].level") == {"81.2345", "long enough"}
    keyed = {"sex": {"long enough": [False]}, "name": "long enough", "leak": "perivertebral"}
    assert _others(keyed, "sex") == set()  # a key of its own value, a word of the dictionary
    assert _others({"patient": body, "changes": {}}, "age_years") == {"long enough", "sacrum 7"}
