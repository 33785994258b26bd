"""Refusals in FHIR: an OperationOutcome with every issue at once, each with its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from vfprog.serving.problems import MOST_LISTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.serving.problems import RefusalError

MEDIA_TYPE = "application/fhir+json"
_LONGEST = 200
_CODES = {
    400: "structure", 401: "login", 404: "not-found", 405: "not-supported", 408: "timeout",
    413: "too-long", 415: "not-supported", 422: "value", 503: "transient",
}  # fmt: skip


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with what was sent.

    Parameters
    ----------
    code : str
        Code of the value set issue-type, such as ``value`` or ``structure``.
    text : str
        What is wrong and what would be right; no value of another element.
    expression : str
        FHIRPath of the element, such as ``Bundle.entry[2].resource.valueQuantity``.
    """

    code: str
    text: str
    expression: str = ""

    def as_fhir(self) -> dict[str, Any]:
        """Return the issue as an element of an OperationOutcome."""
        found: dict[str, Any] = {
            "severity": "error",
            "code": self.code,
            "diagnostics": self.text[:_LONGEST],
        }
        if self.expression:
            found["expression"] = [self.expression[:_LONGEST]]
        return found


class ResourceError(Exception):
    """Resources that cannot be used; carries every issue found.

    Parameters
    ----------
    issues : iterable of Issue
        At least one.
    """

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(f"{issue.expression}: {issue.text}" for issue in self.issues))


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """Return issues as an OperationOutcome; of very many the first, and how many more.

    Parameters
    ----------
    issues : iterable of Issue
        The issues.

    Returns
    -------
    dict
        The resource.
    """
    found = list(issues)
    if len(found) > MOST_LISTED:
        text = f"and {len(found) - MOST_LISTED} more issues"
        found = [*found[:MOST_LISTED], Issue("too-costly", text)]
    return {"resourceType": "OperationOutcome", "issue": [issue.as_fhir() for issue in found]}


def refused(refusal: RefusalError) -> Response:
    """Return any refusal of the service as FHIR wants it.

    Parameters
    ----------
    refusal : RefusalError
        The refusal.

    Returns
    -------
    starlette.responses.Response
        ``application/fhir+json``.
    """
    code = _CODES.get(refusal.status, "exception")
    lines = [line["message"] for line in refusal.failures] or [refusal.detail]
    content = operation_outcome(Issue(code, line) for line in lines)
    return outcome_response(content, refusal.status, refusal.headers)


def outcome_response(
    content: dict[str, Any], status: int, headers: dict[str, str] | None = None
) -> Response:
    """Return a resource as a response; escaped, since half a character may have been sent."""
    return Response(json.dumps(content).encode("ascii"), status, headers, MEDIA_TYPE)
