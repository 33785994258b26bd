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

NEW, OLD = "2026-01-10", "2025-12-01"
MODIFIED = {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}


def smoking(code: str, at: str = NEW):
    return observation(LOINC, "72166-2", at=at, valueCodeableConcept=concept(SNOMED, code))


def pain(at: str = NEW, **value):
    return observation(LOINC, "72514-3", at=at, **(value or {"valueInteger": 7}))


def film(site: str, **value):
    return observation(LOCAL, "height_loss_pct", bodySite=concept(SNOMED, site), **value)


def of_both_kinds(at: str):
    codes = [concept(LOINC, code)["coding"][0] for code in ("72514-3", "39156-5")]
    return observation(LOINC, "72514-3", at=at, valueInteger=7) | {"code": {"coding": codes}}


@pytest.mark.parametrize(
    ("unusable", "good", "name", "value"),
    [
        (pain(OLD, valueCodeableConcept={"text": "severe"}), pain(), "vas_baseline", 7),
        (pain(OLD, **MODIFIED, valueInteger=3), pain(), "vas_baseline", 7),
        (observation(LOINC, "39156-5", at=OLD, **quantity(25, "%")),
         observation(LOINC, "39156-5", at=NEW, **quantity(26, "kg/m2")), "bmi_kg_m2", 26),
        (of_both_kinds(OLD), pain(), "vas_baseline", 7),
        (smoking("266927001"), smoking("266919005", OLD), "smoker", False),
        (observation(LOINC, "38267-1", at=NEW, **quantity(-9, "mg")),
         observation(LOINC, "38264-8", at=OLD, **quantity(-2, "{T-score}")), "t_score", -2),
    ],
)  # fmt: skip
def test_what_does_not_count_is_no_fault(unusable, good, name: str, value) -> None:
    rest = [] if name != "vas_baseline" else [
        observation(LOINC, "39156-5", at=NEW, **quantity(26, "kg/m2"))]  # fmt: skip
    for order in ((unusable, good), (good, unusable)):
        reading = read(PATIENT, *order, *rest)
        assert (reading.issues, reading.patient[name]) == ((), value)


@pytest.mark.parametrize(
    ("unusable", "older", "expression"),
    [
        (pain(valueCodeableConcept={"text": "severe"}), pain(OLD), ".valueCodeableConcept"),
        (pain(**MODIFIED, valueInteger=3), pain(OLD), ".modifierExtension"),
        (observation(LOINC, "39156-5", at=NEW, **quantity(25, "%")),
         observation(LOINC, "39156-5", at=OLD, **quantity(26, "kg/m2")), ".valueQuantity"),
        (of_both_kinds(NEW), pain(OLD), ".code"),
    ],
)  # fmt: skip
def test_what_would_count_is(unusable, older, expression: str) -> None:
    (issue,) = read(PATIENT, older, unusable).issues
    assert issue.expression == f"Bundle.entry[2].resource{expression}"


@pytest.mark.parametrize(
    "ancient",
    [
        pain("2015-01-01", valueCodeableConcept={"text": "severe"}),
        observation(LOINC, "1989-3", at="2009-01-01", valueQuantity={
            "value": 10, "comparator": "<", "code": "ng/mL"}),
        observation(LOINC, "39156-5", at="2001-01-01", **quantity(25, "%")),
    ],
)  # fmt: skip
def test_what_is_too_old_is_noted_and_no_fault(ancient) -> None:
    reading = read(PATIENT, ancient)
    assert reading.issues == ()
    assert "days old and not used after" in reading.notes[0]


def test_a_finding_of_a_vertebra_not_asked_about_is_no_fault() -> None:
    for site, word in (("14293000", "of L2 is not used"), ("36978003", "of no vertebra from T4")):
        reading = read(PATIENT, fracture(), film(site, **quantity(3, "mm")))
        assert reading.issues == ()
        assert word in reading.notes[0]
        assert reading.patient["vertebrae"] == [{"level": "L1"}]
    (issue,) = read(PATIENT, fracture(), film("66794005", **quantity(3, "mm"))).issues
    assert issue.expression == "Bundle.entry[2].resource.valueQuantity"


def test_an_answer_nobody_knows_is_noted_and_stands_before_an_older_one() -> None:
    unknown = observation(LOINC, "97816-3", at=NEW, valueCodeableConcept=concept(LOINC, "LA1-1"))
    known = observation(LOINC, "97816-3", at=OLD,
                        valueCodeableConcept=concept(SNOMED, "413497009"))  # fmt: skip
    reading = read(PATIENT, known, unknown)
    assert (reading.issues, "asa_class" in reading.patient) == ((), False)
    assert reading.notes == (
        "Bundle.entry[2].resource.valueCodeableConcept: no known answer to asa_class, so that it "
        "is not known",
    )


def test_an_answer_that_says_unknown_says_nothing() -> None:
    reading = read(PATIENT, smoking("266927001"))
    assert (reading.issues, "smoker" in reading.patient) == ((), False)
    assert reading.notes == ("Bundle.entry[1].resource: holds no value",)
    assert read(PATIENT, smoking("77176002")).patient["smoker"] is True


def test_a_t_score_that_cannot_be_read_is_not_compared_in_silence() -> None:
    wrong = observation(LOINC, "38267-1", **quantity(-9, "mg"))
    right = observation(LOINC, "38264-8", **quantity(-2, "{T-score}"))
    reading = read(PATIENT, wrong, right)
    assert "Bundle.entry[1].resource.valueQuantity: not compared, t_score is" in reading.notes[0]
    (issue,) = read(PATIENT, wrong).issues
    assert issue.expression == "Bundle.entry[1].resource.valueQuantity"
