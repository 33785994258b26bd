from __future__ import annotations

import pytest

from tests.serving.fhir.samples import (
    LOCAL,
    LOINC,
    PATIENT,
    SNOMED,
    concept,
    fracture,
    observation,
    quantity,
    read,
)
from vfprog.serving.fhir.patient import DECEASED


def vertebra(*components, **more):
    listed = [{"code": concept(LOCAL, name), **value} for name, value in components]
    return observation(LOCAL, "vertebra", component=listed, **more)


def test_a_patient_as_a_hospital_sends_one() -> None:
    reading = read(
        PATIENT,
        observation(LOINC, "72514-3", valueInteger=8),
        observation(LOINC, "39156-5", **quantity(24.2, "kg/m2")),
        observation(LOINC, "72166-2", valueCodeableConcept=concept(SNOMED, "266919005")),
        fracture(),
        observation(LOCAL, "height_loss_pct", bodySite=concept(SNOMED, "66794005"),
                    **quantity(35, "%")),
    )  # fmt: skip
    assert reading.issues == ()
    assert reading.notes == ()
    assert reading.subject == "Patient/p1"
    assert reading.patient == {
        "sex": "female", "age_years": 79, "vas_baseline": 8, "bmi_kg_m2": 24.2, "smoker": False,
        "fracture_age_days": 14, "vertebrae": [{"level": "L1", "height_loss_pct": 35}],
    }  # fmt: skip
    assert reading.places["vertebrae[0].height_loss_pct"] == "Bundle.entry[5].resource"
    assert reading.places["age_years"] == "Bundle.entry[0].resource.birthDate"
    assert set(reading.basis) == {
        "Patient/p1", "Condition/c-66794005", "Observation/o-72514-3", "Observation/o-39156-5",
        "Observation/o-72166-2", "Observation/o-height-loss-pct",
    }  # fmt: skip


def test_of_several_values_the_latest_before_the_day_counts() -> None:
    pain = [observation(LOINC, "72514-3", at=at, valueInteger=value)
            for at, value in (("2026-01-02", 9), ("2026-01-14T08:00:00Z", 7), ("2026-01-16", 2),
                              ("2025-11-01", 4))]  # fmt: skip
    reading = read(PATIENT, *pain)
    assert reading.patient["vas_baseline"] == 7
    assert reading.notes == ("Bundle.entry[3].resource: made after the day of the prediction",)


def test_of_several_t_scores_the_lowest_counts() -> None:
    scores = [observation(LOINC, code, at=at, **quantity(value, "{T-score}"))
              for code, at, value in (("38267-1", "2025-03-01", -3.1),
                                      ("38264-8", "2025-03-01", -2.2),
                                      ("38263-0", "2026-01-01", -2.0))]  # fmt: skip
    assert read(PATIENT, *scores).patient["t_score"] == -3.1


def test_two_values_of_one_day_are_a_conflict_unless_they_agree() -> None:
    same = [observation(LOINC, "72514-3", valueInteger=8)] * 2
    assert read(PATIENT, *same).issues == ()
    other = [*same, observation(LOINC, "38208-5", valueInteger=3)]
    (issue,) = read(PATIENT, *other).issues
    assert (issue.code, issue.expression) == ("conflict", "Bundle.entry[3].resource")


def test_an_age_that_was_observed_stands_before_the_date_of_birth() -> None:
    undated = observation(LOCAL, "age_years", **quantity(79.4, "a"))
    del undated["effectiveDateTime"]
    assert read(PATIENT, undated).patient["age_years"] == 79.4


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"gender": "other"}, ".gender: only female and male are known"),
        ({"birthDate": "1946"}, ".birthDate: without the day it gives no age"),
    ],
)
def test_what_the_models_cannot_use_is_noted(change, note: str) -> None:
    reading = read(PATIENT | change)
    assert note in reading.notes[0]
    assert set(reading.patient) == {"sex", "age_years"} - {
        {"gender": "sex", "birthDate": "age_years"}[next(iter(change))]
    }


def test_unknown_codes_are_listed_and_not_used() -> None:
    reading = read(
        PATIENT, observation(LOINC, "8480-6", **quantity(130, "mm[Hg]")),
        observation(LOCAL, "shoe_size", valueInteger=42),
        {**fracture(), "code": concept(SNOMED, "195967001")},
    )  # fmt: skip
    assert set(reading.patient) == {"sex", "age_years"}
    assert sorted((*reading.notes, *reading.unused)) == [
        "Bundle.entry[1].resource.code: http://loinc.org|8480-6 is not used",
        "Bundle.entry[2].resource.code: urn:vfprog:predictor|shoe_size is not used",
        "Bundle.entry[3].resource.code: http://snomed.info/sct|195967001 is not used",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical",
                                   "resolved")},
        {"verificationStatus": concept(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")},
    ],
)  # fmt: skip
def test_a_fracture_that_is_over_or_denied_is_none(change) -> None:
    reading = read(PATIENT, fracture(**change))
    assert "vertebrae" not in reading.patient
    (note,) = reading.notes
    assert note.startswith("Bundle.entry[1].resource: left out, no present, confirmed fracture")


