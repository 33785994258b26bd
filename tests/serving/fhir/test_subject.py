from __future__ import annotations

import pytest

from tests.serving.fhir.samples import LOINC, PATIENT, observation, read

PAIN = observation(LOINC, "72514-3", valueInteger=7)
KNOWN = PATIENT | {"identifier": [{"system": "urn:mrn", "value": "1"}]}


def about(**subject):
    return PAIN | {"subject": subject}


@pytest.mark.parametrize(
    ("patient", "subject", "same"),
    [
        (PATIENT, {"reference": "Patient/p1/_history/3"}, True),
        (PATIENT, {"reference": "https://ehr.example/fhir/Patient/p1/_history/3"}, True),
        (PATIENT, {"reference": "Patient/p2/_history/3"}, False),
        (PATIENT, {"identifier": {"value": "other"}}, False),
        (PATIENT, {"display": "somebody"}, True),
        (KNOWN, {"identifier": {"system": "urn:mrn", "value": "1"}}, True),
        (KNOWN, {"identifier": {"system": "urn:mrn", "value": "2"}}, False),
        (KNOWN, {"reference": "Patient/p1", "identifier": {"system": "urn:mrn", "value": "2"}},
         False),
        (KNOWN, {"reference": "Patient/p1", "identifier": {"system": "urn:else", "value": "2"}},
         True),
    ],
)  # fmt: skip
def test_a_resource_is_of_the_patient_or_refused(patient, subject, same: bool) -> None:
    issues = read(patient, about(**subject)).issues
    assert [i.expression for i in issues] == ([] if same else ["Bundle.entry[1].resource.subject"])


def test_without_a_patient_all_must_be_of_one() -> None:
    one, other = ({"identifier": {"system": "urn:mrn", "value": v}} for v in "12")
    assert read(about(**one), about(**one)).issues == ()
    (issue,) = read(about(**one), about(**other)).issues
    assert issue.expression == "Bundle.entry[1].resource.subject"


def test_an_observation_of_something_else_is_not_used() -> None:
    reading = read(PATIENT, PAIN | {"focus": [{"reference": "RelatedPerson/baby"}]})
    assert (reading.issues, "vas_baseline" in reading.patient) == ((), False)
    assert reading.notes == (
        "Bundle.entry[1].resource.focus: not used, since it is of somebody or something else",
    )
    own = read(PATIENT, PAIN | {"focus": [{"reference": "Patient/p1"}]})
    assert own.patient["vas_baseline"] == 7
