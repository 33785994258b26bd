"""The distribution of one feature as normal scores: stored quantiles, no patient's values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.features.feature import Feature

# At least so many patients stand behind each level and quantile that is stored.
FEWEST = 10
# A feature with more distinct values is stored by its quantiles.
_MOST_LEVELS = 20
_GRID = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Margin:
    """The distribution of one feature in development.

    Parameters
    ----------
    feature, predictor, label : str
        The feature, the clinical predictor it is made of, and words for the feature.
    values : tuple of float
        Quantiles, or the levels of a discrete feature; ascending.
    scores : tuple of float
        Their normal scores.
    edges : tuple of float
        Normal quantiles between the levels of a discrete feature; none for a continuous one.
    sd : float
        Standard deviation; beyond the outermost value a score grows by one per ``sd``.
    """

    feature: str
    predictor: str
    label: str
    values: tuple[float, ...]
    scores: tuple[float, ...]
    edges: tuple[float, ...]
    sd: float

    def __post_init__(self) -> None:
        numbers = (*self.values, *self.scores, *self.edges, self.sd)
        if not all(np.isfinite(numbers)) or self.sd <= 0:
            raise ValueError(f"{self.feature}: not all numbers are finite, or sd is not positive")
        steps = np.diff(self.values) > 0
        if len(self.values) != len(self.scores) or not len(steps) or not steps.all():
            raise ValueError(f"{self.feature}: values must ascend, each with its score")
        if len(self.edges) not in {0, len(steps)}:
            raise ValueError(
                f"{self.feature}: {len(self.edges)} edges for {len(self.values)} levels"
            )

    def score(self, x: FloatArray) -> FloatArray:
        """Return normal scores.

        Parameters
        ----------
        x : ndarray of float, shape (n,)
            Values; NaN where missing.

        Returns
        -------
        ndarray of float, shape (n,)
            Scores; NaN where missing.
        """
        beyond = x - np.minimum(np.maximum(x, self.values[0]), self.values[-1])
        scores: FloatArray = np.interp(x, self.values, self.scores) + beyond / self.sd
        return scores

    def beyond(self, x: FloatArray, far: float) -> BoolArray:
        """Return which values have a score further than ``far`` from 0, sooner than `score` does.

        Parameters
        ----------
        x : ndarray of float, shape (n,)
            Values; NaN where missing.
        far : float
            Distance in normal scores.

        Returns
        -------
        ndarray of bool, shape (n,)
            False where missing.
        """
        if max(-self.scores[0], self.scores[-1]) >= far:  # a level of its own may lie so far
            return np.asarray(np.abs(self.score(x)) > far)
        low = self.values[0] - (far + self.scores[0]) * self.sd
        high = self.values[-1] + (far - self.scores[-1]) * self.sd
        return np.asarray((x < low) | (x > high))

    def rounded(self, u: FloatArray) -> FloatArray:
        """Return the scores of people drawn from a normal distribution.

        Parameters
        ----------
        u : ndarray of float, shape (n,)
            Normal draws.

        Returns
        -------
        ndarray of float, shape (n,)
            The draws of a continuous feature, the scores of the levels of a discrete one.
        """
        if not self.edges:
            return u
        return np.asarray(self.scores)[np.searchsorted(self.edges, u)]

    @property
    def attenuation(self) -> float:
        """Correlation of a normal variable with the scores it is rounded to."""
        u = _normal_grid()
        return float(np.corrcoef(u, self.rounded(u))[0, 1]) if self.edges else 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Margin:
        """Return what `as_dict` wrote."""
        feature, predictor, label = (str(content[k]) for k in ("feature", "predictor", "label"))
        values, scores, edges = (
            tuple(float(value) for value in content[k]) for k in ("values", "scores", "edges")
        )
        return cls(feature, predictor, label, values, scores, edges, float(content["sd"]))


def learn_margin(feature: Feature, x: FloatArray) -> Margin | None:
    """Learn the distribution of a feature.

    Parameters
    ----------
    feature : Feature
        The feature.
    x : ndarray of float, shape (n,)
        Values of the development patients; NaN where missing.

    Returns
    -------
    Margin or None
        Quantiles or levels behind which `FEWEST` patients stand at least; None where fewer than
        two are left.
    """
    seen = x[~np.isnan(x)]
    levels, counts = np.unique(seen, return_counts=True)
    if len(seen) < 2 * FEWEST or len(levels) < 2:
        return None
    sd = float(np.std(seen))
    if len(levels) <= _MOST_LEVELS:
        return _discrete(feature, levels, counts, sd)
    tail = FEWEST / len(seen)
    grid = np.array([p for p in _GRID if tail <= p <= 1 - tail])
    values, place = np.unique(_smooth_quantiles(seen, grid), return_inverse=True)
    if len(values) < 2:
        return None
    # Where many share a value several quantiles coincide: their scores are averaged.
    scores = np.bincount(place, _quantile(grid)) / np.bincount(place)
    return _margin(feature, values, scores, np.empty(0), sd)


def _smooth_quantiles(seen: FloatArray, grid: FloatArray) -> FloatArray:
    """Return quantiles as means of `FEWEST` neighbours: one alone could be a patient's value."""
    ordered = np.sort(seen)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    first = np.rint(grid * len(seen) - FEWEST / 2).astype(np.intp).clip(0, len(seen) - FEWEST)
    means: FloatArray = (sums[first + FEWEST] - sums[first]) / FEWEST
    return means


def _discrete(feature: Feature, levels: FloatArray, counts: IntArray, sd: float) -> Margin | None:
    """Return levels with the normal scores of the middle of their ranks, rare levels left out."""
    often = counts >= FEWEST
    if often.sum() < 2:
        return None
    share = counts[often] / counts[often].sum()
    upper = np.cumsum(share)
    scores = _quantile(upper - share / 2)
    edges = _quantile(upper[:-1])
    return _margin(feature, levels[often], scores, edges, sd)


def _margin(
    feature: Feature, values: FloatArray, scores: FloatArray, edges: FloatArray, sd: float
) -> Margin:
    first, second, third = (tuple(array.tolist()) for array in (values, scores, edges))
    return Margin(feature.name, feature.parents[0], feature.label, first, second, third, sd)


def _quantile(p: FloatArray) -> FloatArray:
    return np.array([_NORMAL.inv_cdf(float(value)) for value in p])


@lru_cache(maxsize=1)
def _normal_grid() -> FloatArray:
    return _quantile((np.arange(2000) + 0.5) / 2000)
