from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from tests.bundles import PATIENT as GIVEN
from tests.bundles import hand_bundle, hand_parts
from tests.serving.client import Client
from tests.serving.fhir.samples import (
    LOCAL,
    LOINC,
    PATIENT,
    bundle_of,
    concept,
    fracture,
    observation,
)
from vfprog.config import load_config
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.predict import predict
from vfprog.serving.app import create_app
from vfprog.serving.cds_hooks import SERVICE, card
from vfprog.serving.fhir.evaluate import UNTIMED
from vfprog.serving.fhir.times import today
from vfprog.serving.settings import Settings

PATH = f"/cds-services/{SERVICE}"
TODAY = today()
PAIN = observation(LOINC, "72514-3", at=TODAY.isoformat(), valueInteger=8)


def request(**change):
    return {
        "hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": {"patient": PATIENT, "observations": bundle_of(PAIN),
                     "conditions": bundle_of(fracture())},
    } | change  # fmt: skip


def fields(response, status: int = 422) -> list[str]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return [line["field"] for line in response.json()["failures"]]


def test_the_discovery_names_the_service_and_what_to_send(client: Client) -> None:
    (service,) = client.get("/cds-services").json()["services"]
    assert (service["id"], service["hook"]) == (SERVICE, "patient-view")
    assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    assert "http://loinc.org|72514-3" in service["prefetch"]["observations"]
    assert service["prefetch"]["conditions"] == "Condition?patient={{context.patientId}}"


def test_a_patient_with_a_fracture_gets_one_card_with_the_risks(client: Client) -> None:
    response = client.post(PATH, json=request())
    (found,) = response.json()["cards"]
    assert found["indicator"] == "info"
    assert found["summary"].startswith("SIMULATED. Pain response ")
    assert len(found["summary"]) <= 140
    assert found["detail"].startswith("**SIMULATED: the model was trained on simulated data.")
    assert "never a recommendation" in found["detail"]
    assert "Not known: " in found["detail"]
    assert found["source"]["label"] == "vfprog: model hand 1"
    assert "links" not in found
    assert "url" not in found["source"]


def test_a_link_is_the_address_the_operator_gives_never_the_one_asked_for(bundle) -> None:
    client = Client(create_app(bundle, Settings(public_url="https://vfprog.example/")))
    response = client.post(PATH, json=request(), headers={"host": "evil.example"})
    (found,) = response.json()["cards"]
    assert found["links"][0]["url"] == found["source"]["url"] == "https://vfprog.example/"
    assert "evil" not in response.text


def test_a_patient_without_a_fracture_gets_none(client: Client) -> None:
    sent = request(prefetch={"patient": PATIENT, "observations": None, "conditions": None})
    assert client.post(PATH, json=sent).json() == {"cards": []}


def test_the_risks_are_those_of_scoring_and_a_real_model_is_not_marked(tmp_path) -> None:
    bundle = load_bundle(hand_bundle(tmp_path / "b", simulated=False, members=False))
    prediction = predict(bundle, GIVEN)
    found = card(prediction, bundle, "https://vfprog.example/")
    response, new = (100 * p.risk for p in prediction.prognoses)
    assert found["summary"] == f"Pain response {response:.0f} %, New vertebral fracture {new:.0f} %"
    assert "SIMULATED" not in found["detail"]


def test_a_long_summary_is_cut_at_what_is_allowed(bundle, monkeypatch) -> None:
    name = "response_preprocedure"
    endpoint = bundle.model(name).endpoint.model_copy(update={"label": "Pain " * 60})
    monkeypatch.setitem(bundle._models, name, _with_endpoint(bundle.model(name), endpoint))
    assert len(card(predict(bundle, GIVEN), bundle, "x")["summary"]) == 140


