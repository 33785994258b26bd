"""CDS Hooks 2.0: a card with the risks when a clinician opens a patient with a vertebral fracture.

The hook fires for every patient of a hospital, so that a patient without a present fracture of a
vertebra gets no card at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from vfprog.scoring.prognosis import NO_CONFIDENCE
from vfprog.serving.fhir.assessment import (
    LEARNED_FROM,
    PURPOSE,
    SIMULATED,
    of_100,
    title_of,
)
from vfprog.serving.fhir.evaluate import predict_read, untimed
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.serving.fhir.outcome import ResourceError
from vfprog.serving.fhir.patient import read_patient
from vfprog.serving.fhir.resources import Entry, entries_of
from vfprog.serving.fhir.times import today
from vfprog.serving.openapi import UNSENT, answers, takes
from vfprog.serving.problems import RefusalError
from vfprog.serving.requests import object_body
from vfprog.serving.service import service_of

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import Prediction
    from vfprog.serving.fhir.mapping import FhirMapping

router = APIRouter(prefix="/cds-services", tags=["cds-hooks"])

SERVICE = "vertebroplasty-prognosis"
_HOOK = "patient-view"
# The specification allows no longer summary.
_LONGEST = 140
# Without these nobody knows whether a vertebra is fractured; without procedures the card says so.
_REQUIRED = ("patient", "observations", "conditions")
_OF = "patient={{context.patientId}}"


@router.get(
    "", summary="Which services there are", responses=answers("CdsServices", takes_body=False)
)
async def discovery(request: Request) -> Response:
    """Answer the one service, with what it wants to be sent along."""
    service = service_of(request)
    bundle, mapping = service.holder.served.bundle, load_mapping(service.settings.fhir)
    described = {
        "id": SERVICE,
        "hook": _HOOK,
        "title": title_of(bundle),
        "description": " ".join(filter(None, (
            "Risks of a patient with a recent vertebral fracture. A research tool.",
            bundle.population_note and LEARNED_FROM + bundle.population_note,
        ))),
        "prefetch": _prefetch(mapping),
    }  # fmt: skip
    return JSONResponse({"services": [described]})


@router.post(
    f"/{SERVICE}", summary="The card of one patient",
    responses=answers("CdsCards", takes_body=True) | UNSENT, openapi_extra=takes("CdsRequest"),
)  # fmt: skip
async def patient_view(request: Request) -> Response:
    """Answer a card with the risks, or none where no vertebra is fractured."""
    service = service_of(request)
    content = await object_body(request, service.settings)
    _check_request(content)
    bundle = service.bundle_for(request, 1)
    home, codes = service.settings.public_url, service.settings.fhir
    with service.in_time():
        made = await service.single(request, lambda: cards(bundle, content, home, codes=codes))
        return JSONResponse({"cards": made})


def cards(
    bundle: Bundle, content: dict[str, Any], home: str | None, *, codes: str | Path = "fhir"
) -> list[dict[str, Any]]:
    """Return the cards that answer a request.

    Parameters
    ----------
    bundle : Bundle
        The model bundle.
    content : dict
        The request, its form checked.
    home : str or None
        Address of this service; None where none is told.
    codes : str or pathlib.Path
        Codes and units of FHIR: name or path of a configuration.

    Returns
    -------
    list of dict
        One card, or none.

    Raises
    ------
    RefusalError
        The resources that came along cannot be used (422); names each element.
    """
    day = today()
    try:
        entries = _entries(content["prefetch"])
        reading = read_patient(entries, bundle.dictionary, load_mapping(codes), day)
        expected = f"Patient/{content['context']['patientId']}"
        if reading.subject is not None and not reading.subject.endswith(expected):
            raise _refused([("prefetch", "subject", "is about another patient than the context")])
        if reading.deceased or not reading.fractured:
            return []
        prediction = predict_read(bundle, reading)
    except ResourceError as error:
        raise _refused([(i.expression, i.code, i.text) for i in error.issues]) from None
    notes = (*reading.notes, *untimed(reading, bundle), *_partly(content["prefetch"]))
    return [card(prediction, bundle, home, notes)]


def card(
    prediction: Prediction, bundle: Bundle, home: str | None, notes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the card of a prediction.

    Parameters
    ----------
    prediction : Prediction
        The prediction.
    bundle : Bundle
        The bundle that answered.
    home : str or None
        Address of this service for links; None leaves them out. It is never taken from the request,
        whose Host header anybody may write.
    notes : tuple of str
        What was passed over of the resources.

    Returns
    -------
    dict
        The card; its indicator is always ``info``, since a prognosis calls for nothing.
    """
    labels = {
        p.endpoint: bundle.model(f"{p.endpoint}_{p.prediction_time}").endpoint.label
        for p in prediction.prognoses
    }
    mark = "SIMULATED. " if bundle.simulated else ""
    risks = ", ".join(f"{labels[p.endpoint]} {100 * p.risk:.0f} %" for p in prediction.prognoses)
    summary = f"{mark}{risks or 'No endpoint of the model applies'}"
    model = prediction.model
    made: dict[str, Any] = {
        "summary": summary if len(summary) <= _LONGEST else f"{summary[: _LONGEST - 3]}...",
        "indicator": "info",
        "detail": _detail(prediction, bundle, labels, notes),
        "source": {"label": f"vfprog: model {model.name} {model.version}"},
    }
    if home is not None:
        made["source"]["url"] = home
        made["links"] = [{"label": "Enter or change values", "url": home, "type": "absolute"}]
    return made


