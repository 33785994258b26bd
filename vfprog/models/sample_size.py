"""Sample size for developing a binary prediction model (Riley et al. 2019, 2020)."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
        Criterion 3: overall risk estimated to within .05.
    """

    shrinkage: int
    optimism: int
    overall_risk: int

    @property
    def needed(self) -> int:
        """The participants that satisfy every criterion."""
        return max(self.shrinkage, self.optimism, self.overall_risk)


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
        Tolerated optimism of Nagelkerke's R2, and tolerated error of the overall risk.

    Returns
    -------
    SampleSize
        Participants per criterion.

    References
    ----------
    Riley RD et al. Minimum sample size for developing a multivariable prediction model: part II.
    Stat Med 2019;38:1276. Riley RD et al. BMJ 2020;368:m441.

    Examples
    --------
    >>> riley_sample_size(24, 0.174, r2_cox_snell=0.288)
    SampleSize(shrinkage=623, optimism=662, overall_risk=221)
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
    )


def _for_shrinkage(n_parameters: int, r2: float, factor: float) -> int:
    return math.ceil(n_parameters / ((factor - 1) * math.log(1 - r2 / factor)))
