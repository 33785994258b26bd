"""Single against multiple imputation: the logistic learner cross-validated with either.

Both arms share folds, weights, penalties and the rule for splines; they differ in what happens to
a missing value. Single: the development median and an indicator, as in the models shown. Multiple:
m imputations by chained equations, learned from the development folds alone, with the outcome for
their own rows and without it for the rows left out. Copies with blanks, trees and the calibrator
have no part here: the comparison is about imputation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from vfprog.data.participants import count_participants, participant_of
from vfprog.data.splits import patient_folds
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features, feature_matrix, usable_features
from vfprog.models.blend import OutOfFold
from vfprog.models.imputation import impute
from vfprog.models.linear import LinearLearner
from vfprog.models.procedure import available_predictors, check_classes, cohort_weights
from vfprog.models.sample_size import riley_sample_size
from vfprog.models.workers import worker_processes
from vfprog.scoring.model import expit
from vfprog.validation.performance import performance
from vfprog.validation.rubin import pool_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.schema.dictionary import PredictionTime

SINGLE = "single imputation"
MULTIPLE = "multiple imputation"
AVERAGED = "multiple imputation, averaged"
_HOW = {
    SINGLE: "median and indicator, logistic alone",
    MULTIPLE: "risks of each imputation, figures pooled by Rubin's rules",
    AVERAGED: "one risk per patient: mean log-odds over the imputations",
}


@dataclass(frozen=True)
class ImputedFold:
    """Log-odds of the episodes one fold left out, under both ways to impute.

    Parameters
    ----------
    rows : ndarray of int, shape (k,)
        Episodes left out.
    single : ndarray of float, shape (k,)
        Log-odds after single imputation.
    multiple : ndarray of float, shape (m, k)
        Log-odds in each imputation: those of its completed rows, averaged over the m models.
    """

    rows: IntArray
    single: FloatArray
    multiple: FloatArray


@dataclass(frozen=True)
class _Learnt:
    """Development rows of a fold, and how to learn from them."""

    X: FloatArray
    y: FloatArray
    weight: FloatArray
    fold: IntArray
    patient: IntArray
    continuous: BoolArray
    simple: bool
    penalties: tuple[float, ...]

    def learner(self, X: FloatArray, rows: BoolArray | slice = slice(None)) -> LinearLearner:
        return LinearLearner(
            X[rows], self.y[rows], self.weight[rows], continuous=self.continuous,
            splines=not self.simple, adaptive=self.simple,
        )  # fmt: skip

    def penalty(self, X: FloatArray, X_out: FloatArray) -> float:
        """Return the penalty with the least loss in the inner folds, whose rows are X_out.

        Rows imputed with their own outcome would make every fit look better than it is.
        """
        path = np.empty((len(self.penalties), len(self.y)))
        for inner in np.unique(self.fold):
            out = self.fold == inner
            path[:, out] = self.learner(X, ~out).path(self.penalties, X_out[out])
        judged = OutOfFold(self.y, self.weight, self.patient)
        return self.penalties[int(np.argmin([judged.mean_loss(margin) for margin in path]))]


def run_imputed_folds(
    cohort: Cohort,
    held_out: Sequence[IntArray],
    prediction_time: PredictionTime,
    settings: TrainingSettings,
    *,
    seed: int,
    n_jobs: int = 1,
) -> Iterator[ImputedFold]:
    """Cross-validate the logistic learner with single and with multiple imputation.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    held_out : sequence of ndarray of int
        Episodes each fold leaves out, such as those of the headline; whole patients.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    settings : TrainingSettings
        Gives inner folds, penalties, outcome weights and the number of imputations.
    seed : int
        Seed of inner folds and draws.
    n_jobs : int
        Worker processes of one thread each.

    Yields
    ------
    ImputedFold
        One per fold, in no particular order.

    Raises
    ------
    TrainingError
        A fold has one class, too few events, or no usable predictor.
    """
    calls = (
        delayed(run_imputed_fold)(cohort, rows, prediction_time, settings, seed=seed + 100 * place)
        for place, rows in enumerate(held_out)
    )
    if n_jobs == 1:
        yield from (function(*args, **kwargs) for function, args, kwargs in calls)
        return
    with worker_processes():
        yield from Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)


def run_imputed_fold(
    cohort: Cohort,
    held_out: IntArray,
    prediction_time: PredictionTime,
    settings: TrainingSettings,
    *,
    seed: int,
) -> ImputedFold:
    """Learn from all other episodes with either way to impute, and score those left out.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    held_out : ndarray of int, shape (k,)
        Episodes left out; whole patients.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    settings : TrainingSettings
        Settings of the procedure.
    seed : int
        Seed of inner folds and draws.

    Returns
    -------
    ImputedFold
        Log-odds of the episodes left out.
    """
    others = cohort.take(np.setdiff1d(np.arange(cohort.n), held_out))
    with threadpool_limits(1):
        learnt, X_eval = _learnt(others, cohort.take(held_out), prediction_time, settings, seed)
        penalty = learnt.penalty(learnt.X, learnt.X)
        single = _margin(learnt.learner(learnt.X), penalty, X_eval)
        completed = impute(
            learnt.X, learnt.y, X_eval, n_imputations=settings.imputations, random_state=seed
        )
        penalty = learnt.penalty(completed.development[0], completed.blind[0])
        learners = [learnt.learner(X) for X in completed.development]
        multiple = np.array([
            np.mean([_margin(one, penalty, X) for one in learners], axis=0)
            for X in completed.evaluation
        ])  # fmt: skip
    return ImputedFold(held_out, single, multiple)


def compare_imputations(
    cohort: Cohort, folds: list[ImputedFold], settings: TrainingSettings, *, seed: int = 0
) -> pd.DataFrame:
    """Return the performance of both ways to impute, side by side.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    folds : list of ImputedFold
        All folds of one cross-validation.
    settings : TrainingSettings
        Gives the outcome weights.
    seed : int
        Seed of the bootstrap behind some intervals.

    Returns
    -------
    pandas.DataFrame
        imputation, how, then the columns of `vfprog.validation.performance.performance` and
        missing_information. ``multiple imputation`` holds figures pooled by Rubin's rules, each on
        its scale; ``multiple imputation, averaged`` those of the one risk a patient would get,
        whose limits know nothing of the variation between imputations.
    """
    weight = cohort_weights(cohort, settings)
    known = weight > 0
    single = np.empty(cohort.n)
    multiple = np.empty((folds[0].multiple.shape[0], cohort.n))
    place = np.empty(cohort.n, dtype=int)
    for number, fold in enumerate(folds):
        single[fold.rows], multiple[:, fold.rows] = fold.single, fold.multiple
        place[fold.rows] = number

    def figures(log_odds: FloatArray) -> pd.DataFrame:
        return performance(
            cohort.outcome.event[known].astype(float), expit(log_odds[known]),
            sample_weight=weight[known], groups=cohort.patient_id[known], folds=place[known],
            random_state=seed,
        )  # fmt: skip

    patients = len(np.unique(cohort.patient_id[known].astype(str)))
    tables = {
        SINGLE: figures(single),
        MULTIPLE: pool_tables([figures(one) for one in multiple], complete_df=patients - 2),
        AVERAGED: figures(multiple.mean(axis=0)),
    }
    for name, table in tables.items():
        table.insert(0, "imputation", name)
        table.insert(1, "how", _HOW[name])
    together = pd.concat(tables.values(), ignore_index=True)
    return together.astype({"missing_information": np.float64})


def _learnt(
    others: Cohort,
    left_out: Cohort,
    prediction_time: PredictionTime,
    settings: TrainingSettings,
    seed: int,
) -> tuple[_Learnt, FloatArray]:
    weight = cohort_weights(others, settings)
    known = np.flatnonzero(weight > 0)
    others, weight = others.take(known), weight[known]
    y = others.outcome.event.astype(np.float64)
    check_classes(y, others, settings)
    names = available_predictors(others.arrays, settings.min_observed)
    features = usable_features(others.dictionary, prediction_time, names)
    parents = {parent for feature in features for parent in feature.parents}
    if not features:
        raise TrainingError(f"{others.endpoint.name}: no usable predictor at {prediction_time}")
    needed = riley_sample_size(len(parents), float(np.average(y, weights=weight))).needed
    X, X_eval = (
        feature_matrix(features, derive_features(part.arrays, part.dictionary), part.n)
        for part in (others, left_out)
    )
    inner = patient_folds(
        others.patient_id, others.outcome.event, n_folds=settings.inner_folds, seed=seed
    )
    patient = np.unique(others.patient_id.astype(str), return_inverse=True)[1]
    continuous = np.array([feature.kind == "continuous" for feature in features])
    size = count_participants(participant_of(others), y)
    simple = settings.simplify and size.patients < needed
    plan = (continuous, simple, settings.penalties)
    return _Learnt(X, y, weight, inner, patient, *plan), X_eval


def _margin(learner: LinearLearner, penalty: float, X: FloatArray) -> FloatArray:
    return np.asarray(learner.path([penalty], X)[0], dtype=float)
