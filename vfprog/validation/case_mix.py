"""Case mix: how well a model could do with these patients, were it right in them.

A c-statistic falls elsewhere because patients there are more alike, or because the model does not
hold there. The spread of the linear predictor and the model-based c-statistic tell the two apart:
neither looks at an outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.validation._check import UndefinedFigureError, check_sample, require_both_classes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def expected_c_statistic(risk: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the c-statistic to be expected of risks that are right [1]_.

    Over all pairs of two, ``sum p_i (1 - p_j)`` where ``p_i > p_j``, ties counted half, over
    ``sum p_i (1 - p_j)``: each patient is a case with the chance p and free of the event otherwise.

    Parameters
    ----------
    risk : array-like of shape (n,)
        Predicted risk in (0, 1), n at least 2.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0.

    Returns
    -------
    float
        Model-based c-statistic; .5 where all risks are equal.

    Raises
    ------
    UndefinedFigureError
        There is no pair.

    References
    ----------
    .. [1] van Klaveren D et al. Stat Med 2016;35:4136-4152.

    Examples
    --------
    Case and other: the right way round .8 * .8, the wrong way round .2 * .2.

    >>> round(expected_c_statistic([0.2, 0.8]), 4)
    0.9412
    """
    (sample,) = check_sample(np.zeros(np.shape(risk)), risk, sample_weight)
    case, other = sample.weight * sample.risk, sample.weight * (1 - sample.risk)
    rank = np.unique(sample.risk, return_inverse=True)[1]
    at = np.bincount(rank, weights=other)
    below = (np.cumsum(at) - at / 2)[rank]
    right = np.sum(case * below) - np.sum(case * other) / 2  # nobody is paired with themselves
    pairs = case.sum() * other.sum() - np.sum(case * other)
    if sample.n < 2 or pairs <= 0:
        raise UndefinedFigureError(f"expected c-statistic is undefined: {sample.n} row, no pair")
    return float(right / pairs)


def case_mix(
    log_odds: ArrayLike, y_obs: ArrayLike, sample_weight: ArrayLike, c_statistic: float
) -> pd.DataFrame:
    """Return what tells case mix from misfit, for one model on one set of patients.

    Parameters
    ----------
    log_odds : array-like of shape (n,)
        Linear predictor of everybody the model is for.
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1; any value where the weight is 0.
    sample_weight : array-like of shape (n,)
        Outcome weights, 0 where the outcome is not known.
    c_statistic : float
        That observed in these patients, cross-validated where the model was fitted on them.

    Returns
    -------
    pandas.DataFrame
        statistic and value: n, n_events, outcome_frequency (weighted), mean_risk,
        mean_linear_predictor, sd_linear_predictor, expected_c_statistic and c_statistic.
    """
    margin, y, weight = (np.asarray(v, dtype=float) for v in (log_odds, y_obs, sample_weight))
    known = weight > 0
    risk = 1 / (1 + np.exp(-margin))
    (sample,) = check_sample(y[known], risk[known], weight[known])
    require_both_classes(sample, "case mix")
    spread = float(margin.std(ddof=1)) if margin.size > 1 else np.nan
    values = {
        "n": float(margin.size),
        "n_events": float(sample.n_events),
        "outcome_frequency": float(np.average(sample.y, weights=sample.weight)),
        "mean_risk": float(risk.mean()),
        "mean_linear_predictor": float(margin.mean()),
        "sd_linear_predictor": spread,
        "expected_c_statistic": expected_c_statistic(risk),
        "c_statistic": c_statistic,
    }
    return pd.DataFrame({"statistic": list(values), "value": list(values.values())})
