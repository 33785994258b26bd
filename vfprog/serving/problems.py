"""Refusals as RFC 9457 problem documents: what is wrong, all of it, and no other patient value."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vfprog.errors import Failure

MEDIA_TYPE = "application/problem+json"
# What a request's content is called where it cannot be read.
BODY = "body"
_LONGEST = 200
# Failures an answer lists; of more it says how many.
MOST_LISTED = 100
_NESTED = re.compile(r"(\d+)(?:\]\.(.*))?")


class RefusalError(Exception):
    """A request that is answered with a status of 400 or more.

    Parameters
    ----------
    status : int
        HTTP status.
    detail : str
        One sentence for the person who reads it; holds no value of a patient.
    failures : iterable of dict
        ``field``, ``rule`` and ``message`` of each fault.
    headers : mapping of str to str, optional
        Headers of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        failures: Iterable[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.failures, self.headers = tuple(failures), dict(headers or {})

    @property
    def listed(self) -> tuple[Mapping[str, str], ...]:
        """The failures an answer lists, and at their end how many there are beside."""
        rest = len(self.failures) - MOST_LISTED
        if rest <= 0:
            return self.failures
        more = {"field": "*", "rule": "more", "message": f"and {rest} more failures"}
        return (*self.failures[:MOST_LISTED], more)


def refused_input(failures: Iterable[Failure], *, many: bool = False) -> RefusalError:
    """Return the refusal of what `vfprog.errors.InputError` carries.

    Parameters
    ----------
    failures : iterable of Failure
        The failures.
    many : bool
        Whether the request held a list of patients, whose places the fields then begin with.

    Returns
    -------
    RefusalError
        400 where the body could not be read, else 422.
    """
    found = tuple(failures)
    lines = [{"field": field_of(f, many=many), "rule": f.rule, "message": f.message} for f in found]
    unread = any(f.table == BODY for f in found)
    n = "one place" if len(lines) == 1 else f"{len(lines)} places"
    detail = "the body cannot be read" if unread else f"the input is wrong in {n}"
    return RefusalError(400 if unread else 422, detail, lines)


def field_of(failure: Failure, *, many: bool = False) -> str:
    """Return the path of the field a failure is about, such as ``vertebrae[0].level``.

    Parameters
    ----------
    failure : Failure
        Failure of `vfprog.scoring.patient.read_patients`, whose row is the patient's place.
    many : bool
        Whether the path begins with the place of the patient, as in ``[3].age_years``.

    Returns
    -------
    str
        The path; ``*`` where the whole is meant.
    """
    place = _NESTED.fullmatch("" if failure.row is None else str(failure.row))
    parts = [] if failure.column == "*" else [failure.column]
    if place is not None and place[2]:
        parts.insert(0, f"{place[2]}]")
    if place is not None and many:
        parts.insert(0, f"[{place[1]}]")
    return ".".join(parts) or "*"


def problem(refusal: RefusalError, request_id: str) -> Response:
    """Return a refusal as a problem document.

    Parameters
    ----------
    refusal : RefusalError
        The refusal.
    request_id : str
        By which the log is searched.

    Returns
    -------
    starlette.responses.Response
        ``application/problem+json``.
    """
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.detail,
        "instance": f"urn:uuid:{request_id}",
    }
    if refusal.failures:
        content["failures"] = [
            {name: _short(text) for name, text in line.items()} for line in refusal.listed
        ]
    # Escaped, since what was sent may hold half a character, which UTF-8 cannot carry.
    body = json.dumps(content).encode("ascii")
    return Response(body, refusal.status, refusal.headers, MEDIA_TYPE)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
