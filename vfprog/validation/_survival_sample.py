"""Check times, states and risks once, and carry influence values to an interval."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.records import Metric
from vfprog.validation._check import UndefinedFigureError, check_level
from vfprog.validation._influence import Estimate, Link, Result, finite_factor, interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class SurvivalSample:
    """Follow-up and risks of n participants, checked; participants of weight 0 are left out.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        Time to the event, the competing event or the end of follow-up.
    status : ndarray of int, shape (n,)
        0 censored, 1 event, 2 competing event.
    risk : ndarray of float, shape (n,)
        Predicted risk of the event by the horizon, strictly between 0 and 1.
    weight : ndarray of float, shape (n,)
        Positive weights.
    cluster : ndarray of int, shape (n,)
        Patient of each row as 0, 1, ... n_clusters - 1.
    n_clusters : int
        Number of patients.
    horizon : float
        Time by which the event is predicted.
    """

    time: FloatArray
    status: IntArray
    risk: FloatArray
    weight: FloatArray
    cluster: IntArray
    n_clusters: int
    horizon: float

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.time.size

    @property
    def case(self) -> BoolArray:
        """Whether the event is seen by the horizon; an event at the horizon counts."""
        return np.asarray((self.status == 1) & (self.time <= self.horizon))

    @property
    def known(self) -> BoolArray:
        """Whether the state at the horizon is known: censored at the horizon is free of it."""
        return np.asarray((self.status > 0) | (self.time >= self.horizon))

    @property
    def until(self) -> FloatArray:
        """Time up to which a participant is looked at."""
        return np.minimum(self.time, self.horizon)

    def take(self, keep: BoolArray) -> SurvivalSample:
        """Return the rows kept; patients keep their numbers."""
        return dataclasses.replace(
            self,
            time=self.time[keep],
            status=self.status[keep],
            risk=self.risk[keep],
            weight=self.weight[keep],
            cluster=self.cluster[keep],
        )

    def reweighted(self, factor: FloatArray) -> SurvivalSample:
        """Return the sample with weights times a factor; rows of factor 0 are left out."""
        heavier = dataclasses.replace(self, weight=self.weight * factor)
        return heavier.take(np.asarray(factor > 0))


def check_survival(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> SurvivalSample:
    """Return the checked sample; ValueError names all faults at once."""
    t, r = np.asarray(time, dtype=float), np.asarray(risk, dtype=float)
    s = np.asarray(status, dtype=float)
    weight = np.ones(t.shape) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    owner = np.arange(t.size) if groups is None else np.asarray(groups)
    _raise_all(_shape_faults(t, {"status": s, "risk": r, "sample_weight": weight, "groups": owner}))
    _raise_all(_value_faults(t, s, r, weight, owner) + _horizon_faults(horizon))
    keep = weight > 0
    cluster, patients = pd.factorize(owner[keep])
    return SurvivalSample(
        time=t[keep],
        status=s[keep].astype(np.intp),
        risk=r[keep],
        weight=weight[keep],
        cluster=np.asarray(cluster, dtype=np.intp),
        n_clusters=len(patients),
        horizon=float(horizon),
    )


def require_follow_up(sample: SurvivalSample, figure: str) -> None:
    """Raise UndefinedFigureError where follow-up ends, by censoring, before the horizon."""
    last = float(sample.time.max())
    if last < sample.horizon and (sample.status[sample.time == last] == 0).any():
        raise UndefinedFigureError(
            f"{figure} is undefined: follow-up ends at {last:g} by censoring, "
            f"before the horizon {sample.horizon:g}"
        )


def require_cases_and_others(sample: SurvivalSample, figure: str) -> None:
    """Raise UndefinedFigureError unless the horizon is reached by some with and some without."""
    require_follow_up(sample, figure)
    cases, others = int(sample.case.sum()), int((sample.known & ~sample.case).sum())
    if min(cases, others) == 0:
        raise UndefinedFigureError(
            f"{figure} is undefined: it needs participants with and without the event at the "
            f"horizon {sample.horizon:g}, got {cases} with and {others} without"
        )


def require_varied_risk(sample: SurvivalSample, figure: str) -> None:
    """Raise UndefinedFigureError if all risks are equal."""
    if np.ptp(sample.risk) == 0:
        raise UndefinedFigureError(f"{figure} is undefined: all predicted risks are equal")


def cloglog(risk: FloatArray) -> FloatArray:
    """Return log(-log(1 - risk)), the scale on which a Cox model is linear."""
    return np.asarray(np.log(-np.log1p(-risk)), dtype=float)


def survival_result(
    sample: SurvivalSample, estimate: Estimate, *, name: str, link: Link, level: float
) -> Result:
    """Return a figure with its Wald interval, or with the reason why it has none."""
    check_level(level)
    value = estimate.value
    cases = np.unique(sample.cluster[sample.case]).size
    others = np.unique(sample.cluster[sample.known & ~sample.case]).size
    if min(cases, others) < 2:
        reason = (
            "no interval: it needs at least 2 patients with and 2 without the event at the "
            f"horizon, got {cases} and {others}"
        )
        return Result(Metric(name, value), reason)
    if link != "identity" and (value <= 0 or (link == "logit" and value >= 1)):
        return Result(Metric(name, value), f"no interval: the estimate is at its limit, {value:g}")
    lower, upper = interval(value, clustered_error(sample, estimate.influence), link, level)
    return Result(Metric(name, value, lower, upper))


def clustered_error(sample: SurvivalSample, influence: FloatArray) -> float:
    """Return the standard error, rows of one patient summed before they are squared."""
    sums = np.bincount(sample.cluster, weights=influence, minlength=sample.n_clusters)
    return finite_factor(sample.n_clusters) * float(np.sqrt(np.sum(sums**2)))


def _shape_faults(time: FloatArray, others: dict[str, NDArray[Any]]) -> list[str]:
    faults = []
    if time.ndim != 1 or time.size == 0:
        faults.append(f"time must have shape (n,) with n > 0, got {time.shape}")
    for name, values in others.items():
        if values.shape != time.shape:
            faults.append(f"{name} must have shape {time.shape}, got {values.shape}")
    return faults


def _value_faults(
    time: FloatArray, status: FloatArray, risk: FloatArray, weight: FloatArray, owner: NDArray[Any]
) -> list[str]:
    faults = []
    if bad := time[~(np.isfinite(time) & (time >= 0))][:3].tolist():
        faults.append(f"time must be finite and >= 0, got {bad}")
    if bad := np.setdiff1d(status, [0.0, 1.0, 2.0])[:3].tolist():
        faults.append(f"status must be 0, 1 or 2, got {bad}")
    if bad := risk[~((risk > 0) & (risk < 1))][:3].tolist():
        faults.append(f"risk must lie strictly in (0, 1), got {bad}")
    if bad := weight[~(np.isfinite(weight) & (weight >= 0))][:3].tolist():
        faults.append(f"sample_weight must be finite and >= 0, got {bad}")
    elif weight.sum() <= 0:
        faults.append("sample_weight must have a positive sum, got 0")
    if n_missing := int(np.sum(pd.isna(owner))):
        faults.append(f"groups must name a patient in each row, got {n_missing} missing")
    return faults


def _horizon_faults(horizon: float) -> list[str]:
    if np.isfinite(horizon) and horizon > 0:
        return []
    return [f"horizon must be finite and > 0, got {horizon}"]


def _raise_all(faults: list[str]) -> None:
    if faults:
        raise ValueError("; ".join(faults))