def _with_endpoint(model, endpoint):
    return replace(model, endpoint=endpoint)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hook": "order-sign"}, ["hook"]),
        ({"hookInstance": None}, ["hookInstance"]),
        ({"context": {}}, ["context.patientId"]),
        ({"context": []}, ["context.patientId"]),
        ({"prefetch": []}, ["prefetch"]),
        ({"hook": 1, "hookInstance": 1, "context": 1, "prefetch": 1},
         ["hook", "hookInstance", "context.patientId", "prefetch"]),
        ({"context": {"patientId": "p2"}}, ["prefetch"]),
        ({"prefetch": {"patient": {"resourceType": "Patient", "birthDate": 7},
                       "observations": None, "conditions": None}},
         ["prefetch.patient.birthDate"]),
        ({"prefetch": {"patient": PATIENT, "conditions": None,
                       "observations": {"resourceType": "Bundle", "entry": 1}}},
         ["prefetch.observations.entry"]),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_with_its_fields(client: Client, change, named) -> None:
    assert fields(client.post(PATH, json=request(**change))) == named


def test_a_wrong_value_is_named_where_it_stands(client: Client) -> None:
    wrong = bundle_of(PAIN | {"valueInteger": 80})
    sent = request(prefetch={**request()["prefetch"], "observations": wrong})
    assert fields(client.post(PATH, json=sent)) == ["prefetch.observations.entry[0].resource"]


FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
ALL = ["prefetch.patient", "prefetch.observations", "prefetch.conditions"]


@pytest.mark.parametrize(
    ("prefetch", "named"),
    [
        (None, ALL),
        ({}, ALL),
        ({"patient": None, "observations": None, "conditions": None}, ALL[:1]),
        ({"patient": PATIENT, "observations": None}, ALL[2:]),
        ({"patient": PATIENT, "conditions": None}, ALL[1:2]),
        ({"patient": PATIENT, "observations": FAILED, "conditions": FAILED}, ALL[1:]),
    ],
)
def test_without_resources_the_precondition_fails(client: Client, prefetch, named) -> None:
    assert fields(client.post(PATH, json=request(prefetch=prefetch)), 412) == named


def prefetched(client: Client, conditions, *observations):
    sent = request(prefetch={"patient": PATIENT, "observations": bundle_of(PAIN, *observations),
                             "conditions": bundle_of(*conditions)})  # fmt: skip
    response = client.post(PATH, json=sent)
    assert response.status_code == 200, response.text
    return response.json()["cards"]


@pytest.mark.parametrize(
    "coding",
    [("http://snomed.info/sct", "42942008"), ("http://hl7.org/fhir/sid/icd-10-cm", "M80.08XA")],
)
def test_a_fracture_without_a_site_gets_a_card(client: Client, coding) -> None:
    bare = fracture() | {"code": concept(*coding)}
    del bare["bodySite"]
    (found,) = prefetched(client, [bare])
    assert "names no vertebra from T4 to L5" in found["detail"]


def test_an_old_fracture_alone_gets_none_and_beside_a_new_one_a_word(client: Client) -> None:
    old = fracture("14293000", "2016-03-01")
    assert prefetched(client, [old]) == []
    (found,) = prefetched(client, [fracture(), old])
    assert "older than 1500 days" in found["detail"]


def test_a_fracture_of_tomorrow_gets_none(client: Client) -> None:
    tomorrow = (TODAY + timedelta(days=2)).isoformat()
    assert prefetched(client, [fracture(onset=tomorrow)]) == []


def test_a_finding_of_a_vertebra_without_a_fracture_gets_none(client: Client) -> None:
    finding = observation(LOCAL, "mri_oedema", at=TODAY.isoformat(), valueBoolean=True,
                          bodySite=concept("http://snomed.info/sct", "66794005"))  # fmt: skip
    assert prefetched(client, [], finding) == []


def test_other_conditions_of_the_chart_are_not_repeated(client: Client) -> None:
    other = fracture() | {"code": concept("http://snomed.info/sct", "195967001")}
    (found,) = prefetched(client, [fracture(), other])
    assert "195967001" not in found["detail"]


