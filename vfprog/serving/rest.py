"""The versioned REST interface: routes translate, scoring answers."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import JSONResponse, Response

from vfprog.errors import InputError
from vfprog.scoring.patient import read_patients
from vfprog.scoring.predict import predict
from vfprog.scoring.what_if import TABLE, what_if, what_if_many
from vfprog.serving.description import describe
from vfprog.serving.openapi import PANEL, answers, openapi_document, takes
from vfprog.serving.problems import RefusalError, refused_input
from vfprog.serving.requests import flag, json_body, object_body
from vfprog.serving.service import Service, service_of

if TYPE_CHECKING:
    from vfprog.errors import Failure
    from vfprog.scoring.bundle import Bundle
    from vfprog.serving.settings import Settings

router = APIRouter()

# Patients, or changes of one, predicted between two looks at the clock.
_PART = 50


@router.post(
    "/v1/predict", tags=["predict"], summary="Predict for one patient",
    responses=answers("Prediction", takes_body=True),
    openapi_extra=takes("Patient") | PANEL,
)  # fmt: skip
async def predict_one(request: Request) -> Response:
    """Answer every endpoint's risk, how far it might have differed, and what drives it."""
    service = service_of(request)
    panel = flag(request, "panel", default=True)
    patient = await object_body(request, service.settings)
    bundle = service.bundle_for(request, 1)
    with service.in_time():
        return _json(await service.single(request, lambda: predicted(bundle, patient, panel=panel)))


@router.post(
    "/v1/predict/batch", tags=["predict"], summary="Predict for several patients",
    responses=answers("Predictions", takes_body=True),
    openapi_extra=takes("Patients") | PANEL,
)  # fmt: skip
async def predict_batch(request: Request) -> Response:
    """Answer a list with a list, in its order; one wrong patient and none is answered."""
    service = service_of(request)
    panel = flag(request, "panel", default=True)
    patients = await json_body(request, service.settings)
    _check_batch(patients, service)
    bundle = service.bundle_for(request, len(patients))
    with service.in_time():
        await service.part(lambda: _check_all(bundle, patients))
        parts = [
            await service.part(partial(_part, bundle, patients[at : at + _PART], panel=panel))
            for at in range(0, len(patients), _PART)
        ]
    return _joined(parts)


@router.post(
    "/v1/what-if", tags=["predict"], summary="What the model would say if inputs were others",
    responses=answers("WhatIfAnswer", takes_body=True), openapi_extra=takes("WhatIfRequest"),
)  # fmt: skip
async def what_if_one(request: Request) -> Response:
    """Answer the risks before and after; several changes, each on its own, get a list."""
    service = service_of(request)
    asked = await object_body(request, service.settings)
    _check_what_if(asked, service)
    bundle = service.bundle_for(request, 1)
    changes = asked["changes"]
    with service.in_time():
        if not isinstance(changes, list):
            return _json(await service.single(request, lambda: changed(bundle, asked)))
        parts = [
            await service.single(
                request,
                partial(changed, bundle, asked | {"changes": changes[at : at + _PART]}, first=at),
                patients=len(changes),
            )
            for at in range(0, len(changes), _PART)
        ]  # fmt: skip
    return _joined(parts)


@router.get(
    "/v1/model", tags=["model"], summary="Which model answers",
    responses=answers("Model", takes_body=False),
)  # fmt: skip
async def model(request: Request) -> Response:
    """Answer identity, endpoints, predictors and performance: what a form needs to be drawn."""
    service = service_of(request)
    made = service.served_for(request, 0).once("model", lambda b: _model(b, service.settings))
    return _json(made)


