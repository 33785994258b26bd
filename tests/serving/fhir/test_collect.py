from __future__ import annotations

import pytest

from tests.serving.fhir.samples import (
    LOCAL,
    LOINC,
    PATIENT,
    SNOMED,
    fracture,
    observation,
    quantity,
    read,
)


def pain(value: int, **effective):
    found = observation(LOINC, "72514-3", valueInteger=value)
    del found["effectiveDateTime"]
    return found | effective


@pytest.mark.parametrize(
    "effective",
    [
        {"effectiveDateTime": "2026-01-16"},
        {"effectiveDateTime": "2026-01-16T00:00:00Z"},
        {"effectiveDateTime": "2026-02"},
        {"effectiveDateTime": "2027"},
        {"effectiveDateTime": "2026-01"},  # perhaps
        {"effectiveInstant": "2026-01-16T00:00:00Z"},
        {"effectivePeriod": {"start": "2026-01-10", "end": "2026-01-20"}},
        {"effectiveTiming": {"event": ["2026-01-10", "2026-01-20"]}},
    ],
)
def test_what_was_made_after_the_day_or_perhaps_is_not_used(effective) -> None:
    reading = read(PATIENT, pain(8, **effective))
    assert "vas_baseline" not in reading.patient
    assert "made after the day of the prediction" in reading.notes[0]
    assert reading.issues == ()


@pytest.mark.parametrize(
    "effective",
    [{"effectivePeriod": {}}, {"effectiveTiming": {"code": {"text": "daily"}}},
     {"effectiveDateTime": "2026-01-14T08:00:60Z"}],
)  # fmt: skip
def test_what_says_no_date_is_not_used(effective) -> None:
    reading = read(PATIENT, pain(8, **effective))
    assert "vas_baseline" not in reading.patient
    assert reading.issues == () or effective["effectiveDateTime"]
    assert reading.issues or "since it says no date" in reading.notes[0]


@pytest.mark.parametrize(
    "effective",
    [
        {},
        {"effectiveDateTime": "2025-12"},
        {"effectiveInstant": "2026-01-15T08:00:00Z"},
        {"effectivePeriod": {"start": "2026-01-10"}},
        {"effectiveTiming": {"event": ["2026-01-10"]}},
    ],
)
def test_what_was_made_by_the_day_is_used(effective) -> None:
    assert read(PATIENT, pain(8, **effective)).patient["vas_baseline"] == 8


def test_the_latest_is_the_latest_instant_whatever_the_zone() -> None:
    late = pain(7, effectiveDateTime="2026-01-14T08:00:00Z")
    early = pain(4, effectiveDateTime="2026-01-14T09:30:00+02:00")  # 7:30 in UTC
    for order in ((late, early), (early, late)):
        reading = read(PATIENT, *order)
        assert (reading.patient["vas_baseline"], reading.issues) == (7, ())


def test_a_day_and_a_moment_of_it_that_differ_are_a_conflict() -> None:
    day = pain(7, effectiveDateTime="2026-01-14")
    moment = pain(4, effectiveDateTime="2026-01-14T08:00:00Z")
    (issue,) = read(PATIENT, day, moment).issues
    assert issue.code == "conflict"


def test_pain_from_before_the_fracture_is_not_used() -> None:
    reading = read(PATIENT, pain(3, effectiveDateTime="2025-12-31"), fracture(onset="2026-01-01"))
    assert "vas_baseline" not in reading.patient
    assert reading.notes == (
        "Bundle.entry[1].resource: vas_baseline is from before the fracture and not used",
    )
    same = read(PATIENT, pain(3, effectiveDateTime="2026-01-01"), fracture(onset="2026-01-01"))
    assert same.patient["vas_baseline"] == 3


def test_a_film_from_before_the_fracture_says_nothing_of_it() -> None:
    def film(at: str):
        site = {"coding": [{"system": SNOMED, "code": "66794005"}]}
        return observation(LOCAL, "mri_oedema", at=at, valueBoolean=False, bodySite=site)

    old = read(PATIENT, fracture(onset="2026-01-01"), film("2025-12-31"))
    assert old.patient["vertebrae"] == [{"level": "L1"}]
    assert "mri_oedema is from before the fracture" in old.notes[0]
    new = read(PATIENT, fracture(onset="2026-01-01"), film("2026-01-01"))
    assert new.patient["vertebrae"] == [{"level": "L1", "mri_oedema": False}]


def test_pain_of_long_ago_is_not_used_without_a_fracture_either() -> None:
    for at, used in (("2025-10-17", True), ("2025-10-16", False)):  # 90 and 91 days
        reading = read(PATIENT, pain(3, effectiveDateTime=at))
        assert ("vas_baseline" in reading.patient) is used
        assert used or "91 days old and not used after 90" in reading.notes[0]


def test_an_old_value_that_is_used_is_said_to_be_old() -> None:
    bone = observation(LOINC, "38267-1", at="2024-01-15", **quantity(-3, "{T-score}"))
    reading = read(PATIENT, bone)
    assert reading.patient["t_score"] == -3
    assert reading.notes == ("Bundle.entry[1].resource: t_score is 731 days old",)


def test_an_age_observed_long_ago_gives_way_to_the_date_of_birth() -> None:
    old = observation(LOCAL, "age_years", at="2016-01-01", **quantity(69, "a"))
    assert read(PATIENT, old).patient["age_years"] == 79


def test_two_spellings_of_a_level_are_one_vertebra() -> None:
    def finding(level: str, name: str, **value):
        components = [
            {"code": {"coding": [{"system": LOCAL, "code": "level"}]}, "valueString": level},
            {"code": {"coding": [{"system": LOCAL, "code": name}]}, **value},
        ]
        return observation(LOCAL, "vertebra", component=components)

    reading = read(
        PATIENT, finding("l1", "height_loss_pct", **quantity(30, "%")),
        finding("L1", "mri_oedema", valueBoolean=True),
    )  # fmt: skip
    assert reading.issues == ()
    assert reading.patient["vertebrae"] == [
        {"level": "L1", "height_loss_pct": 30, "mri_oedema": True}
    ]
