"""Whether there are participants enough: Riley's criteria and events per parameter, per model."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.data.participants import count_participants, kish_size, participant_of
from vfprog.features.design import derive_features
from vfprog.models.procedure import cohort_weights
from vfprog.models.sample_size import max_r2_cox_snell, riley_sample_size
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.scoring.model import PrognosticModel
    from vfprog.workflows.refitting import Work

TARGETS = {
    "shrinkage": "expected shrinkage of 0.9 or more",
    "optimism": "optimism of Nagelkerke's R2 of 0.05 or less",
    "overall_risk": "overall risk to within 0.05",
    "prediction_error": "mean absolute error of the risks of 0.05 or less",
}
_ANTICIPATED = 0.15  # share of the largest R2, where nothing better is known (BMJ 2020;368:m441)
_SPLINE_TERMS = 2


def sample_size_table(work: Work) -> pd.DataFrame:
    """Return what Riley's criteria ask for, beside what there is, for every model.

    Parameters
    ----------
    work : Work
        Cohorts and models.

    Returns
    -------
    pandas.DataFrame
        model, endpoint, prediction_time, counted, n_parameters, criterion, target, needed, n
        (patients), n_effective (of Kish, for their outcome weights), n_events (patients with the
        event), events_per_parameter, r2_cox_snell, met and reason. ``counted`` says what counts
        as a parameter: ``predictors``, by which the procedure decides to be simpler;
        ``candidate_terms``, all columns the penalised regression may use; ``fitted_terms``, those
        of the model. A criterion that is undefined has a reason.
    """
    tables = []
    for fitted in work.fitted.values():
        model = fitted.model
        table = of_model(model, work.cohorts[model.endpoint.name], work.settings)
        tables.append(labelled(table, model))
    return pd.concat(tables, ignore_index=True)


def of_model(model: PrognosticModel, cohort: Cohort, settings: TrainingSettings) -> pd.DataFrame:
    """Return the criteria of one model; see `sample_size_table`.

    Parameters
    ----------
    model : PrognosticModel
        Gives the candidates; their coefficients are not looked at but for ``fitted_terms``.
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Gives the outcome weights.

    Returns
    -------
    pandas.DataFrame
        One row per way of counting and criterion.
    """
    weight = cohort_weights(cohort, settings)
    known = weight > 0
    y = cohort.outcome.event[known].astype(float)
    prevalence = float(np.average(y, weights=weight[known]))
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)[known]
    participant = participant_of(cohort.take(np.flatnonzero(known)))
    size = count_participants(participant, y)
    r2 = _ANTICIPATED * max_r2_cox_snell(prevalence)
    effective = kish_size(weight[known], participant)
    facts = {"n": size.patients, "n_effective": effective, "n_events": size.events,
             "r2_cox_snell": r2}  # fmt: skip
    rows = []
    blanked = settings.copies > 0 and settings.max_blank > 0
    for counted, n_parameters in count_parameters(model, X, blanked=blanked).items():
        needed = asdict(riley_sample_size(n_parameters, prevalence))
        shared = {"counted": counted, "n_parameters": n_parameters, **facts}
        shared["events_per_parameter"] = size.events / n_parameters
        rows += [shared | _criterion(name, needed[name], size.patients) for name in TARGETS]
    first = ["counted", "n_parameters", "criterion", "target", "needed", "n", "n_effective",
             "n_events"]  # fmt: skip
    rest = ["events_per_parameter", "r2_cox_snell", "met", "reason"]
    return pd.DataFrame(rows)[first + rest].astype({"needed": np.float64})


def count_parameters(model: PrognosticModel, X: FloatArray, *, blanked: bool) -> dict[str, int]:
    """Return how many parameters a model has, counted in three ways.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    X : ndarray of float, shape (n, n_features)
        Its feature matrix; a feature with a missing value has an indicator.
    blanked : bool
        Whether copies with blank inputs are fitted, too: then every feature has one.

    Returns
    -------
    dict of str to int
        ``predictors``, ``candidate_terms`` (a value each, two spline terms of what is continuous,
        an indicator where values are missing or blanked) and ``fitted_terms`` (coefficients that
        are not 0).
    """
    continuous = sum(feature.kind == "continuous" for feature in model.features)
    indicators = len(model.features) if blanked else int(np.isnan(X).any(axis=0).sum())
    terms = len(model.features) + _SPLINE_TERMS * continuous + indicators
    fitted = int(np.count_nonzero(model.linear.coef))
    return {
        "predictors": len(model.parents),
        "candidate_terms": terms,
        "fitted_terms": max(fitted, 1),
    }


def _criterion(name: str, needed: int | None, n: int) -> dict[str, object]:
    reason = "" if needed is not None else "its formula holds for up to 30 parameters"
    met = None if needed is None else n >= needed
    return {
        "criterion": name, "target": TARGETS[name], "needed": needed, "met": met, "reason": reason,
    }  # fmt: skip
