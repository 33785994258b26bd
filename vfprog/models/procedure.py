"""The whole procedure, from a cohort to a calibrated model; resamples repeat all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.data.participants import count_participants, kish_size, participant_of
from vfprog.data.weights import covariate_matrix, outcome_weights
from vfprog.errors import TrainingError
from vfprog.features.design import guard, usable_features
from vfprog.models.learning import LearningPlan, build_rows, learn
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


def fit_procedure(
    cohort: Cohort,
    prediction_time: PredictionTime,
    settings: TrainingSettings,
    *,
    seed: int,
    features: tuple[Feature, ...] | None = None,
    n_jobs: int = 1,
    may_be_flat: bool = False,
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
    may_be_flat : bool
        Whether a sample from which nothing can be learned gets the prevalence as everybody's
        risk, as a refit does, or is refused, as a model that is to be used must be.

    Returns
    -------
    FittedProcedure
        Model, booster, choices and notes.

    Raises
    ------
    TrainingError
        One class, too few events, no usable predictor, or predictors that say nothing.
    """
    rng = np.random.default_rng(seed)
    sample = admit(cohort, prediction_time, settings, features=features)
    cohort, weight, features, notes = sample.cohort, sample.weight, sample.features, sample.notes
    y = cohort.outcome.event.astype(np.float64)
    parents = sorted({parent for feature in features for parent in feature.parents})
    guard(parents, cohort.dictionary, prediction_time)
    needed = riley_sample_size(len(parents), float(np.average(y, weights=weight))).needed
    size = count_participants(participant_of(cohort), y)
    simple = settings.simplify and size.patients < needed
    if size.patients < needed:
        consequence = "splines become linear and the trees are left out"
        notes.append(
            f"{size.patients} participants, Riley's criteria ask for {needed} with {len(parents)} "
            f"predictors: {consequence if simple else 'the settings keep splines and trees'}"
        )
    rows = build_rows(cohort, y, weight, features, settings, rng)
    plan = LearningPlan.of(
        features, settings, cohort.endpoint.family, simple=simple, seed=seed, n_jobs=n_jobs,
        may_be_flat=may_be_flat,
    )  # fmt: skip
    learned = learn(rows, plan)
    model = PrognosticModel(
        cohort.endpoint, prediction_time, features, learned.blend, learned.linear,
        learned.trees.arrays if learned.trees else None, rows.tree_fill,
    )  # fmt: skip
    choices = {**learned.choices, "n": size.patients, "n_events": size.events,
               "riley_needed": needed, "n_predictors": len(parents)}  # fmt: skip
    booster = learned.trees.model_json if learned.trees else None
    return FittedProcedure(model, booster, choices, tuple(notes))


@dataclass(frozen=True)
class Admitted:
    """What a model may be fitted to.

    Parameters
    ----------
    cohort : Cohort
        Participants with a known outcome.
    weight : ndarray of float, shape (n,)
        Their outcome weights.
    features : tuple of Feature
        Features that are usable.
    notes : list of str
        Warnings.
    """

    cohort: Cohort
    weight: FloatArray
    features: tuple[Feature, ...]
    notes: list[str]


def admit(
    cohort: Cohort,
    prediction_time: PredictionTime,
    settings: TrainingSettings,
    *,
    features: tuple[Feature, ...] | None = None,
) -> Admitted:
    """Refuse a cohort that no model can be fitted to honestly; nothing is fitted.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    settings : TrainingSettings
        Limits.
    features : tuple of Feature, optional
        Features to use; default all that are usable.

    Returns
    -------
    Admitted
        Participants, weights and features.

    Raises
    ------
    TrainingError
        One class, too few events, or no usable predictor.
    """
    weight = cohort_weights(cohort, settings)
    n, known = cohort.n, np.flatnonzero(weight > 0)
    cohort, weight = cohort.take(known), weight[known]
    notes = check_classes(cohort.outcome.event.astype(np.float64), cohort, settings)
    notes += lost_outcomes(weight, n, participant_of(cohort))
    if features is None:
        names = available_predictors(cohort.arrays, settings.min_observed)
        features = usable_features(cohort.dictionary, prediction_time, names)
    if not features:
        raise TrainingError(f"{cohort.endpoint.name}: no usable predictor at {prediction_time}")
    return Admitted(cohort, weight, features, notes)


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
        cohort.endpoint.horizon_days or 0,  # coded outcomes, weighted without it
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
        Participants, for the endpoint's name and the sites; patients are counted, not rows.
    settings : TrainingSettings
        Limits.

    Returns
    -------
    list of str
        Warnings.
    """
    size, name = count_participants(participant_of(cohort), y), cohort.endpoint.name
    if size.fewest == 0:
        kind = "no event" if size.events == 0 else "nothing but events"
        known = f"{size.patients} participants with a known outcome"
        raise TrainingError(f"{name}: {kind} among {known}")
    said = f"{size.events} events and {size.others} non-events"
    if len(y) > size.patients:
        said += f" (patients of {len(y)} rows)"
    if size.fewest < settings.min_class:
        raise TrainingError(
            f"{name}: {said}; fewer than {settings.min_class} of either cannot support a model"
        )
    notes = []
    if size.fewest < settings.warn_class:
        notes.append(f"only {said}: expect unstable risks")
    if len(np.unique(cohort.site_id)) == 1:
        notes.append("one site only: how the model travels to other sites cannot be judged")
    return notes


def lost_outcomes(weight: FloatArray, n: int, participant: IntArray) -> list[str]:
    """Return a warning where more than half of the outcomes are unknown.

    Parameters
    ----------
    weight : ndarray of float, shape (n_known,)
        Weights of the episodes with a known outcome.
    n : int
        All episodes.
    participant : ndarray of int, shape (n_known,)
        The participant of each; the effective sample size counts these.

    Returns
    -------
    list of str
        The warning with the effective sample size (Kish 1965), or nothing.
    """
    if len(weight) > n / 2:
        return []
    effective = kish_size(weight, participant)
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
