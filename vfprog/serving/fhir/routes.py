"""FHIR over HTTP: a Bundle in, a RiskAssessment out; what is wrong comes as an OperationOutcome."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response  # noqa: TC002  # FastAPI reads the annotations

from vfprog import __version__
from vfprog.serving.fhir.assessment import title_of
from vfprog.serving.fhir.evaluate import evaluated
from vfprog.serving.fhir.outcome import MEDIA_TYPE, outcome_response
from vfprog.serving.fhir.times import today
from vfprog.serving.openapi import answers, takes
from vfprog.serving.problems import RefusalError
from vfprog.serving.requests import json_body, parameter
from vfprog.serving.service import service_of

router = APIRouter(prefix="/fhir", tags=["fhir"])

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Days of which one can add a horizon, and subtract an age.
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)


@router.post(
    "/RiskAssessment/$evaluate", summary="Predict from a FHIR Bundle",
    responses=answers("RiskAssessment", takes_body=True, media_type=MEDIA_TYPE,
                      refusal=("OperationOutcome", MEDIA_TYPE)),
    openapi_extra=takes("Bundle", MEDIA_TYPE) | {"parameters": [{
        "name": "date", "in": "query", "required": False,
        "description": "Day of the prediction; today if it is not given.",
        "schema": {"type": "string", "format": "date"},
    }]},
)  # fmt: skip
async def evaluate(request: Request) -> Response:
    """Read the resources of one patient; answer their risks."""
    service = service_of(request)
    content = await json_body(request, service.settings)
    day = _day(request)
    bundle, codes = service.bundle_for(request, 1), service.settings.fhir
    with service.in_time():
        status, resource = await service.single(
            request, lambda: evaluated(bundle, content, day, codes=codes)
        )
    return outcome_response(resource, status)


@router.get(
    "/metadata", summary="What of FHIR this service speaks",
    responses=answers("CapabilityStatement", takes_body=False, media_type=MEDIA_TYPE,
                      refusal=("OperationOutcome", MEDIA_TYPE)),
)  # fmt: skip
async def metadata(request: Request) -> Response:
    """Answer a CapabilityStatement."""
    served = service_of(request).holder.served
    statement = capability_statement(served.since, title_of(served.bundle))
    return outcome_response(statement, 200)


def _day(request: Request) -> date:
    given = parameter(request, "date")
    if given is None:
        return today()
    try:
        if _DAY.fullmatch(given):
            day = date.fromisoformat(given)
            if _FIRST <= day <= _LAST:
                return day
    except ValueError:
        pass
    text = f"the parameter date is no day such as 2026-01-31 from {_FIRST} to {_LAST}"
    raise RefusalError(422, text)


def capability_statement(since: datetime, title: str) -> dict[str, Any]:
    """Return what the service can do, as a CapabilityStatement.

    Parameters
    ----------
    since : datetime.datetime
        Since when it has been so.
    title : str
        What its answers are.

    Returns
    -------
    dict
        The resource.
    """
    operation = {
        "name": "evaluate",
        "definition": "urn:vfprog:operation:RiskAssessment-evaluate",
        "documentation": "POST a Bundle of Patient, Observation, Condition and Procedure resources "
        "of one patient; the parameter date says to which day ages are counted. Codes and units: "
        "configs/fhir.yaml.",
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": since.isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "vfprog", "version": __version__},
        "implementation": {"description": f"{title}; a research tool"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [{"type": "RiskAssessment", "operation": [operation]}],
            }
        ],
    }
