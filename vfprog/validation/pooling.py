"""Random-effects meta-analysis of a figure over sites: mean, heterogeneity, prediction interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from vfprog.validation._check import UndefinedFigureError, check_level
from vfprog.validation._influence import z_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray

Tau2Method = Literal["reml", "dersimonian_laird"]
IntervalMethod = Literal["hartung_knapp", "hartung_knapp_plain", "wald"]
MIN_FOR_PREDICTION = 3
"""Fewest sites with a prediction interval: it takes k - 2 degrees of freedom."""

_WORDS = {
    "reml": "REML",
    "dersimonian_laird": "DerSimonian-Laird",
    "hartung_knapp": "Hartung-Knapp, never below Wald",
    "hartung_knapp_plain": "Hartung-Knapp",
    "wald": "Wald",
}
_GRID = 400


@dataclass(frozen=True)
class Pooled:
    """The mean of a figure over sites, how it differs between them, and what a new site may show.

    Parameters
    ----------
    estimate : float
        Mean over the distribution of sites.
    standard_error : float
        Its standard error, that of the interval chosen.
    lower, upper : float
        Interval of the mean.
    prediction_lower, prediction_upper : float or None
        Interval of the figure at a new site; None below three sites.
    tau2 : float or None
        Variance between sites; None for one site, as for ``q`` and ``i2``.
    q : float or None
        Cochran's Q.
    i2 : float or None
        Share of the variation beyond chance, ``max(0, (Q - (k - 1)) / Q)``.
    shares : ndarray of float, shape (k,)
        Weight of each site in the mean; they sum to 1.
    method : str
        How it was pooled, in words.
    reason : str
        Why something is undefined or hardly known; else empty.
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    prediction_lower: float | None
    prediction_upper: float | None
    tau2: float | None
    q: float | None
    i2: float | None
    shares: FloatArray
    method: str
    reason: str = ""

    @property
    def k(self) -> int:
        """Number of sites."""
        return self.shares.size


def pool(
    estimates: ArrayLike,
    standard_errors: ArrayLike,
    *,
    tau2_method: Tau2Method = "reml",
    interval: IntervalMethod = "hartung_knapp",
    level: float = 0.95,
) -> Pooled:
    """Pool estimates that have standard errors, with a random effect of the site.

    The weights are ``1 / (se^2 + tau^2)``. The Hartung-Knapp interval scales the standard error
    by ``sqrt(q)``, q the weighted mean square around the estimate, and takes t with k - 1 degrees
    of freedom [1]_, [2]_. Sites that agree by chance would make it narrower than the ordinary
    interval: ``hartung_knapp`` therefore holds q at 1 or more [3]_, ``hartung_knapp_plain`` does
    not. The prediction interval is ``estimate +- t(k - 2) sqrt(tau^2 + se^2)`` [4]_, with the
    standard error of the interval chosen [5]_.

    Parameters
    ----------
    estimates : array-like of shape (k,)
        Estimates, on a scale on which they are nearly normal.
    standard_errors : array-like of shape (k,)
        Their standard errors, above 0.
    tau2_method : {"reml", "dersimonian_laird"}
        Estimator of the variance between sites.
    interval : {"hartung_knapp", "hartung_knapp_plain", "wald"}
        Interval of the mean.
    level : float
        Level of both intervals.

    Returns
    -------
    Pooled
        With one site that site, its Wald interval and a reason; with two no prediction interval.

    Raises
    ------
    UndefinedFigureError
        There is no estimate.
    ValueError
        Shapes differ, or a value is not finite, or a standard error not positive.

    References
    ----------
    .. [1] Hartung J, Knapp G. Stat Med 2001;20:3875-3889.
    .. [2] IntHout J, Ioannidis JPA, Borm GF. BMC Med Res Methodol 2014;14:25.
    .. [3] Rover C, Knapp G, Friede T. BMC Med Res Methodol 2015;15:99.
    .. [4] Higgins JPT, Thompson SG, Spiegelhalter DJ. J R Stat Soc A 2009;172:137-159.
    .. [5] Partlett C, Riley RD. Stat Med 2017;36:301-317.

    Examples
    --------
    >>> done = pool([0.0, 1.0, 2.0], [0.5, 0.5, 0.5], tau2_method="dersimonian_laird")
    >>> round(done.estimate, 3), round(done.tau2, 3), round(done.i2, 3)
    (1.0, 0.75, 0.75)
    """
    check_level(level)
    y, variance = _checked(estimates, standard_errors)
    if y.size == 1:
        return _single(float(y[0]), math.sqrt(variance[0]), level)
    tau2 = reml(y, variance) if tau2_method == "reml" else dersimonian_laird(y, variance)
    mean, error, shares = _mean(y, variance, tau2, interval)
    wald = interval == "wald"
    half = error * (z_value(level) if wald else _t_value(level, y.size - 1))
    low, high, reason = None, None, _few(interval)
    if y.size >= MIN_FOR_PREDICTION:
        ahead = _t_value(level, y.size - 2) * math.sqrt(tau2 + error**2)
        low, high, reason = mean - ahead, mean + ahead, ""
    q = cochran_q(y, variance)
    i2 = max(0.0, (q - (y.size - 1)) / q) if q > 0 else 0.0
    method = f"random effects, {_WORDS[tau2_method]}, {_WORDS[interval]}"
    return Pooled(
        mean, error, mean - half, mean + half, low, high, tau2, q, i2, shares, method, reason
    )


