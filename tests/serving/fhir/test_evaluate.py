from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.fhir.samples import (
    DAY,
    LOCAL,
    LOINC,
    PATIENT,
    SNOMED,
    bundle_of,
    concept,
    fracture,
    observation,
    quantity,
    read,
)  # fmt: skip
from vfprog.scoring.predict import predict
from vfprog.serving.fhir.evaluate import NO_FRACTURE, evaluated, predict_read
from vfprog.serving.fhir.outcome import ResourceError

L1 = "66794005"


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


def test_who_has_no_fracture_is_told_to_be_no_patient_of_the_models(bundle) -> None:
    pain = observation(LOINC, "72514-3", valueInteger=8)
    oedema = observation(LOCAL, "mri_oedema", valueBoolean=True, bodySite=concept(SNOMED, L1))
    for resources, told in (([pain], True), ([fracture(onset="2015"), pain], True),
                            ([fracture()], False), ([oedema], False)):  # fmt: skip
        _, found = evaluated(bundle, bundle_of(PATIENT, *resources), DAY)
        assert ({"text": NO_FRACTURE} in found["note"]) is told


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


CHART = bundle_of(
    PATIENT,
    fracture(recordedDate="2026-01-02", abatementPeriod={"end": "2026-02-02"}),
    observation(LOINC, "72514-3", **quantity(8, "{score}")),
    observation(LOINC, "72166-2", valueCodeableConcept=concept(SNOMED, "8517006"),
                effectiveDateTime=None, effectiveTiming={"event": ["2026-01-02"]}),
    observation(LOCAL, "vertebra", effectiveDateTime=None, effectivePeriod={"start": "2026-01-01"},
                component=[{"code": concept(LOCAL, "level"), "valueString": "L1"}]),
)  # fmt: skip
STRANGE = [None, 0, 10**400, 1e400, True, "", "2026-01-10", "0000", "9999-12-31", "\ud800", [], {},
           [None], [{}], {"coding": None}, {"coding": [None]}]  # fmt: skip


def places(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    if isinstance(content, dict | list):
        inner = content.items() if isinstance(content, dict) else enumerate(content)
        for name, part in inner:
            yield from places(part, (*place, name))


@pytest.mark.slow
@pytest.mark.parametrize("strange", STRANGE, ids=lambda value: repr(value)[:12])
def test_nothing_that_stands_anywhere_is_a_fault_of_ours(bundle, strange) -> None:
    statuses = set()
    for place in places(CHART):
        changed = copy.deepcopy(CHART)
        parent: Any = changed
        for step in place[:-1]:
            parent = parent[step]
        parent[place[-1]] = strange
        status, resource = evaluated(bundle, changed, DAY)
        assert json.dumps(resource, allow_nan=False)
        statuses.add(status)
    assert statuses == {200, 422}
