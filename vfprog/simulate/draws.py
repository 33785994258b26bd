"""Random draws shared by the parts of the simulator; all vectorised, all from a given generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri
from scipy.stats import norm

from vfprog.features.arrays import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# One column per name, all of one length; binary as 0/1, levels as their place.
Columns: TypeAlias = dict[str, FloatArray]
# A draw further out than this is set to it: no absurd patients, no reading below zero.
Z_MOST = 3.0


def normal(rng: np.random.Generator, n: int) -> FloatArray:
    """Return n standard normal draws, clipped at three standard deviations."""
    return np.clip(rng.standard_normal(n), -Z_MOST, Z_MOST)


def normal_above(rng: np.random.Generator, least: FloatArray) -> FloatArray:
    """Return one standard normal draw above each limit, clipped at three standard deviations."""
    below = ndtr(least)
    u = below + (1 - below) * rng.random(len(least))
    z = np.clip(ndtri(np.clip(u, 1e-12, 1 - 1e-12)), -Z_MOST, Z_MOST)
    return np.asarray(z, dtype=np.float64)


def flip(rng: np.random.Generator, probability: float | FloatArray, n: int) -> FloatArray:
    """Return n draws of 0 or 1 with the given probabilities."""
    return (rng.random(n) < probability).astype(np.float64)


def flip_logit(rng: np.random.Generator, log_odds: FloatArray) -> FloatArray:
    """Return one draw of 0 or 1 for each log-odds."""
    return flip(rng, expit(log_odds), len(log_odds))


def choose(rng: np.random.Generator, shares: Sequence[float], n: int) -> IntArray:
    """Return n places drawn with the given shares, which are scaled to a sum of one."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, rng.random(n), side="right"), len(edges) - 1)


def cut(latent: FloatArray, shares: Sequence[float]) -> FloatArray:
    """Return the class of each standard normal value when classes have the given shares.

    Parameters
    ----------
    latent : ndarray of float
        Standard normal values.
    shares : sequence of float
        Shares of all classes but the last.

    Returns
    -------
    ndarray of float
        Place of the class, from 0.
    """
    below = np.clip(np.cumsum(shares), 0, 1)
    return np.searchsorted(norm.ppf(below), latent).astype(np.float64)


def whole_days(rng: np.random.Generator, limits: tuple[int, int], n: int) -> FloatArray:
    """Return n days from first to last, each as likely as any other."""
    return rng.integers(limits[0], limits[1] + 1, n).astype(np.float64)


def day_limits(schedule: Mapping[str, float], name: str) -> tuple[int, int]:
    """Return the first and last day on which an assessment may take place."""
    return int(schedule[f"{name}_first"]), int(schedule[f"{name}_last"])


def linear(coefficients: Mapping[str, float], terms: Mapping[str, FloatArray]) -> FloatArray:
    """Return the sum of terms, each times the coefficient of its name."""
    names = list(terms)
    total = coefficients[names[0]] * terms[names[0]]
    for name in names[1:]:
        total = total + coefficients[name] * terms[name]
    return np.asarray(total, dtype=np.float64)


def over(values: FloatArray, threshold: float) -> FloatArray:
    """Return 1 where a value reaches the threshold, else 0."""
    return (values >= threshold).astype(np.float64)


def any_of(owner: IntArray, flag: FloatArray | BoolArray, n: int) -> FloatArray:
    """Return for each of n owners whether any of its rows is flagged, as 0/1."""
    return (np.bincount(owner, weights=flag, minlength=n) > 0).astype(np.float64)


def mean_of(owner: IntArray, values: FloatArray, weight: FloatArray, n: int) -> FloatArray:
    """Return the weighted mean over the rows of each of n owners, 0 where there is no weight."""
    total = np.bincount(owner, weights=values * weight, minlength=n)
    count = np.bincount(owner, weights=weight, minlength=n)
    return np.asarray(total / np.maximum(count, 1e-12) * (count > 0), dtype=np.float64)


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability strictly between 0 and 1."""
    return float(logit(np.clip(probability, 1e-9, 1 - 1e-9)))
