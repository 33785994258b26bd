"""The figures that are always reported together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.validation._check import Sample, UndefinedFigureError, check_sample
from vfprog.validation.calibration import in_the_large_result, ratio_result, slope_result
from vfprog.validation.calibration_error import ERROR_NAMES, error_results
from vfprog.validation.discrimination import c_statistic_result
from vfprog.validation.overall import brier_result, scaled_brier_result
from vfprog.validation.utility import net_benefit_result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from vfprog.validation._influence import Result

DEFAULT_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
COLUMNS = ("metric", "estimate", "lower", "upper", "n", "n_events", "method", "reason")
METRICS = (
    "c_statistic", "calibration_in_the_large", "calibration_slope", *ERROR_NAMES, "brier",
    "scaled_brier", "observed_expected",
)  # fmt: skip
_N_KNOTS = 4


def performance(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    folds: ArrayLike | None = None,
    level: float = 0.95,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
    random_state: int | np.random.Generator = 0,
    n_bootstrap: int = 200,
) -> pd.DataFrame:
    """Return discrimination, calibration, overall performance and net benefit with intervals.

    With repeats of a cross-validation each estimate is the mean over the repeats and its
    variance is that of the mean influence function: the repeats hold the same participants, so
    the interval is about as wide as that of one repeat. Calibration errors are bootstrapped with
    the same patients drawn in each repeat. Weights are taken as fixed.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); one row per repeat of a cross-validation.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0; participants of weight 0 are not counted in n.
    groups : array-like of shape (n,), optional
        Patient of each row.
    folds : array-like of shape (n,) or (r, n), optional
        Fold of each row, of every repeat: the c-statistic then counts pairs of one fold only, see
        `vfprog.validation.discrimination.c_statistic`. All other figures judge each risk by itself.
    level : float
        Level of the intervals.
    thresholds : sequence of float
        Thresholds at which net benefit is given.
    random_state : int or numpy.random.Generator
        Seed of the bootstrap behind the intervals of ICI, E50, E90 and Emax.
    n_bootstrap : int
        Draws of that bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row per figure; columns metric, estimate, lower, upper, n, n_events, method and
        reason. A figure or interval that is undefined is NaN, and reason says why; elsewhere
        reason is empty.

    Raises
    ------
    UndefinedFigureError
        Only one outcome class is present.
    ValueError
        An input is outside what is allowed.
    """
    samples = check_sample(y_obs, risk, sample_weight, groups, folds)
    ranked = "influence function, logit scale" + ("" if folds is None else "; pairs within folds")
    rows = [_row(ranked, c_statistic_result(samples, level))]
    rows += _calibration_rows(samples, level, random_state, n_bootstrap)
    rows.append(_row("influence function, logit scale", brier_result(samples, level)))
    rows.append(_row("influence function", scaled_brier_result(samples, level)))
    rows.append(_row("influence function, log scale", ratio_result(samples, level)))
    for threshold in thresholds:
        rows.append(_row("influence function", net_benefit_result(samples, threshold, level)))
    table = pd.DataFrame(rows).assign(n=samples[0].n, n_events=samples[0].n_events)
    return table[list(COLUMNS)]


def performance_or_reason(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    folds: ArrayLike | None = None,
    random_state: int | np.random.Generator = 0,
    n_bootstrap: int = 200,
) -> pd.DataFrame:
    """Return `performance`, or the same table without figures where there is but one class.

    Parameters
    ----------
    y_obs, risk, sample_weight, groups, folds, random_state, n_bootstrap
        As for `performance`.

    Returns
    -------
    pandas.DataFrame
        As of `performance`.
    """
    try:
        return performance(
            y_obs, risk, sample_weight=sample_weight, groups=groups, folds=folds,
            random_state=random_state, n_bootstrap=n_bootstrap,
        )  # fmt: skip
    except UndefinedFigureError as error:
        sample = check_sample(y_obs, risk, sample_weight, groups)[0]
        return undefined_performance(str(error), n=sample.n, n_events=sample.n_events)


def undefined_performance(
    reason: str,
    *,
    n: int | None = None,
    n_events: int | None = None,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
) -> pd.DataFrame:
    """Return the table of `performance` without figures, and why.

    Parameters
    ----------
    reason : str
        Why nothing is given.
    n, n_events : int, optional
        Rows and events, where they may be told.
    thresholds : sequence of float
        Thresholds of net benefit.

    Returns
    -------
    pandas.DataFrame
        As of `performance`; estimates and limits are NaN.
    """
    names = [*METRICS, *(f"net_benefit_at_{threshold:g}" for threshold in thresholds)]
    table = pd.DataFrame([_undefined(name, "", reason) for name in names])
    counts = pd.DataFrame({"n": [n], "n_events": [n_events]}, dtype="Int64")
    return table.merge(counts, how="cross")[list(COLUMNS)]


def _calibration_rows(
    samples: Sequence[Sample],
    level: float,
    random_state: int | np.random.Generator,
    n_bootstrap: int,
) -> list[dict[str, object]]:
    rows = []
    sandwich: dict[str, Callable[[], Result]] = {
        "calibration_in_the_large": lambda: in_the_large_result(samples, level),
        "calibration_slope": lambda: slope_result(samples, level),
    }
    for name, compute in sandwich.items():
        try:
            rows.append(_row("sandwich", compute()))
        except UndefinedFigureError as error:
            rows.append(_undefined(name, "sandwich", str(error)))
    method = f"percentile bootstrap of {n_bootstrap} draws"
    try:
        errors = error_results(
            samples,
            level=level,
            n_knots=_N_KNOTS,
            n_bootstrap=n_bootstrap,
            random_state=random_state,
        )
        rows += [_row(method, result) for result in errors]
    except UndefinedFigureError as error:
        rows += [_undefined(name, method, str(error)) for name in ERROR_NAMES]
    return rows


def _row(method: str, result: Result) -> dict[str, object]:
    metric = result.metric
    return {
        "metric": metric.name,
        "estimate": metric.estimate,
        "lower": np.nan if metric.lower is None else metric.lower,
        "upper": np.nan if metric.upper is None else metric.upper,
        "method": method,
        "reason": result.reason,
    }


def _undefined(name: str, method: str, reason: str) -> dict[str, object]:
    missing = dict.fromkeys(("estimate", "lower", "upper"), np.nan)
    return {"metric": name, **missing, "method": method, "reason": reason}
