"""Refits of the whole procedure: cross-validation folds and bootstrap members, in parallel.

Everything learned sits inside each refit: outcome weights, imputation, penalty, rounds, blend
and calibrator. Patients never straddle folds, in the outer split or in a bootstrap sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from vfprog.data.splits import bootstrap_patients
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features
from vfprog.models.procedure import FittedProcedure, fit_procedure
from vfprog.models.workers import worker_processes
from vfprog.scoring.model import expit
from vfprog.scoring.trees import margin
from vfprog.validation.held_out import HELD_OUT, split_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.features.feature import Feature
    from vfprog.models.settings import TrainingSettings
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.scoring.model import PrognosticModel


OPTIMISM_LEARNERS = ("model", "logistic")


@dataclass(frozen=True)
class Refit:
    """One refit of one model.

    Parameters
    ----------
    endpoint : str
        Endpoint; names the cohort.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    kind : {"development", "fold", "resample", "site", "period"}
        All participants, all but one fold, a bootstrap sample of patients, all but one site (or
        group of sites), or those of the earlier period.
    seed : int
        Seed of the split or sample and of the fit.
    fold : int
        Fold, or group of sites, left out.
    repeat : int
        Repeat of the cross-validation.
    """

    endpoint: str
    prediction_time: PredictionTime
    kind: Literal["development", "fold", "resample", "site", "period"]
    seed: int
    fold: int = 0
    repeat: int = 0

    @property
    def model(self) -> str:
        """Name of the model it refits."""
        return f"{self.endpoint}_{self.prediction_time}"


@dataclass(frozen=True)
class RefitResult:
    """What one refit gave.

    Parameters
    ----------
    refit : Refit
        What was asked.
    fitted : FittedProcedure or None
        The fitted model of a development fit or resample.
    rows : ndarray of int
        Episodes left out, for a fold, site or period.
    times : ndarray of int, shape (n,)
        How often each episode stands in the sample, for a resample.
    risk : dict of str to ndarray of float
        Risks of the episodes left out by a fold: ``model`` as shown, and those of each learner
        alone, not recalibrated. Of a resample, those of all episodes, as float32, without trees.
    failure : str
        Why a refit failed; empty if it did not.
    flat : bool
        Whether it learned nothing and gives everybody the prevalence of its sample.
    """

    refit: Refit
    fitted: FittedProcedure | None = None
    rows: IntArray | None = None
    times: IntArray | None = None
    risk: dict[str, NDArray[Any]] = field(default_factory=dict)
    failure: str = ""
    flat: bool = False


def plan_folds(
    endpoint: str, prediction_time: PredictionTime, settings: TrainingSettings, *, seed: int
) -> list[Refit]:
    """Return the refits of a repeated cross-validation of the whole procedure.

    Parameters
    ----------
    endpoint : str
        Endpoint.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    settings : TrainingSettings
        Gives folds and repeats.
    seed : int
        Seed of the first repeat; repeat r uses ``seed + r``.

    Returns
    -------
    list of Refit
        One per fold and repeat.
    """
    return [
        Refit(endpoint, prediction_time, "fold", seed + repeat, fold, repeat)
        for repeat in range(settings.outer_repeats)
        for fold in range(settings.outer_folds)
    ]


def plan_resamples(
    endpoint: str, prediction_time: PredictionTime, n_resamples: int, *, seed: int
) -> list[Refit]:
    """Return the refits on bootstrap samples of patients.

    Parameters
    ----------
    endpoint : str
        Endpoint.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    n_resamples : int
        Number of samples.
    seed : int
        Seed of the first; sample i uses ``seed + i``.

    Returns
    -------
    list of Refit
        One per sample.
    """
    return [Refit(endpoint, prediction_time, "resample", seed + i) for i in range(n_resamples)]


def run_refits(
    refits: Sequence[Refit],
    cohorts: Mapping[str, Cohort],
    settings: TrainingSettings,
    *,
    features: Mapping[str, tuple[Feature, ...]] | None = None,
    n_jobs: int = 1,
) -> Iterator[RefitResult]:
    """Run refits, yielding each result as it is ready.

    Parameters
    ----------
    refits : sequence of Refit
        What to run.
    cohorts : mapping of str to Cohort
        Cohort of each endpoint.
    settings : TrainingSettings
        Settings of the procedure.
    features : mapping of str to tuple of Feature, optional
        Features of each model, so that resamples share those of the model they are members of.
    n_jobs : int
        Worker processes of one thread each; 1 runs here.

    Yields
    ------
    RefitResult
        Results in no particular order; a refit that cannot be fitted carries its reason.
    """
    features = features or {}
    calls = (
        delayed(run_refit)(refit, cohorts[refit.endpoint], settings, features.get(refit.model))
        for refit in refits
    )
    if n_jobs == 1:
        yield from (function(*args, **kwargs) for function, args, kwargs in calls)
        return
    with worker_processes():
        yield from Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)


def run_refit(
    refit: Refit,
    cohort: Cohort,
    settings: TrainingSettings,
    features: tuple[Feature, ...] | None = None,
) -> RefitResult:
    """Run one refit.

    Parameters
    ----------
    refit : Refit
        What to run.
    cohort : Cohort
        Participants of its endpoint.
    settings : TrainingSettings
        Settings of the procedure.
    features : tuple of Feature, optional
        Features to use; default all that are usable.

    Returns
    -------
    RefitResult
        The result; `TrainingError` becomes its ``failure``.
    """
    try:
        if refit.kind in HELD_OUT:
            return _run_held_out(refit, cohort, settings)
        if refit.kind == "resample":
            return _run_resample(refit, cohort, settings, features)
        return RefitResult(refit, _fit(refit, cohort, settings, features))
    except TrainingError as error:
        return RefitResult(refit, failure=str(error))


def _fit(
    refit: Refit,
    cohort: Cohort,
    settings: TrainingSettings,
    features: tuple[Feature, ...] | None = None,
) -> FittedProcedure:
    with threadpool_limits(1):  # several threads make these small fits slower
        return fit_procedure(
            cohort, refit.prediction_time, settings, seed=refit.seed, features=features,
            may_be_flat=refit.kind != "development",
        )  # fmt: skip


def _run_resample(
    refit: Refit,
    cohort: Cohort,
    settings: TrainingSettings,
    features: tuple[Feature, ...] | None,
) -> RefitResult:
    times = bootstrap_patients(cohort.patient_id, seed=refit.seed)
    sample = cohort.take(np.repeat(np.arange(cohort.n), times))
    fitted = replace(_fit(refit, sample, settings, features), booster=None)  # never used in bulk
    risk = learner_risks(fitted.model, cohort)
    kept = {name: _compact(risk[name]) for name in OPTIMISM_LEARNERS}
    return RefitResult(
        refit, fitted, times=times.astype(np.uint16), risk=kept, flat=_is_flat(fitted)
    )


def _is_flat(fitted: FittedProcedure) -> bool:
    return fitted.model.blend.b == 0


def _compact(risk: FloatArray) -> NDArray[np.float32]:
    """Return risks in half the memory: there are as many times n of them as resamples."""
    edge = 1e-7  # nearer to 1 a float32 is 1
    return np.clip(risk, edge, 1 - edge).astype(np.float32)


def _run_held_out(refit: Refit, cohort: Cohort, settings: TrainingSettings) -> RefitResult:
    held_out, others = split_of(refit, cohort, settings)
    if others.size == 0:
        raise TrainingError("nobody is left to learn from")
    fitted = _fit(refit, cohort.take(others), settings)
    risk = learner_risks(fitted.model, cohort.take(held_out))
    return RefitResult(refit, rows=held_out, risk=risk, flat=_is_flat(fitted))


def learner_risks(model: PrognosticModel, cohort: Cohort) -> dict[str, FloatArray]:
    """Return the risks of a model and of each of its learners alone.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    cohort : Cohort
        Episodes.

    Returns
    -------
    dict of str to ndarray of float, shape (n,)
        ``model`` (blended and calibrated), ``logistic`` and, where the model has them, ``trees``.
    """
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
    risks = {"model": model.risk(X), "logistic": expit(model.linear.margin(X))}
    if model.trees is not None:
        risks["trees"] = expit(margin(model.trees, model.filled(X)))
    return risks
