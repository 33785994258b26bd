"""Normal numbers that are the same on every machine and with every version of numpy.

What a bundle says of a patient must not change with a library, and importing ``numpy.random`` would
take a clinician's call longer than all else that is drawn here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import FloatArray

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def splitmix64(n: int) -> NDArray[np.uint64]:
    """Return the first n numbers of the SplitMix64 generator with seed 0.

    Steele, Lea and Flood 2014, OOPSLA: 453-472.

    Parameters
    ----------
    n : int
        How many.

    Returns
    -------
    ndarray of uint64, shape (n,)
        Whole numbers, uniform over all of 64 bits.

    Examples
    --------
    >>> hex(splitmix64(1)[0])
    '0xe220a8397b1dcdaf'
    """
    z = np.arange(1, n + 1, dtype=np.uint64) * _GAMMA
    for shift, factor in _STEPS:
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return z ^ (z >> np.uint64(31))


def normal_draws(n: int, width: int) -> FloatArray:
    """Return independent standard normal numbers, the same each time.

    Box and Muller 1958, Ann Math Stat 29:610.

    Parameters
    ----------
    n, width : int
        Shape.

    Returns
    -------
    ndarray of float, shape (n, width)
        The numbers.
    """
    half = (n * width + 1) // 2
    uniform = ((splitmix64(2 * half) >> np.uint64(11)) + 0.5) * 2.0**-53
    radius = np.sqrt(-2.0 * np.log(uniform[:half]))
    angle = 2.0 * np.pi * uniform[half:]
    pair = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    drawn: FloatArray = pair[: n * width].reshape(n, width)
    return drawn
