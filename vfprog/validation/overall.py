"""Overall performance: the Brier score and its scaled form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.validation._check import Sample, check_sample, require_both_classes
from vfprog.validation._influence import Estimate, Result, finite_factor, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray
    from vfprog.records import Metric


def brier(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the weighted mean of (y - risk)^2 with its interval on the logit scale.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); repeats of a cross-validation as rows are averaged.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the interval.

    Returns
    -------
    Metric
        ``brier``.

    Examples
    --------
    >>> round(brier([1, 0], [0.8, 0.4]).estimate, 6)
    0.1
    """
    return brier_result(check_sample(y_obs, risk, sample_weight, groups), level).metric


def scaled_brier(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return 1 - Brier / (p (1 - p)), p the weighted prevalence, with its interval.

    0 is the score of a risk equal to the prevalence for all, 1 is perfect, below 0 is harmful.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); repeats of a cross-validation as rows are averaged.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the interval.

    Returns
    -------
    Metric
        ``scaled_brier``.

    Raises
    ------
    UndefinedFigureError
        Only one outcome class is present.
    """
    return scaled_brier_result(check_sample(y_obs, risk, sample_weight, groups), level).metric


def brier_result(samples: Sequence[Sample], level: float) -> Result:
    """Return the Brier score of checked samples."""
    return summarise(samples, squared_error, name="brier", link="logit", level=level)


def scaled_brier_result(samples: Sequence[Sample], level: float) -> Result:
    """Return the scaled Brier score of checked samples."""
    return summarise(samples, _scaled_brier, name="scaled_brier", link="identity", level=level)


def squared_error(sample: Sample) -> Estimate:
    """Return the Brier score of a checked sample with its influence values."""
    return _mean_loss(sample, (sample.y - sample.risk) ** 2)


def log_loss_estimate(sample: Sample) -> Estimate:
    """Return the mean negative log-likelihood of a checked sample with its influence values."""
    return _mean_loss(sample, np.logaddexp(0, sample.margin) - sample.y * sample.margin)


def _mean_loss(sample: Sample, loss: FloatArray) -> Estimate:
    share = sample.weight / sample.weight.sum()
    value = float(np.sum(share * loss))
    return Estimate(value, finite_factor(sample.n_clusters) * share * (loss - value))


def _scaled_brier(sample: Sample) -> Estimate:
    require_both_classes(sample, "scaled_brier")
    score = squared_error(sample)
    share = sample.weight / sample.weight.sum()
    prevalence = float(np.sum(share * sample.y))
    null = prevalence * (1 - prevalence)
    of_prevalence = finite_factor(sample.n_clusters) * share * (sample.y - prevalence)
    of_null = (1 - 2 * prevalence) * of_prevalence
    ratio = score.value / null
    return Estimate(1 - ratio, (ratio * of_null - score.influence) / null)
