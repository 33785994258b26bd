"""What is left of a model's performance once its luck is taken off: Harrell's optimism and .632+.

Both need refits of the whole procedure on bootstrap samples of patients, and the risk each refit
gives to everybody. They hold for procedures that do not fit their sample closely; measured on
simulation (docs/coverage.md) a blend with trees is not one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.splits import bootstrap_patients
from vfprog.validation._check import Sample, UndefinedFigureError, check_level, check_sample
from vfprog.validation.calibration import in_the_large_result, slope_result
from vfprog.validation.calibration_error import error_results
from vfprog.validation.discrimination import c_statistic_result
from vfprog.validation.overall import brier_result, scaled_brier_result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from vfprog.features.arrays import FloatArray, IntArray

COLUMNS = ("metric", "estimator", "apparent", "optimism", "estimate", "lower", "upper", "n",
           "n_events", "n_resamples", "method", "reason")  # fmt: skip
HARRELL, PLUS = "harrell", "632plus"
# On its own sample the calibration of a fit is set by the fit, so its spread says nothing.
_FIXED_BY_FIT = ("calibration_in_the_large", "calibration_slope", "ici")
_NO_SPREAD = (
    "no interval: on its own sample a fit sets its calibration, so refits do not vary in it"
)
_LEVEL = 0.95  # of intervals nobody reads here
_KNOTS = 4
# Percentiles of fewer refits are a matter of luck.
_LEAST = 30
_METHOD = "bootstrap of the apparent figure, recentred"
_CHANCE = 0.5


@dataclass(frozen=True)
class Resample:
    """A bootstrap sample, and what the model fitted on it says of everybody.

    Parameters
    ----------
    times : ndarray of int, shape (n,)
        How often each row stands in the sample; equal for all rows of a patient.
    risk : ndarray of float, shape (n,)
        Risk of each row under the refit.
    """

    times: NDArray[Any]
    risk: NDArray[Any]


def resamples_of(
    fit: Callable[[IntArray], FloatArray],
    patient_id: NDArray[Any],
    *,
    n_resamples: int,
    seed: int,
) -> list[Resample]:
    """Refit any procedure on bootstrap samples of patients.

    Parameters
    ----------
    fit : callable
        Takes the rows of a sample, which repeat, and returns the risks of all n rows under the
        model fitted on them. All that is learned must be learned inside.
    patient_id : ndarray, shape (n,)
        Patient of each row.
    n_resamples : int
        Number of samples.
    seed : int
        Seed of the first; sample i uses ``seed + i``.

    Returns
    -------
    list of Resample
        One per sample.
    """
    made = []
    for number in range(n_resamples):
        times = bootstrap_patients(patient_id, seed=seed + number)
        made.append(Resample(times, fit(np.repeat(np.arange(len(times)), times))))
    return made


def optimism_table(
    y_obs: ArrayLike,
    risk: ArrayLike,
    resamples: Sequence[Resample],
    *,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return figures corrected for optimism, and the .632+ estimate of two of them.

    Harrell [1]_: the optimism is the mean over refits of the figure on the refit's own sample
    minus that on everybody; it is taken off the apparent figure. .632+ [2]_ weighs the apparent
    error and that on patients not drawn, the more towards the latter the more the procedure
    overfits: the Brier score averages each row over the refits that did not see it, the
    c-statistic is averaged over refits, because risks of different refits are not to be ranked
    together. Its no-information value is .5, that of the Brier score pairs every outcome with
    every risk. Limits are percentiles of the refits' apparent figures, moved so that their mean
    falls on the estimate: the location-shifted bootstrap [3]_ moves them by the optimism, which
    leaves them too high where apparent figures of refits exceed that of the sample, as those of
    procedures that choose a penalty do (docs/coverage.md). Samples weigh by multiplicity times
    outcome weight.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,)
        Apparent risk: of the model fitted on all.
    resamples : sequence of Resample
        The refits; those that failed are left out by the caller.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed; rows of weight 0 are not counted.
    level : float
        Level of the limits.

    Returns
    -------
    pandas.DataFrame
        metric, estimator (``harrell``, ``632plus``), apparent, optimism (apparent minus estimate),
        estimate, lower, upper, n, n_events, n_resamples (in which the figure is defined), method,
        reason (of what is NaN, or of refits left out; else empty).

    Raises
    ------
    ValueError
        There is no resample, or an input is outside what is allowed.

    References
    ----------
    .. [1] Harrell FE et al. Stat Med 1996;15:361-387. Efron B. J Am Stat Assoc 1983;78:316-331.
    .. [2] Efron B, Tibshirani R. J Am Stat Assoc 1997;92:548-560.
    .. [3] Noma H et al. Stat Med 2021;40:5691-5701.
    """
    check_level(level)
    if not resamples:
        raise ValueError("optimism needs at least one resample, got none")
    y = np.asarray(y_obs, dtype=float)
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    whole = check_sample(y, risk, weight)[0]
    inside = _over(resamples, y, lambda resample: weight * resample.times)
    everybody = _over(resamples, y, lambda _: weight)
    known = weight > 0
    plus = {"c_statistic": _plus_c(whole, resamples, y, weight),
            "brier": _plus_brier(whole, [_rows(r, known) for r in resamples])}  # fmt: skip
    lines = []
    for name, compute in FIGURES.items():
        line: dict[str, Any] = {"metric": name, "n": whole.n, "n_events": whole.n_events}
        try:
            line["apparent"] = compute(whole)
        except UndefinedFigureError as error:
            lines.append(line | _undefined(HARRELL, str(error)))
            continue
        gaps = inside[name] - everybody[name]
        estimate = line["apparent"] - _mean(gaps)
        found = line | _line(HARRELL, line["apparent"], estimate, inside[name], gaps, level)
        if name in _FIXED_BY_FIT:
            found |= {"lower": np.nan, "upper": np.nan, "method": "", "reason": _NO_SPREAD}
        lines.append(found)
        if name in plus:
            estimate, used = plus[name]
            lines.append(line | _line(PLUS, line["apparent"], estimate, inside[name], used, level))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def no_information_brier(y: FloatArray, risk: FloatArray, weight: FloatArray) -> float:
    """Return the Brier score if outcomes and risks had nothing to do with each other.

    Parameters
    ----------
    y, risk, weight : ndarray of float, shape (n,)
        Outcomes, risks and weights.

    Returns
    -------
    float
        Weighted mean of ``(y_i - risk_j)^2`` over all pairs i, j.
    """
    prevalence, mean = (float(np.average(values, weights=weight)) for values in (y, risk))
    square = float(np.average(risk**2, weights=weight))
    return prevalence - 2 * prevalence * mean + square