@pytest.mark.parametrize("link", [None, [], [{"relation": "self"}], [{"relation": "next"}], [7], 7])
def test_one_page_of_several_is_said_to_be_one(client: Client, link) -> None:
    pages = bundle_of(fracture()) | {"link": link}
    sent = request(prefetch={**request()["prefetch"], "conditions": pages})
    (found,) = client.post(PATH, json=sent).json()["cards"]
    assert ("one page of several" in found["detail"]) is (link == [{"relation": "next"}])


def test_pain_after_the_procedure_is_no_baseline_and_a_card_without_one_says_so(client) -> None:
    onset, done = (TODAY - timedelta(days=days) for days in (9, 5))
    procedure = {
        "resourceType": "Procedure", "status": "completed", "subject": {"reference": "Patient/p1"},
        "code": concept("http://snomed.info/sct", "392010000"),
        "performedDateTime": done.isoformat(),
    }  # fmt: skip
    prefetch = request()["prefetch"] | {"conditions": bundle_of(fracture(onset=onset.isoformat()))}
    said = []
    for more in ({}, {"procedures": None}, {"procedures": bundle_of(procedure)}):
        (found,) = client.post(PATH, json=request(prefetch=prefetch | more)).json()["cards"]
        said.append((UNTIMED in found["detail"], "measured after the procedure" in found["detail"]))
    assert said == [(True, False), (True, False), (False, True)]


def test_the_dead_get_no_card(client: Client) -> None:
    dead = request()["prefetch"] | {"patient": PATIENT | {"deceasedBoolean": True}}
    assert client.post(PATH, json=request(prefetch=dead)).json() == {"cards": []}


def test_a_registry_of_others_is_not_called_one_of_vertebroplasty(tmp_path, client) -> None:
    parts = hand_parts(simulated=False)
    parts.provenance["population_note"] = "Women of a cohort; any fracture."
    models = {
        name: replace(m, endpoint=m.endpoint.model_copy(update={"population": ()}))
        for name, m in parts.models.items()
    }
    noted = load_bundle(write_bundle(replace(parts, models=models), tmp_path / "bundle"))
    others = Client(create_app(noted))
    (service,) = others.get("/cds-services").json()["services"]
    assert service["title"] == "Prognosis"
    assert service["description"].endswith("Learned from: Women of a cohort; any fracture.")
    (found,) = others.post(PATH, json=request()).json()["cards"]
    assert found["detail"].startswith("**Learned from:** Women of a cohort; any fracture.\n")
    implementation = others.get("/fhir/metadata").json()["implementation"]
    assert implementation["description"] == "Prognosis; a research tool"
    (service,) = client.get("/cds-services").json()["services"]
    assert service["title"] == "Prognosis after vertebroplasty"


def test_codes_of_the_operator_are_read_by_every_door(bundle, tmp_path) -> None:
    own = load_config("fhir")
    own["systems"]["hospital"] = "urn:hospital"
    own["observations"].append({"system": "hospital", "code": "NRS", "predictor": "vas_baseline"})
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(own))
    pain = PAIN | {"code": concept("urn:hospital", "NRS")}
    sent = request(prefetch=request()["prefetch"] | {"observations": bundle_of(pain)})
    path, used = "/fhir/RiskAssessment/$evaluate", []
    for settings in (Settings(fhir=file), Settings()):
        client = Client(create_app(bundle, settings))
        (service,) = client.get("/cds-services").json()["services"]
        (found,) = client.post(PATH, json=sent).json()["cards"]
        headers = {"content-type": "application/fhir+json"}
        content = json.dumps(bundle_of(PATIENT, pain)).encode()
        notes = client.post(path, content=content, headers=headers).json()["note"]
        used.append([
            "urn:hospital|NRS" in service["prefetch"]["observations"],
            "urn:hospital|NRS is not used" not in found["detail"],
            "urn:hospital|NRS is not used" not in str(notes),
        ])  # fmt: skip
    assert used == [[True] * 3, [False] * 3]


def test_an_unknown_service_is_none(bundle) -> None:
    assert Client(create_app(bundle)).post("/cds-services/other", json={}).status_code == 404
