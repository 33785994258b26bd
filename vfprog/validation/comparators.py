"""Simple rules a model must beat, learned and judged on the same folds as the model itself.

What a comparator learns (a prevalence, coefficients, an intercept, what replaces a missing value)
is learned from the other folds, with their own outcome weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from joblib import Parallel, delayed
from scipy.special import expit, logit
from threadpoolctl import threadpool_limits

from vfprog.errors import TrainingError
from vfprog.models.linear import LinearLearner
from vfprog.models.procedure import cohort_weights
from vfprog.models.workers import worker_processes
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation._logistic import fit_logistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.features.feature import Feature
    from vfprog.models.settings import TrainingSettings
    from vfprog.schema.dictionary import Dictionary

Kind = Literal["prevalence", "single", "logistic", "score", "published"]
UNPENALISED = 1e6
"""C of the ridge: the maximum likelihood fit where there is one, and finite where there is none."""
_FAR = 30.0  # log-odds beyond which a risk is 0 or 1 in the arithmetic of a computer


@dataclass(frozen=True)
class Comparator:
    """What is compared with a model, and the inputs it needs for n episodes.

    Parameters
    ----------
    name : str
        Stable name.
    label : str
        Words for people.
    kind : {"prevalence", "single", "logistic", "score", "published"}
        How it becomes a risk: the prevalence of the other folds; a logistic regression on one
        predictor, on all, or on the score; or a published linear predictor with a new intercept.
    made_for : str
        What it was made for.
    columns : ndarray of float, shape (n, k)
        Its inputs; NaN where missing.
    continuous : ndarray of bool, shape (k,)
        Inputs that have splines.
    coefficients : tuple of float
        Published coefficients of the inputs.
    ranking : ndarray of float, shape (n,), optional
        What a score ranks by, itself.
    reason : str
        Why it cannot be computed here; empty if it can.
    note : str
        What of it is not recorded here.
    """

    name: str
    label: str
    kind: Kind
    made_for: str
    columns: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    continuous: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    coefficients: tuple[float, ...] = ()
    ranking: FloatArray | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class ComparatorRisks:
    """Cross-validated risks of one comparator.

    Parameters
    ----------
    comparator : Comparator
        The comparator.
    risk : ndarray of float, shape (repeats, n), or None
        Risks of every episode; None where it could not be learned.
    reason : str
        Why not.
    """

    comparator: Comparator
    risk: FloatArray | None
    reason: str = ""


def prevalence(n: int) -> Comparator:
    """Return the comparator that gives everybody the same risk.

    Parameters
    ----------
    n : int
        Episodes.

    Returns
    -------
    Comparator
        ``prevalence``.
    """
    made_for = "what is known of a patient without looking"
    return Comparator(
        "prevalence", "Prevalence only", "prevalence", made_for, columns=np.zeros((n, 0))
    )


def single_predictors(
    features: Sequence[Feature], X: FloatArray, dictionary: Dictionary
) -> list[Comparator]:
    """Return one comparator per predictor: logistic, splines if continuous, missing indicator.

    Parameters
    ----------
    features : sequence of Feature
        Features of the model.
    X : ndarray of float, shape (n, n_features)
        Their values.
    dictionary : Dictionary
        Gives the words.

    Returns
    -------
    list of Comparator
        ``single_<predictor>`` for each predictor with a feature of its own.
    """
    places: dict[str, list[int]] = {}
    for place, feature in enumerate(features):
        if len(feature.parents) == 1:
            places.setdefault(feature.parents[0], []).append(place)
    return [
        Comparator(
            f"single_{name}", f"{dictionary[name].label} alone", "single", "one predictor alone",
            columns=X[:, where],
            continuous=np.array([features[place].kind == "continuous" for place in where]),
        )
        for name, where in places.items()
    ]  # fmt: skip


def unpenalised_logistic(features: Sequence[Feature], X: FloatArray) -> Comparator:
    """Return the comparator of all features in a plain logistic regression, no splines.

    Parameters
    ----------
    features : sequence of Feature
        Features of the model.
    X : ndarray of float, shape (n, n_features)
        Their values.

    Returns
    -------
    Comparator
        ``unpenalised_logistic``.
    """
    return Comparator(
        "unpenalised_logistic", "Logistic regression without penalty", "logistic",
        "what is usually fitted: all predictors, linear, without shrinkage",
        columns=X, continuous=np.zeros(len(features), dtype=bool),
    )  # fmt: skip


def cross_validated_risks(
    comparators: Sequence[Comparator],
    cohort: Cohort,
    settings: TrainingSettings,
    held_out: Sequence[tuple[int, IntArray]],
    *,
    n_jobs: int = 1,
) -> list[ComparatorRisks]:
    """Learn every comparator without each fold, and return its risks of all episodes.

    Parameters
    ----------
    comparators : sequence of Comparator
        Comparators with inputs of the whole cohort.
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Settings of the outcome weights.
    held_out : sequence of (int, ndarray of int)
        Repeat, and positions of the episodes left out, of each fold of the model.
    n_jobs : int
        Worker processes of one thread each.

    Returns
    -------
    list of ComparatorRisks
        In the order of `comparators`.
    """
    able = [c for c in comparators if not c.reason]
    calls = [delayed(_fold)(able, cohort, settings, rows) for _, rows in held_out]
    if n_jobs == 1:
        folds = [function(*args, **kwargs) for function, args, kwargs in calls]
    else:
        with worker_processes():
            folds = Parallel(n_jobs=n_jobs)(calls)
    repeats = 1 + max((repeat for repeat, _ in held_out), default=0)
    found = {}
    for comparator in able:
        risk = np.full((repeats, cohort.n), np.nan)
        failures = [
            fold[comparator.name] for fold in folds if isinstance(fold[comparator.name], str)
        ]
        for (repeat, rows), fold in zip(held_out, folds, strict=True):
            if not failures:
                risk[repeat, rows] = fold[comparator.name]
        failed = f"not learned in a fold: {failures[0]}" if failures else ""
        found[comparator.name] = ComparatorRisks(comparator, None if failures else risk, failed)
    return [found.get(c.name, ComparatorRisks(c, None, c.reason)) for c in comparators]


def _fold(
    comparators: Sequence[Comparator], cohort: Cohort, settings: TrainingSettings, rows: IntArray
) -> dict[str, FloatArray | str]:
    """Return the risks of the episodes left out by comparator, or why there are none."""
    others = np.delete(np.arange(cohort.n), rows)
    rest = cohort.take(others)
    weight = cohort_weights(rest, settings)
    known = weight > 0
    y = rest.outcome.event[known].astype(np.float64)
    found: dict[str, FloatArray | str] = {}
    with threadpool_limits(1):
        for comparator in comparators:
            X = comparator.columns
            try:
                margin = learn(comparator, X[others][known], y, weight[known], X[rows])
            except (TrainingError, UndefinedFigureError) as error:
                found[comparator.name] = str(error)
            else:
                found[comparator.name] = expit(np.clip(margin, -_FAR, _FAR))
    return found


def learn(
    comparator: Comparator, X: FloatArray, y: FloatArray, weight: FloatArray, X_new: FloatArray
) -> FloatArray:
    """Learn a comparator on some episodes and return the log-odds of others.

    Parameters
    ----------
    comparator : Comparator
        What to learn; its own inputs are not used.
    X : ndarray of float, shape (n, k)
        Inputs to learn from.
    y, weight : ndarray of float, shape (n,)
        Their outcomes and weights.
    X_new : ndarray of float, shape (m, k)
        Inputs to score.

    Returns
    -------
    ndarray of float, shape (m,)
        Log-odds.

    Raises
    ------
    TrainingError
        No input varies.
    UndefinedFigureError
        There is one outcome class only.
    """
    if comparator.kind == "prevalence":
        share = float(np.average(y, weights=weight))
        if not 0 < share < 1:
            raise UndefinedFigureError("one outcome class only")
        return np.full(len(X_new), float(logit(share)))
    if comparator.kind == "published":
        return _published(comparator, X, y, weight, X_new)
    if np.ptp(y) == 0:
        raise UndefinedFigureError("one outcome class only")
    learner = LinearLearner(X, y, weight, continuous=comparator.continuous,
                            splines=bool(comparator.continuous.any()))  # fmt: skip
    return np.asarray(learner.path((UNPENALISED,), X_new)[0], dtype=float)


def _published(
    comparator: Comparator, X: FloatArray, y: FloatArray, weight: FloatArray, X_new: FloatArray
) -> FloatArray:
    """Return the published linear predictor with an intercept learned; missing takes the mean."""
    known = ~np.isnan(X)
    share = weight[:, None] * known
    with np.errstate(invalid="ignore"):
        mean = np.sum(share * np.where(known, X, 0.0), axis=0) / share.sum(axis=0)
    if np.isnan(mean).any():
        raise UndefinedFigureError("an input is recorded in nobody")
    coefficients = np.array(comparator.coefficients)
    here, there = (np.where(np.isnan(x), mean, x) @ coefficients for x in (X, X_new))
    ones = np.ones((len(y), 1))
    fit = fit_logistic(ones, y, weight, offset=here, figure="new intercept")
    return np.asarray(there + fit.coef[0], dtype=float)
