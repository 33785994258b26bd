"""Weights that let the observed stand for everyone, made anew inside each resample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from vfprog.data.censoring import censoring_cox, censoring_km
from vfprog.errors import ConfigError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.data.outcomes import Outcome
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray


def outcome_weights(
    outcome: Outcome,
    horizon_days: float,
    covariates: FloatArray | None = None,
    *,
    truncate: float = 0.99,
    multiplicity: IntArray | None = None,
) -> FloatArray:
    """Return the weight of each episode; 0 where its outcome is not observed.

    Dated outcomes weigh 1 / G(min(T, h)-), G the probability of not being censored; assessed
    outcomes weigh the inverse probability of being assessed, and 1 where the outcome is known
    without an assessment (death). Without covariates and truncation the weights of n episodes
    sum to n, and the weighted mean of events is the Aalen-Johansen estimate at the horizon.

    Parameters
    ----------
    outcome : Outcome
        Outcomes of n episodes.
    horizon_days : float
        Horizon.
    covariates : ndarray of float, shape (n, k), optional
        What censoring or assessment may depend on; NaN where missing.
    truncate : float
        Weights above this quantile of the positive weights are set to it; 1 for none.
    multiplicity : ndarray of int, shape (n,), optional
        How often each episode stands in a bootstrap sample; the weights are then learned on
        that sample, and are 0 for episodes outside it. They do not contain the multiplicity.

    Returns
    -------
    ndarray of float, shape (n,)
        Weights, at least 1 where observed.

    Raises
    ------
    TrainingError
        No outcome is observed.
    """
    if not 0 < truncate <= 1:
        raise ValueError(f"truncate must lie above 0 and at most at 1, got {truncate}")
    if multiplicity is not None:
        rows = np.repeat(np.arange(len(outcome.time)), multiplicity)
        chosen = None if covariates is None else covariates[rows]
        weights = np.zeros(len(outcome.time))
        weights[rows] = outcome_weights(outcome.take(rows), horizon_days, chosen, truncate=truncate)
        return weights
    if not outcome.observed.any():
        raise TrainingError("no outcome is observed, so none can be weighted")
    X = None if covariates is None else _design(covariates)
    make = _assessment_weights if outcome.assessed_kind else _censoring_weights
    weights = make(outcome, horizon_days, X)
    return np.minimum(weights, np.quantile(weights[weights > 0], truncate))


def covariate_matrix(cohort: Cohort) -> FloatArray | None:
    """Return the covariates on which the endpoint lets censoring or assessment depend.

    Parameters
    ----------
    cohort : Cohort
        The cohort.

    Returns
    -------
    ndarray of float, shape (n, k), or None
        One column per number, binary or ordinal predictor, one per level of a nominal one; None
        where the endpoint names no covariates or none is recorded.

    Raises
    ------
    ConfigError
        A name is no episode-level predictor known before the procedure.
    """
    columns: list[FloatArray] = []
    usable = cohort.dictionary.usable_at("preprocedure")
    known = {p.name: p for p in usable if p.table == "episodes"}
    for name in cohort.endpoint.weight_covariates:
        if name not in known:
            raise ConfigError(
                f"{cohort.endpoint.name}: weight covariate {name!r} is no episode-level predictor "
                "known before the procedure"
            )
        values = cohort.arrays.episodes.get(name)
        if values is not None:
            columns += _columns(values, len(known[name].levels), known[name].kind == "nominal")
    return np.column_stack(columns) if columns else None


def delta_adjusted_risk(
    outcome: Outcome, weights: FloatArray, delta: Sequence[float] = (-1, -0.5, 0, 0.5, 1)
) -> pd.DataFrame:
    """Return the mean risk if those not assessed did better or worse than the weights assume.

    The weights hold that, given the covariates, the unseen fare like the seen. The risk of the
    unseen under that assumption is the mean outcome weighted by w - 1; here its odds are
    multiplied by exp(delta). See Rubin, JASA 1977;72:538, for the idea.

    Parameters
    ----------
    outcome : Outcome
        An assessed outcome.
    weights : ndarray of float, shape (n,)
        Its weights.
    delta : sequence of float
        Shifts of the log-odds; 0 is the assumption itself.

    Returns
    -------
    pandas.DataFrame
        delta, n_not_assessed, risk_not_assessed, risk.

    Raises
    ------
    ValueError
        The outcome is dated, or everyone is assessed.
    """
    if not outcome.assessed_kind:
        raise ValueError("delta adjustment is for outcomes that are assessed, this one is dated")
    n, unseen = len(weights), int((~outcome.observed).sum())
    standing_for = np.where(outcome.observed, weights - 1, 0.0)
    if unseen == 0 or standing_for.sum() <= 0:
        raise ValueError("delta adjustment is undefined: nobody's outcome is unknown")
    base = float(standing_for @ outcome.event / standing_for.sum())
    odds = np.exp(np.asarray(delta, dtype=np.float64))
    shifted = base * odds / (1 - base + base * odds)
    risk = (outcome.event.sum() + unseen * shifted) / n
    columns = {"n_not_assessed": unseen, "risk_not_assessed": shifted, "risk": risk}
    return pd.DataFrame({"delta": np.asarray(delta, dtype=np.float64), **columns})


def _censoring_weights(outcome: Outcome, horizon: float, X: FloatArray | None) -> FloatArray:
    time, censored = np.minimum(outcome.time, horizon), ~outcome.observed
    if X is None or not censored.any():
        stay = censoring_km(time, censored)
    else:
        stay = censoring_cox(time, censored, X)
    return _inverse(stay, outcome.observed)


def _assessment_weights(outcome: Outcome, _horizon: float, X: FloatArray | None) -> FloatArray:
    asked = ~outcome.known_unassessed
    seen = outcome.observed & asked
    if asked.any() and not seen.any():
        raise TrainingError("no outcome was assessed, so none can be weighted")
    chance = np.ones(len(asked))
    chance[asked] = seen.sum() / max(asked.sum(), 1)
    if X is not None and not seen[asked].all():
        model = LogisticRegression(C=1.0, max_iter=1000).fit(X[asked], seen[asked])
        chance[asked] = model.predict_proba(X[asked])[:, 1]
    return _inverse(chance, outcome.observed)


def _inverse(chance: FloatArray, observed: BoolArray) -> FloatArray:
    return np.divide(1.0, chance, out=np.zeros(len(chance)), where=observed)


def _design(covariates: FloatArray) -> FloatArray | None:
    """Return standardised covariates, medians for what is missing, with its indicators.

    None where no column varies.
    """
    missing = np.isnan(covariates)
    some = ~missing.all(axis=0)
    medians = np.nanmedian(covariates[:, some], axis=0)
    filled = np.where(missing[:, some], medians, covariates[:, some])
    X = np.column_stack([filled, missing.astype(np.float64)])
    spread = X.std(axis=0)
    X, spread = X[:, spread > 0], spread[spread > 0]
    return (X - X.mean(axis=0)) / spread if X.shape[1] else None


def _columns(values: FloatArray, n_levels: int, nominal: bool) -> list[FloatArray]:
    if not nominal:
        return [values]
    # The first level is the reference.
    return [np.where(np.isnan(values), np.nan, values == code) for code in range(1, n_levels)]
