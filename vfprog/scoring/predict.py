"""Predict and explain: the one way from a patient to a prognosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from vfprog.features.design import derive_features
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.choice import (
    PAIN_BASELINE,
    TREATED,
    assignments,
    procedure_not_counted,
    unanswered,
)
from vfprog.scoring.members import INSTABILITY_LEVEL
from vfprog.scoring.panel_build import beside_the_risks, with_panel
from vfprog.scoring.patient import LEVEL, patient_of, read_patients
from vfprog.scoring.prognosis import Contribution, Prediction, Prognosis, Warn
from vfprog.scoring.values import PatientValues

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.errors import Failure
    from vfprog.features.arrays import BoolArray, EpisodeArrays, FloatArray
    from vfprog.scoring.members import Members
    from vfprog.scoring.model import PrognosticModel

_NOT_COUNTED = (
    "nothing given of the procedure counts, for no vertebra is given as cemented: the risks are "
    "those before a procedure"
)
_CODES = {"usual_range": "outside_usual_range"}


@overload
def predict(
    bundle: Bundle | str | Path, patient: Mapping[str, Any], *, panel: bool = True
) -> Prediction: ...
@overload
def predict(
    bundle: Bundle | str | Path, patient: Sequence[Mapping[str, Any]], *, panel: bool = True
) -> list[Prediction]: ...
@overload
def predict(bundle: Bundle | str | Path, patient: Any, *, panel: bool = True) -> Any: ...
def predict(
    bundle: Bundle | str | Path, patient: Any, *, panel: bool = True
) -> Prediction | list[Prediction]:
    """Predict every endpoint of a bundle for one patient or several.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        A loaded bundle, or its folder.
    patient : mapping, sequence of mapping, or pandas.DataFrame
        Predictors by name, with ``vertebrae`` as a list of mappings. An absent key, None and NaN
        mean the same: not known. A table has one row per patient.
    panel : bool
        Whether to say, too, how far each risk may be trusted and what the published evidence
        is; the risks and their explanations are the same without.

    Returns
    -------
    Prediction or list of Prediction
        One for a mapping, a list for several patients, in their order.

    Raises
    ------
    InputError
        Something given is wrong; every failure is listed with field, rule and value.

    Examples
    --------
    >>> import vfprog  # doctest: +SKIP
    >>> prediction = vfprog.predict("bundle", {"age_years": 79})  # doctest: +SKIP
    >>> prediction["response"].risk  # doctest: +SKIP
    0.62
    """
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    if isinstance(patient, Mapping):
        return _predict_all(loaded, [patient], panel=panel)[0]
    if hasattr(patient, "columns") and hasattr(patient, "to_dict"):
        return _predict_all(loaded, patient.to_dict("records"), panel=panel)
    if isinstance(patient, Sequence) and not isinstance(patient, str | bytes):
        return _predict_all(loaded, patient, panel=panel)
    kind = type(patient).__name__
    raise TypeError(f"expected a mapping, a list of mappings or a DataFrame, got {kind}")


def _predict_all(
    bundle: Bundle, records: Sequence[Mapping[str, Any]], *, panel: bool
) -> list[Prediction]:
    if not len(records):
        return []
    patients = read_patients(records, bundle.dictionary)
    arrays = patients.arrays
    derived = derive_features(arrays, bundle.dictionary)
    values = [PatientValues(arrays, row, bundle.dictionary, derived) for row in range(arrays.n)]
    chosen = assignments(bundle, arrays)
    missing = _missing(bundle, chosen, values)
    beside = beside_the_risks(bundle, arrays, missing, chosen) if panel else {}
    prognoses: list[list[Prognosis]] = [[] for _ in range(arrays.n)]
    for name, answering in chosen:
        model, rows = bundle.model(name), np.flatnonzero(answering)
        X = model.matrix(derived, arrays.n)[rows]
        found = _prognoses(model, bundle.members(name), X, [values[r] for r in rows])
        for row, prognosis in zip(rows.tolist(), found, strict=True):
            prognoses[row].append(replace(prognosis, **beside.get((name, row), {})))
    warnings = _warnings(bundle, arrays, patients.warnings)
    unused = _unused(bundle)
    warned = [
        warnings[row] + tuple(w for w in unused if values[row].given(str(w.predictor)))
        for row in range(arrays.n)
    ]
    predictions = [
        Prediction(bundle.identity, tuple(prognoses[row]), missing[row], warned[row],
                   population_note=bundle.population_note)
        for row in range(arrays.n)
    ]  # fmt: skip
    return with_panel(predictions, bundle, arrays, derived) if panel else predictions


def _missing(
    bundle: Bundle, chosen: Sequence[tuple[str, BoolArray]], values: Sequence[PatientValues]
) -> list[tuple[str, ...]]:
    """Return the inputs of the answering models that each patient lacks."""
    used: list[set[str]] = [set() for _ in values]
    for name, answering in chosen:
        for row in np.flatnonzero(answering):
            used[row] |= bundle.model(name).parents
    return [values[row].missing(used[row]) for row in range(len(values))]


def _prognoses(
    model: PrognosticModel, members: Members | None, X: FloatArray, values: list[PatientValues]
) -> list[Prognosis]:
    risks = model.risk(X)
    base, phi = model.feature_contributions(X)
    folded = model.fold(phi)
    return [
        Prognosis(
            model.endpoint.name,
            model.endpoint.definition,
            model.endpoint.horizon_days,
            model.prediction_time,
            float(risks[i]),
            None if members is None else members.instability_interval(X[i]),
            INSTABILITY_LEVEL,
            base,
            _contributions(model, folded[i], values[i]),
        )
        for i in range(len(X))
    ]


def _contributions(
    model: PrognosticModel, folded: FloatArray, values: PatientValues
) -> tuple[Contribution, ...]:
    order = np.argsort(-np.abs(folded), kind="stable")
    lines = model.lines
    return tuple(
        Contribution(lines[i].predictor, lines[i].concept, values[lines[i]], float(folded[i]))
        for i in order
    )


def _unused(bundle: Bundle) -> list[Warn]:
    """Return a warning for each predictor no model learned: who gives it must not think it counts.

    It was constant or never recorded in the registry. A level names its vertebra, used or not.
    """
    known = bundle.counted | {LEVEL}
    text = "was given, but no model of this bundle uses it"
    return [
        Warn("not_used", p.name, text)
        for p in bundle.dictionary.predictors
        if p.role == "predictor" and p.name not in known
    ]


def _warnings(
    bundle: Bundle, arrays: EpisodeArrays, failures: Sequence[Failure]
) -> list[tuple[Warn, ...]]:
    shared = []
    if bundle.simulated:
        text = "the model was trained on simulated data and must not inform care"
        shared.append(Warn("trained_on_simulated", None, text))
    collected = [list(shared) for _ in range(arrays.n)]
    for failure in failures:
        warn = Warn(_CODES.get(failure.rule, failure.rule), failure.column, failure.message)
        collected[patient_of(failure)].append(warn)
    for row in np.flatnonzero(procedure_not_counted(arrays, bundle.dictionary)).tolist():
        collected[row].append(Warn("not_counted", TREATED, _NOT_COUNTED))
    for name, code, rows in unanswered(bundle, arrays):
        for row in np.flatnonzero(rows).tolist():
            collected[row].append(_no_risk(name, code, bundle))
    return [tuple(warns) for warns in collected]


def _no_risk(endpoint: str, code: str, bundle: Bundle) -> Warn:
    if code == "no_model":
        text = f"no risk of {endpoint}: this bundle has a model of it after the procedure only"
        return Warn(code, None, text)
    limit = f"{bundle.rules[endpoint].vas_baseline_at_least:g}"
    text = f"no risk of {endpoint}: it is defined for a baseline pain of at least {limit}"
    return Warn(code, PAIN_BASELINE, text)
