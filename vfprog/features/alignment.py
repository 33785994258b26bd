"""Spinopelvic alignment: what two or three angles say together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray


def complete_pelvis(
    pelvic_incidence: FloatArray, pelvic_tilt: FloatArray, sacral_slope: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the three pelvic angles, the third derived where exactly one is missing.

    Pelvic incidence is the sum of pelvic tilt and sacral slope (Legaye et al 1998, Eur Spine J
    7:99). A measured angle is never overwritten, also where the three disagree.

    Parameters
    ----------
    pelvic_incidence, pelvic_tilt, sacral_slope : ndarray of float
        Angles in degrees, NaN where missing.

    Returns
    -------
    tuple of ndarray
        The completed angles, in the same order.

    Examples
    --------
    >>> import numpy as np
    >>> nan = np.nan
    >>> complete_pelvis(np.array([nan, 50.0]), np.array([20.0, nan]), np.array([35.0, nan]))
    (array([55., 50.]), array([20., nan]), array([35., nan]))
    """
    # Two missing angles leave NaN on the right-hand side, so nothing is invented.
    return (
        np.where(np.isnan(pelvic_incidence), pelvic_tilt + sacral_slope, pelvic_incidence),
        np.where(np.isnan(pelvic_tilt), pelvic_incidence - sacral_slope, pelvic_tilt),
        np.where(np.isnan(sacral_slope), pelvic_incidence - pelvic_tilt, sacral_slope),
    )


def pi_ll_mismatch(pelvic_incidence: FloatArray, lumbar_lordosis: FloatArray) -> FloatArray:
    """Return pelvic incidence minus lumbar lordosis, in degrees.

    The lordosis the pelvis asks for and the spine lacks (Schwab et al 2012, Spine 37:1077).

    Parameters
    ----------
    pelvic_incidence, lumbar_lordosis : ndarray of float
        Angles in degrees, NaN where missing.

    Returns
    -------
    ndarray of float
        Mismatch; NaN where either angle is missing.
    """
    mismatch: FloatArray = pelvic_incidence - lumbar_lordosis
    return mismatch


def pt_pi_ratio(pelvic_tilt: FloatArray, pelvic_incidence: FloatArray) -> FloatArray:
    """Return pelvic tilt as a share of pelvic incidence.

    How much of the pelvis' room for retroversion is used up (Vialle et al 2005, J Bone Joint
    Surg Am 87:260, tilt grows with incidence, so tilt alone misleads).

    Parameters
    ----------
    pelvic_tilt, pelvic_incidence : ndarray of float
        Angles in degrees, NaN where missing.

    Returns
    -------
    ndarray of float
        Ratio; NaN where an angle is missing or the incidence is not positive.
    """
    ratio: FloatArray = pelvic_tilt / np.where(pelvic_incidence > 0, pelvic_incidence, np.nan)
    return ratio
