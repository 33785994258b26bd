"""From resources to the answer: a RiskAssessment, or every issue at the element it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.errors import InputError
from vfprog.scoring.predict import predict
from vfprog.serving.fhir.assessment import risk_assessment
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.serving.fhir.outcome import Issue, ResourceError, operation_outcome
from vfprog.serving.fhir.patient import read_patient
from vfprog.serving.fhir.resources import entries_of
from vfprog.serving.problems import field_of

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from vfprog.errors import Failure
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import Prediction
    from vfprog.serving.fhir.patient import Reading

NO_FRACTURE = (
    "No resource says that a vertebra is fractured at this day: the models are of patients in whom "
    "one is."
)
UNTIMED = (
    "No resource says when a vertebroplasty was: values are taken as measured before any, and pain "
    "may be of after one."
)


def evaluated(
    bundle: Bundle, content: Any, day: date, *, codes: str | Path = "fhir"
) -> tuple[int, dict[str, Any]]:
    """Return status and resource that answer a Bundle of resources.

    Parameters
    ----------
    bundle : Bundle
        The model bundle.
    content : object
        What was sent, as JSON.
    day : datetime.date
        Day of the prediction.
    codes : str or pathlib.Path
        Codes and units: name or path of a configuration.

    Returns
    -------
    status : int
        200, or 422.
    resource : dict
        RiskAssessment, or OperationOutcome with every issue.
    """
    try:
        reading = read_patient(entries_of(content), bundle.dictionary, load_mapping(codes), day)
    except ResourceError as error:
        return 422, operation_outcome(error.issues)
    try:
        prediction = predict_read(bundle, reading)
    except ResourceError as error:
        return 422, operation_outcome(error.issues)
    return 200, risk_assessment(
        prediction, bundle, day=day, subject=reading.subject, basis=reading.basis,
        notes=(*reading.notes, *reading.unused, *_without_fracture(reading),
               *untimed(reading, bundle)),
    )  # fmt: skip


def _without_fracture(reading: Reading) -> list[str]:
    return [] if reading.fractured or reading.patient.get("vertebrae") else [NO_FRACTURE]


def untimed(reading: Reading, bundle: Bundle) -> tuple[str, ...]:
    """Return what to say where nobody knows whether values are from before the procedure.

    Parameters
    ----------
    reading : Reading
        The patient.
    bundle : Bundle
        The model bundle; one of other patients than those of vertebroplasty asks for no procedure.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    return () if reading.timed or not bundle.about_vertebroplasty else (UNTIMED,)


def predict_read(bundle: Bundle, reading: Reading) -> Prediction:
    """Return the prediction of a patient read from resources.

    Parameters
    ----------
    bundle : Bundle
        The model bundle.
    reading : Reading
        The patient.

    Returns
    -------
    Prediction
        The prediction.

    Raises
    ------
    ResourceError
        Every issue of the reading, and every value that breaks a rule, at its element.
    """
    issues = list(reading.issues)
    try:
        prediction: Prediction = predict(bundle, reading.patient)
    except InputError as error:
        # That nothing is given is a fault of its own only where nothing was refused before.
        issues += [_issue(f, reading) for f in error.failures if f.rule != "empty" or not issues]
    if issues:
        raise ResourceError(issues)
    return prediction


def _issue(failure: Failure, reading: Reading) -> Issue:
    """Return a failure of a value as an issue at the element the value came from."""
    field = field_of(failure)
    return Issue("value", f"{field}: {failure.message}", reading.places.get(field, "Bundle"))
