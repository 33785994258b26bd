from __future__ import annotations

from datetime import date

import pytest

from tests.serving.fhir.samples import LOINC, SNOMED, concept, quantity
from vfprog.schema.dictionary import load_dictionary
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.serving.fhir.values import YES_NO, day_of, full_years, level_of, read_value

MAPPING = load_mapping()


def value_of(name: str, element):
    return read_value(load_dictionary()[name], element, MAPPING, "here")


@pytest.mark.parametrize(
    ("name", "element", "value"),
    [
        ("vitamin_d_nmol_l", quantity(50, "nmol/L"), 50),
        # 20 ng/ml of a molecule of 400.6 g/mol: 20 / 400.6 * 1000 = 49.9 nmol/l
        ("vitamin_d_nmol_l", quantity(20, "ng/mL"), pytest.approx(20 / 400.6 * 1000, rel=1e-3)),
        ("sva_mm", quantity(4.5, "cm"), 45),
        ("fracture_age_days", quantity(3, "wk"), 21),
        ("vas_baseline", quantity(75, "mm"), 7.5),
        ("vas_baseline", {"valueQuantity": {"value": 8}}, 8),
        ("vas_baseline", {"valueInteger": 8}, 8),
        ("n_prevalent_fractures", {"valueInteger": 2}, 2),
        ("t_score", quantity(-3.1, "{T-score}"), -3.1),
        ("smoker", {"valueBoolean": False}, False),
        ("smoker", {"valueCodeableConcept": concept(SNOMED, "8517006")}, False),
        ("smoker", {"valueCodeableConcept": concept(SNOMED, "449868002")}, True),
        ("opioids", {"valueCodeableConcept": concept(YES_NO, "Y")}, True),
        ("asa_class", {"valueCodeableConcept": concept(SNOMED, "413497009")}, "3"),
        ("asa_class", {"valueInteger": 3}, 3),
        ("of_type", {"valueString": "OF3"}, "OF3"),
        ("of_type", {"valueCodeableConcept": concept("urn:vfprog:predictor", "OF3")}, "OF3"),
        ("level", {"valueCodeableConcept": concept(SNOMED, "23215003")}, "T12"),
        ("smoker", {"valueCodeableConcept": concept(SNOMED, "77176002")}, True),
        ("smoker", {"valueCodeableConcept": concept(SNOMED, "266927001")}, None),
        ("vas_baseline", {"dataAbsentReason": {"text": "asleep"}}, None),
        ("vas_baseline", {"valueQuantity": {"unit": "{score}"}}, None),
    ],
)
def test_values(name: str, element, value) -> None:
    assert value_of(name, element) == (value, None)


@pytest.mark.parametrize(
    ("name", "element", "place", "words"),
    [
        ("vitamin_d_nmol_l", quantity(50, "mg/dL"), "here.valueQuantity", "nmol/L, ng/mL"),
        ("vitamin_d_nmol_l", {"valueQuantity": {"value": 50}}, "here.valueQuantity", "none"),
        ("sva_mm", {"valueQuantity": {"value": 50, "code": "mm", "system": "http://x"}},
         "here.valueQuantity", "UCUM"),
        ("t_score", {"valueQuantity": {"value": -3, "comparator": "<"}},
         "here.valueQuantity.comparator", "comparator"),
        ("vas_baseline", {"valueString": "eight"}, "here.valueString", "needs valueQuantity"),
        ("smoker", {"valueString": "yes"}, "here.valueString", "needs valueBoolean"),
        ("smoker", {"valueCodeableConcept": concept(SNOMED, "195967001")},
         "here.valueCodeableConcept", "no known answer to smoker"),
        ("sex", {"valueBoolean": True}, "here.valueBoolean", "needs valueCodeableConcept or"),
        ("sva_mm", {"valueInteger": 50}, "here.valueInteger", "taken in UCUM units mm, cm"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_an_issue(name: str, element, place: str, words: str) -> None:
    value, issue = value_of(name, element)
    assert (value, issue.expression) == (None, place)
    assert words in issue.text
    assert "50" not in issue.text


@pytest.mark.parametrize(
    ("sites", "level"),
    [
        ([concept(SNOMED, "66794005")], "L1"),
        (concept("urn:vfprog:level", "T7"), "T7"),
        ([concept(SNOMED, "66794005"), concept(SNOMED, "14293000")], None),
        ([concept(SNOMED, "1626008")], None),  # T3
        ([concept(LOINC, "66794005")], None),
        ([], None),
        (None, None),
    ],
)
def test_a_body_site_names_one_vertebra_or_none(sites, level: str | None) -> None:
    assert level_of(sites, MAPPING) == level


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-29", date(2024, 2, 29)),
        ("2024-02-29T23:59:59.5+14:00", date(2024, 2, 29)),
        ("2024-02", None),
        ("2024", None),
        (None, None),
    ],
)
def test_a_day_is_that_of_who_wrote_it(text: str | None, day: date | None) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        (date(1946, 5, 5), date(2026, 5, 4), 79),
        (date(1946, 5, 5), date(2026, 5, 5), 80),
        (date(1944, 2, 29), date(2025, 2, 28), 80),
        (date(1944, 2, 29), date(2025, 3, 1), 81),
    ],
)
def test_years_are_completed_ones(birth: date, day: date, years: int) -> None:
    assert full_years(birth, day) == years
