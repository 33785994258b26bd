from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from tests.bundles import PATIENT
from tests.serving.client import Client
from vfprog.serving import rest
from vfprog.serving.app import create_app
from vfprog.serving.gate import POLICY
from vfprog.serving.keys import new_key
from vfprog.serving.settings import Settings

PRIVATE = "private-4711"
KEY, ENTRY = new_key("ward-7")


@pytest.fixture
def guarded(bundle) -> Client:
    return Client(create_app(bundle, Settings(keys=(ENTRY,))))


def test_every_answer_carries_the_headers(client: Client) -> None:
    answers = [client.get("/healthz"), client.get("/nothing"), client.post("/v1/predict")]
    for answer in answers:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-request-id"]) == 36
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


def test_no_page_elsewhere_may_ask(client: Client) -> None:
    origin = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    for answer in (client.request("OPTIONS", "/v1/predict", headers=origin),
                   client.post("/v1/predict", json=PATIENT, headers=origin)):  # fmt: skip
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/v1/model", "/openapi.json", "/v1/nothing", "/v1/predict"])
def test_without_a_key_nothing_is_told(guarded: Client, path: str) -> None:
    for headers in ({}, {"x-api-key": "wrong"}, {"authorization": f"Basic {KEY}"}):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_with_a_key_everything_is(guarded: Client) -> None:
    for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}):
        assert guarded.post("/v1/predict", json=PATIENT, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/fhir/metadata", "/cds-services"])
def test_what_holds_no_patient_is_open(guarded: Client, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_a_request_is_one_line_that_knows_no_patient(client: Client, logged, bundle) -> None:
    client.post(f"/v1/predict?{PRIVATE}", json=PATIENT, headers={"x-request-id": PRIVATE})
    (line,) = [json.loads(line) for line in logged]
    assert line["route"] == "/v1/predict"
    assert (line["method"], line["status"], line["patients"]) == ("POST", 200, 1)
    assert (line["model"], line["version"]) == ("hand", "1")
    assert line["sha256"] == bundle.identity.sha256[:12]
    assert line["ms"] > 0


def test_no_value_reaches_the_log(client: Client, guarded: Client, logged, monkeypatch) -> None:
    headers = {"content-type": "application/json"}
    wrong = PATIENT | {"sex": PRIVATE, PRIVATE: 1, "patient_id": PRIVATE}
    client.post("/v1/predict", json=wrong)
    client.post("/v1/predict/batch", json=[wrong])
    client.post("/v1/predict", content=f"{{{PRIVATE}".encode(), headers=headers)
    client.get(f"/patients/{PRIVATE}")
    client.request(PRIVATE.upper(), "/v1/predict")
    guarded.get("/v1/model", headers={"x-api-key": PRIVATE, "user-agent": PRIVATE})
    client.post("/fhir/RiskAssessment/$evaluate", json={"resourceType": PRIVATE})
    client.post("/cds-services/vertebroplasty-prognosis", json={"hook": PRIVATE})
    assert len(logged) == 8
    assert PRIVATE not in "".join(logged).lower()
    assert [json.loads(line)["route"] for line in logged][3] is None


def test_a_fault_of_ours_tells_nobody_anything(client: Client, logged, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(PRIVATE)

    monkeypatch.setattr(rest, "predict", fail)
    answer = client.post("/v1/predict", json=PATIENT)
    assert answer.status_code == 500
    assert PRIVATE not in answer.text
    fault, line = (json.loads(line) for line in logged)
    assert (fault["event"], line["status"]) == ("fault", 500)
    assert fault["raised"].startswith("RuntimeError at vfprog.serving.rest:")
    assert fault["request_id"] == line["request_id"] == answer.headers["x-request-id"]
    assert PRIVATE not in "".join(logged)


def test_too_many_at_once_are_turned_away_and_life_is_still_shown(bundle) -> None:
    app = create_app(bundle, Settings(max_waiting=3))

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as many:
            calls = [many.post("/v1/predict/batch", json=[PATIENT]) for _ in range(10)]
            answers = await asyncio.gather(*calls, many.get("/healthz"))
            again = await many.post("/v1/predict", json=PATIENT)
        return [answer.status_code for answer in (*answers, again)]

    *crowd, health, later = asyncio.run(ask())
    assert sorted(set(crowd)) == [200, 503]
    assert crowd.count(200) >= 3
    assert (health, later) == (200, 200)
