"""Rubin's rules: figures of several imputations of one data set, pooled on a fitting scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from vfprog.validation._check import check_level
from vfprog.validation._influence import z_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray
    from vfprog.validation._influence import Link

# The scale on which a figure is nearly normal: that of its Wald limits in `performance`.
SCALES: dict[str, Link] = {
    "c_statistic": "logit",
    "brier": "logit",
    "observed_expected": "log",
    "calibration_in_the_large": "identity",
    "calibration_slope": "identity",
    "scaled_brier": "identity",
}
_LEAST = 2


@dataclass(frozen=True)
class RubinPooled:
    """An estimate over m imputations.

    Parameters
    ----------
    estimate : float
        Mean over the imputations.
    standard_error : float
        Root of the total variance.
    lower, upper : float
        Interval, t with ``df`` degrees of freedom.
    within, between : float
        Mean sampling variance, and variance of the estimates over the imputations.
    df : float
        Degrees of freedom.
    missing_information : float
        Fraction of the information that is missing, ``(1 + 1 / m) between / total``.
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    within: float
    between: float
    df: float
    missing_information: float


def pool_imputations(
    estimates: ArrayLike,
    standard_errors: ArrayLike,
    *,
    complete_df: float = math.inf,
    level: float = 0.95,
) -> RubinPooled:
    """Pool estimates of m imputations by Rubin's rules [1]_.

    The total variance is ``within + (1 + 1 / m) between``; the degrees of freedom are those of
    Barnard and Rubin [2]_, which never exceed those of the complete data.

    Parameters
    ----------
    estimates : array-like of shape (m,)
        One per imputation, on a scale on which they are nearly normal.
    standard_errors : array-like of shape (m,)
        Their standard errors, from patients, not from rows.
    complete_df : float
        Degrees of freedom there would be without missing values; infinite for large samples.
    level : float
        Level of the interval.

    Returns
    -------
    RubinPooled
        Mean, standard error, interval and what is missing.

    Raises
    ------
    ValueError
        Fewer than two imputations, shapes that differ, or a value that is not finite.

    References
    ----------
    .. [1] Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley, 1987.
    .. [2] Barnard J, Rubin DB. Biometrika 1999;86:948-955.

    Examples
    --------
    Within 1, between 1, so the total is 1 + 4/3.

    >>> done = pool_imputations([0.0, 1.0, 2.0], [1.0, 1.0, 1.0])
    >>> done.estimate, round(done.standard_error**2, 4), round(done.df, 3)
    (1.0, 2.3333, 6.125)
    """
    check_level(level)
    values, variances = _checked(estimates, standard_errors)
    m = values.size
    within, between = float(variances.mean()), float(values.var(ddof=1))
    total = within + (1 + 1 / m) * between
    share = 0.0 if total == 0 else (1 + 1 / m) * between / total
    df = _degrees(m, share, complete_df)
    mean, error = float(values.mean()), math.sqrt(total)
    half = error * float(stats.t.ppf((1 + level) / 2, df))
    return RubinPooled(mean, error, mean - half, mean + half, within, between, df, share)


def pool_tables(
    tables: Sequence[pd.DataFrame], *, complete_df: float = math.inf, level: float = 0.95
) -> pd.DataFrame:
    """Pool the performance of m imputations, each figure on its own scale.

    c-statistic and Brier score are pooled on the logit scale, the ratio of observed to expected
    events on the log scale, calibration, scaled Brier score and net benefit as they are [1]_. The
    standard error of each is read from its Wald limits on that scale. Figures with bootstrap
    limits (ICI, E50, E90) have no standard error and are averaged, without limits.

    Parameters
    ----------
    tables : sequence of pandas.DataFrame
        What `vfprog.validation.performance.performance` returned for each imputation, at one level.
    complete_df : float
        Degrees of freedom there would be without missing values.
    level : float
        Level of the intervals, in the tables and of the result.

    Returns
    -------
    pandas.DataFrame
        The columns of the tables, and missing_information.

    References
    ----------
    .. [1] Marshall A et al. BMC Med Res Methodol 2009;9:57.
    """
    if len(tables) < _LEAST:
        raise ValueError(f"pooling needs at least {_LEAST} imputations, got {len(tables)}")
    together = pd.concat(tables, ignore_index=True)
    rows = [
        _pooled_row(str(metric), part, complete_df, level)
        for metric, part in together.groupby("metric", sort=False)
    ]
    return pd.DataFrame(rows)[[*tables[0].columns, "missing_information"]]


def scale_of(metric: str) -> Link | None:
    """Return the scale on which a figure is pooled; None for one without a standard error."""
    return "identity" if metric.startswith("net_benefit") else SCALES.get(metric)


def _pooled_row(
    metric: str, part: pd.DataFrame, complete_df: float, level: float
) -> dict[str, Any]:
    first = {str(name): value for name, value in part.iloc[0].items()}
    nothing = dict.fromkeys(("estimate", "lower", "upper", "missing_information"), np.nan)
    if part["estimate"].isna().any():
        undefined = part[part["estimate"].isna()]["reason"].iloc[0]
        return {**first, **nothing, "reason": f"undefined in an imputation: {undefined}"}
    scale = scale_of(metric)
    if scale is None or part[["lower", "upper"]].isna().any(axis=None):
        why = "no standard error to pool" if scale is None else "an imputation has no interval"
        mean = float(part["estimate"].mean())
        return {**first, **nothing, "estimate": mean, "reason": f"mean of the imputations: {why}"}
    at = {name: _link(part[name].to_numpy(float), scale) for name in ("estimate", "lower", "upper")}
    errors = (at["upper"] - at["lower"]) / (2 * z_value(level))
    done = pool_imputations(at["estimate"], errors, complete_df=complete_df, level=level)
    method = f"Rubin's rules over {len(part)} imputations, {scale} scale"
    limits = {name: _back(getattr(done, name), scale) for name in ("estimate", "lower", "upper")}
    missing = done.missing_information
    return {**first, **limits, "missing_information": missing, "method": method, "reason": ""}


def _link(values: FloatArray, scale: Link) -> FloatArray:
    if scale == "logit":
        return np.asarray(np.log(values) - np.log1p(-values), dtype=float)
    return np.log(values) if scale == "log" else values


def _back(value: float, scale: Link) -> float:
    if scale == "logit":
        return float(stats.logistic.cdf(value))
    return math.exp(value) if scale == "log" else value


def _degrees(m: int, share: float, complete_df: float) -> float:
    old = math.inf if share == 0 else (m - 1) / share**2
    if math.isinf(complete_df):
        return old
    seen = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    return seen if math.isinf(old) else old * seen / (old + seen)


def _checked(estimates: ArrayLike, standard_errors: ArrayLike) -> tuple[FloatArray, FloatArray]:
    values, errors = (np.asarray(given, dtype=float) for given in (estimates, standard_errors))
    if values.ndim != 1 or values.shape != errors.shape:
        raise ValueError(
            f"estimates and standard errors must share the shape (m,), got {values.shape} and "
            f"{errors.shape}"
        )
    if values.size < _LEAST:
        raise ValueError(f"pooling needs at least {_LEAST} imputations, got {values.size}")
    if not (np.isfinite(values).all() and np.isfinite(errors).all() and (errors >= 0).all()):
        raise ValueError("estimates must be finite, and standard errors finite and >= 0")
    return values, errors**2
