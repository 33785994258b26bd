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
from vfprog.validation._influence import Result
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
_LEVEL = 0.95  # of intervals nobody reads here
_KNOTS = 4
_METHOD = "limits of the apparent figure, moved by the optimism"
_UNBOUNDED = ("calibration_slope",)
_FAR, _TO_SD = 3.0, 1.4826  # median absolute deviations, scaled to a standard deviation
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
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return figures corrected for optimism, and the .632+ estimate of two of them.

    Harrell [1]_: the optimism is the mean over refits of the figure on the refit's own sample
    minus that on everybody; it is taken off the apparent figure. A slope has no upper end, and
    where the signal is weak one refit whose risks hardly differ has a slope of 10 or 20 and would
    decide the mean: refits whose difference of slopes lies more than 3 scaled median absolute
    deviations from the median are set aside [4]_, counted in reason (docs/coverage.md measures it).
    .632+ [2]_ weighs the apparent error and that on patients not drawn, the more towards the latter
    the more the procedure overfits: the Brier score averages each row over the refits that did not
    see it, the c-statistic is averaged over refits, because risks of different refits are not to be
    ranked together. Its no-information value is .5, that of the Brier score pairs every outcome
    with every risk. Limits are those of the apparent figure, by influence function or sandwich and
    clustered by patient, moved by the optimism, as the location-shifted bootstrap [3]_ moves the
    percentiles of the refits; those sat too high and too close here, because a refit on fewer
    distinct patients looks better on its own sample (docs/coverage.md measures the limits). The
    ICI has none. Samples weigh by multiplicity times outcome weight.

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
    groups : array-like of shape (n,), optional
        Patient of each row, for the limits.
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
    .. [4] Hampel FR. Technometrics 1985;27:95-107.
    """
    check_level(level)
    if not resamples:
        raise ValueError("optimism needs at least one resample, got none")
    y = np.asarray(y_obs, dtype=float)
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    whole = check_sample(y, risk, weight, groups)[0]
    inside = _over(resamples, y, lambda resample: weight * resample.times)
    everybody = _over(resamples, y, lambda _: weight)
    known = weight > 0
    plus = {"c_statistic": _plus_c(whole, resamples, y, weight),
            "brier": _plus_brier(whole, [_rows(r, known) for r in resamples])}  # fmt: skip
    lines = []
    for name, compute in FIGURES.items():
        line: dict[str, Any] = {"metric": name, "n": whole.n, "n_events": whole.n_events}
        try:
            apparent = compute(whole, level)
        except UndefinedFigureError as error:
            lines.append(line | _undefined(HARRELL, str(error)))
            continue
        gaps = inside[name] - everybody[name]
        kept = _without_far(gaps) if name in _UNBOUNDED else gaps
        corrected = _line(HARRELL, apparent, apparent.metric.estimate - _mean(kept), gaps)
        lines.append(line | corrected | _set_aside(corrected, gaps, kept))
        if name in plus:
            lines.append(line | _line(PLUS, apparent, *plus[name]))
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


def _ici(sample: Sample, level: float) -> Result:
    errors = error_results([sample], level=level, n_knots=_KNOTS, n_bootstrap=0, random_state=0)
    found = next(error for error in errors if error.metric.name == "ici")
    return Result(found.metric, "no interval: the apparent ICI has no limits to move")


FIGURES: dict[str, Callable[[Sample, float], Result]] = {
    "c_statistic": lambda sample, level: c_statistic_result([sample], level),
    "calibration_in_the_large": lambda sample, level: in_the_large_result([sample], level),
    "calibration_slope": lambda sample, level: slope_result([sample], level),
    "ici": _ici,
    "brier": lambda sample, level: brier_result([sample], level),
    "scaled_brier": lambda sample, level: scaled_brier_result([sample], level),
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


def _or_nan(compute: Callable[[Sample, float], Result], sample: Sample) -> float:
    try:
        return compute(sample, _LEVEL).metric.estimate
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


def _without_far(gaps: FloatArray) -> FloatArray:
    """Return differences with those far from their median missing."""
    defined = gaps[~np.isnan(gaps)]
    if not defined.size:
        return gaps
    distance = np.abs(gaps - np.median(defined))
    limit = _FAR * _TO_SD * float(np.median(distance[~np.isnan(distance)]))
    return np.where(distance <= limit, gaps, np.nan) if limit > 0 else gaps


def _set_aside(line: dict[str, Any], gaps: FloatArray, kept: FloatArray) -> dict[str, Any]:
    """Return how many refits a corrected figure leaves aside, and why."""
    used, all_of_them = (int((~np.isnan(values)).sum()) for values in (kept, gaps))
    if used == all_of_them:
        return {}
    told = f"{all_of_them - used} of {all_of_them} refits set aside: far from the median of all"
    return {"n_resamples": used, "reason": "; ".join(filter(None, (told, line["reason"])))}


def _line(estimator: str, apparent: Result, estimate: float, used: FloatArray) -> dict[str, Any]:
    n_used = int((~np.isnan(used)).sum())
    metric, failed = apparent.metric, len(used) - n_used
    line: dict[str, Any] = {"apparent": metric.estimate}
    if n_used == 0:
        return line | _undefined(estimator, "undefined in every resample")
    optimism = metric.estimate - estimate
    line |= {"estimator": estimator, "optimism": optimism, "estimate": estimate}
    line |= {"n_resamples": n_used, "method": _METHOD, "reason": apparent.reason}
    if failed:
        told = f"undefined in {failed} of {len(used)} resamples"
        line["reason"] = f"{told}; {apparent.reason}" if apparent.reason else told
    if metric.lower is None or metric.upper is None:
        return line | {"lower": np.nan, "upper": np.nan, "method": ""}
    return line | {"lower": metric.lower - optimism, "upper": metric.upper - optimism}


def _undefined(estimator: str, reason: str) -> dict[str, Any]:
    missing = dict.fromkeys(("optimism", "estimate", "lower", "upper"), np.nan)
    return {"estimator": estimator, **missing, "n_resamples": 0, "method": "", "reason": reason}
