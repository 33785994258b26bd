"""Sample size for developing a binary prediction model (Riley et al. 2019, 2020)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

# The formula of the fourth criterion was fitted on simulations of at most so many parameters.
_MOST_FOR_ERROR = 30


@dataclass(frozen=True)
class SampleSize:
    """The participants needed by each criterion of Riley et al.

    Parameters
    ----------
    shrinkage : int
        Criterion 1: expected uniform shrinkage of at least .9.
    optimism : int
        Criterion 2: optimism of Nagelkerke's R2 of at most .05.
    overall_risk : int
        Criterion 3: overall risk, so the intercept, estimated to within .05.
    prediction_error : int or None
        Criterion 4: mean absolute error of the risks of at most .05; None above 30 parameters, for
        which its formula was not made.
    """

    shrinkage: int
    optimism: int
    overall_risk: int
    prediction_error: int | None

    @property
    def needed(self) -> int:
        """The participants that satisfy every criterion."""
        return max(self.shrinkage, self.optimism, self.overall_risk, self.prediction_error or 0)


def max_r2_cox_snell(prevalence: float) -> float:
    """Return the largest Cox-Snell R2 a binary outcome of this prevalence allows.

    Parameters
    ----------
    prevalence : float
        Outcome proportion in (0, 1).

    Returns
    -------
    float
        ``1 - exp(2 * lnL_null / n)``.
    """
    if not 0 < prevalence < 1:
        raise ValueError(f"prevalence must lie in (0, 1), got {prevalence}")
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    return 1 - math.exp(2 * null)


def r2_from_c_statistic(c_statistic: float, prevalence: float) -> float:
    """Return the Cox-Snell R2 of a model of which the c-statistic is known.

    The linear predictor is taken as normal with one variance in those with and without the event;
    the expected log-likelihood is integrated, where Riley et al. [1]_ simulate it.

    Parameters
    ----------
    c_statistic : float
        c-statistic in (.5, 1), not an apparent one.
    prevalence : float
        Outcome proportion in (0, 1).

    Returns
    -------
    float
        ``1 - exp(2 * (lnL_null - lnL_model) / n)``.

    References
    ----------
    .. [1] Riley RD, Van Calster B, Collins GS. Stat Med 2021;40:859-864.

    Examples
    --------
    >>> round(r2_from_c_statistic(0.89, 0.174), 2)
    0.29
    """
    if not 0.5 < c_statistic < 1:
        raise ValueError(f"c_statistic must lie in (0.5, 1), got {c_statistic}")
    highest = max_r2_cox_snell(prevalence)
    distance = math.sqrt(2) * float(norm.ppf(c_statistic))
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    start = math.log(prevalence / (1 - prevalence)) - distance**2 / 2
    event = -np.logaddexp(0, -(start + distance * (nodes + distance)))
    none = -np.logaddexp(0, start + distance * nodes)
    expected = (prevalence * event + (1 - prevalence) * none) @ weights / weights.sum()
    return 1 - (1 - highest) * math.exp(-2 * float(expected))


def riley_sample_size(
    n_parameters: int,
    prevalence: float,
    *,
    r2_cox_snell: float | None = None,
    shrinkage: float = 0.9,
    margin: float = 0.05,
) -> SampleSize:
    """Return the participants needed to develop a model of a binary outcome.

    Parameters
    ----------
    n_parameters : int
        Candidate predictor parameters.
    prevalence : float
        Outcome proportion in (0, 1).
    r2_cox_snell : float, optional
        Anticipated Cox-Snell R2; default 15 % of its maximum, as Riley et al. advise where
        nothing better is known.
    shrinkage : float
        Targeted uniform shrinkage factor.
    margin : float
        Tolerated optimism of Nagelkerke's R2, error of the overall risk, and mean absolute error
        of the risks.

    Returns
    -------
    SampleSize
        Participants per criterion.

    References
    ----------
    Riley RD et al. Minimum sample size for developing a multivariable prediction model: part II.
    Stat Med 2019;38:1276. Riley RD et al. BMJ 2020;368:m441. The mean absolute error: van Smeden M
    et al. Stat Methods Med Res 2019;28:2455.

    Examples
    --------
    >>> riley_sample_size(24, 0.174, r2_cox_snell=0.288)
    SampleSize(shrinkage=623, optimism=662, overall_risk=221, prediction_error=801)
    """
    if n_parameters < 1:
        raise ValueError(f"n_parameters must be at least 1, got {n_parameters}")
    highest = max_r2_cox_snell(prevalence)
    r2 = 0.15 * highest if r2_cox_snell is None else r2_cox_snell
    if not 0 < r2 < highest:
        raise ValueError(f"r2_cox_snell must lie in (0, {highest:.3f}), got {r2}")
    second = r2 / (r2 + margin * highest)
    return SampleSize(
        _for_shrinkage(n_parameters, r2, shrinkage),
        _for_shrinkage(n_parameters, r2, second),
        math.ceil((1.96 / margin) ** 2 * prevalence * (1 - prevalence)),
        _for_error(n_parameters, min(prevalence, 1 - prevalence), margin),
    )


def _for_shrinkage(n_parameters: int, r2: float, factor: float) -> int:
    return math.ceil(n_parameters / ((factor - 1) * math.log(1 - r2 / factor)))


def _for_error(n_parameters: int, prevalence: float, error: float) -> int | None:
    if n_parameters > _MOST_FOR_ERROR:
        return None
    of_size = 0.259 * math.log(prevalence) + 0.504 * math.log(n_parameters)
    return math.ceil(math.exp((-0.508 + of_size - math.log(error)) / 0.544))
