from __future__ import annotations

import json

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from vfprog.serving.fhir.outcome import Issue, ResourceError, operation_outcome, refused
from vfprog.serving.problems import MOST_LISTED, RefusalError


def test_every_issue_is_in_a_valid_resource() -> None:
    issues = [Issue("value", "too old", "Bundle.entry[0].resource"), Issue("structure", "no list")]
    resource = operation_outcome(issues)
    OperationOutcome.model_validate(resource)
    assert resource["issue"] == [
        {"severity": "error", "code": "value", "diagnostics": "too old",
         "expression": ["Bundle.entry[0].resource"]},
        {"severity": "error", "code": "structure", "diagnostics": "no list"},
    ]  # fmt: skip
    assert str(ResourceError(issues)) == "Bundle.entry[0].resource: too old; : no list"


@pytest.mark.parametrize("status", [400, 401, 404, 405, 408, 413, 415, 422, 500, 503])
def test_any_refusal_is_a_valid_outcome(status: int) -> None:
    response = refused(RefusalError(status, "not possible", headers={"retry-after": "1"}))
    assert (response.status_code, response.media_type) == (status, "application/fhir+json")
    assert response.headers["retry-after"] == "1"
    OperationOutcome.model_validate(json.loads(response.body))


def test_half_a_character_and_a_key_of_any_length_can_be_named() -> None:
    (issue,) = operation_outcome([Issue("structure", "x" * 999, "\ud800" * 999)])["issue"]
    assert (len(issue["diagnostics"]), len(issue["expression"][0])) == (200, 200)
    failure = {"field": "*", "rule": "json", "message": "\ud800"}
    assert b"\\ud800" in refused(RefusalError(400, "wrong", [failure])).body


def test_very_many_issues_are_counted_and_not_all_listed() -> None:
    found = operation_outcome([Issue("value", "x")] * (MOST_LISTED + 3))
    OperationOutcome.model_validate(found)
    assert len(found["issue"]) == MOST_LISTED + 1
    assert found["issue"][-1]["diagnostics"] == "and 3 more issues"
