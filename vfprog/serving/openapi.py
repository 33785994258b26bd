"""The OpenAPI document: routes from FastAPI, predictors from the bundle, examples that were run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from vfprog import __version__
from vfprog.errors import InputError
from vfprog.scoring import panel, prognosis, what_if
from vfprog.scoring.predict import predict
from vfprog.serving.fhir.example import as_bundle
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.serving.problems import MEDIA_TYPE, refused_input

if TYPE_CHECKING:
    from fastapi import FastAPI

    from vfprog.schema.dictionary import Predictor
    from vfprog.scoring.bundle import Bundle

_TITLE = "vfprog: prognosis after vertebroplasty"
_TEXT = (
    "A research tool, not a medical device: a prognosis is never a recommendation. Refusals are "
    "problem documents (RFC 9457) that name every wrong field at once."
)
_REFUSALS = {
    400: "The body is not JSON, or gives a key twice.",
    408: "The body did not arrive in time.",
    413: "The body is too long.",
    415: "The body is not declared as JSON.",
    422: "The input is wrong; `failures` names every field.",
}
_ALWAYS = {
    401: "The key is missing or unknown.",
    503: "Too many requests at once, or no answer in time.",
}
JSON = "application/json"
_REF = "#/components/schemas/"


def answers(
    schema: str,
    *,
    takes_body: bool,
    media_type: str = JSON,
    refusal: tuple[str, str] = ("Problem", MEDIA_TYPE),
) -> dict[int | str, Any]:
    """Return the answers of a route, as FastAPI takes them.

    Parameters
    ----------
    schema : str
        Schema of the answer.
    takes_body : bool
        Whether the route reads a body, and so refuses a wrong one.
    media_type : str
        Media type of the answer.
    refusal : tuple of str
        Schema and media type of a refusal.

    Returns
    -------
    dict
        Status to description and schema.
    """
    found: dict[int | str, Any] = {
        200: {"description": "The answer.", "content": _content(media_type, schema)}
    }
    for status, text in {**(_REFUSALS if takes_body else {}), **_ALWAYS}.items():
        found[status] = {"description": text, "content": _content(refusal[1], refusal[0])}
    return found


def takes(schema: str, media_type: str = JSON) -> dict[str, Any]:
    """Return the request body of a route: JSON of a schema."""
    content = _content(media_type, schema)
    return {"requestBody": {"required": True, "content": content}}


PANEL: dict[str, Any] = {
    "parameters": [{
        "name": "panel", "in": "query", "required": False,
        "description": "false leaves out what stands beside the risks, and takes half the time.",
        "schema": {"type": "boolean", "default": True},
    }]
}  # fmt: skip


# What a service of CDS Hooks answers that was sent no resources.
UNSENT: dict[int | str, Any] = {
    412: {
        "description": "The resources did not come along, and no FHIR server is asked.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF + "Problem"}}},
    }
}


def _content(media_type: str, schema: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REF + schema}}}


def openapi_document(app: FastAPI, bundle: Bundle) -> dict[str, Any]:
    """Return the OpenAPI document of a service with the bundle it serves.

    Parameters
    ----------
    app : fastapi.FastAPI
        The service.
    bundle : Bundle
        The bundle: its dictionary gives the fields of a patient.

    Returns
    -------
    dict
        The document.
    """
    document = get_openapi(title=_TITLE, version=__version__, description=_TEXT, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_schemas(bundle))
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    document["security"] = [{}, {"bearer": []}, {"key": []}]
    return document


def _schemas(bundle: Bundle) -> dict[str, Any]:
    """Return the schemas of what is sent and answered, each with an example that was run."""
    patient = example_patient(bundle)
    prediction, nested = _typed(prognosis.Prediction)
    prediction["examples"] = [predict(bundle, patient).as_dict()]
    return {
        **nested,
        "Patient": {**_patient(bundle), "examples": [patient]},
        "Patients": {"type": "array", "minItems": 1, "items": {"$ref": _REF + "Patient"}},
        "Prediction": prediction,
        "Predictions": {"type": "array", "items": {"$ref": _REF + "Prediction"}},
        **_what_if(bundle, patient),
        "Model": {"type": "object"},
        **_fhir(bundle, patient),
        "Problem": {**_PROBLEM, "examples": [_refused_example(bundle, patient)]},
    }


def _what_if(bundle: Bundle, patient: dict[str, Any]) -> dict[str, Any]:
    first = next(p for p in bundle.dictionary.of_table("episodes") if p.name in patient)
    asked = {"patient": patient, "changes": {first.name: None}}
    answer, nested = _typed(what_if.WhatIf)
    answer["examples"] = [what_if.what_if(bundle, patient, asked["changes"]).as_dict()]
    change = {"type": "object", "additionalProperties": True}
    return {
        **nested,
        "WhatIf": answer,
        "WhatIfAnswer": {
            "anyOf": [{"$ref": _REF + "WhatIf"},
                      {"type": "array", "items": {"$ref": _REF + "WhatIf"}}],
        },
        "WhatIfRequest": {
            **_object({
                "patient": {"$ref": _REF + "Patient"},
                "changes": {"anyOf": [change, {"type": "array", "minItems": 1, "items": change}]},
                "procedure": {"type": "boolean", "default": False},
            }),
            "required": ["patient", "changes"],
            "examples": [asked],
        },
    }  # fmt: skip


def _fhir(bundle: Bundle, patient: dict[str, Any]) -> dict[str, Any]:
    """Return the FHIR resources: their form is that of the specification, so only named here."""
    found: dict[str, Any] = {
        name: {
            "type": "object",
            "required": ["resourceType"],
            "properties": {"resourceType": {"const": name}},
            "externalDocs": {"url": f"http://hl7.org/fhir/R4/{name.lower()}.html"},
        }
        for name in ("Bundle", "CapabilityStatement", "OperationOutcome", "RiskAssessment")
    }
    found["Bundle"]["examples"] = [as_bundle(patient, bundle.dictionary, load_mapping())]
    return found | _CDS


_CDS: dict[str, Any] = {
    "CdsServices": {
        "type": "object",
        "required": ["services"],
        "properties": {"services": {"type": "array", "items": {"type": "object"}}},
    },
    "CdsRequest": {
        "type": "object",
        "required": ["hook", "hookInstance", "context", "prefetch"],
        "properties": {
            "hook": {"const": "patient-view"},
            "hookInstance": {"type": "string"},
            "context": {
                "type": "object",
                "required": ["patientId"],
                "properties": {"patientId": {"type": "string"}, "userId": {"type": "string"}},
            },
            "prefetch": {
                "type": "object",
                "properties": {
                    name: {"type": ["object", "null"]}
                    for name in ("patient", "observations", "conditions", "procedures")
                },
            },
        },
    },
    "CdsCards": {
        "type": "object",
        "required": ["cards"],
        "properties": {
            "cards": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["summary", "indicator", "source"],
                    "properties": {
                        "summary": {"type": "string", "maxLength": 140},
                        "indicator": {"enum": ["info"]},
                        "detail": {"type": "string"},
                        "source": {"type": "object", "required": ["label"]},
                        "links": {"type": "array"},
                    },
                },
            }
        },
    },
}


def _typed(answer: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of a dataclass of scoring, and those of what is in it."""
    adapter: TypeAdapter[Any] = TypeAdapter(answer)
    # Some types stand behind TYPE_CHECKING where they are used.
    adapter.rebuild(force=True, _types_namespace=vars(panel) | vars(prognosis) | vars(what_if))
    schema = adapter.json_schema(mode="serialization", ref_template=_REF + "{model}")
    nested = schema.pop("$defs", {})
    for part in (schema, *nested.values()):  # a docstring's first line; the rest is for Python
        part["description"] = part["description"].partition("\n")[0]
    return schema, nested


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The number under which the log knows it."},
        "failures": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "rule", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "rule": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def _patient(bundle: Bundle) -> dict[str, Any]:
    episodes, vertebrae = (bundle.dictionary.of_table(t) for t in ("episodes", "vertebrae"))
    nested = {
        "type": "array",
        "description": "One object per fractured vertebra that is to be treated.",
        "items": _object({p.name: _property(p) for p in vertebrae}),
    }
    return _object({p.name: _property(p) for p in episodes} | {"vertebrae": nested})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _property(predictor: Predictor) -> dict[str, Any]:
    unit = f" ({predictor.unit})" if predictor.unit else ""
    found: dict[str, Any] = {"title": f"{predictor.label}{unit}"}
    if predictor.levels:
        return found | {"enum": [*predictor.levels, None]}
    if predictor.kind == "binary":
        return found | {"type": ["boolean", "null"]}
    found["type"] = ["integer" if predictor.kind == "count" else "number", "null"]
    if predictor.hard_range is not None:
        found["minimum"], found["maximum"] = predictor.hard_range
    return found


