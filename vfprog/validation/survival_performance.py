"""The figures that are always reported together, for risks of an event by a horizon."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.validation._check import UndefinedFigureError, check_level
from vfprog.validation._survival_sample import SurvivalSample, check_survival
from vfprog.validation.survival import auc_result, harrell_c_result, uno_c_result
from vfprog.validation.survival_calibration import (
    ERROR_NAMES,
    survival_error_results,
    survival_ratio_result,
)
from vfprog.validation.survival_overall import ipcw_brier_result, scaled_ipcw_brier_result
from vfprog.validation.survival_pseudo import pseudo_results
from vfprog.validation.survival_utility import survival_benefit_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import ArrayLike

    from vfprog.validation._influence import Result

    _Figure = Callable[[SurvivalSample, float], Result]

DEFAULT_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
COLUMNS = (
    "metric", "estimate", "lower", "upper", "n", "n_events", "n_competing", "n_censored",
    "method", "reason",
)  # fmt: skip
_PSEUDO_NAMES = ("calibration_intercept", "calibration_slope")


def survival_performance(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
    random_state: int | np.random.Generator = 0,
    n_bootstrap: int = 200,
) -> pd.DataFrame:
    """Return discrimination, calibration, overall performance and net benefit at a horizon.

    Parameters
    ----------
    time : array-like of shape (n,)
        Time to the event, the competing event or the end of follow-up.
    status : array-like of shape (n,)
        0 censored, 1 event, 2 competing event.
    risk : array-like of shape (n,)
        Predicted risk of the event by the horizon, in (0, 1).
    horizon : float
        Time by which the event is predicted.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0; participants of weight 0 are not counted in n.
    groups : array-like of shape (n,), optional
        Patient of each row.
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
        One row per figure; columns metric, estimate, lower, upper, n, n_events, n_competing and
        n_censored (by the horizon), method and reason. A figure or interval that is undefined is
        NaN, and reason says why; elsewhere reason is empty.
    """
    check_level(level)
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    rows = list(_closed_rows(sample, level, thresholds))
    method = f"percentile bootstrap of {n_bootstrap} draws"
    rows += _rows(
        ERROR_NAMES,
        method,
        lambda: survival_error_results(
            sample, level=level, n_bootstrap=n_bootstrap, random_state=random_state
        ),
    )
    table = pd.DataFrame(rows).assign(**_counts(sample))
    return table[list(COLUMNS)]


def _closed_rows(
    sample: SurvivalSample, level: float, thresholds: Sequence[float]
) -> Iterator[dict[str, object]]:
    """Yield the figures whose intervals come from influence functions."""
    logit, plain = "influence function, logit scale", "influence function"
    figures: list[tuple[str, str, _Figure]] = [
        ("harrell_c", logit, harrell_c_result),
        ("uno_c", logit, uno_c_result),
        ("auc", logit, auc_result),
        ("brier", logit, ipcw_brier_result),
        ("scaled_brier", plain, scaled_ipcw_brier_result),
        ("observed_expected", "influence function, log scale", survival_ratio_result),
    ]
    for name, method, figure in figures:
        yield from _rows((name,), method, partial(_single, figure, sample, level))
    yield from _rows(_PSEUDO_NAMES, "sandwich", partial(pseudo_results, sample, level))
    for threshold in thresholds:
        name, figure = f"net_benefit_at_{threshold:g}", partial(_benefit, threshold)
        yield from _rows((name,), plain, partial(_single, figure, sample, level))


def _single(figure: _Figure, sample: SurvivalSample, level: float) -> list[Result]:
    return [figure(sample, level)]


def _benefit(threshold: float, sample: SurvivalSample, level: float) -> Result:
    return survival_benefit_result(sample, threshold, level)


def _rows(
    names: Sequence[str], method: str, compute: Callable[[], list[Result]]
) -> list[dict[str, object]]:
    try:
        return [_row(method, result) for result in compute()]
    except UndefinedFigureError as error:
        missing = dict.fromkeys(("estimate", "lower", "upper"), np.nan)
        return [
            {"metric": name, **missing, "method": method, "reason": str(error)} for name in names
        ]


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


def _counts(sample: SurvivalSample) -> dict[str, int]:
    by_horizon = sample.time <= sample.horizon
    return {
        "n": sample.n,
        "n_events": int(sample.case.sum()),
        "n_competing": int((by_horizon & (sample.status > 1)).sum()),
        "n_censored": int((~sample.known).sum()),
    }
