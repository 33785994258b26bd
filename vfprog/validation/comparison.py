"""Two sets of risks for the same participants: differences with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from vfprog.validation._check import Sample, UndefinedFigureError, check_level, check_sample
from vfprog.validation._influence import Estimate, no_interval, standard_error, z_value
from vfprog.validation.discrimination import concordance
from vfprog.validation.overall import log_loss_estimate, squared_error
from vfprog.validation.performance import DEFAULT_THRESHOLDS
from vfprog.validation.utility import benefit_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray

    Figure = Callable[[Sample], Estimate]

COLUMNS = (
    "metric", "difference", "lower", "upper", "p_value", "better", "n", "n_events", "method",
    "reason",
)  # fmt: skip
_LOSSES = ("brier", "log_loss")
_METHOD = "paired influence functions"


def paired_differences(
    y_obs: ArrayLike,
    risk: ArrayLike,
    other: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    folds: ArrayLike | None = None,
    level: float = 0.95,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
    ranking: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return c-statistic, Brier score, log loss and net benefit of one set of risks minus another.

    Both are of the same participants, so the influence of a row on the difference is the
    difference of its influences; for the c-statistic this is DeLong's test of two correlated
    curves [1]_, with weights, and with the rows of a patient summed. Weights and models are
    taken as fixed. Folds share most of their participants, which the limits do not know, as they
    do not for one model.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk, other : array-like of shape (n,) or (r, n)
        Predicted risks in (0, 1); repeats of a cross-validation as rows.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0.
    groups : array-like of shape (n,), optional
        Patient of each row.
    folds : array-like of shape (n,) or (r, n), optional
        Fold of each row, of every repeat: both c-statistics then count pairs of one fold only. Of
        a coarse rule, such as one binary predictor, whose risks in different folds differ by the
        intercepts of the folds, nothing else is a fair comparison.
    level : float
        Level of the limits.
    thresholds : sequence of float
        Thresholds of net benefit.
    ranking : array-like of shape (n,) or (r, n), optional
        What `other` ranks by, in (0, 1), if not by its risks: a score, whose c-statistic needs no
        risk.

    Returns
    -------
    pandas.DataFrame
        metric, difference, lower, upper, p_value, better (``higher`` or ``lower``), n, n_events,
        method, reason. A loss is better lower: a difference below 0 speaks for `risk`.

    References
    ----------
    .. [1] DeLong ER et al. Biometrics 1988;44:837-845.

    Examples
    --------
    >>> table = paired_differences([1, 1, 0, 0], [0.8, 0.6, 0.3, 0.2], [0.5, 0.3, 0.4, 0.2])
    >>> table.set_index("metric").loc["c_statistic", "difference"]
    np.float64(0.25)
    """
    shared = (sample_weight, groups, folds)
    ours, theirs = check_sample(y_obs, risk, *shared), check_sample(y_obs, other, *shared)
    ranked = theirs if ranking is None else check_sample(y_obs, ranking, *shared)
    rows = [_row("c_statistic", (ours, concordance), (ranked, concordance), level)]
    for name, loss in (("brier", squared_error), ("log_loss", log_loss_estimate)):
        rows.append(_row(name, (ours, loss), (theirs, loss), level))
    for threshold in thresholds:
        figure = benefit_at(threshold)
        name = f"net_benefit_at_{threshold:g}"
        rows.append(_row(name, (ours, figure), (theirs, figure), level))
    return _table(rows, ours[0])


def differences_to_strategy(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    treat_all: bool,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
) -> pd.DataFrame:
    """Return the net benefit of risks minus that of treating all, or none.

    Parameters
    ----------
    y_obs, risk
        As for `paired_differences`.
    treat_all : bool
        Whether to compare with treating all; else with treating none.
    sample_weight, groups, level, thresholds
        As for `paired_differences`.

    Returns
    -------
    pandas.DataFrame
        As of `paired_differences`, net benefit only.
    """
    samples = check_sample(y_obs, risk, sample_weight, groups)
    rows = []
    for threshold in thresholds:
        other = benefit_at(threshold, treat_all=True) if treat_all else _nothing
        name = f"net_benefit_at_{threshold:g}"
        rows.append(_row(name, (samples, benefit_at(threshold)), (samples, other), level))
    return _table(rows, samples[0])


def _row(
    metric: str,
    ours: tuple[Sequence[Sample], Figure],
    theirs: tuple[Sequence[Sample], Figure],
    level: float,
) -> Mapping[str, object]:
    check_level(level)
    row: dict[str, object] = {"metric": metric, "method": _METHOD, "reason": ""}
    row["better"] = "lower" if metric in _LOSSES else "higher"
    try:
        (value, influence), (other, its) = _mean(*ours), _mean(*theirs)
    except UndefinedFigureError as error:
        return {**row, "reason": str(error)}
    row["difference"] = value - other
    sample = ours[0][0]
    if reason := no_interval(sample):
        return {**row, "reason": reason}
    spread = standard_error(influence - its, sample)
    half = z_value(level) * spread
    p = float(2 * norm.sf(abs(value - other) / spread)) if spread > 0 else np.nan
    reason = "" if spread > 0 else "no p-value: no participant differs"
    limits = {"lower": value - other - half, "upper": value - other + half}
    return {**row, **limits, "p_value": p, "reason": reason}


def _mean(samples: Sequence[Sample], figure: Figure) -> tuple[float, FloatArray]:
    """Return the mean over repeats of a figure and of its influence."""
    found = [figure(sample) for sample in samples]
    value = float(np.mean([estimate.value for estimate in found]))
    return value, np.mean([estimate.influence for estimate in found], axis=0)


def _nothing(sample: Sample) -> Estimate:
    return Estimate(0.0, np.zeros(sample.n))


def _table(rows: Sequence[Mapping[str, object]], sample: Sample) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS)).assign(n=sample.n, n_events=sample.n_events)
    numbers = ["difference", "lower", "upper", "p_value"]
    return table.assign(**table[numbers].astype(float))
