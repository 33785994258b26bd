"""Dated endpoints judged as what they are: times to an event, with death competing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.validation.survival_performance import survival_performance
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.workflows.refitting import Work

# Concordance over time compares every event with everybody: beyond so many a sample will do.
MOST = 20_000


def is_dated(cohort: Cohort) -> bool:
    """Return whether the outcome has a date, and so a time to it."""
    return not cohort.outcome.assessed_kind and cohort.endpoint.horizon_days is not None


def time_to_event(
    cohort: Cohort, risk: FloatArray, *, seed: int = 0, most: int = MOST
) -> pd.DataFrame:
    """Return the figures of a dated endpoint at its horizon.

    Censoring is undone by its Kaplan-Meier estimate within these patients, without covariates: a
    second way beside the outcome weights of the main figures.

    Parameters
    ----------
    cohort : Cohort
        Episodes of a dated endpoint.
    risk : ndarray of float, shape (n,)
        Risks by the horizon.
    seed : int
        Seed of the bootstrap, and of the sample where there are more than ``most`` episodes.
    most : int
        Episodes above which whole patients are drawn at random.

    Returns
    -------
    pandas.DataFrame
        What `vfprog.validation.survival_performance.survival_performance` returns, behind
        horizon_days and drawn_from, the number of episodes there are.
    """
    rng = np.random.default_rng(seed)
    rows = _sample(cohort, most, rng)
    outcome, horizon = cohort.outcome, float(cohort.endpoint.horizon_days or 0)
    table = survival_performance(
        outcome.time[rows], outcome.status[rows], risk[rows], horizon=horizon,
        groups=cohort.patient_id[rows], random_state=rng,
    )  # fmt: skip
    names = {"horizon_days": int(horizon), "drawn_from": cohort.n}
    return pd.concat([pd.DataFrame(names, index=table.index), table], axis=1)


def time_to_event_table(work: Work) -> pd.DataFrame:
    """Return the figures of all dated endpoints of a training, on cross-validated risks.

    Parameters
    ----------
    work : Work
        Cohorts, models and folds. Of several repeats of the cross-validation the first is judged.

    Returns
    -------
    pandas.DataFrame
        model, endpoint, prediction_time, then the columns of `time_to_event`; empty where no
        endpoint is dated.
    """
    tables = []
    for name, fitted in work.fitted.items():
        cohort = work.cohorts[fitted.model.endpoint.name]
        if not is_dated(cohort):
            continue
        risk = work.risks[name]["model"][0]
        tables.append(labelled(time_to_event(cohort, risk), fitted.model))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _sample(cohort: Cohort, most: int, rng: np.random.Generator) -> IntArray:
    if cohort.n <= most:
        return np.arange(cohort.n)
    patients, first = np.unique(cohort.patient_id.astype(str), return_inverse=True)
    drawn = rng.permutation(len(patients))
    kept = np.cumsum(np.bincount(first)[drawn]) <= most
    return np.flatnonzero(np.isin(first, drawn[kept]))
