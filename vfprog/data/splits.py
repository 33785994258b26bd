"""Folds and resamples of patients, never of rows: a patient stays on one side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, IntArray


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


def _patients(patient_id: NDArray[Any]) -> IntArray:
    """Return a number per patient that does not depend on the order of the rows."""
    if len(patient_id) == 0:
        raise TrainingError("no patients to split")
    return np.asarray(pd.factorize(patient_id, sort=True)[0], dtype=np.intp)
