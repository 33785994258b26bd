"""Resources as a hospital's system would send them."""

from __future__ import annotations

from datetime import date
from typing import Any

from vfprog.schema.dictionary import load_dictionary
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.serving.fhir.patient import Reading, read_patient
from vfprog.serving.fhir.resources import entries_of

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
LOCAL, UCUM = "urn:vfprog:predictor", "http://unitsofmeasure.org"
DAY = date(2026, 1, 15)
PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1946-05-05"}


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float, code: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": code, "system": UCUM, "code": code}}


def observation(system: str, code: str, *, at: str = "2026-01-10", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": f"o-{code.strip('_').replace('_', '-')}",
        "status": "final", "code": concept(system, code), "effectiveDateTime": at,
        "subject": {"reference": "Patient/p1"}, **more,
    }  # fmt: skip


def fracture(level: str = "66794005", onset: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition", "id": f"c-{level}", "code": concept(SNOMED, "42942008"),
        "subject": {"reference": "Patient/p1"}, "bodySite": [concept(SNOMED, level)],
        "onsetDateTime": onset, **more,
    }  # fmt: skip


def bundle_of(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def read(*resources: dict[str, Any]) -> Reading:
    """Read resources at the day of the samples."""
    return read_patient(entries_of(bundle_of(*resources)), load_dictionary(), load_mapping(), DAY)
