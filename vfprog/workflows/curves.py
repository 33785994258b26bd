"""The curves of cross-validated or external risks as long tables: computed once, drawn anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.models.procedure import cohort_weights
from vfprog.records import Table
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.calibration import calibration_curve
from vfprog.validation.distribution import risk_distribution
from vfprog.validation.utility import decision_curve
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray
    from vfprog.workflows.refitting import Work

CURVES = ("risk_distribution", "decision_curve", "calibration_curve")
THRESHOLDS = np.linspace(0.02, 0.9, 45)


def curve_tables(work: Work) -> Iterator[Table]:
    """Yield the curves of every model of a training, on cross-validated risks.

    Parameters
    ----------
    work : Work
        Cohorts, models and cross-validated risks.

    Yields
    ------
    Table
        ``risk_distribution``, ``decision_curve`` and ``calibration_curve``, each behind model,
        endpoint and prediction_time; a model whose curve is undefined has no rows there, and the
        table of performance gives the reason.
    """
    kept: dict[str, list[pd.DataFrame]] = {name: [] for name in CURVES}
    for name, fitted in work.fitted.items():
        cohort = work.cohorts[fitted.model.endpoint.name]
        weight = cohort_weights(cohort, work.settings)
        known = np.flatnonzero(weight > 0)
        risk = work.risks[name]["model"][:, known]
        for table in judged_curves(cohort.take(known), weight[known], risk):
            kept[table.name].append(labelled(table.frame, fitted.model))
    for name, frames in kept.items():
        none = pd.DataFrame({"model": []}, dtype=object)
        yield Table(name, pd.concat(frames, ignore_index=True) if frames else none)


def judged_curves(cohort: Cohort, weight: FloatArray, risk: FloatArray) -> Iterator[Table]:
    """Yield the curves of the risks of one model.

    Parameters
    ----------
    cohort : Cohort
        Episodes with a known outcome.
    weight : ndarray of float, shape (n,)
        Their outcome weights.
    risk : ndarray of float, shape (n,) or (repeats, n)
        Their risks.

    Yields
    ------
    Table
        ``risk_distribution``, ``decision_curve`` and, unless it is undefined,
        ``calibration_curve``.
    """
    y, groups = cohort.outcome.event.astype(float), cohort.patient_id
    yield Table("risk_distribution", risk_distribution(y, risk, sample_weight=weight))
    benefit = decision_curve(y, risk, THRESHOLDS, sample_weight=weight, groups=groups)
    yield Table("decision_curve", _up_to(benefit, float(np.quantile(risk, 0.99))))
    try:
        curve = calibration_curve(y, risk, sample_weight=weight, groups=groups)
    except UndefinedFigureError:
        return  # the table of performance gives the reason
    yield Table("calibration_curve", curve)


def of_model(table: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the rows of one model in a long table of several, numbered from 0."""
    rows: pd.DataFrame = table[table["model"] == model]
    return rows.reset_index(drop=True)


def _up_to(curve: pd.DataFrame, highest: float) -> pd.DataFrame:
    """Cut a decision curve where hardly a risk lies above the threshold."""
    kept: pd.DataFrame = curve[curve["threshold"] <= max(highest, curve["threshold"].min())]
    return kept.reset_index(drop=True)
