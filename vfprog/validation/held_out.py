"""Whom a refit is judged on and whom it learns from: folds, sites left out, a later period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.splits import patient_folds, site_groups, split_periods, without_patients

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.data.splits import Periods
    from vfprog.features.arrays import IntArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.validation.resampling import Refit

HELD_OUT = ("fold", "site", "period")
"""Kinds of refits that are judged on participants they did not see."""


def split_of(refit: Refit, cohort: Cohort, settings: TrainingSettings) -> tuple[IntArray, IntArray]:
    """Return which episodes a refit is judged on, and which it learns from.

    Parameters
    ----------
    refit : Refit
        A fold, site or period.
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Folds, groups of sites, and when the later period starts.

    Returns
    -------
    held_out, others : ndarray of int
        Positions; no patient is in both.
    """
    if refit.kind == "site":
        left_out = site_groups(cohort.site_id, most=settings.most_sites) == refit.fold
        return np.flatnonzero(left_out), without_patients(cohort.patient_id, left_out)
    if refit.kind == "period":
        periods = periods_of(cohort, settings)
        return periods.later, periods.earlier
    fold = patient_folds(
        cohort.patient_id, cohort.outcome.event, n_folds=settings.outer_folds, seed=refit.seed
    )
    return np.flatnonzero(fold == refit.fold), np.flatnonzero(fold != refit.fold)


def periods_of(cohort: Cohort, settings: TrainingSettings) -> Periods:
    """Return the earlier and the later period of a cohort.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        When the later period starts.

    Returns
    -------
    Periods
        The periods.
    """
    start = settings.temporal_from
    return split_periods(
        cohort.index_date, cohort.patient_id, share=settings.temporal_share,
        start=None if start is None else np.datetime64(start),
    )  # fmt: skip


def sites_to_leave_out(cohort: Cohort, settings: TrainingSettings) -> list[int]:
    """Return the groups of sites that are left out in turn.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Whether sites are left out, and the most groups they are dealt out to.

    Returns
    -------
    list of int
        The groups; none where there is only one.
    """
    groups = np.unique(site_groups(cohort.site_id, most=settings.most_sites))
    told: list[int] = groups[groups >= 0].tolist()
    return told if settings.internal_external and len(told) > 1 else []
