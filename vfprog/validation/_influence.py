"""From influence values to intervals: one path for all figures that have them.

The influence of a row is its first-order effect on the estimate, so the variance is the sum over
patients of the squared sum of their rows. Weights are taken as fixed. Over the repeats of a
cross-validation both the estimate and the influence are averaged: repeats share their
participants, so averaging steadies the estimate and does not shrink the sampling variance to
a fraction of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from vfprog.records import Metric
from vfprog.validation._check import Sample, check_level

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vfprog.features.arrays import FloatArray

Link = Literal["identity", "log", "logit"]


@dataclass(frozen=True)
class Estimate:
    """A figure and the influence of each row on it.

    Parameters
    ----------
    value : float
        The estimate.
    influence : ndarray of float, shape (n,)
        Influence values, finite-sample factor included.
    """

    value: float
    influence: FloatArray


@dataclass(frozen=True)
class Result:
    """A metric, and why it has no interval where it has none.

    Parameters
    ----------
    metric : Metric
        Estimate and interval.
    reason : str
        Empty if there is an interval.
    """

    metric: Metric
    reason: str = ""


def summarise(
    samples: Sequence[Sample],
    figure: Callable[[Sample], Estimate],
    *,
    name: str,
    link: Link,
    level: float,
) -> Result:
    """Return a figure with its interval, over one sample or the repeats of one."""
    check_level(level)
    estimates = [figure(sample) for sample in samples]
    value = float(np.mean([estimate.value for estimate in estimates]))
    influence = np.mean([estimate.influence for estimate in estimates], axis=0)
    if reason := no_interval(samples[0]):
        return Result(Metric(name, value), reason)
    if not _inside(value, link):
        return Result(Metric(name, value), f"no interval: the estimate is at its limit, {value:g}")
    lower, upper = interval(value, standard_error(influence, samples[0]), link, level)
    return Result(Metric(name, value, lower, upper))


def no_interval(sample: Sample) -> str:
    """Return why this sample allows no interval, or an empty string."""
    cases, others = sample.patients_with(1), sample.patients_with(0)
    if min(cases, others) >= 2:
        return ""
    return (
        "no interval: it needs at least 2 patients with and 2 without the event, "
        f"got {cases} and {others}"
    )


def standard_error(influence: FloatArray, sample: Sample) -> float:
    """Return the standard error, rows of one patient summed before they are squared."""
    sums = np.bincount(sample.cluster, weights=influence, minlength=sample.n_clusters)
    return float(np.sqrt(np.sum(sums**2)))


def finite_factor(n_clusters: int) -> float:
    """Return sqrt(k / (k - 1)), the finite-sample factor of k patients."""
    return math.sqrt(n_clusters / max(n_clusters - 1, 1))


def interval(value: float, error: float, link: Link, level: float) -> tuple[float, float]:
    """Return the Wald interval on the scale of the link, carried back."""
    half = z_value(level) * error
    if link == "log":
        half /= value
        return value * math.exp(-half), value * math.exp(half)
    if link == "logit":
        half /= value * (1 - value)
        centre = math.log(value / (1 - value))
        return _expit(centre - half), _expit(centre + half)
    return value - half, value + half


def z_value(level: float) -> float:
    """Return the normal quantile of a two-sided interval."""
    return NormalDist().inv_cdf((1 + level) / 2)


def _inside(value: float, link: Link) -> bool:
    return link == "identity" or (value > 0 and (link == "log" or value < 1))


def _expit(x: float) -> float:
    """Return the logistic function without overflow at either end."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