def plus_error(apparent: float, out: float, no_information: float) -> float:
    """Return the .632+ estimate of an error.

    Parameters
    ----------
    apparent, out, no_information : float
        Error on the sample, on patients not drawn, and without information.

    Returns
    -------
    float
        ``(1 - w) apparent + w out`` with ``w = .632 / (1 - .368 R)``, R the relative overfitting.
    """
    out = min(out, no_information)
    overfits = out > apparent and no_information > apparent
    relative = (out - apparent) / (no_information - apparent) if overfits else 0.0
    share = 0.632 / (1 - 0.368 * relative)
    return (1 - share) * apparent + share * out


def _ici(sample: Sample) -> float:
    errors = error_results([sample], level=_LEVEL, n_knots=_KNOTS, n_bootstrap=0, random_state=0)
    return next(found.metric.estimate for found in errors if found.metric.name == "ici")


FIGURES: dict[str, Callable[[Sample], float]] = {
    "c_statistic": lambda sample: c_statistic_result([sample], _LEVEL).metric.estimate,
    "calibration_in_the_large": lambda s: in_the_large_result([s], _LEVEL).metric.estimate,
    "calibration_slope": lambda sample: slope_result([sample], _LEVEL).metric.estimate,
    "ici": _ici,
    "brier": lambda sample: brier_result([sample], _LEVEL).metric.estimate,
    "scaled_brier": lambda sample: scaled_brier_result([sample], _LEVEL).metric.estimate,
}


