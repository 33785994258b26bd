"""Check the arrays of a validation once, so that the mathematics below reads clean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.errors import VfprogError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vfprog.features.arrays import FloatArray, IntArray


class UndefinedFigureError(VfprogError, ValueError):
    """A performance figure does not exist for these data; the message says why."""


@dataclass(frozen=True)
class Sample:
    """Outcomes and risks of n participants, checked; participants of weight 0 are left out.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        Observed outcome, 0 or 1.
    risk : ndarray of float, shape (n,)
        Predicted risk, strictly between 0 and 1.
    weight : ndarray of float, shape (n,)
        Positive weights.
    cluster : ndarray of int, shape (n,)
        Patient of each row as 0, 1, ... n_clusters - 1.
    n_clusters : int
        Number of patients.
    fold : ndarray of int, shape (n,), optional
        Fold of each row as 0, 1, ..., where only risks of one fold are to be ranked together.
    """

    y: FloatArray
    risk: FloatArray
    weight: FloatArray
    cluster: IntArray
    n_clusters: int
    fold: IntArray | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.y.size

    @property
    def n_events(self) -> int:
        """Number of rows with the event."""
        return int(self.y.sum())

    @property
    def margin(self) -> FloatArray:
        """Log-odds of the risk."""
        return np.asarray(np.log(self.risk) - np.log1p(-self.risk), dtype=float)

    def patients_with(self, outcome: int) -> int:
        """Return how many patients have at least one row with this outcome."""
        return int(np.unique(self.cluster[self.y == outcome]).size)


def check_sample(
    y_obs: ArrayLike,
    risk: ArrayLike,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    folds: ArrayLike | None = None,
) -> tuple[Sample, ...]:
    """Return one checked sample per repeat.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk strictly between 0 and 1; one row per repeat of a cross-validation.
    sample_weight : array-like of shape (n,), optional
        Finite weights >= 0 with a positive sum; 1 if not given.
    groups : array-like of shape (n,), optional
        Patient of each row; each row is its own patient if not given.
    folds : array-like of shape (n,) or (r, n), optional
        Fold of each row, of every repeat, where only risks of one fold are to be ranked together;
        one risk may be ranked within the folds of several repeats.

    Returns
    -------
    tuple of Sample
        Samples that share all but the risk and the fold.

    Raises
    ------
    ValueError
        A shape or a value is outside what is allowed; all faults are named.
    """
    y = np.asarray(y_obs, dtype=float)
    risks = np.atleast_2d(np.asarray(risk, dtype=float))
    weight = np.ones(y.shape) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    owner = np.arange(y.size) if groups is None else np.asarray(groups)
    fold = np.zeros(y.shape, dtype=int) if folds is None else np.asarray(folds)
    faults = [] if folds is None else _fold_faults(risks, fold)
    _raise_all([*_shape_faults(y, risks, weight, owner), *faults])
    repeats = max(len(risks), len(np.atleast_2d(fold)))
    risks, fold = (np.broadcast_to(rows, (repeats, y.size)) for rows in (risks, fold))
    _raise_all(_value_faults(y, risks, weight, owner))
    keep = weight > 0
    cluster, patients = pd.factorize(owner[keep])
    shared = (weight[keep], np.asarray(cluster, dtype=np.intp), len(patients))
    places = [
        None if folds is None else np.unique(row[keep], return_inverse=True)[1] for row in fold
    ]
    return tuple(
        Sample(y[keep], row[keep], *shared, place) for row, place in zip(risks, places, strict=True)
    )


def check_level(level: float) -> None:
    """Raise ValueError unless the level of an interval lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level}")


def require_both_classes(sample: Sample, figure: str, *, least: int = 1) -> None:
    """Raise UndefinedFigureError with fewer than `least` events or non-events."""
    events = sample.n_events
    if min(events, sample.n - events) < least:
        raise UndefinedFigureError(
            f"{figure} is undefined: it needs at least {least} with and {least} without the event, "
            f"got {events} with and {sample.n - events} without"
        )


def require_varied_risk(sample: Sample, figure: str) -> None:
    """Raise UndefinedFigureError if all risks are equal."""
    if np.ptp(sample.risk) == 0:
        raise UndefinedFigureError(f"{figure} is undefined: all predicted risks are equal")


def _shape_faults(
    y: FloatArray, risks: FloatArray, weight: FloatArray, owner: NDArray[Any]
) -> list[str]:
    faults = []
    if y.ndim != 1 or y.size == 0:
        faults.append(f"y_obs must have shape (n,) with n > 0, got {y.shape}")
    if risks.ndim != 2 or risks.shape[0] == 0 or risks.shape[1:] != y.shape:
        faults.append(f"risk must have shape {y.shape} or (r, {y.size}), got {risks.shape}")
    if weight.shape != y.shape:
        faults.append(f"sample_weight must have shape {y.shape}, got {weight.shape}")
    if owner.shape != y.shape:
        faults.append(f"groups must have shape {y.shape}, got {owner.shape}")
    return faults


def _fold_faults(risks: FloatArray, fold: NDArray[Any]) -> list[str]:
    n = risks.shape[-1:]
    if fold.shape == n or (fold.shape[1:] == n and len(risks) in {1, len(fold)}):
        return []
    return [f"folds must have shape {n} or {risks.shape}, got {fold.shape}"]


def _value_faults(
    y: FloatArray, risks: FloatArray, weight: FloatArray, owner: NDArray[Any]
) -> list[str]:
    faults = []
    if strange := np.setdiff1d(y, [0.0, 1.0])[:3].tolist():
        faults.append(f"y_obs must be 0 or 1, got {strange}")
    if not ((risks > 0) & (risks < 1)).all():
        outside = risks[~((risks > 0) & (risks < 1))]
        some = outside[:3].tolist()
        faults.append(f"risk must lie strictly in (0, 1), got {outside.size} others such as {some}")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        bad = weight[~(np.isfinite(weight) & (weight >= 0))][:3].tolist()
        faults.append(f"sample_weight must be finite and >= 0, got {bad}")
    elif weight.sum() <= 0:
        faults.append("sample_weight must have a positive sum, got 0")
    if n_missing := int(np.sum(pd.isna(owner))):
        faults.append(f"groups must name a patient in each row, got {n_missing} missing")
    return faults


def _raise_all(faults: list[str]) -> None:
    if faults:
        raise ValueError("; ".join(faults))
