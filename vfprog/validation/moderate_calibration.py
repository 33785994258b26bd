"""A test of moderate calibration that needs no groups of risk and no smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from vfprog.validation._check import Sample, check_sample, require_both_classes
from vfprog.validation._flexible_curve import MIN_PER_CLASS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class CalibrationTest:
    """Result of the Brownian-bridge test.

    Parameters
    ----------
    p_value : float
        Of moderate calibration as a whole, by Fisher's combination of the two parts.
    z_mean, p_mean : float
        Whether the risks are right on average: standardised sum of residuals.
    bridge, p_bridge : float
        Whether they are right along the scale: largest distance of the bridge from zero.
    risk_at_bridge : float
        Risk at which that distance is reached: above or below it the risks are furthest off.
    n, n_events : int
        Rows and events.
    method : str
        What the clock of the process is made of.
    """

    p_value: float
    z_mean: float
    p_mean: float
    bridge: float
    p_bridge: float
    risk_at_bridge: float
    n: int
    n_events: int
    method: str


def calibration_test(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> CalibrationTest:
    """Test moderate calibration: among those with risk p, a share p has the event [1]_.

    Residuals are summed in the order of the risks. If the risks are calibrated, the sum is a
    martingale and, in its own time, close to a Brownian motion W: W(1) tests the mean, and the
    bridge W(t) - t W(1), independent of it, the shape, by Kolmogorov's distribution. No groups, no
    bandwidth.

    Assumptions: patients are independent; the risks are of a model that did not learn from them.
    Cross-validated risks are right on average almost by construction, which makes the test timid.
    Where rows have unequal weights, or patients several rows, residuals are weighted and summed by
    patient (in the order of the patient's mean risk), and the time of the process is made of their
    squares and no longer of the variance p (1 - p) that the risks imply. Repeats of a
    cross-validation are averaged for each row.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1).
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.

    Returns
    -------
    CalibrationTest
        Statistics and p-values.

    Raises
    ------
    UndefinedFigureError
        Fewer than 10 events or non-events: the limit is not near.

    References
    ----------
    .. [1] Sadatsafavi M, Petkau J. Stat Med 2024, doi:10.1002/sim.10138.

    Examples
    --------
    Thirty of a hundred have the event, at every risk of .05 or .55: right on average only.

    >>> y = np.tile([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], 10)
    >>> risk = np.repeat([0.05, 0.55], 50)
    >>> test = calibration_test(y, risk)
    >>> round(test.p_mean, 2), test.p_bridge < 0.01, test.risk_at_bridge
    (1.0, True, 0.05)
    """
    repeats = check_sample(y_obs, risk, sample_weight, groups)
    mean_risk = np.mean([sample.risk for sample in repeats], axis=0)
    first = repeats[0]
    sample = Sample(first.y, mean_risk, first.weight, first.cluster, first.n_clusters)
    require_both_classes(sample, "calibration test", least=MIN_PER_CLASS)
    place, residual, variance, method = _steps(sample)
    value, ends = _ends_of_ties(place)
    total = variance.sum()
    time = (np.cumsum(variance) / total)[ends]
    walk = (np.cumsum(residual) / np.sqrt(total))[ends]
    z = float(walk[-1])
    bridge = np.abs(walk - time * z)
    farthest = int(np.argmax(bridge))
    p_mean = float(2 * stats.norm.sf(abs(z)))
    p_bridge = float(special.kolmogorov(bridge[farthest]))
    return CalibrationTest(
        combine(p_mean, p_bridge), z, p_mean, float(bridge[farthest]), p_bridge,
        float(value[farthest]), sample.n, sample.n_events, method,
    )  # fmt: skip


def _steps(sample: Sample) -> tuple[FloatArray, FloatArray, FloatArray, str]:
    """Return place, residual and variance of each step of the process, in its order."""
    plain = sample.n_clusters == sample.n and np.ptp(sample.weight) == 0
    if plain:
        order = np.argsort(sample.risk, kind="stable")
        risk = sample.risk[order]
        return risk, sample.y[order] - risk, risk * (1 - risk), "Brownian bridge"
    k = sample.n_clusters
    weight = np.bincount(sample.cluster, weights=sample.weight, minlength=k)
    middle = np.bincount(sample.cluster, weights=sample.weight * sample.risk, minlength=k) / weight
    each = sample.weight * (sample.y - sample.risk)
    residual = np.bincount(sample.cluster, weights=each, minlength=k).astype(np.float64)
    order = np.argsort(middle, kind="stable")
    squares = residual[order] ** 2
    return middle[order], residual[order], squares, "Brownian bridge, squared residuals by patient"


def _ends_of_ties(place: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the distinct places and the last step of each: ties have no order."""
    value, first = np.unique(place, return_index=True)
    return value, np.append(first[1:], place.size) - 1


def combine(p_mean: float, p_bridge: float) -> float:
    """Return Fisher's combination of the two parts, which are independent.

    Parameters
    ----------
    p_mean, p_bridge : float
        Their p-values.

    Returns
    -------
    float
        The combined p-value.
    """
    return float(stats.chi2.sf(-2 * (_log(p_mean) + _log(p_bridge)), 4))


def _log(p: float) -> float:
    return float(np.log(max(p, np.finfo(float).tiny)))
