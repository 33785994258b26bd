"""Closed testing: how much of a model must change to hold for other patients.

Three candidates: the model as it is; a new intercept, ``a + logit(risk)``; a new intercept and
slope, ``a + b logit(risk)``. Vergouwe et al. test them from the largest change down [1]_, so that
the chance to change a model that is right is at most alpha. Outcome weights are no frequencies and
a patient may have several episodes, so the likelihood ratio has no chi-squared distribution;
generalised score tests with the variance clustered by patient [2]_ stand in its place.

References
----------
.. [1] Vergouwe Y et al. Stat Med 2017;36:4529-4539.
.. [2] Boos DD. Am Stat 1992;46:327-333.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from vfprog.validation._check import Sample, check_sample, require_both_classes, require_varied_risk
from vfprog.validation._influence import finite_factor
from vfprog.validation._logistic import fit_logistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray

Change = Literal["no_change", "new_intercept", "new_intercept_and_slope"]
COLUMNS = (
    "step", "hypothesis", "test", "statistic", "df", "p", "intercept", "slope", "decision",
    "reason",
)  # fmt: skip
_TEST = "generalised score test, clustered by patient"
_AS_IS = "the model as it is holds here"
_LEVEL_ONLY = "a new intercept is enough"


@dataclass(frozen=True)
class ClosedTest:
    """What closed testing decided.

    Parameters
    ----------
    change : {"no_change", "new_intercept", "new_intercept_and_slope"}
        The decision.
    intercept, slope : float
        The updated log-odds are ``intercept + slope * log_odds``.
    table : pandas.DataFrame
        One row per step: step, hypothesis, test, statistic, df, p, intercept and slope under the
        hypothesis, decision, reason; the last row holds what was chosen.
    """

    change: Change
    intercept: float
    slope: float
    table: pd.DataFrame

    def apply(self, log_odds: FloatArray) -> FloatArray:
        """Return updated log-odds."""
        return self.intercept + self.slope * log_odds


def closed_test(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    alpha: float = 0.05,
    level_only: str = "",
) -> ClosedTest:
    """Decide between no change, a new intercept, and a new intercept and slope.

    First, intercept 0 and slope 1 are tested together (2 degrees of freedom): if they are not
    rejected nothing changes. Then slope 1 is tested with a free intercept (1 degree of freedom): if
    it is not rejected the intercept alone changes. Every test is at level alpha.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,)
        Risks of the frozen model in (0, 1).
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    alpha : float
        Level of the tests.
    level_only : str
        Why the slope must not change, whatever the second test says; empty where it may.

    Returns
    -------
    ClosedTest
        The decision, its coefficients and the tests. A slope that is not positive cannot mend a
        model that ranks patients the wrong way round: then the intercept alone is changed, and
        the table says so.

    Raises
    ------
    UndefinedFigureError
        One class only, all risks equal, or risks that separate the classes.
    ValueError
        An input is outside what is allowed.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha}")
    (sample,) = check_sample(y_obs, risk, sample_weight, groups)
    require_both_classes(sample, "closed testing")
    require_varied_risk(sample, "closed testing")
    level, slope = _fit(sample, slope=False), _fit(sample, slope=True)
    first = _row(1, _AS_IS, score_test_unchanged(sample), 2, (0.0, 1.0), alpha)
    if first["p"] >= alpha:
        return _decided("no_change", (0.0, 1.0), [first, _untested(level)])
    second = _row(2, _LEVEL_ONLY, score_test_slope(sample, level[0]), 1, level, alpha)
    if second["p"] >= alpha:
        return _decided("new_intercept", level, [first, second])
    if slope[1] <= 0:
        wrong = (
            f"slope {slope[1]:.2f}: the model ranks these patients the wrong way round, which no "
            "recalibration mends; the intercept alone is changed"
        )
        return _decided("new_intercept", level, [first, second], wrong)
    if level_only:
        return _decided("new_intercept", level, [first, second], level_only)
    return _decided("new_intercept_and_slope", slope, [first, second])


def score_test_unchanged(sample: Sample) -> float:
    """Return the score statistic of intercept 0 and slope 1.

    Parameters
    ----------
    sample : Sample
        Checked outcomes and risks.

    Returns
    -------
    float
        Chi-squared with 2 degrees of freedom where the model holds.
    """
    design = np.column_stack([np.ones(sample.n), sample.margin])
    score = _per_patient((sample.weight * (sample.y - sample.risk))[:, None] * design, sample)
    return _statistic(score, sample)


def score_test_slope(sample: Sample, intercept: float) -> float:
    """Return the score statistic of slope 1, the intercept being fitted.

    Parameters
    ----------
    sample : Sample
        Checked outcomes and risks.
    intercept : float
        Maximum likelihood intercept with slope 1.

    Returns
    -------
    float
        Chi-squared with 1 degree of freedom where a new intercept is enough. What the fit of the
        intercept takes from the score of the slope is taken out of every patient's share.
    """
    risk = expit(intercept + sample.margin)
    spread = sample.weight * risk * (1 - risk)
    centre = np.sum(spread * sample.margin) / spread.sum()
    score = sample.weight * (sample.y - risk) * (sample.margin - centre)
    return _statistic(_per_patient(score[:, None], sample), sample)


def _fit(sample: Sample, *, slope: bool) -> tuple[float, float]:
    ones = np.ones((sample.n, 1))
    if not slope:
        shift = fit_logistic(
            ones, sample.y, sample.weight, offset=sample.margin, figure="new intercept"
        )
        return float(shift.coef[0]), 1.0
    design = np.column_stack([ones, sample.margin])
    fit = fit_logistic(design, sample.y, sample.weight, figure="new slope")
    return float(fit.coef[0]), float(fit.coef[1])


def _per_patient(score: FloatArray, sample: Sample) -> FloatArray:
    sums = np.zeros((sample.n_clusters, score.shape[1]))
    np.add.at(sums, sample.cluster, score)
    return sums


def _statistic(score: FloatArray, sample: Sample) -> float:
    total = score.sum(axis=0)
    variance = finite_factor(sample.n_clusters) ** 2 * score.T @ score
    return float(total @ np.linalg.solve(variance, total))


def _row(
    step: int,
    hypothesis: str,
    statistic: float,
    df: int,
    under: tuple[float, float],
    alpha: float,
) -> dict[str, Any]:
    p = float(stats.chi2.sf(statistic, df))
    return {
        "step": step, "hypothesis": hypothesis, "test": _TEST, "statistic": statistic, "df": df,
        "p": p, "intercept": under[0], "slope": under[1],
        "decision": "rejected" if p < alpha else "not rejected", "reason": "",
    }  # fmt: skip


def _untested(under: tuple[float, float]) -> dict[str, Any]:
    return {
        "step": 2, "hypothesis": _LEVEL_ONLY, "test": _TEST, "statistic": np.nan, "df": 1,
        "p": np.nan, "intercept": under[0], "slope": under[1], "decision": "not tested",
        "reason": "the first hypothesis was not rejected",
    }  # fmt: skip


def _decided(
    change: Change,
    coefficients: tuple[float, float],
    rows: list[dict[str, Any]],
    reason: str = "",
) -> ClosedTest:
    chosen = dict.fromkeys(("statistic", "df", "p"), np.nan) | {
        "step": 3, "hypothesis": "", "test": "closed testing", "intercept": coefficients[0],
        "slope": coefficients[1], "decision": change, "reason": reason,
    }  # fmt: skip
    table = pd.DataFrame([*rows, chosen])[list(COLUMNS)]
    return ClosedTest(change, *coefficients, table)
