"""The whole procedure, from a cohort to a calibrated model; resamples repeat all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.data.splits import patient_folds
from vfprog.data.weights import covariate_matrix, outcome_weights
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features, feature_matrix, guard, usable_features
from vfprog.models.blanking import with_blanked_copies
from vfprog.models.blend import OutOfFold, fit_blend
from vfprog.models.boosting import fit_trees, path_margins
from vfprog.models.linear import LinearLearner
from vfprog.models.sample_size import riley_sample_size
from vfprog.scoring.model import PrognosticModel

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import EpisodeArrays, FloatArray, IntArray
    from vfprog.features.feature import Feature
    from vfprog.models.settings import TrainingSettings
    from vfprog.schema.dictionary import PredictionTime


@dataclass(frozen=True)
class FittedProcedure:
    """A fitted model and how it came to be.

    Parameters
    ----------
    model : PrognosticModel
        The calibrated model.
    booster : bytes or None
        XGBoost JSON of its trees.
    choices : dict
        What was chosen inside: penalty, rounds, weights, sizes.
    notes : tuple of str
        Warnings a reader of the results must see.
    """

    model: PrognosticModel
    booster: bytes | None
    choices: dict[str, Any]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Rows:
    """Participants with a known outcome and their blanked copies, as one design."""

    X: FloatArray
    y: FloatArray
    weight: FloatArray
    fold: IntArray
    patient: IntArray
    n_original: int


def fit_procedure(
    cohort: Cohort,
    prediction_time: PredictionTime,
    settings: TrainingSettings,
    *,
    seed: int,
    features: tuple[Feature, ...] | None = None,
    n_jobs: int = 1,
) -> FittedProcedure:
    """Fit one endpoint at one prediction time: weights, copies, learners, blend, calibrator.

    Parameters
    ----------
    cohort : Cohort
        Participants; rows of one patient share their folds, repeated rows included.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    settings : TrainingSettings
        Settings of the procedure.
    seed : int
        Seed of folds, blanks and tree sampling.
    features : tuple of Feature, optional
        Features to use, so that refits share those of the model; default all that are usable.
    n_jobs : int
        Threads of XGBoost; 1 inside worker processes.

    Returns
    -------
    FittedProcedure
        Model, booster, choices and notes.

    Raises
    ------
    TrainingError
        One class, too few events, or no usable predictor.
    """
    rng = np.random.default_rng(seed)
    weight = cohort_weights(cohort, settings)
    cohort_n, known = cohort.n, np.flatnonzero(weight > 0)
    cohort, weight = cohort.take(known), weight[known]
    y = cohort.outcome.event.astype(np.float64)
    notes = check_classes(y, cohort, settings)
    notes += lost_outcomes(weight, cohort_n)
    names = available_predictors(cohort.arrays, settings.min_observed)
    if features is None:
        features = usable_features(cohort.dictionary, prediction_time, names)
    if not features:
        raise TrainingError(f"{cohort.endpoint.name}: no usable predictor at {prediction_time}")
    parents = sorted({parent for feature in features for parent in feature.parents})
    guard(parents, cohort.dictionary, prediction_time)
    needed = riley_sample_size(len(parents), float(np.average(y, weights=weight))).needed
    simple = len(y) < needed
    if simple:
        notes.append(
            f"{len(y)} participants, Riley's criteria ask for {needed} with {len(parents)} "
            "predictors: splines become linear and the trees are left out"
        )
    rows = _rows(cohort, y, weight, features, parents, settings, rng)
    tree_fill = _tree_fill(rows)
    learned = _learn(rows, features, settings, tree_fill, simple=simple, seed=seed, n_jobs=n_jobs,
                     family=cohort.endpoint.family)  # fmt: skip
    model = PrognosticModel(
        cohort.endpoint, prediction_time, features, learned["blend"], learned["linear"],
        learned["trees"], tree_fill,
    )  # fmt: skip
    choices = {**learned["choices"], "n": len(y), "n_events": int(y.sum()), "riley_needed": needed,
               "n_predictors": len(parents)}  # fmt: skip
    return FittedProcedure(model, learned["booster"], choices, tuple(notes))


def cohort_weights(cohort: Cohort, settings: TrainingSettings) -> FloatArray:
    """Return the outcome weights of a cohort, 0 where the outcome is not known.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Gives the quantile at which weights are cut.

    Returns
    -------
    ndarray of float, shape (n,)
        Inverse probability of the outcome being known.
    """
    return outcome_weights(
        cohort.outcome,
        cohort.endpoint.horizon_days,
        covariate_matrix(cohort),
        truncate=settings.truncate,
    )


def check_classes(y: FloatArray, cohort: Cohort, settings: TrainingSettings) -> list[str]:
    """Refuse one class or too few events; warn about few events or a single site.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (n,)
        Known outcomes.
    cohort : Cohort
        Participants, for the endpoint's name and the sites.
    settings : TrainingSettings
        Limits.

    Returns
    -------
    list of str
        Warnings.
    """
    events, others = int(y.sum()), int(len(y) - y.sum())
    name, least = cohort.endpoint.name, min(int(y.sum()), int(len(y) - y.sum()))
    if least == 0:
        kind = "no event" if events == 0 else "nothing but events"
        raise TrainingError(f"{name}: {kind} among {len(y)} participants with a known outcome")
    if least < settings.min_class:
        raise TrainingError(
            f"{name}: {events} events and {others} non-events; fewer than {settings.min_class} of "
            "either cannot support a model"
        )
    notes = []
    if least < settings.warn_class:
        notes.append(f"only {events} events and {others} non-events: expect unstable risks")
    if len(np.unique(cohort.site_id)) == 1:
        notes.append("one site only: how the model travels to other sites cannot be judged")
    return notes


def lost_outcomes(weight: FloatArray, n: int) -> list[str]:
    """Return a warning where more than half of the outcomes are unknown.

    Parameters
    ----------
    weight : ndarray of float, shape (n_known,)
        Weights of the participants with a known outcome.
    n : int
        All participants.

    Returns
    -------
    list of str
        The warning with the effective sample size (Kish 1965), or nothing.
    """
    if len(weight) > n / 2:
        return []
    effective = weight.sum() ** 2 / (weight**2).sum()
    return [
        f"the outcome of {len(weight)} of {n} participants is known; weights up to "
        f"{weight.max():.1f} stand for the others (effective sample size {effective:.0f})"
    ]


def available_predictors(arrays: EpisodeArrays, min_observed: int) -> list[str]:
    """Return the predictors known often enough, and not the same for everybody."""
    given = {**arrays.episodes, **arrays.vertebrae}
    kept = []
    for name, values in given.items():
        observed = values[~np.isnan(values)]
        if len(observed) >= min_observed and np.ptp(observed) > 0:
            kept.append(name)
    return kept


def _rows(
    cohort: Cohort,
    y: FloatArray,
    weight: FloatArray,
    features: tuple[Feature, ...],
    parents: list[str],
    settings: TrainingSettings,
    rng: np.random.Generator,
) -> _Rows:
    fold = patient_folds(
        cohort.patient_id, cohort.outcome.event, n_folds=settings.inner_folds,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    copies = settings.copies
    arrays = with_blanked_copies(
        cohort.arrays, parents, copies=copies, max_blank=settings.max_blank, rng=rng
    )
    X = feature_matrix(features, derive_features(arrays, cohort.dictionary), arrays.n)
    patient = np.unique(cohort.patient_id, return_inverse=True)[1]
    repeat = copies + 1
    return _Rows(
        X, np.tile(y, repeat), np.tile(weight / repeat, repeat), np.tile(fold, repeat),
        np.tile(patient, repeat), len(y),
    )  # fmt: skip


def _tree_fill(rows: _Rows) -> FloatArray:
    """Return the median of features never missing as recorded, NaN for the others.

    A blank input the trees never met in development would take an arbitrary branch.
    """
    recorded = rows.X[: rows.n_original]
    fill = np.full(recorded.shape[1], np.nan)
    complete = ~np.isnan(recorded).any(axis=0)
    fill[complete] = np.median(recorded[:, complete], axis=0)
    return fill


def _learn(
    rows: _Rows,
    features: tuple[Feature, ...],
    settings: TrainingSettings,
    tree_fill: FloatArray,
    *,
    simple: bool,
    seed: int,
    n_jobs: int,
    family: str,
) -> dict[str, Any]:
    """Fit both learners in the inner folds, choose, and refit on all rows."""
    continuous = np.array([feature.kind == "continuous" for feature in features])
    seen = np.where(np.isnan(rows.X), tree_fill, rows.X)
    options = {
        **settings.trees.model_dump(),
        "monotone": [dict(feature.monotone).get(family, 0) for feature in features],
        "seed": seed % 2**31,
        "n_jobs": n_jobs,
    }
    linear_path = np.empty((len(settings.penalties), len(rows.y)))
    tree_path = np.empty((len(settings.rounds), len(rows.y)))
    for fold in np.unique(rows.fold):
        out = rows.fold == fold
        learner = LinearLearner(
            rows.X[~out], rows.y[~out], rows.weight[~out], continuous=continuous,
            splines=not simple,
        )  # fmt: skip
        linear_path[:, out] = learner.path(settings.penalties, rows.X[out])
        if not simple:
            tree_path[:, out] = path_margins(
                seen[~out], rows.y[~out], seen[out], settings.rounds,
                sample_weight=rows.weight[~out], **options,
            )  # fmt: skip
    judged = OutOfFold(rows.y, rows.weight, rows.patient)
    best = int(np.argmin([judged.mean_loss(margin) for margin in linear_path]))
    rounds = int(np.argmin([judged.mean_loss(margin) for margin in tree_path])) if not simple else 0
    blend = fit_blend(linear_path[best], None if simple else tree_path[rounds], judged)
    learner = LinearLearner(rows.X, rows.y, rows.weight, continuous=continuous, splines=not simple)
    recorded = slice(0, rows.n_original)
    linear = learner.fit(
        settings.penalties[best], reference=rows.X[recorded], weight=rows.weight[recorded]
    )
    choices: dict[str, Any] = {"penalty_c": settings.penalties[best], **vars(blend), "rounds": 0}
    if blend.w_trees == 0:
        return {
            "blend": blend,
            "linear": linear,
            "trees": None,
            "booster": None,
            "choices": choices,
        }
    fitted = fit_trees(
        seen, rows.y, n_rounds=settings.rounds[rounds], sample_weight=rows.weight, **options
    )
    choices["rounds"] = settings.rounds[rounds]
    return {"blend": blend, "linear": linear, "trees": fitted.arrays,
            "booster": fitted.model_json, "choices": choices}  # fmt: skip
