from __future__ import annotations

from datetime import timedelta

import pytest

from tests.serving.fhir.samples import (
    DAY,
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

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
L1, L2, T8 = "66794005", "14293000", "11068009"
_TERMS = "http://terminology.hl7.org/CodeSystem/condition-"
STRANGE = [{"url": "urn:x:not-done", "valueBoolean": True}]


def status(name: str, code: str):
    system = {"clinicalStatus": "clinical", "verificationStatus": "ver-status"}[name]
    return {name: concept(f"{_TERMS}{system}", code)}


def without_site(system: str, code: str, **more):
    found = fracture(**more) | {"code": concept(system, code)}
    del found["bodySite"]
    return found


def levels(reading) -> list[str | None]:
    return [vertebra["level"] for vertebra in reading.patient.get("vertebrae", [])]


@pytest.mark.parametrize(
    ("change", "present"),
    [
        (status("clinicalStatus", "active"), True),
        (status("clinicalStatus", "recurrence"), True),
        (status("clinicalStatus", "relapse"), True),
        (status("clinicalStatus", "inactive"), False),
        (status("clinicalStatus", "remission"), False),
        (status("clinicalStatus", "resolved"), False),
        ({"clinicalStatus": {"text": "over"}}, False),
        (status("verificationStatus", "confirmed"), True),
        (status("verificationStatus", "unconfirmed"), False),
        (status("verificationStatus", "provisional"), False),
        (status("verificationStatus", "differential"), False),
        (status("verificationStatus", "refuted"), False),
        (status("verificationStatus", "entered-in-error"), False),
        ({"abatementDateTime": "2026-01-10"}, False),
        ({"abatementDateTime": "2026-01-15"}, False),
        ({"abatementDateTime": "2026"}, False),
        ({"abatementDateTime": "2026-01-16"}, True),
        ({"abatementPeriod": {"end": "2026-02-01"}}, True),
        ({"abatementPeriod": {"start": "2026-01-01"}}, False),
        ({"abatementString": "healed"}, False),
        ({"abatementAge": {"value": 79, "code": "a", "system": "http://unitsofmeasure.org"}},
         False),
        ({"recordedDate": "2026-01-16"}, False),
        ({"recordedDate": "2026-01-02"}, True),
        ({"onsetDateTime": "2026-01-16"}, False),
        ({"onsetDateTime": "2027"}, False),
        ({"onsetDateTime": "2026"}, True),
    ],
)  # fmt: skip
def test_a_fracture_counts_if_it_is_present_and_confirmed_at_the_day(change, present) -> None:
    reading = read(PATIENT, fracture(**change))
    assert reading.issues == ()
    assert reading.fractured is present
    assert levels(reading) == (["L1"] if present else [])
    assert present or "left out" in reading.notes[0]


def test_an_old_fracture_is_no_second_vertebra() -> None:
    reading = read(PATIENT, fracture(L1, "2026-01-01"), fracture(T8, "2024-06-01"))
    assert levels(reading) == ["L1"]
    assert reading.patient["fracture_age_days"] == 14
    assert reading.notes == (
        "Bundle.entry[2].resource: left out, it began more than 90 days before another fracture, "
        "or on a day that is not known",
        "Bundle.entry[1].resource: taken as a fracture asked about",
    )


@pytest.mark.parametrize(("days", "both"), [(90, True), (91, False)])
def test_fractures_within_the_stated_time_are_one_episode(days: int, both: bool) -> None:
    onset = DAY - timedelta(days=10)
    older = (onset - timedelta(days=days)).isoformat()
    reading = read(PATIENT, fracture(L1, onset.isoformat()), fracture(L2, older))
    assert levels(reading) == (["L1", "L2"] if both else ["L1"])
    assert reading.patient["fracture_age_days"] == 10


def test_one_that_began_on_an_unknown_day_stands_back_behind_one_that_is_dated() -> None:
    undated = fracture(L2)
    del undated["onsetDateTime"]
    assert levels(read(PATIENT, fracture(), undated)) == ["L1"]
    assert levels(read(PATIENT, undated)) == ["L2"]


def test_a_fracture_beyond_what_the_models_know_does_not_refuse_the_chart() -> None:
    reading = read(PATIENT, fracture(onset="2015-03-01"))
    assert reading.issues == ()
    assert "fracture_age_days" not in reading.patient
    assert not reading.fractured
    assert reading.notes == (
        "Bundle.entry[1].resource: left out, it is older than 1500 days",
    )  # fmt: skip
    assert not read(PATIENT, fracture(onset="2015")).fractured


def test_findings_of_a_vertebra_that_is_left_out_are_left_out_too() -> None:
    height = observation(
        LOCAL, "height_loss_pct", bodySite=concept(SNOMED, T8), **quantity(40, "%")
    )
    reading = read(PATIENT, fracture(), fracture(T8, "2020-01-01"), height)
    assert levels(reading) == ["L1"]
    assert any("height_loss_pct of T8 is not used" in note for note in reading.notes)
    assert levels(read(PATIENT, fracture(T8, "2020-01-01"), height)) == []
    assert levels(read(PATIENT, height)) == ["T8"]
    assert not read(PATIENT, height).fractured


@pytest.mark.parametrize(
    ("system", "code", "known"),
    [
        (SNOMED, "42942008", True),
        (SNOMED, "207957008", True),
        (SNOMED, "207938004", True),
        (ICD, "M80.08XA", True),
        (ICD, "M80.88XA", True),
        (ICD, "M48.56XA", True),
        (ICD, "S22.080A", True),
        (ICD, "S32.000A", True),
        (ICD, "S32.010S", False),  # a sequela
        (ICD, "S32.10XA", False),  # the sacrum
        (ICD, "M80.051A", False),  # a femur
        (SNOMED, "443165006", False),  # any bone, and no site
        (ICD, "M84.48XA", False),
    ],
)
def test_a_fracture_without_a_site_is_of_an_unknown_vertebra(system, code, known: bool) -> None:
    reading = read(PATIENT, without_site(system, code))
    assert reading.fractured is known
    assert levels(reading) == ([None] if known else [])
    assert reading.issues == ()


@pytest.mark.parametrize(("system", "code"), [(SNOMED, "443165006"), (ICD, "M84.48XA")])
def test_a_code_of_any_bone_counts_with_a_vertebra(system: str, code: str) -> None:
    assert levels(read(PATIENT, fracture() | {"code": concept(system, code)})) == ["L1"]


@pytest.mark.parametrize(
    ("code", "level"),
    [("S32.010A", "L1"), ("S32.050D", "L5"), ("S22.042A", "T4"), ("S22.080A", None),
     ("S32.009A", None), ("S32.010S", "none at all")],
)  # fmt: skip
def test_a_code_may_say_which_vertebra_unless_a_site_does(code: str, level) -> None:
    assert levels(read(PATIENT, without_site(ICD, code))) == [level][: level != "none at all"]
    sited = fracture(L2) | {"code": concept(ICD, code)}
    assert levels(read(PATIENT, sited)) == ["L2"][: level != "none at all"]


@pytest.mark.parametrize(
    ("code", "known"),
    [("S22.0", True), ("S22.00", True), ("S22.1", True), ("S32.0", True), ("M48.5", True),
     ("M48.57", True), ("S32.1", False), ("M80.0", False), ("S220", False)],
)  # fmt: skip
def test_the_codes_of_the_who_are_known_too(code: str, known: bool) -> None:
    assert read(PATIENT, without_site("http://hl7.org/fhir/sid/icd-10", code)).fractured is known


def test_a_fracture_began_no_later_than_it_was_recorded() -> None:
    for recorded, present in (("2021-12-07", True), ("2021-12-06", False), ("2019", False)):
        undated = fracture(recordedDate=recorded, onsetString="after a fall")
        del undated["onsetDateTime"]
        assert read(PATIENT, undated).fractured is present


def test_one_condition_may_name_several_vertebrae() -> None:
    sites = [concept(SNOMED, L1), concept("urn:vfprog:level", "l2")]
    assert levels(read(PATIENT, fracture(bodySite=sites))) == ["L1", "L2"]


@pytest.mark.parametrize(
    "resources",
    [
        [PATIENT | {"modifierExtension": STRANGE}],
        [PATIENT, fracture(modifierExtension=STRANGE)],
        [PATIENT, observation(LOINC, "72514-3", valueInteger=8, modifierExtension=STRANGE)],
        [PATIENT, observation(LOINC, "72514-3", valueInteger=8, implicitRules="urn:x")],
    ],
)
def test_what_changes_the_meaning_of_what_is_used_is_refused(resources) -> None:
    (issue,) = read(*resources).issues
    assert issue.code == "extension"
    assert issue.expression.startswith(f"Bundle.entry[{len(resources) - 1}].resource.")


def test_what_is_not_used_may_hold_anything() -> None:
    other = observation(LOINC, "8480-6", valueInteger=8, modifierExtension=STRANGE)
    healed = fracture(modifierExtension=STRANGE, **status("clinicalStatus", "resolved"))
    assert read(PATIENT, other, healed).issues == ()


@pytest.mark.parametrize(
    "elsewhere",
    [
        fracture("36978003"),  # C5
        fracture("53733008"),  # T2
        fracture("66794005") | {"bodySite": [concept("urn:hospital", "C5")]},
        fracture() | {"code": concept(ICD, "S22.012A"), "bodySite": []},
        fracture() | {"code": concept(ICD, "S22.03XD"), "bodySite": []},
        fracture() | {"code": concept(ICD, "M48.52XA"), "bodySite": []},
    ],
)
def test_a_fracture_the_models_do_not_know_is_none_asked_about(elsewhere) -> None:
    reading = read(PATIENT, elsewhere)
    assert (reading.issues, reading.fractured, levels(reading)) == ((), False, [])
    assert "no vertebra from T4 to L5" in reading.notes[0]
    both = read(PATIENT, elsewhere | {"onsetDateTime": "2026-01-10"}, fracture())
    assert levels(both) == ["L1"]
    assert both.patient["fracture_age_days"] == 14


def test_a_place_in_words_or_of_the_whole_spine_says_no_level() -> None:
    for site in ({"text": "back"}, concept(SNOMED, "421060004"), concept(SNOMED, "122496007")):
        reading = read(PATIENT, fracture() | {"bodySite": [site]})
        assert (reading.fractured, levels(reading)) == (True, [None])


def test_a_level_the_code_says_needs_no_site_that_is_known() -> None:
    local = {"code": concept(ICD, "S32.010A"), "bodySite": [concept("urn:hospital", "LWS")]}
    assert levels(read(PATIENT, fracture() | local)) == ["L1"]