def test_an_observation_entered_in_error_is_not_used() -> None:
    reading = read(PATIENT, observation(LOINC, "72514-3", valueInteger=8)
                   | {"status": "entered-in-error"})  # fmt: skip
    assert "vas_baseline" not in reading.patient
    assert reading.notes == ("Bundle.entry[1].resource: not used, by its status",)


def test_of_two_fractures_the_younger_gives_the_age() -> None:
    reading = read(fracture(onset="2025-12-01"), fracture("14293000", "2026-01-05"))
    assert reading.patient["fracture_age_days"] == 10
    assert reading.patient["vertebrae"] == [{"level": "L1"}, {"level": "L2"}]


def test_a_fracture_of_tomorrow_is_left_out() -> None:
    reading = read(PATIENT, fracture(onset="2026-01-16"))
    assert reading.issues == ()
    assert not reading.fractured
    assert "after the day of the prediction" in reading.notes[0]


def test_a_fracture_without_level_or_day_is_noted() -> None:
    notes = read(PATIENT, fracture("421060004", "2026-01")).notes
    assert [note.partition(":")[0] for note in notes] == [
        "Bundle.entry[1].resource.bodySite", "Bundle.entry[1].resource.onset",
    ]  # fmt: skip


def test_findings_of_vertebrae_come_together_by_level() -> None:
    reading = read(
        fracture(),
        vertebra(("level", {"valueString": "L1"}), ("height_loss_pct", quantity(35, "%"))),
        vertebra(("mri_oedema", {"valueBoolean": True}), bodySite=concept(SNOMED, "66794005")),
        vertebra(("height_loss_pct", quantity(20, "%"))),
        vertebra(("height_loss_pct", quantity(10, "%"))),
    )
    assert reading.issues == ()
    assert reading.patient["vertebrae"] == [
        {"level": "L1", "height_loss_pct": 35, "mri_oedema": True},
        {"height_loss_pct": 20},
        {"height_loss_pct": 10},
    ]


def test_a_finding_that_names_no_vertebra_is_refused() -> None:
    (issue,) = read(observation(LOCAL, "mri_oedema", valueBoolean=True)).issues
    assert (issue.code, issue.expression) == ("required", "Bundle.entry[0].resource.bodySite")


def test_a_component_that_is_no_finding_of_a_vertebra_is_refused() -> None:
    (issue,) = read(vertebra(("age_years", quantity(79, "a")))).issues
    assert issue.expression == "Bundle.entry[0].resource.component[0]"


def test_resources_of_two_patients_are_refused() -> None:
    stranger = observation(LOINC, "72514-3", valueInteger=8) | {
        "subject": {"reference": "Patient/p2"}
    }
    for resources in ((PATIENT, stranger), (fracture(), stranger)):
        (issue,) = read(*resources).issues
        assert (issue.code, issue.expression) == (
            "business-rule", "Bundle.entry[1].resource.subject",
        )  # fmt: skip
    (issue,) = read(PATIENT, PATIENT | {"id": "p2"}).issues
    assert "more than one Patient" in issue.text


def test_a_reference_may_be_a_whole_address() -> None:
    pain = observation(LOINC, "72514-3", valueInteger=8)
    pain["subject"] = {"reference": "https://ehr.example/fhir/Patient/p1"}
    assert read(PATIENT, pain).issues == ()


@pytest.mark.parametrize(
    ("death", "dead"),
    [
        ({"deceasedBoolean": True}, True),
        ({"deceasedBoolean": False}, False),
        ({"deceasedDateTime": "2025-01-01"}, True),
        ({"deceasedDateTime": "2026-01-15T09:00:00Z"}, True),
        ({"deceasedDateTime": "2026"}, True),  # perhaps
        ({"deceasedDateTime": "2026-01-16"}, False),
    ],
)
def test_the_dead_have_no_prognosis(death, dead: bool) -> None:
    reading = read(PATIENT | death, fracture())
    assert reading.deceased is dead
    assert [(i.text, i.expression) for i in reading.issues] == (
        [(DECEASED, f"Bundle.entry[0].resource.{next(iter(death))}")] if dead else []
    )
