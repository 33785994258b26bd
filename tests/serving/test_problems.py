from __future__ import annotations

import json

import pytest

from tests.bundles import PATIENT
from vfprog.errors import Failure, InputError
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.patient import read_patients
from vfprog.serving.problems import (
    MEDIA_TYPE,
    MOST_LISTED,
    RefusalError,
    field_of,
    problem,
    refused_input,
)


def _failures(*records):
    with pytest.raises(InputError) as caught:
        read_patients(records, load_dictionary())
    return caught.value.failures


@pytest.mark.parametrize(
    ("row", "column", "one", "many"),
    [
        (0, "age_years", "age_years", "[0].age_years"),
        (3, "*", "*", "[3]"),
        ("2].vertebrae[1", "level", "vertebrae[1].level", "[2].vertebrae[1].level"),
        (None, "*", "*", "*"),
    ],
)
def test_fields_are_paths(row, column: str, one: str, many: str) -> None:
    failure = Failure("patient", row, column, None, "rule", "text")
    assert (field_of(failure), field_of(failure, many=True)) == (one, many)


def test_every_failure_of_a_patient_has_its_field() -> None:
    wrong = PATIENT | {"vas_baseline": 70, "shoe": 1, "vertebrae": [{"level": "L7"}, {"x": 1}]}
    refusal = refused_input(_failures(wrong))
    assert refusal.status == 422
    assert sorted(line["field"] for line in refusal.failures) == [
        "shoe", "vas_baseline", "vertebrae[0].level", "vertebrae[1].x",
    ]  # fmt: skip


def test_what_could_not_be_read_is_a_bad_request() -> None:
    refusal = refused_input([Failure("body", None, "*", None, "json", "is not JSON")])
    assert (refusal.status, refusal.failures[0]["field"]) == (400, "*")


def test_the_document_is_that_of_the_standard() -> None:
    refusal = RefusalError(422, "wrong", [{"field": "a", "rule": "r", "message": "m"}], {"x": "y"})
    response = problem(refusal, "1234")
    assert (response.status_code, response.media_type) == (422, MEDIA_TYPE)
    assert response.headers["x"] == "y"
    assert json.loads(response.body) == {
        "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "detail": "wrong",
        "instance": "urn:uuid:1234", "failures": [{"field": "a", "rule": "r", "message": "m"}],
    }  # fmt: skip


def test_a_key_of_any_length_and_half_a_character_can_be_named() -> None:
    line = {"field": "\ud800" * 10_000, "rule": "unknown_key", "message": "m"}
    body = json.loads(problem(RefusalError(422, "wrong", [line]), "1").body)
    assert body["failures"][0]["field"] == "\ud800" * 200 + "..."


def test_very_many_failures_are_counted_and_not_all_listed() -> None:
    lines = [{"field": str(n), "rule": "x", "message": "y"} for n in range(MOST_LISTED + 7)]
    assert RefusalError(422, "wrong", lines[:MOST_LISTED]).listed == tuple(lines[:MOST_LISTED])
    content = json.loads(problem(RefusalError(422, "wrong", lines), "1").body)
    assert len(content["failures"]) == MOST_LISTED + 1
    assert content["failures"][-1] == {"field": "*", "rule": "more",
                                       "message": "and 7 more failures"}  # fmt: skip
