"""Both learners, their blend and the calibrator, from the rows of one resample.

Penalty, rounds, blend and calibrator are learned from out-of-fold margins; both learners are then
refitted on all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.data.splits import patient_folds
from vfprog.features.design import derive_features, feature_matrix
from vfprog.models.blanking import with_blanked_copies
from vfprog.models.blend import OutOfFold, fit_blend
from vfprog.models.boosting import fit_trees, path_margins
from vfprog.models.linear import LinearLearner

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.features.feature import Feature
    from vfprog.models.boosting import FittedTrees
    from vfprog.models.settings import TrainingSettings
    from vfprog.scoring.linear import LinearPart
    from vfprog.scoring.model import Blend


@dataclass(frozen=True)
class Rows:
    """Participants with a known outcome, followed by their blanked copies.

    Parameters
    ----------
    X : ndarray of float, shape (n, n_features)
        Feature matrix; NaN where missing.
    y, weight : ndarray of float, shape (n,)
        Outcome, and weight; the rows of one participant share that participant's weight.
    fold, patient : ndarray of int, shape (n,)
        Inner fold and patient of each row.
    n_recorded : int
        Rows as recorded; the copies follow them.
    """

    X: FloatArray
    y: FloatArray
    weight: FloatArray
    fold: IntArray
    patient: IntArray
    n_recorded: int

    @cached_property
    def tree_fill(self) -> FloatArray:
        """The median of features never missing as recorded, NaN for the others."""
        # A blank input the trees never met in development would take an arbitrary branch.
        recorded = self.X[: self.n_recorded]
        fill = np.full(recorded.shape[1], np.nan)
        complete = ~np.isnan(recorded).any(axis=0)
        fill[complete] = np.median(recorded[:, complete], axis=0)
        return fill

    @cached_property
    def seen_by_trees(self) -> FloatArray:
        """The feature matrix as the trees see it."""
        return np.where(np.isnan(self.X), self.tree_fill, self.X)


@dataclass(frozen=True)
class LearningPlan:
    """How to learn.

    Parameters
    ----------
    continuous : ndarray of bool, shape (n_features,)
        Features that may have splines.
    simple : bool
        Too few participants for splines and trees; the variance of each coefficient is learned.
    penalties, rounds : tuple
        What to choose from.
    tree_options : dict
        Options of the trees, monotone directions among them.
    may_be_flat : bool
        Whether the prevalence is an answer where nothing can be learned.
    """

    continuous: BoolArray
    simple: bool
    penalties: tuple[float, ...]
    rounds: tuple[int, ...]
    tree_options: dict[str, Any]
    may_be_flat: bool = False

    @classmethod
    def of(
        cls,
        features: tuple[Feature, ...],
        settings: TrainingSettings,
        family: str,
        *,
        simple: bool,
        seed: int,
        n_jobs: int,
        may_be_flat: bool = False,
    ) -> LearningPlan:
        """Return the plan for a set of features.

        Parameters
        ----------
        features : tuple of Feature
            Columns of the feature matrix.
        settings : TrainingSettings
            Settings of the procedure.
        family : str
            Endpoint whose directions of effect hold.
        simple : bool
            Too few participants for splines and trees.
        seed : int
            Seed of the trees' sampling.
        n_jobs : int
            Threads of XGBoost.
        may_be_flat : bool
            Whether the prevalence is an answer where nothing can be learned.

        Returns
        -------
        LearningPlan
            The plan.
        """
        monotone = [dict(feature.monotone).get(family, 0) for feature in features]
        options = {"monotone": monotone, "seed": seed % 2**31, "n_jobs": n_jobs}
        return cls(
            np.array([feature.kind == "continuous" for feature in features]),
            simple,
            settings.penalties,
            settings.rounds,
            settings.trees.model_dump() | options,
            may_be_flat,
        )


@dataclass(frozen=True)
class Learned:
    """Fitted learners, blend and calibrator.

    Parameters
    ----------
    blend : Blend
        Weights and calibrator.
    linear : LinearPart
        The linear learner.
    trees : FittedTrees or None
        The trees; None where left out.
    choices : dict
        What was chosen: penalty, rounds, weights.
    """

    blend: Blend
    linear: LinearPart
    trees: FittedTrees | None
    choices: dict[str, Any]


def build_rows(
    cohort: Cohort,
    y: FloatArray,
    weight: FloatArray,
    features: tuple[Feature, ...],
    settings: TrainingSettings,
    rng: np.random.Generator,
) -> Rows:
    """Return participants and blanked copies as one design; copies share their patient's fold.

    Parameters
    ----------
    cohort : Cohort
        Participants with a known outcome.
    y, weight : ndarray of float, shape (n,)
        Their outcomes and weights.
    features : tuple of Feature
        Columns wanted.
    settings : TrainingSettings
        Gives folds, copies and the largest share of blanks.
    rng : numpy.random.Generator
        Source of folds and blanks.

    Returns
    -------
    Rows
        ``(1 + copies) * n`` rows.
    """
    fold = patient_folds(
        cohort.patient_id, cohort.outcome.event, n_folds=settings.inner_folds,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    parents = sorted({parent for feature in features for parent in feature.parents})
    arrays = with_blanked_copies(
        cohort.arrays, parents, copies=settings.copies, max_blank=settings.max_blank, rng=rng
    )
    X = feature_matrix(features, derive_features(arrays, cohort.dictionary), arrays.n)
    patient = np.unique(cohort.patient_id, return_inverse=True)[1]
    repeat = settings.copies + 1
    return Rows(
        X, np.tile(y, repeat), np.tile(weight / repeat, repeat), np.tile(fold, repeat),
        np.tile(patient, repeat), len(y),
    )  # fmt: skip


def learn(rows: Rows, plan: LearningPlan) -> Learned:
    """Choose in the inner folds, then fit on all rows.

    Parameters
    ----------
    rows : Rows
        Rows of one resample.
    plan : LearningPlan
        How to learn.

    Returns
    -------
    Learned
        Learners, blend and calibrator.
    """
    linear_path, tree_path = _out_of_fold(rows, plan)
    judged = OutOfFold(rows.y, rows.weight, rows.patient)
    best = _least_loss(linear_path, judged)
    most = None if tree_path is None else _least_loss(tree_path, judged)
    trees_margin = None if tree_path is None or most is None else tree_path[most]
    blend = fit_blend(linear_path[best], trees_margin, judged, may_be_flat=plan.may_be_flat)
    n_rounds = plan.rounds[most] if most is not None and blend.w_trees > 0 else 0
    choices = {"penalty_c": plan.penalties[best], **vars(blend), "rounds": n_rounds}
    trees = None
    if n_rounds:
        trees = fit_trees(
            rows.seen_by_trees, rows.y, n_rounds=n_rounds, sample_weight=rows.weight,
            **plan.tree_options,
        )  # fmt: skip
    return Learned(blend, _fit_linear(rows, plan, plan.penalties[best]), trees, choices)


def _out_of_fold(rows: Rows, plan: LearningPlan) -> tuple[FloatArray, FloatArray | None]:
    """Return the margins of every row along both paths, from fits that never saw its patient."""
    linear = np.empty((len(plan.penalties), len(rows.y)))
    trees = None if plan.simple else np.empty((len(plan.rounds), len(rows.y)))
    for fold in np.unique(rows.fold):
        out = rows.fold == fold
        learner = LinearLearner(
            rows.X[~out], rows.y[~out], rows.weight[~out], continuous=plan.continuous,
            splines=not plan.simple, adaptive=plan.simple,
        )  # fmt: skip
        linear[:, out] = learner.path(plan.penalties, rows.X[out])
        if trees is not None:
            trees[:, out] = path_margins(
                rows.seen_by_trees[~out], rows.y[~out], rows.seen_by_trees[out], plan.rounds,
                sample_weight=rows.weight[~out], **plan.tree_options,
            )  # fmt: skip
    return linear, trees


def _least_loss(path: FloatArray, judged: OutOfFold) -> int:
    return int(np.argmin([judged.mean_loss(margin) for margin in path]))


def _fit_linear(rows: Rows, plan: LearningPlan, penalty: float) -> LinearPart:
    learner = LinearLearner(
        rows.X, rows.y, rows.weight, continuous=plan.continuous, splines=not plan.simple,
        adaptive=plan.simple,
    )  # fmt: skip
    recorded = slice(0, rows.n_recorded)
    return learner.fit(penalty, reference=rows.X[recorded], weight=rows.weight[recorded])
