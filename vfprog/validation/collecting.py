"""What the folds of a cross-validation say together: every risk, and the fold it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.validation.resampling import RefitResult

_LEARNERS = ("model", "logistic", "trees")


def collect_folds(results: Sequence[RefitResult], n: int, *, repeats: int) -> dict[str, FloatArray]:
    """Put the risks of all folds together.

    Parameters
    ----------
    results : sequence of RefitResult
        Folds of one model.
    n : int
        Episodes of its cohort.
    repeats : int
        Repeats of the cross-validation.

    Returns
    -------
    dict of str to ndarray of float, shape (repeats, n)
        Cross-validated risks of every episode; a learner left out in any fold has none.

    Raises
    ------
    TrainingError
        A fold failed, or an episode was never left out.
    """
    failed = next((result for result in results if result.failure), None)
    if failed is not None:
        fold = f"{failed.refit.model}, fold {failed.refit.fold + 1}"
        raise TrainingError(f"cross-validation failed in {fold}: {failed.failure}")
    shared = [name for name in _LEARNERS if all(name in result.risk for result in results)]
    risks = {name: np.full((repeats, n), np.nan) for name in shared}
    for result in results:
        for name in shared:
            risks[name][result.refit.repeat, result.rows] = result.risk[name]
    if any(np.isnan(risk).any() for risk in risks.values()):
        raise TrainingError("cross-validation left an episode without a risk")
    return risks


def fold_of(results: Sequence[RefitResult], n: int, *, repeats: int) -> IntArray:
    """Return the fold in which each episode was left out.

    Parameters
    ----------
    results : sequence of RefitResult
        Folds of one model.
    n : int
        Episodes of its cohort.
    repeats : int
        Repeats of the cross-validation.

    Returns
    -------
    ndarray of int, shape (repeats, n)
        Number of the fold; -1 of an episode never left out.
    """
    fold = np.full((repeats, n), -1)
    for result in results:
        fold[result.refit.repeat, result.rows] = result.refit.fold
    return fold
