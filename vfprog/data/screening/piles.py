"""Whether one value piles up among or beside the others of its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray, IntArray

_LEAST = 5
# Within the distribution, a pile must be this many times its nearest and its near neighbours:
# readers round to tens, so 0 may well be more frequent than 1, but not than 10.
_NEAREST, _NEAR = 3, 12
_TIMES_NEAREST, _TIMES_NEAR = 5.0, 2.5
_LEAST_WITHIN = 8
# Distance from the other values, as a share of their reach to that side of the median.
_FAR, _BESIDE = 0.5, 0.03
_SHARE_BESIDE = 0.01


def is_pile(others: FloatArray, value: float, count: int) -> bool:
    """Return whether a value is far more frequent than its neighbours, or far from them.

    Parameters
    ----------
    others : ndarray of float, shape (n,)
        The other values of the column.
    value : float
        The value.
    count : int
        Rows that hold it.

    Returns
    -------
    bool
        Whether it piles up.

    Examples
    --------
    >>> import numpy as np
    >>> others = np.repeat(np.arange(20.0, 60.0), 3)
    >>> is_pile(others, 0, 12), is_pile(others, 45.5, 4), is_pile(others, 99, 5)
    (True, False, True)
    """
    grid, counts = np.unique(others, return_counts=True)
    middle = float(np.median(others))
    low, high = float(grid[0]), float(grid[-1])
    if value < low or value > high:
        reach = high - middle if value > high else middle - low
        gap = low - value if value < low else value - high
        if gap >= _FAR * reach:
            return count >= _LEAST
        # At the end of a scale values beyond it are written, too.
        if gap < _BESIDE * reach and count < _SHARE_BESIDE * len(others):
            return False
    return _exceeds(grid, counts, value, count, others)


def _exceeds(
    grid: FloatArray, counts: IntArray, value: float, count: int, others: FloatArray
) -> bool:
    place = int(np.searchsorted(grid, value))
    nearest = counts[max(0, place - _NEAREST) : place + _NEAREST]
    near = counts[max(0, place - _NEAR) : place + _NEAR]
    if count < max(_LEAST_WITHIN, _TIMES_NEAREST * int(nearest.max())):
        return False
    low, high = np.quantile(others, [0.005, 0.995])
    in_a_tail = not low <= value <= high
    return in_a_tail or count >= _TIMES_NEAR * int(near.max())
