from __future__ import annotations

import pytest

from tests.serving.fhir.samples import PATIENT, bundle_of, observation
from vfprog.serving.fhir.outcome import ResourceError
from vfprog.serving.fhir.resources import Entry, Placed, entries_of, read_resources


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ([], "Bundle"),
        ({"resourceType": "Patient"}, "Bundle"),
        ({"resourceType": "Bundle", "entry": {}}, "Bundle.entry"),
        ({"resourceType": "Bundle", "entry": [7]}, "Bundle.entry"),
    ],
)
def test_what_is_no_bundle(content, place: str) -> None:
    with pytest.raises(ResourceError) as caught:
        entries_of(content)
    assert [issue.expression for issue in caught.value.issues] == [place]


def test_every_invalid_resource_is_named_with_its_element() -> None:
    wrong = observation("x", "y", valueQuantity={"value": "much"})
    content = bundle_of(PATIENT | {"birthDate": "yesterday"}, wrong, PATIENT | {"shoe": 1}, {})
    content["entry"].append({"resource": None})
    with pytest.raises(ResourceError) as caught:
        read_resources(entries_of(content))
    assert [issue.expression for issue in caught.value.issues] == [
        "Bundle.entry[0].resource.birthDate",
        "Bundle.entry[1].resource.valueQuantity.value",
        "Bundle.entry[2].resource.shoe",
        "Bundle.entry[3].resource",
        "Bundle.entry[4].resource",
    ]
    assert "yesterday" not in str(caught.value)
    assert "much" not in str(caught.value)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation"},
        {"resourceType": "Observation", "status": "final", "code": []},
        {"resourceType": "Observation", "status": "final", "code": {}, "valueString": "a",
         "valueBoolean": True},
        {"resourceType": "Condition", "code": 7},
        {"resourceType": "Patient", "name": "Jane"},
        {"resourceType": "Observation", "status": ["final"], "code": {"coding": {}}},
    ],
)  # fmt: skip
def test_a_wrong_shape_is_an_issue_and_no_fault(resource) -> None:
    with pytest.raises(ResourceError) as caught:
        read_resources([Entry(resource, "here")])
    assert all(issue.expression.startswith("here") for issue in caught.value.issues)


def test_other_resources_are_passed_over_and_said_so() -> None:
    other = {"resourceType": "AllergyIntolerance", "anything": 1}
    placed, notes = read_resources(entries_of(bundle_of(other, PATIENT)))
    assert [one.kind for one in placed] == ["Patient"]
    assert notes == ["Bundle.entry[0].resource: a resource of this type is not used"]


def test_how_a_resource_is_referred_to() -> None:
    entries = [Entry(PATIENT, "a", "urn:uuid:1"),
               Entry({"resourceType": "Patient"}, "b", "urn:uuid:2"),
               Entry({"resourceType": "Patient"}, "c")]  # fmt: skip
    placed, _ = read_resources(entries)
    assert [one.reference for one in placed] == ["Patient/p1", "urn:uuid:2", None]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"valueQuantity": {"value": "20"}}, ".valueQuantity.value"),
        ({"valueInteger": "7"}, ".valueInteger"),
        ({"valueBoolean": "true"}, ".valueBoolean"),
        ({"valueBoolean": 1}, ".valueBoolean"),
        ({"valueInteger": True}, ".valueInteger"),
        ({"effectiveDateTime": 1736900000}, ".effectiveDateTime"),
        ({"effectiveDateTime": 1e30}, ""),
        ({"effectiveInstant": 1736900000}, ".effectiveInstant"),
        ({"effectivePeriod": {"start": 1736900000}}, ".effectivePeriod.start"),
        ({"effectiveTiming": {"event": ["2026-01-01", 1736900000]}}, ".effectiveTiming.event[1]"),
        ({"component": [{"code": {}, "valueQuantity": {"value": "2"}}]},
         ".component[0].valueQuantity.value"),
    ],
)  # fmt: skip
def test_numbers_are_no_dates_and_texts_no_numbers(content, place: str) -> None:
    given = {"resourceType": "Observation", "status": "final", "code": {}, **content}
    with pytest.raises(ResourceError) as caught:
        read_resources([Entry(given, "here")])
    assert all(issue.expression.startswith(f"here{place}") for issue in caught.value.issues)


def test_what_changes_the_meaning_of_a_resource_is_seen() -> None:
    strange = [{"url": "urn:x", "valueBoolean": True}]
    assert Placed(PATIENT, "a").modified is None
    assert Placed(PATIENT | {"modifierExtension": strange}, "a").modified == "modifierExtension"
    inside = observation("x", "y", component=[{"code": {}, "modifierExtension": strange}])
    assert Placed(inside, "a").modified == "modifierExtension"
    assert Placed(PATIENT | {"implicitRules": "urn:x"}, "a").modified == "implicitRules"


def test_null_says_nothing() -> None:
    given = {"resourceType": "Patient", "id": "p1", "gender": None, "name": [{"family": None}]}
    (placed,), _ = read_resources([Entry(given, "a")])
    assert placed.resource == {"resourceType": "Patient", "id": "p1", "name": [{}]}
