"""Whether a registry would be refused by a training, told before one is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.data.participants import count_participants, participant_of
from vfprog.errors import TrainingError
from vfprog.models.procedure import admit
from vfprog.models.settings import load_settings
from vfprog.validation.held_out import split_of
from vfprog.validation.resampling import plan_folds
from vfprog.workflows.refitting import FOLD_SEED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.models.settings import TrainingSettings
    from vfprog.schema.dictionary import PredictionTime

# With more of the rarer outcome than so many times the least, no fold is left with too few.
_AMPLE = 4


def refusals(
    cohorts: Mapping[str, Cohort],
    times: Sequence[PredictionTime],
    settings: TrainingSettings | None = None,
    *,
    seed: int = 1,
) -> dict[str, str]:
    """Return the models a training with these settings would refuse; nothing is fitted.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        Cohort of each endpoint.
    times : sequence of {"preprocedure", "postprocedure"}
        Prediction times.
    settings : TrainingSettings, optional
        Settings; default those of ``configs/training.yaml``.
    seed : int
        Seed of the training, which decides its folds.

    Returns
    -------
    dict of str to str
        Each model with the reason, empty where it would be accepted.
    """
    settings = settings or load_settings()
    return {
        f"{name}_{time}": _refusal(cohort, time, settings, seed)
        for name, cohort in cohorts.items()
        for time in times
    }


def _refusal(cohort: Cohort, time: PredictionTime, settings: TrainingSettings, seed: int) -> str:
    try:
        whole = admit(cohort, time, settings).cohort
        size = count_participants(participant_of(whole), whole.outcome.event)
        if size.fewest > _AMPLE * settings.min_class:
            return ""
        for fold in plan_folds(cohort.endpoint.name, time, settings, seed=seed + FOLD_SEED):
            others = split_of(fold, cohort, settings)[1]
            admit(cohort.take(others), time, settings)
    except TrainingError as error:
        return str(error)
    return ""
