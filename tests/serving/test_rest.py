from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from fastapi import FastAPI

from tests.bundles import AFTER, PATIENT
from tests.serving.client import Client
from vfprog.scoring.predict import predict
from vfprog.scoring.what_if import what_if
from vfprog.serving import rest
from vfprog.serving.app import create_app
from vfprog.serving.requests import SHORT_BODY
from vfprog.serving.settings import Settings

JSON = {"content-type": "application/json"}


def refused(response, status: int) -> list[str]:
    """Check a refusal and return the fields it names."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    return [line["field"] for line in document.get("failures", [])]


def test_one_patient_gets_what_scoring_says(client: Client, bundle) -> None:
    response = client.post("/v1/predict", json=PATIENT)
    assert response.status_code == 200
    assert response.json() == json.loads(predict(bundle, PATIENT).to_json())


def test_the_panel_may_be_left_out(client: Client, bundle) -> None:
    bare = predict(bundle, PATIENT, panel=False)
    response = client.post("/v1/predict?panel=false", json=PATIENT)
    assert response.json() == json.loads(bare.to_json())
    response = client.post("/v1/predict/batch?panel=false", json=[PATIENT])
    assert response.json() == [json.loads(bare.to_json())]
    assert refused(client.post("/v1/predict?panel=no", json=PATIENT), 422) == ["panel"]


def test_a_patient_with_a_long_body_is_answered_in_a_thread(client: Client, monkeypatch) -> None:
    asked: list[str] = []
    real = rest.predict
    monkeypatch.setattr(rest, "predict", lambda *a, **k: (
        asked.append(threading.current_thread().name), real(*a, **k))[1])  # fmt: skip
    client.post("/v1/predict", json=PATIENT)
    long = PATIENT | {"patient_id": "x" * SHORT_BODY}
    assert client.post("/v1/predict", json=long).status_code == 200
    assert asked[0] == "MainThread" != asked[1]


def test_a_batch_gets_a_list_in_its_order(client: Client, bundle) -> None:
    patients = [PATIENT, PATIENT | {"vertebrae": [AFTER]}, {"age_years": 60}] * 40
    response = client.post("/v1/predict/batch", json=patients)
    expected = [json.loads(predict(bundle, patient).to_json()) for patient in patients]
    assert rounded(response.json()) == rounded(expected)


def test_the_patient_may_be_said_to_be_fhir_json_or_have_a_charset(client: Client) -> None:
    for kind in ("application/json; charset=UTF-8", "application/fhir+json", "Application/JSON"):
        sent = {"content": json.dumps(PATIENT), "headers": {"content-type": kind}}
        assert client.post("/v1/predict", **sent).status_code == 200


def test_every_failure_is_named_and_no_other_value_repeated(client: Client) -> None:
    wrong = PATIENT | {"vas_baseline": 70, "t_score": -31, "age_years": 83.25, "shoe": 1}
    response = client.post("/v1/predict", json=wrong)
    assert sorted(refused(response, 422)) == ["shoe", "t_score", "vas_baseline"]
    assert "got 70" in response.text
    for other in ("83.25", "40.5", "12.5"):
        assert other not in response.text


def test_one_wrong_patient_of_a_batch_stops_it(client: Client) -> None:
    many = [PATIENT] * 60 + [{"vas_baseline": 70}, {"vertebrae": [{"level": "L7"}]}]
    response = client.post("/v1/predict/batch", json=many)
    assert refused(response, 422) == ["[60].vas_baseline", "[61].vertebrae[0].level"]


def rounded(content: Any) -> Any:
    """Return JSON with its numbers to ten digits: sums of many rows differ in the last bit."""
    if isinstance(content, float):
        return round(content, 10)
    if isinstance(content, list):
        return [rounded(item) for item in content]
    return {k: rounded(v) for k, v in content.items()} if isinstance(content, dict) else content


def test_what_if_is_that_of_scoring_for_one_change_and_for_several(client: Client, bundle) -> None:
    change = {"age_years": 60, "L1.height_loss_pct": None}
    asked = {"patient": PATIENT, "changes": change}
    expected = json.loads(what_if(bundle, PATIENT, change).to_json())
    assert rounded(client.post("/v1/what-if", json=asked).json()) == rounded(expected)
    several = client.post("/v1/what-if", json=asked | {"changes": [{}, change]}).json()
    assert rounded(several[1]) == rounded(expected)
    assert [line["change"] for line in several[0]["endpoints"]] == [0.0, 0.0]


def test_a_wrong_change_among_many_is_named_by_its_place(client: Client) -> None:
    fine, asked = {"age_years": 60}, {"patient": PATIENT}
    for wrong, field in (
        ({"shoe": 1}, "shoe"), ({"age_years": 700}, "age_years"),
        ({"L1.height_loss_pct": -1}, "vertebrae[0].height_loss_pct"),
    ):  # fmt: skip
        for place in (1, 60):  # in the first part that is predicted at once, and in the second
            changes = [fine] * place + [wrong]
            answer = client.post("/v1/what-if", json=asked | {"changes": changes})
            assert refused(answer, 422) == [f"[{place}].{field}"]
        alone = client.post("/v1/what-if", json=asked | {"changes": wrong})
        assert refused(alone, 422) == [field]
    unknown = {"patient": {"shoe": 1}, "changes": [fine, fine]}
    assert refused(client.post("/v1/what-if", json=unknown), 422) == ["shoe"]


def test_cement_is_changed_only_by_who_asks_for_it(client: Client) -> None:
    asked = {"patient": PATIENT, "changes": {"L1.cement_volume_ml": 6, "shoe": 1}}
    assert refused(client.post("/v1/what-if", json=asked), 422) == ["L1.cement_volume_ml", "shoe"]
    asked = {"patient": PATIENT, "changes": {"L1.cement_volume_ml": 6}, "procedure": True}
    assert client.post("/v1/what-if", json=asked).status_code == 200


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({}, ["patient", "changes"]),
        ({"patient": [], "changes": [1], "procedure": "yes", "x": 1},
         ["x", "patient", "changes", "procedure"]),
        ({"patient": PATIENT, "changes": []}, ["changes"]),
        ({"patient": PATIENT, "changes": [{}] * 1001}, ["changes"]),
        ({"patient": {"vas_baseline": 70}, "changes": {}}, ["vas_baseline"]),
        ({"patient": {"vertebrae": [1]}, "changes": {}}, ["vertebrae"]),
        ({"patient": PATIENT, "changes": {"vas_baseline": 70}}, ["vas_baseline"]),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered(client: Client, asked, fields) -> None:
    assert refused(client.post("/v1/what-if", json=asked), 422) == fields


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b'{"age_years": 79,}', 400),
        (b'{"age_years": NaN}', 400),
        (b'{"age_years": 79, "age_years": 97}', 400),
        (b"\xff\xfe", 400),
        (b"7", 400),
        (b"[" * 50_000, 400),
        (b'{"age_years": 1e999}', 422),
        (b'{"age_years": "\\ud800"}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'{"age_years": {"a": [1, {"b": 2}]}}', 422),
        (b"[]", 422),
        (b"[{}]", 422),
        (b"{}", 422),
        (b'{"vertebrae": "L1"}', 422),
        (b'{"vertebrae": [[]]}', 422),
    ],
)
def test_a_wrong_body_is_a_fault_of_its_sender(client: Client, content: bytes, status: int) -> None:
    assert refused(client.post("/v1/predict", content=content, headers=JSON), status) != []


@pytest.mark.parametrize("depth", [100, 300, 500, 700, 900, 990])
def test_depth_is_no_fault_of_ours(client: Client, depth: int) -> None:
    body = b'{"age_years": ' + b"[" * depth + b"]" * depth + b"}"
    assert client.post("/v1/predict", content=body, headers=JSON).status_code in {400, 422}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "expected a list of patients, got an object"),
        (b"[]", "the list holds no patient"),
        (b"[{}, {}, {}, {}]", "the list holds 4 patients, at most 3 are taken at once"),
    ],
)
def test_a_batch_has_limits(bundle, content: bytes, message: str) -> None:
    client = Client(create_app(bundle, Settings(max_batch=3)))
    response = client.post("/v1/predict/batch", content=content, headers=JSON)
    assert refused(response, 422) == ["*"]
    assert message in response.text


def test_a_batch_that_takes_too_long_is_given_up(bundle, monkeypatch) -> None:
    client = Client(create_app(bundle, Settings(timeout_s=0.001)))
    response = client.post("/v1/predict/batch", json=[PATIENT] * 500)
    refused(response, 503)
    assert response.headers["retry-after"] == "5"


def test_a_path_or_method_that_is_none(client: Client) -> None:
    refused(client.get("/v2/predict"), 404)
    refused(client.get("/v1/predict/"), 404)
    response = client.get("/v1/predict")
    refused(response, 405)
    assert response.headers["allow"] == "POST"


def test_the_signs_of_life(client: Client, bundle) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz").json()
    assert ready["model"]["sha256"] == bundle.identity.sha256
    assert ready["newer_refused"] is False


def test_a_refused_bundle_is_told_of(bundle) -> None:
    app: FastAPI = create_app(bundle)
    app.state.service.holder.refused = "damaged"
    ready = Client(app).get("/readyz")
    assert (ready.status_code, ready.json()["newer_refused"]) == (200, True)
    assert "damaged" not in ready.text


def test_the_description_holds_what_a_form_needs(client: Client, bundle) -> None:
    found = client.get("/v1/model").json()
    assert found["limits"] == {"max_batch": 1000, "max_body_bytes": 2_000_000}
    assert [p["name"] for p in found["predictors"]] == [
        p.name for p in bundle.dictionary.predictors
    ]


def test_many_changes_are_worked_on_in_parts_and_answered_in_order(client: Client) -> None:
    changes = [{"age_years": 60 + n / 10} for n in range(120)]
    asked = {"patient": PATIENT, "changes": changes}
    answers = client.post("/v1/what-if", json=asked).json()
    assert [answer["changes"][0]["after"] for answer in answers] == [
        change["age_years"] for change in changes
    ]