@router.get("/healthz", tags=["operation"], summary="Whether the process lives")
async def healthz() -> Response:
    """Answer as long as the event loop turns."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz", tags=["operation"], summary="Which bundle answers")
async def readyz(request: Request) -> Response:
    """Answer which bundle is in use since when, and whether a newer one was refused."""
    holder = service_of(request).holder
    served, identity = holder.served, holder.served.bundle.identity
    return JSONResponse({
        "status": "ready",
        "model": {"name": identity.name, "version": identity.version, "sha256": identity.sha256},
        "since": served.since.isoformat(timespec="seconds"),
        "newer_refused": holder.refused is not None,
    })  # fmt: skip


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """Answer the OpenAPI document, with the predictors of the bundle in use."""
    served = service_of(request).served_for(request, 0)
    return _json(served.once("openapi", lambda b: to_json(openapi_document(request.app, b))))


def predicted(bundle: Bundle, patient: dict[str, Any], *, panel: bool) -> bytes:
    """Return the prediction of one patient as JSON.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    patient : dict
        The patient.
    panel : bool
        Whether what stands beside the risks is worked out, too: gaps, peers, trials.

    Returns
    -------
    bytes
        What `Prediction.to_json` says, at full precision, written faster.
    """
    try:
        return to_json(predict(bundle, patient, panel=panel))
    except InputError as error:
        raise refused_input(error.failures) from None


def changed(bundle: Bundle, asked: dict[str, Any], *, first: int = 0) -> bytes:
    """Return what the model would say of a changed patient, as JSON.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    asked : dict
        ``patient``, ``changes`` and ``procedure``, their form checked.
    first : int
        Place of the first of these changes among all that were asked for.

    Returns
    -------
    bytes
        What `vfprog.scoring.what_if.WhatIf.to_json` says, or a list of it.
    """
    changes, leave = asked["changes"], asked.get("procedure", False)
    try:
        if isinstance(changes, list):
            return to_json(what_if_many(bundle, asked["patient"], changes, procedure=leave))
        return to_json(what_if(bundle, asked["patient"], changes, procedure=leave))
    except InputError as error:
        of_change = isinstance(changes, list) and error.failures[0].table == TABLE
        found = [_moved(f, first) for f in error.failures] if of_change else error.failures
        raise refused_input(found, many=of_change) from None


def _moved(failure: Failure, first: int) -> Failure:
    """Return a failure of a part of the changes with the place its change has among all."""
    place, nested, rest = str(failure.row).partition("]")
    return replace(failure, row=f"{int(place) + first}{nested}{rest}")


def _check_what_if(asked: dict[str, Any], service: Service) -> None:
    changes = asked.get("changes")
    each = changes if isinstance(changes, list) else [changes]
    most = service.settings.max_batch
    wrong = [(name, "unknown_key", "is not asked for here; patient, changes and procedure are")
             for name in asked if name not in {"patient", "changes", "procedure"}]  # fmt: skip
    if not isinstance(asked.get("patient"), dict):
        wrong.append(("patient", "object", "expected an object of predictors"))
    if not all(isinstance(change, dict) for change in each) or not 0 < len(each) <= most:
        text = f"expected an object of inputs and new values, or a list of 1 to {most} of them"
        wrong.append(("changes", "object", text))
    if not isinstance(asked.get("procedure", False), bool):
        wrong.append(("procedure", "binary", "expected true or false"))
    if wrong:
        lines = [{"field": field, "rule": rule, "message": text} for field, rule, text in wrong]
        raise RefusalError(422, "the question cannot be answered", lines)


def _part(bundle: Bundle, patients: list[Any], *, panel: bool) -> bytes:
    return to_json(predict(bundle, patients, panel=panel))


def _check_batch(patients: Any, service: Service) -> None:
    most = service.settings.max_batch
    if not isinstance(patients, list):
        message = "expected a list of patients, got an object: one patient goes to /v1/predict"
    elif not patients:
        message = "the list holds no patient"
    elif len(patients) > most:
        message = f"the list holds {len(patients)} patients, at most {most} are taken at once"
    else:
        return
    failure = {"field": "*", "rule": "batch", "message": message}
    raise RefusalError(422, "the batch cannot be taken", [failure])


def _check_all(bundle: Bundle, patients: list[Any]) -> None:
    """Find the faults of all patients before any is predicted."""
    try:
        read_patients(patients, bundle.dictionary)
    except InputError as error:
        raise refused_input(error.failures, many=True) from None


def _model(bundle: Bundle, settings: Settings) -> bytes:
    limits = {"max_batch": settings.max_batch, "max_body_bytes": settings.max_body_bytes}
    content = {**describe(bundle), "limits": limits}
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def _joined(parts: list[bytes]) -> Response:
    """Return lists, each as JSON, as one list."""
    return _json(b"[" + b",".join(part[1:-1] for part in parts) + b"]")


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
