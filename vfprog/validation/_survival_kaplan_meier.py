"""Inverse probability of censoring weights, and the means and pseudo-values made with them.

G is the Kaplan-Meier estimate of staying uncensored, events going before censorings of the same
time. With weight ``known / G(min(T, h)-)`` the weights of all sum to n, and the weighted share of
those with the event by h *is* 1 - Kaplan-Meier, or Aalen-Johansen with competing events (Satten
GA, Datta S. Am Stat 2001;55:207-210). So one estimator, and one influence function, serves all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.validation._influence import Estimate

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.validation._survival_sample import SurvivalSample


class Censoring:
    """Weighted Kaplan-Meier estimate of the censoring times of a sample.

    Parameters
    ----------
    sample : SurvivalSample
        The participants; state 0 is a censoring, 1 and 2 are not.
    """

    def __init__(self, sample: SurvivalSample) -> None:
        self._sample = sample
        self._censored = sample.status == 0
        self._times = np.unique(sample.time[self._censored])
        self._until = self._steps_before(sample.until)
        left = self._steps_before(sample.time)
        self._at_risk = np.where(self._censored, left + 1, left)  # steps each is at risk at
        self._place = left[self._censored]
        self._risk_set = _sum_beyond(self._at_risk, sample.weight, self._times.size)
        lost = np.bincount(
            self._place, weights=sample.weight[self._censored], minlength=self._times.size
        )
        self._left_over = np.maximum(self._risk_set - lost, 0.0)
        stays = np.concatenate([[1.0], np.cumprod(self._left_over / self._risk_set)])
        self.survival: FloatArray = stays[self._until]

    def inverse(self) -> FloatArray:
        """Return known / G(min(T, h)-), the censoring weight of each row, without its own."""
        known = self._sample.known
        safe = np.where(known, self.survival, 1.0)
        return np.asarray(np.where(known, 1 / safe, 0.0), dtype=float)

    def through_weights(self, pull: FloatArray) -> FloatArray:
        """Return what each row does to ``sum(pull * log(1 / G))`` by being in the estimate of G.

        The exact derivative with respect to the log of each row's weight.
        """
        beyond = _sum_beyond(self._until, pull, self._times.size)
        rest = np.where(self._left_over > 0, self._left_over, np.inf)
        as_present = beyond * (1 / self._risk_set - 1 / rest)
        effect = np.concatenate([[0.0], np.cumsum(as_present)])[self._at_risk]
        effect[self._censored] += (beyond / rest)[self._place]
        return np.asarray(self._sample.weight * effect, dtype=float)

    def _steps_before(self, time: FloatArray) -> IntArray:
        return np.asarray(np.searchsorted(self._times, time, side="left"), dtype=np.intp)


def ipcw_mean(sample: SurvivalSample, value: FloatArray) -> Estimate:
    """Return the mean of what is known at the horizon only, corrected for censoring."""
    censoring, total = Censoring(sample), sample.weight.sum()
    part = sample.weight * censoring.inverse() * value
    mean = float(part.sum() / total)
    influence = part + censoring.through_weights(part) - sample.weight * mean
    return Estimate(mean, influence / total)


def cumulative_incidence(sample: SurvivalSample) -> Estimate:
    """Return 1 - Kaplan-Meier at the horizon; Aalen-Johansen where some competing event is."""
    return ipcw_mean(sample, sample.case.astype(float))


def pseudo_values(sample: SurvivalSample) -> FloatArray:
    """Return infinitesimal-jackknife pseudo-values of the cumulative incidence."""
    incidence = cumulative_incidence(sample)
    per_unit = incidence.influence / sample.weight
    return np.asarray(incidence.value + sample.weight.sum() * per_unit, dtype=float)


def _sum_beyond(steps: IntArray, weight: FloatArray, n_steps: int) -> FloatArray:
    """Return for each step m the weight of the rows with more than m steps behind them."""
    at = np.bincount(steps, weights=weight, minlength=n_steps + 1)
    return np.asarray(np.cumsum(at[::-1])[::-1][1 : n_steps + 1], dtype=float)