def example_patient(bundle: Bundle) -> dict[str, Any]:
    """Return a patient like the middle of the development data, for examples and first tries.

    Parameters
    ----------
    bundle : Bundle
        The bundle.

    Returns
    -------
    dict
        What is known before the procedure, of one vertebra.
    """
    known = [p for p in bundle.dictionary.usable_at("preprocedure") if p.source or p.levels]
    values = {p.name: _middle(p, bundle.manifest["reference"].get(p.name, {})) for p in known}
    one = {p.name: values[p.name] for p in known if p.table == "vertebrae"}
    return {p.name: values[p.name] for p in known if p.table == "episodes"} | {"vertebrae": [one]}


def _middle(predictor: Predictor, reference: dict[str, Any]) -> Any:
    shares = reference.get("shares") or []
    if predictor.levels:
        return predictor.levels[shares.index(max(shares)) if shares else 0]
    if predictor.kind == "binary":
        return bool(shares) and shares[-1] > 1 / 2
    medians = [value for share, value in reference.get("quantiles") or [] if share == 1 / 2]
    low, high = predictor.usual_median or predictor.usual_range or predictor.hard_range or (0, 1)
    middle = medians[0] if medians else (low + high) / 2
    return round(middle) if predictor.kind == "count" else round(middle, 1)


def _refused_example(bundle: Bundle, patient: dict[str, Any]) -> dict[str, Any]:
    """Return a real refusal, of the example with two fields made wrong."""
    ranges = {p.name: p.hard_range for p in bundle.dictionary.of_table("episodes") if p.hard_range}
    far = {name: 10 * limits[1] for name, limits in list(ranges.items())[:1]}
    wrong = {**patient, **far, "shoe_size": 42}
    try:
        predict(bundle, wrong)
    except InputError as error:
        refusal = refused_input(error.failures)
    return {
        "type": "about:blank", "title": "Unprocessable Content", "status": refusal.status,
        "detail": refusal.detail, "instance": "urn:uuid:00000000-0000-0000-0000-000000000000",
        "failures": list(refusal.failures),
    }  # fmt: skip
