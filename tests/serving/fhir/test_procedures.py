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

L1 = concept(SNOMED, "66794005")
LATE = "vas_baseline was measured after the procedure and is not used"


def pain(value: int, at: str):
    return observation(LOINC, "72514-3", at=at, valueInteger=value)


def cement(at: str = "2026-01-05", name: str = "cement_volume_ml", **value):
    return observation(LOCAL, name, at=at, bodySite=L1, **(value or quantity(5, "mL")))


def procedure(at: str = "2026-01-05", **change):
    return {
        "resourceType": "Procedure", "id": "pvp", "status": "completed",
        "subject": {"reference": "Patient/p1"}, "code": concept(SNOMED, "392010000"),
        "performedDateTime": at,
    } | change  # fmt: skip


@pytest.mark.parametrize("done", [cement(), cement(name="treated", valueBoolean=True), procedure()])
def test_pain_after_the_procedure_is_no_baseline(done) -> None:
    reading = read(PATIENT, fracture(), done, pain(8, "2026-01-04"), pain(2, "2026-01-12"))
    assert (reading.patient["vas_baseline"], reading.issues, reading.timed) == (8, (), True)
    assert f"Bundle.entry[4].resource: {LATE}" in reading.notes
    alone = read(PATIENT, fracture(), done, pain(2, "2026-01-12"))
    assert "vas_baseline" not in alone.patient


def test_every_value_from_before_the_procedure_is_bounded_not_those_of_it() -> None:
    film = observation(LOCAL, "height_loss_pct", at="2026-01-12", bodySite=L1, **quantity(10, "%"))
    leak = cement("2026-01-12", "cement_leakage", valueString="disc")
    bone = observation(LOINC, "38267-1", at="2026-01-12", **quantity(-1, "{T-score}"))
    reading = read(PATIENT, fracture(), cement(), film, leak, bone)
    assert reading.patient["vertebrae"] == [
        {"level": "L1", "cement_volume_ml": 5, "cement_leakage": "disc"}
    ]
    assert "t_score" not in reading.patient
    assert (reading.patient["age_years"], reading.patient["fracture_age_days"]) == (79, 14)


def test_moments_of_one_day_are_told_apart() -> None:
    done = procedure("2026-01-05T10:00:00Z")
    for at, used in (("2026-01-05T09:00:00Z", True), ("2026-01-05T11:00:00Z", False),
                     ("2026-01-05", True)):  # fmt: skip
        assert ("vas_baseline" in read(PATIENT, fracture(), done, pain(8, at)).patient) is used


@pytest.mark.parametrize(
    "no_bound",
    [
        procedure("2025-12-31"),  # of another fracture
        procedure("2026-01-16"),  # not yet
        procedure(status="not-done"),
        procedure(code=concept(SNOMED, "80146002")),
        cement("2025-12-01"),
        cement(name="treated", valueBoolean=False),
    ],
)
def test_what_is_no_procedure_of_this_fracture_bounds_nothing(no_bound) -> None:
    reading = read(PATIENT, fracture(), no_bound, pain(8, "2026-01-12"))
    assert (reading.patient["vas_baseline"], reading.timed) == (8, False)


def test_a_procedure_without_a_date_is_noted() -> None:
    undated = {k: v for k, v in procedure().items() if k != "performedDateTime"}
    reading = read(PATIENT, fracture(), undated, pain(8, "2026-01-12"))
    assert "Bundle.entry[2].resource: says no date, so that values may be from after it" in (
        reading.notes
    )
    assert not reading.timed


def test_a_period_begins_the_procedure_and_what_changes_its_meaning_is_refused() -> None:
    period = {k: v for k, v in procedure().items() if k != "performedDateTime"} | {
        "performedPeriod": {"start": "2026-01-05", "end": "2026-01-14"}
    }
    assert "vas_baseline" not in read(PATIENT, fracture(), period, pain(8, "2026-01-06")).patient
    changed = procedure(modifierExtension=[{"url": "urn:x", "valueBoolean": True}])
    (issue,) = read(PATIENT, fracture(), changed).issues
    assert issue.expression == "Bundle.entry[2].resource.modifierExtension"


def test_without_an_onset_only_a_procedure_of_one_episode_counts() -> None:
    new = observation(LOINC, "72514-3", at="2026-01-12", valueInteger=8)
    for at, used in (("2025-10-16", True), ("2025-10-17", False)):  # 91 and 90 days
        assert ("vas_baseline" in read(PATIENT, procedure(at), new).patient) is used


def test_other_procedures_are_listed_as_not_used() -> None:
    other = procedure(code=concept(SNOMED, "80146002"))
    assert read(PATIENT, other).unused == (
        "Bundle.entry[1].resource.code: http://snomed.info/sct|80146002 is not used",
    )
