"""From index vertebrae to episodes: any, largest, mean, total, count, with missing values.

Every aggregate takes values of shape (m,) or a stack (k, m) and returns (n,) or (k, n). An episode
without vertebrae is NaN in all of them, the count too: nothing recorded is not nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Groups:
    """Which vertebrae belong to which episode, ready for segment-wise sums and maxima.

    Parameters
    ----------
    n : int
        Number of episodes.
    order : ndarray of int, shape (m,), or None
        Positions that sort the vertebrae by episode; None where they are sorted already.
    starts : ndarray of int, shape (e,)
        First sorted vertebra of each episode that has any.
    present : ndarray of int, shape (e,)
        Positions of the episodes that have vertebrae.
    """

    n: int
    order: IntArray | None
    starts: IntArray
    present: IntArray

    def reduce(self, ufunc: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """Return ``ufunc`` over the vertebrae of each episode that has any.

        Parameters
        ----------
        ufunc : numpy.ufunc
            Binary operation, such as ``np.maximum``.
        values : ndarray, shape (..., m)
            One value per vertebra.

        Returns
        -------
        ndarray, shape (..., e)
            One value per episode with vertebrae.
        """
        if self.order is not None:
            values = values[..., self.order]
        if not len(self.starts):
            return values[..., :0]
        reduced: NDArray[Any] = ufunc.reduceat(values, self.starts, axis=-1)
        return reduced

    def scatter(self, reduced: FloatArray) -> FloatArray:
        """Return values of episodes with vertebrae among all episodes, NaN for the others.

        Parameters
        ----------
        reduced : ndarray of float, shape (..., e)
            What `reduce` returned.

        Returns
        -------
        ndarray of float, shape (..., n)
            Values of all episodes.
        """
        if len(self.present) == self.n:
            return reduced
        out = np.full((*reduced.shape[:-1], self.n), np.nan)
        out[..., self.present] = reduced
        return out


def group_vertebrae(owner: IntArray, n: int) -> Groups:
    """Return the grouping of vertebrae by episode.

    Parameters
    ----------
    owner : ndarray of int, shape (m,)
        Position of the episode each vertebra belongs to, in any order.
    n : int
        Number of episodes.

    Returns
    -------
    Groups
        Grouping for the aggregates of this module.

    Raises
    ------
    ValueError
        A vertebra belongs to no episode.
    """
    owner = np.asarray(owner, dtype=np.intp)
    order = None
    if (owner[1:] < owner[:-1]).any():
        order = np.argsort(owner, kind="stable")
        owner = owner[order]
    if len(owner) and not 0 <= owner[0] <= owner[-1] < n:
        raise ValueError(f"owner must lie between 0 and {n - 1}, got {owner[0]} to {owner[-1]}")
    first = np.ones(len(owner), dtype=np.bool_)
    first[1:] = owner[1:] != owner[:-1]
    starts = first.nonzero()[0]
    return Groups(n, order, starts, owner[starts])


def any_per_episode(values: FloatArray, groups: Groups) -> FloatArray:
    """Return whether any vertebra of the episode has the finding.

    Parameters
    ----------
    values : ndarray of float, shape (..., m)
        0 or 1, NaN where missing.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (..., n)
        1 if any is 1; 0 if all are known to be 0; NaN otherwise.
    """
    found = groups.reduce(np.fmax, values)  # passes over NaN
    strict = groups.reduce(np.maximum, values)  # keeps NaN
    return groups.scatter(np.where(found == 1, 1.0, strict))


def max_per_episode(values: FloatArray, groups: Groups) -> FloatArray:
    """Return the largest known value of the episode's vertebrae.

    Parameters
    ----------
    values : ndarray of float, shape (..., m)
        Values, NaN where missing.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (..., n)
        Maximum; NaN where no value is known.
    """
    return groups.scatter(groups.reduce(np.fmax, values))


def mean_per_episode(values: FloatArray, groups: Groups) -> FloatArray:
    """Return the mean known value of the episode's vertebrae.

    Parameters
    ----------
    values : ndarray of float, shape (..., m)
        Values, NaN where missing.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (..., n)
        Mean; NaN where no value is known.
    """
    known = ~np.isnan(values)
    total = groups.reduce(np.add, np.where(known, values, 0.0))
    count = groups.reduce(np.add, known.astype(np.float64))
    return groups.scatter(total / np.where(count > 0, count, np.nan))


def sum_per_episode(values: NDArray[Any], groups: Groups) -> FloatArray:
    """Return the sum over the episode's vertebrae, missing if any part is missing.

    Parameters
    ----------
    values : ndarray, shape (..., m)
        Numbers or truth values; NaN where missing.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (..., n)
        Sum; NaN where any value is missing or the episode has no vertebrae.
    """
    return groups.scatter(groups.reduce(np.add, values.astype(np.float64)))
