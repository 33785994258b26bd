"""The fracture in time and along the spine: age, region, sandwich and cascade."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.vertebrae import any_per_episode, mean_per_episode, sum_per_episode
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray
    from vfprog.features.vertebrae import Groups

# Marks, in weeks, at which the trials drew their line: 3 weeks is where VAPOUR's patients were
# (79 % within), 6 is the entry limit of VERTOS II and VAPOUR, 9 that of VERTOS IV.
AGE_MARKS_WEEKS = (3, 6, 9)
# The thoracolumbar junction, where VAPOUR found its benefit concentrated (Clark et al 2016, Lancet
# 388:1408), drawn as T11-L2; some surveys begin it at T10.
THORACOLUMBAR = (LEVELS.index("T11"), LEVELS.index("L2"))
# "Cascade: more than three vertebral fractures in a short time" (Roux et al 2021, RMD Open 7:
# e001655). Only index vertebrae count: earlier fractures carry no date.
CASCADE_ABOVE = 3


def log_fracture_age(days: FloatArray) -> FloatArray:
    """Return log(1 + fracture age), the age being right-skewed over three orders of magnitude.

    Fracture age is close to lognormal (Kallmes et al 2009, NEJM 361:569: mean 22.5, median about
    16 weeks).

    Parameters
    ----------
    days : ndarray of float
        Fracture age in days, NaN where missing.

    Returns
    -------
    ndarray of float
        Natural logarithm of one plus the days.

    Raises
    ------
    ValueError
        A fracture age is negative.
    """
    if (days < 0).any():
        raise ValueError(f"fracture age must be 0 days or more, got {np.nanmin(days):g}")
    return np.log1p(days)


def within_weeks(days: FloatArray, weeks: float) -> FloatArray:
    """Return 1 where the fracture is at most so many weeks old.

    Parameters
    ----------
    days : ndarray of float
        Fracture age in days, NaN where missing.
    weeks : float
        The mark, itself included; see `AGE_MARKS_WEEKS`.

    Returns
    -------
    ndarray of float
        0 or 1; NaN where the age is missing.
    """
    return np.where(np.isnan(days), np.nan, days <= 7 * weeks)


def number_of_vertebrae(level: FloatArray, groups: Groups) -> FloatArray:
    """Return how many index vertebrae each episode has.

    Parameters
    ----------
    level : ndarray of float, shape (m,)
        Level codes, places in `vfprog.schema.dictionary.LEVELS`.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (n,)
        Count of all vertebrae; NaN for an episode without vertebrae or with no level known.
    """
    known = sum_per_episode(~np.isnan(level), groups)
    return np.where(known > 0, sum_per_episode(np.ones(len(level)), groups), np.nan)


def cascade(number: FloatArray) -> FloatArray:
    """Return 1 where more than three vertebrae are fractured at once.

    Parameters
    ----------
    number : ndarray of float, shape (n,)
        Number of index vertebrae.

    Returns
    -------
    ndarray of float, shape (n,)
        0 or 1; NaN where the number is missing.
    """
    return np.where(np.isnan(number), np.nan, number > CASCADE_ABOVE)


def mean_level(level: FloatArray, groups: Groups) -> FloatArray:
    """Return the mean place of the fractures along the spine, a number from head to tail.

    Parameters
    ----------
    level : ndarray of float, shape (m,)
        Level codes, T4 = 0 to L5 = 13.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (n,)
        Mean of the known codes; NaN where there is none.
    """
    return mean_per_episode(level, groups)


def thoracolumbar(level: FloatArray, groups: Groups) -> FloatArray:
    """Return 1 where any index vertebra lies at the thoracolumbar junction, T11 to L2.

    Parameters
    ----------
    level : ndarray of float, shape (m,)
        Level codes, T4 = 0 to L5 = 13.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (n,)
        1 if any, 0 if all levels are known and none is, NaN otherwise.
    """
    upper, lower = THORACOLUMBAR
    inside = np.where(np.isnan(level), np.nan, (level >= upper) & (level <= lower))
    return any_per_episode(inside, groups)


def sandwich(level: FloatArray, groups: Groups) -> FloatArray:
    """Return 1 where one whole vertebra stands between two fractured ones.

    The "sandwich" vertebra of the position paper (Roux et al 2021, RMD Open 7:e001655), such as
    L1 between T12 and L2. Whether an earlier fracture has already marked it cannot be seen: those
    are counted without their level.

    Parameters
    ----------
    level : ndarray of float, shape (m,)
        Level codes, T4 = 0 to L5 = 13.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of float, shape (n,)
        0 or 1; NaN for an episode without vertebrae or with any level unknown.
    """
    known = ~np.isnan(level)
    bits = np.left_shift(1, np.where(known, level, 0).astype(np.int64))
    fractured = groups.reduce(np.bitwise_or, bits)
    between = fractured & (fractured >> 2) & ~(fractured >> 1)
    complete = groups.reduce(np.logical_and, known)
    return groups.scatter(np.where(complete, between != 0, np.nan))
