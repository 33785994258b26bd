"""Folds and resamples of patients, never of rows: a patient stays on one side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, IntArray

# What stands for the site of an episode whose site is not told.
NO_SITE_TOLD = ("", "unknown")


def patient_folds(
    patient_id: NDArray[Any], event: BoolArray, *, n_folds: int, seed: int
) -> IntArray:
    """Return the fold of each row, grouped by patient and stratified by event.

    Patients are dealt out in turn: those with an event first, within each group those with most
    episodes first, in random order. Folds then differ by at most one patient with an event and
    one without. (scikit-learn's StratifiedGroupKFold does the same a patient at a time, which
    takes minutes for a large registry.)

    Parameters
    ----------
    patient_id : ndarray, shape (n,)
        Patient of each row.
    event : ndarray of bool, shape (n,)
        Outcome of each row.
    n_folds : int
        Number of folds, at least 2.
    seed : int
        Seed of the order.

    Returns
    -------
    ndarray of int, shape (n,)
        Fold numbers from 0.

    Raises
    ------
    TrainingError
        Fewer patients with or without an event than folds.
    """
    if n_folds < 2:
        raise ValueError(f"n_folds must be at least 2, got {n_folds}")
    patient = _patients(patient_id)
    episodes = np.bincount(patient)
    affected = np.bincount(patient, weights=event) > 0
    for has, count in (("an event", affected.sum()), ("no event", (~affected).sum())):
        if count < n_folds:
            raise TrainingError(
                f"{n_folds} folds need {n_folds} patients with {has}, there are {count}"
            )
    shuffled = np.random.default_rng(seed).permutation(len(episodes))
    order = np.lexsort((shuffled, -episodes, ~affected))
    fold = np.empty(len(episodes), dtype=np.intp)
    fold[order] = np.arange(len(order)) % n_folds
    return fold[patient]


def bootstrap_patients(patient_id: NDArray[Any], *, seed: int) -> IntArray:
    """Return how often each row stands in a bootstrap sample of patients.

    Parameters
    ----------
    patient_id : ndarray, shape (n,)
        Patient of each row.
    seed : int
        Seed of the sample.

    Returns
    -------
    ndarray of int, shape (n,)
        Multiplicity, equal for all rows of a patient; over patients it sums to their number.
    """
    patient = _patients(patient_id)
    n = int(patient.max()) + 1
    drawn = np.random.default_rng(seed).integers(n, size=n)
    return np.bincount(drawn, minlength=n).astype(np.intp)[patient]


def site_groups(site_id: NDArray[Any], *, most: int) -> IntArray:
    """Return which group of sites each row belongs to; each is left out in turn.

    Up to `most` sites each is a group of its own. More are dealt out to `most` groups, the largest
    first, each to the group with the fewest rows so far, so that every site is still judged by a
    model that never saw it.

    Parameters
    ----------
    site_id : ndarray of object, shape (n,)
        Site of each row; ``""`` or ``unknown`` where none is told.
    most : int
        Most groups, at least 2.

    Returns
    -------
    ndarray of int, shape (n,)
        Group from 0, that of the largest site first; -1 where no site is told.
    """
    if most < 2:
        raise ValueError(f"most must be at least 2, got {most}")
    told = ~np.isin(site_id, NO_SITE_TOLD)
    group = np.full(len(site_id), -1, dtype=np.intp)
    site, names = pd.factorize(site_id[told], sort=True)
    size = np.bincount(site, minlength=len(names))
    filled = np.zeros(min(most, len(names)), dtype=np.intp)
    of_site = np.empty(len(names), dtype=np.intp)
    for place in np.argsort(-size, kind="stable"):
        of_site[place] = np.argmin(filled)
        filled[of_site[place]] += size[place]
    group[told] = of_site[site]
    return group


def without_patients(patient_id: NDArray[Any], held_out: BoolArray) -> IntArray:
    """Return the rows whose patient has no row that is held out.

    Parameters
    ----------
    patient_id : ndarray, shape (n,)
        Patient of each row.
    held_out : ndarray of bool, shape (n,)
        Rows held out.

    Returns
    -------
    ndarray of int
        Positions of the rows that may be learned from.
    """
    return np.flatnonzero(~np.isin(patient_id, patient_id[held_out]))


@dataclass(frozen=True)
class Periods:
    """An earlier period to learn from and a later one to be judged on.

    Parameters
    ----------
    start : numpy.datetime64
        First day of the later period.
    earlier, later : ndarray of int
        Positions of the rows of each; no patient is in both.
    n_both : int
        Later rows left out because their patient has an earlier one.
    n_undated : int
        Rows left out because they have no date.
    """

    start: np.datetime64
    earlier: IntArray
    later: IntArray
    n_both: int
    n_undated: int


def split_periods(
    index_date: NDArray[np.datetime64],
    patient_id: NDArray[Any],
    *,
    share: float,
    start: np.datetime64 | None = None,
) -> Periods:
    """Split rows by date; a patient with rows in both periods counts in the earlier only.

    Parameters
    ----------
    index_date : ndarray of datetime64, shape (n,)
        Date of each row; rows without one are in neither period.
    patient_id : ndarray, shape (n,)
        Patient of each row.
    share : float
        Share of the dated rows the later period is to hold; of the days on which it may start
        the one that comes nearest is taken. Ignored where `start` is given.
    start : numpy.datetime64, optional
        First day of the later period.

    Returns
    -------
    Periods
        The two periods.

    Raises
    ------
    TrainingError
        No two rows differ in date, or a period is empty.
    """
    dated = ~np.isnat(index_date)
    if start is None:
        start = _start_of_later(index_date[dated], share)
    early = dated & (index_date < start)
    late = dated & (index_date >= start)
    seen = np.isin(patient_id, patient_id[early])
    later = np.flatnonzero(late & ~seen)
    day = np.datetime_as_string(start, unit="D")
    if not early.any():
        raise TrainingError(f"no temporal validation: no participant before {day}")
    if not later.size:
        raise TrainingError(
            f"no temporal validation: no participant whose first episode is from {day} on"
        )
    both, undated = int((late & seen).sum()), int((~dated).sum())
    return Periods(start, np.flatnonzero(early), later, both, undated)


def _start_of_later(dates: NDArray[np.datetime64], share: float) -> np.datetime64:
    days, count = np.unique(dates, return_counts=True)
    if days.size < 2:
        found = (
            f"all participants are of {days[0].astype('M8[D]')}"
            if days.size
            else "no date is recorded"
        )
        raise TrainingError(f"no temporal validation: {found}")
    later = 1 - np.cumsum(count)[:-1] / count.sum()  # share from the next day on
    return np.datetime64(days[1:][np.argmin(np.abs(later - share))])


def _patients(patient_id: NDArray[Any]) -> IntArray:
    """Return a number per patient that does not depend on the order of the rows."""
    if len(patient_id) == 0:
        raise TrainingError("no patients to split")
    return np.asarray(pd.factorize(patient_id, sort=True)[0], dtype=np.intp)
