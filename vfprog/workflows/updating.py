"""What becomes of one model on a new registry: left as it is or recalibrated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.splits import patient_folds
from vfprog.errors import TrainingError
from vfprog.models.procedure import cohort_weights
from vfprog.scoring.model import expit
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.updating import COLUMNS, closed_test
from vfprog.workflows.judging import answered_by, frozen_log_odds, require_enough
from vfprog.workflows.recorded import too_little_recorded

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.members import Members
    from vfprog.scoring.model import PrognosticModel
    from vfprog.validation.updating import ClosedTest

WORDS = {
    "no_change": "no change",
    "new_intercept": "new intercept",
    "new_intercept_and_slope": "new intercept and slope",
    "refit": "refitted",
}
FOLD_SEED = 1000


@dataclass
class ModelUpdate:
    """What closed testing, and perhaps a refit, decided about one model.

    Parameters
    ----------
    name : str
        Name of the model.
    cohort : Cohort
        Episodes of the new registry the model answers for.
    test : ClosedTest
        The closed test on all of them.
    frozen : ndarray of float, shape (n,)
        Log-odds of the model as it was.
    updated : ndarray of float, shape (n,)
        Log-odds by which the change is judged: those of the model as it was where nothing
        changes, otherwise cross-validated, the decision made anew in each fold.
    fold : ndarray of int, shape (n,)
        Fold in which each episode was left out; one for all where nothing changes.
    change : str
        A key of `WORDS`.
    table : pandas.DataFrame
        Every test and comparison, see `vfprog.validation.updating.ClosedTest`.
    level_only : str
        Why no more than the intercept may change here; empty where more may.
    remarks : list of str
        Why less was changed than could have been.
    decided : dict of str to int
        In how many folds each change was decided; empty where nothing changes.
    """

    name: str
    cohort: Cohort
    test: ClosedTest
    frozen: FloatArray
    updated: FloatArray
    fold: IntArray
    change: str
    table: pd.DataFrame
    level_only: str = ""
    remarks: list[str] = field(default_factory=list)
    decided: dict[str, int] = field(default_factory=dict)

    @property
    def recalibrated(self) -> bool:
        """Whether the calibrator changes, and nothing else."""
        return self.change not in {"no_change", "refit"}

    @property
    def folds_differ(self) -> bool:
        """Whether the tests decided otherwise in some fold than for the model as shipped."""
        return self.recalibrated and set(self.decided) != {self.change}

    @property
    def said(self) -> str:
        """The decision in words, with the coefficients of a recalibration."""
        words = WORDS[self.change]
        if not self.recalibrated:
            return words
        return f"{words} ({self.test.intercept:+.3f}, slope {self.test.slope:.3f})"

    def add(self, hypothesis: str, test: str, **known: Any) -> None:
        """Put one more test or comparison under the others; what is not known of it is NaN."""
        step = int(self.table["step"].max()) + 1
        row = {**known, "hypothesis": hypothesis, "test": test, "step": step}
        frame = pd.DataFrame([row]).reindex(columns=list(COLUMNS))
        self.table = pd.concat([self.table, frame.dropna(axis=1, how="all")], ignore_index=True)


def decide(
    bundle: Bundle,
    name: str,
    cohort: Cohort,
    settings: TrainingSettings,
    *,
    alpha: float,
    seed: int,
) -> ModelUpdate:
    """Test how much of a model must change, and judge the change on patients it did not see.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    name : str
        Name of the model.
    cohort : Cohort
        Episodes of its endpoint.
    settings : TrainingSettings
        Settings of the bundle: outcome weights, folds.
    alpha : float
        Level of the tests.
    seed : int
        Seed of the folds.

    Returns
    -------
    ModelUpdate
        The decision.

    Raises
    ------
    TrainingError
        Too few patients, or with or without the event; as `vfprog.workflows.judging` asks for.
    UndefinedFigureError
        The risks are equal, or separate the classes.
    """
    cohort = answered_by(bundle, name, cohort)
    if cohort.n == 0:
        raise TrainingError("no episode with a value from the procedure")
    weight = cohort_weights(cohort, settings)
    known = np.flatnonzero(weight > 0)
    require_enough(bundle, cohort.take(known))
    frozen = frozen_log_odds(bundle, name, cohort)
    limit = too_little_recorded(bundle, name, cohort)
    test = _closed(cohort, frozen, settings, alpha, limit)
    updated, fold = frozen, np.zeros(cohort.n, dtype=np.intp)
    decided: dict[str, int] = {}
    if test.change != "no_change":
        updated, fold, decided = cross_validated(
            cohort, frozen, settings, alpha=alpha, seed=seed + FOLD_SEED, level_only=limit
        )
    why = str(test.table["reason"].iloc[-1])
    remarks = list(dict.fromkeys(reason for reason in (limit, why) if reason))
    done = ModelUpdate(
        name, cohort, test, frozen, updated, fold, test.change, test.table, limit, remarks, decided
    )
    if decided:
        said = ", ".join(f"{WORDS[change]} {count}" for change, count in decided.items())
        agree, folds = decided.get(done.change, 0), sum(decided.values())
        done.add(
            "the folds decide the same", "closed testing in each fold",
            decision=f"{agree} of {folds} folds", reason=f"folds: {said}",
        )  # fmt: skip
    return done


def cross_validated(
    cohort: Cohort,
    log_odds: FloatArray,
    settings: TrainingSettings,
    *,
    alpha: float,
    seed: int,
    level_only: str = "",
) -> tuple[FloatArray, IntArray, dict[str, int]]:
    """Return log-odds changed as the other folds, their weights and their tests decide.

    Parameters
    ----------
    cohort : Cohort
        Episodes.
    log_odds : ndarray of float, shape (n,)
        Log-odds of the frozen model.
    settings : TrainingSettings
        Gives folds and outcome weights.
    alpha : float
        Level of the tests.
    seed : int
        Seed of the folds.
    level_only : str
        Why the slope must not change; empty where it may.

    Returns
    -------
    updated : ndarray of float, shape (n,)
        Updated log-odds; no patient took part in the test behind their own.
    fold : ndarray of int, shape (n,)
        Fold in which each episode was left out.
    decided : dict of str to int
        In how many folds each change was decided, the most frequent first.
    """
    patients = pd.Series(cohort.outcome.event).groupby(cohort.patient_id.astype(str)).any()
    fewest = int(min(patients.sum(), (~patients).sum()))
    fold = patient_folds(
        cohort.patient_id, cohort.outcome.event, n_folds=max(2, min(settings.outer_folds, fewest)),
        seed=seed,
    )  # fmt: skip
    updated, decided = np.empty_like(log_odds), Counter[str]()
    for out in np.unique(fold):
        held, others = np.flatnonzero(fold == out), np.flatnonzero(fold != out)
        try:
            test = _closed(cohort.take(others), log_odds[others], settings, alpha, level_only)
        except UndefinedFigureError as error:
            raise TrainingError(f"cross-validation failed in fold {out + 1}: {error}") from error
        updated[held] = test.apply(log_odds[held])
        decided[test.change] += 1
    return updated, fold, dict(decided.most_common())


def recalibrated(model: PrognosticModel, test: ClosedTest) -> PrognosticModel:
    """Return the model with a new calibrator: ``intercept + slope * (a + b f)``."""
    blend = model.blend
    a, b = test.intercept + test.slope * blend.a, test.slope * blend.b
    return replace(model, blend=replace(blend, a=a, b=b))


def recalibrated_members(members: Members, test: ClosedTest) -> Members:
    """Return the bootstrap members, each recalibrated as the model is."""
    blend = members.blend.copy()
    blend[:, 2] = test.intercept + test.slope * blend[:, 2]
    blend[:, 3] = test.slope * blend[:, 3]
    return replace(members, blend=blend)


def _closed(
    cohort: Cohort,
    log_odds: FloatArray,
    settings: TrainingSettings,
    alpha: float,
    level_only: str,
) -> ClosedTest:
    weight = cohort_weights(cohort, settings)
    known = weight > 0
    return closed_test(
        cohort.outcome.event[known].astype(float), expit(log_odds[known]),
        sample_weight=weight[known], groups=cohort.patient_id[known], alpha=alpha,
        level_only=level_only,
    )  # fmt: skip
