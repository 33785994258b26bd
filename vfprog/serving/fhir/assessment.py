"""A prediction as a FHIR R4 RiskAssessment: one prediction per endpoint, at full precision.

``probabilityDecimal`` is the risk in percent, as R4 defines it ("Decimal values are expressed as
percentages as well (max = 100)"); an extension says it as a quantity with the unit, the rationale
as of 100 patients. See docs/adr/0013-probability-in-fhir.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from vfprog.scoring.prognosis import NO_CONFIDENCE
from vfprog.serving.fhir.times import today

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import ModelIdentity, Prediction, Prognosis

ENDPOINT = "urn:vfprog:endpoint"
MODEL = "urn:vfprog:model"
RISK = "urn:vfprog:risk"
INTERVAL = "urn:vfprog:instability-interval"
SIMULATED = (
    "SIMULATED: the model was trained on simulated data. It says nothing about any patient and "
    "must not inform care."
)
LEARNED_FROM = "Learned from: "
PURPOSE = "A prognosis, never a recommendation: it does not say whether to treat."
IN_PERCENT = "probabilityDecimal is in percent, as FHIR R4 defines it."
_PERCENT = {"unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
# What marks data that are no patient's, for systems that sort by labels.
_TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}


def risk_assessment(
    prediction: Prediction,
    bundle: Bundle,
    *,
    day: date | None = None,
    subject: str | None = None,
    basis: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> dict[str, Any]:
    """Return a prediction as a RiskAssessment.

    Parameters
    ----------
    prediction : Prediction
        The prediction.
    bundle : Bundle
        The bundle that answered.
    day : datetime.date, optional
        Day of the prediction; default today.
    subject : str, optional
        Reference to the patient; without one only words stand there.
    basis : iterable of str
        References to the resources the prediction rests on.
    notes : iterable of str
        What its reader should know beside the warnings of the prediction.

    Returns
    -------
    dict
        The resource, ready for JSON.
    """
    given = day or today()
    warnings = [w.message if w.predictor is None else f"{w.predictor}: {w.message}"
                for w in prediction.warnings if w.code != "trained_on_simulated"]  # fmt: skip
    marks = [SIMULATED] if bundle.simulated else []
    if prediction.population_note:
        marks.append(LEARNED_FROM + prediction.population_note)
    resource: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "contained": [_device(prediction.model)],
        "status": "preliminary" if bundle.simulated else "final",
        "method": _method(prediction, bundle),
        "subject": {"reference": subject} if subject else {"display": "the patient asked about"},
        "occurrenceDateTime": given.isoformat(),
        "performer": {"reference": "#model"},
        "basis": [{"reference": reference} for reference in basis],
        "prediction": [_prediction(p, bundle, given) for p in prediction.prognoses],
        "note": [{"text": text} for text in (*marks, PURPOSE, IN_PERCENT, *warnings, *notes)],
    }
    if bundle.simulated:
        resource["meta"] = {"security": [_TEST_DATA]}
    return {name: content for name, content in resource.items() if content}


def title_of(bundle: Bundle) -> str:
    """Return what the answers of a bundle are; a registry may be of no vertebroplasty."""
    return "Prognosis after vertebroplasty" if bundle.after_vertebroplasty else "Prognosis"


def _device(model: ModelIdentity) -> dict[str, Any]:
    return {
        "resourceType": "Device",
        "id": "model",
        "identifier": [{"system": MODEL, "value": f"sha256:{model.sha256}"}],
        "deviceName": [{"name": model.name, "type": "model-name"}],
        "version": [{"value": model.version}],
    }


def _method(prediction: Prediction, bundle: Bundle) -> dict[str, Any]:
    model = prediction.model
    coding = {"system": MODEL, "version": model.version, "code": model.name}
    data = "simulated data" if model.trained_on == "simulated" else "a registry"
    kinds: dict[str, list[str]] = {}
    for p in prediction.prognoses:
        kinds.setdefault(_kind(bundle, p), []).append(p.endpoint)
    parts = [f"{kind} ({', '.join(endpoints)})" for kind, endpoints in kinds.items()]
    text = (
        f"vfprog: {'; '.join(parts) or 'no model answered'}; model {model.name} {model.version}, "
        f"trained on {data}, sha256 {model.sha256}"
    )
    return {"coding": [coding], "text": text}


def _kind(bundle: Bundle, prognosis: Prognosis) -> str:
    """Return what the model of a prognosis is; trees without weight say nothing."""
    model = bundle.model(f"{prognosis.endpoint}_{prognosis.prediction_time}")
    if model.trees is None or model.blend.w_trees == 0:
        return "logistic regression, calibrated"
    if model.blend.w_linear == 0:
        return "boosted trees, calibrated"
    return "logistic regression and boosted trees, blended and calibrated"


def _prediction(prognosis: Prognosis, bundle: Bundle, day: date) -> dict[str, Any]:
    endpoint = bundle.model(f"{prognosis.endpoint}_{prognosis.prediction_time}").endpoint
    found: dict[str, Any] = {
        "outcome": {
            "coding": [{"system": ENDPOINT, "code": prognosis.endpoint, "display": endpoint.label}],
            "text": endpoint.label,
        },
        "probabilityDecimal": 100 * prognosis.risk,
        "extension": [{"url": RISK, "valueQuantity": _percent(prognosis.risk)}],
        "rationale": _rationale(prognosis),
    }
    if prognosis.horizon_days is not None:
        end = day + timedelta(days=prognosis.horizon_days)
        found["whenPeriod"] = {"start": day.isoformat(), "end": end.isoformat()}
    if prognosis.instability_interval is not None:
        low, high = (_percent(limit) for limit in prognosis.instability_interval)
        found["extension"].append({"url": INTERVAL, "valueRange": {"low": low, "high": high}})
    return found


def _percent(share: float) -> dict[str, Any]:
    return {"value": 100 * share, **_PERCENT}


def of_100(risk: float) -> str:
    """Return of how many of 100 patients a risk is."""
    return f"{100 * risk:.0f}"


def _rationale(prognosis: Prognosis) -> str:
    text = f"{100 * prognosis.risk:.0f} of 100 patients like this: {prognosis.definition}."
    if prognosis.instability_interval is not None:
        words = prognosis.interval_in_words(of_100).rstrip(".")
        text += f" Of 100, {words}. {NO_CONFIDENCE}"
    return f"{text} Prediction time: {prognosis.prediction_time}."