def cochran_q(estimates: FloatArray, variances: FloatArray) -> float:
    """Return Cochran's Q, the weighted sum of squares around the common-effect mean.

    Parameters
    ----------
    estimates, variances : ndarray of float, shape (k,)
        Estimates and their squared standard errors.

    Returns
    -------
    float
        About k - 1 where sites differ by chance alone.
    """
    weight = 1 / variances
    centre = np.sum(weight * estimates) / weight.sum()
    return float(np.sum(weight * (estimates - centre) ** 2))


def dersimonian_laird(estimates: FloatArray, variances: FloatArray) -> float:
    """Return the moment estimate of the variance between sites [1]_, not below 0.

    Parameters
    ----------
    estimates, variances : ndarray of float, shape (k,)
        Estimates and their squared standard errors; k at least 2.

    Returns
    -------
    float
        ``(Q - (k - 1)) / (sum w - sum w^2 / sum w)``, or 0.

    References
    ----------
    .. [1] DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188.
    """
    weight = 1 / variances
    spread = weight.sum() - np.sum(weight**2) / weight.sum()
    excess = cochran_q(estimates, variances) - (estimates.size - 1)
    return max(0.0, float(excess / spread))


def reml(estimates: FloatArray, variances: FloatArray) -> float:
    """Return the restricted maximum likelihood estimate of the variance between sites [1]_.

    The best of a grid, then the place nearby where the score is zero: scoring steps may circle.

    Parameters
    ----------
    estimates, variances : ndarray of float, shape (k,)
        Estimates and their squared standard errors; k at least 2.

    Returns
    -------
    float
        Variance between sites, not below 0.

    References
    ----------
    .. [1] Viechtbauer W. J Educ Behav Stat 2005;30:261-293.
    """
    scale = float(variances.mean() + np.var(estimates))
    grid = np.append(0.0, scale * np.geomspace(1e-10, 1e2, _GRID))
    best = int(np.argmax([_restricted(estimates, variances + tau2) for tau2 in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID)]
    if _score(low, estimates, variances) <= 0 or _score(high, estimates, variances) >= 0:
        return float(grid[best])
    root = brentq(_score, low, high, args=(estimates, variances), xtol=1e-14 * scale)
    return float(root)


def _restricted(y: FloatArray, total: FloatArray) -> float:
    """Return the restricted log-likelihood, up to a constant."""
    weight = 1 / total
    residual = y - np.sum(weight * y) / weight.sum()
    fit = np.sum(np.log(weight)) - np.log(weight.sum()) - np.sum(weight * residual**2)
    return float(fit / 2)


def _score(tau2: float, y: FloatArray, variances: FloatArray) -> float:
    """Return y'PPy - tr P, where P is the inverse of V with the mean projected out."""
    weight = 1 / (variances + tau2)
    residual = y - np.sum(weight * y) / weight.sum()
    trace = weight.sum() - np.sum(weight**2) / weight.sum()
    return float(np.sum((weight * residual) ** 2) - trace)


def _mean(
    y: FloatArray, variance: FloatArray, tau2: float, interval: IntervalMethod
) -> tuple[float, float, FloatArray]:
    weight = 1 / (variance + tau2)
    mean = float(np.sum(weight * y) / weight.sum())
    scale = float(np.sum(weight * (y - mean) ** 2)) / (y.size - 1)
    if interval == "wald":
        scale = 1.0
    elif interval == "hartung_knapp":
        scale = max(1.0, scale)
    return mean, math.sqrt(scale / weight.sum()), weight / weight.sum()


def _single(estimate: float, error: float, level: float) -> Pooled:
    half = z_value(level) * error
    reason = "one site: nothing is pooled, and how sites differ is unknown"
    return Pooled(
        estimate, error, estimate - half, estimate + half, None, None, None, None, None,
        np.ones(1), "one site, Wald", reason,
    )  # fmt: skip


def _few(interval: IntervalMethod) -> str:
    words = f"no prediction interval: it needs at least {MIN_FOR_PREDICTION} sites, got 2"
    return words if interval == "wald" else f"{words}; the limits rest on 1 degree of freedom"


def _t_value(level: float, degrees: int) -> float:
    return float(stats.t.ppf((1 + level) / 2, degrees))


def _checked(estimates: ArrayLike, standard_errors: ArrayLike) -> tuple[FloatArray, FloatArray]:
    y, error = (np.asarray(values, dtype=float) for values in (estimates, standard_errors))
    if y.ndim != 1 or y.shape != error.shape:
        raise ValueError(
            f"estimates and standard errors must share the shape (k,), got {y.shape} and "
            f"{error.shape}"
        )
    if y.size == 0:
        raise UndefinedFigureError("nothing to pool: no site has an estimate")
    if not np.isfinite(y).all():
        raise ValueError(f"estimates must be finite, got {y[~np.isfinite(y)][:3].tolist()}")
    good = np.isfinite(error) & (error > 0)
    if not good.all():
        wrong = error[~good][:3].tolist()
        raise ValueError(f"standard errors must be finite and above 0, got {wrong}")
    return y, error**2
