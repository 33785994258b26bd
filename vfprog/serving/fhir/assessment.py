"""A prediction as a FHIR R4 RiskAssessment: one prediction per endpoint, at full precision.

``probabilityDecimal`` is the risk between 0 and 1, as in the examples of the specification; its
text says the same as of 100 patients, so that nobody reads 0.62 as 0.62 %.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import ModelIdentity, Prediction, Prognosis

ENDPOINT = "urn:vfprog:endpoint"
MODEL = "urn:vfprog:model"
INTERVAL = "urn:vfprog:instability-interval"
SIMULATED = (
    "SIMULATED: the model was trained on simulated data. It says nothing about any patient and "
    "must not inform care."
)
PURPOSE = "A prognosis, never a recommendation: it does not say whether to treat."
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
    today = day or datetime.now(UTC).date()
    warnings = [w.message if w.predictor is None else f"{w.predictor}: {w.message}"
                for w in prediction.warnings if w.code != "trained_on_simulated"]  # fmt: skip
    marks = [SIMULATED] if bundle.simulated else []
    resource: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "contained": [_device(prediction.model)],
        "status": "preliminary" if bundle.simulated else "final",
        "method": _method(prediction.model),
        "subject": {"reference": subject} if subject else {"display": "the patient asked about"},
        "occurrenceDateTime": today.isoformat(),
        "performer": {"reference": "#model"},
        "basis": [{"reference": reference} for reference in basis],
        "prediction": [_prediction(p, bundle, today) for p in prediction.prognoses],
        "note": [{"text": text} for text in (*marks, PURPOSE, *warnings, *notes)],
    }
    if bundle.simulated:
        resource["meta"] = {"security": [_TEST_DATA]}
    return {name: content for name, content in resource.items() if content}


def _device(model: ModelIdentity) -> dict[str, Any]:
    return {
        "resourceType": "Device",
        "id": "model",
        "identifier": [{"system": MODEL, "value": f"sha256:{model.sha256}"}],
        "deviceName": [{"name": model.name, "type": "model-name"}],
        "version": [{"value": model.version}],
    }


def _method(model: ModelIdentity) -> dict[str, Any]:
    coding = {"system": MODEL, "version": model.version, "code": model.name}
    data = "simulated data" if model.trained_on == "simulated" else "a registry"
    text = (
        f"vfprog: logistic regression and boosted trees, blended and calibrated; model "
        f"{model.name} {model.version}, trained on {data}, sha256 {model.sha256}"
    )
    return {"coding": [coding], "text": text}


def _prediction(prognosis: Prognosis, bundle: Bundle, day: date) -> dict[str, Any]:
    endpoint = bundle.model(f"{prognosis.endpoint}_{prognosis.prediction_time}").endpoint
    found: dict[str, Any] = {
        "outcome": {
            "coding": [{"system": ENDPOINT, "code": prognosis.endpoint, "display": endpoint.label}],
            "text": endpoint.label,
        },
        "probabilityDecimal": prognosis.risk,
        "rationale": _rationale(prognosis),
    }
    if prognosis.horizon_days is not None:
        end = day + timedelta(days=prognosis.horizon_days)
        found["whenPeriod"] = {"start": day.isoformat(), "end": end.isoformat()}
    if prognosis.instability_interval is not None:
        found["extension"] = [{"url": INTERVAL, "valueRange": _range(prognosis)}]
    return found


def _range(prognosis: Prognosis) -> dict[str, Any]:
    low, high = prognosis.instability_interval or (0.0, 1.0)
    one = {"system": "http://unitsofmeasure.org", "code": "1"}
    return {"low": {"value": low, **one}, "high": {"value": high, **one}}


def _rationale(prognosis: Prognosis) -> str:
    text = f"{100 * prognosis.risk:.0f} of 100 patients like this: {prognosis.definition}."
    if prognosis.instability_interval is not None:
        low, high = (f"{limit:.2f}" for limit in prognosis.instability_interval)
        share = f"{100 * prognosis.instability_level:g} %"
        text += f" {prognosis.instability_label.capitalize()} ({share} of refits): {low} to {high}."
    return f"{text} Prediction time: {prognosis.prediction_time}."
