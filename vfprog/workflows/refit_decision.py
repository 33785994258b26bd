"""Whether a model is fitted anew on a new registry: enough participants, and a lower loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from vfprog.data.participants import count_participants, participant_of
from vfprog.errors import TrainingError
from vfprog.features.design import usable_features
from vfprog.models.blend import OutOfFold
from vfprog.models.procedure import available_predictors, cohort_weights
from vfprog.models.sample_size import riley_sample_size
from vfprog.validation.collecting import collect_folds, fold_of
from vfprog.validation.resampling import plan_folds, run_refits
from vfprog.workflows.judging import listed
from vfprog.workflows.updating import FOLD_SEED

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.scoring.model import PrognosticModel
    from vfprog.workflows.updating import ModelUpdate

_GAIN = ("a refit predicts no better", "paired cross-validated log loss")


def consider_refit(
    update: ModelUpdate,
    model: PrognosticModel,
    settings: TrainingSettings,
    *,
    seed: int,
    n_jobs: int,
) -> None:
    """Decide whether to fit the model anew; the decision and its reasons go into the update.

    Only where the new registry records every predictor of the model, where Riley's sample size is
    met there, counting them and what else it could learn from, and where the whole procedure,
    cross-validated there, has a loss lower than that of the recalibrated model by more than one
    standard error of the paired difference.

    Parameters
    ----------
    update : ModelUpdate
        What closed testing decided; receives the comparison.
    model : PrognosticModel
        The model.
    settings : TrainingSettings
        Settings of the procedure.
    seed : int
        Seed of folds and fits.
    n_jobs : int
        Worker processes.
    """
    decision, reason = _enough(update, model, settings)
    update.add(
        "enough participants for a refit", "Riley's criteria", decision=decision, reason=reason
    )
    if decision != "met":
        if decision == "refused" and not update.level_only:
            update.remarks.append(f"no refit: {reason}")
        return
    try:
        refitted, fold = _refit_log_odds(update.cohort, model, settings, seed, n_jobs)
    except TrainingError as error:
        update.add(*_GAIN, decision="not refitted", reason=str(error))
        return
    weight = cohort_weights(update.cohort, settings)
    known = np.flatnonzero(weight > 0)
    patient = np.unique(update.cohort.patient_id[known].astype(str), return_inverse=True)[1]
    judged = OutOfFold(update.cohort.outcome.event[known].astype(float), weight[known], patient)
    gain, spread = judged.gain(update.updated[known], refitted[known])
    better = gain > spread
    update.add(
        *_GAIN, statistic=gain / spread if spread > 0 else np.nan,
        decision="refitted" if better else "not refitted",
        reason=f"loss lower by {gain:.5f}, standard error {spread:.5f}",
    )  # fmt: skip
    if better:
        update.change, update.updated, update.fold = "refit", refitted, fold


def _enough(
    update: ModelUpdate, model: PrognosticModel, settings: TrainingSettings
) -> tuple[str, str]:
    """Return whether there are participants enough, and why; a poorer registry needs no fewer."""
    cohort = update.cohort
    weight = cohort_weights(cohort, settings)
    known = np.flatnonzero(weight > 0)
    y = cohort.outcome.event[known].astype(float)
    names = available_predictors(cohort.take(known).arrays, settings.min_observed)
    features = usable_features(cohort.dictionary, model.prediction_time, names)
    here = {parent for feature in features for parent in feature.parents}
    lost = sorted(model.parents - here)
    if lost:
        return "refused", (
            f"{len(lost)} of {len(model.parents)} predictors of the model are not recorded here, "
            f"too seldom, or the same for everybody: {listed(lost)}"
        )
    if update.level_only:
        return "refused", update.level_only
    count = len(model.parents | here)
    needed = riley_sample_size(count, float(np.average(y, weights=weight[known]))).needed
    n = count_participants(participant_of(cohort.take(known)), y).patients
    said = f"{n} participants, {needed} needed with {count} predictors"
    return ("met" if n >= needed else "not met"), said


def _refit_log_odds(
    cohort: Cohort, model: PrognosticModel, settings: TrainingSettings, seed: int, n_jobs: int
) -> tuple[FloatArray, IntArray]:
    once = settings.model_copy(update={"outer_repeats": 1})
    key = (model.endpoint.name, model.prediction_time)
    folds = plan_folds(*key, once, seed=seed + FOLD_SEED)
    results = list(run_refits(folds, {key[0]: cohort}, once, n_jobs=n_jobs))
    risk = collect_folds(results, cohort.n, repeats=1)["model"][0]
    return np.asarray(logit(risk), dtype=float), fold_of(results, cohort.n, repeats=1)[0]
