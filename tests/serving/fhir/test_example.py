from __future__ import annotations

import json

from fhir.resources.R4B.bundle import Bundle as FhirBundle
from hypothesis import given
from hypothesis import strategies as st

from tests.serving.fhir.samples import DAY
from vfprog.schema.dictionary import load_dictionary
from vfprog.serving.fhir.example import as_bundle
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.serving.fhir.patient import read_patient
from vfprog.serving.fhir.resources import entries_of

DICTIONARY = load_dictionary()


def _value(predictor):
    if predictor.levels:
        return st.sampled_from(predictor.levels)
    if predictor.kind == "binary":
        return st.booleans()
    low, high = predictor.hard_range
    if predictor.kind == "count":
        return st.integers(int(low), int(high))
    return st.floats(low, high, allow_subnormal=False)


def _some(table: str):
    return st.fixed_dictionaries(
        {}, optional={p.name: _value(p) for p in DICTIONARY.of_table(table)}
    )


def _by_level(vertebrae):
    return vertebrae.get("level") or id(vertebrae)


PATIENTS = st.builds(
    lambda flat, nested: {**flat, "vertebrae": nested} if nested else flat,
    _some("episodes"),
    st.lists(_some("vertebrae").filter(bool), max_size=3, unique_by=_by_level),
)


@given(PATIENTS)
def test_what_is_written_is_read_back(patient) -> None:
    written = json.loads(json.dumps(as_bundle(patient, DICTIONARY, load_mapping())))
    FhirBundle.model_validate(written)
    reading = read_patient(entries_of(written), DICTIONARY, load_mapping(), DAY)
    assert (reading.issues, reading.notes) == ((), ())
    assert reading.patient == patient


def test_what_is_not_known_and_what_is_no_predictor_is_left_out() -> None:
    written = as_bundle(
        {"age_years": None, "patient_id": "4711", "vertebrae": [{}, {"level": None}]},
        DICTIONARY, load_mapping(),
    )  # fmt: skip
    assert [entry["resource"]["resourceType"] for entry in written["entry"]] == ["Patient"]
    assert "4711" not in json.dumps(written)
