"""One simulated study of a plan: a model trained, judged and cross-validated, or one test made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from vfprog.errors import TrainingError
from vfprog.features.design import derive_features
from vfprog.models.procedure import cohort_weights, fit_procedure
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.calibration import calibration_slope
from vfprog.validation.collecting import collect_folds, fold_of
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.resampling import plan_folds, run_refits
from vfprog.validation.wald import joint_wald_test
from vfprog.workflows.simulated_cohorts import FULLY_FOLLOWED, Judged, simulated_cohorts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.features.arrays import FloatArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.records import Metric
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.schema.endpoints import Endpoint

ALIGNMENT = ("sva_mm", "pi_ll_mismatch_deg", "thoracic_kyphosis_deg", "regional_kyphosis_deg")
# What the test of alignment is adjusted for: a short list, so that small studies can afford it.
# The place of the fracture belongs to it: regional kyphosis tells the place, and the place bears on
# the outcome itself.
ADJUSTED_FOR = (
    "age_years", "sex=male", "vas_baseline", "log_fracture_age", "inpatient", "t_score",
    "n_prevalent_fractures", "glucocorticoids", "height_loss_pct_max", "thoracolumbar_any",
    "mean_level",
)  # fmt: skip
Question = Literal["prognosis", "benefit"]
# Fresh patients come from several registries: the sites of one have a chance of their own.
_FRESH_REGISTRIES, _FRESH_SEED = 5, 910_000


@dataclass(frozen=True)
class Study:
    """One simulated study.

    Parameters
    ----------
    participants : int
        Participants of its registry.
    seed : int
        Seed of the registry and of all that is drawn on it.
    endpoint : Endpoint
        The endpoint.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    settings : TrainingSettings
        Settings of the procedure.
    world : tuple of (str, float)
        Parameters of the simulator that were changed.
    fresh : int
        Participants of the registries on which a model is judged.
    """

    participants: int
    seed: int
    endpoint: Endpoint
    prediction_time: PredictionTime
    settings: TrainingSettings
    world: tuple[tuple[str, float], ...]
    fresh: int


def model_study(study: Study) -> dict[str, Any]:
    """Train and cross-validate on one simulated registry, and judge the model on fresh patients.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        participants, seed, n, n_events, riley_met, c_statistic and calibration_slope on fresh
        patients, the cross-validated c-statistic and the widths of both intervals; or ``failure``.
    """
    row: dict[str, Any] = {"participants": study.participants, "seed": study.seed, "failure": ""}
    try:
        with threadpool_limits(1):
            return row | _trained(study)
    except (TrainingError, UndefinedFigureError) as error:
        return row | {"failure": str(error)}


def _trained(study: Study) -> dict[str, Any]:
    name, time, settings = study.endpoint.name, study.prediction_time, study.settings
    cohort = _registry(study, study.endpoint).cohort
    fitted = fit_procedure(cohort, time, settings, seed=study.seed)
    folds = list(run_refits(plan_folds(name, time, settings, seed=study.seed), {name: cohort},
                            settings))  # fmt: skip
    risk = collect_folds(folds, cohort.n, repeats=settings.outer_repeats)["model"]
    weight = cohort_weights(cohort, settings)
    known = weight > 0
    y = cohort.outcome.event[known].astype(float)
    more: dict[str, Any] = {"sample_weight": weight[known], "groups": cohort.patient_id[known]}
    fold = fold_of(folds, cohort.n, repeats=settings.outer_repeats)[:, known]
    c_cv = c_statistic(y, risk[:, known], folds=fold, **more)
    slope_cv = calibration_slope(y, risk[:, known], **more)
    return {
        "n": fitted.choices["n"],
        "n_events": fitted.choices["n_events"],
        "riley_met": fitted.choices["n"] >= fitted.choices["riley_needed"],
        "c_cross_validated": c_cv.estimate,
        "c_interval_width": _width(c_cv),
        "slope_interval_width": _width(slope_cv),
    } | _on_fresh(study, fitted.model)


def _on_fresh(study: Study, model: Any) -> dict[str, float]:
    parts = _fresh(study.fresh, study.endpoint, study.world)
    risks, outcomes = [], []
    for cohort in (part.cohort for part in parts):
        derived = derive_features(cohort.arrays, cohort.dictionary)
        known = cohort.outcome.observed
        risks.append(model.risk(model.matrix(derived, cohort.n))[known])
        outcomes.append(cohort.outcome.event[known].astype(float))
    y, risk = np.concatenate(outcomes), np.concatenate(risks)
    return {
        "c_statistic": c_statistic(y, risk).estimate,
        "calibration_slope": calibration_slope(y, risk).estimate,
    }


def alignment_p_value(study: Study, question: Question) -> dict[str, Any]:
    """Test the effect of alignment on one simulated registry.

    Parameters
    ----------
    study : Study
        The study; its world holds the effect, or none.
    question : {"prognosis", "benefit"}
        Whether alignment predicts the outcome of those treated, or how much vertebroplasty
        changes it (its interaction with treatment among all).

    Returns
    -------
    dict
        participants, seed, question, n and p_value; or ``failure``.
    """
    row: dict[str, Any] = {"participants": study.participants, "seed": study.seed}
    row |= {"question": question, "failure": ""}
    everybody: dict[str, Any] = {"population": ()}
    endpoint = study.endpoint.model_copy(update=everybody if question == "benefit" else {})
    judged = _registry(study, endpoint)
    cohort = judged.cohort
    weight = cohort_weights(cohort, study.settings)
    derived = derive_features(cohort.arrays, cohort.dictionary)
    aligned = np.column_stack([derived[name] for name in ALIGNMENT])
    kept = (weight > 0) & ~np.isnan(aligned).any(axis=1)
    others = np.column_stack([_filled(derived[name]) for name in ADJUSTED_FOR])
    z = (aligned[kept] - aligned[kept].mean(axis=0)) / aligned[kept].std(axis=0)
    fixed, tested = others[kept], z
    if question == "benefit":
        arm = judged.vertebroplasty[kept].astype(float)[:, None]
        fixed, tested = np.column_stack([fixed, z, arm]), z * arm
    y = cohort.outcome.event[kept].astype(float)
    try:
        test = joint_wald_test(
            fixed[:, fixed.std(axis=0) > 0], tested, y,
            sample_weight=weight[kept], groups=cohort.patient_id[kept],
        )  # fmt: skip
    except UndefinedFigureError as error:
        return row | {"failure": str(error)}
    return row | {"n": int(kept.sum()), "p_value": test.p_value}


def _registry(study: Study, endpoint: Endpoint) -> Judged:
    found = simulated_cohorts(
        study.participants, [endpoint], seed=study.seed, overrides=dict(study.world)
    )
    return found[endpoint.name]


@cache
def _fresh(n: int, endpoint: Endpoint, world: tuple[tuple[str, float], ...]) -> Sequence[Judged]:
    """Return fully followed patients of several registries, once per worker process."""
    share = -(-n // _FRESH_REGISTRIES)
    overrides = dict(world) | FULLY_FOLLOWED
    return [
        simulated_cohorts(share, [endpoint], seed=_FRESH_SEED + i, overrides=overrides)[
            endpoint.name
        ]
        for i in range(_FRESH_REGISTRIES)
    ]


def _filled(column: FloatArray) -> FloatArray:
    missing = np.isnan(column)
    return np.where(missing, np.median(column[~missing]) if not missing.all() else 0.0, column)


def _width(metric: Metric) -> float:
    if metric.lower is None or metric.upper is None:
        return float("nan")
    return metric.upper - metric.lower