def _over(
    resamples: Sequence[Resample], y: FloatArray, weigh: Callable[[Resample], FloatArray]
) -> dict[str, FloatArray]:
    """Return each figure of each refit under a weighting; NaN where it is undefined."""
    samples = [check_sample(y, r.risk, weigh(r))[0] for r in resamples]
    return {
        name: np.array([_or_nan(compute, sample) for sample in samples])
        for name, compute in FIGURES.items()
    }


def _or_nan(compute: Callable[[Sample], float], sample: Sample) -> float:
    try:
        return compute(sample)
    except UndefinedFigureError:  # counted in n_resamples and told in reason
        return float("nan")


def _rows(resample: Resample, known: NDArray[np.bool_]) -> Resample:
    return Resample(resample.times[known], resample.risk[known])


def _plus_c(
    whole: Sample, resamples: Sequence[Resample], y: FloatArray, weight: FloatArray
) -> tuple[float, FloatArray]:
    """Return the .632+ c-statistic, and that of the patients each refit did not see."""
    out = np.array([_c_out(resample, y, weight) for resample in resamples])
    apparent = _or_nan(FIGURES["c_statistic"], whole)
    return 1 - plus_error(1 - apparent, 1 - _mean(out), _CHANCE), out


def _c_out(resample: Resample, y: FloatArray, weight: FloatArray) -> float:
    unseen = weight * (resample.times == 0)
    if not (unseen > 0).any():
        return float("nan")
    return _or_nan(FIGURES["c_statistic"], check_sample(y, resample.risk, unseen)[0])


def _plus_brier(whole: Sample, resamples: Sequence[Resample]) -> tuple[float, FloatArray]:
    """Return the .632+ Brier score, and for each refit whether it left anybody out."""
    loss, count = np.zeros(whole.n), np.zeros(whole.n)
    for resample in resamples:
        unseen = resample.times == 0
        loss += unseen * (whole.y - resample.risk) ** 2
        count += unseen
    used = np.array([1.0 if (r.times == 0).any() else np.nan for r in resamples])
    left_out = count > 0
    if not left_out.any():
        return float("nan"), used
    mean = loss[left_out] / count[left_out]
    out = float(np.average(mean, weights=whole.weight[left_out]))
    apparent = float(np.average((whole.y - whole.risk) ** 2, weights=whole.weight))
    return plus_error(apparent, out, no_information_brier(whole.y, whole.risk, whole.weight)), used


def _mean(values: FloatArray) -> float:
    """Return the mean of what is defined; NaN, without a warning, of nothing."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def _line(
    estimator: str,
    apparent: float,
    estimate: float,
    inside: FloatArray,
    used: FloatArray,
    level: float,
) -> dict[str, Any]:
    n_used = int((~np.isnan(used)).sum())
    if n_used == 0:
        return _undefined(estimator, "undefined in every resample")
    optimism = apparent - estimate
    line = {"estimator": estimator, "optimism": optimism, "estimate": estimate}
    line |= {"n_resamples": n_used, "method": _METHOD, "reason": ""}
    failed = len(used) - n_used
    if failed:
        line["reason"] = f"undefined in {failed} of {len(used)} resamples"
    if n_used < _LEAST:
        line["reason"] = f"no interval: its limits need {_LEAST} resamples, there are {n_used}"
        return line | {"lower": np.nan, "upper": np.nan}
    tails = [(1 - level) / 2, (1 + level) / 2]
    defined = inside[~np.isnan(inside)]
    lower, upper = np.quantile(defined, tails) - defined.mean() + estimate
    return line | {"lower": float(lower), "upper": float(upper)}


def _undefined(estimator: str, reason: str) -> dict[str, Any]:
    missing = dict.fromkeys(("optimism", "estimate", "lower", "upper"), np.nan)
    return {"estimator": estimator, **missing, "n_resamples": 0, "method": "", "reason": reason}