def _detail(
    prediction: Prediction, bundle: Bundle, labels: dict[str, str], notes: tuple[str, ...]
) -> str:
    lines = [f"**{SIMULATED}**", ""] if bundle.simulated else []
    if prediction.population_note:
        lines += [f"**{LEARNED_FROM.strip()}** {prediction.population_note}", ""]
    for p in prediction.prognoses:
        line = f"- **{labels[p.endpoint]}: {100 * p.risk:.0f} of 100 patients like this**."
        if words := p.interval_in_words(of_100).rstrip("."):
            line += f" Of 100, {words}. {NO_CONFIDENCE}"
        lines.append(f"{line} {p.definition}")
    if prediction.missing:
        names = ", ".join(bundle.label(name) for name in prediction.missing)
        lines += ["", f"Not known: {names}."]
    warnings = [w.message if w.predictor is None else f"{bundle.label(w.predictor)} {w.message}"
                for w in prediction.warnings if w.code != "trained_on_simulated"]  # fmt: skip
    lines += ["", *(f"- {text}" for text in (*warnings, *notes))] if warnings or notes else []
    return "\n".join([*lines, "", PURPOSE])


def _prefetch(mapping: FhirMapping) -> dict[str, str]:
    seen = ",".join(f"{system}|{code}" for system, code in mapping.predictor_of)
    # All Conditions: a search can ask for a code but not for all that begin with it, and a fracture
    # that is not asked for looks like none. All Procedures, too.
    return {
        "patient": "Patient/{{context.patientId}}",
        "observations": f"Observation?{_OF}&code={seen}",
        "conditions": f"Condition?{_OF}",
        "procedures": f"Procedure?{_OF}",
    }


def _entries(prefetch: dict[str, Any]) -> list[Entry]:
    """Return the resources of a prefetch: each entry is a resource, a Bundle, or null."""
    found: list[Entry] = []
    for name, content in prefetch.items():
        place = f"prefetch.{name}"
        if isinstance(content, dict) and content.get("resourceType") == "Bundle":
            found += entries_of(content, place)
        elif content is not None:
            found.append(Entry(content, place))
    return found


def _partly(prefetch: dict[str, Any]) -> list[str]:
    """Return a note for each Bundle that is the first page of several."""
    text = "holds one page of several; what stands on the others is not known"
    return [f"prefetch.{name}: {text}" for name, pages in prefetch.items() if _goes_on(pages)]


def _goes_on(pages: Any) -> bool:
    links = pages.get("link") if isinstance(pages, dict) else None
    each = links if isinstance(links, list) else []
    return any(isinstance(link, dict) and link.get("relation") == "next" for link in each)


def _check_request(content: dict[str, Any]) -> None:
    wrong = []
    if content.get("hook") != _HOOK:
        wrong.append(("hook", "hook", f"this service is for the hook {_HOOK}"))
    if not isinstance(content.get("hookInstance"), str):
        wrong.append(("hookInstance", "required", "expected the number of this call, as text"))
    context = content.get("context")
    if not isinstance(context, dict) or not isinstance(context.get("patientId"), str):
        wrong.append(("context.patientId", "required", "expected the id of the patient, as text"))
    prefetch = content.get("prefetch")
    if prefetch is not None and not isinstance(prefetch, dict):
        wrong.append(("prefetch", "object", "expected an object of resources"))
    if wrong:
        raise _refused(wrong)
    if unmet := _unmet(prefetch or {}):
        raise _refused(unmet, status=412)


def _unmet(prefetch: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return what did not come along; null says of observations or conditions that there are none.

    Without the conditions nobody knows whether a vertebra is fractured, and no card would say so.
    """
    found = []
    for name in _REQUIRED:
        content = prefetch.get(name)
        if name not in prefetch or (name == "patient" and content is None):
            text = "send the resources along: this service asks no FHIR server"
            found.append((f"prefetch.{name}", "required", text))
        elif isinstance(content, dict) and content.get("resourceType") == "OperationOutcome":
            text = "could not be fetched by the client, so that nothing can be said"
            found.append((f"prefetch.{name}", "required", text))
    return found


def _refused(wrong: list[tuple[str, str, str]], status: int = 422) -> RefusalError:
    lines = [{"field": field, "rule": rule, "message": text} for field, rule, text in wrong]
    return RefusalError(status, "the request cannot be answered", lines)
