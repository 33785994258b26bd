"""How the predicted risks are spread among those with and without the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.validation._check import check_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def risk_distribution(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    bins: int = 40,
) -> pd.DataFrame:
    """Return a histogram of the risks by outcome; counts only, so that it may be published.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); repeats of a cross-validation as rows are pooled.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0.
    bins : int
        Bins of equal width over 0 to 1.

    Returns
    -------
    pandas.DataFrame
        Columns outcome (0 or 1), lower_edge, upper_edge, share (weighted share of all
        participants of either outcome, so that all shares sum to 1).
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    samples = check_sample(y_obs, risk, sample_weight)
    edges = np.linspace(0, 1, bins + 1)
    total = samples[0].weight.sum() * len(samples)
    tables = []
    for outcome in (0, 1):
        share = np.zeros(bins)
        for sample in samples:
            chosen = sample.y == outcome
            share += np.histogram(sample.risk[chosen], edges, weights=sample.weight[chosen])[0]
        columns = {"outcome": outcome, "lower_edge": edges[:-1], "upper_edge": edges[1:]}
        tables.append(pd.DataFrame({**columns, "share": share / total}))
    return pd.concat(tables, ignore_index=True)
